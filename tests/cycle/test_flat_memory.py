"""Nothing in memory grows with time: after twice as many sessions every container is as large as before."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import reduce
from operator import and_
from pathlib import Path

import pytest

from bot.core.prices.market import KEEP_BARS, Market
from tests.containers import grown, sizes
from tests.core.worlds import at, quote, weekday_timetable
from tests.simulated_year import Plan, Year

pytestmark = pytest.mark.campaign

LONG = timedelta(hours=2)
HALF = 30
"""Sessions: beyond the thirty days that alerts are remembered, the longest of all memories but that of daily bars,
which are complete from the start."""
LAST = 2
"""Sessions in a row that are looked at: caches are emptied now and then."""


def test_no_container_grows_with_the_number_of_sessions(tmp_path: Path) -> None:
    plan = Plan(date(2025, 2, 3), date(2025, 4, 30), 5, LONG, LONG, stories=10, falls_every=1, restarts_every=0)
    year = Year(plan, tmp_path / "year.db")
    first: Counter[str] = Counter()
    second: list[Counter[str]] = []
    for number, _ in enumerate(year.play(), 1):
        if HALF - LAST < number <= HALF:
            first |= sizes(*year.parts)
        elif 2 * HALF - LAST < number <= 2 * HALF:
            second.append(sizes(*year.parts))
    year.close()
    assert first["SymbolPrices.quotes"] > 100, "what is remembered is counted"
    assert first["AlertBook._alerts"] > 10
    assert first["SymbolPrices.bars"] >= 5 * KEEP_BARS
    assert grown(first, reduce(and_, second)) == []


def test_what_grows_is_found() -> None:
    prices = Market(lambda symbol: weekday_timetable())
    prices.of("NVDA")
    before = sizes(prices)
    for minute in range(20):
        prices.admit(quote("NVDA", 100.0 + minute, f"01-27 15:{minute:02}"), at("01-27 16:00"))
    assert grown(before, sizes(prices)) == ["SymbolPrices.quotes: 0, then 20"]
