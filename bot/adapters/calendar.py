"""Sessions of exchanges, from exchange_calendars.

The library is imported with the first question, not before: with pandas it takes the better part of a second. Each
exchange is then built once, for a span of years around what was asked, and kept.

Pre and post phases are not in the library. New York has 04:00 to 20:00 local; on a half-session post ends four hours
after the early close (17:00). Everywhere else only the regular phase is known, with its lunch break where there is one.
"""

from __future__ import annotations

import re
import threading
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.errors import UsageError
from bot.core.prices.sessions import Session

NEW_YORK = ZoneInfo("America/New_York")
EXTENDED = frozenset({"XNYS", "XNAS", "XASE", "ARCX", "BATS", "IEXG"})
"""Exchanges with New York's pre and post phases."""
PRE_STARTS = time(4, 0)
REGULAR_CLOSE = time(16, 0)
POST_LASTS = timedelta(hours=4)

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
}
"""Codes that keep another exchange's sessions and have no calendar of their own in the library."""

EARLIEST, LATEST = date(1970, 1, 1), date(2099, 12, 31)
"""Outside these the library still answers, for some exchanges, with sessions nobody ever held or planned."""

CODE = re.compile("[A-Z0-9]{4}")

MARGIN = timedelta(days=400)
"""Built beyond what was asked on either side, so that a slightly longer question does not build anew."""


class ExchangeCalendar:
    """Implements the port ``Calendar``. Safe to ask from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._built: dict[str, _Built] = {}

    def sessions(self, exchange: str, first: date, last: date) -> Sequence[Session]:
        """The sessions of ``exchange`` (ISO 10383 code) from ``first`` to ``last``, inclusive, oldest first.

        Raises UsageError for an exchange nobody knows, and where the library's holidays do not reach that far.
        """
        if last < first:
            return ()
        with self._lock:
            built = self._built.get(exchange)
            if built is None or first < built.first or last > built.last:
                built = _build(exchange, first, last, built)
                self._built[exchange] = built
        return built.sessions[bisect_left(built.dates, first) : bisect_right(built.dates, last)]


class _Built:
    """One exchange's sessions over a span that is known to be whole."""

    __slots__ = ("dates", "first", "last", "sessions")

    def __init__(self, first: date, last: date, sessions: tuple[Session, ...]) -> None:
        self.first = first
        self.last = last
        self.sessions = sessions
        self.dates = [s.date for s in sessions]


def _library() -> Any:
    # exchange_calendars 4.13 uses what pandas 3.1 deprecates, and pandas blames itself for it (its own module is the
    # one warned about); nothing a reader of our output could do about either
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(exchange_calendars|pandas)(\.|$)")
    import exchange_calendars

    return exchange_calendars


def _build(exchange: str, first: date, last: date, known: _Built | None) -> _Built:
    """Sessions for the span asked, what was known before, and a margin; the margin is given up where it is too far."""
    library = _library()
    name = _calendar_name(library, exchange)
    if first < EARLIEST or last > LATEST:
        raise UsageError(f"{exchange}: no sessions known from {first} to {last}; ask within {EARLIEST} to {LATEST}")
    begin, end = max(first - MARGIN, EARLIEST), min(last + MARGIN, LATEST)
    if known is not None:
        begin, end = min(begin, known.first), max(end, known.last)
    trouble: Exception | None = None
    for since, until in ((begin, end), (begin, last), (first, end), (first, last)):
        try:
            sessions = _sessions(exchange, name, since, until)
        except library.errors.NoSessionsError:
            return _Built(since, until, ())
        except (ValueError, NotImplementedError, library.errors.CalendarError) as error:
            trouble = error  # recorded holidays end here, or the library has no way to build this exchange
            continue
        return _Built(since, until, sessions)
    reason = str(trouble).split("\n")[0][:160].rstrip(". ")
    raise UsageError(
        f"{exchange}: no sessions known from {first} to {last} ({reason}); ask for fewer years or another exchange"
    ) from trouble


def _calendar_name(library: Any, exchange: str) -> str:
    name = SAME_HOURS_AS.get(exchange, exchange)
    if name in library.get_calendar_names(include_aliases=False) and CODE.fullmatch(name):
        return name
    # the library answers to nicknames (NYSE); we do not, or New York under one of them would lose its pre phase
    known = library.get_calendar_names(include_aliases=True)
    meant = library.resolve_alias(exchange) if exchange in known else ""
    advice = f"write {meant}" if CODE.fullmatch(meant) else "such as XNYS, XNAS, XLON, XPAR, XTKS or XHKG"
    raise UsageError(f"no exchange {exchange!r}; exchanges go by their ISO 10383 code, {advice}")


@lru_cache(maxsize=64)
def _sessions(exchange: str, name: str, since: date, until: date) -> tuple[Session, ...]:
    """Sessions of ``exchange`` by the library's calendar ``name``. The same question has the same answer, so that many
    calendars in one process (a test suite, rules tried one after another) build it once."""
    sessions = []
    for day, opened, closed, pause, resume in _schedule(name, since, until):
        session = Session(exchange, day, opened, opened, closed, closed, pause, resume)
        sessions.append(_extended(session) if exchange in EXTENDED else session)
    return tuple(sessions)


@lru_cache(maxsize=16)
def _schedule(
    name: str, since: date, until: date
) -> tuple[tuple[date, datetime, datetime, datetime | None, datetime | None], ...]:
    """Date, open, close and the break of each session; exchanges that keep the same hours share it."""
    schedule = _library().get_calendar(name, start=since.isoformat(), end=until.isoformat()).schedule
    opens, closes, breaks, ends = (_moments(schedule[c]) for c in ("open", "close", "break_start", "break_end"))
    return tuple(
        (stamp.date(), opened, closed, pause, resume)
        for stamp, opened, closed, pause, resume in zip(schedule.index, opens, closes, breaks, ends, strict=True)
        if opened is not None and closed is not None
    )


def _moments(column: Any) -> list[datetime | None]:
    """A column of timestamps as aware UTC datetimes; ``None`` where there is none.

    By way of whole seconds, which is forty times faster than asking pandas for datetimes one by one.
    """
    missing = column.isna().to_numpy()
    seconds = column.dt.tz_convert(None).to_numpy().astype("datetime64[s]").astype("int64")
    return [
        None if absent else datetime.fromtimestamp(value, UTC)
        for absent, value in zip(missing.tolist(), seconds.tolist(), strict=True)
    ]


def _extended(session: Session) -> Session:
    """With New York's pre phase, and post until four hours after the close: 20:00, or 17:00 after an early close."""
    starts = datetime.combine(session.date, PRE_STARTS, NEW_YORK).astimezone(UTC)
    regular = datetime.combine(session.date, REGULAR_CLOSE, NEW_YORK).astimezone(UTC)
    ends = min(session.close_at, regular) + POST_LASTS
    return replace(session, starts_at=min(starts, session.open_at), ends_at=ends)
