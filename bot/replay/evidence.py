"""What a backtest records: every decision and story, and the prices of symbols with alerts.

A backtest sees a thousand prices for one that matters. A symbol's prices are written from its first alert on, with all
that came before, so that every figure of an alert can be traced; those of other symbols are not written at all.
Messages are recorded as suppressed by the backtest.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from operator import attrgetter

from bot.core.model import (
    Batch,
    DailyBar,
    EarningsDate,
    LearnedName,
    Notification,
    NotificationState,
    Observation,
    Quote,
    SecondReading,
    SourceReport,
    Split,
    Story,
    Suppression,
    SuppressionReason,
)
from bot.core.ports import Recorder
from bot.core.prices.bars import Bars

SUPPRESSED_BY = Suppression(SuppressionReason.BACKTEST)
BATCHES_AT_ONCE = 500
"""Batches written in one transaction."""
QUOTES_FOR = timedelta(days=12)
"""How long quotes are kept for a possible alert: follow-ups look back five sessions."""


class EvidenceRecorder:
    """A ``Recorder`` that passes everything on to another except prices that no alert needs."""

    def __init__(self, recorder: Recorder, always: Collection[str] = ()) -> None:
        self._recorder = recorder
        self._kept = set(always)
        """Symbols whose prices are written; ``always`` are the benchmarks."""
        self._bars: dict[str, Bars] = _ByBars()
        self._others: dict[str, list[Split | EarningsDate]] = defaultdict(list)
        self._quotes: dict[str, list[Quote]] = defaultdict(list)
        self._tidied: date | None = None
        self._gathered: list[Batch] = []

    def commit(self, batch: Batch) -> None:
        """Record decisions, stories and the prices of alerts. Raises what the other recorder raises."""
        observations: list[Observation] = []
        fired = {change.alert.symbol for d in batch.decisions for change in d.changes} - self._kept
        for observation in batch.observations:
            if (
                isinstance(observation, Story | SecondReading | LearnedName | SourceReport)
                or observation.symbol in self._kept
            ):
                observations.append(observation)
            elif isinstance(observation, Quote):
                self._quotes[observation.symbol].append(observation)
            elif isinstance(observation, DailyBar):
                self._bars[observation.symbol].add(observation)
            else:
                self._others[observation.symbol].append(observation)
        for symbol in sorted(fired):
            self._kept.add(symbol)
            observations += self._bars.pop(symbol, Bars(symbol)).values()
            observations += self._others.pop(symbol, [])
            observations += self._quotes.pop(symbol, [])
        notifications = tuple(_suppressed(n) for n in batch.notifications)
        kept = replace(batch, observations=tuple(observations), notifications=notifications, extras={})
        if not kept.empty:
            self._gathered.append(kept)
        if len(self._gathered) >= BATCHES_AT_ONCE:
            self.flush()
        self._tidy(batch.now)

    def flush(self) -> None:
        """Write what was gathered, in one transaction: nothing is sent in between."""
        if self._gathered:
            gathered, self._gathered = self._gathered, []
            self._recorder.commit(
                Batch(
                    gathered[-1].now,
                    tuple(o for b in gathered for o in b.observations),
                    tuple(d for b in gathered for d in b.decisions),
                    tuple(n for b in gathered for n in b.notifications),
                )
            )

    def _tidy(self, now: datetime) -> None:
        """Once a day, drop quotes that no alert can need any more; daily bars stay."""
        if self._tidied == now.date():
            return
        self._tidied = now.date()
        oldest = now - QUOTES_FOR
        for quotes in self._quotes.values():
            del quotes[: bisect_right(quotes, oldest, key=attrgetter("seen_at"))]


class _ByBars(dict[str, Bars]):
    """Packed by symbol: of years of a thousand stocks, most never have an alert."""

    def __missing__(self, symbol: str) -> Bars:
        made = self[symbol] = Bars(symbol)
        return made


def _suppressed(notification: Notification) -> Notification:
    if notification.suppressed_by:
        return notification
    return replace(notification, state=NotificationState.SUPPRESSED, suppressed_by=SUPPRESSED_BY)
