"""Says in one line how to run Aftershock when it is started outside its own environment.

The first thing ``main.py`` does. It is read by whatever ``python`` a person happens to have, so it must parse on
Python 3.6 and imports nothing but the standard library; ``tests/platform`` runs it on the old ones.
"""

import os
import sys
from importlib.util import find_spec

OLDEST = (3, 11)
NEWEST = (3, 13)

# What a run cannot do without, by the names they are imported by; a test holds this against pyproject.toml
PACKAGES = (
    "aiohttp",
    "apscheduler",
    "dotenv",
    "ahocorasick",
    "cattrs",
    "exchange_calendars",
    "feedparser",
    "matplotlib",
    "prometheus_client",
    "pydantic",
    "rapidfuzz",
    "re2",
    "rich",
    "sqlite_utils",
    "telegram",
    "typer",
    "yaml",
    "yfinance",
)

USAGE = 2  # the exit code for a wrong call or configuration


def require() -> None:
    """Return where everything needed is here; otherwise print one line on stderr and exit with status 2."""
    why = trouble()
    if why is not None:
        sys.stderr.write(f"aftershock: {why}; {advice(sys.argv[1:])}\n")
        sys.exit(USAGE)


def trouble() -> "str | None":  # quoted, here and below: Python 3.6 could not evaluate it
    """What is wrong with the Python this runs on; ``None`` where nothing is."""
    version = tuple(sys.version_info[:2])
    if not OLDEST <= version <= NEWEST:
        return f"this is Python {version[0]}.{version[1]}, and Aftershock needs 3.11, 3.12 or 3.13"
    absent = missing(PACKAGES)
    if absent:
        return f"this Python lacks {absent[0] if len(absent) == 1 else 'what Aftershock needs'}"
    return None


def missing(packages: "tuple[str, ...]") -> "list[str]":
    """Those of ``packages`` that cannot be found; they are looked for, not imported."""
    return [name for name in packages if find_spec(name) is None]


def advice(arguments: "list[str]") -> str:
    """How to run the same command in the environment, as one can paste it."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    at_root = os.path.realpath(os.getcwd()) == os.path.realpath(here)
    folder = "" if at_root else f"cd {quoted(here)} && "
    command = " ".join([".venv/bin/python", "main.py"] + [quoted(a) for a in arguments])
    if os.path.exists(os.path.join(here, ".venv", "aftershock.json")):
        return "run: " + folder + command
    if arguments == ["run"]:
        return "run: " + folder + "make run"
    return "run: " + folder + "make setup && " + command


def quoted(word: str) -> str:
    """``word`` as a shell takes it."""
    from shlex import quote

    return quote(word)
