"""Sessions of an exchange: phases, "N sessions ago".

Nothing here knows a particular exchange's hours; they come from its calendar. A session is one exchange date with its
overnight, pre, regular and post phases, of which the regular one is sure. The overnight phase belongs to the date it
ends on: a trade on Sunday evening is Monday's. A moment between two sessions belongs to none.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from bot.core.model import Phase

THIN_PHASES = frozenset({Phase.OVERNIGHT})
"""Phases of thin trading: so few trades that a single order can print any price."""


@dataclass(frozen=True, slots=True)
class Session:
    """One exchange date. ``starts_at <= pre_at <= open_at < close_at <= ends_at``; equal where a phase is missing."""

    exchange: str
    """ISO 10383 market identifier code."""
    date: date
    starts_at: datetime
    """Start of the first phase: overnight where there is one, else pre. Of a night that follows the post phase at once,
    the first moment after that."""
    open_at: datetime
    close_at: datetime
    """The regular close, when the official close becomes known."""
    ends_at: datetime
    """End of the post phase."""
    break_start_at: datetime | None = None
    break_end_at: datetime | None = None
    night_ends_at: datetime | None = None
    """End of the overnight phase; ``None`` where there is none."""

    @property
    def pre_at(self) -> datetime:
        """Start of the pre phase: from then on everybody trades the session, and prices of the one before are over."""
        return self.night_ends_at or self.starts_at

    def thin(self, at: datetime) -> bool:
        """Whether trading is thin at ``at``."""
        return self.starts_at <= at < self.pre_at

    def phase(self, at: datetime) -> Phase:
        """The phase ``at`` falls in. The regular close itself and lunch breaks are regular, the end of post is post."""
        if at < self.starts_at or at > self.ends_at:
            return Phase.CLOSED
        if at < self.pre_at:
            return Phase.OVERNIGHT
        if at < self.open_at:
            return Phase.PRE
        if at <= self.close_at:
            return Phase.REGULAR
        return Phase.POST

    def nearness(self, at: datetime) -> int:
        """Which of a company's listings speaks for it at ``at``: 2 where it is in its regular hours, 1 where it trades
        otherwise, 0 where it does not."""
        phase = self.phase(at)
        return 2 if phase is Phase.REGULAR else 0 if phase is Phase.CLOSED else 1


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
            if earlier.ends_at >= later.starts_at:  # a moment, and a trade of that moment, belongs to one session
                raise ValueError(f"{exchange}: sessions {earlier.date} and {later.date} overlap")

    def on(self, day: date) -> Session | None:
        """The session dated ``day``, if the exchange trades then."""
        i = bisect_left(self._dates, day)
        return self.all[i] if i < len(self._dates) and self._dates[i] == day else None

    def at(self, moment: datetime) -> Session | None:
        """The session that ``moment`` lies in, all phases included; ``None`` between sessions."""
        i = bisect_left(self._ends, moment)
        if i < len(self.all) and self._starts[i] <= moment:
            return self.all[i]
        return None

    def phase(self, moment: datetime) -> Phase:
        """The phase of ``moment``; ``CLOSED`` between sessions."""
        session = self.at(moment)
        return session.phase(moment) if session else Phase.CLOSED

    def current(self, moment: datetime) -> Session | None:
        """The session ``moment`` lies in or, between sessions, the last one: a story at the weekend is about Friday."""
        i = bisect_right(self._starts, moment)
        return self.all[i - 1] if i else None

    def by_day(self, moment: datetime) -> Session | None:
        """As ``current``, nights left out: the last session whose pre phase has begun. Until the next one's begins,
        what has no price at night stands where that session left it."""
        session = self.current(moment)
        return self.before(session) if session is not None and moment < session.pre_at else session

    def before(self, session: Session, count: int = 1) -> Session | None:
        """The session ``count`` sessions before ``session``; negative counts look ahead."""
        i = bisect_left(self._dates, session.date) - count
        return self.all[i] if 0 <= i < len(self.all) else None

    def window(self, session: Session, oldest: int, newest: int) -> Sequence[Session]:
        """The sessions from ``oldest`` to ``newest`` sessions before ``session``, as far as they are known."""
        i = bisect_left(self._dates, session.date)
        return self.all[max(0, i - oldest) : max(0, i - newest + 1)]

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
