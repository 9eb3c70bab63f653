"""What one loud feed costs in the moment that counts: from the price that confirms a fall to the decision.

`python bench/flood.py` gives an engine, with the shipped configuration and rules, n stories of one source on one
happening, lets a watched stock fall, and prints for several n the processor time of the step that fires, of a calm step
after one more story, and the memory. A feed brings at most `news.stories_per_day`; n here goes on where that ends.
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from bot.app.project import Timetables, load_project, make_engine  # noqa: E402  # the path comes first
from bot.core.engine import Engine  # noqa: E402
from bot.core.model import DailyBar, Observation, Quote, Story  # noqa: E402

SIZES = (11, 1_000, 5_000, 14_000, 38_500)
SESSION = date(2025, 1, 27)
OPEN = datetime(2025, 1, 27, 14, 30, tzinfo=UTC)
FALLERS = ("NVDA", "AVGO", "MRVL", "AMD", "TSM", "MU", "VST", "CEG", "ANET", "VRT")
TITLES = (
    "DeepSeek-R1: cheap Chinese model rattles chip makers, note {n}",
    "Nvidia falls as DeepSeek's R1 raises doubts about AI spending, part {n}",
    "What DeepSeek-R1 means for data centres and the power they use: view {n}",
    "DeepSeek-R1 tops the app store, day {n}",
)


def prepared() -> tuple[Engine, tuple[str, ...]]:
    """An engine with a quiet past."""
    project = load_project(REPOSITORY / "config.yaml")
    timetables = Timetables(date(2024, 6, 3), date(2025, 2, 10), project.companies)
    engine = make_engine(project, timetables, OPEN - timedelta(days=30))
    symbols = tuple(s for s in project.settings.symbols if timetables.of_symbol(s).exchange in ("XNYS", "XNAS"))
    bars: list[Observation] = []
    for place, symbol in enumerate(symbols):
        for n, session in enumerate(s for s in timetables.of_symbol(symbol).all if s.date < SESSION):
            close = 100.0 * (1 + 0.004 * ((n * 7 + place * 3) % 5 - 2))
            bars.append(DailyBar(symbol, session.date, close, session.close_at, volume=1e6))
    bars.sort(key=lambda bar: bar.seen_at)
    engine.step(bars, OPEN - timedelta(hours=30))
    return engine, symbols


def poll(symbols: tuple[str, ...], at: datetime, fallen: float) -> list[Observation]:
    """Prices of all, some of them fallen."""
    return [
        Quote(s, 100.0 * (1 - (fallen if s in FALLERS else 0.002)), at, at + timedelta(seconds=2), previous_close=100.0)
        for s in symbols
    ]


def measure(count: int) -> str:
    """One line of the table."""
    engine, symbols = prepared()
    start = OPEN - timedelta(hours=28)
    began = time.process_time()
    for n in range(count):
        at = start + (timedelta(hours=27) / count) * n
        engine.step([Story(f"s{n}", "loud", TITLES[n % 4].format(n=n), at, at, link=f"https://loud.example/{n}")], at)
    each = (time.process_time() - began) / count
    engine.step(poll(symbols, OPEN, 0.0), OPEN + timedelta(seconds=2))
    steps = []
    for n in (1, 2, 3):
        at = OPEN + timedelta(seconds=15 * n)
        began = time.process_time()
        decided = engine.step(poll(symbols, at, 0.13), at + timedelta(seconds=2))
        steps.append((time.process_time() - began, len(decided.announcements)))
    at = OPEN + timedelta(minutes=2)
    engine.step([Story("last", "loud", TITLES[1].format(n="last"), at, at)], at)
    began = time.process_time()
    engine.step(poll(symbols, at + timedelta(seconds=5), 0.131), at + timedelta(seconds=7))
    after = time.process_time() - began
    fired = next((seconds for seconds, told in steps if told), float("nan"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"| {count:,} | {each * 1000:.2f} | {fired:.2f} | {after:.2f} | {memory:,.0f} |"


def main() -> None:
    """Measure each size in a process of its own, for its memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.one:
        print(measure(wanted.one))
        return
    print(f"Python {platform.python_version()}, {platform.machine()}; processor time\n")
    print("| stories | ms a story | s, the poll that fires | s, a poll after one more story | MB |")
    print("|--:|--:|--:|--:|--:|")
    for size in SIZES:
        run = [sys.executable, __file__, "--one", str(size)]
        print(subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip(), flush=True)


if __name__ == "__main__":
    main()
