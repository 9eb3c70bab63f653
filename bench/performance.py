"""What everything costs: ``python bench/performance.py [--data FOLDER] [--peers] [--only WORD] [--write]``.

Prints one table, ours beside other programs that do the same work in the same run, and how our costs grow. Times are
processor time, as medians of several runs where one run is short; where it differs much, the time on the wall follows.
``--data`` plays a folder of recorded prices and headlines (``prices/daily_*.csv.gz``, ``news/20*.jsonl.gz``), whole;
without it, made-up ones of 1,000 stocks. ``--peers`` installs the other programs from the package registry into an
environment in a temporary folder. ``--only`` measures the lines whose name has the word. ``--write`` puts the tables
into docs/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import gzip
import json
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import sqlite_utils  # noqa: E402  # the path comes first

from bench import news, rules  # noqa: E402
from bench.engine import World  # noqa: E402
from bench.feeds import NOW, Site, feed, nothing_known  # noqa: E402
from bench.store import START, machine, quotes  # noqa: E402
from bench.tables import table  # noqa: E402
from bench.wire import cpu  # noqa: E402
from bot.adapters.feeds.parser import Parser  # noqa: E402
from bot.adapters.feeds.reader import FeedReader  # noqa: E402
from bot.adapters.feeds.session import FeedSession  # noqa: E402
from bot.adapters.store import open_store  # noqa: E402
from bot.core.model import Batch, FeedState  # noqa: E402
from bot.core.model.feeds import FeedSpec  # noqa: E402
from tests.servers.feed_server import Document  # noqa: E402

DOCS = REPOSITORY / "docs" / "performance.md"
BEGIN, END = "<!-- measured: python bench/performance.py --write -->", "<!-- end of what was measured -->"
PICTURE = REPOSITORY / "docs" / "pictures" / "performance.png"
PEERS = ("backtrader==1.9.78.123",)
BARE = """rules:
  - name: fall
    description: A stock falls more than 10%.
    symbols: [group:watchlist]
    when:
      price: {change: "< -10%", since: previous close}
"""
STOCKS, WARM_UP, PLAYED = 1000, 300, 120
FEEDS = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    work: str
    now: str
    aim: str = ""
    was: str = ""
    """Before this table was first made, on the same kind of machine."""
    beside: str = ""
    """Other programs in this run."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took."""

    cpu: float
    wall: float
    megabytes: float

    def __str__(self) -> str:
        return f"{self.cpu:.1f} s, {self.megabytes:.0f} MB ({self.wall:.0f} s on the wall)"


def run(*command: str) -> Cost:
    """Run a command to its end. Raises CalledProcessError where it fails."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise subprocess.CalledProcessError(process.returncode, command, stderr=said.read())
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - began, usage.ru_maxrss / 1000)


def middle(work: Callable[[], object], times: int) -> float:
    """Processor seconds, the median of so many runs."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


# --------------------------------------------------------------------------------------------------------------- engine


def engine_lines() -> Iterator[Line]:
    """Calm polls, and the first of a shock."""
    world = World(1000, every_rule=False)
    large = World(10_000, every_rule=False)
    every = World(1000, every_rule=True)
    calm = " / ".join(f"{(len(w.symbols) + 1) / w.calm():,.0f}" for w in (world, large))
    yield Line("calm polls, shipped rules, 1,000 / 10,000 symbols, quotes a second", calm, "≥ 100,000", "12,000")
    yield Line("the same, all ten rules, 1,000 symbols", f"{1001 / every.calm():,.0f}", "≥ 50,000", "610 at 2,000")
    five = f"{world.shock(0.05):.2f} s / {large.shock(0.05):.1f} s"
    yield Line("a shock's first polls, 5 % falling, 1,000 / 10,000 symbols", five, "0.25 s / 1 s", "0.38 s / 28.7 s")
    thirty = f"{world.shock(0.3):.2f} s / {large.shock(0.3):.1f} s"
    yield Line("the same, 30 % falling", thirty, "0.5 s at 2,000", "5.7 s at 2,000")


@cache  # the table and the picture
def engine_growth() -> list[dict[str, object]]:
    """By symbols."""
    rows = []
    for count in (175, 500, 1000, 2000, 5000, 10_000):
        world = World(count, every_rule=False)
        row: dict[str, object] = {"symbols": f"{count:,}", "calm_poll,_ms": f"{world.calm() * 1000:.1f}"}
        rows.append(row | {f"{share:.0%}_fall,_s": f"{world.shock(share):.2f}" for share in (0.05, 0.1, 0.3)})
    return rows


# ------------------------------------------------------------------------------------------------------------- backtest


@dataclass(frozen=True, slots=True)
class Recording:
    """What is played."""

    words: str
    prices: Path
    news: tuple[Path, ...]
    day: date
    """The session of the backtest of one session."""
    first: date | None = None

    def play(self, *options: str) -> Cost:
        """A backtest in a process of its own."""
        given = [option for path in self.news for option in ("--news", str(path))]
        return run(sys.executable, "main.py", "backtest", "--prices", str(self.prices), *given, *options)


def recorded(data: Path) -> Recording:
    """The recording in a folder."""
    prices = next(iter(sorted((data / "prices").glob("daily_*.csv.gz"))))
    told = tuple(sorted((data / "news").glob("20*.jsonl.gz")))
    return Recording("recorded prices of four years and headlines of four windows", prices, told, date(2025, 1, 27))


def made_up(folder: Path, stocks: int = STOCKS, played: int = PLAYED) -> Recording:
    """Stocks that go their ways, one in two hundred of their sessions with a fall."""
    world, chance = World(1, every_rule=False), random.Random(5)
    project_symbols = [symbol for symbol in world.known if "." not in symbol and "^" not in symbol][:stocks]
    days = [d for n in range((WARM_UP + played) * 7 // 5 + 30) if (d := date(2023, 1, 2) + timedelta(n)).weekday() < 5]
    path = folder / f"made-up-{stocks}-{played}.csv"
    level = dict.fromkeys(project_symbols, 100.0)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["symbol", "date", "open", "high", "low", "close", "volume"])
        for day in days[: WARM_UP + played]:
            for symbol, before in level.items():
                move = chance.gauss(-0.12, 0.02) if chance.random() < 0.005 else chance.gauss(0.0, 0.015)
                opened, close = before * (1 + move / 3), max(before * (1 + move), 1.0)
                high, low = max(opened, close) * 1.004, min(opened, close) * 0.996
                rows.writerow([symbol, day, *(f"{figure:.2f}" for figure in (opened, high, low, close)), 1_000_000])
                level[symbol] = close if close > 20 else 100.0
    words = f"made-up prices of {len(level)} stocks, {played} sessions"
    return Recording(words, path, (), days[WARM_UP + played // 2], days[WARM_UP])


def backtest_lines(recording: Recording, folder: Path, peer: str) -> Iterator[Line]:
    """Bare, with the shipped rules, and of one session."""
    bare = folder / "bare.yaml"
    bare.write_text(BARE, encoding="utf-8")
    since = ("--from", str(recording.first)) if recording.first else ()
    words = f"backtest of {recording.words}"
    # aims and earlier figures are those of the recorded four years
    known = (("< 15 s, < 500 MB", "687 s, 1,040 MB"), ("< 60 s", "760 s"), ("< 2 s", "9.2 s"))
    whole, shipped, single = known if recording.first is None else (("", ""),) * 3
    yield Line(f"{words}: a bare −10 %", str(recording.play("--rules", str(bare), *since)), *whole, peer)
    yield Line("the same, shipped rules", str(recording.play(*since)), *shipped)
    one = recording.play("--from", str(recording.day), "--to", str(recording.day))
    yield Line("the same, one session", str(one), *single)


def backtest_growth(folder: Path) -> list[dict[str, object]]:
    """By sessions and by stocks."""
    rows = []
    for stocks, played in ((250, 60), (250, 120), (250, 240), (500, 120), (1000, 120)):
        recording = made_up(folder, stocks, played)
        cost = recording.play("--from", str(recording.first))
        count = recording.words.split()[3]
        rows.append({"stocks": count, "sessions": played, "s": f"{cost.cpu:.1f}", "MB": f"{cost.megabytes:.0f}"})
    return rows


def peer_falls(recording: Recording, folder: Path) -> str:
    """The same falls by backtrader, in an environment of its own."""
    place = folder / "peers"
    venv.create(place, with_pip=True)
    python = str(place / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
    plain = recording.prices
    if plain.suffix == ".gz":
        plain = folder / "prices.csv"
        with gzip.open(recording.prices, "rb") as packed, plain.open("wb") as file:
            shutil.copyfileobj(packed, file)
    return f"backtrader {run(python, str(REPOSITORY / 'bench' / 'peers' / 'falls_backtrader.py'), str(plain))}"


def replay_line() -> Line:
    """The shipped week."""
    with tempfile.TemporaryDirectory() as folder:
        cost = run(sys.executable, "main.py", "replay", "deepseek-2025-01", "--database", f"{folder}/week.db", "--json")
    return Line("replay of the DeepSeek week", str(cost), "", "6.4 s")


# ------------------------------------------------------------------------------------------------------ news and feeds


def headlines_line() -> Line:
    """Read and clustered."""
    topics, companies = news.vocabulary()
    stories = news.recorded()
    added, _ = news.throughput(topics, companies, stories)
    return Line("headlines read and clustered, a second", f"{added:,.0f}", "≥ 50,000", "15,900")


async def polls() -> tuple[float, float, float]:
    """Processor seconds of the first poll of many feeds, of a poll after one in ten has changed, and of one of nothing
    new: of this thread and of the parsing child."""
    with Site() as site:
        async with FeedSession() as session:
            parser = Parser()
            await parser.parse(feed(1), "", "https://wire.example/")  # starts the child
            reader = FeedReader(session, nothing_known, jitter=lambda: 0.5, parser=parser)
            names = [f"f{n}" for n in range(FEEDS)]
            specs = [FeedSpec(name, site.publish(name, Document(feed(20, name), validators=True))) for name in names]
            states = {spec.name: FeedState(spec.name, spec.url) for spec in specs}

            async def poll() -> float:
                began = time.thread_time() + cpu(parser.pid or 0)
                for found in await asyncio.gather(*(reader.poll(s, states[s.name], NOW) for s in specs)):
                    states[found.state.name] = found.state
                return time.thread_time() + cpu(parser.pid or 0) - began

            first = await poll()
            for name in names[::10]:
                site.publish(name, Document(feed(21, name), validators=True))
            changed = await poll()
            same = await poll()
            await reader.close()
            await parser.close()
    return first, changed, same


def feed_lines() -> Iterator[Line]:
    """Two hundred feeds, told for a thousand."""
    first, changed, same = (seconds * 1000 / FEEDS for seconds in asyncio.run(polls()))
    yield Line("first poll of 1,000 feeds of 20 entries", f"{first:.0f} s", "< 10 s", "22 s")
    yield Line("re-poll of 1,000 feeds, one in ten changed", f"{changed:.1f} s", "< 1 s", "2.7 s")
    yield Line("re-poll of 1,000 feeds, none changed", f"{same:.1f} s")


# ---------------------------------------------------------------------------------------------------------------- store


def commit_line() -> Line:
    """A poll of 150 quotes, beside what others take for the same rows."""
    times = 60
    with tempfile.TemporaryDirectory() as folder:
        with open_store(Path(folder) / "ours.db", mode="live", run_name="bench", now=START) as store:
            polls = iter([Batch(q[0].seen_at, q) for q in map(quotes, range(1, times + 1))])
            ours = middle(lambda: store.commit(next(polls)), times)
        rows = iter([[(q.symbol, q.price, q.at.isoformat()) for q in quotes(n)] for n in range(1, 2 * times + 1)])
        bare = sqlite3.connect(Path(folder) / "bare.db")
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("CREATE TABLE quotes (symbol TEXT, price REAL, at TEXT)")
        bare.execute("CREATE INDEX by_symbol ON quotes (symbol, at)")

        def plain() -> None:
            with bare:
                bare.executemany("INSERT INTO quotes VALUES (?, ?, ?)", next(rows))

        database = sqlite_utils.Database(Path(folder) / "utils.db")
        database["quotes"].create({"symbol": str, "price": float, "at": str})
        database["quotes"].create_index(["symbol", "at"])

        def through_library() -> None:
            found = [dict(zip(("symbol", "price", "at"), row, strict=True)) for row in next(rows)]
            database["quotes"].insert_all(found)

        by_hand, by_library = middle(plain, times), middle(through_library, times)
        bare.close()
        database.close()
    beside = f"sqlite-utils {by_library * 1000:.1f} ms, sqlite3 {by_hand * 1000:.2f} ms, three columns each"
    return Line("commit of a poll of 150 quotes", f"{ours * 1000:.1f} ms", "≤ 2 ms", "4.0 ms", beside)


def delivery_line() -> Line:
    """From the commit to the wire, alone; ``bench/delivery.py`` has more."""
    command = [
        sys.executable,
        "bench/delivery.py",
        "--json",
        "--rounds",
        "100",
        "--queued-rounds",
        "3",
        "--at-most",
        "1",
    ]
    found = json.loads(subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True).stdout)
    alone, queued = (sorted(seconds * 1000 for seconds in found[name]) for name in ("alone", "queued"))
    middle_of, last = statistics.median(alone), alone[int(len(alone) * 0.99)]
    now = f"{middle_of:.1f} ms, 99th percentile {last:.0f} ms; 500 queued {statistics.median(queued):.0f} ms"
    return Line("alert committed → on the wire, on the wall", now, "99th percentile < 50 ms", "7.7 ms, 125 ms; 125 ms")


# ------------------------------------------------------------------------------------------------------------- together


def rules_growth() -> list[dict[str, object]]:
    """By rules on other symbols, beside ten that concern every quote."""
    observations = rules.tape(1500)
    found = {n: rules.speed(rules.load(rules.rules(n)), observations, 3) for n in (0, 1000, 3000, 9990)}
    return [{"further_rules": f"{n:,}", "quotes_a_second": f"{speed:,.0f}"} for n, speed in found.items()]


@cache  # the table and the picture
def stories_growth() -> list[dict[str, object]]:
    """By headlines that are remembered."""
    topics, companies = news.vocabulary()
    stories = news.recorded()
    found = {n: news.throughput(topics, companies, stories[:n]) for n in (2500, 5000, 10_000, 20_000)}
    return [{"headlines": f"{n:,}", "a_second": f"{added:,.0f}"} for n, (added, _) in found.items()]


def picture(growth: dict[str, list[dict[str, Any]]]) -> None:
    """What the tables of growth say, drawn."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # half a second, and only where it is asked for
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(growth))
    for (title, rows), panel in zip(growth.items(), panels, strict=True):
        across, *columns = rows[0]
        places = [float(str(row[across]).replace(",", "")) for row in rows]
        for column in columns:
            heights = [float(str(row[column]).replace(",", "")) for row in rows]
            panel.plot(places, heights, marker="o", label=column.replace("_", " "))
        panel.set(title=title, xlabel=across.replace("_", " "), ylim=(0, None))
        panel.legend(fontsize="small")
    figure.savefig(PICTURE, dpi=110)


def measured(data: Path | None, peers: bool, only: str) -> str:
    """All tables."""
    lines: list[Line] = []
    out = [f"Measured on: {machine()}.", ""]
    with tempfile.TemporaryDirectory(prefix="aftershock-bench-") as scratch:
        folder = Path(scratch)

        def backtests() -> Iterator[Line]:
            recording = recorded(data) if data else made_up(folder)
            yield from backtest_lines(recording, folder, peer_falls(recording, folder) if peers else "")

        by_sessions = backtest_growth(folder) if only in "backtests" else []
        # what runs in processes of its own comes first: they begin with as much memory as this one has
        parts: dict[str, Callable[[], Iterator[Line] | Sequence[Line]]] = {
            "backtest": backtests,
            "replay": lambda: [replay_line()],
            "headlines": lambda: [headlines_line()],
            "feeds": feed_lines,
            "commit": lambda: [commit_line()],
            "delivery": lambda: [delivery_line()],
            "engine": engine_lines,
        }
        for name, part in parts.items():
            if only in name:
                for line in part():
                    print(f"{line.work}: {line.now}", file=sys.stderr)
                    lines.append(line)
        rows: list[dict[str, Any]] = [
            {"work": li.work, "now": li.now, "aim": li.aim, "was": li.was, "beside": li.beside} for li in lines
        ]
        out += [*table(rows, ["work", "now", "aim", "was", "beside"]), ""]
        for title, growth in GROWTH.items():
            if only in title:
                found = growth()
                out += [f"{title}:", "", *table(found, list(found[0])), ""]
    if by_sessions:
        out += ["Backtests with the shipped rules, made-up prices:", "", *table(by_sessions, list(by_sessions[0])), ""]
    return "\n".join(out)


GROWTH: dict[str, Callable[[], list[dict[str, object]]]] = {
    "A calm poll, and the two polls that confirm a shock, by symbols": engine_growth,
    "Ten rules, and further ones on other symbols": rules_growth,
    "Headlines read and clustered, by how many are remembered": stories_growth,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a folder of recorded prices and headlines")
    parser.add_argument("--peers", action="store_true", help="measure other programs beside it")
    parser.add_argument("--only", default="", help="measure only these: engine, backtest, replay, headlines, …")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    options = parser.parse_args()
    tables = measured(options.data, options.peers, options.only)
    print(tables)
    if options.write:
        by_symbols = engine_growth()
        calm = [{k: v for k, v in row.items() if k in ("symbols", "calm_poll,_ms")} for row in by_symbols]
        shock = [{k: v for k, v in row.items() if k != "calm_poll,_ms"} for row in by_symbols]
        picture({"calm poll": calm, "shock": shock, "headlines": stories_growth()})
        before, _, rest = DOCS.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        DOCS.write_text(f"{before}{BEGIN}\n\n{tables.rstrip()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
