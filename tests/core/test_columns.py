"""Prices in columns decide what the same prices one by one decide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

import numpy as np
import pytest

from bot.core.engine import Engine
from bot.core.model import BarColumn, DailyBar, Decisions, Observation, Quote, QuoteColumn, QuoteKind, Split
from bot.core.news import NewsIndex
from bot.core.ordering import in_waves
from bot.core.prices.market import Market
from bot.core.prices.sessions import Timetable
from bot.core.rules.conditions import All, Condition
from bot.core.rules.rule import Rule, RuleSet
from tests.core import worlds
from tests.core.message_worlds import COMPANIES, STOCKS, TITLES
from tests.core.worlds import TOPICS, at, news, rule, weekday_timetable

NEW_YORK = weekday_timetable(days=110)
EARLY = Timetable(
    "XTKS",
    [
        type(s)("XTKS", s.date, *(m - timedelta(hours=9) for m in (s.starts_at, s.open_at, s.close_at, s.ends_at)))
        for s in NEW_YORK.all
    ],
)
SYMBOLS = (*STOCKS, "SPY")
PLACES = {symbol: place for place, symbol in enumerate(SYMBOLS)}
WARM, PLAYED = 45, 25
STEPS = (-0.6, -0.5, -0.16, -0.11, -0.07, -0.03, -0.01, 0.0, 0.0, 0.01, 0.02, 0.06, 0.12, 1.0, 99.0, -0.99)
CHANCES = (1, 1, 4, 6, 8, 20, 30, 30, 30, 30, 20, 8, 4, 1, 1, 1)

Columns = list[Observation]


def rules(random: Random) -> Iterator[Rule]:
    """Rules on the change since the previous close, which columns look at first, and others."""
    for number in range(random.randint(1, 4)):
        asked = random.choice(("< -5%", "< -10%", "between -10% and -4%", "> 5%", "< -2%"))
        since = random.choice(("previous close", "previous close", "previous close", "open", "2 sessions"))
        moved = worlds.price(asked, since)
        when: Condition = random.choice((moved, moved, All((moved, news())), news()))
        yield rule(f"rule-{number}", when, symbols=STOCKS, follow_up=("rebound 5%", "next session close"))


def sessions(random: Random) -> Iterator[Columns]:
    """Each session's opens, lows, highs, closes and bars; single ones are missing, doubtful or no price at all."""
    level = dict.fromkeys(SYMBOLS, 100.0)
    for number, session in enumerate(NEW_YORK.all[: WARM + PLAYED]):
        played = number >= WARM
        rows = np.full((len(SYMBOLS), 5), np.nan)
        without = {s for s in SYMBOLS if random.random() < 0.05}
        for symbol in SYMBOLS:
            if symbol in without:
                continue
            before = level[symbol]
            step = random.choices(STEPS, CHANCES)[0] if played and symbol != "SPY" else random.uniform(-0.01, 0.01)
            opened, closed = before * (1 + step * random.choice((0, 0.5, 1))), before * (1 + step)
            low, high = min(opened, closed) * random.uniform(0.93, 1), max(opened, closed) * random.uniform(1, 1.05)
            rows[PLACES[symbol]] = closed, opened, high, low, random.choice((np.nan, 1e6))
            level[symbol] = closed if 1 < closed < 1e4 else 100.0
        bars = rows.copy()
        if random.random() < 0.1:
            rows[random.randrange(len(SYMBOLS)), 0] = random.choice((-1.0, 0.0, np.inf))
        hours = [(EARLY, ("MOD",)), (NEW_YORK, [s for s in SYMBOLS if s != "MOD"])]
        for timetable, its in hours:
            held = timetable.on(session.date)
            assert held is not None
            mask = np.array([symbol in its for symbol in SYMBOLS])
            own = np.where(mask[:, np.newaxis], rows, np.nan)
            finished = np.where(mask[:, np.newaxis], bars, np.nan)
            nothing = np.full(len(SYMBOLS), np.nan)
            if played:
                yield [QuoteColumn(PLACES, own[:, 1], held.open_at, QuoteKind.OPEN, nothing, "t")]
            found: Columns = [BarColumn(PLACES, session.date, finished, held.close_at, "t")]
            if played:
                for kind, which in ((QuoteKind.LOW, 3), (QuoteKind.HIGH, 2), (QuoteKind.CLOSE, 0)):
                    given = ~np.isnan(own[:, 3]) if random.random() < 0.95 else np.ones(len(SYMBOLS), bool)
                    prices = np.where(given, own[:, which], np.nan)
                    found.append(QuoteColumn(PLACES, prices, held.close_at, kind, own[:, 4], "t"))
            yield found


def single(random: Random, day: date) -> Iterator[Observation]:
    """What comes beside columns: stories, trades, splits, bars that are sent again."""
    moment = at(f"{day:%m-%d} 00:00") + timedelta(hours=random.choice((10, 15, 16, 20, 21, 23)))
    symbol = random.choice(STOCKS)
    what = random.random()
    if what < 0.3:
        yield worlds.story(random.choice(TITLES), f"{moment:%m-%d %H:%M:%S}", random.choice(("wire", "paper")))
    elif what < 0.4:
        yield Quote(symbol, random.uniform(60, 130), moment, moment)
    elif what < 0.45:
        yield Split(symbol, day, 2.0, moment)
    elif what < 0.5:
        yield DailyBar(symbol, day - timedelta(days=random.randint(1, 9)), random.uniform(60, 130), moment)


def apart(observations: Columns) -> Columns:
    """The same, one by one."""
    found: Columns = []
    for each in observations:
        if isinstance(each, QuoteColumn):
            found += each.quotes()
        elif isinstance(each, BarColumn):
            found += each.bars()
        else:
            found.append(each)
    return found


def machine(asked: tuple[Rule, ...]) -> Engine:
    return Engine(
        RuleSet(asked),
        COMPANIES,
        TOPICS,
        NewsIndex(TOPICS, COMPANIES, window=timedelta(days=14)),
        Market(lambda symbol: EARLY if symbol == "MOD" else NEW_YORK),
        benchmark="SPY",
        watching_since=NEW_YORK.all[WARM].starts_at,
    )


def same(one: Decisions, other: Decisions) -> bool:
    """Equal, in the order that matters; what is refused may come in another."""
    assert sorted(map(repr, one.refused)) == sorted(map(repr, other.refused))
    assert (one.changes, one.incidents) == (other.changes, other.incidents)
    assert one.announcements == other.announcements
    return bool(one.announcements)


@pytest.mark.parametrize("seed", range(30))
def test_columns_decide_what_single_prices_decide(seed: int) -> None:
    random = Random(seed)
    asked = tuple(rules(random))
    in_columns, one_by_one = machine(asked), machine(asked)
    told = 0
    taken: Columns = [o for found in sessions(random) for o in found]
    last = NEW_YORK.all[WARM].date
    taken += [o for n in range(PLAYED) for _ in range(2) for o in single(random, last + timedelta(days=n))]
    for moment in sorted({o.seen_at for o in taken}):
        group = [o for o in taken if o.seen_at == moment]
        told += same(in_columns.step(group, moment), one_by_one.step(apart(group), moment))
        for symbol in random.sample(SYMBOLS, 1):
            assert in_columns.market.of(symbol).quotes == one_by_one.market.of(symbol).quotes
    for symbol in SYMBOLS:
        assert in_columns.market.of(symbol).quotes == one_by_one.market.of(symbol).quotes
        assert dict(in_columns.market.of(symbol).bars) == dict(one_by_one.market.of(symbol).bars)
    assert told


def test_columns_of_other_symbols_than_the_first_are_taken_apart() -> None:
    moment, nothing = NEW_YORK.all[0].close_at, np.full(2, np.nan)
    low = QuoteColumn({"A": 0, "B": 1}, np.array([1.0, np.nan]), moment, QuoteKind.LOW, nothing, "t")
    close = QuoteColumn(low.places, np.array([2.0, 3.0]), moment, QuoteKind.CLOSE, nothing, "t")
    waves = in_waves([], [close, low])
    assert [[(q.symbol, q.price) for q in quotes] for quotes, _ in waves] == [[("A", 1.0), ("B", 3.0)], [("A", 2.0)]]
    assert not any(column for _, column in waves)


def test_most_prices_in_columns_are_never_made() -> None:
    made = machine((rule(when=worlds.price("< -50%"), symbols=STOCKS),))
    given = 0
    for found in sessions(Random(0)):
        given += sum(len(o.symbols) for o in found if isinstance(o, QuoteColumn))
        made.step(found, found[0].seen_at)
    assert given > 800
    assert made.market.revision.quotes < given / 3
