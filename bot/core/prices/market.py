"""Prices as known so far: per symbol the quotes by event time, the daily closes, and what returns are measured against.

Everything that remembers a price lives here. The market knows only what was applied to it, so "as of" needs no
argument: the engine applies observations in the order they were seen.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from bot.core.model import DailyBar, Phase, Quote, QuoteKind, Reference, Split
from bot.core.prices.admission import is_repeat, refusal
from bot.core.prices.sessions import Session, Timetable
from bot.core.prices.thinning import THIN_AFTER, thinned

BASIS_TOLERANCE = 0.2
"""Where our own previous close and the vendor's differ by more than this, the basis has changed (a split we have not
heard of yet), and the vendor's is right by construction: it comes with the quote."""


KEEP_QUOTES = timedelta(days=12)
"""Follow-ups look back five sessions: with holidays that is up to eleven days."""
KEEP_BARS = 560
"""Two years and some: what a calendar reaches back, and what "lowest since" can tell."""
SPARE_BARS = 20
"""Kept beyond what rules look at, so that a look back from a session that is over is whole, too."""


@dataclass(frozen=True, slots=True)
class UnmatchedSince:
    """How far back a price is unmatched. ``since`` is the last session that closed beyond it; ``None`` when none of
    the known ones did, and then ``sessions`` counts all that are known."""

    since: date | None
    sessions: int


class Revision:
    """What has changed in a market so far, as a number that rises: whatever was worked out before is out of date."""

    __slots__ = ("latest_at", "number")

    def __init__(self) -> None:
        self.number = 0
        self.latest_at: datetime | None = None
        """The latest event time of any quote taken."""

    def quoted(self, at: datetime) -> None:
        """A quote was taken."""
        self.number += 1
        if self.latest_at is None or at > self.latest_at:
            self.latest_at = at


class SymbolPrices:
    """One symbol's prices. Quotes are ordered by event time; equal times keep their order of arrival."""

    __slots__ = ("_bar_dates", "bars", "changes", "models", "quotes", "revision", "splits", "symbol", "timetable",
                 "version")  # fmt: skip

    def __init__(self, symbol: str, timetable: Timetable, revision: Revision | None = None) -> None:
        self.symbol = symbol
        self.timetable = timetable
        self.revision = revision or Revision()
        self.quotes: list[Quote] = []
        self.bars: dict[date, DailyBar] = {}
        self._bar_dates: list[date] = []
        self.splits: list[Split] = []
        self.changes = 0
        """Rises whenever anything is taken: while it stands, so does the price."""
        self.version = 0
        """Rises whenever a bar or a split is taken: what was worked out from closes before is then out of date."""
        self.models: dict[tuple[str, date], tuple[int, int, object]] = {}
        """Market models by benchmark and session, each with the versions of both it was estimated from."""

    # ------------------------------------------------------------------------------------------------------ applying

    def add_quote(self, quote: Quote) -> bool:
        """Take a believed quote; False where it repeats a known one (same event time, kind and price)."""
        i = bisect_right(self.quotes, quote.at, key=_event_time)
        j = i
        while j and self.quotes[j - 1].at == quote.at:
            if is_repeat(quote, self.quotes[j - 1]):
                return False
            j -= 1
        self.quotes.insert(i, quote)
        self.changes += 1
        self.revision.quoted(quote.at)
        return True

    def add_bar(self, bar: DailyBar) -> None:
        """Take a finished session's bar; a later one for the same session replaces it (history is re-based)."""
        if bar.session not in self.bars:
            insort(self._bar_dates, bar.session)
        self.bars[bar.session] = bar
        self.version += 1
        self.changes += 1
        self.revision.number += 1

    def add_split(self, split: Split) -> None:
        """Take a split; one for the same session replaces what was known."""
        self.splits = [s for s in self.splits if s.session != split.session] + [split]
        self.version += 1
        self.changes += 1
        self.revision.number += 1

    def forget(self, before: datetime, thin_before: datetime, keep: int = 3, bars: int = KEEP_BARS) -> None:
        """Drop quotes older than ``before``, and of the trades older than ``thin_before`` all but the first of every
        five minutes; never the newest ``keep``. Of the daily bars the newest ``bars`` stay."""
        surplus = max(0, len(self._bar_dates) - bars)
        for day in self._bar_dates[:surplus]:
            del self.bars[day]
        del self._bar_dates[:surplus]
        cut = min(bisect_left(self.quotes, before, key=_event_time), max(0, len(self.quotes) - keep))
        thin = min(bisect_left(self.quotes, thin_before, key=_event_time), max(0, len(self.quotes) - keep))
        old = self.quotes[cut:thin]
        if any(q.kind is QuoteKind.TRADE for q in old):
            self.quotes[:thin] = thinned(old)
        elif cut:
            self.quotes[:thin] = old

    # ------------------------------------------------------------------------------------------------------- reading

    @property
    def last(self) -> Quote | None:
        """The newest quote by event time."""
        return self.quotes[-1] if self.quotes else None

    def session_of(self, quote: Quote) -> Session | None:
        """The session a quote belongs to: the one its event time lies in or, between sessions, the one before."""
        return self.timetable.current(quote.at)

    def standing(self, now: datetime) -> tuple[Quote, Session] | None:
        """The quote that stands at ``now`` with its session: the last one, if it is of the session under way (or,
        between sessions, of the one just over). ``None`` where the new session has no price yet."""
        quote = self.last
        if quote is None:
            return None
        session = self.session_of(quote)
        if session is None or session != self.timetable.current(now):
            return None
        return quote, session

    def stood(self, moment: datetime) -> tuple[Quote, Session] | None:
        """As ``standing``, for a moment in the past: the last quote that had happened by then."""
        quote = self.last_before(moment)
        session = self.session_of(quote) if quote else None
        if quote is None or session is None or session != self.timetable.current(moment):
            return None
        return quote, session

    def backward(self, until: datetime | None = None) -> Iterator[Quote]:
        """Quotes with strictly earlier event times, from the newest (up to ``until``) on; of equal times the last that
        came."""
        last: datetime | None = None
        for quote in reversed(self.quotes):
            if until is not None and quote.at > until:
                continue
            if last is None or quote.at < last:
                last = quote.at
                yield quote

    def distinct(self, count: int, until: datetime | None = None) -> list[Quote]:
        """The newest quotes (up to ``until``) with strictly different event times, newest first, at most ``count``."""
        return list(islice(self.backward(until), count))

    def quotes_between(self, start: datetime, end: datetime) -> list[Quote]:
        """Quotes with ``start <= at <= end`` by event time."""
        low = bisect_left(self.quotes, start, key=_event_time)
        high = bisect_right(self.quotes, end, key=_event_time)
        return self.quotes[low:high]

    def in_session(self, session: Session) -> list[Quote]:
        """Quotes of one session, all phases."""
        return self.quotes_between(session.starts_at, session.ends_at)

    def last_before(self, moment: datetime) -> Quote | None:
        """The newest quote whose event time is at or before ``moment``."""
        i = bisect_right(self.quotes, moment, key=_event_time)
        return self.quotes[i - 1] if i else None

    def as_of(self, moment: datetime) -> SymbolPrices:
        """What had happened up to ``moment``: quotes by event time, bars of sessions that had closed."""
        past = SymbolPrices(self.symbol, self.timetable)
        past.quotes = self.quotes[: bisect_right(self.quotes, moment, key=_event_time)]
        past.splits, past.version, past.models = self.splits, self.version, self.models
        i = len(self._bar_dates)
        while i and ((held := self.timetable.on(self._bar_dates[i - 1])) is None or held.close_at > moment):
            i -= 1
        past._bar_dates = self._bar_dates[:i]
        past.bars = self.bars if i == len(self._bar_dates) else {d: self.bars[d] for d in past._bar_dates}
        return past

    def seen_by(self, moment: datetime) -> SymbolPrices:
        """What had been seen by ``moment``, however late it is about; itself where nothing came later."""
        kept: list[Quote | DailyBar | Split] = [*self.quotes, *self.bars.values(), *self.splits]
        if all(observation.seen_at <= moment for observation in kept):
            return self
        past = SymbolPrices(self.symbol, self.timetable)
        past.quotes = [q for q in self.quotes if q.seen_at <= moment]
        past.bars = {day: bar for day, bar in self.bars.items() if bar.seen_at <= moment}
        past._bar_dates = sorted(past.bars)
        past.splits = [s for s in self.splits if s.seen_at <= moment]
        return past

    # ---------------------------------------------------------------------------------------------------- references

    def close_of(self, session: Session) -> float | None:
        """The official close of ``session``, on the newest known split basis: its bar's or its close quote's."""
        bar = self.bars.get(session.date)
        if bar is not None:
            return self.on_basis(bar, bar.close)
        for quote in reversed(self.in_session(session)):
            if quote.kind is QuoteKind.CLOSE:
                return self.rebased(quote)
        return None

    def previous_close(self, quote: Quote, session: Session) -> Reference | None:
        """The official close before ``session``, on the quote's split basis.

        Ours where we have it; the vendor's where we have none, or where the two are too far apart to be on one basis.
        """
        before = self.timetable.before(session)
        if before is None:
            return None
        own = self.close_of(before)
        vendor = quote.previous_close if quote.previous_close and quote.previous_close > 0 else None
        if own is None or (vendor is not None and abs(own / vendor - 1) > BASIS_TOLERANCE):
            own = vendor
        return Reference("previous close", own, before.close_at, before.date) if own else None

    def open_of(self, session: Session) -> Reference | None:
        """The regular open: the bar's where it is known, the open quote or, failing that, the first regular trade."""
        bar = self.bars.get(session.date)
        if bar is not None and bar.open:
            return Reference("open", self.on_basis(bar, bar.open), session.open_at, session.date)
        for quote in self.quotes_between(session.open_at, session.close_at):
            if quote.kind is QuoteKind.OPEN or (quote.kind is QuoteKind.TRADE and quote.at > session.open_at):
                return Reference("open", self.rebased(quote), quote.at, session.date)
        return None

    def closes(self, before: date, count: int) -> list[tuple[date, float]]:
        """Up to ``count`` official closes of sessions before ``before``, newest first, on the newest split basis."""
        i = bisect_left(self._bar_dates, before)
        return [(d, self._bar_close(d)) for d in reversed(self._bar_dates[max(0, i - count) : i])]

    def bars_before(self, session: Session, count: int) -> list[DailyBar] | None:
        """The bars of the ``count`` sessions before ``session``, oldest first; single ones may be missing.

        ``None`` where history does not reach back so far, or one in ten is missing: less says nothing of so long.
        """
        first = self.timetable.before(session, count)
        if first is None or not self._bar_dates or self._bar_dates[0] > first.date:
            return None
        days = self._bar_dates[bisect_left(self._bar_dates, first.date) : bisect_left(self._bar_dates, session.date)]
        return [self.bars[day] for day in days] if len(days) >= count * 0.9 else None

    def highest(self, session: Session, count: int) -> Reference | None:
        """The highest price of the ``count`` sessions before ``session`` (highs where known, else closes)."""
        prices = [
            (self.on_basis(b, max(b.close, b.high or b.close)), b) for b in self.bars_before(session, count) or ()
        ]
        best = max(prices, key=lambda p: p[0], default=None)
        return self._of_bar("high", count, *best) if best else None

    def lowest(self, session: Session, count: int) -> Reference | None:
        """The lowest price of the ``count`` sessions before ``session`` (lows where known, else closes)."""
        bars = self.bars_before(session, count) or ()
        prices = [(self.on_basis(b, min(b.close, b.low or b.close)), b) for b in bars]
        best = min(prices, key=lambda p: p[0], default=None)
        return self._of_bar("low", count, *best) if best else None

    def _of_bar(self, kind: str, count: int, price: float, bar: DailyBar) -> Reference:
        held = self.timetable.on(bar.session)
        at = held.close_at if held else bar.seen_at
        return Reference(f"{kind} of {count} session{'' if count == 1 else 's'}", price, at, bar.session)

    def lowest_since(self, price: float, session: date) -> UnmatchedSince:
        """The last session before ``session`` that closed lower than ``price``: "lowest since" that date."""
        return self._unmatched(session, lambda close: close < price)

    def highest_since(self, price: float, session: date) -> UnmatchedSince:
        """The last session before ``session`` that closed higher than ``price``."""
        return self._unmatched(session, lambda close: close > price)

    def _unmatched(self, session: date, beyond: Callable[[float], bool]) -> UnmatchedSince:
        i = bisect_left(self._bar_dates, session)
        for n, day in enumerate(reversed(self._bar_dates[:i])):
            if beyond(self._bar_close(day)):
                return UnmatchedSince(day, n)
        return UnmatchedSince(None, i)

    def _bar_close(self, day: date) -> float:
        bar = self.bars[day]
        return self.on_basis(bar, bar.close)

    # -------------------------------------------------------------------------------------------------- split basis

    def rebased(self, quote: Quote) -> float:
        """A quote's price on the newest known split basis; quotes are as traded."""
        return self.restated(quote.price, quote.at)

    def restated(self, price: float, at: datetime) -> float:
        """A price as it was told at ``at``, on the newest known split basis."""
        return price * self._factor(at, at) if self.splits else price

    def on_basis(self, bar: DailyBar, price: float) -> float:
        """A price of ``bar`` on the newest known split basis."""
        return price * self._factor(bar.session, bar.seen_at) if self.splits else price

    def shares(self, of: Quote | DailyBar) -> float | None:
        """The volume of a quote or bar in shares as they are now: a split makes more of them."""
        if of.volume is None or not self.splits:
            return of.volume
        when = of.at if isinstance(of, Quote) else of.session
        return of.volume / self._factor(when, of.at if isinstance(of, Quote) else of.seen_at)

    def _factor(self, when: date | datetime, known_at: datetime) -> float:
        """What to multiply an older price with. A bar fetched after a split took effect is on the new basis already."""
        factor = 1.0
        for split in self.splits:
            session = self.timetable.on(split.session)
            effective = session.starts_at if session else None
            if effective is None or known_at >= effective:
                continue
            happened = when < effective if isinstance(when, datetime) else when < split.session
            if happened:
                factor /= split.ratio
        return factor


class Market:
    """Every symbol's prices. Symbols appear when first observed; each needs a timetable to be measured."""

    def __init__(
        self, timetable_of: Callable[[str], Timetable], keep: timedelta = KEEP_QUOTES, bars: int = KEEP_BARS
    ) -> None:
        self._timetable_of = timetable_of
        self.keep = keep
        """For how long quotes are remembered; and how many daily bars."""
        self.bars = bars
        self._symbols: dict[str, SymbolPrices] = {}
        self.revision = Revision()

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._symbols

    def __iter__(self) -> Iterator[str]:
        return iter(self._symbols)

    def of(self, symbol: str) -> SymbolPrices:
        """The prices of ``symbol``, empty when nothing was observed yet."""
        prices = self._symbols.get(symbol)
        if prices is None:
            prices = self._symbols[symbol] = SymbolPrices(symbol, self._timetable_of(symbol), self.revision)
        return prices

    def admit(self, quote: Quote, now: datetime) -> str | None:
        """Take ``quote``, or say why it is not believed. A repeat is taken silently and changes nothing."""
        prices = self.of(quote.symbol)
        why = refusal(quote, now=now, last=prices.last, session=prices.timetable.current(now))
        if why is None:
            prices.add_quote(quote)
        return why

    def apply(self, observation: DailyBar | Split) -> None:
        """Take a bar or a split."""
        prices = self.of(observation.symbol)
        if isinstance(observation, DailyBar):
            prices.add_bar(observation)
        else:
            prices.add_split(observation)

    def remember(self, quotes_for: timedelta, sessions: int) -> None:
        """Keep what rules look at, and never less than follow-ups need: quotes for so long, so many sessions' bars."""
        self.keep = max(KEEP_QUOTES, quotes_for)
        self.bars = max(KEEP_BARS, sessions + SPARE_BARS)

    def forget(self, now: datetime) -> None:
        """Drop what no rule can need any more."""
        for prices in self._symbols.values():
            prices.forget(now - self.keep, now - THIN_AFTER, bars=self.bars)

    def phase(self, symbol: str, at: datetime) -> Phase:
        """The phase of ``at`` on the symbol's exchange."""
        return self.of(symbol).timetable.phase(at)


def change(price: float, reference: Reference | None) -> float | None:
    """The return of ``price`` against ``reference``: price / reference − 1."""
    return price / reference.price - 1 if reference and reference.price > 0 else None


def _event_time(quote: Quote) -> datetime:
    return quote.at
