"""A symbol's stored prices in an episode: on one basis, at the moment they were seen, and no more than was seen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.app.episodes.prices import RecordedPrices, ReplaySpan, priced
from bot.core.model import DailyBar, Quote, QuoteKind, Split
from tests.episode.new_york import timetable_of

FRIDAY, MONDAY, TUESDAY = date(2025, 1, 24), date(2025, 1, 27), date(2025, 1, 28)
SPAN = ReplaySpan(FRIDAY, MONDAY, frozenset({MONDAY}))
OPEN, CLOSE = datetime(2025, 1, 27, 14, 30, tzinfo=UTC), datetime(2025, 1, 27, 21, 0, tzinfo=UTC)
S, MIN = timedelta(seconds=1), timedelta(minutes=1)


def quote(price: float, at: datetime, seen_after: timedelta = 5 * S, kind: QuoteKind = QuoteKind.TRADE) -> Quote:
    return Quote("NVDA", price, at, at + seen_after, kind)


def bar(day: date, close: float, seen_at: datetime = CLOSE, **of: float) -> DailyBar:
    return DailyBar("NVDA", day, close, seen_at, **of)


def made(
    quotes: Iterable[Quote], bars: Iterable[DailyBar] = (), splits: Iterable[Split] = (), **of: object
) -> RecordedPrices:
    span = of.pop("span", SPAN)
    return priced(timetable_of("XNAS"), list(bars), quotes, list(splits), span, **of)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at", "delay", "placed"),
    [
        (OPEN + MIN, 5 * S, OPEN + MIN + 5 * S),  # when it was seen
        (OPEN + MIN, 15 * MIN, OPEN + 16 * MIN),  # a delayed exchange
        (CLOSE - S, 6 * S, CLOSE - S),  # a price of the regular phase stays one
        (CLOSE + 3 * MIN, 5 * S, CLOSE + 3 * MIN + 5 * S),
        (OPEN - S, 3 * S, OPEN - S),
        (CLOSE, timedelta(hours=30), None),  # seen next day: it told nobody anything in time
        (datetime(2025, 1, 25, 15, 0, tzinfo=UTC), 5 * S, None),  # Saturday
        (datetime(2025, 1, 23, 15, 0, tzinfo=UTC), 5 * S, None),  # before the span
        (datetime(2025, 1, 28, 15, 0, tzinfo=UTC), 5 * S, None),  # after it
    ],
)
def test_a_price_stands_where_it_was_seen(at: datetime, delay: timedelta, placed: datetime | None) -> None:
    found = made([quote(118.0, at, delay)], [bar(FRIDAY, 142.62)])
    assert [m.at for m in found.marks] == ([placed] if placed else [])


def test_a_trade_seen_again_does_not_confirm_itself() -> None:
    found = made([quote(118.0, OPEN, 5 * S), quote(118.0, OPEN, 20 * S), quote(118.0, OPEN + S, 35 * S)])
    assert [m.at for m in found.marks] == [OPEN + 5 * S, OPEN + 36 * S]


def test_marks_are_in_order_of_time_though_they_were_seen_otherwise() -> None:
    found = made([quote(1.0, OPEN, 9 * MIN), quote(1.1, OPEN + MIN, S), quote(1.2, OPEN + 2 * MIN, S)])
    assert [m.price for m in found.marks] == [1.1, 1.2, 1.0]


def test_a_replayed_bar_states_only_what_was_seen_as_quotes() -> None:
    whole = {"open": 124.8, "high": 128.4, "low": 116.7, "volume": 8e8}
    bars = [
        bar(date(2025, 1, 23), 147.0, open=146.0, high=148.0, low=145.0),
        bar(FRIDAY, 142.62),
        bar(MONDAY, 118.42, **whole),
    ]
    live = made([quote(120.0, OPEN + MIN)], bars)
    assert live.bars[0].low == 145.0  # before the span a bar makes no quotes
    assert (live.bars[2].open, live.bars[2].low, live.bars[2].high, live.bars[2].close) == (None, None, None, 118.42)
    stated = [
        quote(124.8, OPEN, 0 * S, QuoteKind.OPEN), quote(116.7, CLOSE, 0 * S, QuoteKind.LOW),
        quote(128.4, CLOSE, 0 * S, QuoteKind.HIGH), quote(118.42, CLOSE, 0 * S, QuoteKind.CLOSE),
    ]  # fmt: skip
    replayed = made(stated, bars)
    assert (replayed.bars[2].open, replayed.bars[2].low, replayed.bars[2].high) == (124.8, 116.7, 128.4)
    assert replayed.marks == ()  # the bar says it all
    beyond = made([*stated, quote(110.0, OPEN + MIN)], bars)
    assert (beyond.bars[2].low, beyond.bars[2].high) == (None, None)  # the file's own check would refuse it
    assert {m.kind for m in beyond.marks} == {QuoteKind.TRADE, QuoteKind.LOW, QuoteKind.HIGH}


def test_a_split_puts_everything_on_one_basis() -> None:
    split = Split("NVDA", MONDAY, 10.0, OPEN)
    bars = [bar(FRIDAY, 1426.2, CLOSE - timedelta(days=3), low=1400.0), bar(MONDAY, 118.42)]
    friday = OPEN - timedelta(days=3)
    found = made([quote(1430.0, friday), quote(120.0, OPEN)], bars, [split])
    assert [b.close for b in found.bars] == [142.62, 118.42]
    assert [m.price for m in found.marks] == [143.0, 120.0]
    fetched_after = made([], [bar(FRIDAY, 142.62, OPEN + MIN), bar(MONDAY, 118.42)], [split])
    assert [b.close for b in fetched_after.bars] == [142.62, 118.42]


def test_what_is_far_from_everything_else_is_left_out_and_counted() -> None:
    found = made([quote(11.8, OPEN), quote(118.0, OPEN + MIN)], [bar(FRIDAY, 142.62), bar(MONDAY, 118.42)])
    assert [m.price for m in found.marks] == [118.0]
    assert found.left_out == 1


def test_of_two_leaps_between_closes_only_the_last_is_kept() -> None:
    days = [date(2025, 1, d) for d in (21, 22, 23, 24)]
    found = made([], [bar(d, c) for d, c in zip(days, (1.0, 100.0, 101.0, 20.0), strict=True)])
    assert [b.close for b in found.bars] == [100.0, 101.0, 20.0]


def test_figures_that_contradict_each_other_and_days_off_are_dropped() -> None:
    saturday = bar(date(2025, 1, 25), 142.0)
    wrong = bar(date(2025, 1, 23), 147.0, open=150.0, high=149.0, low=148.0)
    found = made([], [wrong, bar(FRIDAY, 142.62, open=0.0), saturday])
    assert [(b.session, b.open, b.high, b.low) for b in found.bars] == [
        (date(2025, 1, 23), 150.0, None, None), (FRIDAY, None, None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("hit", [True, False])
def test_thinned_prices_keep_what_an_alert_rested_on(hit: bool) -> None:
    every = [quote(120.0 + n / 1000, OPEN + 15 * S * n, S) for n in range(240)]  # an hour
    span = ReplaySpan(FRIDAY, MONDAY, SPAN.sessions, thinned=True)
    change = OPEN + 30 * MIN
    found = made(every, span=span, near=[change] if hit else [], all_changes=[change])
    near = [m for m in found.marks if abs(m.at - change) <= (15 if hit else 2) * MIN]
    assert len(near) == (120 if hit else 16)
    assert len(found.marks) - len(near) == (30 if hit else 6)
    assert len(made(every).marks) == 240
