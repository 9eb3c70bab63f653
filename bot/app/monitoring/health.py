"""Whether the bot does what it is there for: the loop turns, sources are asked when they are due, the history is kept.

A source that answers badly is not a reason: starting the bot anew would not mend it, and the operator is told of it
anyway. A source that is not asked any more is one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.app.monitoring.counters import Measures
from bot.app.run.live import LONGEST_WAIT, LiveBot
from bot.app.run.outages import PATIENCE
from bot.clock import stopwatch
from bot.core.text.wording import age

TICK = timedelta(seconds=1)
REMEMBERED = 60
"""Ticks over which the longest lag is told."""
SILENT_AFTER = timedelta(seconds=30)
"""The scheduler has run nothing for this long: it is not only late."""
GRACE = timedelta(minutes=2)
"""A poll may be late by this: it takes up to half a minute, and may wait for others."""
AFTER_FAILURE = timedelta(hours=1, minutes=5)
"""The longest pause a source that failed may ask for, and a little."""


@dataclass(frozen=True, slots=True)
class HealthReport:
    """All is well, or why not; ``facts`` say how things stand either way."""

    reasons: tuple[str, ...]
    facts: dict[str, Any]

    @property
    def well(self) -> bool:
        """Nothing is amiss."""
        return not self.reasons

    def told(self) -> dict[str, Any]:
        """As ``/healthz`` gives it."""
        return {"status": "ok" if self.well else "unwell", "reasons": list(self.reasons), **self.facts}


@dataclass(slots=True)
class HealthMonitor:
    """Judges one running bot. ``tick`` has to be run every second by the bot's own scheduler."""

    bot: LiveBot
    measures: Measures
    started_at: datetime
    _lags: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _elapsed: Any = field(default_factory=stopwatch)

    async def tick(self) -> None:
        """The scheduler's turn: how late it came is how long the loop stood still."""
        self._lags.append(max(0.0, self._elapsed() - TICK.total_seconds()))
        self._elapsed = stopwatch()

    @property
    def longest_lag(self) -> float:
        """Seconds the loop stood still at most, of late."""
        return max(self._lags, default=0.0)

    def judge(self, now: datetime) -> HealthReport:
        """How it is at ``now``."""
        seen = self.bot.counters
        facts = {
            "uptime_seconds": round((now - self.started_at).total_seconds()),
            "prices_answered_at": _iso(seen.last_prices_at),
            "feeds_answered_at": _iso(seen.last_feed_at),
            "uncommitted_cycles": self.bot.cycle.uncommitted,
        }
        return HealthReport(tuple(self._reasons(now)), facts)

    def _reasons(self, now: datetime) -> Iterator[str]:
        silent = timedelta(seconds=self._elapsed())
        if silent >= SILENT_AFTER:
            yield f"the scheduler has run nothing for {age(silent)}"
        if (late := self._prices_late(now)) is not None:
            yield f"prices should have been asked for {age(late)} ago"
        late_feeds = [late for name in self.bot.states if (late := self._feed_late(name, now)) is not None]
        if late_feeds:
            plural = "" if len(late_feeds) == 1 else "s"
            yield f"{len(late_feeds)} feed{plural} should have been asked {age(max(late_feeds))} ago"
        since = self.measures.unwritten_since
        if since is not None and now - since >= PATIENCE:
            yield f"the history cannot be written, for {age(now - since)}"

    def _prices_late(self, now: datetime) -> timedelta | None:
        """By how much the next poll of prices is overdue beyond all patience."""
        asked = self.measures.polled_at.get("prices")
        due = (asked + self.bot.price_interval(asked)) if asked is not None else self.started_at
        if self.bot.counters.prices_failed:
            due = max(due, (asked or self.started_at) + AFTER_FAILURE)
        return now - due if now - due > GRACE else None

    def _feed_late(self, name: str, now: datetime) -> timedelta | None:
        """By how much a feed is overdue; one that was due before the start is due at the start."""
        due = min(self.bot.states[name].next_poll_at or self.started_at, now + LONGEST_WAIT)
        asked = self.measures.polled_at.get(name, self.started_at)
        due = max(due, asked, self.started_at)
        return now - due if now - due > GRACE else None


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at is not None else None
