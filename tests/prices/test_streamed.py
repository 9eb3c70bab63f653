"""What of a stream counts: trades that polled quotes vouch for, thinned, bounded, and never twice."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.prices.yahoo import doubt
from bot.core.model import Phase, Quote, QuoteKind
from bot.core.prices.hold import Hold
from bot.core.prices.streamed import ALL_EVERY, ALL_LEAST, CHECKED, PLAIN, STEP, Streamed
from tests.prices.conftest import timetable

NOON = datetime(2025, 1, 27, 17, 0, tzinfo=UTC)
"""In the regular phase in New York; the session began at 09:00 UTC."""
CLOSE = 100.0


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def quote(price: float, seconds: float = 0, symbol: str = "NVDA", close: float | None = CLOSE) -> Quote:
    return Quote(symbol, price, at(seconds), at(seconds), previous_close=close, volume=5e6, currency="USD", source="y")


def made(*symbols: str, price: float = 99.0) -> Streamed:
    """With a first poll of every symbol, at noon."""
    names = symbols or ("NVDA",)
    streamed = Streamed(names, lambda _: timetable("XNAS"), "stream")
    streamed.polled([quote(price, symbol=name) for name in names], (), at(0))
    return streamed


def passed(streamed: Streamed, *trades: tuple[float, float], currency: str = "") -> list[tuple[float, float]]:
    """Trades of NVDA one after the other, price and second; what is let through of them."""
    found = []
    for price, seconds in trades:
        assert streamed.take("NVDA", price, at(seconds), currency, at(seconds)) == ""
        found += [(q.price, (q.at - NOON).total_seconds()) for q in streamed.take_quotes(at(seconds))]
    return found


def test_a_trade_borrows_reference_currency_and_volume_from_the_polled_quote() -> None:
    streamed = made()
    streamed.take("NVDA", 96.0, at(3), "", at(4))
    assert streamed.take_quotes(at(4)) == [
        Quote("NVDA", 96.0, at(3), at(4), previous_close=CLOSE, volume=5e6, currency="USD", source="stream")
    ]
    assert streamed.take_quotes(at(5)) == []


def test_nothing_counts_before_the_first_poll_or_while_a_price_is_held_back() -> None:
    streamed = Streamed(["NVDA"], lambda _: timetable("XNAS"), "stream")
    assert passed(streamed, (96.0, 1)) == []
    streamed.polled([quote(99.0, 2)], (), at(2))
    assert passed(streamed, (96.0, 3)) == [(96.0, 3)]
    streamed.polled([], ["NVDA"], at(4))
    assert passed(streamed, (90.0, 5)) == []


@pytest.mark.parametrize(
    ("price", "moment", "words"),
    [
        (math.nan, 1, "no price"),
        (math.inf, 1, "no price"),
        (0.0, 1, "no price"),
        (-5.0, 1, "no price"),
        (96.0, 3600, "a time in the future"),
    ],
)
def test_what_cannot_be_a_trade_is_named(price: float, moment: float, words: str) -> None:
    streamed = made()
    assert streamed.take("NVDA", price, at(moment), "", at(1)) == words
    assert streamed.take("XXXX", 96.0, at(1), "", at(1)) == "a symbol that was not asked for"
    assert streamed.take_quotes(at(1)) == []


@pytest.mark.parametrize(
    ("name", "trades"),
    [
        ("older than the poll", [(96.0, -5)]),
        ("of years ago", [(96.0, -1e8)]),
        ("the polled trade, a second off", [(99.0, 1)]),
        ("the same second as the polled trade", [(96.0, 0)]),
        ("a small step", [(99.0 * (1 - STEP * 0.9), 5)]),
    ],
)
def test_what_is_old_repeated_or_small_is_left_to_polls(name: str, trades: list[tuple[float, float]]) -> None:
    assert passed(made(), *trades) == []


def test_another_currency_or_another_session_waits_for_the_poll() -> None:
    assert passed(made(), (96.0, 5), currency="GBp") == []
    assert passed(made(), (96.0, 5), currency="USD") == [(96.0, 5)]
    night = 12 * 3600  # 05:00 UTC, between two sessions
    tomorrow = 17 * 3600  # 10:00 UTC, in the next pre-market
    assert passed(made(), (96.0, night), (95.0, tomorrow)) == []


def test_what_another_session_trades_far_off_asks_for_a_poll() -> None:
    streamed = made()
    passed(streamed, (90.0, 17 * 3600))
    assert streamed.wanted == {"NVDA"}


def test_a_price_beyond_what_the_poll_has_checked_waits_and_asks_for_a_poll() -> None:
    streamed = made()
    assert passed(streamed, (83.0, 1), (82.9, 2)) == []
    assert streamed.wanted == {"NVDA"}
    streamed.polled([quote(82.8, 3)], (), at(3))
    found = [(q.price, q.at) for q in streamed.take_quotes(at(3))]
    assert found == [(83.0, at(1)), (82.9, at(2))], "the poll vouches for them: they happened, and confirm"
    assert passed(streamed, (82.0, 5)) == [(82.0, 5)]


def test_a_session_has_one_basis_so_a_fall_within_it_waits_for_nobody() -> None:
    assert passed(made(), (88.0, 1), (87.9, 2)) == [(88.0, 1), (87.9, 2)]


def test_a_wild_print_that_no_poll_sees_never_counts() -> None:
    streamed = made()
    assert passed(streamed, (50.0, 1), (99.1, 2)) == []
    streamed.polled([quote(99.1, 3)], (), at(3))
    assert streamed.take_quotes(at(4)) == []


def test_each_zone_of_the_price_source_s_own_checks_is_vouched_for_by_a_poll() -> None:
    assert PLAIN[0] >= doubt.DIVIDEND_FROM
    assert CHECKED[0] >= doubt.DOUBT_DOWN
    assert PLAIN[1] <= doubt.DOUBT_UP
    assert CHECKED[1] <= doubt.DOUBT_UP
    streamed = made(price=90.0)  # which may be a dividend, until the poll has read the chart
    assert passed(streamed, (88.0, 1)) == [(88.0, 1)]
    assert passed(streamed, (84.0, 2)) == []
    streamed.polled([quote(84.0, 3)], (), at(3))
    assert passed(streamed, (83.0, 5)) == [(83.0, 5)]
    streamed.polled([quote(84.0, 6, close=50.0)], (), at(6))
    assert passed(streamed, (40.0, 7)) == [], "another previous close: nothing is vouched for by the old one"


def test_a_step_is_let_through_with_the_trades_that_may_confirm_it() -> None:
    flat = [(98.0, n) for n in range(1, 20)]
    assert passed(made(), *flat) == [(98.0, 1), (98.0, 2), (98.0, 3)]
    streamed = made()
    streamed.hold({Phase.REGULAR: Hold(5)})
    assert len(passed(streamed, *flat)) >= 5


def test_many_trades_in_one_second_are_one_and_the_last_counts() -> None:
    streamed = made()
    for price in (96.0, 95.0, 94.5):
        streamed.take("NVDA", price, at(3), "", at(3))
    assert [(q.price, q.at) for q in streamed.take_quotes(at(3))] == [(94.5, at(3))]


def test_a_consumer_that_sleeps_finds_the_newest_trades_of_distinct_times() -> None:
    streamed = made()
    for n in range(1, 1000):
        streamed.take("NVDA", 96.0 - n * 0.001, at(n), "", at(n))
    assert [q.at for q in streamed.take_quotes(at(1000))] == [at(998), at(999)]


def test_a_polled_quote_that_repeats_a_streamed_trade_gets_its_time() -> None:
    streamed = made()
    passed(streamed, (96.0, 5))
    assert streamed.same_trade(quote(96.0, 6)).at == at(5)
    assert streamed.same_trade(quote(96.0, 7)).at == at(7)
    assert streamed.same_trade(quote(95.9, 6)).at == at(6)
    official = replace(quote(96.0, 6), kind=QuoteKind.CLOSE)
    assert streamed.same_trade(official) == official


def test_quotes_are_no_more_than_polls_bring_in_the_long_run() -> None:
    names = [f"S{n}" for n in range(300)]
    streamed = made(*names)
    found = 0
    for second in range(1, 601):
        for number, name in enumerate(names):
            price = 99.0 * (1 + 0.02 * math.sin(second + number))
            streamed.take(name, price, at(second), "", at(second))
        found += len(streamed.take_quotes(at(second)))
    assert found <= 2 * len(names) + 600 * max(ALL_LEAST, len(names) / ALL_EVERY)
    assert found >= 600 * ALL_LEAST


def test_the_largest_steps_come_first_when_there_are_too_many() -> None:
    names = [f"S{n:03d}" for n in range(200)]
    streamed = made(*names)
    for wave in range(1, 6):
        for name in names:
            streamed.take(name, 99.0 * (1 - 0.006 * wave), at(wave), "", at(wave))
        streamed.take_quotes(at(wave))
    streamed.take("S150", 92.5, at(7), "", at(7))
    for name in names[:100]:
        streamed.take(name, 95.0, at(7), "", at(7))
    assert streamed.take_quotes(at(7))[0].symbol == "S150"


@pytest.mark.parametrize("served", ["all", "none", "half"])
def test_a_stream_is_compared_with_what_polls_show(served: str) -> None:
    names = [f"S{n}" for n in range(10)]
    streamed = made(*names)
    for poll in range(1, 4):
        for name in names[: {"all": 10, "none": 0, "half": 5}[served]]:
            streamed.take(name, 99.0 + poll, at(poll * 15 - 2), "", at(poll * 15))
        streamed.take_quotes(at(poll * 15))
        found = streamed.polled([quote(99.0 + poll, poll * 15, name) for name in names], (), at(poll * 15))
    if served == "half":
        assert found == (5, ()), "what was never told in this phase need not be served"
    else:
        assert (found.traded, len(found.missed)) == (10, 0 if served == "all" else 10)


def test_a_stream_that_told_before_and_tells_no_more_is_behind() -> None:
    streamed = made("A", "B")
    for name in "AB":
        streamed.take(name, 98.0, at(1), "", at(1))
    streamed.polled([quote(98.0, 2, name) for name in "AB"], (), at(2))
    found = streamed.polled([quote(98.0, 40, name) for name in "AB"], (), at(40))
    assert found == (2, ("A", "B"))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["NVDA", "MU", "XXXX", ""]),
            st.floats(allow_nan=True, allow_infinity=True),
            st.integers(-100_000, 100_000),
            st.sampled_from(["", "USD", "GBp"]),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_whatever_comes_what_is_let_through_is_sound(
    frames: list[tuple[str, float, int, str, bool]],
) -> None:
    streamed = made("NVDA", "MU")
    known: dict[str, datetime] = {}
    for number, (symbol, price, seconds, currency, poll) in enumerate(frames):
        now = at(number)
        streamed.take(symbol, price, at(seconds), currency, now)
        if poll:
            streamed.polled([quote(98.0, number)], (), now)
        for found in streamed.take_quotes(now):
            assert 0 < found.price < math.inf
            assert abs(found.price / 99.0 - 1) < 0.2
            assert found.at <= now + timedelta(minutes=1)
            assert found.seen_at == now
            assert found.at > known.get(found.symbol, at(-100_000)), "no trade counts twice"
            known[found.symbol] = found.at
