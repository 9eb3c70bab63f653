"""A parsed feed, and its form in JSON, in which the child process returns it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """One entry, normalised; every text may be empty but the title."""

    guid: str
    link: str
    title: str
    summary: str
    published_at: datetime | None
    """As stated, plausible or not."""
    origin: str = ""
    """Domain of the publisher an aggregator names."""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed, in its own order of entries."""

    title: str
    link: str
    kind: str
    """``RSS 2.0``, ``Atom 1.0``, …"""
    entries: tuple[ParsedEntry, ...]
    built_at: datetime | None = None
    cut_off: bool = False
    """The document is truncated: there may be more entries."""
    problems: tuple[str, ...] = ()
    """Faults that were worked around, for people."""


def from_message(feed: dict[str, Any]) -> ParsedFeed:
    """The inverse of ``dataclasses.asdict``, after JSON with dates in ISO 8601."""
    entries = tuple(ParsedEntry(**{**e, "published_at": _moment(e["published_at"])}) for e in feed["entries"])
    rest = {"entries": entries, "built_at": _moment(feed["built_at"]), "problems": tuple(feed["problems"])}
    return ParsedFeed(**{**feed, **rest})


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
