"""The ports ``Recorder``, ``Outbox`` and ``Recipients`` in memory. ``tests/contract`` holds it to their docstrings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core.errors import StoreError
from bot.core.model import (
    Attempt,
    Batch,
    Delivery,
    InDoubt,
    Notification,
    NotificationState,
    Outgoing,
    Reason,
    Recipient,
    Severity,
)

DEAD = (
    NotificationState.FAILED,
    NotificationState.SUPERSEDED,
    NotificationState.SUPPRESSED,
    NotificationState.UNKNOWN,
)


@dataclass
class Row:
    """One notification with what the store remembers of it."""

    notification: Notification
    state: NotificationState
    order: int
    attempts: int = 0
    retry_at: datetime | None = None
    message_id: str | None = None
    leased_at: datetime | None = None
    leased_until: datetime | None = None
    abandoned: int = 0
    """Attempts whose lease nobody ended."""


@dataclass
class FakeStore:
    """Rows by notification id. ``settle_errors`` and ``claim_errors`` are raised, one a call, before anything else."""

    rows: dict[str, Row] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    people: dict[str, Recipient] = field(default_factory=dict)
    settle_errors: list[StoreError] = field(default_factory=list)
    claim_errors: list[StoreError] = field(default_factory=list)
    claims: int = 0
    again: bool = False
    """Hands out what a lease ran out for, which a store must not: the sender has to stand it."""

    def state(self, notification: str) -> NotificationState:
        return self.rows[notification].state

    def outcomes(self) -> list[str]:
        return [delivery.outcome for delivery in self.deliveries]

    def count(self, state: NotificationState) -> int:
        return sum(row.state is state for row in self.rows.values())

    def commit(self, batch: Batch) -> None:
        for notification in batch.notifications:
            if notification.id in self.rows:
                continue
            for row in self.rows.values():
                same = notification.edits and row.notification.edits == notification.edits
                if same and row.state is NotificationState.QUEUED:
                    row.state = NotificationState.SUPERSEDED
            self.rows[notification.id] = Row(notification, notification.state, len(self.rows))

    def claim(
        self, now: datetime, lease_for: timedelta, limit: int, channels: Collection[str], busy: Collection[str] = ()
    ) -> Sequence[Outgoing]:
        self.claims += 1
        if self.claim_errors:
            raise self.claim_errors.pop(0)
        for row in self.rows.values():
            if row.state is NotificationState.LEASED and row.leased_until is not None and row.leased_until <= now:
                row.state = NotificationState.QUEUED if self.again else self._left(row)
        out = {row.notification.recipient for row in self.rows.values() if row.state is NotificationState.LEASED}
        claimed: list[Outgoing] = []
        for row in sorted(self.rows.values(), key=_urgency):
            n = row.notification
            if len(claimed) >= limit:
                break
            if row.state is not NotificationState.QUEUED or n.channel not in channels or n.created_at > now:
                continue
            if n.recipient in out or n.recipient in busy or (row.retry_at is not None and row.retry_at > now):
                continue
            edited = self.rows.get(n.edits) if n.edits else None
            if n.edits and (edited is None or edited.state in DEAD):
                row.state = NotificationState.SUPERSEDED
                continue
            if edited is not None and edited.state is not NotificationState.SENT:
                continue
            answered = self.rows.get(n.replies_to) if n.replies_to else None
            row.state, row.leased_at, row.leased_until = NotificationState.LEASED, now, now + lease_for
            row.attempts += 1
            doubts = sum(d.notification == n.id and d.outcome == "unknown" for d in self.deliveries) + row.abandoned
            out.add(n.recipient)
            claimed.append(
                Outgoing(
                    n,
                    row.attempts,
                    edited.message_id if edited else None,
                    answered.message_id if answered else None,
                    doubts,
                )
            )
        return claimed

    def settle(self, *deliveries: Delivery) -> None:
        if self.settle_errors:
            raise self.settle_errors.pop(0)
        for delivery in deliveries:
            self._settle(delivery)

    def _settle(self, delivery: Delivery) -> None:
        row = self.rows.get(delivery.notification)
        if row is None or delivery.attempt > row.attempts:
            raise StoreError(f"settled without having been claimed: {delivery.notification}")
        if delivery in self.deliveries:
            return
        self.deliveries.append(delivery)
        row.leased_until = None
        row.message_id = delivery.message_id
        row.retry_at = delivery.retry_at
        row.state = {
            "sent": NotificationState.SENT,
            "retry": NotificationState.QUEUED,
            "unknown": NotificationState.UNKNOWN if delivery.retry_at is None else NotificationState.QUEUED,
            "failed": NotificationState.FAILED,
        }[delivery.outcome]

    def recover(self, now: datetime) -> int:
        leased = [row for row in self.rows.values() if row.state is NotificationState.LEASED]
        for row in leased:
            row.state = self._left(row)
        return sum(row.state is NotificationState.UNKNOWN for row in leased)

    @staticmethod
    def _left(row: Row) -> NotificationState:
        if row.notification.edits:
            return NotificationState.QUEUED
        row.abandoned += 1
        return NotificationState.UNKNOWN

    def recipients(self) -> Sequence[Recipient]:
        return list(self.people.values())

    def save_recipients(self, recipients: Iterable[Recipient]) -> None:
        for recipient in recipients:
            self.people[recipient.id] = recipient
            for row in self.rows.values():
                waits = row.state is NotificationState.QUEUED and row.notification.recipient == recipient.id
                if waits and not recipient.enabled:
                    row.state = NotificationState.SUPPRESSED

    def move_recipient(self, old: str, new: str) -> None:
        if old in self.people:
            self.people[new] = replace(self.people.pop(old), id=new)
        for row in self.rows.values():
            if row.notification.recipient == old:
                row.notification = replace(row.notification, recipient=new)

    def attempts_since(self, since: datetime) -> Sequence[Attempt]:
        found = []
        for d in self.deliveries:
            row = self.rows[d.notification]
            if d.started_at > since or (row.state is NotificationState.QUEUED and row.attempts == d.attempt):
                wait = d.retry_at - d.ended_at if d.retry_at is not None else None
                counts = d.outcome in ("sent", "unknown")
                found.append(Attempt(row.notification.recipient, d.started_at, counts, wait))
        for row in self.rows.values():
            if row.state is NotificationState.LEASED and row.leased_at is not None and row.leased_at > since:
                found.append(Attempt(row.notification.recipient, row.leased_at, counts=True))
        return sorted(found, key=lambda attempt: attempt.at)

    def outbox_counts(self) -> Mapping[str, int]:
        outbox = (NotificationState.QUEUED, NotificationState.LEASED, NotificationState.UNKNOWN)
        return {state.value: self.count(state) for state in outbox}

    def in_doubt(self) -> Sequence[InDoubt]:
        unknown = [row for row in self.rows.values() if row.state is NotificationState.UNKNOWN]
        notes = [row.notification for row in reversed(unknown)]
        return [InDoubt(n.id, n.recipient, n.created_at, n.summary.subject, "") for n in notes]

    def repeat_in_doubt(self, since: datetime, least: Severity, ask: Collection[str], always: Collection[str]) -> int:
        found = []
        for row in self.rows.values():
            note = row.notification
            doubts = sum(d.notification == note.id and d.outcome == "unknown" for d in self.deliveries) + row.abandoned
            wanted = note.reason is Reason.OPERATOR or (note.severity >= least and note.channel not in ask)
            if row.state is NotificationState.UNKNOWN and note.created_at > since and doubts <= 1:
                found += [row] * (wanted or note.channel in always)
        for row in found:
            row.state, row.retry_at = NotificationState.QUEUED, None
        return len(found)

    def resolve(self, wanted: str, how: str, by: str, now: datetime) -> int:
        found = [self.rows[d.id] for d in self.in_doubt() if wanted == "all" or d.id.startswith(wanted)]
        for row in found:
            row.state = NotificationState.QUEUED if how == "again" else NotificationState.FAILED
        return len(found)


def _urgency(row: Row) -> tuple[bool, int, datetime, int]:
    """Messages before edits, then the most severe, then the oldest."""
    note = row.notification
    return bool(note.edits), -note.severity, note.created_at, row.order
