"""Clocks. The only place where the time is read."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def stopwatch() -> Callable[[], float]:
    """A function that returns the seconds since this call."""
    began = time.monotonic()
    return lambda: time.monotonic() - began


class SystemClock:
    """The system time; never goes back, even if the system clock does.

    ``pretend`` is another time to start from, to try the live bot against servers that replay a past day.
    """

    def __init__(self, pretend: datetime | None = None) -> None:
        self._offset = pretend - datetime.now(UTC) if pretend else timedelta()
        self._last = datetime.now(UTC) + self._offset

    def now(self) -> datetime:
        """The present, aware UTC."""
        self._last = max(self._last, datetime.now(UTC) + self._offset)
        return self._last


class SimulatedClock:
    """A clock that is set, for replay and tests."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The time last set."""
        return self._at

    def advance(self, to: datetime) -> None:
        """Advance to ``to``; an earlier time changes nothing."""
        self._at = max(self._at, to)
