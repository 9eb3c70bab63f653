"""Announcements for the operator about deliveries and parts of the bot, and disabling recipients that are gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.model import (
    Announcement,
    Block,
    BlockKind,
    InDoubt,
    Line,
    Notification,
    Reason,
    Recipient,
    Severity,
    Strong,
    Summary,
)
from bot.core.ports import Recipients
from bot.core.standing import LastingTrouble
from bot.core.text.wording import count, shortened, verbatim, when

LISTED = 8
"""Messages in doubt listed in one notice."""


def disable(people: Recipients, recipient: str) -> None:
    """Disable the recipient, if it is known and enabled. Raises StoreError."""
    known = next((r for r in people.recipients() if r.id == recipient), None)
    if known is not None and known.enabled:
        people.save_recipients([replace(known, enabled=False)])


def last_operator(recipient: str, people: Iterable[Recipient]) -> bool:
    """Whether this is the only admin left on its channel: then switching it off would leave nobody to tell."""
    channel = recipient.partition(":")[0]
    admins = {r.id for r in people if r.operator and r.enabled and r.channel == channel}
    return admins == {recipient}


def announce_gone(recipient: str, error: str, now: datetime, *, configured: bool) -> Announcement:
    """A recipient refuses messages and was disabled. A ``configured`` one is enabled again at the next start."""
    back = "the next start tries it again" if configured else "/start in that chat brings it back"
    headline, detail = f"{recipient} gets no more messages", f"{error}. It was switched off; {back}."
    return notice(f"gone:{recipient}", headline, detail, now)


def announce_moved(old: str, new: str, now: datetime) -> Announcement:
    """A group has a new id, which the bot follows; the configuration still has the old one."""
    before, after = (recipient.partition(":")[2].partition("/")[0] for recipient in (old, new))
    detail = (
        f"It was {old}. Its alerts, preferences and permission moved with it. Where config.yaml names {before}, write "
        f"{after}; until then the bot remembers."
    )
    return _announcement(f"moved:{old}:{new}", f"A group moved to {new}", detail, now)


def announce_redirected(recipient: str, instead: str, error: str, now: datetime) -> Announcement:
    """A topic takes no messages any more; those for it go to its group."""
    detail = (
        f"{error}. Its alerts go to {instead} meanwhile. Reopen the topic, or send /stop there and /start in the topic "
        "that should get them."
    )
    return notice(f"topic:{recipient}", f"The topic {recipient} takes no messages", detail, now)


def announce_reopened(trouble: LastingTrouble, now: datetime) -> Announcement:
    """A topic takes messages again."""
    return over(trouble, f"The topic {trouble.subject} takes messages again", "Its alerts go there.", now)


def announce_unheard(recipient: str, error: str, now: datetime, others: Iterable[Recipient]) -> Sequence[Announcement]:
    """The last admin refuses messages: one announcement for each recipient on another channel, operator or not."""
    headline = f"{recipient}, the only admin, cannot be reached"
    detail = f"{error}. It is not switched off: its messages are tried again. Send /start to the bot from that chat."
    told = notice(f"unheard:{recipient}", headline, detail, now)
    channel = recipient.partition(":")[0]
    return [
        replace(told, key=f"{told.key}:{other.id}", recipient=other.id, for_operator=False)
        for other in others
        if other.enabled and other.channel != channel
    ]


def announce_heard(trouble: LastingTrouble, now: datetime) -> Announcement:
    """The last admin takes messages again."""
    return over(trouble, f"{trouble.subject} can be reached again", "Messages held back follow.", now)


def announce_in_doubt(doubts: Sequence[InDoubt], number: int, now: datetime) -> Announcement:
    """What may not have arrived and is not repeated: ``number`` in all, of which ``doubts`` are the newest."""
    lines: list[Line] = [
        (when(d.created_at), f" to {d.recipient}: {shortened(d.subject, 80)}") for d in doubts[:LISTED]
    ]
    if number > len(lines):
        lines.append((f"and {number - len(lines)} more",))
    lines.append(("/resolve ID again sends one once more, /resolve all done settles them; /health has the ids.",))
    return notice("in-doubt", f"{count(number, 'message')} may not have arrived", lines, now)


def announce_too_old(number: int, now: datetime) -> Announcement:
    """Messages waited so long that they were not worth sending."""
    detail = "They waited for longer than a message is worth sending. /alerts lists the alerts."
    return notice("too-old", f"{count(number, 'message')} could not be sent in time", detail, now)


def marked(summary: Summary) -> Summary:
    """The summary with a line under its headline that it is perhaps a repeat."""
    words = "Perhaps a repeat: it is not certain that this message arrived the first time."
    mark = Block("repeat", BlockKind.NOTE, 95, lines=((words,),))
    return replace(summary, blocks=(*summary.blocks[:1], mark, *summary.blocks[1:]))


def announce_failed(notification: Notification, error: str, now: datetime) -> Announcement:
    """Messages could not be delivered and are given up; the same for all of an announcement with this error."""
    headline = f"A message to {notification.recipient} could not be delivered"
    key = f"failed:{notification.announcement}:{error}"
    return _announcement(key, headline, f"{_subject(notification)}: {error}", now)


def notice(source: str, headline: str, detail: str | Sequence[Line], now: datetime) -> Announcement:
    """Something about a part of the bot; each is announced, even if the same was before."""
    return _announcement(f"{source}:{now:%Y%m%dT%H%M%S.%f}", headline, detail, now)


def over(trouble: LastingTrouble, headline: str, detail: str, now: datetime) -> Announcement:
    """A trouble that was told is over: once, whichever run of the program tells it."""
    return _announcement(trouble.end_key, headline, detail, now)


def _subject(notification: Notification) -> str:
    return notification.summary.subject or notification.id


def _announcement(key: str, headline: str, detail: str | Sequence[Line], now: datetime) -> Announcement:
    lines = [(verbatim(detail),)] if isinstance(detail, str) else detail
    blocks = (
        Block("headline", BlockKind.HEADLINE, 100, lines=((Strong(headline),),)),
        Block("detail", BlockKind.FACTS, 50, lines=tuple(lines)),
    )
    return Announcement(
        key=f"operator:{key}",
        at=now,
        reason=Reason.OPERATOR,
        severity=Severity.WARNING,
        summary=Summary(blocks, headline),
        for_operator=True,
    )
