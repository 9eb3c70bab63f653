"""Packed bars are the bars that went in."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import DailyBar, Split
from bot.core.prices.bars import Bars
from bot.core.prices.market import SymbolPrices
from tests.core.worlds import weekday_timetable

FIRST = date(2025, 1, 1)
SEEN = datetime(2025, 6, 1, tzinfo=UTC)
numbers = st.none() | st.floats(0.0001, 1e9) | st.integers(1, 10**12).map(float)


@st.composite
def bars(draw: st.DrawFn) -> DailyBar:
    return DailyBar(
        "NVDA",
        FIRST + timedelta(days=draw(st.integers(0, 20))),
        draw(st.floats(0.0001, 1e9)),
        SEEN + timedelta(hours=draw(st.integers(0, 5))),
        *(draw(numbers) for _ in range(4)),
        draw(st.sampled_from(["yahoo", "recording"])),
    )


@given(st.lists(bars(), max_size=30), st.integers(0, 25), st.integers(0, 5))
def test_packed_bars_are_as_a_dictionary_of_them(added: list[DailyBar], many: int, hours: int) -> None:
    packed, plain = Bars("NVDA"), dict[date, DailyBar]()
    for bar in added:
        packed.add(bar)
        plain[bar.session] = bar
    assert packed == plain
    assert packed.dates == sorted(plain)
    assert packed.seen_at == max((bar.seen_at for bar in plain.values()), default=None)
    for n in range(25):
        session = FIRST + timedelta(days=n)
        known = plain.get(session)
        assert packed.get(session) == known
        assert (session in packed) == (session in plain)
        place = packed.place(session)
        assert (packed.close_at(place) if place is not None else None) == (known.close if known else None)
    assert packed.first(many) == {day: plain[day] for day in sorted(plain)[:many]}
    until = SEEN + timedelta(hours=hours)
    assert packed.where(lambda seen: seen <= until) == {d: bar for d, bar in plain.items() if bar.seen_at <= until}
    packed.forget(many)
    assert packed == {day: plain[day] for day in sorted(plain)[many:]}


@given(st.lists(bars(), max_size=30), st.integers(0, 20), st.integers(0, 6), st.booleans())
def test_closes_and_volumes_of_sessions_one_after_the_other_are_those_of_each(
    added: list[DailyBar], first: int, many: int, split: bool
) -> None:
    prices = SymbolPrices("NVDA", weekday_timetable(days=60))
    for bar in added:
        prices.add_bar(bar)
    if split:
        prices.add_split(Split("NVDA", FIRST + timedelta(days=9), 10.0, SEEN))
    for days in (prices.bars.dates[first : first + many], [FIRST + timedelta(days=first + n) for n in range(many)]):
        assert list(prices.closes_on(days)) == [prices.bar_close(day) for day in days]
        known = [prices.bars.get(day) for day in days]
        assert list(prices.volumes_on(days)) == [prices.shares(bar) if bar else None for bar in known]
        dates, closes = prices.closes_before(FIRST + timedelta(days=first), many)
        assert list(zip(reversed(dates), reversed(closes), strict=True)) == prices.closes(
            FIRST + timedelta(days=first), many
        )


def test_a_session_without_a_bar_is_no_key() -> None:
    with pytest.raises(KeyError):
        Bars("NVDA")[FIRST]


def test_a_bar_takes_a_third_of_its_memory() -> None:
    packed = Bars("NVDA")
    for n in range(560):
        packed.add(DailyBar("NVDA", FIRST + timedelta(days=n), 100.0 + n, SEEN, 99.0, 101.0, 98.0, 1e6, "yahoo"))
    kept = (packed._numbers, packed.dates, packed._seen, packed._sources)
    assert sum(map(sys.getsizeof, kept)) / 560 < 80
