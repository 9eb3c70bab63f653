"""Which price is the latest, what it is measured against, and when it is the official close."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.prices.yahoo.doubt import BasisDoubt
from bot.adapters.prices.yahoo.reading import BasisChange, basis_changes, chart_item, exchange_date, read_quote
from bot.core.model import Quote, QuoteKind, Split
from bot.core.prices.sessions import Timetable
from tests.prices.conftest import timetable
from tests.servers.yahoo_market import Market, ServedBar

# Nvidia's closes: Thursday 147.22, Friday 142.62, Monday 118.42
THURSDAY, FRIDAY, MONDAY = 147.22, 142.62, 118.42
FRIDAY_CLOSE = datetime(2025, 1, 24, 21, 0, 1, tzinfo=UTC)
MONDAY_CLOSE = datetime(2025, 1, 27, 21, 0, 1, tzinfo=UTC)


def nvidia(*trades: tuple[str, float, datetime], previous: float | None = THURSDAY, state: str = "") -> Market:
    market = Market()
    for phase, price, at in trades:
        market.set_quote("NVDA", price, at, previous_close=previous, phase=phase, volume=1e8)
    if state:
        market.set_state("NVDA", state)
    return market


def read(market: Market, now: datetime, table: Timetable | None = None) -> list[tuple[str, float, float | None]]:
    (item,) = market.quotes(["NVDA"])["quoteResponse"]["result"]  # type: ignore[index]
    found = read_quote(item, symbol="NVDA", now=now, timetable=table)
    return [(q.kind.value, q.price, q.previous_close) for q in found]


@pytest.mark.parametrize(
    ("trades", "previous", "expected"),
    [
        pytest.param(
            [("regular", 141.0, datetime(2025, 1, 24, 18, 0, tzinfo=UTC))],
            THURSDAY,
            (141.0, THURSDAY),
            id="in the regular phase, the close before it",
        ),
        pytest.param(
            [("regular", FRIDAY, FRIDAY_CLOSE), ("post", 143.0, datetime(2025, 1, 24, 22, 0, tzinfo=UTC))],
            THURSDAY,
            (143.0, THURSDAY),
            id="in post, still the close before the session that post belongs to",
        ),
        pytest.param(
            [("regular", FRIDAY, FRIDAY_CLOSE), ("post", 143.0, datetime(2025, 1, 25, 0, 59, 58, tzinfo=UTC))],
            THURSDAY,
            (143.0, THURSDAY),
            id="in post after midnight UTC, which is the same evening in New York",
        ),
        pytest.param(
            [("regular", FRIDAY, FRIDAY_CLOSE), ("pre", 128.2, datetime(2025, 1, 27, 10, 0, tzinfo=UTC))],
            THURSDAY,
            (128.2, FRIDAY),
            id="in the next pre, the regular price, because Yahoo's previous close is the one before that",
        ),
        pytest.param(
            [("regular", FRIDAY, FRIDAY_CLOSE), ("pre", 128.2, datetime(2025, 1, 27, 10, 0, tzinfo=UTC))],
            FRIDAY,
            (128.2, FRIDAY),
            id="in the next pre, where Yahoo has moved on already, the same",
        ),
        pytest.param(
            [("regular", FRIDAY, FRIDAY_CLOSE), ("pre", 124.9, datetime(2025, 1, 27, 14, 29, 59, tzinfo=UTC))],
            THURSDAY,
            (124.9, FRIDAY),
            id="after the open and before the first regular trade, the pre price still against Friday",
        ),
        pytest.param(
            [
                ("pre", 124.9, datetime(2025, 1, 27, 14, 29, 59, tzinfo=UTC)),
                ("regular", 124.8, datetime(2025, 1, 27, 14, 30, 1, tzinfo=UTC)),
            ],
            FRIDAY,
            (124.8, FRIDAY),
            id="from the first regular trade on, Yahoo's previous close again",
        ),
        pytest.param(
            [("pre", 128.2, datetime(2025, 1, 27, 10, 0, tzinfo=UTC))],
            None,
            (128.2, None),
            id="nothing to measure against where there is no regular price at all",
        ),
        pytest.param(
            [("regular", math.nan, FRIDAY_CLOSE), ("pre", 128.2, datetime(2025, 1, 27, 10, 0, tzinfo=UTC))],
            THURSDAY,
            (128.2, None),
            id="nothing in the next pre where the last close is no number, rather than the wrong close",
        ),
    ],
)
def test_a_quote_is_measured_against_the_close_before_its_own_session(
    trades: list[tuple[str, float, datetime]], previous: float | None, expected: tuple[float, float | None]
) -> None:
    last = max(at for _, _, at in trades)
    found = read(nvidia(*trades, previous=previous), last + timedelta(seconds=5))
    assert [(price, reference) for _, price, reference in found] == [expected]


def test_the_newest_price_counts_whatever_the_market_state_says() -> None:
    trades = ("regular", FRIDAY, FRIDAY_CLOSE), ("post", 143.0, FRIDAY_CLOSE + timedelta(hours=1))
    for state in ("REGULAR", "PRE", "CLOSED", "POSTPOST", "SOMETHING NEW"):
        assert read(nvidia(*trades, state=state), FRIDAY_CLOSE + timedelta(hours=2))[-1][1] == 143.0


def test_a_symbol_without_pre_and_post_is_read_by_its_regular_price() -> None:
    market = Market()
    at = datetime(2025, 1, 27, 10, 45, tzinfo=UTC)
    market.set_quote("REL.L", 4000.0, at, previous_close=4011.0)
    (item,) = market.quotes(["REL.L"])["quoteResponse"]["result"]  # type: ignore[index]
    (quote,) = read_quote(item, symbol="REL.L", now=at + timedelta(minutes=15), timetable=timetable("XLON"))
    assert (quote.price, quote.at, quote.previous_close, quote.kind) == (4000.0, at, 4011.0, QuoteKind.TRADE)


def test_a_session_that_begins_before_midnight_utc_is_one_session() -> None:
    market = Market()
    at = datetime(2025, 1, 27, 23, 30, tzinfo=UTC)  # half past ten on the 28th in Sydney
    market.set_quote("WTC.AX", 118.0, at, previous_close=121.0, exchange="ASX", zone="Australia/Sydney")
    (item,) = market.quotes(["WTC.AX"])["quoteResponse"]["result"]  # type: ignore[index]
    (quote,) = read_quote(item, symbol="WTC.AX", now=at, timetable=timetable("XASX"))
    assert quote.previous_close == 121.0
    assert exchange_date(quote.at, item) == date(2025, 1, 28)


def test_volume_is_the_sessions_own_and_none_in_the_next_pre() -> None:
    market = nvidia(("regular", FRIDAY, FRIDAY_CLOSE), ("pre", 128.2, datetime(2025, 1, 27, 10, 0, tzinfo=UTC)))
    (item,) = market.quotes(["NVDA"])["quoteResponse"]["result"]  # type: ignore[index]
    (quote,) = read_quote(item, symbol="NVDA", now=MONDAY_CLOSE, timetable=None)
    assert quote.volume is None


@pytest.mark.parametrize(
    ("symbol", "exchange", "at", "state", "now", "kind"),
    [
        ("NVDA", "XNAS", "21:00:01", "POST", "21:05:00", QuoteKind.CLOSE),
        ("NVDA", "XNAS", "21:00:01", "POST", "21:04:59", QuoteKind.TRADE),  # the closing auction may still come
        ("NVDA", "XNAS", "21:00:01", "REGULAR", "21:10:00", QuoteKind.TRADE),
        ("NVDA", "XNAS", "20:59:59", "CLOSED", "23:00:00", QuoteKind.TRADE),  # halted before the close
        ("REL.L", "XLON", "16:35:10", "CLOSED", "16:50:00", QuoteKind.CLOSE),
        ("REL.L", "XLON", "16:30:00", "CLOSED", "16:49:59", QuoteKind.TRADE),  # Yahoo is a quarter of an hour behind
        ("REL.L", "XLON", "16:35:10", "CLOSED", "23:59:00", QuoteKind.CLOSE),
    ],
)
def test_the_regular_price_is_the_official_close_once_the_auction_and_the_delay_are_over(
    symbol: str, exchange: str, at: str, state: str, now: str, kind: QuoteKind
) -> None:
    moment = datetime.fromisoformat(f"2025-01-27T{at}+00:00")
    market = Market()
    market.set_quote(symbol, 100.0, moment, previous_close=101.0)
    market.set_state(symbol, state)
    (item,) = market.quotes([symbol])["quoteResponse"]["result"]  # type: ignore[index]
    (quote,) = read_quote(
        item,
        symbol=symbol,
        now=datetime.fromisoformat(f"2025-01-27T{now}+00:00"),
        timetable=timetable(exchange),
    )
    assert quote.kind is kind


def test_the_lunch_break_is_no_close() -> None:
    market = Market()
    market.set_quote("6857.T", 9000.0, datetime(2025, 1, 27, 2, 29, tzinfo=UTC), previous_close=9972.0)
    market.set_state("6857.T", "CLOSED")
    (item,) = market.quotes(["6857.T"])["quoteResponse"]["result"]  # type: ignore[index]
    (quote,) = read_quote(
        item, symbol="6857.T", now=datetime(2025, 1, 27, 3, 10, tzinfo=UTC), timetable=timetable("XTKS")
    )
    assert quote.kind is QuoteKind.TRADE


def test_over_the_weekend_the_close_comes_before_the_last_post_trade() -> None:
    market = nvidia(("regular", FRIDAY, FRIDAY_CLOSE), ("post", 142.1, datetime(2025, 1, 25, 0, 59, tzinfo=UTC)))
    sunday = datetime(2025, 1, 26, 12, 0, tzinfo=UTC)
    assert read(market, sunday, timetable("XNAS")) == [("close", FRIDAY, THURSDAY), ("trade", 142.1, THURSDAY)]


def test_in_the_next_pre_fridays_close_is_not_told_again_with_a_reference_yahoo_may_have_moved() -> None:
    market = nvidia(
        ("regular", FRIDAY, FRIDAY_CLOSE), ("pre", 128.2, datetime(2025, 1, 27, 10, 0, tzinfo=UTC)), previous=FRIDAY
    )
    assert read(market, datetime(2025, 1, 27, 10, 1, tzinfo=UTC), timetable("XNAS")) == [("trade", 128.2, FRIDAY)]


# ------------------------------------------------------------------------------------------------------------- splits

SPLIT_DAY = date(2024, 6, 10)
BEFORE = [(date(2024, 6, 5), 122.44), (date(2024, 6, 6), 121.0), (date(2024, 6, 7), 120.888)]
MORNING = datetime(2024, 6, 10, 8, 30, tzinfo=UTC)


def chart(
    bars: list[tuple[date, float]], splits: dict[date, float], dividends: dict[date, float] | None = None
) -> dict[str, object]:
    market = Market()
    market.set_history("NVDA", bars, splits, dividends)
    document = market.chart("NVDA", {"range": "1mo", "interval": "1d", "events": "div,splits"})
    assert document is not None
    return document["chart"]["result"][0]  # type: ignore[index, no-any-return]


def test_a_split_before_the_session_gives_the_close_on_the_new_basis() -> None:
    assert basis_changes(chart(BEFORE, {SPLIT_DAY: 10.0}), SPLIT_DAY) == (120.888, [BasisChange(SPLIT_DAY, 10.0)])
    assert basis_changes(chart(BEFORE, {}), SPLIT_DAY) == (120.888, [])
    assert basis_changes(chart(BEFORE, {date(2024, 6, 7): 10.0}), SPLIT_DAY) == (120.888, [])
    assert basis_changes(chart([], {SPLIT_DAY: 10.0}), SPLIT_DAY) == (None, [])


def quote(price: float, reference: float | None, at: datetime = MORNING) -> Quote:
    return Quote("NVDA", price, at, at, previous_close=reference)


def test_a_ten_for_one_split_is_not_a_fall_of_ninety_percent() -> None:
    doubt, days = BasisDoubt(), {"NVDA": SPLIT_DAY}
    seen = [quote(121.9, 1208.88)]
    assert doubt.undecided(seen, days, MORNING) == ["NVDA"]
    assert doubt.learn("NVDA", SPLIT_DAY, chart(BEFORE, {SPLIT_DAY: 10.0}), MORNING) == [
        Split("NVDA", SPLIT_DAY, 10.0, MORNING)
    ]
    told, held = doubt.settle(seen, days, MORNING)
    assert [q.previous_close for q in told] == [120.888]
    assert held == []
    later = MORNING + timedelta(hours=6)
    assert doubt.undecided(seen, days, later) == []  # once a session is enough where there was one
    assert doubt.settle(seen, days, later)[0][0].previous_close == 120.888


def test_a_large_dividend_is_taken_off_the_close_before_it_and_a_small_one_is_not() -> None:
    document = chart([(date(2024, 6, 7), 100.0)], {}, {SPLIT_DAY: 12.0})
    change = BasisChange(SPLIT_DAY, pytest.approx(100 / 88), 12.0)  # type: ignore[arg-type]
    assert basis_changes(document, SPLIT_DAY) == (88.0, [change])
    assert basis_changes(chart([(date(2024, 6, 7), 100.0)], {}, {SPLIT_DAY: 1.9}), SPLIT_DAY) == (100.0, [])
    assert basis_changes(chart([(date(2024, 6, 7), 100.0)], {}, {SPLIT_DAY: 100.0}), SPLIT_DAY) == (100.0, [])


def test_a_dividend_is_looked_for_where_a_few_symbols_fall_and_not_in_a_rout() -> None:
    days = {f"S{i}": SPLIT_DAY for i in range(9)}
    few = [Quote(f"S{i}", 88.0, MORNING, MORNING, previous_close=100.0) for i in range(8)]
    assert BasisDoubt().undecided(few, days, MORNING) == [q.symbol for q in few]
    rout = [*few, Quote("S8", 91.0, MORNING, MORNING, previous_close=100.0)]
    assert BasisDoubt().undecided(rout, days, MORNING) == []
    worst = replace(rout[0], price=80.0)  # a split may still explain this one
    assert BasisDoubt().undecided([worst, *rout[1:]], days, MORNING)[0] == "S0"


def test_a_price_that_a_split_would_explain_is_looked_at_again_soon() -> None:
    doubt, days = BasisDoubt(), {"NVDA": SPLIT_DAY}
    unlisted = chart([(date(2024, 6, 7), 1208.88)], {})
    assert doubt.learn("NVDA", SPLIT_DAY, unlisted, MORNING) == []
    seen = [quote(121.9, 1208.88)]
    assert doubt.undecided(seen, days, MORNING + timedelta(seconds=119)) == []
    assert doubt.undecided(seen, days, MORNING + timedelta(seconds=120)) == ["NVDA"]


def test_a_real_fall_keeps_its_reference_and_is_looked_at_again_only_after_a_while() -> None:
    doubt, days = BasisDoubt(), {"NVDA": date(2025, 1, 27)}
    now = datetime(2025, 1, 27, 15, 0, tzinfo=UTC)
    seen = [quote(118.0, FRIDAY, now)]
    doubt.learn("NVDA", date(2025, 1, 27), chart([(date(2025, 1, 24), FRIDAY)], {}), now)
    assert doubt.settle(seen, days, now) == (seen, [])
    assert doubt.undecided(seen, days, now + timedelta(minutes=14)) == []
    assert doubt.undecided(seen, days, now + timedelta(minutes=15)) == ["NVDA"]


def test_a_doubted_quote_waits_for_its_chart_but_not_for_ever() -> None:
    doubt, days = BasisDoubt(), {"NVDA": SPLIT_DAY}
    seen = [quote(121.9, 1208.88)]
    assert doubt.settle(seen, days, MORNING) == ([], ["NVDA"])
    assert doubt.settle(seen, days, MORNING + timedelta(seconds=119)) == ([], ["NVDA"])
    assert doubt.settle(seen, days, MORNING + timedelta(minutes=2)) == (seen, [])


def test_a_split_whose_close_is_missing_is_not_taken_for_no_split() -> None:
    doubt, days = BasisDoubt(), {"NVDA": SPLIT_DAY}
    broken = chart([(date(2024, 6, 7), -1.0)], {SPLIT_DAY: 10.0})
    assert doubt.learn("NVDA", SPLIT_DAY, broken, MORNING) == [Split("NVDA", SPLIT_DAY, 10.0, MORNING)]
    assert doubt.settle([quote(121.9, 1208.88)], days, MORNING)[1] == ["NVDA"]


@pytest.mark.parametrize(
    ("price", "reference", "doubted"),
    [
        (85.1, 100.0, False),
        (85.0, 100.0, True),
        (119.9, 100.0, False),
        (120.0, 100.0, True),
        (10.0, None, False),
        (0.0, 100.0, False),
        (math.nan, 100.0, False),
    ],
)
def test_only_what_a_split_could_explain_is_held_back_for_a_chart(
    price: float, reference: float | None, doubted: bool
) -> None:
    found = BasisDoubt().settle([quote(price, reference)], {"NVDA": SPLIT_DAY}, MORNING)[1]
    assert found == (["NVDA"] if doubted else [])


def test_what_was_learned_is_forgotten_after_days() -> None:
    doubt, days = BasisDoubt(), {"NVDA": SPLIT_DAY}
    doubt.learn("NVDA", SPLIT_DAY, chart(BEFORE, {SPLIT_DAY: 10.0}), MORNING)
    doubt.undecided([], {}, MORNING + timedelta(days=30))
    assert doubt.settle([quote(121.9, 1208.88)], days, MORNING + timedelta(days=30))[1] == ["NVDA"]


# ----------------------------------------------------------------------------------------------------- anything at all

json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    *(f"{p}{f}" for p in ("preMarket", "regularMarket", "postMarket") for f in ("Price", "Time")),
    *("regularMarketPreviousClose", "regularMarketVolume", "currency", "exchange", "marketState", "symbol"),
    *("exchangeTimezoneName", "gmtOffSetMilliseconds", "exchangeDataDelayedBy"),
]
prices = st.floats() | st.floats(min_value=0.01, max_value=1e4)
times = st.integers(1735689600, 1738368000)
fields = st.dictionaries(st.sampled_from(FIELDS), json_values | prices | times, max_size=len(FIELDS))


@given(fields)
def test_no_document_whatever_it_holds_breaks_the_reading(item: dict[str, object]) -> None:
    for q in read_quote(item, symbol="X", now=MONDAY_CLOSE, timetable=timetable("XNAS")):
        assert q.symbol == "X"
        assert q.at.tzinfo is UTC
        assert q.seen_at == MONDAY_CLOSE
        assert q.previous_close is None or 0 < q.previous_close < math.inf
        exchange_date(q.at, item)


@given(st.dictionaries(st.sampled_from(["meta", "timestamp", "indicators", "events"]), json_values | fields))
def test_no_chart_whatever_it_holds_breaks_the_reading(result: dict[str, object]) -> None:
    assert len(read_quote(chart_item(result), symbol="X", now=MONDAY_CLOSE, timetable=None)) <= 1
    reference, _ = basis_changes(result, date(2025, 1, 27))
    assert reference is None or 0 < reference < math.inf


@given(
    st.lists(st.none() | st.floats(), max_size=6),
    st.lists(st.none() | st.floats() | times, max_size=6),
    st.dictionaries(st.text(max_size=3), json_values, max_size=3),
)
def test_no_chart_of_the_right_shape_breaks_the_reading(
    closes: list[float | None], stamps: list[float | None], splits: dict[str, object]
) -> None:
    result = {
        "meta": {"exchangeTimezoneName": "America/New_York"},
        "timestamp": stamps,
        "indicators": {"quote": [{"close": closes}]},
        "events": {"splits": splits},
    }
    read_quote(chart_item(result), symbol="X", now=MONDAY_CLOSE, timetable=None)
    reference, _ = basis_changes(result, date(2025, 1, 27))
    assert reference is None or 0 < reference < math.inf


def test_a_bar_a_little_before_midnight_is_the_day_that_follows() -> None:
    result = {
        "meta": {"exchangeTimezoneName": "America/Sao_Paulo"},
        "timestamp": [int(datetime(2022, 1, 11, 2, 0, tzinfo=UTC).timestamp())],  # 23:00 on the 10th, meant: the 11th
        "indicators": {"quote": [{"close": [20.0]}]},
    }
    assert basis_changes(result, date(2022, 1, 12)) == (20.0, [])
    assert basis_changes(result, date(2022, 1, 11)) == (None, [])


def test_served_bars_default_to_the_close() -> None:
    assert chart([(date(2024, 6, 7), 120.888)], {})["indicators"]["quote"][0]["low"] == [120.888]  # type: ignore[index]
    assert ServedBar(date(2024, 6, 7), 1.0).low is None
