"""Clocks. The only place where the time is read.

Two kinds of time are kept apart. The **system's clock** says what time it is, for labels and sessions; people and NTP
set it, and it may jump. **Steady time** only passes: everything that waits is measured by it (``SteadyClock``,
``stopwatch``, the event loop).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

JUMP = timedelta(seconds=5)
"""A clock that differs by this much from the time that has passed was set, or the machine was suspended; less is the
work of NTP, which corrects a clock little by little."""
MOST_AHEAD = timedelta(days=1)
"""How far ahead of the system clock a run may begin, because an earlier one wrote later times."""
STRETCHED = 2
"""How much slower ``SystemClock`` goes while it is ahead of a clock that was set back."""


def stopwatch() -> Callable[[], float]:
    """A function that returns the seconds since this call."""
    began = time.monotonic()
    return lambda: time.monotonic() - began


def _system_time() -> datetime:
    return datetime.now(UTC)


class SystemClock:
    """The system time; never goes back, even if the system clock does.

    After the system clock was set forward it is followed at once. After it was set back, time is stretched: it passes
    at half its speed until the system clock has caught up, so that what is observed meanwhile stays in order.

    ``pretend`` is another time to start from, to try the live bot against servers that replay a past day. ``system``
    and ``steady`` are what is read: the present, and seconds that only pass.
    """

    def __init__(
        self,
        pretend: datetime | None = None,
        *,
        system: Callable[[], datetime] = _system_time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._system, self._steady = system, steady
        read = system()
        self._offset = pretend - read if pretend else timedelta()
        self._read, self._read_after = read, steady()
        self._last = self._unstretched = read + self._offset
        self._jumped = timedelta()

    def now(self) -> datetime:
        """The present, aware UTC."""
        read, after = self._system(), self._steady()
        passed = timedelta(seconds=max(after - self._read_after, 0.0))
        jump = read - self._read - passed
        if abs(jump) >= JUMP:
            self._jumped += jump
        self._read, self._read_after = read, after
        self._last = max(read + self._offset, self._last + passed / STRETCHED)
        self._unstretched = max(read + self._offset, self._unstretched + passed)
        return self._last

    def resume(self, recorded: datetime) -> timedelta:
        """Go on from ``recorded``, the latest time that an earlier run wrote down. Returns by how much that is ahead of
        the system clock; zero or less if it is not.

        More than ``MOST_AHEAD`` is not believed: the clock stays as it is.
        """
        lead = recorded - self.now()
        if timedelta() < lead <= MOST_AHEAD:
            self._last = recorded
            self._unstretched = max(self._unstretched, recorded)
        return lead

    def happened(self, at: datetime) -> None:
        """Something outside this machine happened at ``at``, so it is no earlier: a trade, say.

        Where the system clock was set back by mistake, this keeps the time right. It never gets further than if the
        clock had not been set back, whatever ``at`` is.
        """
        self.now()
        self._last = max(self._last, min(at, self._unstretched))

    @property
    def ahead(self) -> timedelta:
        """By how much this clock is ahead of the system's, which was set back; zero if it was not."""
        return max(self.now() - self._read - self._offset, timedelta())

    def take_jump(self) -> timedelta:
        """By how much the system clock was set forward since the last call; negative if it was set back."""
        self.now()
        jumped, self._jumped = self._jumped, timedelta()
        return jumped


class SteadyClock:
    """Time that only passes, whatever happens to the system clock: to wait by, never to label anything with.

    It begins with the system time and falls behind it while the machine is suspended.
    """

    def __init__(self) -> None:
        self._began = datetime.now(UTC)
        self._passed = stopwatch()

    def now(self) -> datetime:
        """The present, aware UTC."""
        return self._began + timedelta(seconds=self._passed())


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
