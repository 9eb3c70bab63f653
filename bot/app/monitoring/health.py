"""Whether the bot works: the event loop runs, sources are polled on time, the history can be written.

A failing source does not make the bot unhealthy: a restart would not help, and the operator is told anyway. A source
that is no longer polled does, as does a part of the bot that does not work. What is late is asked of the jobs, which
measure it by a steady clock: a step of the machine's clock makes nothing late. That nobody can
be told is no reason either, but a warning, and stops the heartbeat: somebody has to look.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.app.monitoring.counters import Measures
from bot.app.run.live import FEED_JOB, LiveBot
from bot.app.run.outages import PATIENCE
from bot.clock import stopwatch
from bot.core.text.wording import age, count, listing

TICK = timedelta(seconds=1)
REMEMBERED = 60
"""Ticks over which the longest lag is reported."""
SILENT_AFTER = timedelta(seconds=30)
"""A scheduler that has run nothing for this long is stuck, not just late."""
GRACE = timedelta(minutes=2)
"""How late a poll may begin, or end after it should have been cancelled."""


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
        overdue = self.bot.jobs.overdue(GRACE)
        if "prices" in overdue:
            yield f"prices are overdue by {age(overdue['prices'])}"
        if feeds := [late for name, late in overdue.items() if name.startswith(FEED_JOB)]:
            yield f"{count(len(feeds), 'feed')} overdue by up to {age(max(feeds))}"
        if others := [n for n in overdue if n != "prices" and not n.startswith(FEED_JOB)]:
            yield f"not running: {listing(others)}"
        if broken := self.bot.jobs.broken:
            yield f"broken: {listing(list(broken))}"
        if lost := self.bot.upkeep.lost():
            yield lost
        since = self.measures.unwritten_since
        if since is not None and now - since >= PATIENCE:
            yield f"the history could not be written for {age(now - since)}"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at is not None else None
