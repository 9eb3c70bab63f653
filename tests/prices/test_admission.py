"""Which quotes are believed, and which are recognised as the same trade again."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import Quote, QuoteKind
from bot.core.prices.admission import ABSURD_RATIO, FUTURE_ALLOWANCE, is_repeat, refusal
from bot.core.prices.sessions import Session

NOW = datetime(2025, 1, 27, 15, 0, tzinfo=UTC)
SESSION = Session(
    "XNAS",
    date(2025, 1, 27),
    datetime(2025, 1, 27, 9, 0, tzinfo=UTC),
    datetime(2025, 1, 27, 14, 30, tzinfo=UTC),
    datetime(2025, 1, 27, 21, 0, tzinfo=UTC),
    datetime(2025, 1, 28, 1, 0, tzinfo=UTC),
)
QUOTE = Quote("NVDA", 124.8, NOW - timedelta(seconds=2), NOW, previous_close=142.62, currency="USD")
LAST = replace(QUOTE, price=125.3, at=NOW - timedelta(seconds=20))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, None),
        ({"price": math.nan}, "not a number"),
        ({"price": math.inf}, "not a number"),
        ({"price": -math.inf}, "not a number"),
        ({"price": 0.0}, "zero or negative"),
        ({"price": -0.0}, "zero or negative"),
        ({"price": -1.0}, "zero or negative"),
        ({"at": NOW + timedelta(seconds=60)}, None),
        ({"at": NOW + timedelta(seconds=61)}, "future-dated"),
        ({"at": NOW + timedelta(days=400)}, "future-dated"),
        ({"at": datetime(2025, 1, 25, 0, 59, tzinfo=UTC)}, None),  # Friday's last trade, on Monday
        ({"at": datetime(2025, 1, 22, 9, 0, tzinfo=UTC)}, None),
        ({"at": datetime(2025, 1, 22, 8, 59, 59, tzinfo=UTC)}, "stale-dated"),
        ({"at": datetime(1970, 1, 1, tzinfo=UTC)}, "stale-dated"),
        ({"at": LAST.at - timedelta(seconds=10)}, None),  # out of order is put in order, not refused
        ({"currency": "GBp"}, "other currency"),
        ({"currency": ""}, None),
        ({"price": 142.62 * 1001}, "absurd"),
        ({"price": 142.62 / 1001}, "absurd"),
        ({"price": 142.62 * 999}, None),
        ({"price": 0.2}, None),  # a fall of 99.9 % is for `hold` to doubt, not for us
        ({"price": 0.1, "previous_close": None}, "absurd"),
        ({"price": 0.1, "previous_close": math.nan}, "absurd"),
        ({"price": 0.1, "previous_close": 0.0}, "absurd"),
        ({"price": 0.1, "previous_close": 0.09}, None),  # a reverse split: its own reference vouches for it
        ({"price": 124.8, "previous_close": 1e6}, "absurd"),  # the price is right, the reference is not
    ],
)
def test_a_quote_is_refused_for_exactly_what_is_wrong_with_it(change: dict[str, object], why: str | None) -> None:
    quote = replace(QUOTE, **change)  # type: ignore[arg-type]
    assert refusal(quote, now=NOW, last=LAST, session=SESSION) == why


def test_the_first_quote_of_a_symbol_needs_no_last_one_and_no_session() -> None:
    assert refusal(QUOTE, now=NOW, last=None, session=None) is None
    assert refusal(replace(QUOTE, price=1e-9, previous_close=None), now=NOW, last=None, session=None) is None


def test_without_a_session_age_is_measured_from_now() -> None:
    aged = replace(QUOTE, at=NOW - timedelta(days=5, seconds=1))
    assert refusal(aged, now=NOW, last=None, session=None) == "stale-dated"
    assert refusal(replace(aged, at=NOW - timedelta(days=5)), now=NOW, last=None, session=None) is None


def test_over_easter_thursdays_last_trade_is_still_believed_on_tuesday_morning() -> None:
    tuesday = Session(
        "XLON",
        date(2025, 4, 22),
        *(datetime(2025, 4, 22, 7, tzinfo=UTC),) * 2,
        *(datetime(2025, 4, 22, 15, 30, tzinfo=UTC),) * 2,
    )
    quote = replace(QUOTE, at=datetime(2025, 4, 17, 15, 35, tzinfo=UTC))
    assert refusal(quote, now=tuesday.open_at, last=None, session=tuesday) is None


def test_a_currency_that_stays_different_is_not_refused_for_ever() -> None:
    later = replace(QUOTE, currency="EUR")
    old = replace(LAST, at=later.at - timedelta(days=4, seconds=1))
    assert refusal(later, now=NOW, last=old, session=SESSION) is None


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"seen_at": NOW + timedelta(minutes=5)}, True),
        ({"volume": 3e6}, True),
        ({"previous_close": 142.0}, True),
        ({"price": 124.81}, False),
        ({"at": QUOTE.at + timedelta(seconds=1)}, False),
        ({"kind": QuoteKind.CLOSE}, False),
        ({"symbol": "AMD"}, False),
    ],
)
def test_a_repeat_is_the_same_trade_told_again(change: dict[str, object], same: bool) -> None:
    assert is_repeat(replace(QUOTE, **change), QUOTE) is same  # type: ignore[arg-type]


def test_nothing_repeats_the_first_quote() -> None:
    assert not is_repeat(QUOTE, None)


moments = st.datetimes(datetime(2024, 1, 1), datetime(2026, 1, 1)).map(lambda d: d.replace(tzinfo=UTC))  # noqa: DTZ001
quotes = st.builds(
    Quote,
    symbol=st.just("NVDA"),
    price=st.floats(),
    at=moments,
    seen_at=st.just(NOW),
    kind=st.sampled_from(QuoteKind),
    previous_close=st.none() | st.floats(),
    currency=st.sampled_from(["", "USD", "GBp", "GBP"]),
)


@given(quotes, moments, st.none() | quotes, st.none() | st.just(SESSION))
def test_whatever_is_believed_is_a_positive_number_dated_neither_far_ahead_nor_long_before(
    quote: Quote, now: datetime, last: Quote | None, session: Session | None
) -> None:
    why = refusal(quote, now=now, last=last, session=session)
    if why is None:
        assert 0 < quote.price < math.inf
        assert quote.at <= now + FUTURE_ALLOWANCE
        assert quote.at >= (session.starts_at if session else now) - timedelta(days=5)
        if quote.previous_close is not None and 0 < quote.previous_close < math.inf:
            assert quote.price / quote.previous_close * 1.0001 >= 1 / ABSURD_RATIO
    else:
        assert why in {
            "not a number", "zero or negative", "future-dated", "stale-dated", "other currency", "absurd",
        }  # fmt: skip


@given(quotes, moments, quotes)
def test_a_refusal_does_not_depend_on_when_it_was_seen_or_how_much_was_traded(
    quote: Quote, now: datetime, last: Quote
) -> None:
    told = replace(quote, seen_at=now, volume=1.0, source="elsewhere")
    assert refusal(quote, now=now, last=last, session=None) == refusal(told, now=now, last=last, session=None)


@given(st.floats(min_value=1e-6, max_value=1e6), st.floats(min_value=0.002, max_value=500))
def test_no_plausible_move_is_ever_absurd(price: float, factor: float) -> None:
    last = replace(LAST, price=price)
    quote = replace(QUOTE, price=price * factor, previous_close=None)
    assert refusal(quote, now=NOW, last=last, session=SESSION) is None
