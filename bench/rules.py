"""What rules cost: observations per second with and without rules that do not concern them, and checking them.

`python bench/rules.py` prints, as medians of several runs with the machine they were measured on: how many observations
a second the engine takes with 10 rules that concern them, with 9,990 more on other symbols and topics, and with 9,990
more on other symbols and the same topic; what each kind of condition costs; and how long it takes to check 1,000 rules.
`--quick` makes fewer and shorter runs.
"""

from __future__ import annotations

import gc
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from bot.config.rules import RuleNames, load_rules  # noqa: E402  # the path comes first
from bot.core.engine import Engine  # noqa: E402
from bot.core.model import DailyBar, Observation, Quote, Story  # noqa: E402
from bot.core.news import (  # noqa: E402
    Companies,
    Company,
    Effect,
    Exposure,
    Family,
    Lab,
    Name,
    NewsIndex,
    Signal,
    Topic,
    Topics,
)
from bot.core.prices.market import Market  # noqa: E402
from bot.core.prices.sessions import Session, Timetable  # noqa: E402
from bot.core.rules.rule import RuleSet  # noqa: E402

OWN = [f"OWN{n}" for n in range(10)]
OTHERS = [f"OTH{n}" for n in range(500)]
FIRST = date(2024, 6, 3)
TODAY = datetime(2025, 1, 27, tzinfo=UTC)

RELEVANT = """
  - name: own-{n}
    symbols: [{own}]
    when:
      all:
        - price: {{change: "< -{n}.5%"}}
        - news: {{topic: ai-model, within: 5 sessions, sources: ">= 2"}}
      none: [{{market: {{benchmark: SPY, change: "< -4%"}}}}]
    severity: {{high: always, critical: "change < -15%"}}
"""
IRRELEVANT = """
  - name: other-{n}
    symbols: [{symbols}]
    when:
      all:
        - price: {{change: "< -{percent}%", since: 3 sessions}}
        - news: {{topic: {topic}, within: 2 sessions}}
"""


def topic(name: str, word: str) -> Topic:
    """A topic on stories that name a model and use a word."""
    return Topic(name, name, ("lab", "model"), (Signal("model", 0.6, (("model",),)), Signal("word", 0.3, ((word,),))))


TOPICS = Topics(
    topics=(topic("ai-model", "release"), Topic("other", "other", ("strike",), (Signal("s", 0.9, (("strike",),)),))),
    words={"release": (Name("releases"),), "strike": (Name("strike"),), "cheap": (Name("cheaper"),)},
    labs=(Lab("DeepSeek", (Name("DeepSeek"),)),),
    families=(Family("DeepSeek-R", "DeepSeek", (Name("DeepSeek-R1"),)),),
    exposures=(Exposure("ai-chips", "AI chips"),),
    effects=(Effect("cheaper", (("model",), ("cheap",)), {"ai-chips": 1.0}),),
)
COMPANIES = Companies(
    [
        *(Company(s, f"Company {s}", exchange="XNYS", exposures={"ai-chips": 1.0}) for s in OWN),
        *(Company(s, f"Company {s}", exchange="XNYS") for s in OTHERS),
        Company("SPY", "Fund", exchange="XNYS"),
    ]
)
AROUND = RuleNames((*OWN, *OTHERS), ("SPY",), COMPANIES, TOPICS, {"own": OWN, "others": OTHERS})


def timetable() -> Timetable:
    """Weekdays, with New York's hours."""
    sessions = []
    for n in range(260):
        day = FIRST + timedelta(days=n)
        if day.weekday() < 5:
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
            sessions.append(Session("XNYS", day, *(midnight + timedelta(hours=h) for h in (9, 14.5, 21, 25))))
    return Timetable("XNYS", sessions)


TIMES = timetable()


def load(text: str) -> RuleSet:
    """The rules of a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        return load_rules([path], AROUND)


def rules(irrelevant: int, other_topic: str = "other") -> str:
    """Ten relevant rules and so many irrelevant ones."""
    text = "rules:" + "".join(RELEVANT.format(n=n + 1, own=", ".join(OWN)) for n in range(10))
    for n in range(irrelevant):
        symbols = ", ".join(OTHERS[(n * 7 + k) % len(OTHERS)] for k in range(5))
        text += IRRELEVANT.format(n=n, symbols=symbols, percent=1 + n % 20, topic=other_topic)
    return text


def tape(count: int) -> list[Observation]:
    """Bars of the past, then ``count`` observations: polls of ten symbols, a story every hundredth."""
    bars = [
        DailyBar(s, held.date, 100.0, held.close_at, volume=1e6)
        for s in (*OWN, "SPY")
        for held in TIMES.all
        if held.date < TODAY.date()
    ]
    start = TODAY + timedelta(hours=9)
    live: list[Observation] = []
    n = 0
    while len(live) < count:
        at = start + timedelta(seconds=5 * n)
        if n % 100 == 50:
            title = f"DeepSeek releases DeepSeek-R1, cheaper model number {n}"
            live.append(Story(f"s{n}", f"wire{n % 7}", title, at, at))
        else:
            price = 100.0 - 12 * (n % 40) / 40
            live += [Quote(s, price + k / 100, at, at, volume=1e3 * n) for k, s in enumerate(OWN)]
        n += 1
    return [*sorted(bars, key=lambda b: b.seen_at), *live[:count]]


def speed(ruleset: RuleSet, observations: Sequence[Observation], runs: int) -> float:
    """Median of observations a second over the live part."""
    bars = [o for o in observations if isinstance(o, DailyBar)]
    live = [o for o in observations if not isinstance(o, DailyBar)]
    steps: dict[datetime, list[Observation]] = {}
    for observation in live:
        steps.setdefault(observation.seen_at, []).append(observation)
    found = []
    for _ in range(runs):
        engine = Engine(
            ruleset,
            COMPANIES,
            TOPICS,
            NewsIndex(TOPICS, COMPANIES, window=timedelta(days=14)),
            Market(lambda symbol: TIMES),
            benchmark="SPY",
            watching_since=TIMES.all[0].starts_at,
        )
        engine.step(bars, TODAY)
        gc.collect()
        begun = time.perf_counter()
        for now, group in steps.items():
            engine.step(group, now)
        found.append(len(live) / (time.perf_counter() - begun))
    return median(found)


CONDITIONS = {
    "price": 'price: {change: "< -50%"}',
    "price since high": 'price: {change: "< -50%", since: high of 60 sessions}',
    "drawdown": 'price: {drawdown: "< -50%", of: 60 sessions}',
    "abnormal": 'abnormal: {change: "< -50%", z: "< -90"}',
    "volume": 'volume: {ratio: ">= 90"}',
    "extreme": "extreme: {lowest_since: 140 sessions}",
    "gap": 'gap: {change: "< -50%"}',
    "breadth": 'breadth: {symbols: group:own, change: "< -50%", count: ">= 3"}',
    "news": 'news: {topic: ai-model, within: 5 sessions, sources: ">= 90"}',
    "news within 2h": 'news: {topic: ai-model, within: 2h, sources: ">= 90"}',
    "news about, text": 'news: {topic: ai-model, about: DeepSeek, text: "nothing such", within: 2h}',
    "sequence": 'sequence: {within: 30m, steps: [{news: {topic: other}}, {price: {change: "< -2%"}}]}',
}


def check_speed(count: int, runs: int) -> float:
    """Median seconds to load and check a file of ``count`` rules."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_text(rules(count - 10), encoding="utf-8")
        found = []
        for _ in range(runs):
            gc.collect()
            begun = time.perf_counter()
            load_rules([path], AROUND)
            found.append(time.perf_counter() - begun)
    return median(found)


def main() -> None:
    """Measure and print."""
    quick = "--quick" in sys.argv
    runs, count = (1, 2_000) if quick else (5, 10_000)
    processor = platform.processor() or platform.machine()
    print(f"Python {platform.python_version()}, {processor}, {os.cpu_count()} cores, medians of {runs} runs\n")
    observations = tape(count)
    alone = speed(load(rules(0)), observations, runs)
    print(f"{'10 rules that concern them':<52}{alone:>10,.0f} observations/s")
    for other, words in (("other", "other symbols and topics"), ("ai-model", "other symbols, the same topic")):
        crowded = speed(load(rules(9_990, other)), observations, runs)
        print(f"{f'and 9,990 on {words}':<52}{crowded:>10,.0f} observations/s, ratio {crowded / alone:.2f}")
    print()
    for name, written in CONDITIONS.items():
        one = load(f"rules:\n  - name: one\n    symbols: [{', '.join(OWN)}]\n    when:\n      {written}\n")
        print(
            f"{f'one rule: {name}':<52}{speed(one, observations[: len(observations) // 2], 1):>10,.0f} observations/s"
        )
    print(f"\n{'checking 1,000 rules':<52}{check_speed(1_000, runs):>10.2f} s")


if __name__ == "__main__":
    main()
