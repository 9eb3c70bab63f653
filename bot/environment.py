"""Checks that Aftershock runs in its own environment, and otherwise says in one line how to start it.

The first thing ``main.py`` does, with any ``python``: so it must parse on Python 3.6 and import only the standard
library. ``tests/platform`` runs it on old versions.
"""

import os
import sys
from importlib.util import find_spec
from shlex import quote

OLDEST = (3, 11)
NEWEST = (3, 14)

# Required packages, by import name; a test compares them with pyproject.toml
PACKAGES = (
    "aiohttp",
    "apscheduler",
    "dotenv",
    "ahocorasick",
    "cattrs",
    "exchange_calendars",
    "feedparser",
    "matplotlib",
    "numpy",
    "platformdirs",
    "prometheus_client",
    "pydantic",
    "rapidfuzz",
    "re2",
    "rich",
    "sqlite_utils",
    "telegram",
    "typer",
    "websockets",
    "yaml",
    "yfinance",
)

USAGE = 2  # exit code for usage and configuration errors


def require() -> None:
    """Return if everything needed is installed; otherwise print one line on stderr and exit with status 2."""
    why = trouble()
    if why is not None:
        sys.stderr.write(f"aftershock: {why}; {advice(sys.argv[1:])}\n")
        sys.exit(USAGE)


def trouble() -> "str | None":  # quoted, here and below: Python 3.6 could not evaluate it
    """What is wrong with this Python, if anything."""
    version = tuple(sys.version_info[:2])
    if not OLDEST <= version <= NEWEST:
        return f"this is Python {version[0]}.{version[1]}, and Aftershock needs 3.11 to 3.14"
    absent = missing(PACKAGES)
    if absent:
        return f"this Python lacks {absent[0] if len(absent) == 1 else 'what Aftershock needs'}"
    return None


def missing(packages: "tuple[str, ...]") -> "list[str]":
    """Those of ``packages`` that are not installed; none is imported."""
    return [name for name in packages if find_spec(name) is None]


def advice(arguments: "list[str]") -> str:
    """The same command in the environment, ready to paste."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    at_root = os.path.realpath(os.getcwd()) == os.path.realpath(here)
    folder = "" if at_root else f"cd {quote(here)} && "
    command = " ".join([".venv/bin/python", "main.py"] + [quote(a) for a in arguments])
    if os.path.exists(os.path.join(here, ".venv", "aftershock.json")):
        return "run: " + folder + command
    if arguments == ["run"]:
        return "run: " + folder + "make run"
    return "run: " + folder + "make setup && " + command
