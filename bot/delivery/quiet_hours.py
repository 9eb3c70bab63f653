"""Quiet hours: when a recipient wants only messages that cannot wait. Not in the core, as time zones are files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.core.prices.windows import within_hours

_HOURS = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*(?:-|–|to)\s*(\d{1,2})(?::(\d{2}))?(?:\s+(\S+))?")
_LONGEST = 100
"""Characters."""
_HOW = "write the hours and a time zone, as in 22:00-07:00 Europe/Paris"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``start`` to ``end`` in local time of ``zone``, every day; past midnight if ``end`` is the earlier."""

    start: time
    end: time
    zone: str = "UTC"
    """An IANA time zone; daylight saving time is respected."""

    def covers(self, at: datetime) -> bool:
        """Whether ``at`` (aware) is within, ``start`` inclusive and ``end`` exclusive."""
        return within_hours(at.astimezone(ZoneInfo(self.zone)).time(), self.start, self.end)

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone}"


@lru_cache(maxsize=1024)  # asked of every recipient for every message; finding a zone reads a folder
def parse_quiet_hours(text: str, zone: str = "UTC") -> QuietHours:
    """Parse ``22:00-07:00 Europe/Paris``; ``zone`` is the default. The ValueError says what to write instead."""
    match = _HOURS.fullmatch(" ".join(text.split())) if len(text) <= _LONGEST else None
    if match is None:
        raise ValueError(_HOW)
    first, first_minute, last, last_minute, named = match.groups()
    try:
        start, end = time(int(first), int(first_minute or 0)), time(int(last) % 24, int(last_minute or 0))
        if int(last) > 24:
            raise ValueError
    except ValueError:
        raise ValueError(f"there is no such hour; {_HOW}") from None
    if start == end:
        raise ValueError(f"start and end are the same; {_HOW}, or /stop to get no messages at all")
    return QuietHours(start, end, _known_zone(named or zone))


def _known_zone(name: str) -> str:
    """The zone in the database's spelling. Raises ValueError if there is none."""
    from zoneinfo import available_timezones

    wanted = name.strip().casefold().replace(" ", "_")
    # the name must not reach ZoneInfo unchecked: that reads files by name
    for zone in available_timezones():
        if zone.casefold() == wanted:
            return zone
    raise ValueError(f"no such time zone; {_HOW}")


def quiet_at(hours: str, at: datetime) -> bool:
    """Whether stored quiet hours cover ``at``; false if there are none, or they cannot be parsed any more."""
    if not hours:
        return False
    try:
        return parse_quiet_hours(hours).covers(at)
    except ValueError:
        return False
