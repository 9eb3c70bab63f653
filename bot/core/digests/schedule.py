"""When digests are due: one after each session of the benchmark's exchange, and one after the last of an ISO week."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.core.messages.blocks.digest import DAILY, WEEKLY
from bot.core.prices.sessions import Session, Timetable

DAILY_AFTER = timedelta(minutes=30)
"""How long after the regular close: official closes have arrived by then."""
WEEKLY_AFTER = timedelta(minutes=35)
STALE_AFTER = timedelta(hours=20)
"""A daily digest this late is dropped: the next one is near."""
WEEKLY_STALE_AFTER = timedelta(hours=60)
"""The same for a weekly one: over the weekend, but not into the next week's first session."""


@dataclass(frozen=True, slots=True)
class Due:
    """A digest about the sessions from ``first`` to ``last``, due at ``at``."""

    at: datetime
    kind: str
    """``daily`` or ``weekly``."""
    first: date
    last: date

    @property
    def key(self) -> str:
        """The key of its announcement, by which a repeat is recognised."""
        return f"digest:{self.kind}:{self.last:%Y-%m-%d}"


def next_digest(timetable: Timetable, after: datetime) -> Due | None:
    """The first digest due later than ``after``; ``None`` where the timetable ends before that.

    The timetable's last session has no weekly digest: it may not be the last of its week.
    """
    session = timetable.first_close_since(after - WEEKLY_AFTER)
    while session is not None:
        for due in _digests(timetable, session):
            if due.at > after:
                return due
        session = timetable.before(session, -1)
    return None


def stale(due: Due, at: datetime) -> bool:
    """Whether it is too late at ``at`` for this digest."""
    return at - due.at > (WEEKLY_STALE_AFTER if due.kind == WEEKLY else STALE_AFTER)


def _digests(timetable: Timetable, session: Session) -> Iterator[Due]:
    """The digests after the close of ``session``, in order."""
    yield Due(session.close_at + DAILY_AFTER, DAILY, session.date, session.date)
    following = timetable.before(session, -1)
    if following is None or _week(following) == _week(session):
        return
    first = session
    while (earlier := timetable.before(first)) is not None and _week(earlier) == _week(session):
        first = earlier
    yield Due(session.close_at + WEEKLY_AFTER, WEEKLY, first.date, session.date)


def _week(session: Session) -> tuple[int, int]:
    """ISO year and week."""
    year, week, _ = session.date.isocalendar()
    return year, week
