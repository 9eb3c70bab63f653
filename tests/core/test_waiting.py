"""How long to wait before asking again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.waiting import back_off, retry_after

NOON = datetime(2025, 1, 27, 12, tzinfo=UTC)
S, MIN, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"Retry-After": "30"}, 30 * S),
        ({"RETRY-AFTER": " 5 "}, 5 * S),
        ({"retry-after": "0"}, 0 * S),
        ({"retry-after": "1000000000"}, 10**9 * S),
        ({"retry-after": "9" * 30}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "later"}, None),
        ({"retry-after": "Mon, 27 Jan 2025 15:02:00 GMT", "date": "Mon, 27 Jan 2025 15:00:00 GMT"}, 2 * MIN),
        ({"retry-after": "Mon, 27 Jan 2025 15:02:00 GMT", "date": "Mon, 27 Jan 2025 15:02:30 GMT"}, 0 * S),
        ({"retry-after": "Mon, 27 Jan 2025 15:02:00 GMT"}, None),
        ({"retry-after": "Mon, 27 Jan 2025 15:02:00 GMT", "date": "nonsense"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], wait: timedelta | None) -> None:
    assert retry_after(headers) == wait


def test_a_date_counts_from_now_where_now_is_known() -> None:
    headers = {"Retry-After": "Mon, 27 Jan 2025 14:00:00 GMT", "Date": "Mon, 27 Jan 2025 13:00:00 GMT"}
    assert retry_after(headers, NOON) == 2 * HOUR
    assert retry_after({"Retry-After": "Mon, 27 Jan 2025 14:00:00"}, NOON) == 2 * HOUR, "no zone: UTC, as HTTP has it"
    assert retry_after({"Retry-After": "Mon, 27 Jan 2020 14:00:00 GMT"}, NOON) == timedelta(0)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_answer_breaks_it(asked: str, date: str) -> None:
    for wait in (retry_after({"retry-after": asked, "date": date}), retry_after({"retry-after": asked}, NOON)):
        assert wait is None or wait >= timedelta(0)


def test_the_wait_doubles_up_to_the_longest() -> None:
    assert [back_off(n, S, 5 * S) / S for n in (0, 1, 2, 3, 4, 10**6)] == [1, 1, 2, 4, 5, 5]
