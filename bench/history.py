"""The history at the size of many years. Run: ``python bench/history.py [--folder DIR] [--scale 1.0] [--write]``.

Generates a million alerts in 250,000 incidents, ten million quotes and a million stories into one file (some minutes
and about ten gigabytes at ``--scale 1``), then measures: how fast they went in, what the live cycle's own commits cost
on that file, alone and while readers ask without pause (two with the program's queries, four with its pages), every
query and page the program ships, and pruning. With ``--write`` the tables are put into docs/history.md, where that
page keeps them.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.pages import asked_without_pause, pages, served, timed_pages
from bench.store import LEASE, SYMBOLS, WORDS, alert, incident, machine, notification, reading, story
from bot.adapters.store import open_store
from bot.adapters.store.history.opening import open_history
from bot.core.model import AlertChange, Batch, ChangeKind, Decisions, Delivery, DeliveryOutcome, Quote
from tests.history.shipped import shipped

NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
BEGAN = datetime(2016, 1, 4, tzinfo=UTC)
ALERTS, QUOTES, STORIES, OF_ONE_INCIDENT = 1_000_000, 10_000_000, 1_000_000, 4
RULES = tuple(f"rule-{i}" for i in range(10))
EXPOSURES = ("cooling", "memory", "ai-chips", "networking", "software", "cloud", "power", "optical", "search", "games")
SECONDS = 12.0
"""How long commits are measured beside readers."""
PLACE = Path(__file__).resolve().parents[1] / "docs" / "history.md"
BEGIN, END = "<!-- measured: python bench/history.py --write -->", "<!-- end of what was measured -->"


# -------------------------------------------------------------------------------------------------------- generating


def fill(path: Path, scale: float) -> list[tuple[str, int, float]]:
    """Make the database. Returns what went in, how many, and in how many seconds."""
    with open_store(path, mode="live", run_name="live", now=BEGAN) as store:
        cause = story(0)
        fired = replace(alert(0, cause), fired_at=BEGAN, updated_at=BEGAN, price_at=BEGAN)
        decided = Decisions(
            BEGAN, (AlertChange(ChangeKind.FIRED, BEGAN, fired),), (incident(fired),), (), (reading(cause),)
        )
        told = notification(0, "telegram:1", fired.incident)
        store.record_rules([(rule, "v1", f"- name: {rule}") for rule in RULES], BEGAN)
        store.commit(Batch(BEGAN, (cause,), (decided,), (told,)))
    alerts, quotes, stories = (max(1000, int(n * scale)) for n in (ALERTS, QUOTES, STORIES))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA synchronous = OFF")
        conn.execute("PRAGMA cache_size = -400000")
        return [
            ("stories, with search entries", stories, timed(lambda: stories_into(conn, stories))),
            ("incidents and a message each", alerts // OF_ONE_INCIDENT, timed(lambda: incidents_into(conn, alerts))),
            ("alerts, with search entries", alerts, timed(lambda: alerts_into(conn, alerts, stories))),
            ("quotes", quotes, timed(lambda: quotes_into(conn, quotes))),
        ]


def timed(do: Callable[[], object]) -> float:
    """How many seconds it takes."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def template(conn: sqlite3.Connection, table: str) -> tuple[list[str], list[Any]]:
    """The columns of a table that are stored, and the values of its first row."""
    names = [row[1] for row in conn.execute(f"PRAGMA table_xinfo({table})") if row[6] == 0]
    return names, list(conn.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY rowid LIMIT 1").fetchone())


def into(conn: sqlite3.Connection, table: str, names: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    """Insert rows in one transaction."""
    conn.execute("BEGIN")
    conn.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", rows)
    conn.execute("COMMIT")


def moment(number: int, of: int) -> str:
    """The time of thing ``number`` of so many that are spread over ten years."""
    return f"{BEGAN + (NOW - BEGAN) * (number / of):%Y-%m-%dT%H:%M:%S.%fZ}"


def title(number: int) -> str:
    return (
        " ".join(WORDS[(number * 3 + i * (1 + number % 7)) % len(WORDS)] for i in range(8)) + f" deepseek{number % 997}"
    )


def varied(names: list[str], row: list[Any], changes: dict[str, Any]) -> list[Any]:
    return [changes.get(name, value) for name, value in zip(names, row, strict=True)]


def stories_into(conn: sqlite3.Connection, count: int) -> None:
    names, row = template(conn, "stories")
    into(
        conn, "stories", names,
        (varied(names, row, {"arrival": 1000 + i, "id": f"story-{i}", "title": title(i), "seen_at": moment(i, count),
                             "cluster": f"story-{i - i % 5}"}) for i in range(count)),
    )  # fmt: skip


def incidents_into(conn: sqlite3.Connection, alerts: int) -> None:
    count = alerts // OF_ONE_INCIDENT
    names, row = template(conn, "incidents")
    of = lambda i: json.dumps([f"alert-{OF_ONE_INCIDENT * i + k}" for k in range(OF_ONE_INCIDENT)])  # noqa: E731
    into(
        conn, "incidents", names,
        (varied(names, row, {"id": f"incident-{i}", "alerts": of(i), "started_at": moment(i, count), "state": "closed",
                             "updated_at": moment(i, count), "last_session": moment(i, count)[:10],
                             "symbols": json.dumps(SYMBOLS[i % 146 : i % 146 + OF_ONE_INCIDENT])})
         for i in range(count)),
    )  # fmt: skip
    names, row = template(conn, "notifications")
    into(
        conn, "notifications", names,
        (varied(names, row, {"id": f"note-{i}", "announcement": f"note-{i}", "incident_id": f"incident-{i}",
                             "created_at": moment(i, count), "state": "failed"}) for i in range(count)),
    )  # fmt: skip


def alerts_into(conn: sqlite3.Connection, count: int, stories: int) -> None:
    names, row = template(conn, "alerts")
    cause = json.loads(row[names.index("cause")])

    def changed(i: int) -> dict[str, Any]:
        at = moment(i, count)
        told = {**cause, "title": title(i), "exposures": [EXPOSURES[i % 10]], "cluster": f"story-{i % stories}"}
        return {
            "id": f"alert-{i}", "fingerprint": f"alert-{i}", "rule": RULES[i % 10], "symbol": SYMBOLS[i % 150],
            "session": at[:10], "severity": ("info", "warning", "high", "critical")[i % 4 if i % 40 == 3 else i % 3],
            "state": "resolved", "fired_at": at, "updated_at": at, "price_at": at, "evidence_from": at,
            "evidence_until": at, "incident_id": f"incident-{i // OF_ONE_INCIDENT}", "cause": json.dumps(told),
        }  # fmt: skip

    rest = count - count % OF_ONE_INCIDENT
    into(conn, "alerts", names, (varied(names, row, changed(i)) for i in range(rest)))


def quotes_into(conn: sqlite3.Connection, count: int) -> None:
    step = (NOW - BEGAN).total_seconds() / count
    conn.execute(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1),"
        " q AS (SELECT i, strftime('%Y-%m-%dT%H:%M:%S.000000Z', ?2 + i * ?3, 'unixepoch') AS at FROM n)"
        " INSERT INTO quotes (arrival, run_id, symbol, price, at, seen_at, kind, currency, source)"
        " SELECT 100000000 + i, 1, printf('SYM%03d', i % 150), 100 + i % 50, at, at, 'trade', 'USD', 'yahoo' FROM q",
        (count, BEGAN.timestamp(), step),
    )


# --------------------------------------------------------------------------------------------------------- measuring


def told(taken: list[float]) -> dict[str, float]:
    """Median, 99th percentile and longest, in milliseconds."""
    taken = sorted(taken)
    return {
        "times": len(taken),
        "median": statistics.median(taken) * 1e3,
        "p99": taken[min(len(taken) - 1, int(len(taken) * 0.99))] * 1e3,
        "longest": taken[-1] * 1e3,
    }


def last_of(scale: float) -> dict[str, str]:
    """An incident and an alert of the last days."""
    last = max(1000, int(ALERTS * scale)) - 40
    return {"incident": f"incident-{last // OF_ONE_INCIDENT}", "alert": f"alert-{last}"}


def queries(path: Path, scale: float) -> list[tuple[str, int, float]]:
    """Every shipped query: rows, and seconds, the median of three after one that warms up."""
    fits = {
        "symbol": "SYM007", "exposure": "cooling", "exposed": ("SYM000", "SYM010"), "rule": "rule-3",
        **last_of(scale), "words": "deepseek7",
        "since": NOW - timedelta(days=31), "until": NOW - timedelta(days=30),
    }  # fmt: skip
    found = []
    with open_history(path) as conn:
        for name, (sql, values) in shipped(**fits).items():
            whole = name.startswith("export ")
            taken, rows = [], 0
            for _ in range(2 if whole else 4):
                began = time.perf_counter()
                rows = sum(1 for _ in conn.execute(sql, values))
                taken.append(time.perf_counter() - began)
            found.append((name, rows, statistics.median(taken[1:])))
    return found


def commits(path: Path, seconds: float) -> dict[str, dict[str, float]]:
    """What a live cycle's writes cost: a poll of 150 quotes with a story, an alert now and then, claim and settle."""
    taken: dict[str, list[float]] = {"150 quotes, 1 story": [], "alert, incident, 3 messages": [], "settling": []}
    polls, shocks, sends = taken.values()
    with open_store(path, mode="live", run_name="live", now=NOW) as store:
        ends, begun = time.monotonic() + seconds, time.time_ns() // 10**8 % 10**7
        number = 0
        while time.monotonic() < ends:
            at = NOW + timedelta(seconds=begun + 15 * number)
            quotes = tuple(Quote(s, 100.0 + number % 9, at, at, currency="USD", source="yahoo") for s in SYMBOLS)
            seen = replace(story(begun + number), seen_at=at)
            batch = Batch(at, (*quotes, seen), (Decisions(at, readings=(reading(seen),)),))
            polls.append(timed(partial(store.commit, batch)))
            if number % 10 == 0:
                fired = replace(alert(begun + number, seen), rule="rule-0", fired_at=at, updated_at=at, price_at=at)
                change = AlertChange(ChangeKind.FIRED, at, fired)
                notes = tuple(notification(begun + number, f"telegram:{i}", fired.incident) for i in range(3))
                notes = tuple(replace(note, created_at=at) for note in notes)
                batch = Batch(at, (), (Decisions(at, (change,), (incident(fired),)),), notes)
                shocks.append(timed(partial(store.commit, batch)))
                for out in store.claim(at, LEASE, 3, ["telegram"]):
                    done = Delivery(out.notification.id, out.attempt, at, at, DeliveryOutcome.SENT, message_id="1")
                    sends.append(timed(partial(store.settle, done)))
            number += 1
            time.sleep(0.02)
    return {what: told(times) for what, times in taken.items()}


def hammer(path: str, stop: Any) -> None:
    """A reader that never pauses: the shipped lists, counts and views, one after the other."""
    with open_history(path) as conn:
        asked = [
            q for name, q in shipped(symbol="SYM007", rule="rule-3", words="deepseek7").items() if "export" not in name
        ]
        while not stop.is_set():
            for sql, values in asked:
                for _ in conn.execute(sql, values):
                    if stop.is_set():
                        return


@contextlib.contextmanager
def readers(path: Path, count: int) -> Iterator[None]:
    """So many processes that read without pause."""
    stop = multiprocessing.Event()
    working = [multiprocessing.Process(target=hammer, args=(str(path), stop), daemon=True) for _ in range(count)]
    for process in working:
        process.start()
    time.sleep(1.5)
    try:
        yield
    finally:
        stop.set()
        for process in working:
            process.join(20)


def pruned(path: Path) -> tuple[int, float, float]:
    """Forgetting all quotes older than nine years: rows, seconds, and the longest single step in milliseconds."""
    steps, gone = [], 0
    with open_store(path, mode="live", run_name="live", now=NOW) as store:
        before = time.perf_counter()
        for so_far in store.prune_in_steps(NOW, {"quotes": timedelta(days=9 * 365)}):
            now = time.perf_counter()
            steps.append(now - before)
            before, gone = now, so_far["quotes"]
    return gone, sum(steps), max(steps, default=0.0) * 1e3


def measure(folder: Path, scale: float) -> str:
    """Everything, as Markdown."""
    path = folder / "history.db"
    described = machine()
    went_in = fill(path, scale)
    size = path.stat().st_size / 1e9
    asked = queries(path, scale)
    alone = commits(path, SECONDS)
    with readers(path, 2):
        beside = commits(path, SECONDS)
    chosen = last_of(scale)
    of_pages = pages(chosen["incident"], chosen["alert"], "SYM007", "rule-3", "deepseek7")
    with served(path) as address:
        page_times = timed_pages(address, of_pages)
        with asked_without_pause(address, of_pages, 4) as got:
            beside_pages = commits(path, SECONDS)
    gone, seconds, longest = pruned(path)
    lines = [
        f"Measured on {described}; a file of {size:.1f} GB.",
        "",
        "| went in | rows | rows a second |",
        "|---|---|---|",
    ]
    lines += [f"| {what} | {rows:,} | {rows / took:,.0f} |" for what, rows, took in went_in]
    lines += [
        "",
        "| a commit of the live cycle, ms | alone: median | 99 % | beside two who query: median | 99 % | longest "
        "| beside four who browse: median | 99 % | longest |",
    ]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    for what, one in alone.items():
        two, four = beside[what], beside_pages[what]
        cells = (one["median"], one["p99"], *(t[name] for t in (two, four) for name in ("median", "p99", "longest")))
        lines.append(f"| {what} | {' | '.join(f'{ms:.1f}' for ms in cells)} |")
    browsed = f"{got.pages} pages meanwhile, {got.cut_short} of them cut short at their limit of five seconds"
    lines += ["", f"Those who browse got {browsed}."]
    lines += ["", f"Pruned: {gone:,} quotes in {seconds:.1f} s, no step over {longest:.0f} ms.", ""]
    lines += ["| page | ms |", "|---|---|"]
    lines += [f"| {name} | {took * 1e3:,.0f} |" for name, took in page_times]
    lines += ["", "| query | rows | ms |", "|---|---|---|"]
    lines += [f"| {name} | {rows:,} | {took * 1e3:,.1f} |" for name, rows, took in asked]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to put the database; some ten gigabytes")
    parser.add_argument("--scale", type=float, default=1.0, help="how much of it; 0.01 for a quick look")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/history.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        tables = measure(Path(folder), options.scale)
    print(tables)
    if options.write:
        page = PLACE.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        PLACE.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
