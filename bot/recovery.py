"""What happens when the engine raises in the middle of a step.

The step may have changed its books already, and what it decided is lost; so that engine is thrown away and another one
restored from the history, as after a crash. What was seen in the step is taken again, one moment after the other. What
makes the engine raise once more is left out and named to the operator; everything else is decided as if it had never
been there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from bot.core.engine import Engine
from bot.core.model import Announcement, Batch, Decisions, Incident, Notification, Observation, Quote, Story
from bot.core.ordering import name_of
from bot.core.text.wording import count, listing
from bot.delivery.recipients import notice

log = logging.getLogger(__name__)

Restore = Callable[[datetime], Engine]
"""An engine with the state that the stored history gives it up to a moment. Raises StoreError."""

Route = Callable[[Announcement], Sequence[Notification]]
"""Who gets an announcement; belongs to the step, for what is decided and cannot be sent must not stand."""

MOST_LEFT_OUT = 3
"""Of one moment's observations so many names may be at fault; where there are more, all of that moment is left out."""
LEFT_OUT_FOR = timedelta(hours=1)
"""So long nothing more is taken of what made the engine raise: each time costs reading the history again."""
REST_FOR = timedelta(minutes=1)
"""How long to wait where it is not an observation but the passing of time that makes the engine raise."""
TOLD_AGAIN_AFTER = timedelta(hours=1)
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that raised."""

    error: Exception
    until: datetime
    """What was decided up to this moment stands."""
    incidents: tuple[Incident, ...] = ()
    """Changed between the steps before it, and to be written with it."""


@dataclass(slots=True)
class Taken:
    """What was taken again after a failed step, and what came of it."""

    observations: list[Observation] = field(default_factory=list)
    decisions: list[Decisions] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    rests: bool = False
    """Time alone makes the engine raise: the observations are kept, undecided."""

    def step(self, engine: Engine, observations: Sequence[Observation], at: datetime, route: Route) -> None:
        """Let ``engine`` decide up to ``at``. Raises what deciding or routing raises, and has taken nothing then."""
        decisions = engine.step(observations, at)
        notifications = [n for announcement in decisions.announcements for n in route(announcement)]
        self.observations += observations
        self.notifications += notifications
        if not decisions.empty:
            self.decisions.append(decisions)


class _Passing(Exception):  # noqa: N818 - never leaves this module
    """Time alone makes the engine raise; no observation has a part in it."""


class Recovery:
    """Restores the engine after a failed step, and takes again what the step was given."""

    def __init__(self, restore: Restore) -> None:
        self._restore = restore
        self._left_out: dict[str, datetime] = {}
        """Until when nothing of this name is taken."""
        self._rests_until: datetime | None = None
        self._told_at: dict[str, datetime] = {}
        self.engine: Engine | None = None
        """The one restored last."""

    def wanted(self, observations: Iterable[Observation]) -> Iterator[Observation]:
        """Those that are not left out at present."""
        for observation in observations:
            until = self._left_out.get(_name(observation)) if self._left_out else None
            if until is None or observation.seen_at >= until:
                yield observation

    def rests(self, now: datetime) -> bool:
        """Whether it is too soon to try again."""
        return self._rests_until is not None and now < self._rests_until

    def retake(
        self, failure: Failure, seen: Sequence[Observation], now: datetime, route: Route, pending: Sequence[Batch]
    ) -> Taken:
        """Restore the engine and take ``seen`` again, up to ``now``. ``pending`` was decided, but is not in the history
        yet. Raises what reading the history raises."""
        log.error("a step failed; the engine is restored from the history", exc_info=failure.error)
        taken = Taken()
        if failure.incidents:
            taken.decisions.append(Decisions(failure.until, incidents=failure.incidents))
        attempt = _Attempt(self._restore, failure.until, pending, taken, route)
        left_out: list[Observation] = []
        try:
            for seen_at, group in groupby(sorted(seen, key=lambda o: o.seen_at), key=lambda o: o.seen_at):
                left_out += attempt.take(list(group), max(seen_at, failure.until))
            attempt.pass_time(now)
            self._rests_until = None
        except _Passing:
            undecided = [o for o in seen if o not in taken.observations and o not in left_out]
            taken.observations += undecided
            taken.rests, self._rests_until = True, now + REST_FOR
            attempt.rebuild(now)
        self.engine = attempt.engine
        taken.notifications += [n for told in self._notices(failure, left_out, taken, now) for n in route(told)]
        for observation in left_out:
            self._left_out[_name(observation)] = now + LEFT_OUT_FOR
        return taken

    def _notices(
        self, failure: Failure, left_out: Sequence[Observation], taken: Taken, now: datetime
    ) -> list[Announcement]:
        """What to tell the operator; nothing where the same was told within the hour."""
        said = f"{type(failure.error).__name__}: {failure.error}. The log has the whole of it; please report it."
        if taken.rests:
            head = "Decisions are interrupted by an error of the program"
            said = f"{said} What is seen is kept. It is tried again every minute."
        elif left_out:
            names = list(dict.fromkeys(map(_shown, left_out)))
            head = f"Left out after an error of the program: {listing(names, MOST_LEFT_OUT)}"
            said = f"{said} Nothing of it is judged for an hour; all else was."
        else:
            head = "An error of the program was recovered from"
            said = f"{said} Everything seen was judged again ({count(len(taken.observations), 'observation')})."
        last = self._told_at.get(head)
        if last is not None and now - last < TOLD_AGAIN_AFTER:
            return []
        self._told_at[head] = now
        return [notice("engine", head, said, now)]


class _Attempt:
    """One engine after the other, until all that can be taken is."""

    def __init__(self, restore: Restore, until: datetime, pending: Sequence[Batch], taken: Taken, route: Route) -> None:
        self._restore = restore
        self._until = until
        self._pending = pending
        self._taken = taken
        self._route = route
        self.engine = self._rebuilt()

    def take(self, group: list[Observation], at: datetime) -> list[Observation]:
        """Take what was seen at one moment; what had to be left out."""
        self.pass_time(at - _MOMENT)  # what is due at the moment itself comes after what is seen at it
        if self._goes(group, at):
            return []
        culprits = self._culprits(group, at)
        rest = [o for o in group if _name(o) not in culprits]
        if rest and culprits and self._goes(rest, at):
            return [o for o in group if _name(o) in culprits]
        return group

    def pass_time(self, at: datetime) -> None:
        """Let time pass up to ``at``; raises ``_Passing`` where that makes the engine raise."""
        if not self._goes([], at):
            raise _Passing

    def rebuild(self, until: datetime | None = None) -> None:
        """Go back to what has been taken so far; with ``until``, as if all of it had been decided up to then."""
        self._until = until or self._until
        self.engine = self._rebuilt()

    def _goes(self, observations: list[Observation], at: datetime, *, trial: bool = False) -> bool:
        try:
            (Taken() if trial else self._taken).step(self.engine, observations, at, self._route)
        except Exception as error:
            log.warning("again: %s: %s", type(error).__name__, error)
            self.rebuild()
            return False
        return True

    def _culprits(self, group: list[Observation], at: datetime) -> set[str]:
        """Whose observations make the engine raise, each name tried by itself; none where there are too many."""
        by_name: dict[str, list[Observation]] = {}
        for observation in group:
            by_name.setdefault(_name(observation), []).append(observation)
        found: set[str] = set()
        for name, observations in by_name.items():
            if not self._goes(observations, at, trial=True):
                found.add(name)
                if len(found) > MOST_LEFT_OUT:
                    return set()
        self.rebuild()
        return found

    def _rebuilt(self) -> Engine:
        engine = self._restore(self._until)
        taken = Batch(self._until, tuple(self._taken.observations), tuple(self._taken.decisions))
        for batch in (*self._pending, taken):
            changes = [change for d in batch.decisions for change in d.changes]
            incidents = {i.id: i for d in batch.decisions for i in d.incidents}
            alerts = {change.alert.id: change.alert for change in changes}
            until = max((batch.now, *(d.now for d in batch.decisions)))
            engine.restore(batch.observations, list(alerts.values()), list(incidents.values()), until)
        return engine


def _name(observation: Observation) -> str:
    """What an observation is left out by: a stock, a source, a single story."""
    if isinstance(observation, Story):
        return f"story {observation.id}"
    return f"{'price' if isinstance(observation, Quote) else type(observation).__name__} {name_of(observation)}"


def _shown(observation: Observation) -> str:
    """The same for people."""
    if isinstance(observation, Story):
        return f"“{observation.title[:80]}” ({observation.source})"
    return f"{'prices' if isinstance(observation, Quote) else type(observation).__name__} of {name_of(observation)}"
