"""Dates as feeds write them: read whole, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.feeds.date_text import read_date
from bot.adapters.feeds.parse import parse
from tests.feeds.conftest import item, rss

TEN = datetime(2025, 1, 27, 10, 0, tzinfo=UTC)
MIDNIGHT = TEN.replace(hour=0)
EVENING = TEN.replace(hour=22)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        # RFC 822 and what is near it
        ("Mon, 27 Jan 2025 10:00:00 GMT", TEN),
        ("27 Jan 2025 10:00 UT", TEN),
        ("Mon, 27 Jan 25 10:00:00 Z", TEN),
        ("Mon,27 Jan 2025 10:00:00 +0000", TEN),
        ("mon, 27 january 2025, 10:00", TEN),
        ("27th January 2025 at 10:00", TEN),
        ("Mon, 27 Jan 2025 05:00:00 -05:00 (EST)", TEN),
        ("Mon, 27 Jan 2025 10:00:00.25 +0", TEN + timedelta(seconds=0.25)),
        ("Mon, 27 Jan 2025", MIDNIGHT),
        ("Sept 3, 2024", datetime(2024, 9, 3, tzinfo=UTC)),
        # RFC 850, asctime, date, Go, JavaScript
        ("Monday, 27-Jan-25 10:00:00 GMT", TEN),
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Mon Jan 27 10:00:00 2025", TEN),
        ("Mon Jan 27 05:00:00 EST 2025", TEN),
        ("Mon Jan 27 05:00:00 -0500 2025", TEN),
        ("2025-01-27 05:00:00.000000 -0500 EST", TEN),
        ("Mon Jan 27 2025 11:00:00 GMT+0100 (Central European Standard Time)", TEN),
        # ISO 8601
        ("2025-01-27T10:00:00Z", TEN),
        ("2025-01-27t10:00z", TEN),
        ("2025-01-27T10:00:00.000+00:00", TEN),
        ("2025-01-27 05:00:00-05", TEN),
        ("20250127T100000Z", TEN),
        ("20250127", MIDNIGHT),
        ("2025-01-26T24:00:00Z", MIDNIGHT),
        # as people write
        ("2016/6/29 15:07:41", datetime(2016, 6, 29, 15, 7, 41, tzinfo=UTC)),
        ("2025.01.27 10:00", TEN),
        ("27.1.2025, 10:00", TEN),
        ("27/01/2025 10:00", TEN),
        ("01/27/2025 10:00 PM", EVENING),
        ("Jan. 27, 2025 10:00 p.m.", EVENING),
        ("January 27th, 2025", MIDNIGHT),
        ("Sat, Jan 27 2024 12:30:00 AM", datetime(2024, 1, 27, 0, 30, tzinfo=UTC)),
        ("2025年1月27日 10:00", TEN),
        ("1737972000", TEN),
        ("1737972000000", TEN),
        # a leap second
        ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_what_is_understood_is_read(text: str, at: datetime) -> None:
    assert read_date(text) == at
    assert read_date(f"  {text.replace(' ', '  ')}\n") == at


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        *[
            ("JST", 9),
            ("KST", 9),
            ("CEST", 2),
            ("CET", 1),
            ("BST", 1),
            ("IST", 5.5),
            ("HKT", 8),
            ("SGT", 8),
            ("AEDT", 11),
        ],
        *[("EST", -5), ("EDT", -4), ("CST", -6), ("AEDT", 11), ("PDT", -7), ("ET", -4), ("PT", -7)],
        *[("+0530", 5.5), ("-03:30", -3.5), ("+9", 9), ("GMT+8", 8), ("UTC+08:00", 8), ("+0800 CST", 8)],
    ],
)
def test_the_zones_people_write_are_known(zone: str, hours: float) -> None:
    summer = datetime(2025, 7, 1, 10, tzinfo=UTC) - timedelta(hours=hours)
    assert read_date(f"Tue, 1 Jul 2025 10:00:00 {zone}") == summer
    assert read_date(f"2025-07-01 10:00 {zone}") == summer


def test_eastern_time_is_an_hour_later_in_winter() -> None:
    assert read_date("Jan 27, 2025 5:00 AM ET") == TEN


@pytest.mark.parametrize(
    "text",
    [
        *["", "today", "the day before yesterday", "10:00", "2025", "2025-01", "Jan 2025", "27 Jan"],
        *["2025-13-45T99:00:00Z", "30 Feb 2025", "2025-01-27T24:01:00", "Mon, 27 Jan 2025 10:61:00 GMT", "0 Jan 2025"],
        *["03/04/2025", "3-4-2025", "27/13/2025", "1/2/25"],
        *["Mon, 27 Jan 2025 10:00:00 XYZ", "Mon, 27 Jan 2025 10:00:00 EST EDT", "2025-01-27T10:00:00+99:00"],
        *["Mon, 27 Jan 2025 10:00:00 JST+0100", "Mon, 27 Jan 2025 13:00 PM", "Mon, 27 Jan 2025 10:00:00 GMT soon"],
        *["Mon, 27 Jan 2025 10", "Lun, 27 ene 2025 10:00:00 GMT", "27 Jan 2025 in the evening"],
        *["٢٧ Jan 2025", "2025-01-27T10:00:00Z" + " " * 50 + "x" * 100, "Mon, 01 Jan 0001 00:00:00 +0900"],
    ],
)
def test_what_is_not_wholly_understood_is_no_date(text: str) -> None:
    assert read_date(text) is None


@given(st.integers(788918400, 4070908800), st.integers(0, 999_999), st.integers(-13 * 60, 14 * 60))
def test_the_standard_forms_mean_what_they_say(second: int, micro: int, minutes: int) -> None:
    at = datetime.fromtimestamp(second, timezone(timedelta(minutes=minutes))).replace(microsecond=micro)
    assert read_date(at.isoformat()) == at
    assert read_date(format_datetime(at)) == at.replace(microsecond=0)


@given(st.text(max_size=120) | st.text("0123456789-/:.,+ TZamp年月日JanMonGMT()", max_size=120))
def test_no_text_is_an_error_or_takes_long(text: str) -> None:
    read = read_date(text)
    assert read is None or read.tzinfo is UTC


@pytest.mark.parametrize("text", ["2025", "--03-15", "15:07", "2025-06", "-25-06-29", "2025-1"])
def test_no_part_of_a_date_is_taken_from_the_machines_clock(text: str) -> None:
    """feedparser fills up what is missing."""
    (entry,) = parse(rss(item("x", date=text)).encode(), "", "https://news.example/").entries
    assert entry.published_at is None
