"""The keys of a rule-test file, their types and meanings. The editors' schema is made from these."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from bot.config.episodes.entries import Day, Words
from bot.config.yaml.scalars import HttpUrl, Name, Symbol, TimeZoneName, parse_symbol
from bot.config.yaml.validation import StrictModel
from bot.core.model import NO_STOCK

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
    """As in episodes, one line per session: date, open, high, low, close, volume; '-' for unknown figures."""
    marks: str = ""
    """As in episodes, one line per price: time in UTC, kind, price, and volume if known."""
    exchange: Annotated[str, Field(pattern=r"^([A-Z0-9]{4})?$")] = ""
    """ISO 10383 code, where neither companies.yaml nor the symbol's suffix determines it."""


class NewsEntry(StrictModel):
    """One headline."""

    at: Words
    """When the bot first sees it: 10:00, 2025-01-26 11:00."""
    source: Words = "Example News"
    """The feed or publisher."""
    title: Words
    """The headline."""
    summary: str = ""
    """The summary in the feed."""
    link: HttpUrl | None = None
    """Its address."""
    publisher: str = ""
    """Its publisher, where the source only links to it."""
    published: Words | None = None
    """When it was published by its own account; by default `at`."""
    seeded: bool = False
    """Evidence only, as in the first poll of its feed: not enough to fire by itself."""


def _alerted(value: object) -> str:
    """A symbol, or ``none`` for no stock."""
    return NO_STOCK if value == "none" else parse_symbol(value)


Alerted = Annotated[
    str,
    BeforeValidator(_alerted),
    WithJsonSchema({"type": "string", "description": "A symbol as on Yahoo Finance, or none."}),
]


class RecordingEntry(StrictModel):
    """Files of recorded prices and news; paths are relative to the test's folder."""

    prices: Several | None = None
    """CSV (gz too): symbol,date,open,high,low,close,volume; or symbol,start_at,… for bars within sessions."""
    news: Several | None = None
    """JSONL (gz too): published, seen, title, summary, source, link."""
    first: Annotated[Day | None, Field(alias="from")] = None
    """The first session played; earlier rows only provide references."""
    last: Annotated[Day | None, Field(alias="to")] = None
    """The last session played."""


class ExpectEntry(StrictModel):
    """An alert that must fire, rise in severity or resolve."""

    rule: Words | None = None
    """The rule; optional where the test is about one rule."""
    symbol: Alerted
    """The alert's symbol; none where its rule is about no stock."""
    at: Words | None = None
    """When: 10:00 (within that minute), 10:00:30, or a range: 10:00 to 10:05. By default at any time."""
    severity: SeverityWord | None = None
    """Its severity then."""
    state: Literal["firing", "resolved"] = "firing"
    """firing: the alert fires, or rises in severity; resolved: it resolves."""
    reason: ReasonWord | Literal["none"] | None = None
    """The reason for the message sent then: first, escalated, widened, …; none: no new message then."""
    message_contains: Annotated[Several | None, Field(alias="message contains")] = None
    """Words in that message, as plain text."""
    suppressed_by: Annotated[str | None, Field(alias="suppressed by")] = None
    """Why the message is suppressed: cooldown."""


class MessageEntry(StrictModel):
    """A new message."""

    at: Words | None = None
    """When: 10:00, or 10:00 to 10:05."""
    reason: ReasonWord
    """Its reason."""
    contains: Several | None = None
    """Words in it."""


class NothingEntry(StrictModel):
    """Why nothing is expected."""

    because: Words
    """In a sentence."""
    stopped_by: Annotated[Words | None, Field(alias="stopped by")] = None
    """The condition that must stop the alert, by words from `rules explain`: news topic, market SPY."""


class RuleTestEntry(StrictModel):
    """One test."""

    name: Words
    """The behaviour tested, in a sentence."""
    rules: Several | None = None
    """The rules tested; by default those of the file, else all."""
    session: Day | None = None
    """The date of times written without one, and the first session with prices."""
    zone: TimeZoneName | None = None
    """The time zone of times in this test; by default the file's."""
    prices: dict[Symbol, str | float | PricesEntry] = Field(default_factory=dict)
    """Prices by symbol: 142.62 | 09:00 133.37, 10:00 128.14 low."""
    news: tuple[str | NewsEntry, ...] = ()
    """Headlines: `10:00 | Example News | A title`, or a mapping."""
    earnings: dict[Symbol, Words] = Field(default_factory=dict)
    """Earnings dates, as a calendar has them two weeks before: 2025-01-29 after; before, during, or the date alone."""
    episode: Name | None = None
    """An episode in rules/episodes instead of prices and news."""
    recording: RecordingEntry | None = None
    """Recorded files instead of prices and news."""
    until: Words | None = None
    """When to stop; by default a day after the last price or headline."""
    symbols: Annotated[tuple[Symbol, ...], BeforeValidator(_listed), Field(min_length=1)] | None = None
    """Check alerts for these symbols only; by default for all."""
    expect: Annotated[tuple[ExpectEntry, ...] | None, Field(min_length=1)] = None
    """All alerts that must fire; any other is a failure."""
    expect_nothing: Words | NothingEntry | None = None
    """Why no alert must fire."""
    messages: tuple[MessageEntry, ...] | None = None
    """If given, all new messages in order, edits excepted; any other is a failure."""


class RuleTestsFile(StrictModel):
    """A file of rule tests."""

    rules: Several | None = None
    """The rules its tests are about; by default all."""
    session: Day | None = None
    """For tests without their own."""
    zone: TimeZoneName = "UTC"
    """For tests without their own."""
    tests: Annotated[tuple[RuleTestEntry, ...], Field(min_length=1)]
    """The tests."""
