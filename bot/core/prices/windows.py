"""Spans of time and references as rules write them: ``30m``, ``5 sessions``, ``previous close``, ``open``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.core.prices.sessions import Timetable
from bot.core.text.wording import count

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)\Z")
_SESSIONS = re.compile(r"([0-9]{1,9})\s+sessions?\Z")
_EXTREME = re.compile(r"(high|low) of ([0-9]{1,9}) sessions?\Z")
_AT_LENGTH = {
    word: unit
    for unit, words in {
        "s": "sec secs second seconds",
        "m": "min mins minute minutes",
        "h": "hr hrs hour hours",
        "d": "day days",
        "w": "week weeks",
    }.items()
    for word in words.split()
}
"""Units as people write them elsewhere: one way is read, and these are told which."""
_HOW_LONG = "write a number and s, m, h, d or w, as in 90s, 30m, 2h, 5d"
LONGEST = timedelta(days=3660)
"""Longer durations are mistakes."""
LONGEST_PAUSE = timedelta(days=4)
"""How much holidays may add to the span of a few sessions, beyond weekends."""


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: a number of sessions, or a duration. Exactly one of the two is set."""

    sessions: int | None = None
    duration: timedelta | None = None

    def start(self, now: datetime, timetable: Timetable) -> datetime | None:
        """The start of a window of this length that ends at ``now``.

        ``N sessions`` starts at the regular close of the Nth session before the current one; ``None`` where the
        calendar does not reach back so far.
        """
        if self.duration is not None:
            return now - self.duration
        session = timetable.current(now)
        return timetable.window_start(session, self.sessions or 0) if session else None

    @property
    def longest(self) -> timedelta:
        """An upper bound in time: five sessions a week, and the longest pause of an exchange."""
        if self.duration is not None:
            return self.duration
        return LONGEST_PAUSE + timedelta(days=math.ceil((self.sessions or 0) * 7 / 5))

    def __str__(self) -> str:
        if self.duration is not None:
            return format_duration(self.duration)
        return count(self.sessions or 0, "session")


@dataclass(frozen=True, slots=True)
class Since:
    """What a price is measured against."""

    kind: str
    """``previous close``, ``open``, ``duration``, ``sessions``, ``high``, ``low`` or ``story``."""
    count: int = 0
    duration: timedelta | None = None

    def __str__(self) -> str:
        match self.kind:
            case "duration":
                return format_duration(self.duration or timedelta())
            case "sessions":
                return count(self.count, "session")
            case "high" | "low":
                return f"{self.kind} of {count(self.count, 'session')}"
            case _:
                return self.kind


def parse_duration(text: str) -> timedelta:
    """``90s``, ``30m``, ``2h``, ``5d`` or ``1w``; more than zero. Raises ValueError saying what to write."""
    duration = parse_duration_or_zero(text)
    if not duration:
        raise ValueError(f"'{text}' is zero; {_HOW_LONG}")
    return duration


def parse_duration_or_zero(text: str) -> timedelta:
    """As ``parse_duration``, zero included."""
    found = _DURATION.match(text.strip())
    if found is None:
        raise ValueError(f"'{text}' is not a duration; {_HOW_LONG}")
    if short := _short(text):
        raise ValueError(short)
    if found[2] not in _UNITS:
        raise ValueError(f"'{found[2]}' is not a unit of time; {_HOW_LONG}")
    seconds = float(found[1]) * _UNITS[found[2]]
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"'{text}' is longer than ten years; write less")
    return timedelta(seconds=seconds)


def parse_span(text: str) -> Span:
    """``5 sessions`` or a duration. Raises ValueError saying what to write."""
    if found := _SESSIONS.match(" ".join(text.split())):
        if int(found[1]) < 1:
            raise ValueError(f"'{text}' is zero; write at least 1 session")
        return Span(sessions=int(found[1]))
    try:
        return Span(duration=parse_duration(text))
    except ValueError:
        raise ValueError(
            _short(text) or f"'{text}' is neither sessions nor a duration; write '5 sessions' or '2h', for example"
        ) from None


def _short(text: str) -> str:
    """What to write for a duration with its unit at length; empty for anything else."""
    found = _DURATION.match(text.strip())
    unit = _AT_LENGTH.get(found[2]) if found else None
    return f"'{text}' is not how durations are written; write {found[1]}{unit}" if found and unit else ""


def parse_since(text: str) -> Since:
    """A reference. Raises ValueError listing what can be written."""
    folded = " ".join(text.split())
    if folded in ("previous close", "open", "story"):
        return Since(folded)
    if found := _EXTREME.match(folded):
        if int(found[2]) < 1:
            raise ValueError(f"'{text}' is zero; write at least 1 session")
        return Since(found[1], count=int(found[2]))
    try:
        span = parse_span(folded)
    except ValueError:
        raise ValueError(
            _short(text)
            or f"'{text}' is not a reference price; write 'previous close', 'open', a duration such as "
            "'30m', '3 sessions', 'high of 20 sessions', 'low of 20 sessions' or 'story'"
        ) from None
    if span.duration is not None:
        return Since("duration", duration=span.duration)
    return Since("sessions", count=span.sessions or 0)


def within_hours(at: time, start: time, end: time) -> bool:
    """Whether ``start <= at < end``; the hours cross midnight where ``end`` is not later than ``start``."""
    return start <= at < end if start < end else at >= start or at < end


def format_duration(duration: timedelta) -> str:
    """In the largest unit that divides it, ``90s`` or ``2h``, so that ``parse_duration`` reads it back exactly."""
    seconds = duration.total_seconds()
    for unit in ("w", "d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{int(seconds // _UNITS[unit])}{unit}"
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"
