"""What is stored comes back as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.store import rows
from bot.adapters.store.codec import clean, from_json, moment, moment_text, to_json
from bot.core.errors import StoreError
from bot.core.model import Check, FollowUp, Quote, ScoreReason, Summary
from tests.store.strategies import moments, values


@given(moments)
def test_a_moment_round_trips_to_the_microsecond(at: datetime) -> None:
    assert moment(moment_text(at)) == at
    assert moment(moment_text(at)).tzinfo is UTC


@given(moments, moments)
def test_the_order_of_stored_text_is_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (moment_text(one) < moment_text(other)) == (one < other)
    assert len(moment_text(one)) == len(moment_text(other)) == 27


def test_a_moment_of_another_zone_is_stored_as_utc() -> None:
    new_york = datetime(2025, 1, 27, 9, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert moment_text(new_york) == "2025-01-27T14:30:00.000000Z"


def test_a_naive_moment_is_refused_with_our_own_error() -> None:
    with pytest.raises(StoreError, match="without a time zone"):
        moment_text(datetime(2025, 1, 27))  # noqa: DTZ001


NESTED = [Check, Summary, FollowUp, ScoreReason]


@pytest.mark.parametrize("kind", NESTED, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=60)
def test_any_nested_value_round_trips_as_json(kind: Any, data: st.DataObject) -> None:
    value = data.draw(values(kind))
    assert from_json(kind, to_json(value)) == value


CODECS = [
    rows.STORY,
    rows.QUOTE,
    rows.BAR,
    rows.SPLIT,
    rows.FEED,
    rows.ALERT,
    rows.INCIDENT,
    rows.RECIPIENT,
    rows.NOTIFICATION,
]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.kind.__name__)
@given(data=st.data())
@settings(max_examples=50)
def test_any_value_round_trips_as_a_row(codec: Any, data: st.DataObject) -> None:
    value = data.draw(values(codec.kind))
    row = codec.row(value)
    assert all(type(cell) in (str, int, float, type(None)) for cell in row)
    assert codec.value(row) == value


def test_infinities_and_nan_survive_json() -> None:
    kept = [from_json(Check, to_json(Check("c", None, "", value=v))).value for v in (float("inf"), float("-inf"))]
    assert kept == [float("inf"), float("-inf")]
    assert str(from_json(Check, to_json(Check("c", None, "", value=float("nan")))).value) == "nan"


def test_a_field_the_program_does_not_know_is_ignored() -> None:
    assert from_json(FollowUp, '{"kind":"session close","due_at":null,"mood":"bright"}') == FollowUp(
        "session close", None
    )


def test_an_absent_number_is_absent_also_where_the_vendor_said_nan() -> None:
    at = datetime(2025, 1, 27, tzinfo=UTC)
    row = rows.QUOTE.row(Quote("NVDA", 1.0, at, at, previous_close=float("nan")))
    assert rows.QUOTE.value(row).previous_close is None


def test_text_that_is_not_unicode_keeps_its_bytes_visible() -> None:
    assert clean("price \ud83d up") == "price \\ud83d up"
    assert clean("a\ud800") != clean("a\ud801")
    assert clean("café — 😀") == "café — 😀"
