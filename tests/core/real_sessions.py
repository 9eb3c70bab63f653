"""Real timetables of five exchanges, built once, and the dates on which sessions are not as usual."""

from __future__ import annotations

from datetime import date
from functools import cache

from bot.adapters.calendar import ExchangeCalendar
from bot.core.prices.sessions import Session, Timetable

EXCHANGES = ("XNYS", "XLON", "XPAR", "XTKS", "XHKG")
FIRST, LAST = date(2024, 9, 2), date(2025, 12, 31)
UNUSUAL = (
    date(2024, 11, 4),  # New York a week after Europe left summer time
    date(2024, 11, 29),  # half-session after Thanksgiving
    date(2024, 12, 24),  # half-sessions in New York, London, Paris, Hong Kong
    date(2024, 12, 27),
    date(2025, 1, 6),  # Tokyo's first session of the year
    date(2025, 1, 10),  # after 9 January 2025, when New York mourned
    date(2025, 1, 27),
    date(2025, 2, 4),  # Hong Kong after the New Year holidays
    date(2025, 3, 10),  # New York on summer time, Europe not yet
    date(2025, 3, 31),  # Europe on summer time
    date(2025, 4, 22),  # after Easter
    date(2025, 7, 3),  # half-session before Independence Day
    date(2025, 10, 27),  # Europe off summer time, New York not yet
)

_CALENDAR = ExchangeCalendar()


@cache
def timetable(exchange: str) -> Timetable:
    """The exchange's sessions from ``FIRST`` to ``LAST``."""
    return Timetable(exchange, _CALENDAR.sessions(exchange, FIRST, LAST))


@cache
def around(exchange: str, day: date, back: int = 8) -> tuple[Session, ...]:
    """The session on ``day`` or the next one, with the ``back`` sessions before it, oldest first."""
    sessions = timetable(exchange).all
    last = next(i for i, s in enumerate(sessions) if s.date >= day)
    return sessions[last - back : last + 1]
