"""When the horizons of an alert are due, over weekends, holidays, half-sessions and breaks."""

from __future__ import annotations

import pytest

from bot.core.incidents.outcomes import Horizon, due_at, without_outcome
from tests.core.real_sessions import timetable
from tests.outcomes.prices import alert, utc

QUARTER, HOUR, CLOSE, ONE, FIVE, TWENTY = Horizon


@pytest.mark.parametrize(
    ("fired", "session", "horizon", "due"),
    [
        ("2025-01-27 15:00", "2025-01-27", QUARTER, "2025-01-27 15:15"),
        ("2025-01-27 15:00", "2025-01-27", HOUR, "2025-01-27 16:00"),
        ("2025-01-27 15:00", "2025-01-27", CLOSE, "2025-01-27 21:00"),
        ("2025-01-27 15:00", "2025-01-27", ONE, "2025-01-28 21:00"),
        ("2025-01-27 15:00", "2025-01-27", FIVE, "2025-02-03 21:00"),
        ("2025-01-27 15:00", "2025-01-27", TWENTY, "2025-02-25 21:00"),  # Presidents' Day is none
        ("2025-01-24 15:00", "2025-01-24", ONE, "2025-01-27 21:00"),  # a weekend
        ("2025-01-08 15:00", "2025-01-08", ONE, "2025-01-10 21:00"),  # New York mourned on the 9th
        ("2025-03-07 15:00", "2025-03-07", ONE, "2025-03-10 20:00"),  # summer time began
        ("2024-11-27 15:00", "2024-11-27", ONE, "2024-11-29 18:00"),  # Thanksgiving, then a half-session
        ("2024-11-29 17:50", "2024-11-29", QUARTER, "2024-11-29 18:05"),  # goes on in post
        ("2024-11-29 17:50", "2024-11-29", CLOSE, "2024-11-29 18:00"),
        ("2024-11-29 21:30", "2024-11-29", HOUR, "2024-11-29 22:00"),  # post ends early, too
        ("2025-01-27 09:05", "2025-01-27", QUARTER, "2025-01-27 09:20"),  # pre-market
        ("2025-01-27 14:00", "2025-01-27", HOUR, "2025-01-27 15:00"),  # from pre-market into the session
        ("2025-01-28 00:50", "2025-01-27", QUARTER, "2025-01-28 01:00"),  # the last minutes of post
        ("2025-01-28 15:00", "2025-01-27", QUARTER, "2025-01-28 15:15"),  # a story came a session later
        ("2025-01-28 15:00", "2025-01-27", ONE, "2025-01-28 21:00"),
        ("2025-01-25 12:00", "2025-01-24", ONE, "2025-01-27 21:00"),  # on a Saturday
    ],
)
def test_new_york(fired: str, session: str, horizon: Horizon, due: str) -> None:
    given = alert(fired, session)
    assert due_at(given, horizon, timetable("XNYS")) == utc(due)
    assert utc(due) > given.fired_at


@pytest.mark.parametrize(
    ("exchange", "fired", "horizon", "due"),
    [
        ("XTKS", "2025-01-27 02:25", QUARTER, "2025-01-27 03:40"),  # five minutes, the break, ten more
        ("XTKS", "2025-01-27 02:15", QUARTER, "2025-01-27 02:30"),  # just before the break
        ("XTKS", "2025-01-27 02:00", HOUR, "2025-01-27 04:00"),
        ("XTKS", "2025-01-27 03:00", QUARTER, "2025-01-27 03:45"),  # within the break
        ("XTKS", "2025-01-27 03:30", QUARTER, "2025-01-27 03:45"),
        ("XTKS", "2025-01-27 06:20", QUARTER, "2025-01-27 06:30"),  # no post phase is known
        ("XTKS", "2025-01-27 05:00", CLOSE, "2025-01-27 06:30"),
        ("XTKS", "2025-02-07 05:00", FIVE, "2025-02-17 06:30"),  # Foundation Day
        ("XHKG", "2025-01-27 03:30", HOUR, "2025-01-27 05:30"),
        ("XHKG", "2025-01-28 02:00", ONE, "2025-02-03 08:00"),  # the New Year holidays
        ("XLON", "2025-01-27 16:00", HOUR, "2025-01-27 16:30"),
        ("XLON", "2024-12-23 12:00", ONE, "2024-12-24 12:30"),  # a half-session
        ("XLON", "2025-04-17 12:00", ONE, "2025-04-22 15:30"),  # Easter
    ],
)
def test_abroad(exchange: str, fired: str, horizon: Horizon, due: str) -> None:
    assert due_at(alert(fired, exchange=exchange), horizon, timetable(exchange)) == utc(due)


@pytest.mark.parametrize(
    ("fired", "session", "over"),
    [
        ("2025-01-27 15:00", "2025-01-27", ()),
        ("2025-01-27 21:00", "2025-01-27", (CLOSE,)),  # fired on the close
        ("2025-01-27 23:00", "2025-01-27", (CLOSE,)),
        ("2025-01-28 01:00", "2025-01-27", (QUARTER, HOUR, CLOSE)),  # fired as post ended
        ("2025-01-28 03:00", "2025-01-27", (QUARTER, HOUR, CLOSE)),  # at night
        ("2025-01-28 15:00", "2025-01-27", (CLOSE,)),
        ("2025-01-28 21:00", "2025-01-27", (CLOSE, ONE)),  # a story came with the next close
    ],
)
def test_what_was_over_when_it_fired_has_no_outcome(fired: str, session: str, over: tuple[Horizon, ...]) -> None:
    given = alert(fired, session)
    assert tuple(n.horizon for n in without_outcome(given, timetable("XNYS"), given.fired_at)) == over


def test_quotes_are_waited_for_less_long_than_closes() -> None:
    given = alert("2025-01-27 15:00")
    waited = [
        {n.horizon for n in without_outcome(given, timetable("XNYS"), utc(at))}
        for at in ("2025-01-29 15:15", "2025-01-29 15:16", "2025-03-28 21:00", "2025-03-28 21:01", "2025-12-01 00:00")
    ]
    assert waited == [set(), {QUARTER}, {QUARTER, HOUR}, {QUARTER, HOUR, CLOSE}, set(Horizon)]


def test_a_session_beyond_the_calendar_is_not_due() -> None:
    last = timetable("XNYS").all[-1]
    given = alert(f"{last.open_at:%Y-%m-%d %H:%M}")
    assert due_at(given, CLOSE, timetable("XNYS")) == last.close_at
    assert due_at(given, ONE, timetable("XNYS")) is None
