"""Routing: an announcement becomes one notification per recipient. Pure.

A disabled recipient gets none; one whose preferences exclude the announcement gets a suppressed notification with the
reason, so that the history answers "why did I not get that?".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from bot.core.model import (
    Announcement,
    Notification,
    NotificationState,
    Reason,
    Recipient,
    Severity,
    Silence,
    Suppression,
    SuppressionReason,
    stable_id,
)

CONSOLE = "console"
"""The terminal that the bot runs in: it shows whatever is sent to anybody."""


def notification_id(announcement_key: str, recipient: str) -> str:
    """The permanent id of ``recipient``'s notification of the announcement with this key."""
    return stable_id(announcement_key, recipient)


def route(
    announcement: Announcement,
    recipients: Iterable[Recipient],
    now: datetime,
    text: str,
    silences: Sequence[Silence] = (),
    quiet: Callable[[Recipient], bool] = lambda recipient: False,
    without_edits: Collection[str] = (),
) -> list[Notification]:
    """One notification per enabled recipient, in the order given; each recipient once.

    ``text`` is the summary as plain text. Operator announcements go to operators only, whatever their preferences, but
    not in their ``quiet`` hours; one for a single recipient goes to that one alone, one with ``to`` to those that it
    names. Otherwise preferences and silences
    make a notification ``SUPPRESSED``, with the reason in ``suppressed_by``. Edits are not filtered: the store
    supersedes one whose message was never sent. ``edits`` and ``replies_to`` become the ids of the same recipient's
    notifications. Channels ``without_edits`` get no edits.
    """
    routed: dict[str, Notification] = {}
    for recipient in recipients:
        if not recipient.enabled or recipient.id in routed:
            continue
        if announcement.for_operator and not recipient.operator:
            continue
        if announcement.recipient and announcement.recipient != recipient.id:
            continue
        if announcement.to and recipient.id not in announcement.to and recipient.channel != CONSOLE:
            continue
        if announcement.edits and recipient.channel in without_edits:
            continue
        suppressed_by = announcement.suppressed_by or _suppressed_by(announcement, recipient, now, silences, quiet)
        routed[recipient.id] = Notification(
            id=notification_id(announcement.key, recipient.id),
            announcement=announcement.key,
            recipient=recipient.id,
            channel=recipient.channel,
            reason=announcement.reason,
            severity=announcement.severity,
            created_at=now,
            summary=announcement.summary,
            text=text,
            incident=announcement.incident,
            edits=notification_id(announcement.edits, recipient.id) if announcement.edits else "",
            replies_to=notification_id(announcement.replies_to, recipient.id) if announcement.replies_to else "",
            state=NotificationState.SUPPRESSED if suppressed_by else NotificationState.QUEUED,
            suppressed_by=suppressed_by,
        )
    return list(routed.values())


def _suppressed_by(
    announcement: Announcement,
    recipient: Recipient,
    now: datetime,
    silences: Sequence[Silence],
    quiet: Callable[[Recipient], bool],
) -> Suppression | None:
    """Why this recipient is not sent the announcement, if so."""
    if announcement.edits or announcement.recipient:
        return None
    waits = announcement.severity < Severity.CRITICAL and quiet(recipient)
    quiet_hours = Suppression(SuppressionReason.QUIET_HOURS) if waits else None
    if announcement.for_operator:
        return quiet_hours
    if announcement.reason is Reason.DIGEST:
        if not (recipient.operator or recipient.digest):
            return Suppression(SuppressionReason.DIGEST)
    elif announcement.severity < recipient.min_severity:
        return Suppression(SuppressionReason.MIN_SEVERITY, recipient.min_severity.word)
    elif recipient.symbols and announcement.symbols and not set(recipient.symbols) & set(announcement.symbols):
        return Suppression(SuppressionReason.SYMBOLS)
    silence = next((s for s in silences if s.covers(announcement, recipient, now)), None)
    if silence is not None:
        return Suppression(SuppressionReason.SILENCE, silence.id)
    return quiet_hours
