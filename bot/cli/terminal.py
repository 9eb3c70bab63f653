"""Where commands write: data for stdout, words for people on stderr. Nothing else in ``bot.cli`` writes to either.

Every line passes ``bot.render.outside``, so that no text from outside steers the terminal or shows a secret.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

from bot.render.outside import json_line, line

if TYPE_CHECKING:
    from rich.console import Console

    from bot.core.ports import Sink

BOLD, PLAIN = "\x1b[1m", "\x1b[0m"
_bars: list[Console] = []
"""The screen, while a bar is drawn on it: what is written to a terminal meanwhile goes above the bar."""


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


@contextlib.contextmanager
def drawing() -> Iterator[Console]:
    """Standard error for a bar of progress, for as long as it is drawn. It reads no markup."""
    from rich.console import Console

    screen = Console(stderr=True, highlight=False, markup=False)
    _bars.append(screen)
    try:
        yield screen
    finally:
        _bars.remove(screen)


class Lines:
    """Standard output, or error, for what is written there by others than these functions. Their lines are their own
    to make safe, and whole."""

    def __init__(self, *, error: bool) -> None:
        self._error = error

    @property
    def encoding(self) -> str:
        """As the stream's own."""
        return _stream(error=self._error).encoding

    def isatty(self) -> bool:
        """Whether a person sees it."""
        return _stream(error=self._error).isatty()

    def write(self, text: str) -> int:
        """Write whole lines, above the bar of progress if there is one."""
        _write(text, error=self._error)
        return len(text)

    def flush(self) -> None:
        """All that was written is out already."""


class Warnings(logging.Handler):
    """What is logged from a warning up in commands that keep no log: a line each, without tracebacks."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        tell(f"{record.levelname.lower()}: {record.getMessage()}")


def shown_on_terminal(*, error: bool = False) -> bool:
    """Whether a person sees what is printed; ``error``: on standard error."""
    return _stream(error=error).isatty()


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
    stream = _stream(error=error)
    if _bars and text.endswith("\n") and stream.isatty():
        _bars[-1].out(text[:-1], highlight=False)
    else:
        print(text, end="", file=stream, flush=True)


def _stream(*, error: bool) -> TextIO:
    return sys.stderr if error else sys.stdout
