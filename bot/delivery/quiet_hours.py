"""Quiet hours: when a recipient wants no message that can wait. Beside the core: time zones are read from files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from bot.core.prices.windows import within_hours

_HOURS = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*(?:-|–|to)\s*(\d{1,2})(?::(\d{2}))?(?:\s+(\S+))?")
_HOW = "write the hours and a time zone, as in 22:00-07:00 Europe/Paris"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``start`` to ``end`` on the clocks of ``zone``, every day; past midnight where ``end`` is the earlier."""

    start: time
    end: time
    zone: str = "UTC"
    """An IANA time zone: its summer time is followed."""

    def covers(self, at: datetime) -> bool:
        """Whether ``at`` (aware) lies within: ``start`` does, ``end`` does not."""
        return within_hours(at.astimezone(ZoneInfo(self.zone)).time(), self.start, self.end)

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone}"


def parse_quiet_hours(text: str, zone: str = "UTC") -> QuietHours:
    """``22:00-07:00 Europe/Paris``; without a zone, ``zone``. ValueError says what to write instead."""
    match = _HOURS.fullmatch(" ".join(text.split()))
    if match is None:
        raise ValueError(_HOW)
    first, first_minute, last, last_minute, named = match.groups()
    try:
        start, end = time(int(first), int(first_minute or 0)), time(int(last) % 24, int(last_minute or 0))
        if int(last) > 24:
            raise ValueError
    except ValueError:
        raise ValueError(f"a day has no such hour; {_HOW}") from None
    if start == end:
        raise ValueError(f"that is no time, or all of it; {_HOW}, or /stop for none at all")
    return QuietHours(start, end, known_zone(named or zone))


def known_zone(name: str) -> str:
    """The zone as its database spells it. ValueError for one nobody knows."""
    from zoneinfo import available_timezones

    wanted = name.strip().casefold().replace(" ", "_")
    # never handed to ZoneInfo as it came: that reads files by name
    found = next((zone for zone in available_timezones() if zone.casefold() == wanted), None)
    if found is None:
        raise ValueError(f"no such time zone; {_HOW}")
    return found


def quiet_at(hours: str, at: datetime) -> bool:
    """Whether stored quiet hours cover ``at``; never where there are none, or where they no longer read."""
    if not hours:
        return False
    try:
        return parse_quiet_hours(hours).covers(at)
    except ValueError:
        return False
