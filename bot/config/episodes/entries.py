"""What may stand in an episode file: the keys, their types and what they mean. Editors get their schema from here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from bot.config.episodes.price_block import parse_date, parse_time
from bot.config.yaml.scalars import HttpUrl, Name, Percent, Symbol
from bot.config.yaml.validation import StrictModel

Moment = Annotated[datetime, BeforeValidator(parse_time), WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[date, BeforeValidator(parse_date), WithJsonSchema({"type": "string", "format": "date"})]
Words = Annotated[str, Field(min_length=1)]


class TriggerEntry(StrictModel):
    """What set the episode off."""

    what: Words
    """In one line."""
    at: Moment | None = None
    """When it became public (UTC)."""
    topic: str = ""
    """What it is about: ai-model, ai-market; for a look-alike earnings, outage, tariffs, …"""
    exposures: tuple[str, ...] = ()
    """Lines of work it threatened, in the words of companies.yaml."""
    source: str = ""
    """Who reported it, and when."""
    link: HttpUrl | None = None
    """Where it can be read."""


class StoryEntry(StrictModel):
    """One story, in our own words."""

    at: Moment
    """When it was published (UTC); also when the bot could have seen it, unless `seen` says otherwise."""
    seen: Moment | None = None
    """When the bot could first have seen it, where that was not at once."""
    published: Moment | None = None
    """The publisher's word for when it was published, where that differs."""
    source: Words
    """The feed, or the publisher."""
    publisher: str = ""
    """Who wrote it, where the source only links to it."""
    title: Words
    """In our own words."""
    summary: str = ""
    """In our own words; short quotations word for word, with who said it and where."""
    link: HttpUrl | None = None
    """The real address of the story; left out where there is none."""


class FallEntry(StrictModel):
    """How far a symbol fell, and what followed (returns against the close of the fall)."""

    change: Percent
    """Close to close, in the episode's session."""
    exposure: str = ""
    """What the company lives from that the trigger could hit."""
    next_session: Percent | None = None
    """Return one session later; left out where it is not known."""
    five_sessions: Percent | None = None
    """Return five sessions later."""
    twenty_sessions: Percent | None = None
    """Return twenty sessions later."""
    note: str = ""
    """What else a reader should know, as where the fall was over several sessions."""


class PricesEntry(StrictModel):
    """The prices of one symbol, on one stated basis."""

    exchange: Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$")]
    """ISO 10383 code, as in XNAS, XNYS, XLON."""
    basis: Annotated[str, Field(min_length=1)] | None = None
    """Which splits the prices are adjusted for; the episode's `basis` where it is left out."""
    exposure: str = ""
    """What the company lives from that the trigger can hit; left out for those set beside for comparison."""
    currency: str = ""
    """ISO 4217 code, or GBp and the like; may be left out."""
    jump: Day | None = None
    """A session whose close truly is three times the one before, or a third of it."""
    daily: Words
    """One line a session: date, open, high, low, close, volume; '-' for what is not known."""
    marks: str = ""
    """One line a price within a session: time in UTC, trade, open, low, high or close, price, perhaps volume."""


class EpisodeFile(StrictModel):
    """One recorded or described episode."""

    episode: Name
    """The file's own name, without .yaml."""
    title: Words
    """What people call it."""
    kind: Literal["recorded", "described"]
    """recorded has stories and prices and can be replayed; described says what fell and what followed."""
    shock: bool = True
    """false for a look-alike, whose cause was not AI."""
    session: Day
    """The session of the fall."""
    first: Annotated[Day | None, Field(alias="from")] = None
    """The first session replayed; bars before it only fill references."""
    last: Annotated[Day | None, Field(alias="to")] = None
    """The last session replayed."""
    summary: Words
    """What happened, in a few sentences of our own."""
    trigger: TriggerEntry
    """What set it off."""
    basis: str = ""
    """Which splits the prices are adjusted for, where a symbol does not say."""
    falls: dict[Symbol, FallEntry] = Field(default_factory=dict)
    """What fell, by symbol; where there are prices, they tell instead."""
    stories: tuple[StoryEntry, ...] = ()
    """What could be read, and when."""
    prices: dict[Symbol, PricesEntry] = Field(default_factory=dict)
    """What was paid, by symbol."""
