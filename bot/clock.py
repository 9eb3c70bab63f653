"""Clocks. The only place where the time is read."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def stopwatch() -> Callable[[], float]:
    """Seconds since this call, whenever the result is called: for saying how long something took."""
    began = time.monotonic()
    return lambda: time.monotonic() - began


class SystemClock:
    """The machine's time; never goes back, even where the machine's clock is set back.

    ``pretend`` starts it at another moment, from which it goes on at the usual pace: for trying the live bot against
    servers that play a past day.
    """

    def __init__(self, pretend: datetime | None = None) -> None:
        self._offset = pretend - datetime.now(UTC) if pretend else timedelta()
        self._last = datetime.now(UTC) + self._offset

    def now(self) -> datetime:
        """The present, aware UTC."""
        self._last = max(self._last, datetime.now(UTC) + self._offset)
        return self._last


class SimulatedClock:
    """A time that is set: for replays and tests."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The time last set."""
        return self._at

    def advance(self, to: datetime) -> None:
        """Move on to ``to``; a time before the present changes nothing."""
        self._at = max(self._at, to)
