"""A headline on a fall of the whole market claims something of many companies: it explains one's fall where they fall.

Each row is a day: which lines of business fall how far, and whether AI is claimed to be why Onto, a maker of chip
equipment, falls. The headlines are the same on all days.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.core.cause.causes import CauseRanking, Causes
from bot.core.cause.ranking import UNTIED, Explanation
from bot.core.model import DailyBar, Quote, Story, SubjectKind
from bot.core.news import NewsIndex
from bot.core.prices.benchmarks import Benchmarks
from bot.core.prices.market import Market
from tests.core.worlds import at, weekday_timetable
from tests.news.stories import shipped

OWN, BENCHMARK = "ONTO", "SPY"
LINES = {
    "chip equipment": ("AMAT", "LRCX", "KLAC", "ENTG", "MKSI"),
    "chips": ("NVDA", "AMD", "AVGO", "MRVL", "MU"),
    "networks": ("ANET", "CIEN", "CLS", "CRDO", "COHR"),
    "power": ("VRT", "ETN", "GEV", "VST", "CEG", "TLN"),
    "others": ("KO", "MCD", "PG", "JNJ", "WMT", "PEP", "COST", "MRK"),
}
TIMES = weekday_timetable(days=120)
NOW = at("04-28 20:00")
RELEASE = "DeepSeek releases DeepSeek-R1, an open reasoning model trained at a fraction of the usual cost"
TOLD = (
    ("US tech stocks sink as DeepSeek's cheap AI model rattles investors", ""),
    ("Tech stocks slide as DeepSeek's new model sparks worries about demand for AI chips and data centres", ""),
    ("Nasdaq tumbles on DeepSeek's cheaper model", ""),
)
CLAIMED = 0.6


@dataclass(frozen=True)
class Day:
    """How far each line of business falls; what is not named stands still."""

    falls: Mapping[str, float]
    market: float = 0.0
    own: float = -0.125


def ranked(
    day: Day,
    lines: Mapping[str, tuple[str, ...]] = LINES,
    told: Sequence[tuple[str, str]] = TOLD,
    feed: str = "",
) -> CauseRanking:
    """The explanations of the fall of ``OWN`` on that day, of which these stories (title and summary) are told.
    ``feed``: all come by it, though each names a publisher of its own; else each comes by its own."""
    dice = random.Random(14)
    market = Market(lambda _: TIMES)
    today = {s: day.falls.get(line, 0.0) + day.market for line, symbols in lines.items() for s in symbols}
    today |= {OWN: day.own, BENCHMARK: day.market}
    for symbol, change in today.items():
        close = 100.0
        for session in TIMES.all:
            if session.close_at > NOW:
                market.of(symbol).add_quote(Quote(symbol, close * (1 + change), NOW, NOW))
                break
            close *= 1 + dice.gauss(0, 0.005 if symbol == BENCHMARK else 0.015)
            market.apply(DailyBar(symbol, session.date, close, session.close_at, close, close, close, 1e6))
    topics, companies = shipped()
    news = NewsIndex(topics, companies, window=timedelta(days=14))
    for n, (title, summary) in enumerate(((RELEASE, ""), *told)):
        seen_at = NOW - timedelta(hours=8 - n)
        publisher = f"Example {n}"
        news.add(Story(str(n), feed or publisher, title, seen_at, seen_at, summary=summary, publisher=publisher))
    ranking = Causes(market, news, companies, sorted(today), Benchmarks(BENCHMARK)).explain(OWN, NOW)
    assert ranking is not None
    return ranking


def explained(day: Day, lines: Mapping[str, tuple[str, ...]] = LINES, feed: str = "") -> Explanation:
    """What is said of AI as the cause of the fall of ``OWN``."""
    found = next(e for e in ranked(day, lines, feed=feed).explanations if e.evidence is not None)
    assert found.evidence is not None
    assert found.evidence.tied is SubjectKind.INDEX
    return found


ALL = {"chip equipment": -0.09, "chips": -0.11, "networks": -0.16, "power": -0.15}


@pytest.mark.parametrize(
    ("day", "claimed"),
    [
        (Day(ALL), True),
        (Day(ALL, market=-0.014), True),
        (Day({**ALL, "power": -0.02}), True),
        (Day({**ALL, "chip equipment": -0.02}), True),
        (Day({}), False),
        (Day({"chip equipment": -0.09}), False),
        (Day({}, market=-0.03), False),
        (Day({"chip equipment": -0.09}, market=-0.03), False),
        (Day(dict.fromkeys(LINES, -0.03)), False),
        (Day(dict.fromkeys(LINES, 0.02)), False),
        (Day({}, own=-0.4), False),
    ],
    ids=[
        "all lines that the stories concern fall",
        "and the market with them",
        "all but one of them fall",
        "all but its own",
        "it falls alone",
        "only its own line falls",
        "the whole market falls alike",
        "the whole market falls, its own line further",
        "everything falls alike, with the benchmark unmoved",
        "everything else rises",
        "it falls alone and very far",
    ],
)
def test_a_tie_of_the_market_is_believed_where_those_it_concerns_fall(day: Day, claimed: bool) -> None:
    found = explained(day)
    assert (found.confidence >= CLAIMED) == claimed, found
    assert claimed or found.confidence <= UNTIED


def test_where_nobody_it_concerns_has_prices_the_company_itself_confirms_it() -> None:
    """Somebody who watches one chip stock among others is not told less than before."""
    few = {"chips": LINES["chips"][:1], "others": LINES["others"]}
    found = explained(Day({}), few)
    assert found.evidence is not None
    assert found.evidence.concerned == 1.0
    assert found.confidence >= CLAIMED


def test_one_feed_is_one_voice_however_many_publishers_it_names() -> None:
    several, one = explained(Day(ALL)), explained(Day(ALL), feed="loud")
    assert several.evidence is not None
    assert one.evidence is not None
    assert (several.evidence.publishers, one.evidence.publishers) == (len(TOLD), 1)
    assert one.confidence <= shipped()[0].weights.one_publisher < several.confidence


TARIFFS = (
    "US stock futures fall on Sunday evening after Trump's tariffs on Colombia",
    "DeepSeek's cheap R1 model also puts pressure on chip makers such as Nvidia.",
)
OF_THE_COMPANY = ("Onto Innovation sinks as DeepSeek's cheap AI model rattles investors", "")


def confidence(ranking: CauseRanking, topic: str) -> float:
    """The confidence in an explanation on ``topic``; 0 where there is none."""
    return max((e.confidence for e in ranking.explanations if e.topic == topic), default=0.0)


def test_whom_other_stories_of_a_cluster_name_a_rival_does_not_concern() -> None:
    """Both stories are about the same model, so they are one cluster; only the one on the company names it."""
    found = ranked(Day({}), told=(TARIFFS, OF_THE_COMPANY))
    assert confidence(found, "tariffs") == 0.0
    assert found.best is not None
    assert found.best.topic == "ai-market"
    assert {"1", "2"} <= {s.id for s in found.best.match.stories} if found.best.match else False, "one cluster"
