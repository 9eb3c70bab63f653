"""Sessions of exchanges: the regular hours that exchange_calendars knows, and what we know of the others.

Each exchange's sessions are built once, for some whole years around the dates asked for.

The library has no hours outside the regular ones; those are in ``core.prices.exchanges``: New York's pre-market from
04:00, its post-market to 20:00 local time or four hours after an early close (17:00), and its night. For other
exchanges only the regular phase is known, with its lunch break if there is one. Futures trade from the evening before,
17:00 in Chicago, to 16:00.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo

from bot.adapters.calendar.schedule import NotKnownError, continued, schedule
from bot.core.errors import UsageError
from bot.core.prices.exchanges import OutsideHours, outside_hours
from bot.core.prices.sessions import Session, Timetable

CHICAGO = ZoneInfo("America/Chicago")
FUTURES = "XCME"
"""The exchange of futures on American indices."""
PAUSE_STARTS = time(16, 0)
"""From then until the next session opens at 17:00 no future trades; the library has the sessions meet."""
REGULAR_CLOSE = time(16, 0)
"""New York's; a session that closes sooner closes early."""
TICK = datetime.resolution
"""A night that begins as the post-market ends begins this much later: what is stamped 20:00:00 is the latter's."""

SAME_HOURS_AS = {
    "XNAS": "XNYS",
    "XASE": "XNYS",
    "ARCX": "XNYS",
    "BATS": "XNYS",
    "IEXG": "XNYS",
    "OOTC": "XNYS",
    "XTSX": "XTSE",
    "XSHE": "XSHG",
    "XKOS": "XKRX",
    "ROCO": "XTAI",
    "XNSE": "XBOM",
    "XCNQ": "XTSE",
    "NEOE": "XTSE",
    "XBER": "XFRA",
    "XMUN": "XFRA",
    "XHAN": "XFRA",
    "MTAA": "XMIL",
    "BMEX": "XMAD",
    "XVIE": "XWBO",
    "XATH": "ASEX",
    FUTURES: "CMES",
}
"""Exchanges without a calendar in the library, and the ones whose sessions they share."""

EARLIEST, LATEST = date(1970, 1, 1), date(2099, 12, 31)
"""Beyond these dates the library invents sessions for some exchanges."""

GUESSED = 2
"""Years beyond the holidays that the library has recorded in which sessions are guessed: it records those of Mumbai,
Shanghai and Singapore a year at a time, and whoever runs a bot asks for a year ahead."""

MARGIN = timedelta(days=400)
"""Built beyond the dates asked for on either side, so that a slightly longer range needs no new build."""


class ExchangeCalendar:
    """The sessions of all exchanges. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def sessions(self, exchange: str, first: date, last: date) -> Sequence[Session]:
        """The sessions of ``exchange`` (ISO 10383 code) from ``first`` to ``last``, inclusive, oldest first.

        Raises UsageError for an unknown exchange, and for dates beyond the library's holidays.
        """
        return self._around(exchange, first, last).within(first, last) if first <= last else ()

    def timetable(self, exchange: str, first: date, last: date) -> Timetable:
        """Those sessions, and the exchange's time zone. Raises UsageError likewise."""
        known = self._around(exchange, first, last)
        return Timetable(exchange, known.within(first, last), known.zone)

    def recorded_until(self, exchange: str, first: date, last: date) -> date:
        """The last day up to ``last`` whose holidays are recorded; sessions later than that are guessed. Raises
        UsageError likewise."""
        return min(self._around(exchange, first, last).recorded, last)

    def _around(self, exchange: str, first: date, last: date) -> _Known:
        """What is known of an exchange, these dates included."""
        with self._lock:
            known = self._known.get(exchange)
            if known is None or first < known.first or last > known.last:
                known = self._known[exchange] = _extended_to(exchange, first, last, known)
        return known


@dataclass(frozen=True, slots=True)
class _Known:
    """All sessions of one exchange from ``first`` to ``last``, and their dates."""

    first: date
    last: date
    sessions: tuple[Session, ...]
    dates: tuple[date, ...]
    zone: tzinfo
    recorded: date
    """The last day that the library knows; later sessions are guessed."""

    def within(self, first: date, last: date) -> tuple[Session, ...]:
        """The sessions of these dates, both inclusive."""
        return self.sessions[bisect_left(self.dates, first) : bisect_right(self.dates, last)]


def _extended_to(exchange: str, first: date, last: date, known: _Known | None) -> _Known:
    """Sessions for these dates, those known before and a margin, as far as the library has it; of the last years
    guessed where it does not."""
    if first < EARLIEST or last > LATEST:
        raise UsageError(f"{exchange}: no sessions known from {first} to {last}; stay within {EARLIEST} to {LATEST}")
    begin, end = max(first - MARGIN, EARLIEST), min(last + MARGIN, LATEST)
    if known is not None:
        begin, end = min(begin, known.first), max(end, known.last)
    begins = dict.fromkeys((_new_year(begin), _new_year(first), first))
    recorded = (date(last.year - n, 12, 31) for n in range(1, GUESSED + 1))
    ends = dict.fromkeys((_new_years_eve(end), _new_years_eve(last), last, *(day for day in recorded if day >= first)))
    reason = ""
    for until, since in product(ends, begins):
        try:
            return _between(exchange, since, until, max(until, last))
        except NotKnownError as error:
            reason = str(error)
    raise UsageError(
        f"{exchange}: no sessions known from {first} to {last} ({reason}); use fewer years or another exchange"
    )


def _new_year(day: date) -> date:
    return day.replace(month=1, day=1)


def _new_years_eve(day: date) -> date:
    return day.replace(month=12, day=31)


@lru_cache(maxsize=64)
def _between(exchange: str, since: date, until: date, last: date) -> _Known:
    """The sessions of an exchange, those after ``until`` guessed; cached for all calendars in the process."""
    regular = schedule(SAME_HOURS_AS.get(exchange, exchange), since, until)
    sessions = []
    hours = outside_hours(exchange)
    later = continued(regular, until, last) if until < last and regular.sessions else ()
    for day, opened, closed, pause, resume in (*regular.sessions, *later):
        session = Session(exchange, day, opened, opened, closed, closed, pause, resume)
        sessions.append(_extended(session, hours) if hours is not None else _paused(session))
    return _Known(since, last, tuple(sessions), tuple(s.date for s in sessions), ZoneInfo(regular.zone), until)


def _paused(session: Session) -> Session:
    """A session of futures until the daily pause; any other as it is."""
    if session.exchange != FUTURES:
        return session
    closes = min(session.close_at, datetime.combine(session.date, PAUSE_STARTS, CHICAGO).astimezone(UTC))
    return replace(session, close_at=closes, ends_at=closes)


def _extended(session: Session, hours: OutsideHours) -> Session:
    """Add the phases outside the regular hours. The night before a session is that of its own date, so that there is
    none before a holiday, and one on the evening of a holiday before a session."""
    zone, day = ZoneInfo(hours.zone), session.date

    def at(local: time, on: date = day) -> datetime:
        return datetime.combine(on, local, zone).astimezone(UTC)

    pre = min(at(hours.pre_begins), session.open_at)
    ends = at(hours.post_ends) - max(at(REGULAR_CLOSE) - session.close_at, timedelta())
    night = hours.night(day)
    if night is None:
        return replace(session, starts_at=pre, ends_at=ends)
    begins = at(night[0], day - timedelta(days=1))
    return replace(session, starts_at=begins + TICK, night_ends_at=min(at(night[1]), pre), ends_at=ends)
