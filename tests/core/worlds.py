"""A small world for tests of the core: an exchange with plain hours, a few companies, one topic, a rule or two."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from bot.core.engine import Engine
from bot.core.model import DailyBar, Decisions, FollowUpKind, Observation, Quote, QuoteKind, Reach, Severity, Story
from bot.core.news import (
    Companies,
    Company,
    Effect,
    Exposure,
    Family,
    Lab,
    Name,
    NewsIndex,
    Role,
    Signal,
    Topic,
    Topics,
)
from bot.core.prices.bars import Bars
from bot.core.prices.market import Market, SymbolPrices
from bot.core.prices.sessions import Session, Timetable
from bot.core.prices.windows import Span, parse_since
from bot.core.rules.comparison import Comparison, parse_comparison
from bot.core.rules.conditions import All, Condition, MarketTest, News, NoneOf, Price
from bot.core.rules.rule import Rule, RuleSet, SeverityStep

FIRST = date(2025, 1, 2)
ONE_SESSION = Span(sessions=1)


def at(text: str) -> datetime:
    """``01-27 10:00`` in 2025, UTC."""
    return datetime.fromisoformat(f"2025-{text}").replace(tzinfo=UTC)


def weekday_timetable(
    exchange: str = "XNYS",
    first: date = FIRST,
    days: int = 90,
    hours: tuple[float, float, float, float] = (9, 14.5, 21, 25),
    zone: tzinfo = UTC,
) -> Timetable:
    """Sessions on weekdays that start, open, close and end at these ``hours``, UTC: pre from 09:00, regular 14:30 to
    21:00, post to 01:00."""
    sessions = []
    for n in range(days):
        day = first + timedelta(days=n)
        if day.weekday() < 5:
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
            starts, opens, closes, ends = (midnight + timedelta(hours=h) for h in hours)
            sessions.append(Session(exchange, day, starts, opens, closes, ends))
    return Timetable(exchange, sessions, zone)


COMPANIES = Companies(
    [
        Company("NVDA", "Nvidia", exchange="XNYS", exposures={"ai-chips": 1.0}),
        Company("VRT", "Vertiv", exchange="XNYS", exposures={"cooling": 1.0}),
        Company("KO", "Coca-Cola", exchange="XNYS"),
        Company("SPY", "S&P 500 fund", exchange="XNYS"),
    ]
)

TOPICS = Topics(
    topics=(
        Topic(
            "ai-model",
            "AI model",
            about=("lab", "model"),
            signals=(Signal("names a model", 0.6, (("model",),)), Signal("release", 0.3, (("release",),))),
            follow_up=0.4,
            role=Role.TRIGGER,
            headline="after AI-model news",
        ),
    ),
    words={"release": (Name("releases"), Name("launches")), "cheap": (Name("cheaper"), Name("fraction of the cost"))},
    labs=(Lab("DeepSeek", (Name("DeepSeek"),)),),
    families=(Family("DeepSeek-R", "DeepSeek", (Name("DeepSeek-R1"),)),),
    exposures=(Exposure("ai-chips", "AI chips"), Exposure("cooling", "Cooling")),
    effects=(Effect("cheaper", (("model",), ("cheap",)), {"ai-chips": 1.0, "cooling": 0.8}),),
)


def rule(
    name: str = "shock",
    when: Condition | None = None,
    symbols: Sequence[str] = ("NVDA", "VRT", "KO"),
    hold: int = 2,
    follow_up: tuple[str, ...] = (),
    cooldown: Span | None = ONE_SESSION,
) -> Rule:
    """A rule; by default a fall of 10 % with news, no market rout."""
    condition = when or All(
        (
            price("< -10%"),
            news(),
            NoneOf((MarketTest("SPY", Price(parse_comparison("< -4%"))),)),
        )
    )
    return Rule(
        name=name,
        description="",
        symbols=frozenset(symbols),
        when=condition,
        severity=(
            SeverityStep(Severity.HIGH),
            SeverityStep(Severity.CRITICAL, parse_comparison("< -15%")),
        ),
        cooldown=cooldown,
        hold=hold,
        follow_up=tuple(map(FollowUpKind.parse, follow_up)),
        version="v1",
    )


def asks(comparison: str) -> Comparison:
    """``< -10%`` as a condition has it."""
    return parse_comparison(comparison)


def price(change: str, since: str = "previous close") -> Price:
    """A price condition as a rule would write it."""
    return Price(parse_comparison(change), parse_since(since))


def news(sources: str | None = None, within: int = 5) -> News:
    """A news condition on the only topic."""
    return News(
        ("ai-model",),
        (Reach.DIRECT, Reach.EXPOSURE),
        Span(sessions=within),
        parse_comparison(">= 0.5"),
        parse_comparison(sources) if sources else None,
    )


def quote(symbol: str, value: float, when: str, kind: QuoteKind = QuoteKind.TRADE, seen: str = "") -> Quote:
    """A quote seen when it happened, unless ``seen`` says later."""
    return Quote(symbol, value, at(when), at(seen or when), kind)


def close(symbol: str, value: float, day: str) -> DailyBar:
    """A finished session's bar with only its close."""
    session = at(f"{day} 00:00").date()
    return DailyBar(symbol, session, value, at(f"{day} 21:00"))


def story(title: str, when: str, source: str = "wire", **more: object) -> Story:
    """A story published when it was seen."""
    return Story(f"{source}:{when}:{title}", source, title, at(when), at(when), **more)  # type: ignore[arg-type]


CHEAP = "DeepSeek releases DeepSeek-R1, a rival at a fraction of the cost"


def engine(*rules: Rule, since: str = "01-02 00:00", timetable: Timetable | None = None) -> Engine:
    """An engine over the small world."""
    timetable = timetable or weekday_timetable()
    return Engine(
        RuleSet(rules or (rule(),)),
        COMPANIES,
        TOPICS,
        NewsIndex(TOPICS, COMPANIES, window=timedelta(days=14)),
        Market(lambda symbol: timetable),
        benchmark="SPY",
        watching_since=at(since),
    )


def play(machine: Engine, observations: Sequence[Observation], until: str | None = None) -> list[Decisions]:
    """One step per moment, then one at ``until``."""
    decisions = []
    for moment in sorted({o.seen_at for o in observations}):
        decisions.append(machine.step([o for o in observations if o.seen_at == moment], moment))
    if until:
        decisions.append(machine.step([], at(until)))
    return decisions


def shock_tape() -> list[Observation]:
    """A week in the small world: a cheap model on Friday, a fall on Monday, a rebound on Tuesday."""
    bars = [close(s, p, "01-24") for s, p in (("NVDA", 100.0), ("VRT", 50.0), ("KO", 60.0), ("SPY", 600.0))]
    return [
        *bars,
        story(CHEAP, "01-25 12:00"),
        quote("SPY", 597.0, "01-27 09:30"),
        quote("NVDA", 88.0, "01-27 10:00"),
        quote("NVDA", 87.5, "01-27 10:05"),
        quote("KO", 53.0, "01-27 15:00"),
        quote("KO", 53.1, "01-27 15:01"),
        quote("VRT", 43.0, "01-27 15:30"),
        quote("VRT", 42.0, "01-27 15:31"),
        quote("NVDA", 84.0, "01-27 16:00"),
        quote("NVDA", 83.0, "01-27 16:01"),
        quote("NVDA", 84.0, "01-27 21:00", QuoteKind.CLOSE),
        quote("VRT", 41.0, "01-27 21:00", QuoteKind.CLOSE),
        quote("NVDA", 90.0, "01-28 15:00"),
        quote("NVDA", 91.0, "01-28 15:01"),
    ]


def forget_bars(prices: SymbolPrices, *sessions: date) -> None:
    """The history of ``prices`` lacks these sessions."""
    held = Bars(prices.symbol)
    for bar in prices.bars.values():
        if bar.session not in sessions:
            held.add(bar)
    prices.bars = held
