"""What follows for a recipient when a delivery shows that its chat is gone or has moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.core.model import (
    Announcement,
    Batch,
    Block,
    BlockKind,
    Notification,
    NotificationState,
    Reason,
    Severity,
    Strong,
    Summary,
)
from bot.core.ports import Store
from bot.core.routing import notification_id


def switch_off(store: Store, recipient: str) -> None:
    """Disable the recipient; nothing happens where it is unknown or disabled already. Raises StoreError."""
    known = next((r for r in store.recipients() if r.id == recipient), None)
    if known is not None and known.enabled:
        store.save_recipients([replace(known, enabled=False)])


def relocate(store: Store, notification: Notification, moved_to: str, now: datetime) -> None:
    """Give the recipient its new id, keeping what it wants to hear, and queue the notification for it.

    Messages of the old chat cannot be edited or answered from the new one, so the copy stands by itself. Repeating
    this changes nothing. Raises StoreError.
    """
    known = {r.id: r for r in store.recipients()}
    old = known.get(notification.recipient)
    if old is not None:
        saved = [replace(old, enabled=False)] if old.enabled else []
        if moved_to not in known:
            saved.insert(0, replace(old, id=moved_to, enabled=True))
        if saved:
            store.save_recipients(saved)
    copy = replace(
        notification,
        id=notification_id(notification.announcement, moved_to),
        recipient=moved_to,
        edits="",
        replies_to="",
        state=NotificationState.QUEUED,
    )
    store.commit(Batch(now, notifications=(copy,)))


def announce_gone(recipient: str, said: str, now: datetime) -> Announcement:
    """Tell the operator that a recipient does not want messages and was switched off."""
    return _announcement(
        f"operator:gone:{recipient}:{now:%Y%m%dT%H%M%S.%f}",
        f"{recipient} gets no more messages",
        f"{said}. It was switched off; /start in that chat brings it back.",
        now,
    )


def announce_unknown(notification: Notification, said: str, now: datetime) -> Announcement:
    """Tell the operator that nobody knows whether a message arrived."""
    return _announcement(
        f"operator:unknown:{notification.id}",
        f"A message to {notification.recipient} may not have arrived",
        f"{notification.summary.subject or notification.id}: {said}. It is not repeated by itself.",
        now,
    )


def announce_failed(notification: Notification, said: str, now: datetime) -> Announcement:
    """Tell the operator, once per announcement and error, that messages could not be delivered and will not be."""
    return _announcement(
        f"operator:failed:{notification.announcement}:{said}",
        f"A message to {notification.recipient} could not be delivered",
        f"{notification.summary.subject or notification.id}: {said}",
        now,
    )


def _announcement(key: str, headline: str, detail: str, now: datetime) -> Announcement:
    blocks = (
        Block("headline", BlockKind.HEADLINE, 100, lines=((Strong(headline),),)),
        Block("detail", BlockKind.FACTS, 50, lines=((detail,),)),
    )
    return Announcement(
        key=key,
        at=now,
        reason=Reason.OPERATOR,
        severity=Severity.WARNING,
        summary=Summary(blocks, headline),
        for_operator=True,
    )
