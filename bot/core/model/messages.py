"""Summaries as blocks without markup, and the announcements that carry them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.core.model.decisions import Claim, Reference
from bot.core.model.vocabulary import Phase, Reason, Severity, Suppression


@dataclass(frozen=True, slots=True)
class Strong:
    """Emphasised words."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Text linked to an http(s) address."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time. Where the reader's program knows the reader's zone it shows ``at``, else ``text``."""

    at: datetime
    text: str
    """Our wording of it, which says its zone."""


Inline = str | Strong | Link | Moment
Line = tuple[Inline, ...]
"""One line of text. Strings are raw: the renderer escapes them, once."""


class BlockKind(enum.StrEnum):
    """How a renderer lays out a block."""

    HEADLINE = "headline"
    FACTS = "facts"
    TABLE = "table"
    QUOTES = "quotes"
    LINKS = "links"
    NOTE = "note"
    CODE = "code"
    """Lines whose leading spaces matter."""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a summary. When a message is too long, the blocks of the least ``weight`` are dropped first."""

    name: str
    """``headline``, ``what happened``, ``why``, ``who is hit``, …"""
    kind: BlockKind
    weight: int
    title: str = ""
    lines: tuple[Line, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """The cells of a table; the first row is the header."""
    folded: bool = False
    """A detail: where a message can be folded, it is shown when the reader unfolds it."""


@dataclass(frozen=True, slots=True)
class Furthest:
    """The furthest price of a move, where the latest is less far: a low of a fall, a high of a rise."""

    price: float | None
    """``None`` where only the change is still known."""
    change: float
    start_at: datetime | None = None
    """It was between these two, which are equal where its moment is known; ``None`` where nothing is."""
    end_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StockMove:
    """How far one stock has moved in a session, as measured at the moment of a message."""

    symbol: str
    price: float
    change: float
    reference: Reference
    at: datetime
    """When the price was."""
    session: date
    phase: Phase
    severity: Severity | None = None
    """The highest of its alerts; ``None`` for a stock without one."""
    furthest: Furthest | None = None
    currency: str = ""
    """ISO 4217 code, or GBp for pence; empty where it is not known."""
    official: bool = False
    """The price is the session's official close."""
    of_day: float | None = None
    """The change from the previous close, where ``change`` is measured from something else and it is known."""

    @property
    def turned_today(self) -> bool:
        """Whether a move from before today goes the other way today, by what a percentage with one decimal shows."""
        if self.of_day is None or abs(self.of_day) < 0.0005 or self.reference.session >= self.session:
            return False
        return (self.of_day < 0) != (self.change < 0)


@dataclass(frozen=True, slots=True)
class Figures:
    """All measured moves that a message tells of, from one look at the market. Text, pictures and JSON show these."""

    at: datetime
    """The moment of the look."""
    moves: tuple[StockMove, ...]
    """The stocks the message counts, the lead first."""


@dataclass(frozen=True, slots=True)
class ToldCause:
    """The cause that a message tells, for lists and programs."""

    title: str
    source: str
    link: str
    claim: Claim
    confidence: float | None = None
    first_title: str = ""
    """Title of the first story of the same happening; when it was seen follows."""
    first_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a notification says, as blocks in reading order, without markup."""

    blocks: tuple[Block, ...]
    subject: str = ""
    """One plain line: for logs, push previews and e-mail subjects. As every string of a block it may have the marks of
    ``wording.verbatim``, which renderers remove."""
    agents: tuple[str, ...] = ()
    """For programs: what acted by the cause that is told, by kind and name: ``lab:DeepSeek``, ``model:DeepSeek R1``."""
    figures: Figures | None = None
    """The moves it tells of; ``None`` where it tells of none."""
    cause: ToldCause | None = None
    """The cause it tells; ``None`` where it tells of none."""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """For programs: by name, what the labels of its alerts say, each value once."""


@dataclass(frozen=True, slots=True)
class ToldMessage:
    """The newest message with an incident's whole summary, edits included."""

    at: datetime
    """When it was made: everything in it is as of then."""
    headline: str
    summary: Summary | None
    """``None`` where another version of the program wrote it."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something the engine wants people to know. ``routing`` decides who receives it."""

    key: str
    """Stable: the same announcement always has the same key, so that a repeat is recognised."""
    at: datetime
    reason: Reason
    severity: Severity
    summary: Summary
    incident: str = ""
    symbols: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    """The rules of the alerts behind it."""
    edits: str = ""
    """Key of the announcement whose message this replaces; empty for a new message."""
    replies_to: str = ""
    """Key of the announcement this replies to."""
    for_operator: bool = False
    recipient: str = ""
    """Only this recipient, whatever its preferences: what it missed in its quiet hours."""
    to: tuple[str, ...] = ()
    """Only these recipients, as far as they want it; empty for all."""
    suppressed_by: Suppression | None = None
    """Why it is recorded but sent to nobody: a cooldown, an inhibiting rule."""
