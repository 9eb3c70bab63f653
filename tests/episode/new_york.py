"""New York's sessions from September 2023 to February 2025, written out, so that these tests need no calendar library."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.core.sessions import Session, Timetable

ZONE = ZoneInfo("America/New_York")
CLOSED = {
    date.fromisoformat(day)
    for day in (
        "2023-09-04 2023-11-23 2023-12-25 2024-01-01 2024-01-15 2024-02-19 2024-03-29 2024-05-27 2024-06-19 2024-07-04 "
        "2024-09-02 2024-11-28 2024-12-25 2025-01-01 2025-01-09 2025-01-20 2025-02-17"
    ).split()
}
HALF = {date.fromisoformat(day) for day in "2023-11-24 2024-07-03 2024-11-29 2024-12-24".split()}


def session(day: date) -> Session:
    """The session dated ``day``, as if the exchange traded then."""

    def at(hour: int, minute: int = 0) -> datetime:
        return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)

    half = day in HALF
    return Session("XNYS", day, at(4), at(9, 30), at(13) if half else at(16), at(17) if half else at(20))


def sessions(first: date, last: date) -> list[Session]:
    """Every session from ``first`` to ``last``."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [session(day) for day in days if day.weekday() < 5 and day not in CLOSED]


TIMETABLE = Timetable("XNYS", sessions(date(2023, 9, 1), date(2025, 2, 28)))


def timetable_of(exchange: str) -> Timetable:
    """New York's timetable, for every American exchange of the episode."""
    assert exchange in {"XNAS", "XNYS", "ARCX", "BATS"}, exchange
    return TIMETABLE
