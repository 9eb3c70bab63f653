"""Whether the bot works: the event loop runs, sources are polled on time, the history can be written.

A failing source does not make the bot unhealthy: a restart would not help, and the operator is told anyway. A source
that is no longer polled does. That nobody can be told is no reason either, but a warning, and stops the heartbeat:
somebody has to look.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.app.monitoring.counters import Measures
from bot.app.run.live import LONGEST_WAIT, LiveBot
from bot.app.run.outages import PATIENCE
from bot.clock import stopwatch
from bot.core.text.wording import age, count

TICK = timedelta(seconds=1)
REMEMBERED = 60
"""Ticks over which the longest lag is reported."""
SILENT_AFTER = timedelta(seconds=30)
"""A scheduler that has run nothing for this long is stuck, not just late."""
GRACE = timedelta(minutes=2)
"""How late a poll may be: it takes up to half a minute, and may wait for others."""
AFTER_FAILURE = timedelta(hours=1, minutes=5)
"""The longest pause a failing source may ask for, and a margin."""


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Why the bot is unhealthy, if it is, the current ``facts``, and what keeps people from hearing of it."""

    reasons: tuple[str, ...]
    facts: dict[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Whether the bot is healthy."""
        return not self.reasons

    def told(self) -> dict[str, Any]:
        """The JSON of ``/healthz``."""
        status = "ok" if self.well else "unwell"
        return {"status": status, "reasons": list(self.reasons), "warnings": list(self.warnings), **self.facts}


@dataclass(slots=True)
class HealthMonitor:
    """Judges one running bot. ``tick`` must be run every second by the bot's own scheduler."""

    bot: LiveBot
    measures: Measures
    started_at: datetime
    mute: Callable[[], Iterable[str]] = tuple
    """What keeps people from hearing of anything, in words."""
    _lags: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _elapsed: Any = field(default_factory=stopwatch)

    async def tick(self) -> None:
        """Measure how late the scheduler is: that is how long the event loop was blocked."""
        self._lags.append(max(0.0, self._elapsed() - TICK.total_seconds()))
        self._elapsed = stopwatch()

    @property
    def longest_lag(self) -> float:
        """The longest block of the event loop in the last minute, in seconds."""
        return max(self._lags, default=0.0)

    def judge(self, now: datetime) -> HealthReport:
        """The bot's health at ``now``."""
        seen = self.bot.counters
        facts = {
            "uptime_seconds": round((now - self.started_at).total_seconds()),
            "prices_answered_at": _iso(seen.last_prices_at),
            "feeds_answered_at": _iso(seen.last_feed_at),
            "uncommitted_cycles": self.bot.cycle.uncommitted,
        }
        return HealthReport(tuple(self._reasons(now)), facts, tuple(self.mute()))

    def _reasons(self, now: datetime) -> Iterator[str]:
        silent = timedelta(seconds=self._elapsed())
        if silent >= SILENT_AFTER:
            yield f"the scheduler has run nothing for {age(silent)}"
        if (late := self._prices_late(now)) is not None:
            yield f"prices are overdue by {age(late)}"
        late_feeds = [late for name in self.bot.states if (late := self._feed_late(name, now)) is not None]
        if late_feeds:
            yield f"{count(len(late_feeds), 'feed')} overdue by up to {age(max(late_feeds))}"
        since = self.measures.unwritten_since
        if since is not None and now - since >= PATIENCE:
            yield f"the history could not be written for {age(now - since)}"

    def _prices_late(self, now: datetime) -> timedelta | None:
        """By how much the next poll of prices is overdue, if by more than ``GRACE``."""
        asked = self.measures.polled_at.get("prices")
        due = (asked + self.bot.price_interval(asked)) if asked is not None else self.started_at
        if self.bot.counters.prices_failed:
            due = max(due, (asked or self.started_at) + AFTER_FAILURE)
        return now - due if now - due > GRACE else None

    def _feed_late(self, name: str, now: datetime) -> timedelta | None:
        """The same for a feed; one that was due before the start is due at the start."""
        due = min(self.bot.states[name].next_poll_at or self.started_at, now + LONGEST_WAIT)
        asked = self.measures.polled_at.get(name, self.started_at)
        due = max(due, asked, self.started_at)
        return now - due if now - due > GRACE else None


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at is not None else None
