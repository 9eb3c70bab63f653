"""Prices known so far: per symbol the quotes by event time, daily closes, and the references of returns.

Everything that remembers a price lives here. The market knows only what was applied to it, and the engine applies
observations in the order they were seen, so that "as of now" needs no argument.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from bot.core.model import BarColumn, DailyBar, Phase, Quote, QuoteColumn, QuoteKind, Reference, Split
from bot.core.prices.admission import Rejection, is_repeat, refusal
from bot.core.prices.bars import Bars
from bot.core.prices.basis import (
    HUNDRED,
    SAME,
    SMALL_SPLIT,
    SPLIT_HELD_FOR,
    UNITS_HELD_FOR,
    beyond_moves,
    contradicts,
    hundredfold,
    previous_close,
    split_between,
    step_words,
)
from bot.core.prices.columns import Columns
from bot.core.prices.sessions import Session, Timetable
from bot.core.text.wording import count as counted

if TYPE_CHECKING:
    from bot.core.prices.latest import Latest

KEEP_QUOTES = timedelta(days=12)
"""Follow-ups look back five sessions: with holidays, up to eleven days."""
KEEP_NEWEST = 3
"""So many quotes of a symbol are kept however old they are."""
KEEP_BARS = 560
"""A little over two years, for "lowest since"."""
UNIT_KNOWN_FOR = timedelta(days=30)
"""How old the bar before may be that says in which unit a bar is."""
SPARE_BARS = 20
"""Beyond what rules read, so that a look-back from an earlier session is complete, too."""
THIN_AFTER = timedelta(hours=3)
"""Of trades older than this, one every ``THIN_TO`` is kept: references far back need no more."""
THIN_TO = timedelta(minutes=5)
MOST_QUOTES = 200_000
"""Remembered of all symbols together, some 45 MB: three hours whole and twelve days thinned of 80 symbols that are
polled every 15 seconds. With more of them, trades are thinned further."""
CROWDED = tuple(
    (timedelta(minutes=after), timedelta(minutes=to))
    for after, to in ((180, 10), (180, 20), (90, 20), (45, 30), (20, 60), (10, 60))
)
"""Where there are too many: trades older than this, one in so long; the next where that does not suffice."""
APART = timedelta(seconds=10)
"""In thin trading, trades closer together may be one order."""
SETTLED_BY = 5
"""So many trades show in thin trading where the price is, if most of them agree: the middle one."""
LEAST = 3
"""So few of them say whether one is odd."""
ODD = 0.02
"""Further from that, as a fraction, a price is odd."""
SLACK = 0.8
"""To what part of the most they are thinned then, so that it is not done again at once."""


@dataclass(frozen=True, slots=True)
class UnmatchedSince:
    """How far back no close lies beyond a price. ``since`` is the last session that closed beyond it; ``None`` where no
    known one did, and ``sessions`` then counts all known ones."""

    since: date | None
    sessions: int


History = tuple[int, date | None]


@dataclass(slots=True)
class Revision:
    """What the symbols of a market share. Counts its changes: what was computed at an earlier number is out of date."""

    number: int = 0
    latest_at: datetime | None = None
    """The latest event time of any quote."""
    quotes: int = 0
    """How many quotes are remembered."""
    history: int = 0
    """Counts bars and splits: what was computed from closes at an earlier number may be out of date."""
    stirred: set[str] = field(default_factory=set)
    """The symbols that have changed by themselves since somebody emptied this."""
    columns: Columns = field(default_factory=Columns)
    """The quotes that came in columns."""
    traded: dict[str, SymbolPrices] = field(default_factory=dict)
    """The symbols that have had trades, which are thinned."""


class SymbolPrices:
    """One symbol's prices. Quotes are ordered by event time; equal times keep their order of arrival."""

    __slots__ = ("_changes", "_doubted_since", "_quotes", "_rewritten", "_taken", "_tidied", "bars", "models", "place",
                 "revision", "splits", "symbol", "timetable")  # fmt: skip

    def __init__(self, symbol: str, timetable: Timetable, revision: Revision | None = None) -> None:
        self.symbol = symbol
        self.timetable = timetable
        self.revision = revision or Revision()
        self._quotes: list[Quote] = []
        self._taken = self.revision.columns.number
        """Up to which column ``_quotes`` has its quotes."""
        self.place: tuple[Latest, int] | None = None
        """Its place in columns, if it has one."""
        self.bars = Bars(symbol)
        self.splits: list[Split] = []
        self._changes = 0
        self._rewritten = 0
        """Counts splits, and bars that are not of the newest session."""
        self.models: dict[tuple[str, date], tuple[History, History, object]] = {}
        """Market models by benchmark and session, with the ``history`` of symbol and benchmark each was fitted to."""
        self._doubted_since: datetime | None = None
        """Since when prices are held back."""
        self._tidied: tuple[int, timedelta] | None = None
        """``changes`` at which all quotes were thinned, and to one in how long."""

    # ------------------------------------------------------------------------------------------------------ applying

    @property
    def quotes(self) -> list[Quote]:
        """Every quote that is remembered."""
        if self._taken != self.revision.columns.number:
            self.take_columns()
        return self._quotes

    @property
    def changes(self) -> int:
        """Counts everything applied: while it is the same, so is the price."""
        return self._changes + self.revision.columns.count

    def take_columns(self) -> None:
        """Take its quotes of the columns that came since they were last read; forget what was forgotten meanwhile."""
        columns, begun = self.revision.columns, self._taken
        self._taken = columns.number
        for entry in columns.since(begun):
            if isinstance(entry, datetime):
                self._cut(entry)
            elif (quote := entry.quote(self.symbol)) is not None:
                self._quotes.append(quote)
                self.revision.quotes += 1

    def _cut(self, before: datetime) -> None:
        """Drop quotes older than ``before``, but never the newest ones."""
        if self._quotes and self._quotes[0].at < before:
            cut = min(bisect_left(self._quotes, before, key=_event_time), max(0, len(self._quotes) - KEEP_NEWEST))
            del self._quotes[:cut]
            self.revision.quotes -= cut

    def add_quote(self, quote: Quote) -> bool:
        """Add an accepted quote; False where it repeats a known one (same event time, kind and price)."""
        known = self.quotes
        i = j = len(known) if self._is_newest(quote.at) else bisect_right(known, quote.at, key=_event_time)
        while j and known[j - 1].at == quote.at:
            if is_repeat(quote, known[j - 1]):
                return False
            j -= 1
        known.insert(i, quote)
        if quote.kind is QuoteKind.TRADE:
            self.revision.traded[self.symbol] = self
        if self.place is not None:
            latest, place = self.place
            # later quotes in columns are of this moment or later: what came as it happened is the newest before them
            latest.set(place, quote.price if i == len(known) - 1 and quote.at == quote.seen_at else math.nan)
        self.revision.quotes += 1
        self._count_change()
        if self.revision.latest_at is None or quote.at > self.revision.latest_at:
            self.revision.latest_at = quote.at
        return True

    def add_bar(self, bar: DailyBar) -> None:
        """Add a finished session's bar; it replaces an earlier one of the session, as history is re-based."""
        if self.bars and bar.session <= self.bars.dates[-1]:
            self._rewritten += 1
        self.bars.add(self._in_our_unit(bar))
        self._count_bar()

    def add_bar_of(self, column: BarColumn, figures: Sequence[float]) -> None:
        """As ``add_bar``, of a column: its figures, of which the close is given."""
        before = self.bars.close_at(-1) if self.bars else figures[0]
        in_our_unit = before / HUNDRED[0] < figures[0] < before * HUNDRED[0]
        if self.splits or not in_our_unit or (self.bars and column.session <= self.bars.dates[-1]):
            bar = column.bar(self.symbol)
            assert bar is not None
            self.add_bar(bar)
            return
        self.bars.append(column.session, figures, column.seen_at, column.source)
        self._count_bar()

    def history(self, day: date) -> History:
        """What the closes before the session of ``day`` are worked out from: equal while none of them has changed."""
        days = self.bars.dates
        i = len(days) if days and days[-1] < day else bisect_left(days, day)
        return self._rewritten, days[i - 1] if i else None

    def _count_bar(self) -> None:
        self.revision.history += 1
        self._count_change()

    def add_split(self, split: Split) -> None:
        """Add a split or a dividend; it replaces an earlier one of the session."""
        if self.place is not None:
            self.place[0].split(self.place[1])
        self.splits = [s for s in self.splits if (s.session, bool(s.cash)) != (split.session, bool(split.cash))] + [
            split
        ]
        self._rewritten += 1
        self._count_bar()

    def _in_our_unit(self, bar: DailyBar) -> DailyBar:
        """A bar in another unit than the one before it (pounds among pence) in the unit of that, unless quotes have
        been accepted in its own."""
        days = self.bars.dates
        i = len(days) if days and days[-1] < bar.session else bisect_left(days, bar.session)
        if not i or bar.session - self.bars.dates[i - 1] > UNIT_KNOWN_FOR:
            return bar
        factor = hundredfold(self._bar_close(i - 1), bar.close)
        if factor is None or (self.last is not None and hundredfold(bar.close, self.last.price) is None):
            return bar
        opened, high, low = (f / factor if f is not None else None for f in (bar.open, bar.high, bar.low))
        return replace(bar, open=opened, high=high, low=low, close=bar.close / factor)

    def doubt(self, quote: Quote, now: datetime) -> str:
        """What ``quote`` looks like besides a move, while it is held back for that; empty if it is not, or no longer.

        It is compared with the price before it. Held back, it does not count: the next is compared with the same.
        """
        known = self.last_before(quote.at)
        session = self.session_of(quote) if known is None or beyond_moves(self.rebased(known), quote.price) else None
        before = self.rebased(known) if known else self._reference_price(quote, session)
        words = step_words(before, quote.price) if before else ""
        if not before or not words or self._explained(quote, known, before, session):
            self._doubted_since = None
            return ""
        self._doubted_since = self._doubted_since or now
        if self.place is not None:
            self.place[0].set(self.place[1])
        longest = UNITS_HELD_FOR if hundredfold(before, quote.price) else SPLIT_HELD_FOR
        if now - self._doubted_since < longest:
            return words
        self._doubted_since = None
        return ""

    def _reference_price(self, quote: Quote, session: Session | None) -> float | None:
        reference = self.previous_close(quote, session) if session else None
        return reference.price if reference else None

    def _explained(self, quote: Quote, known: Quote | None, before: float, session: Session | None) -> bool:
        """Whether a step that a split would explain is a move after all, or a split that the vendor vouches for."""
        if hundredfold(before, quote.price):
            return False
        if quote.kind is QuoteKind.CLOSE:
            return True  # the session is over: waiting would bring nothing new
        within = known is not None and self.session_of(known) == session
        return _decided(quote, before, within=within)

    def unconfirmed(self, session: Session) -> str:
        """What a step to or within ``session`` looks like besides a move: prices that count all the same, as they
        stood for long enough or were the last, though nothing has decided what they are. Empty where there is none."""
        known = self.last_before(session.starts_at)
        found = self.in_session(session)
        before = self.rebased(known) if known else self._reference_price(found[0], session) if found else None
        for number, quote in enumerate(found):
            price = self.rebased(quote)
            words = step_words(before, price) if before else ""
            if before and words and (hundredfold(before, price) or not _decided(quote, before, within=number > 0)):
                return words
            before = price
        return ""

    def _count_change(self) -> None:
        self._changes += 1
        self.revision.number += 1
        self.revision.stirred.add(self.symbol)

    def forget(
        self,
        before: datetime,
        thin_before: datetime,
        keep: int = KEEP_NEWEST,
        bars: int = KEEP_BARS,
        thin_to: timedelta = THIN_TO,
    ) -> None:
        """Drop quotes older than ``before``, and of trades older than ``thin_before`` all but the first of every
        ``thin_to``, but never the newest ``keep`` quotes. Keep the newest ``bars`` daily bars."""
        if len(self.bars) > bars:
            self.bars.forget(len(self.bars) - bars)
        quotes, state = self.quotes, (self._changes, thin_to)
        if not quotes or (quotes[0].at >= before and (self._tidied == state or quotes[0].at >= thin_before)):
            return
        self._tidied = state if quotes[-1].at < thin_before else None
        most = max(0, len(quotes) - keep)
        cut = min(bisect_left(quotes, before, key=_event_time), most)
        thin = min(bisect_left(quotes, thin_before, key=_event_time), most)
        kept = _thinned(quotes[cut:thin], thin_to)
        self.revision.quotes -= thin - len(kept)
        quotes[:thin] = kept

    # ------------------------------------------------------------------------------------------------------- reading

    @property
    def last(self) -> Quote | None:
        """The newest quote by event time."""
        return self.quotes[-1] if self.quotes else None

    @property
    def currency(self) -> str:
        """What its prices are in: an ISO 4217 code, or GBp for pence; empty where it is not known."""
        return self.last.currency if self.last is not None else ""

    def session_of(self, quote: Quote) -> Session | None:
        """The session a quote belongs to: the one its event time lies in or, between sessions, the one before."""
        return self.timetable.current(quote.at)

    def standing(self, now: datetime) -> tuple[Quote, Session] | None:
        """The current quote with its session: the last one, if it is of the current session (between sessions, of the
        one just over). ``None`` where a new session, its night included, has no price yet."""
        return self._of_session_at(now, self.last)

    def lately(self, now: datetime) -> tuple[Quote, Session] | None:
        """As ``standing`` for people to look at: at night, until the new session has a price, that of the session just
        over. No rule reads it: that session's prices are no part of a move of this one."""
        if (found := self.standing(now)) is not None:
            return found
        quote = self.last
        session = self.session_of(quote) if quote else None
        return (quote, session) if quote and session and session == self.timetable.by_day(now) else None

    def stood(self, moment: datetime) -> tuple[Quote, Session] | None:
        """As ``standing``, for a moment in the past: the last quote by event time up to then."""
        return self._of_session_at(moment, self.last_before(moment))

    def _of_session_at(self, moment: datetime, quote: Quote | None) -> tuple[Quote, Session] | None:
        session = self.session_of(quote) if quote else None
        if quote is None or session is None:
            return None
        return (quote, session) if quote.at == moment or session is self.timetable.current(moment) else None

    def backward(self, until: datetime | None = None) -> Iterator[Quote]:
        """Quotes of strictly earlier event times, newest (up to ``until``) first; of equal times the last to arrive."""
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

    def apart(self, newest: Quote, session: Session, count: int) -> list[Quote]:
        """``newest`` and the trades before it in the same phase of thin trading, newest first, each ``APART`` from the
        next, at most ``count``."""
        found = [newest]
        for quote in self.backward(newest.at):
            if len(found) == count or self.session_of(quote) != session or not session.thin(quote.at):
                break
            if found[-1].at - quote.at >= APART:
                found.append(quote)
        return found

    def settled(self, newest: Quote, session: Session) -> Quote | None:
        """Where the price is at ``newest``: by day that quote, or the one before it if it is a single wild print, and
        ``None`` where there is none before; in thin trading the middle of the last ``SETTLED_BY`` trades, ``None``
        before there are so many, or where no majority of them agrees."""
        if not session.thin(newest.at):
            return self._day_before(newest, session) if self._stands_out(newest, session) else newest
        last = self.apart(newest, session, SETTLED_BY)
        middle = _middle(last, self.rebased)
        agree = sum(abs(self.rebased(q) / self.rebased(middle) - 1) <= ODD for q in last)
        return middle if len(last) == SETTLED_BY and agree > SETTLED_BY // 2 else None

    def _day_before(self, quote: Quote, session: Session) -> Quote | None:
        """The quote before this one, if it is of the same session's day."""
        i = bisect_left(self.quotes, quote.at, key=_event_time) - 1
        earlier = self.quotes[i] if i >= 0 else None
        of_the_day = earlier is not None and self.session_of(earlier) == session and not session.thin(earlier.at)
        return earlier if of_the_day else None

    def _stands_out(self, quote: Quote, session: Session) -> bool:
        """Whether a trade lies ``ODD`` above or below both the quote before it (without one, the previous close) and
        the one after it in the session, as a wild print does."""
        if quote.kind is not QuoteKind.TRADE or self._is_newest(quote.at):
            return False
        after = self.quotes[bisect_right(self.quotes, quote.at, key=_event_time)]
        if self.session_of(after) != session:
            return False
        before = self._day_before(quote, session)
        base = self.rebased(before) if before else self._reference_price(quote, session)
        if base is None:
            return False
        apart = [self.rebased(quote) / level - 1 for level in (base, self.rebased(after))]
        return min(apart) > ODD or max(apart) < -ODD

    def believable(self, quote: Quote) -> bool:
        """False for an odd price in thin trading: one far from the middle of the trades before it, where there are
        some. Nothing is told of it."""
        session = self.session_of(quote)
        if session is None or not session.thin(quote.at):
            return True
        last = self.apart(quote, session, SETTLED_BY)
        return len(last) < LEAST or abs(self.rebased(quote) / self.rebased(_middle(last, self.rebased)) - 1) <= ODD

    def in_session(self, session: Session) -> list[Quote]:
        """Quotes of one session, all phases."""
        return self.quotes_between(session.starts_at, session.ends_at)

    def _is_newest(self, moment: datetime) -> bool:
        """Whether no quote is of after ``moment``, which is where most questions end."""
        return not self.quotes or self.quotes[-1].at <= moment

    def last_before(self, moment: datetime) -> Quote | None:
        """The newest quote whose event time is at or before ``moment``."""
        if self._is_newest(moment):
            return self.last
        i = bisect_right(self.quotes, moment, key=_event_time)
        return self.quotes[i - 1] if i else None

    def as_of(self, moment: datetime) -> SymbolPrices:
        """What had happened by ``moment``: quotes by event time, bars of sessions closed by then."""
        past = SymbolPrices(self.symbol, self.timetable)
        past._quotes = self.quotes[: bisect_right(self.quotes, moment, key=_event_time)]
        past.splits, past._rewritten, past.models = self.splits, self._rewritten, self.models
        i = len(self.bars)
        while i and ((held := self.timetable.on(self.bars.dates[i - 1])) is None or held.close_at > moment):
            i -= 1
        past.bars = self.bars.first(i)
        return past

    def seen_by(self, moment: datetime) -> SymbolPrices:
        """What had been seen by ``moment``; itself where nothing was seen later."""
        kept: list[Quote | Split] = [*self.quotes, *self.splits]
        newest = self.bars.seen_at
        if (newest is None or newest <= moment) and all(observation.seen_at <= moment for observation in kept):
            return self
        past = SymbolPrices(self.symbol, self.timetable)
        past._quotes = [q for q in self.quotes if q.seen_at <= moment]
        past.bars = self.bars.where(lambda seen_at: seen_at <= moment)
        past.splits = [s for s in self.splits if s.seen_at <= moment]
        return past

    # ---------------------------------------------------------------------------------------------------- references

    def close_of(self, session: Session) -> float | None:
        """The official close of ``session`` on the newest known split basis, from its bar or else its close quote."""
        if (close := self.bar_close(session.date)) is not None:
            return close
        for quote in reversed(self.in_session(session)):
            if quote.kind is QuoteKind.CLOSE:
                return self.rebased(quote)
        return None

    def previous_close(self, quote: Quote, session: Session) -> Reference | None:
        """The official close before ``session``, on the quote's split basis.

        Ours, or the vendor's where we have none or the basis has changed since (``basis.previous_close``).
        """
        before = self.timetable.before(session)
        close = self._previous_close(quote, session, before) if before is not None else None
        return Reference("previous close", close, before.close_at, before.date) if before and close else None

    def previous_close_price(self, quote: Quote, session: Session) -> float | None:
        """As ``previous_close``, the price alone."""
        before = self.timetable.before(session)
        return self._previous_close(quote, session, before) if before is not None else None

    def _previous_close(self, quote: Quote, session: Session, before: Session) -> float | None:
        own = self.close_of(before)
        vendor = quote.previous_close if quote.previous_close and quote.previous_close > 0 else None
        if own is not None and (vendor is None or abs(own / vendor - 1) <= SAME):
            return own
        if own is None and vendor is not None:
            known = self.last_before(session.starts_at)
            if known is not None and contradicts(vendor, self.rebased(known), quote.price):
                vendor = None
        i = bisect_left(self.quotes, session.starts_at, key=_event_time)
        first = self.quotes[i] if i < len(self.quotes) and self.quotes[i].at <= quote.at else quote
        return previous_close(own, vendor, self.rebased(first), quote.price)

    def close_before(self, session: Session, count: int) -> Reference | None:
        """The official close ``count`` sessions before ``session``, on the newest known split basis."""
        past = self.timetable.before(session, count)
        close = self.close_of(past) if past else None
        return Reference(counted(count, "session"), close, past.close_at, past.date) if past and close else None

    def open_of(self, session: Session) -> Reference | None:
        """The regular open: the bar's or, without one, the open quote or the first regular trade."""
        bar = self.bars.get(session.date)
        if bar is not None and bar.open:
            return Reference("open", self.on_basis(bar, bar.open), session.open_at, session.date)
        for quote in self.quotes_between(session.open_at, session.close_at):
            if quote.kind is QuoteKind.OPEN or (quote.kind is QuoteKind.TRADE and quote.at > session.open_at):
                return Reference("open", self.rebased(quote), quote.at, session.date)
        return None

    def closes(self, before: date, count: int) -> list[tuple[date, float]]:
        """Up to ``count`` official closes of sessions before ``before``, newest first, on the newest split basis."""
        end = bisect_left(self.bars.dates, before)
        return [(self.bars.dates[i], self._bar_close(i)) for i in reversed(range(max(0, end - count), end))]

    def closes_before(self, day: date, count: int) -> tuple[Sequence[date], array[float]]:
        """As ``closes``, in columns and oldest first."""
        end = bisect_left(self.bars.dates, day)
        start = max(0, end - count)
        if self.splits:
            return self.bars.dates[start:end], array("d", map(self._bar_close, range(start, end)))
        return self.bars.dates[start:end], self.bars.closes(start, end)

    def bars_before(self, session: Session, count: int) -> list[DailyBar] | None:
        """The bars of the ``count`` sessions before ``session``, oldest first.

        ``None`` where history does not reach back so far, or more than one bar in ten is missing.
        """
        first = self.timetable.before(session, count)
        days = self.bars.dates
        if first is None or not days or days[0] > first.date:
            return None
        places = range(bisect_left(days, first.date), bisect_left(days, session.date))
        return [self.bars.at(i) for i in places] if len(places) >= count * 0.9 else None

    def highest(self, session: Session, count: int) -> Reference | None:
        """The highest price of the ``count`` sessions before ``session`` (highs where known, else closes)."""
        bars = self.bars_before(session, count) or ()
        prices = [(self.on_basis(b, max(b.close, b.high or b.close)), b) for b in bars]
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
        return Reference(f"{kind} of {counted(count, 'session')}", price, at, bar.session)

    def lowest_since(self, price: float, session: date) -> UnmatchedSince:
        """The last session before ``session`` that closed lower than ``price``: "lowest since" that date."""
        return self._unmatched(session, lambda close: close < price)

    def highest_since(self, price: float, session: date) -> UnmatchedSince:
        """The last session before ``session`` that closed higher than ``price``."""
        return self._unmatched(session, lambda close: close > price)

    def _unmatched(self, session: date, beyond: Callable[[float], bool]) -> UnmatchedSince:
        end = bisect_left(self.bars.dates, session)
        for n, i in enumerate(reversed(range(end))):
            if beyond(self._bar_close(i)):
                return UnmatchedSince(self.bars.dates[i], n)
        return UnmatchedSince(None, end)

    def bar_close(self, day: date) -> float | None:
        """The official close of the session of ``day`` from its bar, on the newest split basis."""
        i = self.bars.place(day)
        return self._bar_close(i) if i is not None else None

    def closes_on(self, days: list[date]) -> Sequence[float | None]:
        """The official closes of sessions one after the other; ``None`` where there is no bar."""
        start = self.bars.place_of_all(days)
        if start is not None and not self.splits:
            return self.bars.closes(start, start + len(days))
        return [self.bar_close(day) for day in days]

    def volumes_on(self, days: list[date]) -> Sequence[float | None]:
        """The volumes of these sessions, in shares on the newest known split basis; ``None`` where unknown."""
        start = self.bars.place_of_all(days)
        if start is not None and not self.splits:
            return self.bars.volumes(start, start + len(days))
        bars = (self.bars.get(day) for day in days)
        return [self.shares(bar) if bar is not None else None for bar in bars]

    def _bar_close(self, i: int) -> float:
        """Of the bar at a place among the bars."""
        if not self.splits:
            return self.bars.close_at(i)
        bar = self.bars.at(i)
        return self.on_basis(bar, bar.close)

    # -------------------------------------------------------------------------------------------------- split basis

    def rebased(self, quote: Quote) -> float:
        """A quote's price on the newest known split basis; quotes are as traded."""
        return self.restated(quote.price, quote.at)

    def restated(self, price: float, at: datetime) -> float:
        """A price as traded at ``at``, on the newest known split basis."""
        return price * self._factor(at, at) if self.splits else price

    def on_basis(self, bar: DailyBar, price: float) -> float:
        """A price of ``bar`` on the newest known split basis."""
        return price * self._factor(bar.session, bar.seen_at) if self.splits else price

    def shares(self, of: Quote | DailyBar) -> float | None:
        """The volume of a quote or bar in shares on the newest known split basis."""
        if of.volume is None or not self.splits:
            return of.volume
        when = of.at if isinstance(of, Quote) else of.session
        splits = [split for split in self.splits if not split.cash]
        return of.volume / self._factor(when, of.at if isinstance(of, Quote) else of.seen_at, splits)

    def _factor(self, when: date | datetime, known_at: datetime, splits: Sequence[Split] | None = None) -> float:
        """What to multiply an older price by. A bar fetched after a split took effect is on the new basis already; a
        dividend is never taken off it. The night before trades on the new basis, while the vendor's history is restated
        with the pre-market."""
        factor = 1.0
        for split in self.splits if splits is None else splits:
            session = self.timetable.on(split.session)
            effective = session.starts_at if session else None
            if session is None or effective is None:
                continue
            if not split.cash and known_at >= (effective if isinstance(when, datetime) else session.pre_at):
                continue
            happened = when < effective if isinstance(when, datetime) else when < split.session
            if happened:
                factor /= split.ratio
        return factor


class Market:
    """Every symbol's prices. Symbols appear when first observed."""

    def __init__(
        self,
        timetable_of: Callable[[str], Timetable],
        keep: timedelta = KEEP_QUOTES,
        bars: int = KEEP_BARS,
        most: int = MOST_QUOTES,
    ) -> None:
        self._timetable_of = timetable_of
        self.keep = keep
        """How long quotes are kept."""
        self.bars = bars
        """How many daily bars are kept."""
        self._symbols: dict[str, SymbolPrices] = {}
        self.revision = Revision()
        self._latest: Latest | None = None
        """Of the symbols of the last column."""
        self._bars_at = 0
        """``revision.history`` when bars were last forgotten."""
        self._most = most
        """How many quotes are kept in all."""
        self._crowded_at = most

    def __iter__(self) -> Iterator[str]:
        return iter(self._symbols)

    def of(self, symbol: str) -> SymbolPrices:
        """The prices of ``symbol``, empty when nothing was observed yet."""
        prices = self._symbols.get(symbol)
        if prices is None:
            prices = self._symbols[symbol] = SymbolPrices(symbol, self._timetable_of(symbol), self.revision)
        return prices

    def admit(self, quote: Quote, now: datetime, *, stored: bool = False) -> Rejection | None:
        """Add ``quote``, or return why it does not count. A repeat is accepted and changes nothing. What is ``stored``
        was accepted before, and is not held back again."""
        prices = self.of(quote.symbol)
        why = refusal(quote, now=now, last=prices.last, session=prices.timetable.current(now))
        if why is not None:
            return Rejection(why)
        if not stored and (doubt := prices.doubt(quote, now)):
            return Rejection(f"held back: it looks like {doubt}", held=True)
        prices.add_quote(quote)
        return None

    def admit_column(
        self, column: QuoteColumn, now: datetime, apart: Iterable[str] = ()
    ) -> tuple[QuoteColumn, list[Quote]]:
        """Add the quotes of ``column`` that nothing speaks against; returns those, and the others, which are to be
        admitted one by one: among these those of the symbols ``apart``."""
        latest = self._latest
        if latest is None or latest.places is not column.places:
            from bot.core.prices.latest import Latest  # here, as only a recording's prices ask for numpy

            latest = self._latest = Latest(column.places, [self.of(symbol) for symbol in column.places])
        for symbol in apart:
            if symbol in column.places:
                latest.set(column.places[symbol])
        admitted, others = latest.admit(column, now, self.revision.history)
        self.revision.columns.add(admitted)
        self.revision.number += 1
        if self.revision.latest_at is None or column.at > self.revision.latest_at:
            self.revision.latest_at = column.at
        return admitted, others

    @property
    def in_columns(self) -> Latest | None:
        """The newest prices of the symbols of the last column."""
        return self._latest

    def apply_column(self, column: BarColumn) -> None:
        """Add the bars of a column."""
        for symbol, figures in zip(column.places, column.figures.tolist(), strict=True):
            if figures[0] == figures[0]:
                self.of(symbol).add_bar_of(column, figures)

    def apply(self, observation: DailyBar | Split) -> None:
        """Add a bar or a split."""
        prices = self.of(observation.symbol)
        if isinstance(observation, DailyBar):
            prices.add_bar(observation)
        else:
            prices.add_split(observation)

    def remember(self, quotes_for: timedelta, sessions: int) -> None:
        """Keep what rules read (quotes for this long, this many sessions' bars) and at least what follow-ups need."""
        self.keep = max(KEEP_QUOTES, quotes_for)
        self.bars = max(KEEP_BARS, sessions + SPARE_BARS)

    @property
    def crowded(self) -> bool:
        """Whether so many quotes are remembered that ``forget`` should not wait."""
        return self.revision.quotes > self._crowded_at

    def forget(self, now: datetime) -> None:
        """Drop what no rule needs any more; where there are too many quotes, thin them further."""
        self._thin(now, THIN_AFTER, THIN_TO)
        for after, to in CROWDED:
            if self.revision.quotes <= self._most * SLACK:
                break
            self._thin(now, after, to)
        # where even that is too much, for thousands of symbols, it is not tried at every poll
        self._crowded_at = max(self._most, round(self.revision.quotes / SLACK))

    def _thin(self, now: datetime, after: timedelta, to: timedelta) -> None:
        before = now - self.keep
        for prices in self.revision.traded.values():
            prices.forget(before, now - after, bars=self.bars, thin_to=to)
        if self._bars_at != self.revision.history:
            self._bars_at = self.revision.history
            for prices in self._symbols.values():
                if len(prices.bars) > self.bars:
                    prices.bars.forget(len(prices.bars) - self.bars)
        columns = self.revision.columns
        columns.add(before)
        old, sparse = columns.outdated(before, KEEP_NEWEST)
        for symbol in sparse:
            self.of(symbol).take_columns()
        columns.drop(old)

    def phase(self, symbol: str, at: datetime) -> Phase:
        """The phase of ``at`` on the symbol's exchange."""
        return self.of(symbol).timetable.phase(at)


def change(price: float, reference: Reference | None) -> float | None:
    """The return of ``price`` against ``reference``: price / reference − 1."""
    return price / reference.price - 1 if reference and reference.price > 0 else None


def _middle(quotes: Sequence[Quote], level: Callable[[Quote], float]) -> Quote:
    """The quote whose price is in the middle; of an even number, the lower one."""
    return sorted(quotes, key=level)[(len(quotes) - 1) // 2]


def _thinned(quotes: list[Quote], to: timedelta) -> list[Quote]:
    """The first trade of every so long, and every quote that is no trade."""
    length = to.total_seconds()
    kept: list[Quote] = []
    last = -1
    if all(quote.kind is not QuoteKind.TRADE for quote in quotes):
        return quotes
    for quote in quotes:
        bucket = int(quote.at.timestamp() // length)
        if quote.kind is not QuoteKind.TRADE or bucket != last:
            kept.append(quote)
        if quote.kind is QuoteKind.TRADE:
            last = bucket
    return kept


def _decided(quote: Quote, before: float, *, within: bool) -> bool:
    """Whether a step that a split would explain is a move, as it came ``within`` a session, or a split that the vendor
    vouches for."""
    if within and max(before / quote.price, quote.price / before) <= SMALL_SPLIT:
        return True
    vendor = quote.previous_close
    return bool(vendor and vendor > 0 and split_between(before, vendor) and abs(quote.price / vendor - 1) <= SAME)


def _event_time(quote: Quote) -> datetime:
    return quote.at
