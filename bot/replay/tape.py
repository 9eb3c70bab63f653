"""Tapes: past observations in the order the bot could have seen them, and the tape of an episode.

A daily bar is not known before its session closes, so a replayed session yields its open at the open and, at the
regular close, its low, high and official close, in this order, then the bar itself. Marks add what happened in between.
Sessions and their hours come from the timetable of each exchange.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from itertools import groupby

from bot.core.errors import LookAheadError, UsageError
from bot.core.model import (
    BarColumn,
    DailyBar,
    EarningsDate,
    LearnedName,
    Observation,
    Quote,
    QuoteColumn,
    QuoteKind,
    SecondReading,
    SourceReport,
    Split,
    Story,
)
from bot.core.model.episodes import Episode, EpisodePrices
from bot.core.prices.sessions import Session, Timetable

_KIND_ORDER = {
    QuoteKind.OPEN: 0,
    QuoteKind.LOW: 1,  # a low is known before its bar's close, even if both carry the time of the bar's end
    QuoteKind.HIGH: 2,
    QuoteKind.TRADE: 3,
    QuoteKind.CLOSE: 4,
}
_SortKey = tuple[datetime, int, datetime, str, int, str]


class Tape:
    """Observations by ``seen_at``, in an order that depends only on themselves.

    At one time: stories, then splits, quotes and bars, then the rest. Raises LookAheadError for a quote seen before it
    happened: such a tape would show the future.
    """

    __slots__ = ("_groups", "_moments", "observations")

    def __init__(self, observations: Iterable[Observation]) -> None:
        self.observations: tuple[Observation, ...] = tuple(sorted(observations, key=_order))
        refuse_look_ahead(self.observations)
        self._groups = tuple(
            (now, tuple(group))
            for now, group in groupby(self.observations, key=lambda observation: observation.seen_at)
        )
        self._moments = tuple(now for now, _ in self._groups)

    def __len__(self) -> int:
        """The number of steps: distinct times at which something was seen."""
        return len(self._groups)

    @property
    def first_at(self) -> datetime | None:
        """When the first observation was seen; ``None`` for an empty tape."""
        return self._moments[0] if self._moments else None

    @property
    def last_at(self) -> datetime | None:
        """When the last observation was seen; ``None`` for an empty tape."""
        return self._moments[-1] if self._moments else None

    def steps(self, after: datetime | None = None) -> Iterator[tuple[datetime, tuple[Observation, ...]]]:
        """Each time with everything seen at it, oldest first; with ``after``, only later ones.

        Raises LookAheadError if a step has something seen after its time.
        """
        for now, group in self._groups[self.position(after) :]:
            if any(observation.seen_at > now for observation in group):
                raise LookAheadError(f"the tape shows at {now.isoformat()} what was only seen later")
            yield now, group

    def position(self, after: datetime | None) -> int:
        """How many steps are at or before ``after``; 0 for ``None``."""
        return bisect_right(self._moments, after) if after is not None else 0


def refuse_look_ahead(observations: Iterable[Observation]) -> None:
    """Raise LookAheadError for a quote seen before it happened."""
    for quote in observations:
        if isinstance(quote, Quote) and quote.seen_at < quote.at:
            raise LookAheadError(
                f"{quote.symbol}: a quote of {quote.at.isoformat()} cannot have been seen "
                f"at {quote.seen_at.isoformat()}, before it happened"
            )


def build_tape(episode: Episode, timetable_of: Callable[[str], Timetable]) -> Tape:
    """The tape of a recorded episode; ``timetable_of`` gives the sessions of an exchange (by its ISO 10383 code).

    Sessions before ``episode.first`` yield only daily bars, which fill references; what comes after the post phase of
    ``episode.last`` is left out. Raises UsageError if the episode has no prices or stories, or a price outside every
    session.
    """
    if not episode.prices and not episode.stories:
        raise UsageError(f"{episode.name} is a described episode without prices and stories; it cannot be replayed")
    observations: list[Observation] = []
    ends: list[datetime] = []
    for prices in episode.prices:
        timetable = timetable_of(prices.exchange)
        last = _last_session(timetable, prices, episode.last)
        ends.append(last.ends_at)
        observations += _bar_observations(episode, prices, timetable)
        observations += _mark_quotes(episode, prices, timetable, last)
    end = max(ends) if ends else None
    told: tuple[Story | SecondReading, ...] = (*episode.stories, *episode.second_readings)
    observations += [each for each in told if end is None or each.seen_at <= end]
    return Tape(_without_repeats(observations))


def _bar_observations(episode: Episode, prices: EpisodePrices, timetable: Timetable) -> Iterator[Observation]:
    for bar in prices.bars:
        if bar.session > episode.last:
            break
        session = _session(timetable, prices, bar.session)
        yield from session_observations(
            prices.symbol,
            session,
            (bar.open, bar.high, bar.low, bar.close, bar.volume),
            episode.name,
            played=bar.session >= episode.first,
            currency=prices.currency,
            basis=prices.basis,
        )


def session_observations(
    symbol: str,
    session: Session,
    figures: Sequence[float | None],
    source: str,
    *,
    played: bool,
    currency: str = "",
    basis: str | None = None,
) -> Iterator[Observation]:
    """The observations of one session, each seen no earlier than possible: open at the open; at the close low, high,
    close, then the bar.

    ``figures`` are open, high, low, close (required) and volume. If not ``played``, only the bar, which fills
    references.
    """
    opened, high, low, close, volume = figures
    assert close is not None
    if played:
        for kind, price, at, traded in (
            (QuoteKind.OPEN, opened, session.open_at, None),
            (QuoteKind.LOW, low, session.close_at, None),
            (QuoteKind.HIGH, high, session.close_at, None),
            (QuoteKind.CLOSE, close, session.close_at, volume),
        ):
            if price is not None:
                yield Quote(symbol, price, at, at, kind, None, traded, currency, source, basis)
    yield DailyBar(symbol, session.date, close, session.close_at, opened, high, low, volume, source)


def _mark_quotes(episode: Episode, prices: EpisodePrices, timetable: Timetable, last: Session) -> Iterator[Quote]:
    for mark in prices.marks:
        session = timetable.at(mark.at)
        if session is None:
            raise UsageError(
                f"{episode.name}: {prices.symbol} has a mark at {mark.at.isoformat()}, "
                f"outside every session of {prices.exchange}"
            )
        if episode.first <= session.date and mark.at <= last.ends_at:
            yield Quote(
                prices.symbol,
                mark.price,
                mark.at,
                mark.at,
                mark.kind,
                volume=mark.volume,
                currency=prices.currency,
                source=episode.name,
                basis=prices.basis,
            )


def _last_session(timetable: Timetable, prices: EpisodePrices, day: date) -> Session:
    """The session of ``day`` or, where the exchange was closed on it, the last before."""
    last = timetable.on(day) or timetable.current(datetime.combine(day, time.max, UTC))
    return last if last is not None else _session(timetable, prices, day)


def _session(timetable: Timetable, prices: EpisodePrices, day: date) -> Session:
    session = timetable.on(day)
    if session is None:
        raise UsageError(f"{prices.symbol}: {day} is not a session of {prices.exchange}, or is beyond its calendar")
    return session


def _without_repeats(observations: Iterable[Observation]) -> list[Observation]:
    """A mark that repeats the daily bar (the open, the close) is one observation."""
    seen: set[tuple[str, datetime, QuoteKind, float]] = set()
    kept: list[Observation] = []
    for observation in observations:
        if isinstance(observation, Quote):
            identity = (observation.symbol, observation.at, observation.kind, observation.price)
            if identity in seen:
                continue
            seen.add(identity)
        kept.append(observation)
    return kept


def _order(observation: Observation) -> _SortKey:
    at = observation.seen_at
    match observation:
        case Story():
            return (at, 0, observation.published_at or at, observation.id, 0, "")
        case Split():
            return (at, 1, at, observation.symbol, 0, observation.session.isoformat())
        case Quote():
            return (at, 2, observation.at, observation.symbol, _KIND_ORDER[observation.kind], repr(observation.price))
        case DailyBar():
            return (at, 3, at, observation.symbol, 0, observation.session.isoformat())
        case EarningsDate():
            return (at, 3, at, observation.symbol, 1, observation.date.isoformat())
        case LearnedName():
            return (at, -1, at, observation.word, 0, "")
        case SecondReading():
            return (at, 4, at, observation.story, 0, "")
        case QuoteColumn() | BarColumn():
            return (at, 3, at, "", 2, observation.source)
        case SourceReport():
            return (at, 5, at, observation.source, 0, observation.subject)
