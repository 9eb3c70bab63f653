"""Makes the digests that are due from the engine's state."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.digests.content import DigestInputs, compile_digest
from bot.core.digests.schedule import WEEKLY_STALE_AFTER, Due, next_digest, stale
from bot.core.health import Health
from bot.core.incidents.alerts import AlertBook
from bot.core.incidents.incidents import Incidents
from bot.core.messages.blocks.digest import digest
from bot.core.messages.summary import MessageBuilder
from bot.core.model import Announcement, Reason, Severity
from bot.core.news import NewsIndex
from bot.core.prices.market import Market
from bot.core.prices.sessions import Timetable
from bot.core.rules.rule import Evaluation

PRICES_COME_WITHIN = timedelta(minutes=25)
"""How long a digest missed during downtime waits after the start, for the prices of that time to arrive."""


@dataclass(slots=True)
class Digests:
    """Makes a digest after each session of the benchmark's exchange, and one after each week."""

    market: Market
    alerts: AlertBook
    incidents: Incidents
    health: Health
    evaluate: Callable[[str, datetime], list[Evaluation]]
    timetable: Timetable
    prices_at: datetime | None = None
    """When prices were last received."""
    _next: Due | None = None
    _began: datetime | None = None

    def begin(self, at: datetime, *, makes_up: bool = False) -> None:
        """Make digests from ``at`` on; with ``makes_up`` also one missed shortly before, while the bot was down. One
        that was made already has the same key, and is not sent again."""
        self._began = at
        self._next = next_digest(self.timetable, at - WEEKLY_STALE_AFTER if makes_up else at)

    @property
    def next_at(self) -> datetime | None:
        """When the next one is due."""
        if self._next is not None and self._began is not None and self._next.at <= self._began:
            return self._began + PRICES_COME_WITHIN
        return self._next.at if self._next else None

    def due(
        self, at: datetime, news: NewsIndex, messages: MessageBuilder, watched: Collection[str]
    ) -> list[Announcement]:
        """The digests due by ``at``; stale ones are skipped."""
        made = []
        while self._next is not None and self.next_at is not None and self.next_at <= at:
            due, self._next = self._next, next_digest(self.timetable, self._next.at)
            if stale(due, at):
                continue
            inputs = DigestInputs(
                self.market,
                news,
                self.timetable,
                watched,
                list(self.incidents),
                list(self.alerts),
                self.evaluate,
                self.health.failing(),
                feeds_ok=self.health.feeds_ok,
                prices_at=self.prices_at,
                group=messages.group,
            )
            summary = digest(compile_digest(inputs, due, at), messages.company, messages.topic)
            made.append(Announcement(due.key, at, Reason.DIGEST, Severity.INFO, summary))
        return made
