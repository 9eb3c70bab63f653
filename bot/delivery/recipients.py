"""What follows for a recipient when a delivery shows that its chat is gone or has moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.core.model import (
    Announcement,
    Block,
    BlockKind,
    Notification,
    Reason,
    Severity,
    Strong,
    Summary,
)
from bot.core.ports import Recipients


def switch_off(people: Recipients, recipient: str) -> None:
    """Disable the recipient; nothing happens where it is unknown or disabled already. Raises StoreError."""
    known = next((r for r in people.recipients() if r.id == recipient), None)
    if known is not None and known.enabled:
        people.save_recipients([replace(known, enabled=False)])


def announce_gone(recipient: str, said: str, now: datetime, *, configured: bool) -> Announcement:
    """Tell the operator that a recipient does not want messages and was switched off; ``configured`` ones come back."""
    back = "the bot's next start tries it again" if configured else "/start in that chat brings it back"
    return _announcement(
        f"operator:gone:{recipient}:{now:%Y%m%dT%H%M%S.%f}",
        f"{recipient} gets no more messages",
        f"{said}. It was switched off; {back}.",
        now,
    )


def announce_moved(old: str, new: str, now: datetime) -> Announcement:
    """Tell the operator that a group has a new id, which the configuration does not know yet."""
    chats = [recipient.partition(":")[2].partition("/")[0] for recipient in (old, new)]
    return _announcement(
        f"operator:moved:{old}:{new}",
        f"A group moved to {new}",
        f"It was {old}. Write {chats[1]} in place of {chats[0]} under telegram: allow: in config.yaml.",
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


def notice(source: str, headline: str, detail: str, now: datetime) -> Announcement:
    """Tell the operator something about a part of the bot itself."""
    return _announcement(f"operator:{source}:{now:%Y%m%dT%H%M%S.%f}", headline, detail, now)


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
