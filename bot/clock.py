"""Clocks. The only place where the time is read."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The machine's time; never goes back, even where the machine's clock is set back."""

    def __init__(self) -> None:
        self._last = datetime.now(UTC)

    def now(self) -> datetime:
        """The present, aware UTC."""
        self._last = max(self._last, datetime.now(UTC))
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
