"""What is said, as blocks without markup; and the wish to say it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from bot.core.model.vocabulary import Reason, Severity, Suppression


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
    suppressed_by: Suppression | None = None
    """Why nobody shall be sent this, though it is recorded: a cooldown, an inhibiting rule."""
