"""The keys of an episode file, their types and meanings. The editors' schema is made from these."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from bot.config.episodes.price_block import parse_date, parse_time
from bot.config.yaml.scalars import HttpUrl, Name, Percent, Symbol
from bot.config.yaml.validation import StrictModel
from bot.core.cause.second_reader import LONGEST_WHO, MOST_MOVES
from bot.core.model import Because, Direction

Moment = Annotated[datetime, BeforeValidator(parse_time), WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[date, BeforeValidator(parse_date), WithJsonSchema({"type": "string", "format": "date"})]
Words = Annotated[str, Field(min_length=1)]


class TriggerEntry(StrictModel):
    """What caused the episode."""

    what: Words
    """In one line."""
    at: Moment | None = None
    """When it became public (UTC)."""
    topic: str = ""
    """Its topic: ai-model, ai-market; for a look-alike earnings, outage, tariffs, …"""
    exposures: tuple[str, ...] = ()
    """Exposures it threatened, named as in companies.yaml."""
    source: str = ""
    """Who reported it, and when."""
    link: HttpUrl | None = None
    """Its address."""


class MoveEntry(StrictModel):
    """One move that a second reader found in a story."""

    who: Annotated[str, Field(min_length=1, max_length=LONGEST_WHO)]
    """What moves: words that stand in the story's title or summary."""
    direction: Direction
    """falls or rises."""
    because: Because
    """The cause that the story gives."""
    ai_is_the_agent: bool
    """Whether it falls because of an AI model, tool or lab."""
    certainty: Annotated[float, Field(ge=0, le=1)]
    """0 to 1."""


class SecondReadingEntry(StrictModel):
    """What a second reader, a language model, answered about a story."""

    seen: Moment
    """When the answer was known (UTC)."""
    model: str = ""
    """The model's name."""
    moves: Annotated[tuple[MoveEntry, ...], Field(max_length=MOST_MOVES)] = ()
    """Every move it found."""


class StoryEntry(StrictModel):
    """One story, in our own words."""

    at: Moment
    """When it was published (UTC), and when the bot could first have seen it, unless `seen` says otherwise."""
    seen: Moment | None = None
    """When the bot could first have seen it, if later."""
    published: Moment | None = None
    """When it was published by its own account, if different."""
    source: Words
    """The feed, or the publisher."""
    publisher: str = ""
    """Its publisher, where the source only links to it."""
    title: Words
    """In our own words."""
    summary: str = ""
    """In our own words, with short exact quotations and their sources."""
    link: HttpUrl | None = None
    """Its real address, if it has one."""
    second_reading: SecondReadingEntry | None = None
    """What a second reader answered about it, if it was asked."""


class FallEntry(StrictModel):
    """How far a symbol fell, and its later returns, measured from the close of the fall."""

    change: Percent
    """Close to close, in the episode's session."""
    exposure: str = ""
    """The company's exposure that the trigger threatened."""
    next_session: Percent | None = None
    """Return one session later, if known."""
    five_sessions: Percent | None = None
    """Return five sessions later."""
    twenty_sessions: Percent | None = None
    """Return twenty sessions later."""
    note: str = ""
    """Anything else to know, such as a fall over several sessions."""


class PricesEntry(StrictModel):
    """The prices of one symbol, all on one basis."""

    exchange: Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$")]
    """ISO 10383 code, such as XNAS, XNYS, XLON."""
    basis: Annotated[str, Field(min_length=1)] | None = None
    """Which splits the prices are adjusted for; by default the episode's `basis`."""
    exposure: str = ""
    """The company's exposure that the trigger threatened; left out for symbols given for comparison."""
    currency: str = ""
    """ISO 4217 code, or GBp and the like."""
    jump: Day | None = None
    """A session whose close really is three times the one before, or a third of it."""
    daily: Words
    """One line per session: date, open, high, low, close, volume; '-' for unknown figures."""
    marks: str = ""
    """One line per price within a session: time in UTC, trade, open, low, high or close, price, and volume if known."""


class EpisodeFile(StrictModel):
    """One recorded or described episode."""

    episode: Name
    """The file's own name, without .yaml."""
    title: Words
    """Its name in messages."""
    kind: Literal["recorded", "described"]
    """recorded: it has stories and prices and can be replayed; described: it says what fell and what followed."""
    shock: bool = True
    """false for a look-alike, which AI did not cause."""
    session: Day
    """The session of the fall."""
    first: Annotated[Day | None, Field(alias="from")] = None
    """The first session replayed; earlier bars only provide references."""
    last: Annotated[Day | None, Field(alias="to")] = None
    """The last session replayed."""
    summary: Words
    """What happened, in a few sentences of our own."""
    trigger: TriggerEntry
    """What caused it."""
    basis: str = ""
    """Which splits the prices are adjusted for, unless a symbol says otherwise."""
    falls: dict[Symbol, FallEntry] = Field(default_factory=dict)
    """What fell, by symbol; measured from prices where there are any."""
    stories: tuple[StoryEntry, ...] = ()
    """The news, and when it could be seen."""
    prices: dict[Symbol, PricesEntry] = Field(default_factory=dict)
    """Prices by symbol."""
