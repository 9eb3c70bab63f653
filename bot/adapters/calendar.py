"""Sessions of exchanges, from exchange_calendars.

The library is imported on first use: with pandas that takes almost a second. Each exchange's sessions are built once,
for some years around the dates asked for, and kept.

The library has no hours outside the regular ones; those are in ``core.prices.exchanges``: New York's pre-market from
04:00, its post-market to 20:00 local time or four hours after an early close (17:00), and its night. For other
exchanges only the regular phase is known, with its lunch break if there is one. Futures trade from the evening before,
17:00 in Chicago, to 16:00.
"""

from __future__ import annotations

import re
import threading
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.errors import UsageError
from bot.core.prices.exchanges import OutsideHours, outside_hours
from bot.core.prices.sessions import Session

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

CODE = re.compile("[A-Z0-9]{4}")

MARGIN = timedelta(days=400)
"""Built beyond the dates asked for on either side, so that a slightly longer range needs no new build."""


class ExchangeCalendar:
    """The sessions of all exchanges. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._built: dict[str, _Built] = {}

    def sessions(self, exchange: str, first: date, last: date) -> Sequence[Session]:
        """The sessions of ``exchange`` (ISO 10383 code) from ``first`` to ``last``, inclusive, oldest first.

        Raises UsageError for an unknown exchange, and for dates beyond the library's holidays.
        """
        if last < first:
            return ()
        with self._lock:
            built = self._built.get(exchange)
            if built is None or first < built.first or last > built.last:
                built = _build(exchange, first, last, built)
                self._built[exchange] = built
        return built.sessions[bisect_left(built.dates, first) : bisect_right(built.dates, last)]

    @staticmethod
    def zone(exchange: str) -> tzinfo:
        """The time zone of ``exchange``. Raises UsageError for an unknown one."""
        return _zone(_calendar_name(_library(), exchange))


@dataclass(frozen=True, slots=True)
class _Built:
    """All sessions of one exchange from ``first`` to ``last``, and their dates."""

    first: date
    last: date
    sessions: tuple[Session, ...]
    dates: tuple[date, ...]


def _library() -> Any:
    # exchange_calendars 4.13 uses what pandas 3.1 deprecates; some warnings name pandas' own modules
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(exchange_calendars|pandas)(\.|$)")
    import exchange_calendars

    return exchange_calendars


def _build(exchange: str, first: date, last: date, known: _Built | None) -> _Built:
    """Sessions for these dates, those known before and a margin, which is dropped if the library does not have it."""
    library = _library()
    name = _calendar_name(library, exchange)
    if first < EARLIEST or last > LATEST:
        raise UsageError(f"{exchange}: no sessions known from {first} to {last}; stay within {EARLIEST} to {LATEST}")
    begin, end = max(first - MARGIN, EARLIEST), min(last + MARGIN, LATEST)
    if known is not None:
        begin, end = min(begin, known.first), max(end, known.last)
    failure: Exception | None = None
    for since, until in ((begin, end), (begin, last), (first, end), (first, last)):
        try:
            sessions = _sessions(exchange, name, since, until)
        except library.errors.NoSessionsError:
            sessions = ()
        except (ValueError, NotImplementedError, library.errors.CalendarError) as error:
            failure = error  # beyond the recorded holidays, or an exchange the library cannot build
            continue
        return _Built(since, until, sessions, tuple(s.date for s in sessions))
    reason = str(failure).split("\n")[0][:160].rstrip(". ")
    raise UsageError(
        f"{exchange}: no sessions known from {first} to {last} ({reason}); use fewer years or another exchange"
    ) from failure


def _calendar_name(library: Any, exchange: str) -> str:
    name = SAME_HOURS_AS.get(exchange, exchange)
    if name in library.get_calendar_names(include_aliases=False) and CODE.fullmatch(name):
        return name
    # the library also takes aliases (NYSE), but under one New York would have no pre-market
    known = library.get_calendar_names(include_aliases=True)
    meant = library.resolve_alias(exchange) if exchange in known else ""
    advice = f"write {meant}" if CODE.fullmatch(meant) else "such as XNYS, XNAS, XLON, XPAR, XTKS or XHKG"
    raise UsageError(f"no exchange {exchange!r}; use its ISO 10383 code, {advice}")


@lru_cache(maxsize=64)
def _sessions(exchange: str, name: str, since: date, until: date) -> tuple[Session, ...]:
    """The sessions of ``exchange`` by the library's calendar ``name``; cached for all calendars in the process."""
    sessions = []
    hours = outside_hours(exchange)
    for day, opened, closed, pause, resume in _schedule(name, since, until):
        session = Session(exchange, day, opened, opened, closed, closed, pause, resume)
        sessions.append(_extended(session, hours) if hours is not None else _paused(session))
    return tuple(sessions)


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    return ZoneInfo(str(_library().get_calendar(name, start="2024-01-02", end="2024-01-31").tz))


@lru_cache(maxsize=16)
def _schedule(
    name: str, since: date, until: date
) -> tuple[tuple[date, datetime, datetime, datetime | None, datetime | None], ...]:
    """Date, open, close and break of each session; shared by exchanges with the same hours."""
    schedule = _library().get_calendar(name, start=since.isoformat(), end=until.isoformat()).schedule
    opens, closes, breaks, ends = (_moments(schedule[c]) for c in ("open", "close", "break_start", "break_end"))
    return tuple(
        (stamp.date(), opened, closed, pause, resume)
        for stamp, opened, closed, pause, resume in zip(schedule.index, opens, closes, breaks, ends, strict=True)
        if opened is not None and closed is not None
    )


def _moments(column: Any) -> list[datetime | None]:
    """A column of timestamps as aware UTC datetimes or ``None``; via seconds, forty times faster than pandas' own."""
    missing = column.isna().to_numpy()
    seconds = column.dt.tz_convert(None).to_numpy().astype("datetime64[s]").astype("int64")
    return [
        None if absent else datetime.fromtimestamp(value, UTC)
        for absent, value in zip(missing.tolist(), seconds.tolist(), strict=True)
    ]


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
