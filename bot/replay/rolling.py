"""A tape made while it is played, one session at a time, for recordings of years.

The runner plays it like a ``Tape``, in the same order; it forgets what was played.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import attrgetter

from bot.core.model import EarningsDate, Observation, Story
from bot.replay.bars import PriceSessions, observations_of
from bot.replay.columns import PriceColumns
from bot.replay.tape import refuse_look_ahead

EVE = timedelta(hours=12)
"""How long before midnight UTC of its date a session may begin; in Auckland it is three hours."""

Played = Callable[[date], bool]
"""Whether the quotes of the session on this date are played, or only its daily bars."""


class RollingTape:
    """Prices, stories and earnings dates by ``seen_at``, up to ``until``. Raises LookAheadError like ``Tape``."""

    def __init__(
        self,
        columns: PriceColumns,
        sessions: PriceSessions,
        others: Iterable[Story | EarningsDate],
        played: Played,
        until: datetime | None = None,
    ) -> None:
        self._columns, self._sessions, self._played, self._until = columns, sessions, played, until
        self._others: list[Story | EarningsDate] = sorted(others, key=_other_order)
        self._seen = [other.seen_at for other in self._others]
        firsts = [self._seen[0]] if self._seen else []
        if sessions.days:
            firsts.append(min(o.seen_at for o in self._of(sessions.days[0])))
        self.first_at: datetime | None = min(firsts, default=None)
        self.last_at: datetime | None = None
        """When the last observation was seen; known once everything has been played."""

    def position(self, after: datetime | None) -> int:
        """Always 0: steps are not counted, since they are not known in advance."""
        return 0

    def steps(self, after: datetime | None = None) -> Iterator[tuple[datetime, tuple[Observation, ...]]]:
        """Each moment with everything seen at it, oldest first; with ``after``, only the moments later than that."""
        for now, group in groupby(self._in_order(after), key=_seen_at):
            if self._until is not None and now > self._until:
                return
            if after is None or now > after:
                self.last_at = now
                yield now, tuple(group)

    def of_symbol(self, symbol: str, until: datetime, quotes_since: datetime) -> list[Observation]:
        """What is seen of ``symbol`` up to a moment, in order: no stories, and quotes only of sessions that end after
        ``quotes_since``."""
        made: list[Observation] = [o for o in self._others if isinstance(o, EarningsDate) and o.symbol == symbol]
        for rows in self._sessions.of_symbol(symbol):
            if rows.session.starts_at - EVE > until:
                break
            played = rows.session.ends_at > quotes_since and self._played(rows.session.date)
            made += observations_of(self._columns, rows, played=played)
        return sorted((o for o in made if o.seen_at <= until), key=_seen_at)

    def _in_order(self, after: datetime | None) -> Iterator[Observation]:
        days = self._sessions.days
        if after is not None:
            days = days[bisect_right(days, after.date() - timedelta(days=7)) :]
        position = bisect_right(self._seen, after) if after is not None else 0
        waiting: list[Observation] = []
        for day, following in zip(days, [*days[1:], None], strict=True):
            waiting += self._of(day)
            horizon = datetime(following.year, following.month, following.day, tzinfo=UTC) - EVE if following else None
            upto = bisect_right(self._seen, horizon) if horizon else len(self._others)
            waiting += self._others[position:upto]
            position = max(position, upto)
            waiting.sort(key=_seen_at)
            cut = bisect_right(waiting, horizon, key=_seen_at) if horizon else len(waiting)
            yield from waiting[:cut]
            del waiting[:cut]
        if not days:
            yield from self._others[position:]

    def _of(self, day: date) -> list[Observation]:
        made = self._sessions.observations(day, played=self._played(day))
        refuse_look_ahead(made)
        return made


def _other_order(observation: Story | EarningsDate) -> tuple[datetime, str]:
    return observation.seen_at, observation.id if isinstance(observation, Story) else observation.symbol


_seen_at = attrgetter("seen_at")
