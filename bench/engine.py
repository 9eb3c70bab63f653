"""What a poll costs the engine: ``python bench/engine.py [--symbols 175 1000 5000 10000] [--all] [--profile calm]``.

Made-up stocks, copies of the shipped watchlist's New York companies with their lines of business and groups, under the
shipped rules (``--all``: those switched off, too). Measured is processor time: of calm polls, in which each stock stays
within half a per cent, and of the first poll of a shock, in which 5 % (30 %) of the stocks have fallen by 12 % a minute
after stories on a cheaper model. A shock is measured once for each engine, for the next poll finds it told.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from bench.rules import TIMES, TODAY  # noqa: E402  # the path comes first
from bench.store import machine  # noqa: E402
from bench.tables import table  # noqa: E402
from bot.app.project import load_project, surroundings  # noqa: E402
from bot.config.rules import load_rules, rule_files  # noqa: E402
from bot.core.engine import Engine  # noqa: E402
from bot.core.model import DailyBar, Observation, Quote, Story  # noqa: E402
from bot.core.news import Companies, NewsIndex  # noqa: E402
from bot.core.prices.market import Market  # noqa: E402
from bot.core.rules.rule import RuleSet  # noqa: E402

OPEN = TODAY + timedelta(hours=15)
EVERY = timedelta(seconds=15)
TITLES = (
    "DeepSeek releases R2, an open model trained for a tenth of the cost",
    "Chip stocks tumble as DeepSeek's cheaper R2 model stirs doubt about AI spending",
    "Why DeepSeek R2 has investors doubting demand for Nvidia's chips",
)
CALM_POLLS = 6
BENCHMARK = "SPY"


class World:
    """So many stocks under the shipped rules, with the closes of their history."""

    def __init__(self, count: int, *, every_rule: bool) -> None:
        project = load_project(REPOSITORY / "config.yaml")
        originals = [s for s in project.settings.watched if "." not in s]
        copies = {f"{s}{n or ''}": s for n in range(-(-count // len(originals))) for s in originals}
        self.symbols = list(copies)[:count]
        known = [(s, project.companies.get(copies[s])) for s in self.symbols if s != copies[s]]
        added = [replace(c, symbol=s, name=f"Company {s}", aliases=()) for s, c in known if c is not None]
        self.known = tuple(company.symbol for company in project.companies)
        """The companies that are described."""
        self.topics, self.companies = project.topics, Companies([*project.companies, *added])
        around = surroundings(project.settings, self.companies, self.topics, tuple(self.symbols))
        groups = {n: [s for s in self.symbols if copies[s] in members] for n, members in around.groups.items()}
        around = replace(around, groups={n: members for n, members in groups.items() if members})
        rules = load_rules(rule_files(project.settings.rules), around)
        self.rules = RuleSet([replace(rule, enabled=True) for rule in rules]) if every_rule else rules
        chance = random.Random(7)
        self.bars: list[DailyBar] = []
        self.closes: dict[str, float] = {}
        for symbol in (*self.symbols, BENCHMARK):
            level = 100.0
            for held in (s for s in TIMES.all if s.date < TODAY.date()):
                level *= 1 + chance.gauss(0.0, 0.015)
                self.bars.append(DailyBar(symbol, held.date, level, held.close_at, volume=1e6))
            self.closes[symbol] = level

    def engine(self) -> Engine:
        """One that knows the history and a calm poll."""
        engine = Engine(
            self.rules,
            self.companies,
            self.topics,
            NewsIndex(self.topics, self.companies, window=timedelta(days=14)),
            Market(lambda symbol: TIMES),
            benchmark=BENCHMARK,
            watching_since=TIMES.all[0].starts_at,
        )
        engine.step(self.bars, TODAY)
        engine.step(self.poll(0), OPEN)
        return engine

    def poll(self, n: int, fallen: Sequence[str] = ()) -> list[Observation]:
        """The ``n``-th poll: those of ``fallen`` are down 12 %."""
        chance, down, at = random.Random(n), set(fallen), OPEN + n * EVERY
        return [
            Quote(s, close * (0.88 if s in down else 1 + chance.uniform(-0.005, 0.005)), at, at, volume=1e5)
            for s, close in self.closes.items()
        ]

    def calm(self, profile: cProfile.Profile | None = None) -> float:
        """Processor seconds of a calm poll, the median of several."""
        engine = self.engine()
        return statistics.median(_timed(engine, self.poll(n), profile) for n in range(1, CALM_POLLS + 1))

    def shock(self, share: float, profile: cProfile.Profile | None = None) -> float:
        """Processor seconds of the two polls that confirm a fall of ``share`` of the stocks."""
        engine = self.engine()
        at = OPEN + EVERY
        engine.step([Story(f"s{n}", f"wire{n}", title, at, at) for n, title in enumerate(TITLES)], at)
        fallen = random.Random(3).sample(self.symbols, max(1, int(len(self.symbols) * share)))
        return sum(_timed(engine, self.poll(n, fallen), profile) for n in (5, 6))


def _timed(engine: Engine, poll: list[Observation], profile: cProfile.Profile | None) -> float:
    gc.collect()
    begun = time.process_time()
    if profile is not None:
        profile.enable()
    engine.step(poll, poll[0].seen_at)
    if profile is not None:
        profile.disable()
    return time.process_time() - begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=int, nargs="+", default=[175, 1000, 5000, 10000])
    parser.add_argument("--all", action="store_true", help="every rule, also those switched off")
    parser.add_argument("--profile", choices=("calm", "5", "30"), help="print where the time goes")
    options = parser.parse_args()
    rows = []
    for count in options.symbols:
        world = World(count, every_rule=options.all)
        if options.profile:
            profile = cProfile.Profile()
            world.calm(profile) if options.profile == "calm" else world.shock(int(options.profile) / 100, profile)
            pstats.Stats(profile).sort_stats("tottime").print_stats(28)
            continue
        calm = world.calm()
        rows.append(
            {
                "symbols": count,
                "calm poll, s": f"{calm:.3f}",
                "observations/s": f"{(count + 1) / calm:,.0f}",
                "5 % fall, s": f"{world.shock(0.05):.2f}",
                "30 % fall, s": f"{world.shock(0.3):.2f}",
            }
        )
    if rows:
        print(f"Measured on: {machine()}. Processor time, {'all' if options.all else 'shipped'} rules.\n")
        print("\n".join(table(rows, list(rows[0]))))


if __name__ == "__main__":
    main()
