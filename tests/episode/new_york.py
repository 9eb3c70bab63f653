"""New York's sessions from September 2023 to February 2025, and those elsewhere from July 2024 on, written out: these
tests need no calendar library."""

from __future__ import annotations

from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Elsewhere:
    """The hours of another exchange, in its own time."""

    zone: str
    opens: time
    closes: time
    closed: frozenset[date]
    early: dict[date, time] = field(default_factory=dict)
    evening_before: bool = False

    def session(self, exchange: str, day: date) -> Session:
        """The session dated ``day``."""
        zone = ZoneInfo(self.zone)
        opened = datetime.combine(day - timedelta(days=self.evening_before), self.opens, zone).astimezone(UTC)
        closed = datetime.combine(day, self.early.get(day, self.closes), zone).astimezone(UTC)
        return Session(exchange, day, opened, opened, closed, closed)


def _days(*texts: str) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, texts))


_TOKYO = ("07-15", "08-12", "09-16", "09-23", "10-14", "11-04", "12-31")
_AMERICAN = ("07-04", "09-02", "11-28", "11-29", "12-24")
_EURONEXT = Elsewhere(
    "Europe/Paris",
    time(9),
    time(17, 30),
    _days("2024-12-25", "2024-12-26", "2025-01-01"),
    {date(2024, 12, 24): time(14, 5), date(2024, 12, 31): time(14, 5)},
)
ELSEWHERE = {
    "XTKS": Elsewhere(
        "Asia/Tokyo",
        time(9),
        time(15, 30),
        _days(
            *(f"2024-{d}" for d in _TOKYO),
            *(f"2025-{d}" for d in ("01-01", "01-02", "01-03", "01-13", "02-11", "02-24")),
        ),
        {date(2024, 7, 1) + timedelta(days=n): time(15) for n in range(127)},
    ),
    "XPAR": _EURONEXT,
    "XAMS": _EURONEXT,
    "XCME": Elsewhere(
        "America/Chicago",
        time(17),
        time(16),
        _days("2024-12-25", "2025-01-01", "2025-01-09"),
        {
            **{date.fromisoformat(f"2024-{d}"): time(12) for d in _AMERICAN},
            date(2025, 1, 20): time(12),
            date(2025, 2, 17): time(12),
        },
        evening_before=True,
    ),
}
_TABLES: dict[str, Timetable] = {}


def timetable_of(exchange: str) -> Timetable:
    """New York's timetable, for every American exchange of the episode, and those of the other markets."""
    if exchange in ELSEWHERE:
        if exchange not in _TABLES:
            days = (date(2024, 7, 1) + timedelta(days=n) for n in range(243))
            hours = ELSEWHERE[exchange]
            held = [hours.session(exchange, d) for d in days if d.weekday() < 5 and d not in hours.closed]
            _TABLES[exchange] = Timetable(exchange, held)
        return _TABLES[exchange]
    if exchange not in {"XNAS", "XNYS", "ARCX", "BATS"}:
        raise UsageError(f"no calendar for exchange {exchange!r}")
    return TIMETABLE
