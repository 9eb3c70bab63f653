"""An exchange's regular hours as exchange_calendars has them, for a span of dates.

The library is imported on first use: with pandas that takes almost a second, and a calendar up to two (Seoul's). What
it said is kept between runs, see ``kept``.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.adapters.calendar import kept
from bot.core.errors import UsageError

CODE = re.compile("[A-Z0-9]{4}")
USUAL = 20
"""Sessions that show when an exchange usually trades."""


class Hours(NamedTuple):
    """Of one session, in UTC; the break is ``None`` where there is none."""

    day: date
    opens: datetime
    closes: datetime
    break_starts: datetime | None
    break_ends: datetime | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """The sessions of a calendar, oldest first, and the IANA name of its time zone."""

    zone: str
    sessions: tuple[Hours, ...]


class NotKnownError(Exception):
    """The library cannot say which sessions there are in these dates; its text says why."""


@lru_cache(maxsize=64)
def schedule(name: str, since: date, until: date) -> Schedule:
    """The sessions from ``since`` to ``until``, inclusive, of the library's calendar ``name``; shared by exchanges with
    the same hours. Raises UsageError for an unknown calendar, and NotKnownError."""
    if not CODE.fullmatch(name):
        raise _unknown(name)
    found = _from_kept(kept.read(name, since, until))
    if found is None:
        found = _from_library(name, since, until)
        kept.write(name, since, until, _to_keep(found))
    return found


def continued(known: Schedule, after: date, to: date) -> tuple[Hours, ...]:
    """Sessions later than the last day that is known, ``after``: on the weekdays and at the local hours of the latest
    ones. Holidays are taken for sessions, on which nobody trades."""
    zone, latest = ZoneInfo(known.zone), known.sessions[-USUAL:]
    days = {hours.day.weekday() for hours in latest}
    usual, _ = Counter(tuple(_local(at, hours.day, zone) for at in hours[1:]) for hours in latest).most_common(1)[0]
    made = []
    for n in range(1, (to - after).days + 1):
        day = after + timedelta(days=n)
        if day.weekday() in days:
            opens, closes, *pause = (
                at if at is None else (datetime.combine(day, time()) + at).replace(tzinfo=zone).astimezone(UTC)
                for at in usual
            )
            assert opens is not None
            assert closes is not None
            made.append(Hours(day, opens, closes, *pause))
    return tuple(made)


def _local(at: datetime | None, day: date, zone: ZoneInfo) -> timedelta | None:
    """A moment as the time passed since midnight there; negative for a session that opens the evening before."""
    return at if at is None else at.astimezone(zone).replace(tzinfo=None) - datetime.combine(day, time())


def _from_library(name: str, since: date, until: date) -> Schedule:
    # exchange_calendars 4.13 uses what pandas 3.1 deprecates; some warnings name pandas' own modules
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(exchange_calendars|pandas)(\.|$)")
    import exchange_calendars as library

    if name not in library.get_calendar_names(include_aliases=False):
        raise _unknown(name)
    try:
        calendar = library.get_calendar(name, start=since.isoformat(), end=until.isoformat())
    except library.errors.NoSessionsError:
        return Schedule("UTC", ())
    except (ValueError, NotImplementedError, library.errors.CalendarError) as error:
        # beyond the recorded holidays, or an exchange the library cannot build
        raise NotKnownError(str(error).split("\n")[0][:160].rstrip(". ")) from error
    table = calendar.schedule
    opens, closes, breaks, ends = (_moments(table[c]) for c in ("open", "close", "break_start", "break_end"))
    return Schedule(
        str(calendar.tz),
        tuple(
            Hours(stamp.date(), opened, closed, pause, resume)
            for stamp, opened, closed, pause, resume in zip(table.index, opens, closes, breaks, ends, strict=True)
            if opened is not None and closed is not None
        ),
    )


def _moments(column: Any) -> list[datetime | None]:
    """A column of timestamps as aware UTC datetimes or ``None``; via seconds, forty times faster than pandas' own."""
    missing = column.isna().to_numpy()
    seconds = column.dt.tz_convert(None).to_numpy().astype("datetime64[s]").astype("int64")
    return [
        None if absent else datetime.fromtimestamp(value, UTC)
        for absent, value in zip(missing.tolist(), seconds.tolist(), strict=True)
    ]


def _unknown(name: str) -> UsageError:
    import exchange_calendars as library

    # the library also takes aliases (NYSE), but under one New York would have no pre-market
    known = library.get_calendar_names(include_aliases=True)
    meant = library.resolve_alias(name) if name in known else ""
    advice = f"write {meant}" if CODE.fullmatch(meant) else "such as XNYS, XNAS, XLON, XPAR, XTKS or XHKG"
    return UsageError(f"no exchange {name!r}; use its ISO 10383 code, {advice}")


def _to_keep(made: Schedule) -> dict[str, Any]:
    """The zone, and each session's day and times by the clock there: the law may move that clock."""
    zone = ZoneInfo(made.zone)
    return {
        "zone": made.zone,
        "sessions": [
            [hours.day.isoformat(), *(at and at.astimezone(zone).replace(tzinfo=None).isoformat() for at in hours[1:])]
            for hours in made.sessions
        ],
    }


def _from_kept(found: Any) -> Schedule | None:
    """The same read back; ``None`` for anything else."""
    try:
        zone = ZoneInfo(found["zone"])

        def moment(there: str) -> datetime:
            return datetime.fromisoformat(there).replace(tzinfo=zone).astimezone(UTC)

        sessions = tuple(
            Hours(date.fromisoformat(day), moment(opens), moment(closes), *(at and moment(at) for at in pause))
            for day, opens, closes, *pause in found["sessions"]
        )
    except (LookupError, TypeError, ValueError, OverflowError, OSError):
        return None
    in_order = all(before.closes <= after.opens and before.day < after.day for before, after in pairwise(sessions))
    return Schedule(str(zone), sessions) if in_order else None
