"""What a backtest's history keeps: every decision and story, and the prices of what an alert was about.

A backtest sees a thousand prices for one that matters. Those of a symbol are written once an alert fires for it, all
that were known of it by then included, so that every figure of an alert can be traced; those of symbols that never
fire are not written at all. Messages are written as held back by the backtest: nobody is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.core.model import (
    Alert,
    Batch,
    DailyBar,
    Delivery,
    FeedState,
    Incident,
    Notification,
    NotificationState,
    Observation,
    Outgoing,
    Quote,
    Recipient,
    Split,
)
from bot.core.ports import Store

SUPPRESSED_BY = "backtest"
QUOTES_FOR = timedelta(days=12)
"""So long quotes wait for an alert: follow-ups look back five sessions."""


class EvidenceStore:
    """Meets the port ``Store``: hands everything on to ``store`` except prices nobody will ask about."""

    def __init__(self, store: Store, always: Collection[str] = ()) -> None:
        self._store = store
        self._kept = set(always)
        """Symbols whose prices are written; ``always``: those of the benchmarks."""
        self._waiting: dict[str, list[DailyBar | Split | Quote]] = {}
        self._tidied: date | None = None

    def commit(self, batch: Batch) -> None:
        """Write decisions, stories and the prices that belong to alerts. Raises what the store raises."""
        observations: list[Observation] = []
        fired = {change.alert.symbol for d in batch.decisions for change in d.changes} - self._kept
        for observation in batch.observations:
            if isinstance(observation, Quote | DailyBar | Split) and observation.symbol not in self._kept:
                self._waiting.setdefault(observation.symbol, []).append(observation)
            else:
                observations.append(observation)
        for symbol in sorted(fired):
            self._kept.add(symbol)
            observations += self._waiting.pop(symbol, [])
        notifications = tuple(_untold(n) for n in batch.notifications)
        kept = replace(batch, observations=tuple(observations), notifications=notifications, extras={})
        if not kept.empty:
            self._store.commit(kept)
        self._tidy(batch.now)

    def _tidy(self, now: datetime) -> None:
        """Once a day: drop quotes that no alert can need any more; daily bars stay."""
        if self._tidied == now.date():
            return
        self._tidied = now.date()
        for symbol, waiting in self._waiting.items():
            self._waiting[symbol] = [o for o in waiting if not isinstance(o, Quote) or o.seen_at > now - QUOTES_FOR]

    def claim(
        self, now: datetime, lease_for: timedelta, limit: int, channels: Collection[str], busy: Collection[str] = ()
    ) -> Sequence[Outgoing]:
        """Nothing waits: nobody is told."""
        return ()

    def settle(self, delivery: Delivery) -> None:
        """Nothing was sent."""

    def recover(self, now: datetime) -> int:
        """Nothing was in flight."""
        return 0

    def known_keys(self, keys: Collection[str]) -> Mapping[str, str]:
        """As the store."""
        return self._store.known_keys(keys)

    def feed_states(self) -> Mapping[str, FeedState]:
        """As the store."""
        return self._store.feed_states()

    def observations(
        self, since: datetime, until: datetime, quotes_since: datetime | None = None
    ) -> Iterator[Observation]:
        """As the store."""
        return self._store.observations(since, until, quotes_since)

    def alerts_since(self, session: date) -> Sequence[Alert]:
        """As the store."""
        return self._store.alerts_since(session)

    def incidents_since(self, session: date) -> Sequence[Incident]:
        """As the store."""
        return self._store.incidents_since(session)

    def recipients(self) -> Sequence[Recipient]:
        """As the store."""
        return self._store.recipients()

    def save_recipients(self, recipients: Iterable[Recipient]) -> None:
        """As the store."""
        self._store.save_recipients(recipients)

    def move_recipient(self, old: str, new: str) -> None:
        """As the store."""
        self._store.move_recipient(old, new)

    def extra(self, name: str) -> str | None:
        """A backtest is played whole: there is no position to go on from."""
        return None


def _untold(notification: Notification) -> Notification:
    if notification.suppressed_by:
        return notification
    return replace(notification, state=NotificationState.SUPPRESSED, suppressed_by=SUPPRESSED_BY)
