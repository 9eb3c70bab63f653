"""Recipients, notifications and their deliveries."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model.messages import Announcement, Summary
from bot.core.model.vocabulary import Reason, Severity, Suppression


@dataclass(frozen=True, slots=True)
class Limits:
    """The rate limits of a channel, over sliding windows."""

    overall: int = 30
    """Messages in any ``overall_window``."""
    overall_window: timedelta = timedelta(seconds=1)
    burst: int = 0
    """Messages in any ``burst_window``; 0 for no such limit. It spreads a long queue evenly, so that a critical message
    in between waits for the next slot, not for the next second."""
    burst_window: timedelta = timedelta(seconds=1) / 5
    chat_interval: timedelta = timedelta(seconds=1)
    """Least time between two messages to one chat."""
    group: int = 20
    """Messages to one group in any ``group_window``."""
    group_window: timedelta = timedelta(minutes=1)
    flood_chats: int = 3
    """When this many chats are rate-limited within ``flood_window``, the whole channel waits."""
    flood_window: timedelta = timedelta(seconds=10)


class Style(enum.StrEnum):
    """How a chat on Telegram gets its messages. No bot can see which program reads, so a person chooses."""

    CLASSIC = "classic"
    """Formatted text, with pictures as replies: every program shows it."""
    RICH = "rich"
    """One message with headings, tables, pictures and details to open; only recent programs show it."""


class NumberForm(enum.StrEnum):
    """How a reader writes numbers; each is its own example."""

    POINT = "1,234.5"
    COMMA = "1.234,5"
    SPACE = "1 234,5"
    APOSTROPHE = "1’234.5"

    @classmethod
    def parse(cls, text: str) -> NumberForm:
        """The form of an example, also with other spaces and a typewriter's apostrophe. Raises KeyError."""
        try:
            return cls(" ".join(text.replace("'", "’").split()))
        except ValueError:
            raise KeyError(text) from None

    @property
    def thousands(self) -> str:
        """What stands between thousands; a space that does not break."""
        return "\u202f" if self is NumberForm.SPACE else self.value[1]

    @property
    def decimal(self) -> str:
        """What stands before decimals."""
        return self.value[-2]


@dataclass(frozen=True, slots=True)
class Recipient:
    """A chat (with topic thread, if any) on a channel, with its preferences."""

    id: str
    """``telegram:12345``, ``telegram:-100123/7``, ``console``."""
    channel: str
    """The name of its notifier: ``telegram``, ``console``, ``webhook``."""
    name: str = ""
    operator: bool = False
    """Also receives operator notices."""
    min_severity: Severity = Severity.INFO
    symbols: tuple[str, ...] = ()
    """Only incidents touching one of these; empty for all."""
    enabled: bool = True
    digest: bool = False
    """Receives digests; an operator always does."""
    quiet: str = ""
    """Quiet hours, ``22:00-07:00 Europe/Paris``, in which only critical messages are sent."""
    style: Style | None = None
    """As chosen in the chat; ``None`` for the configured one."""
    numbers: NumberForm | None = None
    """As ``style``."""


class NotificationState(enum.StrEnum):
    """``QUEUED`` and ``LEASED`` make up the outbox; the other states are settled."""

    QUEUED = "queued"
    LEASED = "leased"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Notification:
    """The intent to tell one recipient one thing. ``id`` is a stable hash of announcement key and recipient."""

    id: str
    announcement: str
    recipient: str
    channel: str
    reason: Reason
    severity: Severity
    created_at: datetime
    summary: Summary
    text: str
    """The summary as plain text, for the history."""
    incident: str = ""
    edits: str = ""
    """Id of the notification whose message this replaces."""
    replies_to: str = ""
    state: NotificationState = NotificationState.QUEUED
    suppressed_by: Suppression | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed notification with the ids of the messages it edits and replies to, where those were sent."""

    notification: Notification
    attempt: int
    """1 for the first."""
    edits_message: str | None = None
    replies_to_message: str | None = None
    doubts: int = 0
    """Earlier attempts that may have arrived: this one is perhaps a repeat."""


class DeliveryOutcome(enum.StrEnum):
    """How a delivery ended; ``UNKNOWN``: it may have arrived. Only ``RETRY`` and ``UNKNOWN`` have a time to try again:
    always, and where the message is to be repeated."""

    SENT = "sent"
    RETRY = "retry"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver one notification, and how it ended."""

    notification: str
    attempt: int
    started_at: datetime
    ended_at: datetime
    outcome: DeliveryOutcome
    message_id: str | None = None
    error: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an earlier attempt means for the limits of its channel."""

    recipient: str
    at: datetime
    """When it began."""
    counts: bool
    """Whether a message went out, or may have."""
    asked_wait: timedelta | None = None
    """How long after it the message was to wait."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A message not sent by itself, but listed in another later."""

    created_at: datetime
    incident: str
    severity: Severity
    subject: str
    why: Suppression


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A notification that may or may not have arrived."""

    id: str
    recipient: str
    created_at: datetime
    subject: str
    error: str


@dataclass(frozen=True, slots=True)
class Silence:
    """A person's mute. It covers an announcement when all its matchers match; without matchers it covers everything."""

    id: str
    until: datetime
    """Aware UTC, exclusive."""
    symbols: tuple[str, ...] = ()
    """Covers announcements about no other symbols than these."""
    incident: str = ""
    recipient: str = ""
    """Only this recipient; empty for all."""
    rules: tuple[str, ...] = ()
    """Covers announcements based on alerts of no other rules than these."""

    def covers(self, announcement: Announcement, recipient: Recipient, now: datetime) -> bool:
        """Whether ``announcement`` is muted for ``recipient`` at ``now``."""
        if now >= self.until:
            return False
        if self.recipient and self.recipient != recipient.id:
            return False
        if self.incident and self.incident != announcement.incident:
            return False
        if self.rules and not (announcement.rules and set(announcement.rules) <= set(self.rules)):
            return False
        return not self.symbols or (bool(announcement.symbols) and set(announcement.symbols) <= set(self.symbols))


HELD_BACK_KEY = "held"
"""First part of the announcement keys of messages that list what was held back."""
HELD_BACK_TIME = len("20250127T150000.000000")
"""Length of their last part, the time of the newest message listed."""


def held_back_key(recipient: str, newest: datetime) -> str:
    """The announcement key of the message that lists what ``recipient`` missed up to ``newest``."""
    return f"{HELD_BACK_KEY}:{recipient}:{newest:%Y%m%dT%H%M%S.%f}"
