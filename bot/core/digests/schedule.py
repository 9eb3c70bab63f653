"""When a digest is due, and what it is made from: the engine's state after a session's close."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.digests.content import WEEKLY_STALE_AFTER, DigestInputs, Due, compile_digest, next_digest, stale
from bot.core.health import Health
from bot.core.incidents.alerts import AlertBook
from bot.core.incidents.incidents import Incidents
from bot.core.messages.blocks.digest import digest
from bot.core.messages.summary import NOT_ADVICE, MessageBuilder
from bot.core.model import Announcement, Reason, Severity
from bot.core.news import NewsIndex
from bot.core.prices.market import Market
from bot.core.prices.sessions import Timetable
from bot.core.rules.rule import Evaluation

PRICES_COME_WITHIN = timedelta(minutes=25)
"""What is made up for waits so long after a start, for the prices and closes of when nobody was here."""


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
    """When prices last came."""
    _next: Due | None = field(default=None)
    _began: datetime | None = None

    def begin(self, at: datetime, *, makes_up: bool = False) -> None:
        """Make digests from ``at`` on; with ``makes_up`` also one that fell due shortly before, while nobody was here.
        One made already has the same key, and is not sent again."""
        self._began = at
        self._next = next_digest(self.timetable, at - WEEKLY_STALE_AFTER if makes_up else at)

    @property
    def next_at(self) -> datetime | None:
        """When the next is due."""
        if self._next is not None and self._began is not None and self._next.at <= self._began:
            return self._began + PRICES_COME_WITHIN
        return self._next.at if self._next else None

    def due(
        self, at: datetime, news: NewsIndex, messages: MessageBuilder, watched: Collection[str]
    ) -> list[Announcement]:
        """The digests due by ``at``; those that are too late are passed over."""
        made = []
        while self._next is not None and self.next_at is not None and self.next_at <= at:
            due, self._next = self._next, next_digest(self.timetable, self._next.at)
            if stale(due, at):
                continue
            given = DigestInputs(
                self.market,
                news,
                self.timetable,
                watched,
                list(self.incidents),
                list(self.alerts),
                self.evaluate,
                self.health.failing(),
                feeds_fine=self.health.feeds_fine,
                prices_at=self.prices_at,
            )
            summary = digest(compile_digest(given, due, at), messages.company, messages.topic, NOT_ADVICE)
            made.append(Announcement(due.key, at, Reason.DIGEST, Severity.INFO, summary))
        return made
