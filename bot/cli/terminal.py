"""Where commands write: data for stdout, words for people on stderr. Nothing else in ``bot.cli`` writes to either.

Every line passes ``bot.render.outside``, so that no text from outside steers the terminal or shows a secret.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bot.render.outside import json_line, line

if TYPE_CHECKING:
    from rich.console import Console

    from bot.core.ports import Sink

BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


def say(text: object = "") -> None:
    """Print one line of data."""
    _write(line(text) + "\n", error=False)


def say_all(lines: Iterable[object]) -> None:
    """Print lines of data."""
    for each in lines:
        say(each)


def say_json(data: object) -> None:
    """Print one line of JSON."""
    _write(json_line(data) + "\n", error=False)


def heading(text: str) -> None:
    """Print one line of data, in bold on a terminal."""
    bold, plain = (BOLD, PLAIN) if sys.stdout.isatty() else ("", "")
    _write(f"{bold}{line(text)}{plain}\n", error=False)


def tell(text: object = "") -> None:
    """Print one line for people."""
    _write(line(text) + "\n", error=True)


def tell_all(lines: Iterable[object]) -> None:
    """Print lines for people."""
    for each in lines:
        tell(each)


def prompt(text: str) -> None:
    """Print a question for people and stay on its line."""
    _write(line(text), error=True)


def screen() -> Console:
    """Standard error for bars of progress. It reads no markup; words go through ``tell``."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False)


class Warnings(logging.Handler):
    """What is logged from a warning up in commands that keep no log: a line each, without tracebacks."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        tell(f"{record.levelname.lower()}: {record.getMessage()}")


def shown_on_terminal() -> bool:
    """Whether a person sees what is printed."""
    return sys.stdout.isatty()


class _Encoded:
    """Standard output where it takes text only."""

    def write(self, data: bytes) -> int:
        """Write it decoded."""
        sys.stdout.write(data.decode())
        return len(data)


@contextlib.contextmanager
def stdout_file() -> Iterator[Sink]:
    """Standard output for a whole file, whose writer sees to what is in it."""
    yield getattr(sys.stdout, "buffer", None) or _Encoded()
    sys.stdout.flush()


def _write(text: str, *, error: bool) -> None:
    print(text, end="", file=sys.stderr if error else sys.stdout, flush=True)
