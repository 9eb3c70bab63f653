"""What a backtest records: every decision and story, and the prices of symbols with alerts.

A backtest sees a thousand prices for one that matters. A symbol's prices are written from its first alert on, with all
that came before, which is made again from the recording, so that every figure of an alert can be traced; those of other
symbols are not written at all. Messages are recorded as suppressed by the backtest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from bot.core.model import (
    HELD_BACK_KEY,
    LISTED_LATER,
    Batch,
    Column,
    DailyBar,
    HeldBack,
    LearnedName,
    Notification,
    NotificationState,
    Observation,
    Quote,
    QuoteColumn,
    SecondReading,
    SourceReport,
    Story,
    Suppression,
    SuppressionReason,
)
from bot.core.ports import Recorder

SUPPRESSED_BY = Suppression(SuppressionReason.BACKTEST)
AT_ONCE = 50_000
"""So many observations and messages are written in one transaction: a stock's prices lie together in the indexes, and
each place is then written once for many days."""
QUOTES_FOR = timedelta(days=12)
"""From how long before an alert quotes are written: follow-ups look back five sessions."""

Recorded = Callable[[str, datetime, datetime], Iterable[Observation]]
"""Everything of a symbol that is seen up to a moment, in order; of quotes those of sessions that end after another."""


TOLD = Story | SecondReading | LearnedName | SourceReport
"""What is written whether or not there is an alert."""

PRICES = Quote | DailyBar | Column


class EvidenceRecorder:
    """A ``Recorder`` that passes everything on to another except prices that no alert needs."""

    def __init__(self, recorder: Recorder, recorded: Recorded, always: Collection[str] = ()) -> None:
        self._recorder = recorder
        self._recorded = recorded
        self._kept = set(always)
        """Symbols whose prices are written; ``always`` are the benchmarks."""
        self._began_at: datetime | None = None
        """When the first batch of the present date was committed."""
        self._gathered: list[Batch] = []
        self._waiting = 0
        """How many observations and messages these have."""
        self._held: dict[str, dict[str, HeldBack]] = {}
        """By recipient, what was held back since the last list of such, by id."""

    def commit(self, batch: Batch) -> None:
        """Record decisions, stories and the prices of alerts. Raises what the other recorder raises."""
        if self._began_at is None or self._began_at.date() != batch.now.date():
            self._began_at = batch.now
        fired = {change.alert.symbol for d in batch.decisions for change in d.changes} - self._kept
        observations = list(self._evidence(batch.observations))
        for symbol in sorted(fired):
            self._kept.add(symbol)
            observations += self._before(symbol, batch.now, self._began_at - QUOTES_FOR)
        notifications = tuple(_suppressed(n) for n in batch.notifications)
        kept = replace(batch, observations=tuple(observations), notifications=notifications, extras={})
        if not kept.empty:
            self._gathered.append(kept)
            self._waiting += len(kept.observations) + len(notifications)
        for notification in notifications:
            self._note_held(notification)
        if self._waiting >= AT_ONCE:
            self.flush()

    def held(self, recipient: str, since: datetime) -> Sequence[HeldBack]:
        """As ``People.held`` would say, had everything been written already."""
        known = self._held.get(recipient, {})
        return sorted((held for held in known.values() if held.created_at > since), key=attrgetter("created_at"))

    def _note_held(self, notification: Notification) -> None:
        known = self._held.setdefault(notification.recipient, {})
        if notification.announcement.startswith(f"{HELD_BACK_KEY}:"):
            known.clear()  # it lists all of them
        elif notification.suppressed_by in LISTED_LATER:
            why, subject = notification.suppressed_by, notification.summary.subject
            held = HeldBack(notification.created_at, notification.incident, notification.severity, subject, why)
            known.setdefault(notification.id, held)

    def flush(self) -> None:
        """Write what was gathered, in one transaction: nothing is sent in between."""
        if self._gathered:
            gathered, self._gathered, self._waiting = self._gathered, [], 0
            self._recorder.commit(
                Batch(
                    gathered[-1].now,
                    tuple(o for b in gathered for o in b.observations),
                    tuple(d for b in gathered for d in b.decisions),
                    tuple(n for b in gathered for n in b.notifications),
                )
            )

    def _evidence(self, observations: Iterable[Observation]) -> Iterator[Observation]:
        """What is written of some observations: columns of one moment symbol by symbol."""
        for _, group in groupby(observations, key=lambda each: isinstance(each, PRICES) and each.seen_at):
            of_moment = list(group)
            columns = [each for each in of_moment if isinstance(each, Column)]
            apart = [each for each in of_moment if not isinstance(each, Column)]
            if not columns:
                yield from (o for o in apart if isinstance(o, TOLD) or o.symbol in self._kept)
                continue
            places = columns[0].places
            for symbol in sorted(self._kept & places.keys(), key=places.__getitem__):
                of_symbol = (c.quote(symbol) if isinstance(c, QuoteColumn) else c.bar(symbol) for c in columns)
                yield from (observation for observation in of_symbol if observation is not None)
                yield from (o for o in apart if not isinstance(o, TOLD) and o.symbol == symbol)

    def _before(self, symbol: str, until: datetime, quotes_since: datetime) -> Iterator[Observation]:
        """What was seen of a symbol up to now: bars, then the rest, then the quotes of the last days."""
        seen = list(self._recorded(symbol, until, quotes_since))
        yield from (o for o in seen if isinstance(o, DailyBar))
        yield from (o for o in seen if not isinstance(o, DailyBar | Quote))
        yield from (o for o in seen if isinstance(o, Quote) and o.seen_at > quotes_since)


def _suppressed(notification: Notification) -> Notification:
    if notification.suppressed_by:
        return notification
    return replace(notification, state=NotificationState.SUPPRESSED, suppressed_by=SUPPRESSED_BY)
