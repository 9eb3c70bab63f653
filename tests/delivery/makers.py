"""Small builders for delivery tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.model import (
    Announcement,
    Block,
    BlockKind,
    Notification,
    NotificationState,
    Outgoing,
    Reason,
    Severity,
    Summary,
    stable_id,
)

NOW = datetime(2025, 1, 27, 10, 0, tzinfo=UTC)


class RealClock:
    """Real time, as the live bot has it."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class StandingClock:
    """A simulated clock: moves only when told."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def pass_by(self, time: timedelta) -> None:
        self.at += time


def summary(text: str = "NVDA −11.7 %") -> Summary:
    head = Block("headline", BlockKind.HEADLINE, 100, lines=((text,),))
    return Summary((head, Block("note", BlockKind.NOTE, 1, lines=(("Not investment advice.",),))), text)


def announcement(key: str = "a", **changes: object) -> Announcement:
    values: dict[str, object] = {
        "key": key,
        "at": NOW,
        "reason": Reason.FIRST,
        "severity": Severity.HIGH,
        "summary": summary(),
        "symbols": ("NVDA",),
    }
    return Announcement(**(values | changes))  # type: ignore[arg-type]


def notification(
    key: str = "a", recipient: str = "telegram:1", at: datetime | None = None, **changes: object
) -> Notification:
    values: dict[str, object] = {
        "id": stable_id(key, recipient),
        "announcement": key,
        "recipient": recipient,
        "channel": recipient.partition(":")[0],
        "reason": Reason.FIRST,
        "severity": Severity.HIGH,
        "created_at": at or datetime.now(UTC),
        "summary": summary(f"{key} for {recipient}"),
        "text": key,
        "state": NotificationState.QUEUED,
    }
    return Notification(**(values | changes))  # type: ignore[arg-type]


def outgoing(note: Notification | None = None, edits: str | None = None, replies: str | None = None) -> Outgoing:
    return Outgoing(note or notification(), 1, edits, replies)
