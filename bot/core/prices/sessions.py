"""Sessions of an exchange: phases, "N sessions ago".

Nothing here knows a particular exchange's hours; they come from its calendar. A session is one exchange date with its
pre, regular and post phases. A moment between the post phase and the next pre phase belongs to no session.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from bot.core.model import Phase


@dataclass(frozen=True, slots=True)
class Session:
    """One exchange date. ``starts_at <= open_at < close_at <= ends_at``; equal where there is no pre or post phase."""

    exchange: str
    """ISO 10383 market identifier code."""
    date: date
    starts_at: datetime
    """Start of the pre phase."""
    open_at: datetime
    close_at: datetime
    """The regular close, when the official close becomes known."""
    ends_at: datetime
    """End of the post phase."""
    break_start_at: datetime | None = None
    break_end_at: datetime | None = None

    def phase(self, at: datetime) -> Phase:
        """The phase ``at`` falls in. The regular close itself and lunch breaks are regular, the end of post is post."""
        if at < self.starts_at or at > self.ends_at:
            return Phase.CLOSED
        if at < self.open_at:
            return Phase.PRE
        if at <= self.close_at:
            return Phase.REGULAR
        return Phase.POST


class Timetable:
    """The sessions of one exchange, oldest first. Immutable; outside its span answers are ``None``."""

    __slots__ = ("_closes", "_dates", "_ends", "_starts", "all", "exchange", "zone")

    def __init__(self, exchange: str, sessions: Sequence[Session], zone: tzinfo = UTC) -> None:
        self.exchange = exchange
        self.zone = zone
        """The exchange's own time zone; UTC where it is not known."""
        self.all = tuple(sessions)
        """Every session, oldest first."""
        self._dates = [s.date for s in self.all]
        self._starts = [s.starts_at for s in self.all]
        self._closes = [s.close_at for s in self.all]
        self._ends = [s.ends_at for s in self.all]
        for earlier, later in zip(self.all, self.all[1:], strict=False):
            if earlier.ends_at > later.starts_at:
                raise ValueError(f"{exchange}: sessions {earlier.date} and {later.date} overlap")

    def on(self, day: date) -> Session | None:
        """The session dated ``day``, if the exchange trades then."""
        i = bisect_left(self._dates, day)
        return self.all[i] if i < len(self._dates) and self._dates[i] == day else None

    def at(self, moment: datetime) -> Session | None:
        """The session that ``moment`` lies in, pre and post phases included; ``None`` between sessions."""
        i = bisect_left(self._ends, moment)
        if i < len(self.all) and self._starts[i] <= moment:
            return self.all[i]
        return None

    def phase(self, moment: datetime) -> Phase:
        """The phase of ``moment``; ``CLOSED`` between sessions."""
        session = self.at(moment)
        return session.phase(moment) if session else Phase.CLOSED

    def current(self, moment: datetime) -> Session | None:
        """The session ``moment`` lies in or, between sessions, the last one: a story at night is about the session
        before it."""
        i = bisect_right(self._starts, moment)
        return self.all[i - 1] if i else None

    def before(self, session: Session, count: int = 1) -> Session | None:
        """The session ``count`` sessions before ``session``; negative counts look ahead."""
        i = bisect_left(self._dates, session.date) - count
        return self.all[i] if 0 <= i < len(self.all) else None

    def between(self, first: date, last: date) -> int:
        """How many sessions lie after ``first`` up to and including ``last``; negative when ``last`` is earlier."""
        return bisect_right(self._dates, last) - bisect_right(self._dates, first)

    def window_start(self, session: Session, count: int) -> datetime | None:
        """The start of ``within: N sessions``: the regular close of the ``count``-th session before ``session``."""
        earlier = self.before(session, count)
        return earlier.close_at if earlier else None

    def first_close_since(self, moment: datetime) -> Session | None:
        """The first session whose regular close is at or after ``moment``."""
        i = bisect_left(self._closes, moment)
        return self.all[i] if i < len(self.all) else None
