"""Sessions of real exchanges: hours, half-sessions, holidays, clock changes, lunch breaks."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as dt_time
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.calendar import ExchangeCalendar
from bot.core.errors import UsageError
from bot.core.model import Phase
from bot.core.prices.exchanges import BY_CODE, BY_SUFFIX, Night, outside_hours
from bot.core.prices.sessions import Session, Timetable
from tests.processes import run
from tests.waiting import allowed

ZONES = {
    "XNYS": ZoneInfo("America/New_York"),
    "XNAS": ZoneInfo("America/New_York"),
    "ARCX": ZoneInfo("America/New_York"),
    "OOTC": ZoneInfo("America/New_York"),
    "XLON": ZoneInfo("Europe/London"),
    "XPAR": ZoneInfo("Europe/Paris"),
    "XETR": ZoneInfo("Europe/Berlin"),
    "XTKS": ZoneInfo("Asia/Tokyo"),
    "XHKG": ZoneInfo("Asia/Hong_Kong"),
}


@pytest.fixture(scope="module")
def calendar() -> ExchangeCalendar:
    return ExchangeCalendar()


def only(calendar: ExchangeCalendar, exchange: str, day: date) -> Session:
    (session,) = calendar.sessions(exchange, day, day)
    return session


def local(moment: datetime, exchange: str) -> str:
    return moment.astimezone(ZONES[exchange]).strftime("%H:%M")


@pytest.mark.parametrize(
    ("exchange", "day", "hours"),
    [
        ("XNYS", date(2025, 1, 27), ("04:00", "09:30", "16:00", "20:00")),
        ("XNAS", date(2025, 1, 27), ("04:00", "09:30", "16:00", "20:00")),
        ("ARCX", date(2025, 1, 27), ("04:00", "09:30", "16:00", "20:00")),
        ("OOTC", date(2025, 1, 27), ("09:30", "09:30", "16:00", "16:00")),
        ("XNYS", date(2024, 11, 29), ("04:00", "09:30", "13:00", "17:00")),  # the Friday after Thanksgiving
        ("XNAS", date(2024, 7, 3), ("04:00", "09:30", "13:00", "17:00")),
        ("XNAS", date(2024, 12, 24), ("04:00", "09:30", "13:00", "17:00")),
        ("XLON", date(2025, 1, 27), ("08:00", "08:00", "16:30", "16:30")),
        ("XLON", date(2024, 12, 24), ("08:00", "08:00", "12:30", "12:30")),
        ("XLON", date(2024, 12, 31), ("08:00", "08:00", "12:30", "12:30")),
        ("XPAR", date(2025, 1, 27), ("09:00", "09:00", "17:30", "17:30")),
        ("XPAR", date(2024, 12, 24), ("09:00", "09:00", "14:05", "14:05")),
        ("XTKS", date(2024, 11, 1), ("09:00", "09:00", "15:00", "15:00")),
        ("XTKS", date(2024, 11, 5), ("09:00", "09:00", "15:30", "15:30")),  # half an hour longer from that day on
        ("XHKG", date(2025, 1, 27), ("09:30", "09:30", "16:00", "16:00")),
        ("XHKG", date(2025, 1, 28), ("09:30", "09:30", "12:00", "12:00")),  # the eve of the Lunar New Year
    ],
)
def test_a_session_keeps_the_hours_of_its_exchange(
    calendar: ExchangeCalendar, exchange: str, day: date, hours: tuple[str, str, str, str]
) -> None:
    s = only(calendar, exchange, day)
    assert tuple(local(m, exchange) for m in (s.pre_at, s.open_at, s.close_at, s.ends_at)) == hours
    assert (s.exchange, s.date) == (exchange, day)


@pytest.mark.parametrize(
    ("exchange", "day"),
    [
        ("XNYS", date(2025, 1, 9)),  # mourning for President Carter: in no rule, only in the record
        ("XNYS", date(2025, 1, 20)),
        ("XNYS", date(2025, 4, 18)),
        ("XNYS", date(2025, 1, 25)),
        ("XLON", date(2024, 12, 26)),
        ("XLON", date(2023, 5, 8)),  # the coronation
        ("XLON", date(2022, 9, 19)),  # the Queen's funeral
        ("XPAR", date(2025, 5, 1)),
        ("XTKS", date(2025, 1, 2)),
        ("XTKS", date(2025, 5, 6)),
        ("XHKG", date(2025, 1, 29)),
        ("XHKG", date(2023, 7, 17)),  # a typhoon
    ],
)
def test_there_is_no_session_on_holidays_and_closures(calendar: ExchangeCalendar, exchange: str, day: date) -> None:
    assert calendar.sessions(exchange, day, day) == ()


@pytest.mark.parametrize(
    ("exchange", "before", "after", "shift"),
    [
        ("XNYS", date(2025, 3, 7), date(2025, 3, 10), -1),
        ("XNYS", date(2025, 10, 31), date(2025, 11, 3), 1),
        ("XLON", date(2025, 3, 28), date(2025, 3, 31), -1),
        ("XPAR", date(2025, 10, 24), date(2025, 10, 27), 1),
        ("XTKS", date(2025, 3, 28), date(2025, 3, 31), 0),
        ("XHKG", date(2025, 10, 24), date(2025, 10, 27), 0),
    ],
)
def test_the_clock_change_moves_every_phase_in_utc_and_none_on_the_wall(
    calendar: ExchangeCalendar, exchange: str, before: date, after: date, shift: int
) -> None:
    a, b = only(calendar, exchange, before), only(calendar, exchange, after)
    for earlier, later in (
        (a.starts_at, b.starts_at),
        (a.pre_at, b.pre_at),
        (a.open_at, b.open_at),
        (a.close_at, b.close_at),
        (a.ends_at, b.ends_at),
    ):
        assert local(earlier, exchange) == local(later, exchange)
        assert (later.hour - earlier.hour) % 24 == shift % 24
        assert later.tzinfo is UTC


@pytest.mark.parametrize(
    ("exchange", "day", "pause"),
    [
        ("XTKS", date(2025, 1, 27), ("11:30", "12:30")),
        ("XHKG", date(2025, 1, 27), ("12:00", "13:00")),
    ],
)
def test_a_lunch_break_pauses_the_regular_phase(
    calendar: ExchangeCalendar, exchange: str, day: date, pause: tuple[str, str]
) -> None:
    s = only(calendar, exchange, day)
    assert s.break_start_at is not None
    assert s.break_end_at is not None
    assert (local(s.break_start_at, exchange), local(s.break_end_at, exchange)) == pause
    assert s.phase(s.break_start_at + timedelta(minutes=30)) is Phase.REGULAR


@pytest.mark.parametrize(("exchange", "day"), [("XNYS", date(2025, 1, 27)), ("XHKG", date(2025, 1, 28))])
def test_there_is_no_break_without_an_afternoon(calendar: ExchangeCalendar, exchange: str, day: date) -> None:
    s = only(calendar, exchange, day)
    assert (s.break_start_at, s.break_end_at) == (None, None)


def test_the_deepseek_week_has_the_sessions_the_rules_count(calendar: ExchangeCalendar) -> None:
    table = Timetable("XNAS", calendar.sessions("XNAS", date(2025, 1, 2), date(2025, 2, 7)))
    monday = table.on(date(2025, 1, 27))
    assert monday is not None
    fifth = table.before(monday, 5)
    assert fifth is not None
    assert fifth.date == date(2025, 1, 17)
    assert table.window_start(monday, 5) == datetime(2025, 1, 17, 21, 0, tzinfo=UTC)
    assert table.phase(datetime(2025, 1, 27, 9, 30, tzinfo=UTC)) is Phase.PRE
    assert table.phase(datetime(2025, 1, 27, 8, 59, 59, tzinfo=UTC)) is Phase.OVERNIGHT


@pytest.mark.parametrize("exchange", ["XNYS", "XNAS", "XLON", "XPAR", "XETR", "XTKS", "XHKG"])
def test_sessions_of_ten_years_are_in_order_and_never_overlap(calendar: ExchangeCalendar, exchange: str) -> None:
    sessions = calendar.sessions(exchange, date(2017, 1, 1), date(2026, 12, 31))
    assert len(Timetable(exchange, sessions).all) == len(sessions) > 2400  # Timetable refuses overlaps
    assert all(s.starts_at <= s.pre_at <= s.open_at < s.close_at <= s.ends_at for s in sessions)
    assert [s.date for s in sessions] == sorted({s.date for s in sessions})
    assert all(s.open_at.astimezone(ZONES[exchange]).date() == s.date for s in sessions)


def test_an_answer_is_inclusive_on_both_sides_and_empty_where_the_dates_are_crossed(
    calendar: ExchangeCalendar,
) -> None:
    days = [s.date for s in calendar.sessions("XNYS", date(2025, 1, 24), date(2025, 1, 28))]
    assert days == [date(2025, 1, 24), date(2025, 1, 27), date(2025, 1, 28)]
    assert calendar.sessions("XNYS", date(2025, 1, 28), date(2025, 1, 24)) == ()
    assert calendar.sessions("XNYS", date(2025, 1, 25), date(2025, 1, 26)) == ()


def test_a_question_beyond_what_was_built_is_answered_and_the_first_answer_still_stands() -> None:
    calendar = ExchangeCalendar()
    near = calendar.sessions("XLON", date(2025, 1, 1), date(2025, 1, 31))
    far = calendar.sessions("XLON", date(2012, 1, 1), date(2012, 1, 31))
    assert far[0].date == date(2012, 1, 3)
    assert calendar.sessions("XLON", date(2025, 1, 1), date(2025, 1, 31)) == near


@pytest.mark.parametrize(
    ("exchange", "advice"),
    [
        ("NOPE", "such as XNYS"),
        ("NYSE", "write XNYS"),
        ("LSE", "write XLON"),
        ("24/7", "such as XNYS"),
        ("xnys", "such as XNYS"),
        ("", "such as XNYS"),
    ],
)
def test_an_exchange_nobody_knows_is_refused_with_what_to_write(
    calendar: ExchangeCalendar, exchange: str, advice: str
) -> None:
    with pytest.raises(UsageError, match=advice):
        calendar.sessions(exchange, date(2025, 1, 1), date(2025, 1, 31))


@pytest.mark.parametrize(
    ("exchange", "first", "last"),
    [
        ("XHKG", date(2045, 1, 1), date(2055, 1, 1)),
        ("XNYS", date(1900, 1, 1), date(1900, 2, 1)),
        ("XNYS", date(2025, 1, 1), date(9999, 12, 31)),
        ("XNYS", date.min, date.max),
    ],
)
def test_dates_the_calendar_does_not_reach_are_refused_in_a_short_line(
    calendar: ExchangeCalendar, exchange: str, first: date, last: date
) -> None:
    with pytest.raises(UsageError, match=rf"{exchange}: no sessions known from {first} to {last}") as caught:
        calendar.sessions(exchange, first, last)
    assert len(str(caught.value)) < 320
    assert "\n" not in str(caught.value)


def test_sessions_up_to_the_end_of_the_recorded_holidays_are_answered(calendar: ExchangeCalendar) -> None:
    assert calendar.sessions("XHKG", date(2049, 12, 1), date(2049, 12, 31))[-1].date == date(2049, 12, 31)


@pytest.mark.parametrize(
    ("exchange", "zone"), [("XNSE", "Asia/Kolkata"), ("XSHG", "Asia/Shanghai"), ("XSES", "Asia/Singapore")]
)
def test_beyond_the_recorded_holidays_weekdays_at_the_usual_hours_are_sessions(exchange: str, zone: str) -> None:
    """The library records their holidays a year at a time; a bot looks a year ahead, and must not lose them."""
    calendar = ExchangeCalendar()
    first, last = date(2025, 1, 1), date(2026, 12, 31)
    while True:  # whichever year the installed library ends with
        later = last.replace(year=last.year + 1)
        if calendar.recorded_until(exchange, first, later) < later:
            break
        last = later
    known = calendar.sessions(exchange, first, last)
    table = calendar.timetable(exchange, first, later)
    guessed = [s for s in table.all if s.date > last]
    assert [s for s in table.all if s.date <= last] == list(known)
    assert 255 <= len(guessed) <= 262
    assert {s.date.weekday() for s in guessed} == {0, 1, 2, 3, 4}
    there = ZoneInfo(zone)
    hours = {(s.open_at.astimezone(there).time(), s.close_at.astimezone(there).time()) for s in guessed}
    assert hours == {(known[-3].open_at.astimezone(there).time(), known[-3].close_at.astimezone(there).time())}
    assert table.zone == there


@pytest.mark.campaign
def test_nearly_every_exchange_a_symbol_can_come_from_has_sessions(calendar: ExchangeCalendar) -> None:
    missing = set()
    for exchange in {*BY_CODE.values(), *BY_SUFFIX.values()}:
        try:
            assert len(calendar.sessions(exchange, date(2025, 1, 1), date(2025, 12, 31))) > 200
        except UsageError:
            missing.add(exchange)
    # exchange_calendars 4.13 cannot build these two at all; symbols there go by what the vendor states
    assert missing == {"ASEX", "XTAE"}


def test_five_years_again_cost_next_to_nothing(calendar: ExchangeCalendar) -> None:
    first, last = date(2021, 1, 1), date(2025, 12, 31)
    calendar.sessions("XNYS", first, last)
    began = time.perf_counter()
    for _ in range(100):
        calendar.sessions("XNYS", first, last)
    assert time.perf_counter() - began < allowed(0.5)


def test_several_threads_may_ask_at_once() -> None:
    calendar = ExchangeCalendar()
    answers: list[int] = []

    def ask(year: int) -> None:
        answers.append(len(calendar.sessions("XPAR", date(year, 1, 1), date(year, 12, 31))))

    threads = [threading.Thread(target=ask, args=(2014 + i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(answers) == 8
    assert all(250 < n < 262 for n in answers)


def test_the_library_is_not_imported_before_the_first_keys() -> None:
    code = (
        "import sys; from bot.adapters.calendar import ExchangeCalendar; ExchangeCalendar(); "
        "sys.exit('pandas' in sys.modules or 'exchange_calendars' in sys.modules)"
    )
    assert run([sys.executable, "-c", code]).returncode == 0


# -------------------------------------------------------------------------------------------------------- the night


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONES["XNYS"]).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "session", "phase"),
    [
        ("2025-01-26 19:59:59", "2025-01-24", Phase.CLOSED),  # Sunday, before the night
        ("2025-01-26 20:00:01", "2025-01-27", Phase.OVERNIGHT),  # and in it: Monday's
        ("2025-01-27 03:59:59", "2025-01-27", Phase.OVERNIGHT),
        ("2025-01-27 04:00:00", "2025-01-27", Phase.PRE),
        ("2025-01-27 20:00:00", "2025-01-27", Phase.POST),  # the last trade of the post-market
        ("2025-01-27 20:00:00.000001", "2025-01-28", Phase.OVERNIGHT),
        ("2025-01-31 19:59:00", "2025-01-31", Phase.POST),
        ("2025-01-31 20:30:00", "2025-01-31", Phase.CLOSED),  # Friday: no night
        ("2025-02-01 22:00:00", "2025-01-31", Phase.CLOSED),  # Saturday: none
        ("2025-01-19 22:00:00", "2025-01-17", Phase.CLOSED),  # Sunday before Martin Luther King's day: none
        ("2025-01-20 12:00:00", "2025-01-17", Phase.CLOSED),  # the holiday
        ("2025-01-20 21:00:00", "2025-01-21", Phase.OVERNIGHT),  # its evening: Tuesday's
        ("2025-11-26 21:00:00", "2025-11-26", Phase.CLOSED),  # the evening before Thanksgiving: none
        ("2025-11-27 21:00:00", "2025-11-28", Phase.OVERNIGHT),  # its own evening: the half-session's
        ("2025-11-28 17:30:00", "2025-11-28", Phase.CLOSED),
        ("2025-12-24 21:00:00", "2025-12-24", Phase.CLOSED),  # Christmas Eve
        ("2025-12-25 21:00:00", "2025-12-26", Phase.OVERNIGHT),
        ("2025-01-08 21:00:00", "2025-01-08", Phase.CLOSED),  # before a day of mourning
        ("2025-03-09 20:30:00", "2025-03-10", Phase.OVERNIGHT),  # the clocks went forward that morning
        ("2025-03-06 20:30:00", "2025-03-07", Phase.OVERNIGHT),
        ("2025-11-02 20:30:00", "2025-11-03", Phase.OVERNIGHT),  # and back that morning
        ("2025-10-30 20:30:00", "2025-10-31", Phase.OVERNIGHT),
        ("2021-06-15 21:00:00", "2021-06-15", Phase.CLOSED),  # before there was a night to speak of
    ],
)
@pytest.mark.parametrize("exchange", ["XNYS", "XNAS", "ARCX"])
def test_a_night_belongs_to_the_session_that_follows(
    calendar: ExchangeCalendar, exchange: str, moment: str, session: str, phase: Phase
) -> None:
    table = Timetable(exchange, calendar.sessions(exchange, date(2021, 1, 4), date(2026, 1, 31)))
    at = new_york(moment)
    assert table.phase(at) is phase
    current = table.current(at)
    assert current is not None
    assert current.date.isoformat() == session


def test_a_night_is_eight_hours_also_where_the_clocks_change(calendar: ExchangeCalendar) -> None:
    for day in (date(2025, 3, 7), date(2025, 3, 10), date(2025, 10, 31), date(2025, 11, 3)):
        s = only(calendar, "XNAS", day)
        assert (local(s.starts_at, "XNAS"), local(s.pre_at, "XNAS")) == ("20:00", "04:00")
        assert s.pre_at - s.starts_at + datetime.resolution == timedelta(hours=8)


def test_every_moment_of_ten_years_belongs_to_one_session_and_one_phase(calendar: ExchangeCalendar) -> None:
    table = Timetable("XNAS", calendar.sessions("XNAS", date(2017, 1, 3), date(2026, 12, 31)))
    for earlier, later in pairwise(table.all):
        for edge in (earlier.starts_at, earlier.pre_at, earlier.open_at, earlier.close_at, earlier.ends_at):
            assert table.at(edge) is earlier is table.current(edge)
        assert table.at(later.starts_at - datetime.resolution) in (None, earlier)
        assert table.by_day(later.pre_at - datetime.resolution) is earlier
        assert table.by_day(later.pre_at) is later


@pytest.mark.parametrize("exchange", ["OOTC", "XLON", "XTKS", "XKRX", "XAMS"])
def test_where_no_night_is_known_there_is_none(calendar: ExchangeCalendar, exchange: str) -> None:
    sessions = calendar.sessions(exchange, date(2025, 1, 1), date(2025, 12, 31))
    assert all(s.phase(s.starts_at) is Phase.REGULAR and s.pre_at == s.starts_at for s in sessions)


def test_the_hours_are_those_of_all_venues_from_the_date_each_opened() -> None:
    us = outside_hours("XNAS")
    assert us is not None
    assert us.night(date(2021, 12, 31)) is None
    assert us.night(date(2022, 1, 3)) == (dt_time(20, 0), dt_time(4, 0))
    later = replace(us, nights=(Night("A", dt_time(21, 0), dt_time(4, 0), date(2026, 1, 1)), *us.nights))
    assert later.night(date(2026, 1, 1)) == (dt_time(20, 0), dt_time(4, 0))
    alone = replace(us, nights=(Night("A", dt_time(21, 0), dt_time(3, 30), date(2026, 1, 1)),))
    assert alone.night(date(2026, 1, 1)) == (dt_time(21, 0), dt_time(3, 30))
    assert outside_hours("XTKS") is None
