"""Decisions: alerts with their checks and causes, incidents with their threads and follow-ups."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.core.model.vocabulary import AlertState, Phase, Reach, Reason, Severity


@dataclass(frozen=True, slots=True)
class Reference:
    """What a return is measured against."""

    kind: str
    """In the rule's words: ``previous close``, ``open``, ``30m``, ``story``, …"""
    price: float
    at: datetime
    session: date


class Combination(enum.StrEnum):
    """How a check combines its children; stands in ``condition``. No condition of a rule has these names."""

    ALL = "all of"
    ANY = "any of"
    NONE = "none of"


@dataclass(frozen=True, slots=True)
class Check:
    """One condition evaluated: the measured value beside the threshold. A tree for ``all``, ``any`` and ``none``."""

    condition: str
    """In the rule's words: ``price change < -10% since previous close``."""
    holds: bool | None
    """``None`` is unknown: there was no data."""
    measured: str
    """For people: ``-11.7 % (128.20 against 142.62)``."""
    threshold: str = ""
    value: float | None = None
    """The measured number, where it is one."""
    limit: float | None = None
    """The number it was compared with."""
    children: tuple[Check, ...] = ()

    @property
    def is_guard(self) -> bool:
        """Whether it holds only if none of its children does."""
        return self.condition == Combination.NONE

    @property
    def is_choice(self) -> bool:
        """Whether it holds if any of its children does."""
        return self.condition == Combination.ANY


STATED_FROM = 0.6
"""Least confidence of a cause that is told as the cause. Nothing else decides what a text may say of one."""


class Claim(enum.StrEnum):
    """What may be said of a cause."""

    STATED = "stated"
    """It is the likely cause: headlines name it."""
    POSSIBLE = "possible"
    """It was weighed and is too weak: the cause is not known yet, and this is one possibility."""
    COINCIDENT = "coincident"
    """It was never weighed: a rule asked for news, which came at the same time."""

    @classmethod
    def of(cls, confidence: float | None) -> Claim:
        """What may be said with this confidence; ``None`` where the cause was not weighed."""
        if confidence is None:
            return cls.COINCIDENT
        return cls.STATED if confidence >= STATED_FROM else cls.POSSIBLE


@dataclass(frozen=True, slots=True)
class CauseRef:
    """The cluster behind an alert, represented by its best story."""

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
    """Title of the cluster's first story; source, link and ``seen_at`` follow."""
    first_source: str = ""
    first_link: str = ""
    first_seen_at: datetime | None = None
    agents: tuple[str, ...] = ()
    """What the stories say acted, by kind and name: ``lab:DeepSeek``, ``model:DeepSeek R1``."""
    release: str = ""
    """The cluster of the release that the stories name as the cause, where that is another."""

    @property
    def claim(self) -> Claim:
        """What may be said of it."""
        return Claim.of(self.confidence)


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule firing for one symbol in one session."""

    id: str
    fingerprint: str
    rule: str
    rule_version: str
    symbol: str
    session: date
    """The exchange session of the move, which may be earlier than the alert."""
    severity: Severity
    state: AlertState
    fired_at: datetime
    updated_at: datetime
    price: float
    """The price when it fired or last rose in severity; ``price_at``, ``phase``, ``change`` and ``checks`` likewise."""
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
    doubt: str = ""
    """What its price looks like besides a move, where nothing has decided it: ``a 10-for-1 split``."""
    worst: float | None = None
    """The largest change in its direction since firing."""
    last_price: float | None = None
    """The symbol's latest price in the alert's session; its time and its change from the reference follow."""
    last_price_at: datetime | None = None
    last_change: float | None = None
    told_at: datetime | None = None
    """When a message about it was last sent, from which the cooldown counts; ``None`` while suppressed."""
    told_severity: Severity | None = None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Those of its rule when it fired, by name."""
    corrected_from: CauseRef | None = None
    """The cause it was published with, where later stories showed a stronger one of the same kind or another
    explanation."""
    corrected_at: datetime | None = None
    """When it was corrected to another explanation; ``None`` where the cause is only a stronger one."""

    @property
    def told_cause(self) -> CauseRef | None:
        """Its cause, unless that is no more than possible."""
        return None if self.cause is None or self.cause.claim is Claim.POSSIBLE else self.cause


class ChangeKind(enum.StrEnum):
    """What happened to an alert."""

    FIRED = "fired"
    ESCALATED = "escalated"
    UPDATED = "updated"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An alert in its new state, and what changed it."""

    kind: ChangeKind
    at: datetime
    alert: Alert


class IncidentState(enum.StrEnum):
    """``OPEN`` while one of its alerts fires or a follow-up is to come; then ``CLOSED``."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class FollowUpKind:
    """What a follow-up waits for."""

    name: str
    rebound: float | None = None
    """How far the lead's price must rise from the close, as a fraction; only for a rebound."""

    @classmethod
    def parse(cls, text: str) -> FollowUpKind:
        """The kind written as ``text`` in rules and the history. Raises ValueError listing what can be written."""
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
"""Sent once when the wait for a recovery ends without one; never planned."""


class FollowUpOutcome(enum.StrEnum):
    """What became of a follow-up."""

    OPEN = ""
    SENT = "sent"
    LATE = "late"
    """Sent long after it was due: the bot was not running."""
    STALE = "stale"
    """Not sent: it was too late to be useful."""
    EXPIRED = "expired"
    """The price it waited for was not reached."""
    MERGED = "merged"
    """Its incident was merged into another."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A later message of an incident, planned when its rule fired."""

    kind: FollowUpKind
    due_at: datetime | None
    """``None`` where it waits for a price."""
    done_at: datetime | None = None
    outcome: FollowUpOutcome = FollowUpOutcome.OPEN

    @property
    def waits_for_price(self) -> bool:
        """Whether it is open and due at a price, not at a time."""
        return self.done_at is None and self.due_at is None


@dataclass(frozen=True, slots=True)
class Thread:
    """The messages about an incident: those published and those planned."""

    messages: int = 0
    """New messages announced so far, without edits."""
    told_at: datetime | None = None
    """When the last new message with the whole summary was announced; the next six fields hold what it published."""
    told_breadth: int = 0
    """Number of symbols."""
    told_severity: Severity | None = None
    told_change: float | None = None
    """The lead's change, edits included."""
    told_session: date | None = None
    """The newest session."""
    told_direction: int | None = None
    """-1 where that message told of falls, 1 of rises, 0 of news alone; ``None`` where an earlier version sent it."""
    told_cause: str = ""
    """The cluster that message gives as the cause, edits included; empty where it gives none."""
    shown: str = ""
    """Hash of the text that message shows, edits included; empty where an earlier version sent it."""
    known_cause: str = ""
    """The cluster given as the cause by the message with the whole summary before that one."""
    known_at: datetime | None = None
    """When that message before was announced."""
    messaged_at: datetime | None = None
    """When the last new message of any kind was announced."""
    main: int = 0
    """Number of the newest message with the whole summary: the one that edits update."""
    main_reason: Reason = Reason.FIRST
    """Why that message was sent."""
    edits: int = 0
    """Edits announced so far."""
    edited_at: datetime | None = None
    edit_due_at: datetime | None = None
    """When the planned edit goes out; ``None`` where none is planned."""
    corrected_at: datetime | None = None
    """When a correction of its cause was announced."""
    acknowledged_at: datetime | None = None
    """From then on there are no new messages about a growing breadth."""
    acknowledged_by: str = ""
    follow_ups: tuple[FollowUp, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """The alerts that share a cause, which a reader sees as one event."""

    id: str
    topic: str
    """Topic of the cause; empty where none is known or it is no more than possible."""
    clusters: tuple[str, ...]
    """Those behind its alerts, without causes that are no more than possible."""
    session: date
    """Session of the first alert."""
    sessions: tuple[date, ...]
    started_at: datetime
    updated_at: datetime
    severity: Severity
    """The highest any of its alerts has had."""
    state: IncidentState
    lead: str
    """The symbol its messages are headed by: the largest move of the highest severity. Chosen again only when severity
    rises, at a merge, or when a cause is found or corrected, so that it does not change with every price."""
    symbols: tuple[str, ...]
    """In order of firing."""
    alerts: tuple[str, ...]
    to: tuple[str, ...] = ()
    """Ids of the recipients it is for, as its rules name them; empty for all."""
    merged_into: str = ""
    """Id of the incident it was merged into, which then has its alerts; this one is closed."""
    closed_at: datetime | None = None
    thread: Thread = Thread()
