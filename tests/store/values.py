"""Model values for tests, made by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.core.model import (
    Alert,
    AlertChange,
    AlertState,
    Batch,
    Block,
    BlockKind,
    CauseRef,
    ChangeKind,
    Check,
    Decisions,
    Incident,
    IncidentState,
    Link,
    Notification,
    NotificationState,
    Phase,
    Quote,
    Reach,
    Reading,
    Reason,
    Recipient,
    Reference,
    Severity,
    Story,
    Strong,
    Summary,
    TopicScore,
    stable_id,
)

NOW = datetime(2025, 1, 27, 10, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def after(seconds: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def story(name: str = "s1", seen_at: datetime = NOW, **more: Any) -> Story:
    given: dict[str, Any] = {
        "source": "wire",
        "title": f"A cheap model appears ({name})",
        "summary": "It needs fewer chips.",
        "keys": (f"guid:{name}", f"link:{name}"),
    }
    return Story(id=name, seen_at=seen_at, **(given | more))


def reading(of: Story, cluster: str = "s1", score: float = 0.8) -> Reading:
    return Reading(of, (TopicScore("ai-model", score),), (), (("ai-chips", 0.5),), cluster, 1.0)


def quote(symbol: str = "NVDA", price: float = 128.2, at: datetime = NOW, **more: Any) -> Quote:
    return Quote(symbol, price, at, **({"seen_at": at} | more))


def cause(*stories: str, cluster: str = "s1") -> CauseRef:
    return CauseRef(
        cluster=cluster,
        topic="ai-model",
        title="A cheap model appears",
        source="wire",
        link="https://news.example/1",
        published_at=None,
        seen_at=NOW,
        score=0.8,
        reach=Reach.EXPOSURE,
        story=stories[0] if stories else "",
        stories=stories,
    )


def alert(name: str = "a1", symbol: str = "NVDA", at: datetime = NOW, **more: Any) -> Alert:
    given: dict[str, Any] = {
        "fingerprint": stable_id("ai-model-shock", symbol),
        "rule": "ai-model-shock",
        "rule_version": "v1",
        "session": date(2025, 1, 27),
        "severity": Severity.HIGH,
        "state": AlertState.FIRING,
        "fired_at": at,
        "updated_at": at,
        "price": 128.2,
        "price_at": at,
        "phase": Phase.PRE,
        "change": -0.101,
        "reference": Reference("previous close", 142.62, at - timedelta(days=2), date(2025, 1, 24)),
        "cause": None,
        "checks": (
            Check("all", True, "", children=(Check("price change < -10%", True, "-10.1 %", "-10%", -0.101, -0.1),)),
        ),
        "incident": "i1",
    }
    return Alert(id=name, symbol=symbol, **(given | more))


def incident(name: str = "i1", *alerts: str, at: datetime = NOW, **more: Any) -> Incident:
    given: dict[str, Any] = {
        "topic": "ai-model",
        "clusters": ("s1",),
        "session": date(2025, 1, 27),
        "sessions": (date(2025, 1, 27),),
        "started_at": NOW,
        "updated_at": at,
        "severity": Severity.HIGH,
        "state": IncidentState.OPEN,
        "lead": "NVDA",
        "symbols": ("NVDA",),
        "alerts": alerts or ("a1",),
    }
    return Incident(id=name, **(given | more))


SUMMARY = Summary(
    (
        Block("headline", BlockKind.HEADLINE, 100, lines=((Strong("NVDA"), " falls 10 % — "),)),
        Block("why", BlockKind.LINKS, 80, "Why", lines=((Link("A cheap model", "https://news.example/1"),),)),
        Block("who is hit", BlockKind.TABLE, 50, rows=(("symbol", "change"), ("NVDA", "−10.1 %"))),
    ),
    "NVDA falls 10 %",
)


def notification(
    announcement: str = "n1",
    recipient: str = "telegram:1",
    at: datetime = NOW,
    *,
    edits: str = "",
    replies_to: str = "",
    severity: Severity = Severity.HIGH,
    state: NotificationState = NotificationState.QUEUED,
    incident: str = "",
) -> Notification:
    """``edits`` and ``replies_to`` name announcements, as the engine does."""
    return Notification(
        id=stable_id(announcement, recipient),
        announcement=announcement,
        recipient=recipient,
        channel=recipient.split(":")[0],
        reason=Reason.FIRST,
        severity=severity,
        created_at=at,
        summary=SUMMARY,
        text="NVDA falls 10 %",
        incident=incident,
        edits=stable_id(edits, recipient) if edits else "",
        replies_to=stable_id(replies_to, recipient) if replies_to else "",
        state=state,
    )


def batch(*parts: Any, now: datetime = NOW, feeds: tuple[Any, ...] = (), **extras: str) -> Batch:
    """A batch of the given observations, decisions' parts and notifications, told apart by their types."""
    changes = tuple(p for p in parts if isinstance(p, AlertChange))
    incidents = tuple(p for p in parts if isinstance(p, Incident))
    readings = tuple(p for p in parts if isinstance(p, Reading))
    notifications = tuple(p for p in parts if isinstance(p, Notification))
    apart = (AlertChange, Incident, Reading, Notification, Decisions)
    given = tuple(p for p in parts if isinstance(p, Decisions))
    decided = Decisions(now, changes, incidents, (), readings)
    return Batch(
        now=now,
        observations=tuple(p for p in parts if not isinstance(p, apart)),
        decisions=(*given, *(() if decided.empty else (decided,))),
        notifications=notifications,
        feeds=feeds,
        extras=extras,
    )


def fired(of: Alert) -> AlertChange:
    return AlertChange(ChangeKind.FIRED, of.updated_at, of)


def recipient(chat: str = "telegram:1", **more: Any) -> Recipient:
    return Recipient(chat, chat.split(":")[0], **more)
