"""Repeats in a log: a few lines, and then how many more there were."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

WITHIN = 60.0
"""Seconds after which lines of one kind count anew."""
SAME = 5
"""Warnings and errors in that time that say the same, numbers apart."""
ALIKE = 60
"""The same of what is for information; and warnings and errors from one place in the program, whatever they say."""
_KINDS = 2000
"""Kinds remembered at once."""
_NUMBERS = re.compile(r"0x[0-9a-fA-F]+|\d+")


@dataclass(slots=True)
class _Kind:
    began: float
    words: str
    level: int
    name: str
    lines: int = 0
    held: int = 0


class Repeats(logging.Filter):
    """A filter for a handler. What it holds back is counted, and told by ``handler`` when its time is over.

    Lines below INFO pass: who asks for them wants all.
    """

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__()
        self._handler = handler
        self._kinds: dict[tuple[object, ...], _Kind] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        with self._lock:
            late = list(self._over(record.created))
            passes = self._passes(record)
        for each in late:
            with contextlib.ExitStack() as held:
                self._handler.acquire()
                held.callback(self._handler.release)
                self._handler.emit(each)
        return passes

    def _passes(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.INFO:
            return True
        try:
            words = record.getMessage()
        except Exception:
            words = str(record.msg)  # the handler says what is wrong with it
        error = record.exc_info[0] if record.exc_info else None
        same = (record.name, record.levelno, error, _NUMBERS.sub("#", words)[:300])
        is_warning = record.levelno >= logging.WARNING
        passes = self._counted(same, record, words, SAME if is_warning else ALIKE)
        if passes and is_warning:
            passes = self._counted((record.pathname, record.lineno, error), record, words, ALIKE)
        return passes

    def _counted(self, key: tuple[object, ...], record: logging.LogRecord, words: str, most: int) -> bool:
        kind = self._kinds.get(key)
        if kind is None:
            if len(self._kinds) >= _KINDS:
                self._kinds.pop(next(iter(self._kinds)))
            kind = self._kinds[key] = _Kind(record.created, words[:200], record.levelno, record.name)
        kind.lines += 1
        if kind.lines <= most:
            return True
        kind.held += 1
        return False

    def _over(self, now: float) -> Iterator[logging.LogRecord]:
        """A line for each kind whose time is over and of which lines were held back."""
        done = []
        for key, kind in self._kinds.items():  # oldest first
            if abs(now - kind.began) < WITHIN:
                break
            done.append(key)
        for key in done:
            kind = self._kinds.pop(key)
            if kind.held:
                text = f"{kind.held:,} more like: {kind.words}"
                yield logging.LogRecord(kind.name, kind.level, "", 0, text, None, None)
