"""Bursts: when many messages come to one chat at once, the first go out and the rest are gathered into one. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core.model import BURST, Notification, NotificationState, Reason

MOST = 8
"""New messages to one recipient within ``WINDOW``; further ones are gathered."""
WINDOW = timedelta(minutes=1)
ALONE = frozenset({Reason.OPERATOR, Reason.DIGEST})
"""Answers, notices and lists are never gathered: they are gathered already."""


@dataclass(slots=True)
class Bursts:
    """Counts new messages by recipient. Messages routed again count once."""

    one_by_one: Collection[str] = ()
    """Channels that get every message by itself: their recipients are programs, or files. All others are read by
    people, who would have to read it all; whoever receives in a replay stands for such a chat."""
    _sent: dict[str, deque[tuple[datetime, str]]] = field(default_factory=dict)
    """By recipient, when its latest messages were routed, and their ids."""

    def gather(self, notifications: Iterable[Notification], now: datetime) -> Sequence[Notification]:
        """The notifications, those beyond ``MOST`` suppressed as part of a burst. Edits are left as they are."""
        found = [self._gathered(n, now) if self._counts(n) else n for n in notifications]
        self._sent = {recipient: sent for recipient, sent in self._sent.items() if sent[-1][0] > now - WINDOW}
        return found

    def _counts(self, notification: Notification) -> bool:
        queued = notification.state is NotificationState.QUEUED and not notification.edits
        return queued and notification.reason not in ALONE and notification.channel not in self.one_by_one

    def _gathered(self, notification: Notification, now: datetime) -> Notification:
        sent = self._sent.setdefault(notification.recipient, deque())
        while sent and sent[0][0] <= now - WINDOW:
            sent.popleft()
        if any(known == notification.id for _, known in sent):
            return notification
        if len(sent) >= MOST:
            return replace(notification, state=NotificationState.SUPPRESSED, suppressed_by=BURST)
        sent.append((now, notification.id))
        return notification
