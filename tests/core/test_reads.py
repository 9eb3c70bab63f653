"""What a condition says it reads is what it looks at, and all that need be remembered for it.

Every kind of condition there is stands here: one without samples fails. Each is asked in many worlds, and again where
one thing is different: another symbol's price, a story, what was forgotten. Where that changes the outcome, ``reads``
must say so.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import pytest

import bot.core
from bot.config.news.companies import load_companies
from bot.config.news.topics import load_topics
from bot.core.cause.causes import Causes
from bot.core.model import DailyBar, Phase, Quote, QuoteKind, Reach, Story
from bot.core.news import Companies, NewsIndex, Topics
from bot.core.prices.benchmarks import Benchmarks
from bot.core.prices.market import Market
from bot.core.prices.windows import parse_since, parse_span
from bot.core.rules import conditions as core
from bot.core.rules.comparison import parse_comparison as asks
from bot.core.rules.conditions import ANY_TOPIC, Condition, Reads
from bot.core.rules.conditions.cause import Cause, Group
from bot.core.rules.rule import Rule, RuleSet

from .worlds import at, rule, weekday_timetable

OWN, BENCHMARK = "NVDA", "SPY"
WATCHED = (OWN, "AMD", "AVGO", "MU", "ANET", "VRT", "KO")
SYMBOLS = (*WATCHED, BENCHMARK)
TIMES = weekday_timetable(days=240)
NOW = at("08-05 15:30")
SHORTEST, LONGEST = timedelta(days=8), timedelta(days=60)
"""The news room joins stories over so long a time at least, whatever rules look at; and a time longer than any here."""
TITLES = (
    "DeepSeek releases DeepSeek-R1, a rival at a fraction of the cost",
    "DeepSeek releases DeepSeek-R1, analysts say",
    "Nvidia shares plunge as DeepSeek's cheap AI model rattles chip stocks",
    "Nvidia reports quarterly results below estimates",
    "Nvidia hit by antitrust probe, regulator says",
    "Micron announces share offering",
    "AMD shares fall after quarterly results",
    "OpenAI launches GPT-5.5, its newest model",
    "Vertiv stock falls on fears that AI data centres need less cooling",
    "Nvidia stock falls on fears over Anthropic's new Claude model",
)

AI_CAUSES = frozenset({"ai-model", "ai-market"})


@cache
def reading() -> tuple[Topics, Companies]:
    """The topics and companies that come with the program."""
    rules = Path(__file__).resolve().parents[2] / "rules"
    topics = load_topics(rules / "topics")
    lists = tuple(topics.words)
    return topics, load_companies(rules / "companies.yaml", exposures=topics.exposure_names, lists=lists)


class Seen(NamedTuple):
    """What is known at a moment."""

    market: Market
    news: NewsIndex
    causes: Causes


@dataclass(frozen=True, slots=True)
class Difference:
    """How a world differs from what it was."""

    absent: str = ""
    """A symbol that has no prices."""
    moved: tuple[str, float] = ("", 1.0)
    """A symbol whose prices of today are so many times what they were."""
    untold: str = ""
    """The story that was never told."""
    window: timedelta = LONGEST
    forgets: Reads | None = None
    """Only what these need is remembered."""


@dataclass(frozen=True)
class World:
    """Half a year of prices and a month of news, each world other ones."""

    seed: int
    quotes: list[Quote] = field(default_factory=list, compare=False)
    bars: list[DailyBar] = field(default_factory=list, compare=False)
    stories: list[Story] = field(default_factory=list, compare=False)

    def __post_init__(self) -> None:
        dice = random.Random(self.seed)
        for symbol in SYMBOLS:
            close = 100.0
            for session in TIMES.all:
                if session.starts_at > NOW:
                    break
                today = session.close_at > NOW
                opened = close * dice.uniform(0.96, 1.04)
                worst = dice.choice((1.05, 0.97, 0.88, 0.82)) if symbol != BENCHMARK else dice.choice((1.0, 0.99, 0.94))
                last = worst if today else dice.uniform(0.97, 1.03)
                prices = [opened * (1 + (last - 1) * n / 5) for n in range(1, 6)]
                volume = dice.uniform(10, 60)
                if session.close_at > NOW - timedelta(days=45):
                    self._trades(symbol, opened, prices, session.open_at, volume)
                if today:
                    continue
                close *= dice.uniform(0.975, 1.027)
                high, low = close * 1.02, close * 0.98
                self.bars.append(DailyBar(symbol, session.date, close, session.close_at, opened, high, low, volume * 9))
        for number, title in enumerate(TITLES):
            for copy in range(dice.choice((0, 1, 1, 2))):
                age = dice.choice((timedelta(minutes=dice.randint(1, 200)), timedelta(hours=dice.randint(4, 900))))
                if self.seed % 3 == 2:  # no news of late
                    age = timedelta(hours=dice.randint(200, 900))
                when = NOW - age
                self.stories.append(Story(f"{number}-{copy}", f"source {copy}", title, when, when))
        newest = NOW - timedelta(minutes=1)  # what is forgotten is counted from the newest story
        self.stories.append(Story("last", "source", "Coca-Cola names a new finance chief", newest, newest))
        self.stories.sort(key=lambda story: story.seen_at)

    def _trades(self, symbol: str, opened: float, prices: list[float], start: datetime, volume: float) -> None:
        self.quotes.append(Quote(symbol, opened, start, start, QuoteKind.OPEN))
        for n, price in enumerate(prices, 1):
            when = start + timedelta(minutes=10 * n)
            self.quotes.append(Quote(symbol, price, when, when, volume=volume * n))

    def seen(self, other: Difference) -> Seen:
        """What is known of this world, or of one that differs from it."""
        market = Market(lambda _: TIMES)
        for bar in self.bars:
            if bar.symbol != other.absent:
                market.apply(bar)
        for quote in self.quotes:
            if quote.symbol != other.absent:
                moved = quote.symbol == other.moved[0] and quote.at.date() == NOW.date()
                market.of(quote.symbol).add_quote(
                    replace(quote, price=quote.price * other.moved[1]) if moved else quote
                )
        topics, companies = reading()
        news = NewsIndex(topics, companies, window=other.window)
        for story in self.stories:
            if story.id != other.untold:
                news.add(story)
        if other.forgets is not None:
            session = TIMES.current(NOW)
            assert session is not None
            market.keep = max(other.forgets.quotes_for, NOW - session.starts_at)
            market.bars = other.forgets.sessions
            market.forget(NOW)
            news.forget(NOW - other.forgets.news_for)
        return Seen(market, news, Causes(market, news, companies, WATCHED, Benchmarks(BENCHMARK)))

    @cached_property
    def _known(self) -> dict[Difference, Seen]:
        return {}

    def known(self, other: Difference = Difference()) -> Seen:
        """The same, made once."""
        if other not in self._known:
            self._known[other] = self.seen(other)
        return self._known[other]

    def outcome(self, judged: Rule, other: Difference = Difference()) -> tuple[object, ...]:
        """Whether the rule holds for ``OWN``, on which move and by which story, how surely."""
        seen = self.known(other)
        found = judged.evaluate(OWN, NOW, seen.market, seen.news, causes=seen.causes)
        move, cause = found.move.change if found.move else None, found.cause.cluster if found.cause else None
        return found.holds, move, cause, found.confidence


WORLDS = [World(seed) for seed in (*range(8), 9)]
"""The last: stocks fall with most of their peers."""
EVERYTHING = Reads(sessions=1000, quotes_for=timedelta(days=400), news_for=timedelta(days=400))


def undeclared(judged: Rule, reads: Reads) -> Iterator[str]:
    """What changes an outcome and is not in ``reads``."""
    for world in WORLDS:
        yield from _of_others(world, judged, reads)
        yield from _of_stories(world, judged, reads)
        yield from _of_the_past(world, judged, reads)


def _of_others(world: World, judged: Rule, reads: Reads) -> Iterator[str]:
    """Another symbol is not there, falls or rises."""
    whole = world.outcome(judged)
    for other in SYMBOLS[1:]:
        if other not in reads.symbols and not reads.everyone:
            changed = (Difference(absent=other), Difference(moved=(other, 0.8)), Difference(moved=(other, 1.25)))
            if any(world.outcome(judged, difference) != whole for difference in changed):
                yield "everyone" if judged.when.reads.everyone else "symbols"


def _of_stories(world: World, judged: Rule, reads: Reads) -> Iterator[str]:
    """A story without which it would not hold."""
    for story in world.stories if world.outcome(judged)[0] else ():
        if world.outcome(judged, Difference(untold=story.id))[0]:
            continue
        news = world.known().news
        read = news.reading(story.id)
        assert read is not None
        topics = {ANY_TOPIC, *(t.topic for t in read.topics if t.score > 0)}
        near = OWN in news.reached(read.cluster) and not topics.isdisjoint(reads.topics)
        if not near and topics.isdisjoint(reads.anywhere):
            yield "anywhere" if judged.when.reads.anywhere else "topics"


def _of_the_past(world: World, judged: Rule, reads: Reads) -> Iterator[str]:
    """What is remembered for ``reads`` is all that is left."""
    for what in ("sessions", "quotes_for", "news_for"):
        whole = Difference(window=max(SHORTEST, reads.news_for) if what == "news_for" else LONGEST)
        less = replace(EVERYTHING, **{what: getattr(reads, what)})
        if world.outcome(judged, replace(whole, forgets=less)) != world.outcome(judged, whole):
            yield what


# ---------------------------------------------------------------------------------------------------------- every kind


def price(change: str, since: str = "previous close") -> core.Price:
    return core.Price(asks(change), parse_since(since))


def news(*topics: str, within: str = "12 sessions", **more: object) -> core.News:
    reaches = (Reach.DIRECT, Reach.EXPOSURE)
    return core.News(topics, reaches, parse_span(within), asks(">= 0.5"), **more)  # type: ignore[arg-type]


FALL = asks("< -8%")
MORE = ("AMD", "AVGO", "MU")
PEERS = {symbol: tuple(s for s in MORE if s != symbol) for symbol in WATCHED}
FELL = news("ai-model")
SAMPLES: Mapping[type[Condition], tuple[Condition, ...]] = {
    core.Price: (
        price("< -8%"),
        price("< -2%", "20m"),
        price("< -8%", "5 sessions"),
        price("< -12%", "high of 30 sessions"),
        price("< 0%", "low of 30 sessions"),
        core.All((news("ai-model", within="20 sessions"), price("< -12%", "story"))),
    ),
    core.Drawdown: (
        core.Drawdown(asks("< -15%"), parse_span("30 sessions")),
        core.Drawdown(asks("< -12%"), parse_span("20d")),
    ),
    core.Extreme: (core.Extreme(True, 40), core.Extreme(False, 3)),
    core.Gap: (core.Gap(asks("< -1%")),),
    core.MarketTest: (
        core.MarketTest(BENCHMARK, core.Price(asks("< -2%"))),
        core.MarketTest("KO", core.Price(FALL, parse_since("9 sessions"))),
        core.MarketTest(BENCHMARK, core.Gap(asks("< -1%"))),
        core.MarketTest(BENCHMARK, core.Drawdown(asks("< -4%"), parse_span("20d"))),
    ),
    core.Abnormal: (core.Abnormal(BENCHMARK, z=asks("< -4")), core.Abnormal("KO", change=FALL)),
    core.Level: (core.Level(below=True, level=100.0), core.Level(below=False, level=124.0)),
    core.Volume: (core.Volume(asks(">= 1.2")), core.Volume(asks(">= 1.1"), over=6)),
    core.Portfolio: (core.Portfolio("mine", {OWN: 0.4, **dict.fromkeys(MORE, 0.6 / len(MORE))}, asks("< -2%")),),
    core.Breadth: (
        core.Breadth("more", FALL, MORE, count=asks(">= 2")),
        core.Breadth("peers", FALL, share=asks(">= 50%"), peers=PEERS),
    ),
    core.News: (
        FELL,
        news(within="20 sessions", novelty=asks("<= 0.5")),
        news("ai-market", "ai-model", within="2h", sources=asks(">= 2")),
        news("ai-model", within="2 sessions", burst=asks(">= 2"), baseline=timedelta(days=20)),
        replace(news("offering", "earnings"), reaches=(Reach.NONE,)),
    ),
    core.During: (core.During((Phase.REGULAR,)),),
    core.All: (core.All((price("< -4%"), news("earnings", "regulator", within="20 sessions"))),),
    core.Any: (core.Any((price("< -15%", "9 sessions"), news("regulator", within="20 sessions"))),),
    core.NoneOf: (core.NoneOf((core.MarketTest(BENCHMARK, core.Price(asks("< -2%"))), core.Extreme(True, 40))),),
    core.Named: (
        core.Named("told", news("regulator", within="20 sessions")),
        core.Named("fell", core.Drawdown(asks("< -12%"), parse_span("20d"))),
        core.Named("moved", price("< -8%", "5 sessions")),
    ),
    core.Sequence: (
        core.Sequence((news("ai-model"), price("< -4%")), parse_span("12 sessions")),
        core.Sequence((price("> 1%"), price("< -4%")), parse_span("4 sessions")),
        core.Sequence((price("< -2%"), core.MarketTest("KO", core.Price(asks("< -5%")))), parse_span("2 sessions")),
    ),
    Cause: (
        Cause(("ai-model", "ai-market"), parse_span("12 sessions"), asks(">= 0.5"), AI_CAUSES),
        Cause(("earnings", "regulator"), parse_span("5 sessions"), asks(">= 0.3"), AI_CAUSES),
        Cause(("ai-market", "ai-model"), parse_span("20 sessions"), asks(">= 0.1"), AI_CAUSES),
        Cause(("ai-market", "ai-model"), parse_span("15 sessions"), asks(">= 0.3"), AI_CAUSES),
    ),
    Group: (Group(asks("< -3")), Group(asks("< -2"), members=asks(">= 3"), abnormal=False)),
}


def kinds() -> list[type[Condition]]:
    """Every class of conditions anywhere in the core that a rule can be made of."""
    found: set[type[Condition]] = set()
    for module in pkgutil.walk_packages(bot.core.__path__, "bot.core."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, type) and issubclass(value, Condition) and not name.startswith("_"):
                found.update({value} if not value.__abstractmethods__ else ())
    return sorted(found, key=lambda kind: kind.__name__)


def rules_of(kind: type[Condition]) -> list[Rule]:
    assert kind in SAMPLES, f"write samples for {kind.__name__}, so that what it reads is tried"
    return [rule(when=condition, symbols=(OWN,), hold=1) for condition in SAMPLES[kind]]


@pytest.mark.parametrize("kind", kinds())
def test_whatever_changes_an_outcome_is_in_what_a_condition_reads(kind: type[Condition]) -> None:
    for judged in rules_of(kind):
        assert not set(undeclared(judged, RuleSet([judged]).reads)), judged.when
    if kind is not core.During:
        assert any(judged.when.reads != Reads() for judged in rules_of(kind))


@pytest.mark.parametrize("kind", kinds())
def test_each_kind_holds_in_some_worlds_and_not_in_others(kind: type[Condition]) -> None:
    for judged in rules_of(kind):
        held = {world.outcome(judged)[0] for world in WORLDS}
        assert held == {True, False} or kind is core.During, judged.when


@pytest.mark.parametrize("kind", kinds())
def test_what_a_condition_does_not_say_it_reads_would_be_found(kind: type[Condition]) -> None:
    """The test above is itself tried: with any one thing taken out of what is read, it fails."""
    lacking: dict[str, bool] = {}
    for judged in rules_of(kind):
        reads = RuleSet([judged]).reads
        for what in fields(Reads):
            if what.name in ("members", "since_story") or getattr(reads, what.name) == getattr(Reads(), what.name):
                continue
            less = replace(reads, **{what.name: getattr(Reads(), what.name)})
            lacking[what.name] = lacking.get(what.name, False) or what.name in set(undeclared(judged, less))
    assert all(lacking.values()), lacking
