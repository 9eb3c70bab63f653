"""The one loop body, live and in replay: take what is new, decide, commit everything in one transaction.

What could not be committed (a locked or full database) is kept and committed with the next cycle; nothing of it is
sent before that, because what is sent is read back from the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.engine import Engine
from bot.core.errors import LookAheadError, StoreBusyError, StoreError, StoreFullError
from bot.core.model import (
    Announcement,
    Batch,
    Decisions,
    FeedState,
    Notification,
    Observation,
    Quote,
    Recipient,
    Silence,
    SourceReport,
)
from bot.core.ports import Recorder
from bot.delivery.quiet_hours import quiet_at
from bot.delivery.routing import route
from bot.recovery import Failure, Recovery, Taken
from bot.render import plain

KEEP_UNCOMMITTED = 1000
"""So many cycles that could not be committed are kept whole. Beyond that the oldest prices go, but for those an alert
rests on; stories and decisions never do."""


TRIES = 5
"""How often a batch is offered to a database that refuses it, though neither busy nor full."""
KEEP_REFUSED = 20


@dataclass(slots=True)
class CycleResult:
    """What one cycle did."""

    decisions: Decisions
    notifications: tuple[Notification, ...]
    committed: bool
    error: StoreError | None = None
    wrote: bool = False
    """Something was written to the database."""


@dataclass(slots=True)
class Cycle:
    """Engine, history and recipients, joined."""

    engine: Engine
    recorder: Recorder
    recipients: Callable[[], Sequence[Recipient]]
    silences: Callable[[], Sequence[Silence]] = tuple
    """What people have silenced, as it is now."""
    dress: Callable[[Announcement], Announcement] = lambda announcement: announcement
    """What else an announcement shows: the lead that was written for its message."""
    without_edits: Collection[str] = ()
    """Channels on which a message that was sent stays as it is."""
    on_commit: Callable[[CycleResult], None] | None = None
    recovery: Recovery | None = None
    """What to do when the engine raises; where there is none, the error ends the turn and the engine must not be used
    again. A replay does without."""
    refused: list[Batch] = field(default_factory=list)
    """Batches the database refused for good, the newest last: a defect, kept for whoever looks into it."""
    _pending: list[Batch] = field(default_factory=list)
    _tries: int = 0
    _failure: Failure | None = None
    """The step whose engine has not been replaced yet."""
    _waiting: tuple[Observation, ...] = ()
    """Seen, but not taken: they come first in the next turn."""

    def run(
        self,
        observations: Iterable[Observation],
        now: datetime,
        *,
        feeds: Sequence[FeedState] = (),
        extras: dict[str, str] | None = None,
        announcements: Sequence[Announcement] = (),
    ) -> CycleResult:
        """One turn. ``announcements`` are what other parts want to tell the operator.

        Raises LookAheadError, and where the engine failed and cannot be restored, what that raises; a StoreError of the
        commit is returned, not raised. Everything is kept for next time.
        """
        # what other parts said came before this turn: a lead with the numbers of then must not follow newer ones
        said = [n for announcement in announcements for n in self._route(announcement, now)]
        taken = self._take(observations, now)
        decisions = _joined(taken.decisions, now)
        notifications = (*said, *taken.notifications)
        self._pending.append(
            Batch(
                now=now,
                observations=tuple(taken.observations),
                decisions=tuple(taken.decisions),
                notifications=notifications,
                feeds=tuple(feeds),
                extras=extras or {},
            )
        )
        result = CycleResult(decisions, notifications, committed=True)
        try:
            result.wrote = self._commit()
        except StoreError as error:
            result.committed, result.error = False, error
            self._shed()
        if self.on_commit is not None:
            self.on_commit(result)
        return result

    def _take(self, observations: Iterable[Observation], now: datetime) -> Taken:
        """Let the engine decide; where it raises, let another one do so."""
        recovery = self.recovery
        taken = Taken()
        route = lambda announcement: self._route(announcement, now)  # noqa: E731 - with the time of this turn
        if recovery is None:
            taken.step(self.engine, tuple(observations), now, route)
            return taken
        seen = (*self._waiting, *recovery.wanted(observations))
        if recovery.rests(now):
            self._waiting = seen
            return taken
        if self._failure is None:
            until, incidents = self.engine.time, self.engine.unwritten
            try:
                taken.step(self.engine, seen, now, route)
            except LookAheadError:
                raise
            except Exception as error:
                self._failure = Failure(error, until, incidents)
            else:
                self._waiting = ()
                return taken
        self._waiting = seen
        taken = recovery.retake(self._failure, seen, now, route, self._pending)
        self._waiting, self._failure = (), None
        assert recovery.engine is not None
        self.engine = recovery.engine
        return taken

    @property
    def uncommitted(self) -> int:
        """How many cycles wait for the database."""
        return len(self._pending)

    def _commit(self) -> bool:
        """Write what waits, in order; whether there was anything to write."""
        wrote = False
        refusal: StoreError | None = None
        while self._pending:
            batch = self._pending[0]
            try:
                if not batch.empty:
                    self.recorder.commit(batch)
                    wrote = True
            except (StoreBusyError, StoreFullError):
                raise
            except StoreError as error:
                self._tries += 1
                if self._tries < TRIES:
                    raise
                # the database works but will not have this one: it must not hold up all that come after it
                self.refused = [*self.refused[-KEEP_REFUSED:], batch]
                refusal = error
            self._pending.pop(0)
            self._tries = 0
        if refusal is not None:
            raise refusal
        return wrote

    def _shed(self) -> None:
        """Keep memory bounded while the database is away: of the oldest batches only what cannot be seen again."""
        excess = len(self._pending) - KEEP_UNCOMMITTED
        if excess <= 0:
            return
        changes = (c for batch in self._pending for d in batch.decisions for c in d.changes)
        evidence = {(c.alert.symbol, c.alert.price_at) for c in changes}
        for i in range(excess):
            batch = self._pending[i]
            kept = tuple(
                o
                for o in batch.observations
                if not isinstance(o, SourceReport) and (not isinstance(o, Quote) or (o.symbol, o.at) in evidence)
            )
            self._pending[i] = Batch(batch.now, kept, batch.decisions, batch.notifications, batch.feeds, batch.extras)
        self._pending = [b for b in self._pending if not b.empty]

    def _route(self, announced: Announcement, now: datetime) -> Sequence[Notification]:
        announcement = self.dress(announced)
        return route(
            announcement,
            self.recipients(),
            now,
            text=plain(announcement.summary),
            silences=self.silences(),
            sleeps=lambda recipient: quiet_at(recipient.quiet, now),
            without_edits=self.without_edits,
        )


def _joined(decisions: Sequence[Decisions], now: datetime) -> Decisions:
    """What several steps decided, as one."""
    if len(decisions) == 1:
        return decisions[0]
    return Decisions(
        now,
        tuple(x for d in decisions for x in d.changes),
        tuple({i.id: i for d in decisions for i in d.incidents}.values()),
        tuple(x for d in decisions for x in d.announcements),
        tuple(x for d in decisions for x in d.readings),
        tuple(x for d in decisions for x in d.refused),
    )
