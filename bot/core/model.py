"""The frozen values every part speaks in. What is observed, what is decided; nothing here does anything.

Datetimes are aware UTC and end in ``_at``. Fractions are fractions: a fall of 10 % is ``-0.10``. Prices are in the
currency the exchange quotes.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

# --------------------------------------------------------------------------------------------------------- vocabulary


class Phase(enum.StrEnum):
    """Part of a session. ``CLOSED`` is any moment outside every session."""

    PRE = "pre"
    REGULAR = "regular"
    POST = "post"
    CLOSED = "closed"


class Severity(enum.IntEnum):
    """How much an alert matters; compares by rank. ``word`` is what people read and write."""

    INFO = 1
    WARNING = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The lower-case name, as in YAML and JSON."""
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Severity:
        """The severity called ``word``; KeyError when there is none."""
        return cls[word.upper()]


class AlertState(enum.StrEnum):
    """``PENDING``: the conditions hold but not yet for ``hold``; never stored. Then ``FIRING``, then ``RESOLVED``."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Reach(enum.StrEnum):
    """How a story touches a symbol: it names the company, it meets an exposure of it, or neither."""

    DIRECT = "direct"
    EXPOSURE = "exposure"
    NONE = "none"


class Reason(enum.StrEnum):
    """Why a notification exists; stored with it."""

    FIRST = "first"
    ESCALATED = "escalated"
    WIDENED = "widened"
    CORRECTED = "corrected"
    FOLLOW_UP = "follow_up"
    RESOLVED = "resolved"
    DIGEST = "digest"
    OPERATOR = "operator"


class QuoteKind(enum.StrEnum):
    """What a quote's price is. ``TRADE`` is a last price; the others are marks of a bar or of the session.

    A ``LOW`` or ``HIGH`` is known when its bar ends, and many trades stand behind it, so it needs no confirmation;
    nor does an official ``CLOSE``. An ``OPEN`` is one print like any other.
    """

    TRADE = "trade"
    OPEN = "open"
    LOW = "low"
    HIGH = "high"
    CLOSE = "close"

    @property
    def confirmed(self) -> bool:
        """True where one quote alone may fire a rule."""
        return self in (QuoteKind.LOW, QuoteKind.HIGH, QuoteKind.CLOSE)

    @property
    def rank(self) -> int:
        """Order among quotes of one moment: a bar's low and high are known before its close, the official one last."""
        return (QuoteKind.OPEN, QuoteKind.LOW, QuoteKind.HIGH, QuoteKind.TRADE, QuoteKind.CLOSE).index(self)


# ------------------------------------------------------------------------------------------------------- observations


@dataclass(frozen=True, slots=True)
class Story:
    """One normalised feed entry.

    ``seen_at`` orders stories and decides what could have been known; ``published_at`` (the publisher's word, often
    wrong) only informs.
    """

    id: str
    """Stable hash of the source and the entry's identity; the same entry always gets the same id."""
    source: str
    """The feed's name in ``config.yaml``, or the publisher in a recording."""
    title: str
    """Plain text, markup removed, white space folded."""
    seen_at: datetime
    published_at: datetime | None = None
    summary: str = ""
    """Plain text, markup removed; at most a few thousand characters."""
    link: str = ""
    """An http(s) address, or empty."""
    publisher: str = ""
    """Who wrote it where the source is an aggregator; otherwise the source's own title. May be empty."""
    seeded: bool = False
    """Seen at the first poll of its feed: evidence for later moves, but never itself the reason to fire."""
    revises: str | None = None
    """The id of the story this is a rewritten title of. The first-seen one counts."""
    keys: tuple[str, ...] = ()
    """Every identity by which the same entry must be recognised later (guid, link, title); the seen-set."""

    @property
    def origin(self) -> str:
        """Who stands behind the story, for counting distinct sources: the publisher where known, else the source."""
        return self.publisher or self.source


@dataclass(frozen=True, slots=True)
class Quote:
    """One price observation of a symbol."""

    symbol: str
    price: float
    at: datetime
    """When the trade happened on the exchange: the event time."""
    seen_at: datetime
    kind: QuoteKind = QuoteKind.TRADE
    previous_close: float | None = None
    """The previous close as the vendor states it with this quote, so on this quote's split basis."""
    volume: float | None = None
    """Shares traded in the session so far, where the vendor tells."""
    currency: str = ""
    source: str = ""
    basis: str | None = None
    """Name of the split basis, where the source states one; only ever compared for equality."""


@dataclass(frozen=True, slots=True)
class DailyBar:
    """Open, high, low and close of one regular session. Only the close is certain to be there.

    ``seen_at`` is never before the session's close.
    """

    symbol: str
    session: date
    close: float
    seen_at: datetime
    open: float | None = None
    high: float | None = None
    low: float | None = None
    volume: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """From ``session`` on, prices are per new share: ``ratio`` new shares for one old (10.0 for a 10-for-1)."""

    symbol: str
    session: date
    ratio: float
    seen_at: datetime


class ReportTime(enum.StrEnum):
    """When on its day a company reports, against its exchange's regular hours."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class EarningsDate:
    """A company is to report its results on ``date`` (its exchange's), as a calendar said at ``seen_at``."""

    symbol: str
    date: date
    seen_at: datetime
    when: ReportTime = ReportTime.UNKNOWN
    source: str = ""


class Trouble(enum.StrEnum):
    """What is wrong with a source. ``NONE`` is a healthy poll."""

    NONE = "none"
    FAILED = "failed"
    EMPTY = "empty"
    STALE = "stale"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class SourceReport:
    """How one poll of one source went: the observation behind "silence is visible"."""

    source: str
    """The feed's name, or ``prices``, ``history``, ``telegram``, ``rules``, ``store``."""
    seen_at: datetime
    trouble: Trouble = Trouble.NONE
    detail: str = ""
    """One line for the operator: what happened and what to do. Never contains a secret."""
    items: int = 0
    """Entries in a feed, symbols in a price poll."""
    fresh: int = 0
    """How many of them were new."""
    status: int | None = None
    """HTTP status where there was one."""
    subject: str = ""
    """A symbol, where the report is about one (a stale price)."""


Observation = Story | Quote | DailyBar | Split | EarningsDate | SourceReport

# ------------------------------------------------------------------------------------------------- news, as understood


class Field(enum.StrEnum):
    """Part of a story."""

    TITLE = "title"
    SUMMARY = "summary"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Mention:
    """A company, lab or model named in a story, with where."""

    kind: str
    """``company``, ``lab`` or ``model``."""
    name: str
    """Canonical name: the company's symbol, the lab's or the model's name."""
    text: str
    """The words that matched, as written."""
    where: Field
    start: int


@dataclass(frozen=True, slots=True)
class ScoreReason:
    """One named addend of a topic score."""

    name: str
    weight: float
    text: str
    """The words of the story it rests on."""


@dataclass(frozen=True, slots=True)
class TopicScore:
    """How much a story is about a topic: 0 to 1, the clipped sum of its reasons."""

    topic: str
    score: float
    reasons: tuple[ScoreReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A story as the news room understands it."""

    story: Story
    topics: tuple[TopicScore, ...]
    mentions: tuple[Mention, ...]
    exposures: tuple[tuple[str, float], ...]
    """Exposures the story's words meet, each with a strength from 0 to 1, strongest first."""
    cluster: str
    """Id of the cluster it joined: the id of that cluster's first story; empty where it joined none."""
    novelty: float
    """1 for the first story of a cluster, falling with each repeat."""

    def score(self, topic: str) -> float:
        """Score for ``topic``; 0 where it has none."""
        return next((t.score for t in self.topics if t.topic == topic), 0.0)


@dataclass(frozen=True, slots=True)
class ClusterMatch:
    """A cluster that reaches a symbol on a topic, as far as it was known at some moment."""

    cluster: str
    topic: str
    reach: Reach
    score: float
    """The best topic score among its counted stories."""
    strength: float
    """How strongly it reaches the symbol, 0 to 1; 1 for a direct mention in a title."""
    exposures: tuple[str, ...]
    """The exposures by which it reaches the symbol, strongest first; empty for a direct reach."""
    first: Story
    best: Story
    """The story that scores highest: the one to show."""
    stories: tuple[Story, ...]
    """The counted stories, by ``seen_at``."""
    sources: tuple[str, ...]
    """Distinct origins among them, in order of appearance."""
    reasons: tuple[ScoreReason, ...] = ()
    """The arithmetic of the best story's score."""
    seeded: bool = False
    """Every counted story was seeded."""


# ----------------------------------------------------------------------------------------------------------- decisions


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
    """The symbol the incident is told by: the first-fired of the highest severity."""
    symbols: tuple[str, ...]
    """In order of firing."""
    alerts: tuple[str, ...]
    messages: int = 0
    """New messages announced so far (edits apart)."""
    told_at: datetime | None = None
    """When the last new message was announced."""
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
    corrected_at: datetime | None = None
    """When people were told that its cause is another than first said."""
    acknowledged_at: datetime | None = None
    """When somebody said they look after it; by whom. From then on it says nothing new for growing."""
    acknowledged_by: str = ""
    merged_into: str = ""
    """Id of the incident it turned out to be part of; it is closed then, and its alerts are that one's."""
    edit_due_at: datetime | None = None
    """When the next edit may go out, where numbers have moved since the last."""
    follow_ups: tuple[FollowUp, ...] = ()
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A later message of an incident, planned when its rule fired."""

    kind: str
    """As the rule says it: ``session close``, ``rebound 5%``, ``next session close``, ``recovered``."""
    due_at: datetime | None
    """When it is due; ``None`` where a price decides."""
    done_at: datetime | None = None
    outcome: str = ""
    """``sent``, ``late``, ``stale``, ``expired``; empty while open."""


# ------------------------------------------------------------------------------------------ what is said, and to whom


@dataclass(frozen=True, slots=True)
class Strong:
    """Emphasised words."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to an http(s) address."""

    text: str
    url: str


Inline = str | Strong | Link
Line = tuple[Inline, ...]
"""One line of text. Strings are raw: the renderer escapes them, once."""


class BlockKind(enum.StrEnum):
    """What a block is, so that a renderer may lay it out."""

    HEADLINE = "headline"
    FACTS = "facts"
    TABLE = "table"
    QUOTES = "quotes"
    LINKS = "links"
    NOTE = "note"
    CODE = "code"
    """Lines as they stand in a file: spaces at their beginning mean something."""


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a summary. ``weight`` says what goes first when a message is too long: the lightest."""

    name: str
    """``headline``, ``what happened``, ``why``, ``who is hit``, …"""
    kind: BlockKind
    weight: int
    title: str = ""
    lines: tuple[Line, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """For a table: the cells, first row the heading."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a notification says, as blocks in reading order, without markup."""

    blocks: tuple[Block, ...]
    subject: str = ""
    """One plain line: for logs, push previews and e-mail subjects."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """The engine's wish to tell people something. Who they are is decided by ``routing``."""

    key: str
    """Stable: the same happening always asks under the same key, so that a repeat is recognised."""
    at: datetime
    reason: Reason
    severity: Severity
    summary: Summary
    incident: str = ""
    symbols: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    """The rules whose alerts it rests on."""
    edits: str = ""
    """Key of the announcement whose message this replaces; empty for a new message."""
    replies_to: str = ""
    """Key of the announcement this answers."""
    for_operator: bool = False
    recipient: str = ""
    """Only this recipient, whatever it prefers to hear: what it missed in its quiet hours."""
    suppressed_by: str = ""
    """Why nobody shall be sent this, though it is recorded: ``cooldown``, a silence, an inhibiting rule."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What ``engine.step`` decided, in order."""

    now: datetime
    changes: tuple[AlertChange, ...] = ()
    incidents: tuple[Incident, ...] = ()
    """Every incident that changed, as it now is."""
    announcements: tuple[Announcement, ...] = ()
    readings: tuple[Reading, ...] = ()
    """How each new story was understood."""
    refused: tuple[Refused, ...] = ()

    @property
    def empty(self) -> bool:
        """True where nothing needs to be stored or said."""
        return not (self.changes or self.incidents or self.announcements or self.readings or self.refused)


@dataclass(frozen=True, slots=True)
class Refused:
    """A quote that was not believed, and why."""

    quote: Quote
    why: str
    """``not a number``, ``zero or negative``, ``future-dated``, ``stale-dated``, ``out of order``, …"""
    at: datetime


@dataclass(frozen=True, slots=True)
class Recipient:
    """A chat (with topic thread, if any) on a channel, with what it wants to hear."""

    id: str
    """``telegram:12345``, ``telegram:-100123/7``, ``console``."""
    channel: str
    """``telegram`` or ``console``."""
    name: str = ""
    operator: bool = False
    """Also receives operator notices."""
    min_severity: Severity = Severity.INFO
    symbols: tuple[str, ...] = ()
    """Only incidents touching one of these; empty for all."""
    enabled: bool = True
    digest: bool = False
    """Hears the digests; an operator does in any case."""
    quiet: str = ""
    """Quiet hours, ``22:00-07:00 Europe/Paris``: what is not critical waits until they are over."""


class NotificationState(enum.StrEnum):
    """Where a notification stands. ``QUEUED`` and ``LEASED`` make up the outbox; the others are settled."""

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
    suppressed_by: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed notification with what the notifier needs: the message it edits or answers, if that was sent."""

    notification: Notification
    attempt: int
    """1 for the first."""
    edits_message: str | None = None
    replies_to_message: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver one notification, and how it ended."""

    notification: str
    attempt: int
    started_at: datetime
    ended_at: datetime
    outcome: str
    """``sent``, ``retry``, ``unknown``, ``failed``."""
    message_id: str | None = None
    error: str = ""
    retry_at: datetime | None = None


# ------------------------------------------------------------------------------------------------------- feed plumbing


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is remembered of a feed between polls; committed with the stories of the poll that changed it."""

    name: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    interval: timedelta = timedelta(minutes=5)
    """Current poll interval, adapted to how often the feed changes."""
    next_poll_at: datetime | None = None
    failures: int = 0
    """In a row."""
    seeded: bool = False
    """A first successful poll has filled the seen-set."""
    last_ok_at: datetime | None = None
    last_change_at: datetime | None = None
    last_items: int = 0
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything one cycle commits, in one transaction or not at all."""

    now: datetime
    observations: tuple[Observation, ...] = ()
    decisions: tuple[Decisions, ...] = ()
    notifications: tuple[Notification, ...] = ()
    feeds: tuple[FeedState, ...] = ()
    extras: dict[str, str] = field(default_factory=dict)
    """Small named values that belong to the transaction, such as the replay's position."""

    @property
    def empty(self) -> bool:
        """True where there is nothing worth a transaction."""
        return not (
            self.observations
            or any(not d.empty for d in self.decisions)
            or self.notifications
            or self.feeds
            or self.extras
        )


def stable_id(*parts: str, length: int = 16) -> str:
    """Hex digest of the parts, separated so that ``("a", "bc")`` and ``("ab", "c")`` differ. SHA-256, cut."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:length]
