"""A year of ordinary nights, made up: thin prints, hours without any, prices that stay from the night before, and one
wild print in fifty. Nobody is told anything; and with the day's hold somebody would be, so that the year proves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

import pytest

from bot.core.engine import Engine
from bot.core.model import Alert, ChangeKind, DailyBar, Observation, Phase, Quote, Story
from bot.core.news import Companies, Company, NewsIndex
from bot.core.prices.hold import Hold
from bot.core.prices.market import Market
from bot.core.prices.sessions import Session
from bot.core.prices.windows import Span
from bot.core.rules.comparison import parse_comparison
from bot.core.rules.conditions import All, Breadth, Drawdown
from bot.core.rules.conditions.unusual import Abnormal
from bot.core.rules.rule import Rule, RuleSet
from tests.core.real_sessions import timetable
from tests.core.worlds import CHEAP, TOPICS, news, price, rule

pytestmark = pytest.mark.campaign

SYMBOLS = ("AAA", "BBB", "CCC", "DDD")
"""One line of business, so that each may confirm the others."""
ALL = (*SYMBOLS, "SPY")
COMPANIES = Companies([Company(s, s, exchange="XNYS", exposures={"ai-chips": 1.0}) for s in ALL])
TABLE = timetable("XNYS")
YEAR = [s for s in TABLE.all if date(2024, 11, 1) <= s.date <= date(2025, 10, 31)]
WILD = 50
"""One print in so many."""
LESS = parse_comparison("< -6%")
RULES = (
    rule("fall", when=price("< -6%"), symbols=SYMBOLS),
    rule("within half an hour", when=price("< -6%", "30m"), symbols=SYMBOLS),
    rule("since the story", when=All((price("< -6%", "story"), news(within=1))), symbols=SYMBOLS),
    rule("against the market", when=Abnormal("SPY", LESS), symbols=SYMBOLS),
    rule("from its highest", when=Drawdown(LESS, Span(sessions=2)), symbols=SYMBOLS),
    rule("together", when=Breadth("all", LESS, SYMBOLS, count=parse_comparison(">= 2")), symbols=SYMBOLS),
    rule("the market", when=price("< -4%"), symbols=("SPY",)),
    rule("rise", when=price("> 6%"), symbols=SYMBOLS),
)
"""Every way in which a price can be measured against something."""
STEP = 0.0015
"""One deviation of the price from print to print."""


def year(seed: int) -> Iterator[tuple[datetime, list[Observation]]]:
    """What a poll every half minute would see: prints of new times, and now and then the old ones again."""
    random = Random(seed)
    levels = dict.fromkeys(ALL, 100.0)
    last: dict[str, Quote] = {}
    for number, session in enumerate(YEAR):
        before = TABLE.before(session)
        assert before is not None
        closes = dict(levels)
        yield before.close_at, [DailyBar(s, before.date, levels[s], before.close_at) for s in ALL]
        told = {session.starts_at + timedelta(hours=random.uniform(0, 8))} if number % 15 == 0 else set()
        if session.night_ends_at is not None:
            yield from night(session, random, levels, closes, last, told)
        for s in ALL:  # by day the price comes to rest somewhere near
            levels[s] = closes[s] * (1 + random.gauss(0, 0.01))


def night(
    session: Session,
    random: Random,
    levels: dict[str, float],
    closes: Mapping[str, float],
    last: dict[str, Quote],
    told: set[datetime],
) -> Iterator[tuple[datetime, list[Observation]]]:
    """One night: some symbols trade every few minutes, some twice, some not at all. ``told``: when there is news."""
    mood = random.choice((0.2, 0.6, 1.0))  # how busy the night is
    now = session.starts_at + timedelta(seconds=random.uniform(1, 600))
    while now < session.pre_at:
        seen: list[Observation] = []
        for at in [at for at in told if at <= now]:
            told.remove(at)
            seen.append(Story(f"{at}", "wire", CHEAP, now, now))
        for rank, symbol in enumerate(ALL):
            if symbol in last and random.random() < 0.05:  # what a poll brings of a symbol that did not trade: the old
                seen.append(replace(last[symbol], seen_at=now))
            if random.random() > mood / (1 + rank):
                continue
            levels[symbol] *= 1 + random.gauss(0, STEP)
            traded = now - timedelta(seconds=random.uniform(0, 20))
            level = levels[symbol]
            if random.randrange(WILD) == 0:
                level *= random.choice((0.8, 0.88, 0.93, 1.08, 1.15))
            quote = Quote(symbol, level, traded, now, previous_close=closes[symbol], source="made up")
            last[symbol] = quote
            seen.append(quote)
            if random.random() < 0.1:  # one order, several prints
                more = (quote.at + timedelta(seconds=n / 10) for n in range(1, 4))
                seen += [replace(quote, at=at, price=level * random.uniform(0.999, 1.001)) for at in more if at < now]
        yield now, seen
        gap = timedelta(hours=1) if random.random() < 0.01 else timedelta(seconds=random.uniform(90, 700))
        now += gap


def alarms(rules: Sequence[Rule], seed: int) -> tuple[list[Alert], int]:
    engine = Engine(
        RuleSet(rules),
        COMPANIES,
        TOPICS,
        NewsIndex(TOPICS, COMPANIES, window=timedelta(days=14)),
        Market(lambda symbol: TABLE),
        benchmark="SPY",
        watching_since=YEAR[0].starts_at - timedelta(days=2),
    )
    fired: list[Alert] = []
    prints = 0
    for now, seen in year(seed):
        prints += sum(isinstance(o, Quote) for o in seen)
        fired += [c.alert for c in engine.step(seen, now).changes if c.kind is ChangeKind.FIRED]
    return fired, prints


def test_a_year_of_ordinary_nights_alarms_nobody() -> None:
    fired, prints = alarms(RULES, 1)
    assert prints > 30_000
    assert [(a.rule, a.symbol, a.session, a.change) for a in fired] == []


def test_with_the_hold_of_the_day_the_same_year_would_alarm() -> None:
    twice, _ = alarms([replace(RULES[0], holds={Phase.OVERNIGHT: Hold(2)})], 1)
    assert twice, "two prints in a row are wild now and then"
    assert all(a.phase is Phase.OVERNIGHT for a in twice)
