"""Windows agree with what a naive look over everything that arrived finds, on five exchanges and on unusual dates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.core.model import DailyBar, Quote, QuoteKind
from bot.core.news import Companies, NewsIndex, Topics
from bot.core.prices.market import SymbolPrices
from bot.core.prices.references import before_story, peak, resolve
from bot.core.prices.sessions import Session
from bot.core.prices.windows import Since, Span
from bot.core.rules.comparison import parse_comparison
from bot.core.rules.conditions import Context
from bot.core.rules.conditions.steady import Sample, measured

from .real_sessions import EXCHANGES, UNUSUAL, around, timetable

NOBODY = NewsIndex(Topics(), Companies(), window=timedelta(days=14))
CAREFULLY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass
class Arrived:
    """What came in, in the order it came, and the prices it made."""

    exchange: str
    sessions: tuple[Session, ...]
    quotes: list[Quote]
    bars: list[DailyBar]
    moment: datetime

    @property
    def prices(self) -> SymbolPrices:
        """The state after everything arrived."""
        prices = SymbolPrices("X", timetable(self.exchange))
        for quote in self.quotes:
            prices.add_quote(quote)
        for bar in self.bars:
            prices.add_bar(bar)
        return prices

    # ---- naively: lists, loops, and nothing that the code under test has

    @property
    def known(self) -> list[Quote]:
        """Quotes by event time, each trade once; equal times in the order they came."""
        seen: list[Quote] = []
        for quote in self.quotes:
            if not any((q.at, q.kind, q.price) == (quote.at, quote.kind, quote.price) for q in seen):
                seen.append(quote)
        return [q for _, _, q in sorted((q.at, n, q) for n, q in enumerate(seen))] if seen else []

    def session_of(self, at: datetime) -> Session | None:
        found = None
        for session in timetable(self.exchange).all:
            if session.starts_at <= at:
                found = session
        return found

    def at_night(self, at: datetime) -> bool:
        session = self.session_of(at)
        return session is not None and session.starts_at <= at < session.pre_at

    def by_day(self, newest: Quote) -> Quote | None:
        """That quote, or the one before it where it is a trade that stands out from those before and after it."""
        earlier = [q for q in self.known if q.at < newest.at][-1:]
        later = [q for q in self.known if q.at > newest.at][:1]
        session = self.session_of(newest.at)
        assert session is not None
        before = next((q for q in earlier if self.session_of(q.at) == session and not self.at_night(q.at)), None)
        base = before.price if before else self.close(self.before(session, 1))
        if newest.kind is QuoteKind.TRADE and base and later and self.session_of(later[0].at) == session:
            levels = (base, later[0].price)
            if all(newest.price / p - 1 > 0.02 for p in levels) or all(newest.price / p - 1 < -0.02 for p in levels):
                return before
        return newest

    def settled(self, newest: Quote) -> float | None:
        """The middle of five trades of the night, ten seconds apart, of which three agree."""
        if not self.at_night(newest.at):
            of_the_day = self.by_day(newest)
            return of_the_day.price if of_the_day else None
        found = [newest]
        for quote in self.distinct(1000):
            same = self.session_of(quote.at) == self.session_of(newest.at) and self.at_night(quote.at)
            if same and found[-1].at - quote.at >= timedelta(seconds=10):
                found.append(quote)
        prices = sorted(q.price for q in found[:5])
        agree = [p for p in prices if len(prices) == 5 and abs(p / prices[2] - 1) <= 0.02]
        return prices[2] if len(agree) >= 3 else None

    def before(self, session: Session, count: int) -> Session:
        every = timetable(self.exchange).all
        return every[every.index(session) - count]

    def close(self, session: Session) -> float | None:
        for bar in reversed(self.bars):
            if bar.session == session.date:
                return bar.close
        of_session = [q for q in self.known if session.starts_at <= q.at <= session.ends_at]
        closes = [q.price for q in of_session if q.kind is QuoteKind.CLOSE]
        return closes[-1] if closes else None

    def open(self, session: Session) -> tuple[float, datetime] | None:
        for bar in reversed(self.bars):
            if bar.session == session.date:
                if bar.open:
                    return bar.open, session.open_at
                break
        for quote in self.known:
            if session.open_at <= quote.at <= session.close_at and (
                quote.kind is QuoteKind.OPEN or (quote.kind is QuoteKind.TRADE and quote.at > session.open_at)
            ):
                return quote.price, quote.at
        return None

    def bars_of(self, session: Session, count: int) -> list[DailyBar] | None:
        by_day = {b.session: b for b in self.bars}
        days = [self.before(session, n).date for n in range(count, 0, -1)]
        if not by_day or min(by_day) > days[0]:
            return None
        found = [by_day[d] for d in days if d in by_day]
        return found if len(found) >= 0.9 * count else None

    def distinct(self, count: int) -> list[Quote]:
        newest: dict[datetime, Quote] = {q.at: q for q in self.known}
        return [newest[at] for at in sorted(newest, reverse=True)][:count]


@st.composite
def arrivals(draw: st.DrawFn) -> Arrived:
    """Quotes out of order, late and twice, in and between sessions; bars, some missing, some replaced."""
    exchange = draw(st.sampled_from(EXCHANGES))
    sessions = around(exchange, draw(st.sampled_from(UNUSUAL)))
    marks = st.sampled_from(sessions[-4:])
    edges = ("starts_at", "open_at", "close_at", "ends_at")

    def moment() -> datetime:
        session: Session = draw(marks)
        if draw(st.booleans()):
            base: datetime = getattr(session, draw(st.sampled_from(edges)))
            return base + timedelta(minutes=draw(st.integers(-2, 2)))
        span = int((session.ends_at - session.starts_at).total_seconds() // 60) + 180
        return session.starts_at + timedelta(minutes=draw(st.integers(-90, span)))

    quotes: list[Quote] = []
    for _ in range(draw(st.integers(0, 14))):
        at = moment()
        price = float(draw(st.integers(80, 120)))
        kind = draw(st.sampled_from([QuoteKind.TRADE] * 4 + list(QuoteKind)))
        quotes.append(Quote("X", price, at, at + timedelta(minutes=draw(st.integers(0, 300))), kind))
        if draw(st.booleans()):
            again = quotes[draw(st.integers(0, len(quotes) - 1))]
            quotes.append(replace(again, seen_at=again.seen_at + timedelta(minutes=1)))
    bars = []
    for session in draw(st.permutations(sessions[:-1])):
        for _ in range(draw(st.sampled_from([0, 1, 1, 1, 1, 1, 1, 2]))):
            close = float(draw(st.integers(80, 120)))
            high = close + draw(st.sampled_from([0.0, 3.0])) if draw(st.booleans()) else None
            low = close - draw(st.sampled_from([0.0, 3.0])) if draw(st.booleans()) else None
            first = float(draw(st.integers(80, 120))) if draw(st.booleans()) else None
            bars.append(DailyBar("X", session.date, close, session.close_at, first, high, low))
    return Arrived(exchange, sessions, quotes, bars, moment())


@given(arrivals())
@CAREFULLY
def test_quotes_stand_in_the_order_they_happened_however_they_came(arrived: Arrived) -> None:
    prices = arrived.prices
    assert prices.quotes == arrived.known
    assert prices.distinct(3) == arrived.distinct(3)
    assert prices.distinct(50) == arrived.distinct(50)
    up_to = [q for q in arrived.known if q.at <= arrived.moment]
    assert prices.last_before(arrived.moment) == (up_to[-1] if up_to else None)
    later = arrived.moment + timedelta(minutes=97)
    assert prices.quotes_between(arrived.moment, later) == [q for q in arrived.known if arrived.moment <= q.at <= later]


@given(arrivals())
@CAREFULLY
def test_a_quote_stands_until_the_next_session_begins(arrived: Arrived) -> None:
    last = arrived.known[-1] if arrived.known else None
    session = arrived.session_of(last.at) if last else None
    standing = (last, session) if session and session == arrived.session_of(arrived.moment) else None
    assert arrived.prices.standing(arrived.moment) == standing


@given(arrivals())
@CAREFULLY
def test_the_past_is_what_had_happened_by_then(arrived: Arrived) -> None:
    past = arrived.prices.as_of(arrived.moment)
    assert past.quotes == [q for q in arrived.known if q.at <= arrived.moment]
    closed = {s.date for s in arrived.sessions if s.close_at <= arrived.moment}
    newest = {b.session: b for b in arrived.bars}
    assert past.bars == {day: bar for day, bar in newest.items() if day in closed}
    stood = arrived.prices.stood(arrived.moment)
    assert stood == past.standing(arrived.moment)


def naive_reference(arrived: Arrived, quote: Quote, session: Session, since: Since) -> float | None:
    """What ``since`` stands for, by looking over everything."""
    match since.kind:
        case "previous close":
            return arrived.close(arrived.before(session, 1))
        case "open":
            opened = arrived.open(session)
            return opened[0] if opened and opened[1] <= quote.at else None
        case "duration":
            assert since.duration is not None
            earlier = [q for q in arrived.known if q.at <= quote.at - since.duration]
            if not earlier or arrived.session_of(earlier[-1].at) != session:
                return None
            found = resolve(arrived.prices, quote, session, since)
            oldest = quote.at - since.duration - max(since.duration, timedelta(hours=1))
            if found is None:  # too old, or too few trades of a night
                settled = arrived.prices.settled(earlier[-1], session)
                assert settled is None or settled.at < oldest
                return None
            assert found.at >= oldest
            return arrived.settled(earlier[-1])
        case "sessions":
            return arrived.close(arrived.before(session, since.count))
        case "high":
            bars = arrived.bars_of(session, since.count)
            return max(max(b.close, b.high or 0.0) for b in bars) if bars else None
        case _:
            bars = arrived.bars_of(session, since.count)
            return min(min(b.close, b.low or b.close) for b in bars) if bars else None


SINCE = st.sampled_from(
    [
        Since("previous close"),
        Since("open"),
        *(Since("duration", duration=timedelta(minutes=m)) for m in (1, 30, 240)),
        *(Since("sessions", count=n) for n in (1, 2, 4)),
        *(Since(kind, count=n) for kind in ("high", "low") for n in (1, 3, 5)),
    ]
)


@given(arrivals(), SINCE)
@CAREFULLY
def test_every_reference_is_the_one_a_naive_look_finds(arrived: Arrived, since: Since) -> None:
    prices = arrived.prices
    for quote in arrived.known:
        session = prices.session_of(quote)
        assert session == arrived.session_of(quote.at)
        assert session is not None
        found = resolve(prices, quote, session, since)
        assert (found.price if found else None) == naive_reference(arrived, quote, session, since)


@given(arrivals())
@CAREFULLY
def test_the_price_before_a_story_is_the_last_quote_or_close_before_it(arrived: Arrived) -> None:
    told = arrived.moment
    candidates = [(q.at, 1, q.price) for q in arrived.known if q.at <= told]
    last = [q for q in arrived.known if q.at <= told][-1:]
    beside = arrived.by_day(last[0]) if last and not arrived.at_night(last[0].at) else None
    if beside is not None:
        candidates = [c for c in candidates if c[0] < beside.at] + [(beside.at, 1, beside.price)]
    elif last:  # where it settled, else where the session before left it
        begun = arrived.session_of(last[0].at)
        assert begun is not None
        price = arrived.settled(last[0])
        candidates = [c for c in candidates if c[0] < begun.starts_at] if price is None else [(last[0].at, 1, price)]
    over = [s for s in timetable(arrived.exchange).all if s.close_at <= told]
    close = arrived.close(over[-1]) if over else None
    if close is not None:
        candidates.append((over[-1].close_at, 0, close))
    found = before_story(arrived.prices, told)
    # where several quotes share the newest moment, the last that came counts
    expected = max(candidates, key=lambda c: c[:2])[:2] if candidates else None
    prices = [c[2] for c in candidates if c[:2] == expected]
    assert (found.price if found else None) == (prices[-1] if prices else None)


@given(arrivals(), st.sampled_from([Span(sessions=1), Span(sessions=3), Span(duration=timedelta(hours=3))]))
@CAREFULLY
def test_a_drawdown_falls_from_the_highest_price_that_was_held(arrived: Arrived, lookback: Span) -> None:
    prices = arrived.prices
    for quote in arrived.known:
        session = prices.session_of(quote)
        assert session is not None
        start = quote.at - lookback.duration if lookback.duration else session.starts_at
        recent = [q for q in arrived.known if start <= q.at <= quote.at]
        recent = [q for q in recent if not arrived.at_night(q.at)]
        levels = [q.price for q in recent if q.kind in (QuoteKind.HIGH, QuoteKind.CLOSE)]
        levels += [min(a.price, b.price) for a, b in pairwise(recent) if a.at < b.at]
        if lookback.sessions:
            bars = arrived.bars_of(session, lookback.sessions)
            levels = [*levels, *(max(b.close, b.high or 0.0) for b in bars)] if bars else []
        found = peak(prices, quote, session, lookback)
        expected = max([*levels, quote.price]) if levels else None
        assert (found.price if found else None) == expected
        assert found is None or quote.price / found.price - 1 <= 0


@given(arrivals(), st.integers(80, 120))
@CAREFULLY
def test_lowest_since_names_the_last_session_that_closed_lower(arrived: Arrived, price: int) -> None:
    session = arrived.sessions[-1]
    closes = sorted({b.session: b.close for b in arrived.bars}.items(), reverse=True)
    checks: list[tuple[Callable[[float, object], object], Callable[[float], bool]]] = [
        (arrived.prices.lowest_since, lambda close: close < price),  # type: ignore[list-item]
        (arrived.prices.highest_since, lambda close: close > price),  # type: ignore[list-item]
    ]
    for ask, beyond in checks:
        found = ask(float(price), session.date)
        at = next((n for n, (_, close) in enumerate(closes) if beyond(close)), None)
        assert (found.since, found.sessions) == (  # type: ignore[attr-defined]
            (closes[at][0], at) if at is not None else (None, len(closes))
        )


@given(arrivals(), st.integers(1, 6))
@CAREFULLY
def test_a_window_of_sessions_begins_at_the_close_of_the_session_that_many_before(arrived: Arrived, count: int) -> None:
    current = arrived.session_of(arrived.moment)
    assert current is not None
    assert Span(sessions=count).start(arrived.moment, timetable(arrived.exchange)) == (
        arrived.before(current, count).close_at
    )


@given(arrivals(), st.integers(1, 4))
@CAREFULLY
def test_a_condition_holds_when_the_last_quotes_of_the_session_all_meet_it(arrived: Arrived, hold: int) -> None:
    prices = arrived.prices
    context = Context("X", arrived.moment, _One(prices), NOBODY, hold=hold)
    found = measured(prices, context, _below_100)
    standing = prices.standing(arrived.moment)
    if standing is None:
        assert isinstance(found, str)
        return
    assert not isinstance(found, str)
    quote, session = standing
    assume(not arrived.at_night(quote.at))  # held to more, in test_night
    needed = 1 if quote.kind in (QuoteKind.LOW, QuoteKind.HIGH, QuoteKind.CLOSE) else hold
    counted = [
        q for q in arrived.distinct(needed) if arrived.session_of(q.at) == session and not arrived.at_night(q.at)
    ]
    assert found.samples[0].met == _met(quote)
    assert found.holds == (len(counted) == needed and _met(quote) and all(q.price < 100 for q in counted))


def _met(quote: Quote) -> bool:
    """Below 100; a low says nothing of a rise."""
    return quote.price < 100 and quote.kind is not QuoteKind.LOW


@given(arrivals(), st.sampled_from([timedelta(minutes=m) for m in (1, 2, 30, 200)]))
@CAREFULLY
def test_a_condition_holds_for_a_time_when_nothing_in_it_says_otherwise(arrived: Arrived, hold_for: timedelta) -> None:
    prices = arrived.prices
    context = Context("X", arrived.moment, _One(prices), NOBODY, hold_for=hold_for)
    found = measured(prices, context, _below_100)
    standing = prices.standing(arrived.moment)
    if standing is None:
        assert isinstance(found, str)
        return
    assert not isinstance(found, str)
    quote, session = standing
    assume(not arrived.at_night(quote.at))
    if quote.kind is QuoteKind.CLOSE or not _met(quote):
        assert found.holds == _met(quote)
        return
    run: list[Quote] = []
    for q in arrived.distinct(1000):
        if arrived.session_of(q.at) != session or q.price >= 100 or arrived.at_night(q.at):
            break
        run.append(q)
    assert found.holds == (quote.at - run[-1].at >= hold_for)


@given(arrivals(), st.randoms(use_true_random=False))
@CAREFULLY
def test_the_order_of_arrival_makes_no_difference_to_quotes_of_different_moments(
    arrived: Arrived, random: object
) -> None:
    moments = {q.at: q for q in arrived.known}
    quotes = list(moments.values())
    first = replace(arrived, quotes=quotes).prices
    random.shuffle(quotes)  # type: ignore[attr-defined]
    assert replace(arrived, quotes=quotes).prices.quotes == first.quotes


@pytest.mark.parametrize(
    ("exchange", "now", "start"),
    [
        ("XNYS", "2025-01-10T15:00+00:00", "2025-01-08T21:00+00:00"),  # 9 January was no session
        ("XNYS", "2024-11-29T19:00+00:00", "2024-11-27T21:00+00:00"),  # Thanksgiving between
        ("XNYS", "2024-12-02T15:00+00:00", "2024-11-29T18:00+00:00"),  # the half-session closed at 13:00
        ("XNYS", "2025-03-10T14:00+00:00", "2025-03-07T21:00+00:00"),  # the clocks changed on the Sunday
        ("XNYS", "2025-03-11T14:00+00:00", "2025-03-10T20:00+00:00"),
        ("XLON", "2025-03-31T09:00+00:00", "2025-03-28T16:30+00:00"),
        ("XLON", "2025-04-01T09:00+00:00", "2025-03-31T15:30+00:00"),
        ("XTKS", "2025-01-06T01:00+00:00", "2024-12-30T06:30+00:00"),
        ("XHKG", "2025-02-03T02:00+00:00", "2025-01-28T04:00+00:00"),  # a half-session before the holidays
        ("XPAR", "2025-04-22T08:00+00:00", "2025-04-17T15:30+00:00"),
    ],
)
def test_one_session_back_begins_at_the_last_close(exchange: str, now: str, start: str) -> None:
    found = Span(sessions=1).start(datetime.fromisoformat(now), timetable(exchange))
    assert found == datetime.fromisoformat(start)


def _below_100(quote: Quote, session: Session) -> Sample | str:
    return Sample(quote.price, parse_comparison("< 100").holds(quote.price))


class _One:
    """A market of one symbol."""

    def __init__(self, prices: SymbolPrices) -> None:
        self._prices = prices

    def of(self, symbol: str) -> SymbolPrices:
        return self._prices
