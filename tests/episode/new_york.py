"""New York's sessions from September 2023 to February 2025, written out: these tests need no calendar library."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.core.errors import UsageError
from bot.core.prices.sessions import Session, Timetable

ZONE = ZoneInfo("America/New_York")
CLOSED = {
    *(date(2023, 9, 4), date(2023, 11, 23), date(2023, 12, 25), date(2024, 1, 1), date(2024, 1, 15), date(2024, 2, 19)),
    *(date(2024, 3, 29), date(2024, 5, 27), date(2024, 6, 19), date(2024, 7, 4), date(2024, 9, 2), date(2024, 11, 28)),
    *(date(2024, 12, 25), date(2025, 1, 1), date(2025, 1, 9), date(2025, 1, 20), date(2025, 2, 17)),
}
HALF = {date(2023, 11, 24), date(2024, 7, 3), date(2024, 11, 29), date(2024, 12, 24)}


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
    if exchange not in {"XNAS", "XNYS", "ARCX", "BATS"}:
        raise UsageError(f"no calendar for exchange {exchange!r}")
    return TIMETABLE
