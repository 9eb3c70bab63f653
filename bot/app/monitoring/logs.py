"""Structured logs on stderr, and one status line below them on a terminal.

A log line is ``time level event key=value …``: readable, and easy to parse. Secrets are redacted by the handler, so
that records of libraries are covered, too.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from bot.adapters.notifiers.telegram import RedactingFilter, quiet_libraries
from bot.bounds.repeats import Repeats
from bot.core.secret import Secret
from bot.core.text.characters import INVISIBLE, SURROGATE
from bot.render.outside import line

QUIET = ("apscheduler", "yfinance", "peewee", "asyncio", "charset_normalizer", "curl_cffi")
"""Loggers of libraries that are too verbose below a warning."""


class LineFormatter(logging.Formatter):
    """``2025-01-27T10:00:00.123Z WARNING bot.app.run.live: words``, tracebacks indented."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as text."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = record.getMessage().replace("\n", "\n    ")  # nothing in it may look like a record of its own
        text = f"{at} {record.levelname.lower():<7} {record.name.removeprefix('bot.')}: {said}"
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            text += "\n    " + record.exc_text.replace("\n", "\n    ")
        # errors quote what feeds and price sources sent; none of it may control the terminal
        text = SURROGATE.sub("\ufffd", text)
        return INVISIBLE.sub(lambda c: c[0] if c[0] in "\n\t" else c[0].encode("unicode_escape").decode(), text)


class StatusHandler(logging.Handler):
    """Writes log lines, keeping a status line at the bottom where the stream is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._shown = ""
        self._is_terminal = stream.isatty()
        self._guard = threading.Lock()
        self.setFormatter(LineFormatter())

    @property
    def is_terminal(self) -> bool:
        """Whether a status line is shown."""
        return self._is_terminal

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record above the status line."""
        try:
            text = self.format(record)
        except Exception:
            self.handleError(record)
            return
        self.above(text)

    def above(self, text: str) -> None:
        """Write ``text`` above the status line."""
        with self._guard:
            self._write(f"{self._clear()}{text}\n{self._shown}")

    def status(self, text: str, width: int = 120) -> None:
        """Show ``text`` as the status line, if the stream is a terminal."""
        if not self._is_terminal:
            return
        with self._guard:
            shown = line(text)[: max(20, width - 1)]
            if shown != self._shown:
                self._write(f"{self._clear()}{shown}")
                self._shown = shown

    def finish(self) -> None:
        """Remove the status line."""
        with self._guard:
            self._write(self._clear())
            self._shown = ""

    def _clear(self) -> str:
        return "\r\x1b[2K" if self._shown and self._is_terminal else ""

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            return  # the terminal is gone


def start_logging(level: str, secrets: Iterable[Secret]) -> StatusHandler:
    """Send all logging to stderr, with secrets redacted. Returns the handler, for the status line."""
    handler = StatusHandler(sys.stderr)
    handler.addFilter(RedactingFilter(secrets))
    handler.addFilter(Repeats(handler))  # after the other: what it tells later is redacted, too
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)
    quiet_libraries()
    logging.captureWarnings(True)
    return handler


class AboveStatus:
    """A text stream that writes above the status line: for console alerts beside it."""

    def __init__(self, handler: StatusHandler, stream: TextIO) -> None:
        self._handler = handler
        self._stream = stream
        self.encoding = getattr(stream, "encoding", "utf-8")

    def write(self, text: str) -> int:
        """Clear the status line and write; the next status appears below."""
        if self._handler.is_terminal and self._stream.isatty():
            self._handler.finish()
        return self._stream.write(text)

    def flush(self) -> None:
        """Flush the stream below."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether the stream below is a terminal."""
        return self._stream.isatty()
