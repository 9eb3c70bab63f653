"""One symbol's stored prices in the form of an episode: on one split basis, each no earlier than it was seen.

The bar of a replayed session becomes quotes, so it contains only what the history has as quotes: a replay must not show
anything the bot had not seen.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.config.episodes.file import RANGE_TOLERANCE
from bot.config.episodes.price_block import JUMP
from bot.core.model import DailyBar, Phase, Quote, QuoteKind, Split
from bot.core.model.episodes import EpisodeBar, Mark
from bot.core.prices.sessions import Session, Timetable

LONGEST_DELAY = timedelta(hours=1)
"""A price seen in another phase and this long after the trade came too late to matter; it is left out."""
SEEN_WITHIN = timedelta(minutes=20)
"""How late a quote delayed by the exchange's rules is seen."""
NEAR, ABOUT = timedelta(minutes=15), timedelta(minutes=2)
"""Every price this close to a change of an alert is kept: of the symbol itself and of the benchmarks, and of all
others, on which the alert may depend."""


@dataclass(frozen=True, slots=True)
class ReplaySpan:
    """The replayed sessions, and where prices may be thinned out."""

    first: date
    last: date
    sessions: frozenset[date]
    """Those the incident's alerts are about."""
    thinned: bool = False


@dataclass(frozen=True, slots=True)
class RecordedPrices:
    """Bars and marks of one symbol, and how many prices could not be taken."""

    bars: tuple[EpisodeBar, ...]
    marks: tuple[Mark, ...]
    left_out: int = 0


def priced(
    timetable: Timetable,
    stored: Sequence[DailyBar],
    quotes: Iterable[Quote],
    splits: Sequence[Split],
    span: ReplaySpan,
    near: Sequence[datetime] = (),
    all_changes: Sequence[datetime] = (),
) -> RecordedPrices:
    """A symbol's prices for an episode. ``near``: when the alerts of the incident fired and escalated that are its own,
    or are measured against it; ``all_changes``: when any did."""
    placed, left_out = _placed(timetable, quotes, span)
    placed = [(session, replace(mark, price=mark.price / _basis(splits, session.date))) for session, mark in placed]
    bars = _regular(timetable, _rebased(stored, splits))
    known = {bar.session: bar for bar in bars}
    sound: list[tuple[Session, Mark]] = []
    for session, mark in placed:
        bar = known.get(session.date)
        if bar is not None and not 1 / JUMP < mark.price / bar.close < JUMP:
            left_out += 1
        else:
            sound.append((session, mark))
    if span.thinned:
        sound = list(_thinned(sound, span, ChangeSpans(near, all_changes), hit=bool(near)))
    stated = {(m.at, m.kind, m.price) for _, m in sound}
    outside = _outside(sound, known)
    bars = tuple(
        bar if bar.session < span.first or bar.session > span.last else _seen_only(bar, timetable, stated, outside)
        for bar in bars
    )
    from_bars = {key for bar in bars if span.first <= bar.session <= span.last for key in _quotes_of(bar, timetable)}
    marks = sorted((m for _, m in sound if (m.at, m.kind, m.price) not in from_bars), key=lambda m: m.at)
    return RecordedPrices(bars, tuple(marks), left_out)


# --------------------------------------------------------------------------------------------------------------- marks


def _placed(timetable: Timetable, quotes: Iterable[Quote], span: ReplaySpan) -> tuple[list[tuple[Session, Mark]], int]:
    """Each price once, at the time it was seen, or of the trade if it was seen in another phase."""
    placed: list[tuple[Session, Mark]] = []
    known: set[tuple[QuoteKind, datetime]] = set()
    left_out = 0
    for quote in quotes:
        session = timetable.at(quote.at)
        if session is None or (quote.kind, quote.at) in known:
            left_out += session is None
            continue
        if not span.first <= session.date <= span.last:
            continue
        at = quote.at
        if timetable.at(quote.seen_at) is session and session.phase(quote.seen_at) is session.phase(quote.at):
            at = quote.seen_at
        elif quote.seen_at - quote.at > LONGEST_DELAY:
            continue
        known.add((quote.kind, quote.at))
        placed.append((session, Mark(at, quote.kind, quote.price, quote.volume)))
    return placed, left_out


class ChangeSpans:
    """The stretches around changes of alerts, merged, so that asking is quick however many there are."""

    def __init__(self, near: Iterable[datetime], every: Iterable[datetime]) -> None:
        self._begins: list[datetime] = []
        self._ends: list[datetime] = []
        stretches = [(at - NEAR, at + NEAR) for at in near] + [(at - ABOUT, at + ABOUT) for at in every]
        for begin, end in sorted(stretches):
            if self._ends and begin <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._begins.append(begin)
                self._ends.append(end)

    @property
    def stretches(self) -> list[tuple[datetime, datetime]]:
        """Begin and end of each."""
        return list(zip(self._begins, self._ends, strict=True))

    def __contains__(self, at: datetime) -> bool:
        place = bisect_right(self._begins, at) - 1
        return place >= 0 and at <= self._ends[place]


_MINUTES = {(True, True): 1, (True, False): 10, (False, True): 10, (False, False): 30}
"""Of a symbol that was hit (or is a benchmark) or was not, in a session of the alerts or another: one price in so many
minutes is kept."""


def _thinned(
    placed: Iterable[tuple[Session, Mark]], span: ReplaySpan, around: ChangeSpans, *, hit: bool
) -> Iterator[tuple[Session, Mark]]:
    """The first trade of each minute or so; every one around an alert, and everything that is no trade."""
    last: tuple[date, int] | None = None
    for session, mark in placed:
        if mark.kind is QuoteKind.TRADE and mark.at not in around:
            minutes = _MINUTES[hit, session.date in span.sessions]
            slot = (session.date, int((mark.at - session.starts_at).total_seconds() // (60 * minutes)))
            if slot == last:
                continue
            last = slot
        yield session, mark


def _outside(placed: Iterable[tuple[Session, Mark]], bars: dict[date, EpisodeBar]) -> set[date]:
    """Sessions with a regular price that lies outside what their bar says: no low or high can be stated there."""
    found: set[date] = set()
    for session, mark in placed:
        bar = bars.get(session.date)
        if bar is None or bar.low is None or bar.high is None or session.phase(mark.at) is not Phase.REGULAR:
            continue
        if not bar.low * (1 - RANGE_TOLERANCE) <= mark.price <= bar.high * (1 + RANGE_TOLERANCE):
            found.add(session.date)
    return found


# ---------------------------------------------------------------------------------------------------------------- bars


def _basis(splits: Sequence[Split], day: date) -> float:
    """By how much prices of ``day`` are divided to be on the basis after the last split."""
    factor = 1.0
    for split in splits:
        if split.session > day:
            factor *= split.ratio
    return factor


def _rebased(stored: Sequence[DailyBar], splits: Sequence[Split]) -> Iterator[EpisodeBar]:
    """Bars on the basis after the last split; those fetched after a split already are on its."""
    for bar in stored:
        factor = _basis([s for s in splits if bar.seen_at < s.seen_at], bar.session)
        opened, high, low = (price / factor if price is not None else None for price in (bar.open, bar.high, bar.low))
        volume = bar.volume * factor if bar.volume is not None else None
        yield EpisodeBar(bar.session, bar.close / factor, opened, high, low, volume)


def _regular(timetable: Timetable, bars: Iterable[EpisodeBar]) -> tuple[EpisodeBar, ...]:
    """Bars of sessions, with figures that agree; of several leaps between closes only the last may stay."""
    kept: list[EpisodeBar] = []
    leaps: list[int] = []
    for bar in bars:
        if timetable.on(bar.session) is None or not bar.close > 0:
            continue
        if kept and not 1 / JUMP < bar.close / kept[-1].close < JUMP:
            leaps.append(len(kept))
        kept.append(_agreeing(bar))
    return tuple(kept[leaps[-2] :] if len(leaps) > 1 else kept)


def _agreeing(bar: EpisodeBar) -> EpisodeBar:
    """Without figures that contradict the close, the open or each other."""
    opened, high, low = (price if price and price > 0 else None for price in (bar.open, bar.high, bar.low))
    if low is not None and (low > bar.close or (opened is not None and low > opened)):
        low = None
    if high is not None and (high < bar.close or (opened is not None and high < opened)):
        high = None
    volume = bar.volume if bar.volume is not None and bar.volume >= 0 else None
    return replace(bar, open=opened, high=high, low=low, volume=volume)


def _seen_only(
    bar: EpisodeBar, timetable: Timetable, stated: set[tuple[datetime, QuoteKind, float]], outside: set[date]
) -> EpisodeBar:
    """A replayed session's bar with no more than the history has as quotes at these moments."""
    session = timetable.on(bar.session)
    assert session is not None
    opened = bar.open if (session.open_at, QuoteKind.OPEN, bar.open) in stated else None
    low = bar.low if (session.close_at, QuoteKind.LOW, bar.low) in stated else None
    high = bar.high if (session.close_at, QuoteKind.HIGH, bar.high) in stated else None
    if bar.session in outside:
        low = high = None
    return replace(bar, open=opened, low=low, high=high)


def _quotes_of(bar: EpisodeBar, timetable: Timetable) -> Iterator[tuple[datetime, QuoteKind, float]]:
    """The quotes that an episode makes of a replayed session's bar."""
    session = timetable.on(bar.session)
    assert session is not None
    for kind, price, at in (
        (QuoteKind.OPEN, bar.open, session.open_at),
        (QuoteKind.LOW, bar.low, session.close_at),
        (QuoteKind.HIGH, bar.high, session.close_at),
        (QuoteKind.CLOSE, bar.close, session.close_at),
    ):
        if price is not None:
            yield at, kind, price
