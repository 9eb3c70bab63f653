"""What may stand in a file of rule tests: the keys, their types and what they mean. Editors get their schema here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot.config.episodes.entries import Day, Words
from bot.config.yaml.scalars import HttpUrl, Name, Symbol, TimeZoneName
from bot.config.yaml.validation import StrictModel

SeverityWord = Literal["info", "warning", "high", "critical"]
ReasonWord = Literal["first", "escalated", "widened", "corrected", "follow_up", "resolved"]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Several = Annotated[tuple[Words, ...], BeforeValidator(_listed), Field(min_length=1)]


class PricesEntry(StrictModel):
    """One symbol's prices, where a line is not enough."""

    previous_close: Annotated[float | None, Field(alias="previous close", gt=0)] = None
    """The official close of the session before the test's."""
    closes: str | float | None = None
    """Closes before the test's session, oldest first: 120x100~1% 142.62."""
    series: str = ""
    """Times and prices: 09:00 133.37, 10:00 128.14 low, 21:00 118.42 close."""
    daily: str = ""
    """As in episodes: one line a session: date, open, high, low, close, volume; '-' for what is not known."""
    marks: str = ""
    """As in episodes: one line a price: time in UTC, kind, price, perhaps volume."""
    exchange: Annotated[str, Field(pattern=r"^([A-Z0-9]{4})?$")] = ""
    """ISO 10383 code, where companies.yaml and the symbol's suffix do not tell."""


class NewsEntry(StrictModel):
    """One headline."""

    at: Words
    """When the bot first sees it: 10:00, 2025-01-26 11:00."""
    source: Words = "Example News"
    """The feed, or who published it."""
    title: Words
    """The headline."""
    summary: str = ""
    """What the feed says beyond the title."""
    link: HttpUrl | None = None
    """Its address."""
    publisher: str = ""
    """Who wrote it, where the source only links to it."""
    published: Words | None = None
    """The publisher's word for when it appeared; `at` where left out."""
    seeded: bool = False
    """Seen at the first poll of its feed: evidence, but no reason to fire by itself."""


class RecordingEntry(StrictModel):
    """Files of recorded prices and news; paths start at the test's folder."""

    prices: Several | None = None
    """CSV (gz too): symbol,date,open,high,low,close,volume; or symbol,start_at,… for bars within sessions."""
    news: Several | None = None
    """JSONL (gz too): published, seen, title, summary, source, link."""
    first: Annotated[Day | None, Field(alias="from")] = None
    """The first session played; rows before only fill references."""
    last: Annotated[Day | None, Field(alias="to")] = None
    """The last session played."""


class ExpectEntry(StrictModel):
    """An alert that must fire, rise in severity or be resolved."""

    rule: Words | None = None
    """The rule; may be left out where the test is about one rule."""
    symbol: Symbol
    """For which symbol."""
    at: Words | None = None
    """When: 10:00 (within that minute), 10:00:30, or a range: 10:00 to 10:05. Any time where left out."""
    severity: SeverityWord | None = None
    """How severe it is then."""
    state: Literal["firing", "resolved"] = "firing"
    """firing: the alert fires, or rises in severity; resolved: it ends."""
    reason: ReasonWord | Literal["none"] | None = None
    """Why a message goes out at that moment: first, escalated, widened, …; none: no new message then."""
    message_contains: Annotated[Several | None, Field(alias="message contains")] = None
    """Words that stand in that message, as it is shown in plain text."""
    suppressed_by: Annotated[str | None, Field(alias="suppressed by")] = None
    """Why the message is held back: cooldown."""


class MessageEntry(StrictModel):
    """A new message."""

    at: Words | None = None
    """When: 10:00, or 10:00 to 10:05."""
    reason: ReasonWord
    """Why it goes out."""
    contains: Several | None = None
    """Words that stand in it."""


class NothingEntry(StrictModel):
    """Why nothing is expected."""

    because: Words
    """In a sentence."""
    stopped_by: Annotated[Words | None, Field(alias="stopped by")] = None
    """Words of the condition that holds the alert back, as `rules explain` prints it: news topic, market SPY."""


class RuleTestEntry(StrictModel):
    """One test."""

    name: Words
    """What holds, in a sentence."""
    rules: Several | None = None
    """The rules under test; those of the file where left out, else all."""
    session: Day | None = None
    """The date of times written without one, and the first session with prices."""
    zone: TimeZoneName | None = None
    """The time zone of times in this test: UTC where left out."""
    prices: dict[Symbol, str | float | PricesEntry] = Field(default_factory=dict)
    """Prices by symbol: 142.62 | 09:00 133.37, 10:00 128.14 low."""
    news: tuple[str | NewsEntry, ...] = ()
    """Headlines: `10:00 | Example News | A title`, or a mapping."""
    earnings: dict[Symbol, Words] = Field(default_factory=dict)
    """When companies report, by a calendar two weeks before: 2025-01-29 after; before, during, or the date alone."""
    episode: Name | None = None
    """An episode in rules/episodes instead of prices and news."""
    recording: RecordingEntry | None = None
    """Recorded files instead of prices and news."""
    until: Words | None = None
    """Play no further than this; a day beyond the last price and headline where left out."""
    symbols: Annotated[tuple[Symbol, ...], BeforeValidator(_listed), Field(min_length=1)] | None = None
    """Look only at alerts for these; at all where left out."""
    expect: Annotated[tuple[ExpectEntry, ...] | None, Field(min_length=1)] = None
    """Every alert that must fire, and none besides."""
    expect_nothing: Words | NothingEntry | None = None
    """That nothing fires, and why."""
    messages: tuple[MessageEntry, ...] | None = None
    """Where written: every new message that goes out, in order, and none besides (edits apart)."""


class RuleTestsFile(StrictModel):
    """A file of rule tests."""

    rules: Several | None = None
    """The rules its tests are about; all where left out."""
    session: Day | None = None
    """For tests that name none."""
    zone: TimeZoneName = "UTC"
    """For tests that name none."""
    tests: Annotated[tuple[RuleTestEntry, ...], Field(min_length=1)]
    """The tests."""
