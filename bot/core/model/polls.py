"""What one poll of a price source or a news source brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.core.model.observations import Absence, DailyBar, Quote, Split


@dataclass(frozen=True, slots=True)
class Missing:
    """Why one symbol is missing."""

    why: Absence
    detail: str = ""
    """One line for the operator."""


@dataclass(frozen=True, slots=True)
class PricePoll:
    """The latest quotes. A wanted symbol that is in neither ``quotes`` nor ``missing`` is unknown to the source."""

    quotes: Sequence[Quote]
    missing: Mapping[str, Missing] = field(default_factory=dict)
    splits: Sequence[Split] = ()
    """Splits learned on the way; they come into force before the quotes."""
    retry_after: timedelta | None = None
    """The wait the source asks for, where it answered in part only."""
    note: str = ""
    """What went wrong without failing the whole, in one line."""


@dataclass(frozen=True, slots=True)
class HistoryPoll:
    """Daily bars and splits. A wanted symbol that is not in ``missing`` was read, even if it has no bar."""

    bars: Sequence[DailyBar]
    splits: Sequence[Split] = ()
    missing: Mapping[str, Missing] = field(default_factory=dict)
    retry_after: timedelta | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class NewsItem:
    """What a news source observed, put into words: a model that was published, a price that was cut."""

    key: str
    """Identifies it for ever within its source; what comes again under a key is not told again."""
    title: str
    """A plain headline that names the lab and the model."""
    published_at: datetime | None = None
    summary: str = ""
    """The facts in whole sentences, which messages quote one by one."""
    link: str = ""
    """An http(s) address, or empty."""
    publisher: str = ""
    """Where it can be seen; by default the source's title."""
    evidence_only: bool = False
    """It may explain a move, but fires no rule by itself."""
    stranger: str = ""
    """Author and name of a model that no named lab made. Anybody can give a model any name, so the item is left out
    where a name in it is known as somebody else's."""


@dataclass(frozen=True, slots=True)
class ModelName:
    """The name of a model that a named lab published."""

    name: str
    """As listed, without its organisation: ``LongCat-Flash-Chat``."""
    lab: str
    """The lab's name in ``rules/topics``."""


@dataclass(frozen=True, slots=True)
class NewsPoll:
    """What is new, and what the source has to know at its next poll."""

    items: Sequence[NewsItem] = ()
    """Oldest first."""
    state: str = ""
    """Anything that says what the source has seen; kept with the stories, and handed to the next poll."""
    seen: int = 0
    """How many entries were read, new or not. None at all is reported as a source that is suddenly empty."""
    note: str = ""
    """What went wrong without failing the whole, in one line."""
    retry_after: timedelta | None = None
    """The wait the source asks for, where it answered in part only."""
    names: Sequence[ModelName] = ()
    """Models of named labs that it lists, new or not, so that their names become known words."""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry of a feed, as it stands there: text without markup, nothing else cleaned."""

    title: str
    link: str
    summary: str
    id: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline about a company, from a place that is no feed."""

    id: str
    title: str
    link: str
    summary: str = ""
    published_at: datetime | None = None
    publisher: str = ""
    """Its name, or empty."""
    publisher_link: str = ""
    """Its address, or empty."""


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """The answer to a request for a feed."""

    entries: Sequence[FeedEntry] | None
    """As they stand; ``None`` where it is as it was when ``etag`` was sent (304)."""
    etag: str = ""
    """To be sent with the next request."""


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """The answer to a request for JSON."""

    data: Any
    """What the body says; ``None`` where it is as it was when ``etag`` was sent (304)."""
    etag: str = ""
    """To be sent with the next request."""
    url: str = ""
    """The address it came from in the end."""
