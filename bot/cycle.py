"""One cycle, live or in replay: take the new observations, decide, commit everything in one transaction.

What could not be committed (a locked or full database) is committed with the next cycle. Nothing is sent before it is
committed, because the sender reads from the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

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
from bot.delivery.bursts import Bursts
from bot.delivery.held import HeldMessages
from bot.delivery.quiet_hours import quiet_at
from bot.delivery.routing import route
from bot.recovery import Failure, Recovery, Taken
from bot.render import plain

KEEP_UNCOMMITTED = 1000
"""The number of uncommitted cycles kept complete. Of older ones the prices are dropped unless an alert is based on
them; stories and decisions never are."""

TRIES = 5
"""Attempts to commit a batch that the database rejects, though neither busy nor full."""
KEEP_REFUSED = 20


@dataclass(slots=True)
class CycleResult:
    """What one cycle did."""

    decisions: Decisions
    notifications: tuple[Notification, ...]
    committed: bool
    error: StoreError | None = None
    wrote: bool = False
    """Whether anything was written to the database."""


@dataclass(slots=True)
class Cycle:
    """Runs the engine, and records and routes what it decides."""

    engine: Engine
    recorder: Recorder
    recipients: Callable[[], Sequence[Recipient]]
    silences: Callable[[], Sequence[Silence]] = tuple
    """The current silences."""
    add_lead: Callable[[Announcement], Announcement] = lambda announcement: announcement
    """Adds to an announcement the lead written for its message."""
    without_edits: Collection[str] = ()
    """Channels that cannot edit messages."""
    bursts: Bursts = field(default_factory=Bursts)
    """Gathers many messages that come to one chat at once."""
    held: HeldMessages | None = None
    """Lists what was held back. Without it (in rule tests and trials) nothing is listed."""
    recovery: Recovery | None = None
    """Handles an exception in the engine. Without it (in replay) the exception is raised, and the engine must not be
    used again."""
    refused: list[Batch] = field(default_factory=list)
    """Batches the database finally rejected, newest last: a defect, kept for diagnosis."""
    _pending: list[Batch] = field(default_factory=list)
    _tries: int = 0
    _failure: Failure | None = None
    """The failed step whose engine has not been replaced yet."""
    _waiting: tuple[Observation, ...] = ()
    """Observations for the next cycle, before new ones."""

    def run(
        self,
        observations: Iterable[Observation],
        now: datetime,
        *,
        feeds: Sequence[FeedState] = (),
        extras: Callable[[], Mapping[str, str]] = dict,
        announcements: Sequence[Announcement] = (),
    ) -> CycleResult:
        """Run one cycle. ``announcements`` are those of other parts of the bot; ``extras`` is asked, once all is
        decided, for small values to commit with it.

        Raises LookAheadError, and if the engine failed and cannot be restored, the error of restoring. A StoreError of
        the commit is in the result, not raised. Nothing is lost: it is all kept for the next cycle.
        """
        # first those made before this cycle: a lead with older prices must not follow newer ones
        listed = self.held.due(now) if self.held is not None else []
        earlier = [n for announcement in (*announcements, *listed) for n in self._route(announcement, now)]
        taken = self._take(observations, now)
        decisions = _joined(taken.decisions, now)
        notifications = (*earlier, *taken.notifications)
        self._pending.append(
            Batch(
                now=now,
                observations=tuple(taken.observations),
                decisions=tuple(taken.decisions),
                notifications=notifications,
                feeds=tuple(feeds),
                extras=dict(extras()),
            )
        )
        result = CycleResult(decisions, notifications, committed=True)
        try:
            result.wrote = self._commit()
        except StoreError as error:
            result.committed, result.error = False, error
            self._shed()
        if self.held is not None:
            self.held.take(notifications, now, committed=result.committed)
        return result

    def _take(self, observations: Iterable[Observation], now: datetime) -> Taken:
        """Let the engine decide; if it raises, let a restored one decide."""
        recovery = self.recovery
        taken = Taken()
        route = partial(self._route, now=now)
        if recovery is None:
            taken.step(self.engine, tuple(observations), now, route)
            return taken
        seen = (*self._waiting, *recovery.accepted(observations))
        if recovery.is_paused(now):
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
                taken.notifications += [n for each in recovery.decided(now) for n in route(each)]
                return taken
        self._waiting = seen
        taken = recovery.repeat_step(self._failure, seen, now, route, self._pending)
        self._waiting, self._failure = (), None
        assert recovery.engine is not None
        self.engine = recovery.engine
        return taken

    def next_due(self) -> datetime | None:
        """When something falls due next without any observation; ``None`` where nothing does."""
        times = (self.engine.next_due(), self.held.next_at if self.held is not None else None)
        return min((at for at in times if at is not None), default=None)

    @property
    def uncommitted(self) -> int:
        """The number of cycles not committed yet."""
        return len(self._pending)

    def _commit(self) -> bool:
        """Commit the pending batches in order; whether anything was written."""
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
                # the database works but rejects this batch, which must not block all that follow
                self.refused = [*self.refused[-KEEP_REFUSED:], batch]
                refusal = error
            self._pending.pop(0)
            self._tries = 0
        if refusal is not None:
            raise refusal
        return wrote

    def _shed(self) -> None:
        """Limit memory while the database is away: of the oldest batches keep only what cannot be observed again."""
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
            self._pending[i] = replace(batch, observations=kept)
        self._pending = [b for b in self._pending if not b.empty]

    def _route(self, announcement: Announcement, now: datetime) -> Sequence[Notification]:
        announcement = self.add_lead(announcement)
        routed = route(
            announcement,
            self.recipients(),
            now,
            text=plain(announcement.summary),
            silences=self.silences(),
            quiet=lambda recipient: quiet_at(recipient.quiet, now),
            without_edits=self.without_edits,
        )
        return self.bursts.gather(routed, now)


def _joined(decisions: Sequence[Decisions], now: datetime) -> Decisions:
    """The decisions of several steps, as one."""
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
