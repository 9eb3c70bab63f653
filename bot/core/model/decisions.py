"""What is decided: alerts with their checks and causes, incidents, follow-ups."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.model.vocabulary import AlertState, Phase, Reach, Reason, Severity


@dataclass(frozen=True, slots=True)
class Reference:
    """What a return is measured against."""

    kind: str
    """As the rule says it: ``previous close``, ``open``, ``30m``, ``story``, …"""
    price: float
    at: datetime
    session: date


@dataclass(frozen=True, slots=True)
class Check:
    """One condition evaluated: what was measured beside what was asked. A tree, for ``all``, ``any`` and ``none``."""

    condition: str
    """The condition as the rule says it: ``price change < -10% since previous close``."""
    holds: bool | None
    """``None`` is unknown: there was no data to tell."""
    measured: str
    """What was found, for people: ``-11.7 % (128.20 against 142.62)``."""
    threshold: str = ""
    value: float | None = None
    """The measured number, where it is one."""
    limit: float | None = None
    """The number it was compared with."""
    children: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class CauseRef:
    """The story an alert points to as its cause, with what ties it."""

    cluster: str
    topic: str
    title: str
    source: str
    link: str
    published_at: datetime | None
    seen_at: datetime
    score: float
    reach: Reach
    exposures: tuple[str, ...] = ()
    confidence: float | None = None
    story: str = ""
    """Id of the story shown."""
    stories: tuple[str, ...] = ()
    """Ids of all counted stories of the cluster."""
    sources: tuple[str, ...] = ()
    first_title: str = ""
    """Title of the cluster's first story; with its source, link and when it was seen."""
    first_source: str = ""
    first_link: str = ""
    first_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule firing for one symbol in one session."""

    id: str
    fingerprint: str
    rule: str
    rule_version: str
    symbol: str
    session: date
    """The exchange session whose move this is about, even when the alert comes later."""
    severity: Severity
    state: AlertState
    fired_at: datetime
    updated_at: datetime
    price: float
    """What it fired on, or last rose in severity on; ``price_at``, ``phase``, ``change`` and ``checks`` likewise."""
    price_at: datetime
    phase: Phase
    change: float | None
    reference: Reference | None
    cause: CauseRef | None
    checks: tuple[Check, ...]
    """The rule's whole tree of conditions."""
    incident: str = ""
    resolved_at: datetime | None = None
    late: bool = False
    """The move was already under way when the bot started watching."""
    worst: float | None = None
    """The furthest the change has gone in its direction since firing."""
    last_price: float | None = None
    """The symbol's newest price in the alert's session; with its time and its change against the reference."""
    last_price_at: datetime | None = None
    last_change: float | None = None
    told_at: datetime | None = None
    """When people were last told of it: what a cooldown counts from. ``None`` while held back."""
    told_severity: Severity | None = None
    corrected_from: CauseRef | None = None
    """What it was first told with, where later stories showed a better explanation."""
    corrected_at: datetime | None = None


class ChangeKind(enum.StrEnum):
    """What happened to an alert."""

    FIRED = "fired"
    ESCALATED = "escalated"
    UPDATED = "updated"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An alert after something happened to it."""

    kind: ChangeKind
    at: datetime
    alert: Alert


class IncidentState(enum.StrEnum):
    """``OPEN`` while an alert of it fires or a follow-up is due; then ``CLOSED``."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class FollowUpKind:
    """What a follow-up waits for."""

    name: str
    rebound: float | None = None
    """By how much the lead's price must have come back from the close, as a fraction; only of a rebound."""

    @classmethod
    def parse(cls, text: str) -> FollowUpKind:
        """The kind that rules and the history write as ``text``. Raises ValueError listing what can be written."""
        folded = " ".join(text.split())
        if known := {str(kind): kind for kind in (SESSION_CLOSE, NEXT_SESSION_CLOSE, RECOVERED)}.get(folded):
            return known
        if found := re.fullmatch(r"rebound (\d+(?:\.\d+)?)%", folded):
            return cls("rebound", float(found[1]) / 100)
        raise ValueError(
            f"{text!r} is not a follow-up; write 'session close', 'next session close', 'rebound 5%' or 'recovered'"
        )

    def __str__(self) -> str:
        return self.name if self.rebound is None else f"{self.name} {round(100 * self.rebound, 10):.12g}%"


SESSION_CLOSE = FollowUpKind("session close")
NEXT_SESSION_CLOSE = FollowUpKind("next session close")
RECOVERED = FollowUpKind("recovered")
LAPSED = FollowUpKind("lapsed")
"""Said once where the waiting for a price has ended; never planned."""


class FollowUpOutcome(enum.StrEnum):
    """What became of a follow-up."""

    OPEN = ""
    SENT = "sent"
    LATE = "late"
    """Sent, long after it was due: the bot was not running."""
    STALE = "stale"
    """Not sent: it would have come too late to say anything."""
    EXPIRED = "expired"
    """What it waited for did not come."""
    MERGED = "merged"
    """Its incident turned out to be part of another."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A later message of an incident, planned when its rule fired."""

    kind: FollowUpKind
    due_at: datetime | None
    """When it is due; ``None`` where a price decides."""
    done_at: datetime | None = None
    outcome: FollowUpOutcome = FollowUpOutcome.OPEN

    @property
    def waits_for_price(self) -> bool:
        """It is still to come, when a price says so."""
        return self.done_at is None and self.due_at is None


@dataclass(frozen=True, slots=True)
class Thread:
    """The conversation about an incident: what people were told of it, and what they are still to be told."""

    messages: int = 0
    """New messages announced so far (edits apart)."""
    told_at: datetime | None = None
    """When the last new message with the whole summary was announced."""
    told_breadth: int = 0
    """How many symbols it had then."""
    told_severity: Severity | None = None
    told_change: float | None = None
    """The lead's change as last told, edits included."""
    told_session: date | None = None
    """The newest session a new message with the whole summary has told of."""
    main: int = 0
    """Which of its messages carries the whole summary and is edited as numbers move: the newest that did."""
    main_reason: Reason = Reason.FIRST
    """Why that message was sent."""
    edits: int = 0
    """Edits announced so far."""
    edited_at: datetime | None = None
    edit_due_at: datetime | None = None
    """When the next edit may go out, where numbers have moved since the last."""
    corrected_at: datetime | None = None
    """When people were told that its cause is another than first said."""
    acknowledged_at: datetime | None = None
    """When somebody said they look after it; by whom. From then on it says nothing new for growing."""
    acknowledged_by: str = ""
    follow_ups: tuple[FollowUp, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """The alerts that share a cause, which a reader sees as one happening."""

    id: str
    topic: str
    """Topic of the cause; empty where there is none."""
    clusters: tuple[str, ...]
    session: date
    """Session of the first alert."""
    sessions: tuple[date, ...]
    started_at: datetime
    updated_at: datetime
    severity: Severity
    """The highest any of its alerts has had."""
    state: IncidentState
    lead: str
    """The symbol the incident is told by: the worst of the highest severity, chosen anew only when severity rises, at a
    merge, or when a cause is found or corrected, so that it does not change with every price."""
    symbols: tuple[str, ...]
    """In order of firing."""
    alerts: tuple[str, ...]
    merged_into: str = ""
    """Id of the incident it turned out to be part of; it is closed then, and its alerts are that one's."""
    closed_at: datetime | None = None
    thread: Thread = Thread()
