"""When results concern a session's prices, and what moves a date does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import EarningsDate, ReportTime
from bot.core.prices.earnings import EarningsCalendar, due_words, parse_report, strength
from tests.core.real_sessions import around

KNOWN = datetime(2025, 1, 10, 12, tzinfo=UTC)
WEDNESDAY = around("XNYS", date(2025, 1, 29))[-1]
THURSDAY = around("XNYS", date(2025, 1, 30))[-1]
MONDAY = around("XNYS", date(2025, 2, 3))[-1]
FRIDAY = around("XNYS", date(2025, 1, 31))[-1]
BEFORE, DURING, AFTER, UNKNOWN = ReportTime


def calendar(*dates: EarningsDate) -> EarningsCalendar:
    made = EarningsCalendar()
    for told in dates:
        made.apply(told)
    return made


def report(day: date, when: ReportTime = UNKNOWN, seen: datetime = KNOWN, symbol: str = "NOW") -> EarningsDate:
    return EarningsDate(symbol, day, seen, when, "test")


@pytest.mark.parametrize(
    ("when", "in_session", "in_post", "day_after"),
    [
        (BEFORE, True, True, False),
        (DURING, True, True, False),
        (AFTER, False, True, True),
        (UNKNOWN, True, True, True),
    ],
)
def test_results_concern_the_sessions_whose_prices_tell_of_them(
    when: ReportTime, in_session: bool, in_post: bool, day_after: bool
) -> None:
    known = calendar(report(WEDNESDAY.date, when))
    before = around("XNYS", date(2025, 1, 28))[-1]
    moments = (WEDNESDAY.close_at - timedelta(seconds=1), WEDNESDAY.close_at)
    found = [known.concerning("NOW", WEDNESDAY, before, at) is not None for at in moments]
    assert found == [in_session, in_post]
    assert (known.concerning("NOW", THURSDAY, WEDNESDAY, THURSDAY.open_at) is not None) is day_after
    assert known.concerning("NOW", FRIDAY, THURSDAY, FRIDAY.close_at) is None
    assert known.concerning("NOW", before, None, before.ends_at) is None
    assert known.concerning("CRM", WEDNESDAY, before, WEDNESDAY.close_at) is None


@pytest.mark.parametrize("when", list(ReportTime))
@pytest.mark.parametrize("day", [date(2025, 2, 1), date(2025, 2, 2)])
def test_results_on_a_day_without_trading_concern_the_next_session(day: date, when: ReportTime) -> None:
    known = calendar(report(day, when))
    assert known.concerning("NOW", MONDAY, FRIDAY, MONDAY.open_at) is not None
    assert known.concerning("NOW", FRIDAY, THURSDAY, FRIDAY.ends_at) is None


def test_a_date_moved_replaces_the_one_it_was_moved_from() -> None:
    moved = report(THURSDAY.date, AFTER, KNOWN + timedelta(days=3))
    known = calendar(report(WEDNESDAY.date), moved)
    assert known.of("NOW") == (moved,)
    assert known.knows(moved)
    assert not known.knows(report(THURSDAY.date, BEFORE))


def test_a_report_that_is_past_stays_beside_the_next() -> None:
    past = report(WEDNESDAY.date, AFTER)
    soon = report(date(2025, 3, 5), seen=KNOWN + timedelta(days=25))
    assert calendar(past, soon).of("NOW") == (past, soon)


def test_the_next_quarter_s_date_moves_nothing() -> None:
    first, second = report(WEDNESDAY.date), report(date(2025, 4, 30))
    assert calendar(second, first).of("NOW") == (first, second)


def test_a_known_time_of_day_makes_results_a_likelier_explanation() -> None:
    assert 0 < strength(report(WEDNESDAY.date)) < strength(report(WEDNESDAY.date, AFTER)) < 1


def test_old_dates_are_forgotten() -> None:
    known = calendar(report(WEDNESDAY.date), report(THURSDAY.date, symbol="AMZN"))
    known.forget(THURSDAY.date)
    assert (len(known.of("AMZN")), known.of("NOW")) == (1, ())


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (report(WEDNESDAY.date, AFTER), "results due Wed 29 Jan, after the close"),
        (report(WEDNESDAY.date, BEFORE), "results due Wed 29 Jan, before the open"),
        (report(WEDNESDAY.date), "results due Wed 29 Jan"),
    ],
)
def test_a_date_in_words(told: EarningsDate, words: str) -> None:
    assert due_words(told) == words


@pytest.mark.parametrize(
    ("text", "day", "when"),
    [
        ("2025-01-29", date(2025, 1, 29), UNKNOWN),
        ("2025-01-29 after", date(2025, 1, 29), AFTER),
        (" 2025-01-29  BMO ", date(2025, 1, 29), BEFORE),
        ("2025-01-29 unknown", date(2025, 1, 29), UNKNOWN),
    ],
)
def test_a_date_as_people_write_it(text: str, day: date, when: ReportTime) -> None:
    assert parse_report(text) == (day, when)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("29 January", "is not a date; write 2025-01-29"),
        ("2025-01-29 noon", "is not a time of day; write before"),
        ("", "not a date"),
    ],
)
def test_what_is_no_date_is_said_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_report(text)


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from(list(ReportTime)), st.integers(0, 400)), max_size=12))
def test_dates_told_twice_change_nothing_and_those_to_come_stand_apart(
    told: list[tuple[int, ReportTime, int]],
) -> None:
    dates = [
        report(date(2025, 1, 1) + timedelta(days=day), when, datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=seen))
        for day, when, seen in sorted(told, key=lambda t: t[2])
    ]
    once = calendar(*dates)
    assert calendar(*(d for d in dates for _ in "12")).of("NOW") == once.of("NOW")
    if dates:
        latest = dates[-1]
        assert latest in once.of("NOW")
        ahead = [d.date for d in once.of("NOW") if d.date >= latest.seen_at.date()]
        assert all(abs(d - latest.date) >= timedelta(days=40) for d in ahead if d != latest.date)
