"""Observations: stories, quotes, bars, splits, earnings dates, second readings, learned names, and how polls went."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.model.vocabulary import QuoteKind
from bot.core.secret import redacted


@dataclass(frozen=True, slots=True)
class Story:
    """One normalised feed entry.

    ``seen_at`` orders stories and decides what was known when; ``published_at`` (stated by the publisher, often wrong)
    only informs.
    """

    id: str
    """Stable hash of the source and the entry's identity."""
    source: str
    """The feed's name in ``config.yaml``, or the publisher in a recording."""
    title: str
    """Plain text, without markup, white space collapsed."""
    seen_at: datetime
    published_at: datetime | None = None
    summary: str = ""
    """Plain text, without markup; at most a few thousand characters."""
    link: str = ""
    """An http(s) address, or empty."""
    publisher: str = ""
    """The publisher named by an aggregator; otherwise the source's own title. May be empty."""
    seeded: bool = False
    """Evidence for moves, but cannot fire a rule by itself: there when its feed was first polled, one of more than can
    be new at once, or under a title that its feed has used before."""
    revises: str | None = None
    """The id of the story whose title this rewrites. The one seen first counts."""
    keys: tuple[str, ...] = ()
    """The identities by which the entry is recognised later (guid, link, title)."""

    @property
    def origin(self) -> str:
        """The publisher where known, else the source; distinct sources are counted by it."""
        return self.publisher or self.source


@dataclass(frozen=True, slots=True)
class Quote:
    """One price observation of a symbol."""

    symbol: str
    price: float
    at: datetime
    """The event time: when the trade happened on the exchange."""
    seen_at: datetime
    kind: QuoteKind = QuoteKind.TRADE
    previous_close: float | None = None
    """The previous close the vendor states with this quote, on the same split basis."""
    volume: float | None = None
    """Shares traded in the session so far, if stated."""
    currency: str = ""
    source: str = ""
    basis: str | None = None
    """Name of the split basis, if stated; only compared for equality."""


@dataclass(frozen=True, slots=True)
class DailyBar:
    """Open, high, low and close of one regular session; only the close is always there. ``seen_at`` is never before the
    session's close."""

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
    """From ``session`` on, prices are per new share: ``ratio`` new shares for one old (10.0 for a 10-for-1).

    A large cash dividend changes the basis of prices likewise: from the session on, a share is worth ``cash`` less.
    ``ratio`` is then the close before it / (that close − ``cash``), and there are as many shares as before.
    """

    symbol: str
    session: date
    ratio: float
    seen_at: datetime
    cash: float = 0.0

    @property
    def words(self) -> str:
        """``split 10 for 1``, ``dividend of 12``."""
        if self.cash:
            return f"dividend of {self.cash:g}"
        return f"split {self.ratio:g} for 1" if self.ratio >= 1 else f"split 1 for {1 / self.ratio:g}"


class ReportTime(enum.StrEnum):
    """When a company reports, relative to its exchange's regular hours."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class EarningsDate:
    """A company reports its results on ``date`` (of its exchange), according to a calendar seen at ``seen_at``."""

    symbol: str
    date: date
    seen_at: datetime
    when: ReportTime = ReportTime.UNKNOWN
    source: str = ""


class Direction(enum.StrEnum):
    """Which way something moves."""

    FALLS = "falls"
    RISES = "rises"


class Because(enum.StrEnum):
    """What a second reader gives as the cause of a move."""

    AI_RIVAL = "ai rival"
    """An AI model, tool or lab that threatens, replaces, undercuts or outdoes what moves."""
    AI_SPENDING = "ai spending"
    """Spending on AI, demand for it, or talk of a bubble."""
    OWN_NEWS = "own news"
    """The company's own results, forecast, deal, trial or management."""
    SOMETHING_ELSE = "something else"
    NOT_TOLD = "not told"


@dataclass(frozen=True, slots=True)
class ToldMove:
    """One move that a story tells of, according to a second reader."""

    who: str
    """The words of the story for what moves, as they stand there."""
    direction: Direction
    because: Because
    agent: bool
    """AI is what makes it fall."""
    certainty: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class SecondReading:
    """What a second reader, a language model, found in one story. ``seen_at`` is when its answer was known."""

    story: str
    """The story's id."""
    seen_at: datetime
    moves: tuple[ToldMove, ...] = ()
    """Every move it found; empty where it found none."""
    model: str = ""
    """The model's name, if configured."""


class Counts(enum.StrEnum):
    """When a learned name counts in a story."""

    COINED = "coined"
    """Wherever the story speaks of AI: nobody else writes such a word."""
    PLAIN = "plain"
    """Where the story names its lab."""
    NUMBERED = "numbered"
    """There, and only with a number or a size behind it."""


@dataclass(frozen=True, slots=True)
class LearnedName:
    """A name of models that the vocabulary did not have, from where its lab published them. ``seen_at`` is when it was
    learned: nothing seen earlier is read with it."""

    word: str
    """The name as headlines write it, without version: ``LongCat``."""
    lab: str
    """The lab's name in ``rules/topics``."""
    seen_at: datetime
    family: str
    """The line of models it belongs to: itself, or one that the vocabulary has (``Claude`` for ``Fable``)."""
    counts: Counts
    model: str
    """The model whose name it was read from, as listed."""
    source: str


class Trouble(enum.StrEnum):
    """What is wrong with a source. ``NONE`` is a healthy poll."""

    NONE = "none"
    FAILED = "failed"
    EMPTY = "empty"
    STALE = "stale"
    REFUSED = "refused"


class Absence(enum.StrEnum):
    """Why a symbol that was wanted is not in a response. Four different things, and only the last is the operator's to
    correct."""

    NOT_ASKED = "not asked"
    """The request was not sent, because an earlier one was refused."""
    NOT_ANSWERED = "not answered"
    """It was sent, and there was no response, or none with this symbol although the source knows it."""
    HELD_BACK = "held back"
    """There is a price, but it is doubtful and waits for a check."""
    UNKNOWN = "unknown"
    """The source answered, and does not know the symbol."""


@dataclass(frozen=True, slots=True)
class SourceReport:
    """How one poll of one source went: the observation behind "silence is visible"."""

    source: str
    """The feed's name, or ``prices``, ``price stream``, ``history``, ``telegram``, ``rules``, ``store``."""
    seen_at: datetime
    trouble: Trouble = Trouble.NONE
    detail: str = ""
    """One line for the operator: what happened and what to do. Never contains secrets."""
    items: int = 0
    """Entries in a feed, symbols in a price poll."""
    fresh: int = 0
    """How many of them were new."""
    status: int | None = None
    """HTTP status, if any."""
    subject: str = ""
    """The symbol, where the report is about one (a stale price)."""
    absence: Absence | None = None
    """Why there is no price of ``subject``; ``detail`` says it in words."""
    until: datetime | None = None
    """The source is not asked again before this."""
    on_demand: bool = False
    """The source is a search, asked about something, and no feed that brings what it has."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "detail", redacted(self.detail))


if TYPE_CHECKING:  # what only reads the history does without numpy
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class QuoteColumn:
    """Quotes of many symbols, of one kind and moment, seen as they happened: most are never looked at one by one.

    No trades, and at most one quote of each symbol.
    """

    places: Mapping[str, int]
    """Of each symbol in the columns. All columns of a recording have the same object."""
    prices: Floats
    """NaN where a symbol has no quote."""
    at: datetime
    kind: QuoteKind
    volumes: Floats
    """NaN where it is not stated."""
    source: str

    @property
    def seen_at(self) -> datetime:
        """When the quotes were seen."""
        return self.at

    def quote(self, symbol: str) -> Quote | None:
        """The quote of ``symbol``; ``None`` where it has none here."""
        place = self.places.get(symbol)
        price = self.prices.item(place) if place is not None else math.nan
        if place is None or price != price:
            return None
        return Quote(symbol, price, self.at, self.at, self.kind, None, _stated(self.volumes, place), "", self.source)

    @property
    def symbols(self) -> list[str]:
        """Those that have a quote here."""
        return [symbol for symbol, price in zip(self.places, self.prices.tolist(), strict=True) if price == price]

    def quotes(self) -> Iterator[Quote]:
        """Every quote."""
        return (quote for symbol in self.places if (quote := self.quote(symbol)) is not None)

    def only(self, given: NDArray[np.bool_]) -> QuoteColumn:
        """The quotes at the places where ``given``."""
        prices = self.prices.copy()
        prices[~given] = math.nan
        return replace(self, prices=prices)


@dataclass(frozen=True, slots=True, eq=False)
class BarColumn:
    """The daily bars of many symbols of one session, all seen at its close."""

    places: Mapping[str, int]
    """As of ``QuoteColumn``."""
    session: date
    figures: Floats
    """A row for each place: close, open, high, low and volume; NaN where there is none. Without a close, no bar."""
    seen_at: datetime
    source: str

    def bar(self, symbol: str) -> DailyBar | None:
        """The bar of ``symbol``; ``None`` where it has none here."""
        place = self.places.get(symbol)
        if place is None:
            return None
        close, opened, high, low, volume = (None if f != f else f for f in self.figures[place].tolist())
        if close is None:
            return None
        return DailyBar(symbol, self.session, close, self.seen_at, opened, high, low, volume, self.source)

    def bars(self) -> Iterator[DailyBar]:
        """Every bar."""
        return (bar for symbol in self.places if (bar := self.bar(symbol)) is not None)


Column = QuoteColumn | BarColumn
Observation = Story | Quote | DailyBar | Split | EarningsDate | SecondReading | LearnedName | SourceReport | Column


def _stated(figures: Floats, place: int) -> float | None:
    figure = float(figures[place])
    return None if figure != figure else figure


@dataclass(frozen=True, slots=True)
class Refused:
    """A rejected quote, and why."""

    quote: Quote
    why: str
    """``not a number``, ``zero or negative``, ``future-dated``, ``stale-dated``, ``out of order``, …"""
    at: datetime


@dataclass(frozen=True, slots=True)
class FeedState:
    """The state of a feed between polls; committed with the stories of the poll that changed it."""

    name: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    interval: timedelta = timedelta(minutes=5)
    """Current poll interval, adapted to how often the feed changes."""
    next_poll_at: datetime | None = None
    failures: int = 0
    """Consecutive failures."""
    seeded: bool = False
    """The first successful poll is done."""
    last_ok_at: datetime | None = None
    last_change_at: datetime | None = None
    last_items: int = 0
    last_error: str = ""
    whole_at: datetime | None = None
    """When entries were last received, rather than word that nothing has changed."""
    validators_lie: bool = False
    """The last new stories came under the ETag or Last-Modified of the body before: 304 means nothing."""
    flooding: bool = False
    """The last poll brought more at once than can be new, and some of it comes with the next."""
    stories_left: float | None = None
    """How many more stories it may bring, as of ``stories_left_at``; ``None`` before it brought any but its first."""
    stories_left_at: datetime | None = None
