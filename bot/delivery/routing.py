"""Who is told: an announcement becomes one notification per recipient. Pure.

Everything about who hears what lives here. A recipient that is switched off gets no row; one that chose not to hear
this gets a row that says why, so that "why did I not get that?" has an answer in the history.
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


def notification_id(announcement_key: str, recipient: str) -> str:
    """The id under which ``recipient`` is told of the announcement with this key; the same for ever."""
    return stable_id(announcement_key, recipient)


def route(
    announcement: Announcement,
    recipients: Iterable[Recipient],
    now: datetime,
    text: str,
    silences: Sequence[Silence] = (),
    sleeps: Callable[[Recipient], bool] = lambda recipient: False,
    without_edits: Collection[str] = (),
) -> list[Notification]:
    """One notification for each enabled recipient, in the order given; each recipient once.

    ``text`` is the summary as plain text. Operator announcements go to operators only, whatever they prefer to hear,
    but not while they sleep (``sleeps``: quiet hours); one for a single recipient goes to that one alone. Otherwise
    preferences and silences leave the notification ``SUPPRESSED`` with the reason in ``suppressed_by``. An edit follows
    the message it edits and is not filtered: the store supersedes it where that message was never sent. ``edits`` and
    ``replies_to`` become the ids of the same recipient's notifications. On channels ``without_edits`` a message
    stays as it was sent.
    """
    routed: dict[str, Notification] = {}
    for recipient in recipients:
        if not recipient.enabled or recipient.id in routed:
            continue
        if announcement.for_operator and not recipient.operator:
            continue
        if announcement.recipient and announcement.recipient != recipient.id:
            continue
        if announcement.edits and recipient.channel in without_edits:
            continue
        held_by = announcement.suppressed_by or _held_by(announcement, recipient, now, silences, sleeps)
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
            state=NotificationState.SUPPRESSED if held_by else NotificationState.QUEUED,
            suppressed_by=held_by,
        )
    return list(routed.values())


def _held_by(
    announcement: Announcement,
    recipient: Recipient,
    now: datetime,
    silences: Sequence[Silence],
    sleeping: Callable[[Recipient], bool],
) -> Suppression | None:
    """Why this recipient is spared the announcement; ``None`` where it is not."""
    if announcement.edits or announcement.recipient:
        return None
    sleeps = announcement.severity < Severity.CRITICAL and sleeping(recipient)
    asleep = Suppression(SuppressionReason.QUIET_HOURS) if sleeps else None
    if announcement.for_operator:
        return asleep
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
    return asleep
