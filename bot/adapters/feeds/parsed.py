"""A feed as parsed, and how it travels from the child process that parsed it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
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
    """As the feed says it, however absurd."""
    origin: str = ""
    """Domain of the publisher that an aggregator names beside the entry."""


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
    """The document ends early: there may be more entries."""
    problems: tuple[str, ...] = ()
    """What was wrong and worked around, for people."""


def to_message(feed: ParsedFeed) -> dict[str, Any]:
    """``feed`` as plain values; moments are left to the JSON encoder's ``isoformat``."""
    return asdict(feed)


def from_message(feed: dict[str, Any]) -> ParsedFeed:
    """The inverse of ``to_message``, after JSON."""
    return ParsedFeed(
        title=feed["title"],
        link=feed["link"],
        kind=feed["kind"],
        entries=tuple(ParsedEntry(**{**e, "published_at": _moment(e["published_at"])}) for e in feed["entries"]),
        built_at=_moment(feed["built_at"]),
        cut_off=feed["cut_off"],
        problems=tuple(feed["problems"]),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
