"""A tape that is made while it is played: one session's observations at a time, for recordings of years.

It has what the runner asks of a tape, in the same order, and forgets what was played.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from bot.core.errors import LookAheadError
from bot.core.model import EarningsDate, Observation, Quote, Story
from bot.replay.bars import PriceSessions, observations_of
from bot.replay.columns import PriceColumns

EVE = timedelta(hours=12)
"""A session may begin so long before midnight UTC of its date: in Auckland it does so by three hours."""

Played = Callable[[date], bool]
"""Whether the quotes of the session so dated are played, or only its daily bars."""


class RollingTape:
    """Prices, stories and earnings dates by ``seen_at``. What was seen after ``until`` is left out.

    Raises LookAheadError for a quote seen before it happened: such a tape would show the future.
    """

    def __init__(
        self,
        columns: PriceColumns,
        sessions: PriceSessions,
        told: Iterable[Story | EarningsDate],
        played: Played,
        until: datetime | None = None,
    ) -> None:
        self._columns, self._sessions, self._played, self._until = columns, sessions, played, until
        self._stories: list[Story | EarningsDate] = sorted(told, key=_told)
        self._seen = [s.seen_at for s in self._stories]
        firsts = [self._seen[0]] if self._seen else []
        if sessions.days:
            firsts.append(min(o.seen_at for o in self._of(sessions.days[0])))
        self.first_at: datetime | None = min(firsts, default=None)
        self.last_at: datetime | None = None
        """When the last observation was seen; known once all was played."""

    def position(self, after: datetime | None) -> int:
        """Steps are not counted: there is no telling before they are made."""
        return 0

    def steps(self, after: datetime | None = None) -> Iterator[tuple[datetime, tuple[Observation, ...]]]:
        """Each moment with everything seen at it, oldest first; with ``after``, only the moments later than that."""
        for now, group in groupby(self._in_order(after), key=lambda o: o.seen_at):
            if self._until is not None and now > self._until:
                return
            if after is None or now > after:
                self.last_at = now
                yield now, tuple(group)

    def _in_order(self, after: datetime | None) -> Iterator[Observation]:
        days = self._sessions.days
        if after is not None:
            days = days[bisect_right(days, after.date() - timedelta(days=7)) :]
        told = bisect_right(self._seen, after) if after is not None else 0
        waiting: list[Observation] = []
        for day, following in zip(days, [*days[1:], None], strict=True):
            waiting += self._of(day)
            horizon = datetime(following.year, following.month, following.day, tzinfo=UTC) - EVE if following else None
            upto = bisect_right(self._seen, horizon) if horizon else len(self._stories)
            waiting += self._stories[told:upto]
            told = max(told, upto)
            waiting.sort(key=_seen_at)
            cut = bisect_right(waiting, horizon, key=_seen_at) if horizon else len(waiting)
            yield from waiting[:cut]
            del waiting[:cut]
        if not days:
            yield from self._stories[told:]

    def _of(self, day: date) -> list[Observation]:
        played = self._played(day)
        made = [o for held in self._sessions.on(day) for o in observations_of(self._columns, held, played=played)]
        for observation in made:
            if isinstance(observation, Quote) and observation.seen_at < observation.at:
                raise LookAheadError(f"{observation.symbol}: a quote of {observation.at.isoformat()} seen before it")
        return made


def _told(observation: Story | EarningsDate) -> tuple[datetime, str]:
    return observation.seen_at, observation.id if isinstance(observation, Story) else observation.symbol


def _seen_at(observation: Observation) -> datetime:
    return observation.seen_at
