"""The quotes remembered are bounded in sum, however many symbols are polled, and however often."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import Quote, QuoteKind
from bot.core.prices.market import THIN_AFTER, Market, SymbolPrices
from tests.core.worlds import at, weekday_timetable

NEW_YORK = weekday_timetable(days=60)
OPEN = at("01-27 14:30")
MOST = 6_000


def polled(market: Market, symbols: int, every: timedelta, hours: float) -> int:
    """Poll so many symbols; returns the most quotes that were remembered."""
    most, now = 0, OPEN
    while now < OPEN + timedelta(hours=hours):
        for n in range(symbols):
            market.of(f"S{n}").add_quote(Quote(f"S{n}", 100.0, now, now))
        if market.crowded:
            market.forget(now)
        most = max(most, market.revision.quotes)
        now += every
    assert market.revision.quotes == sum(len(market.of(s).quotes) for s in market)
    return most


@pytest.mark.parametrize(("symbols", "seconds"), [(5, 15), (20, 15), (20, 5), (120, 60)])
def test_no_more_quotes_are_remembered_than_there_is_room_for(symbols: int, seconds: int) -> None:
    market = Market(lambda symbol: NEW_YORK, most=MOST)
    most = polled(market, symbols, timedelta(seconds=seconds), 6.4)
    assert most <= MOST + symbols
    newest = market.of("S1").quotes[-20:]
    assert {b.at - a.at for a, b in pairwise(newest)} == {timedelta(seconds=seconds)}


def test_where_there_is_room_the_last_hours_are_remembered_whole() -> None:
    market = Market(lambda symbol: NEW_YORK, most=MOST)
    polled(market, 5, timedelta(seconds=15), 6.4)
    quotes = market.of("S1").quotes
    recent = [q for q in quotes if q.at >= quotes[-1].at - THIN_AFTER]
    assert len(recent) >= THIN_AFTER / timedelta(seconds=15)


def test_so_many_symbols_that_nothing_helps_are_not_gone_through_at_every_poll() -> None:
    market = Market(lambda symbol: NEW_YORK, most=50)
    polled(market, 40, timedelta(minutes=1), 1)
    market.forget(OPEN + timedelta(hours=1))
    assert market.revision.quotes > 50
    assert not market.crowded


def test_what_is_no_trade_is_remembered() -> None:
    market = Market(lambda symbol: NEW_YORK, most=MOST)
    low = Quote("S1", 90.0, OPEN, OPEN, QuoteKind.LOW)
    market.of("S1").add_quote(low)
    polled(market, 120, timedelta(seconds=30), 3)
    assert low in market.of("S1").quotes


STEPS = st.lists(
    st.tuples(st.integers(0, 90), st.booleans(), st.integers(-30, 0), st.sampled_from(QuoteKind)),
    min_size=1,
    max_size=40,
)


@given(STEPS)
def test_what_is_not_thinned_again_had_nothing_to_be_thinned(steps: list[tuple[int, bool, int, QuoteKind]]) -> None:
    """Beside prices whose every quote is looked at each time."""
    kept, thorough = (SymbolPrices("S1", NEW_YORK) for _ in range(2))
    now = OPEN
    for minutes, tidy, late, kind in steps:
        now += timedelta(minutes=minutes)
        for prices in (kept, thorough):
            prices.add_quote(Quote("S1", 100.0, now + timedelta(minutes=late), now, kind))
        if tidy:
            thorough._changes += 1  # as if something had come
            for prices in (kept, thorough):
                prices.forget(now - timedelta(hours=9), now - timedelta(hours=3), thin_to=timedelta(hours=1))
        assert kept.quotes == thorough.quotes
