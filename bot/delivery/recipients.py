"""Announcements for the operator about deliveries and parts of the bot, and disabling recipients that are gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.core.model import Announcement, Block, BlockKind, Notification, Reason, Severity, Strong, Summary
from bot.core.ports import Recipients


def disable(people: Recipients, recipient: str) -> None:
    """Disable the recipient, if it is known and enabled. Raises StoreError."""
    known = next((r for r in people.recipients() if r.id == recipient), None)
    if known is not None and known.enabled:
        people.save_recipients([replace(known, enabled=False)])


def announce_gone(recipient: str, error: str, now: datetime, *, configured: bool) -> Announcement:
    """A recipient refuses messages and was disabled. A ``configured`` one is enabled again at the next start."""
    back = "the next start tries it again" if configured else "/start in that chat brings it back"
    headline, detail = f"{recipient} gets no more messages", f"{error}. It was switched off; {back}."
    return notice(f"gone:{recipient}", headline, detail, now)


def announce_moved(old: str, new: str, now: datetime) -> Announcement:
    """A group has a new id, which is not in the configuration yet."""
    before, after = (recipient.partition(":")[2].partition("/")[0] for recipient in (old, new))
    detail = f"It was {old}. Replace {before} by {after} under telegram: allow: in config.yaml."
    return _announcement(f"moved:{old}:{new}", f"A group moved to {new}", detail, now)


def announce_unknown(notification: Notification, error: str, now: datetime) -> Announcement:
    """A message is in doubt."""
    headline = f"A message to {notification.recipient} may not have arrived"
    detail = f"{_subject(notification)}: {error}. It is not repeated automatically."
    return _announcement(f"unknown:{notification.id}", headline, detail, now)


def announce_failed(notification: Notification, error: str, now: datetime) -> Announcement:
    """Messages could not be delivered and are given up; the same for all of an announcement with this error."""
    headline = f"A message to {notification.recipient} could not be delivered"
    key = f"failed:{notification.announcement}:{error}"
    return _announcement(key, headline, f"{_subject(notification)}: {error}", now)


def notice(source: str, headline: str, detail: str, now: datetime) -> Announcement:
    """Something about a part of the bot; each is announced, even if the same was before."""
    return _announcement(f"{source}:{now:%Y%m%dT%H%M%S.%f}", headline, detail, now)


def _subject(notification: Notification) -> str:
    return notification.summary.subject or notification.id


def _announcement(key: str, headline: str, detail: str, now: datetime) -> Announcement:
    blocks = (
        Block("headline", BlockKind.HEADLINE, 100, lines=((Strong(headline),),)),
        Block("detail", BlockKind.FACTS, 50, lines=((detail,),)),
    )
    return Announcement(
        key=f"operator:{key}",
        at=now,
        reason=Reason.OPERATOR,
        severity=Severity.WARNING,
        summary=Summary(blocks, headline),
        for_operator=True,
    )
