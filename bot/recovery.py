"""Recovery from an exception in the engine's step.

The step may have changed the engine's state, and its decisions are lost; so the engine is discarded and another one
restored from the history, as after a crash. It is given the step's observations again, in order of time. Those that
make it raise once more are skipped and reported to the operator; everything else is decided as if they had not been
there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from bot.core.engine import Engine
from bot.core.model import (
    Announcement,
    Batch,
    Decisions,
    Incident,
    LearnedName,
    Notification,
    Observation,
    Quote,
    SecondReading,
    Story,
)
from bot.core.ordering import name_of
from bot.core.standing import Lasting, Standing
from bot.core.text.wording import age, count, listing
from bot.delivery.recipients import notice, over

log = logging.getLogger(__name__)

Restore = Callable[[datetime], Engine]
"""An engine restored from the history up to a time. Raises StoreError."""

Route = Callable[[Announcement], Sequence[Notification]]
"""The notifications of an announcement. Part of the step: if routing fails, its decision must not stand."""

MOST_LEFT_OUT = 3
"""The most names that are skipped of the observations of one moment; if more fail, all of that moment are skipped."""
LEFT_OUT_FOR = timedelta(hours=1)
"""How long to skip the names that made the engine raise: each failure costs reading the history again."""
REST_FOR = timedelta(minutes=1)
"""How long to pause if the engine raises without any observation, as time passes."""
REPEAT_NOTICE_AFTER = timedelta(hours=1)
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that raised."""

    error: Exception
    until: datetime
    """Decisions up to here were made by earlier steps and are kept."""
    incidents: tuple[Incident, ...] = ()
    """Changed between earlier steps, and not written yet."""


@dataclass(slots=True)
class Taken:
    """The observations that were decided on, and the results."""

    observations: list[Observation] = field(default_factory=list)
    decisions: list[Decisions] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    paused: bool = False
    """The engine raises as time passes: the observations are kept undecided."""

    def step(self, engine: Engine, observations: Sequence[Observation], at: datetime, route: Route) -> None:
        """Let ``engine`` decide up to ``at``. Raises what deciding or routing raises, and adds nothing then."""
        decisions = engine.step(observations, at)
        notifications = [n for announcement in decisions.announcements for n in route(announcement)]
        self.observations += observations
        self.notifications += notifications
        if not decisions.empty:
            self.decisions.append(decisions)


class _TimeFailure(Exception):  # noqa: N818 - never leaves this module
    """The engine raises as time passes, without any observation."""


class Recovery:
    """Restores the engine after a failed step, and repeats the step as far as possible."""

    def __init__(self, restore: Restore, standing: Standing | None = None) -> None:
        self._restore = restore
        self._standing = standing or Standing()
        self._left_out: dict[str, datetime] = {}
        """The names skipped, and until when."""
        self._paused_until: datetime | None = None
        self._noticed_at: dict[str, datetime] = {}
        self.engine: Engine | None = None
        """The one restored last."""

    def accepted(self, observations: Iterable[Observation]) -> Iterator[Observation]:
        """The observations that are not skipped at present."""
        for observation in observations:
            until = self._left_out.get(_name(observation)) if self._left_out else None
            if until is None or observation.seen_at >= until:
                yield observation

    def decided(self, now: datetime) -> Sequence[Announcement]:
        """The engine decides: what to tell, if the operator was told that it does not."""
        trouble = self._standing.end(Lasting.DECISIONS)
        if trouble is None:
            return ()
        detail = f"After {age(now - trouble.since)}. What was observed meanwhile has been evaluated."
        return [over(trouble, "Decisions are made again", detail, now)]

    def is_paused(self, now: datetime) -> bool:
        """Whether it is too soon to try again."""
        return self._paused_until is not None and now < self._paused_until

    def repeat_step(
        self, failure: Failure, seen: Sequence[Observation], now: datetime, route: Route, pending: Sequence[Batch]
    ) -> Taken:
        """Restore the engine and decide on ``seen`` again, up to ``now``. ``pending`` are batches not yet in the
        history. Raises what reading the history raises."""
        log.error("a step failed; restoring the engine from the history", exc_info=failure.error)
        taken = Taken()
        if failure.incidents:
            taken.decisions.append(Decisions(failure.until, incidents=failure.incidents))
        attempt = _Attempt(self._restore, failure.until, pending, taken, route)
        left_out: list[Observation] = []
        try:
            for seen_at, group in groupby(sorted(seen, key=lambda o: o.seen_at), key=lambda o: o.seen_at):
                left_out += attempt.take(list(group), max(seen_at, failure.until))
            attempt.pass_time(now)
            self._paused_until = None
        except _TimeFailure:
            undecided = [o for o in seen if o not in taken.observations and o not in left_out]
            taken.observations += undecided
            taken.paused, self._paused_until = True, now + REST_FOR
            attempt.rebuild(now)
        self.engine = attempt.engine
        notices = [*(() if taken.paused else self.decided(now)), *self._notices(failure, left_out, taken, now)]
        taken.notifications += [n for each in notices for n in route(each)]
        self._left_out = {name: until for name, until in self._left_out.items() if until > now}
        self._left_out |= {_name(observation): now + LEFT_OUT_FOR for observation in left_out}
        return taken

    def _notices(
        self, failure: Failure, left_out: Sequence[Observation], taken: Taken, now: datetime
    ) -> list[Announcement]:
        """What to tell the operator; nothing if it was said within the hour."""
        if taken.paused:
            if not self._standing.begin(Lasting.DECISIONS, now):
                return []
            headline = "No decisions because of an internal error"
            effect = "Observations are kept, and it is tried again every minute."
        elif left_out:
            names = list(dict.fromkeys(map(_shown, left_out)))
            headline = f"Skipped after an internal error: {listing(names, MOST_LEFT_OUT)}"
            effect = "They are ignored for an hour; everything else was evaluated."
        else:
            headline = "Recovered from an internal error"
            effect = f"All observations were evaluated again ({count(len(taken.observations), 'observation')})."
        last = self._noticed_at.get(headline)
        if not taken.paused and last is not None and now - last < REPEAT_NOTICE_AFTER:
            return []
        recent = {h: at for h, at in self._noticed_at.items() if now - at < REPEAT_NOTICE_AFTER}
        self._noticed_at = recent | {headline: now}
        error = f"{type(failure.error).__name__}: {failure.error}. The log has the details; please report it."
        return [notice("engine", headline, f"{error} {effect}", now)]


class _Attempt:
    """Repeats the step, with a newly restored engine after each exception."""

    def __init__(self, restore: Restore, until: datetime, pending: Sequence[Batch], taken: Taken, route: Route) -> None:
        self._restore = restore
        self._until = until
        self._pending = pending
        self._taken = taken
        self._route = route
        self.engine = self._rebuilt()

    def take(self, group: list[Observation], at: datetime) -> list[Observation]:
        """Decide on the observations of one moment. Returns those that had to be skipped."""
        self.pass_time(at - _MOMENT)  # what is due at this moment comes after its observations
        if self._succeeds(group, at):
            return []
        culprits = self._culprits(group, at)
        rest = [o for o in group if _name(o) not in culprits]
        if rest and culprits and self._succeeds(rest, at):
            return [o for o in group if _name(o) in culprits]
        return group

    def pass_time(self, at: datetime) -> None:
        """Let time pass up to ``at``. Raises ``_TimeFailure`` if the engine raises."""
        if not self._succeeds([], at):
            raise _TimeFailure

    def rebuild(self, until: datetime | None = None) -> None:
        """Restore the state after all that was taken; with ``until``, as if it had been decided up to then."""
        self._until = until or self._until
        self.engine = self._rebuilt()

    def _succeeds(self, observations: list[Observation], at: datetime, *, trial: bool = False) -> bool:
        try:
            (Taken() if trial else self._taken).step(self.engine, observations, at, self._route)
        except Exception as error:
            log.warning("failed again: %s: %s", type(error).__name__, error)
            self.rebuild()
            return False
        return True

    def _culprits(self, group: list[Observation], at: datetime) -> set[str]:
        """The names whose observations make the engine raise, each tried alone; empty if there are too many."""
        culprits: set[str] = set()
        for name in dict.fromkeys(map(_name, group)):
            if not self._succeeds([o for o in group if _name(o) == name], at, trial=True):
                culprits.add(name)
                if len(culprits) > MOST_LEFT_OUT:
                    return set()
        self.rebuild()
        return culprits

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
    """The name by which observations are skipped: of a symbol, a source or a single story."""
    if isinstance(observation, Story):
        return f"story {observation.id}"
    return f"{'price' if isinstance(observation, Quote) else type(observation).__name__} {name_of(observation)}"


def _shown(observation: Observation) -> str:
    """The same for people."""
    if isinstance(observation, LearnedName):
        return f"the name {observation.word}"
    if isinstance(observation, SecondReading):
        return "an answer of the second reader"
    if isinstance(observation, Story):
        return f"“{observation.title[:80]}” ({observation.source})"
    return f"{'prices' if isinstance(observation, Quote) else type(observation).__name__} of {name_of(observation)}"
