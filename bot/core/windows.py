"""Spans of time as rules say them: ``30m``, ``5 sessions``, ``previous close``, ``high of 20 sessions``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.sessions import Timetable

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"^(\d+(?:\.\d+)?)\s*([smhdw])$")
_SESSIONS = re.compile(r"^(\d+)\s+sessions?$")
_EXTREME = re.compile(r"^(high|low) of (\d+) sessions?$")


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: a number of sessions, or a duration. Exactly one of the two is set."""

    sessions: int | None = None
    duration: timedelta | None = None

    def start(self, now: datetime, timetable: Timetable) -> datetime | None:
        """Where a window of this length that ends at ``now`` begins.

        ``N sessions`` begins at the regular close of the Nth session before the current one on this exchange;
        ``None`` where the calendar does not reach back so far.
        """
        if self.duration is not None:
            return now - self.duration
        session = timetable.current(now)
        return timetable.window_start(session, self.sessions or 0) if session else None

    def __str__(self) -> str:
        if self.duration is not None:
            return format_duration(self.duration)
        return f"{self.sessions} session{'' if self.sessions == 1 else 's'}"


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
                return f"{self.count} session{'' if self.count == 1 else 's'}"
            case "high" | "low":
                return f"{self.kind} of {self.count} session{'' if self.count == 1 else 's'}"
            case _:
                return self.kind


def parse_duration(text: str) -> timedelta:
    """``90s``, ``30m``, ``2h``, ``5d`` or ``1w``. Raises ValueError saying what to write."""
    if (found := _DURATION.match(text.strip())) and float(found[1]) > 0:
        return timedelta(seconds=float(found[1]) * _UNITS[found[2]])
    raise ValueError(f"{text!r} is not a duration; write a number and s, m, h, d or w, as 30m")


def parse_span(text: str) -> Span:
    """``5 sessions`` or a duration. Raises ValueError saying what to write."""
    if found := _SESSIONS.match(" ".join(text.split())):
        if int(found[1]) < 1:
            raise ValueError(f"{text!r} is no time at all; write at least 1 session")
        return Span(sessions=int(found[1]))
    try:
        return Span(duration=parse_duration(text))
    except ValueError:
        raise ValueError(f"{text!r} is neither sessions nor a duration; write as '5 sessions' or '2h'") from None


def parse_since(text: str) -> Since:
    """The reference ``text`` names. Raises ValueError listing what can be written."""
    folded = " ".join(text.split())
    if folded in ("previous close", "open", "story"):
        return Since(folded)
    if found := _EXTREME.match(folded):
        return Since(found[1], count=int(found[2]))
    try:
        span = parse_span(folded)
    except ValueError:
        raise ValueError(
            f"{text!r} is not something a price can be measured since; write 'previous close', 'open', a duration as "
            "'30m', '3 sessions', 'high of 20 sessions', 'low of 20 sessions' or 'story'"
        ) from None
    if span.duration is not None:
        return Since("duration", duration=span.duration)
    return Since("sessions", count=span.sessions or 0)


def format_duration(duration: timedelta) -> str:
    """The shortest way to write ``duration`` that ``parse_duration`` reads back: ``90s``, ``2h``, ``5d``."""
    seconds = duration.total_seconds()
    for unit in ("w", "d", "h", "m"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:g}{unit}"
    return f"{seconds:g}s"
