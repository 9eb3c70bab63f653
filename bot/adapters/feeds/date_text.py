"""A date as feeds write it: RFC 822 and 850, ISO 8601, what C and Unix print, and how people write one.

A text is read whole or not at all: a date that is half understood and filled up from elsewhere makes a story of today
an old one. Where two readings are possible (``3/4/2025``), there is no date.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_LONGEST = 100
"""Characters of a date, at most."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAY = r"(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?"
_MONTH = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>\d{1,2})"
_YEAR = r"(?P<year>\d{4})"
_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?(?![a-z]))?"
)
_BASIC_TIME = r"(?P<hour>\d{2})(?P<minute>\d{2})(?:(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
_ZONE = r"(?P<zone>[a-z]{1,5})?\s*(?P<offset>[+-]\d{1,2}(?::?\d{2})?)?(?:\s*(?P<again>[a-z]{1,5}))?"
_CLOCK = rf"(?:(?:\s*,\s*|\s+|\s*t\s*)(?:at\s+)?{_TIME}\s*{_ZONE})?"

_FORMS = tuple(
    re.compile(form)
    for form in (
        # Mon, 27 Jan 2025 10:00:00 +0000; Monday, 27-Jan-25 10:00:00 GMT; 27th January 2025
        rf"(?:{_WEEKDAY}\s*[.,]*\s*)?{_DAY}(?:st|nd|rd|th)?[\s-]+(?:of\s+)?{_MONTH}\s*[\s,-]\s*(?P<year>\d{{4}}|\d{{2}})"
        + _CLOCK,
        # January 27, 2025 10:00 AM EST
        rf"(?:{_WEEKDAY}\s*[.,]*\s*)?{_MONTH}\s*{_DAY}(?:st|nd|rd|th)?\s*[,\s]\s*{_YEAR}{_CLOCK}",
        # Mon Jan 27 10:00:00 2025, and with a zone before the year
        rf"(?:{_WEEKDAY}\s*,?\s+)?{_MONTH}\s+{_DAY}\s+{_TIME}\s*{_ZONE}\s+{_YEAR}",
        # 2025-01-27T10:00:00.123Z; 2025/1/27 10:00; 2025年1月27日 10:00
        rf"{_YEAR}(?P<mark>[-/.年])\s*(?P<month>\d{{1,2}})(?:(?P=mark)|月)\s*{_DAY}日?{_CLOCK}",
        # 20250127T100000Z
        rf"{_YEAR}(?P<month>\d{{2}})(?P<day>\d{{2}})(?:t?{_BASIC_TIME}\s*{_ZONE})?",
        # 27.1.2025
        rf"{_DAY}\.\s*(?P<month>\d{{1,2}})\.\s*{_YEAR}{_CLOCK}",
        # 27/01/2025 or 01/27/2025: which is the day is left to the numbers
        rf"(?P<either>\d{{1,2}})(?P<mark>[/-])(?P<other>\d{{1,2}})(?P=mark){_YEAR}{_CLOCK}",
    )
)

_HOURS: dict[str, float] = {
    **dict.fromkeys(("", "z", "ut", "utc", "gmt", "wet"), 0),
    # RFC 822
    **{"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7},
    # the rest of America
    **{"nst": -3.5, "ndt": -2.5, "ast": -4, "adt": -3, "akst": -9, "akdt": -8, "hst": -10, "brt": -3, "art": -3},
    # Europe and Africa; BST is British summer time
    **{"bst": 1, "west": 1, "cet": 1, "cest": 2, "met": 1, "mest": 2, "mez": 1, "mesz": 2, "eet": 2, "eest": 3},
    **{"msk": 3, "trt": 3, "wat": 1, "cat": 2, "sast": 2, "eat": 3},
    # Asia; IST is Indian standard time
    **{"gst": 4, "pkt": 5, "ist": 5.5, "npt": 5.75, "ict": 7, "wib": 7, "hkt": 8, "sgt": 8, "pht": 8, "myt": 8},
    **{"jst": 9, "kst": 9},
    # Australia and New Zealand
    **{"awst": 8, "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13},
}
"""Hours ahead of UTC. Of names that several places use, the one of RFC 822, else the one that news is written in."""
_PLACES = {"et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles"}
"""Names for a place's time whether it is summer there or not."""
_FURTHEST = timedelta(hours=14)


def read_date(text: str) -> datetime | None:
    """The date and time that ``text`` states; aware UTC. ``None`` where any part of it is not understood.

    A bare date is midnight, a time without a zone is UTC, a leap second is the one before it; digits alone are seconds
    or milliseconds since 1970.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST or not all(c.isascii() or c in "年月日" for c in text):
        return None
    if text.isdigit() and len(text) in (9, 10, 13):
        return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC)
    plain = " ".join(re.sub(r"\([^()]*\)", " ", text).lower().split())
    for form in _FORMS:
        if found := form.fullmatch(plain):
            try:
                return _moment({name: part or "" for name, part in found.groupdict().items()})
            except (ValueError, OverflowError):  # no such day, time or offset
                return None
    return None


def _moment(parts: dict[str, str]) -> datetime:
    """Raises ValueError or OverflowError where there is no such moment."""
    month, day = _month_and_day(parts)
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    midnight = datetime(_year(parts["year"]), month, day, tzinfo=UTC)
    if half := parts.get("half", ""):
        if not 1 <= hour <= 12:
            raise ValueError(f"{hour} o'clock {half}m")
        hour = hour % 12 + (12 if half == "p" else 0)
    if (hour > 23 or minute > 59 or second > 60) and (hour, minute, second) != (24, 0, 0):
        raise ValueError("no such time")
    micro = int(parts["fraction"][:6].ljust(6, "0")) if parts["fraction"] else 0
    time = timedelta(hours=hour, minutes=minute, seconds=min(second, 59), microseconds=micro)
    local = midnight + time
    return local - _ahead(parts, local)


def _month_and_day(parts: dict[str, str]) -> tuple[int, int]:
    if name := parts.get("name"):
        return _MONTHS.index(name[:3]) + 1, int(parts["day"])
    if "either" not in parts:
        return int(parts["month"]), int(parts["day"])
    either, other = int(parts["either"]), int(parts["other"])
    if either == other or other > 12:
        return either, other
    if either > 12:
        return other, either
    raise ValueError("day or month")


def _year(text: str) -> int:
    """Two digits as in RFC 5322, 4.3."""
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 50 else 1900)


def _ahead(parts: dict[str, str], local: datetime) -> timedelta:
    """How far the stated zone is ahead of UTC when its clocks show ``local``. Raises ValueError for an unknown one."""
    zone, offset, again = parts["zone"], parts["offset"], parts["again"]
    if offset:  # alone, after UTC or GMT, or with its name after it
        if _HOURS.get(zone) != 0 or again not in _HOURS:
            raise ValueError("two zones")
        digits = offset[1:].replace(":", "")
        hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
        ahead = timedelta(hours=hours, minutes=minutes)
        if minutes > 59 or ahead > _FURTHEST:
            raise ValueError("no such offset")
        return -ahead if offset[0] == "-" else ahead
    if zone in _PLACES and not again:
        return local.replace(tzinfo=ZoneInfo(_PLACES[zone])).utcoffset() or timedelta()
    if zone not in _HOURS or again:
        raise ValueError("no such zone")
    return timedelta(hours=_HOURS[zone])
