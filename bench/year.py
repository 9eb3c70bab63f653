"""A year of the bot with made-up prices. Run: ``python bench/year.py [--folder DIR] [--every MINUTES]``.

Plays the sessions of a year, half sessions and both clock changes among them, through the engine, the cycle and the
history, with falls, starts in the middle of a session, and three outages of the vendor. A week of each quarter, and the
last of the year, is polled as often as the shipped configuration says, which is where memory and file are largest; the
others every five minutes, for speed. ``--every 0`` polls the whole year as configured. Prints how memory and the file
stood at the end of each month and of each of those weeks, whether the history is whole, and how large 180 days would
be. Ends with 1 where anything is missing. Takes half an hour of one core; stopped by a signal, it prints what there is.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.store import machine
from bench.tables import table
from bot.adapters.store.history import evidence, verify
from bot.core.text.wording import age
from tests.simulated_year import Outage, Plan, SessionEnd, Year

DENSE = (
    (date(2025, 2, 3), date(2025, 2, 7)),
    (date(2025, 5, 5), date(2025, 5, 9)),
    (date(2025, 8, 4), date(2025, 8, 8)),
    (date(2025, 10, 27), date(2025, 10, 31)),
    (date(2025, 12, 22), date(2025, 12, 31)),
)
"""From and until: polled as configured."""
OUTAGES = (
    Outage(datetime(2025, 4, 9, 15, tzinfo=UTC), datetime(2025, 4, 9, 18, tzinfo=UTC)),
    Outage(datetime(2025, 8, 18, tzinfo=UTC), datetime(2025, 8, 20, tzinfo=UTC)),
    Outage(datetime(2025, 12, 22, 19, tzinfo=UTC), datetime(2025, 12, 22, 20, tzinfo=UTC)),
)
SESSIONS = 124
"""In 180 days."""
LOADED = ("yfinance", "telegram.ext", "matplotlib.figure", "matplotlib.backends.backend_agg")
"""What the running bot has loaded beside this: half of its memory."""


def rows(ends: Sequence[SessionEnd], plan: Plan) -> Iterator[dict[str, object]]:
    """A row for each month, and for each stretch of it that was polled as configured."""
    for (_, _, dense), of in groupby(ends, key=lambda e: (e.session.year, e.session.month, plan.is_dense(e.session))):
        part = list(of)
        last = part[-1]
        yield {
            "until": f"{last.session}",
            "polls": "as configured" if dense else f"every {age(plan.sparse or timedelta())}",
            "sessions": len(part),
            "half": sum(e.half for e in part),
            "restarts": last.restarts,
            "quotes_seen": f"{last.quotes:,}",
            "in_memory": f"{last.remembered:,}",
            "most_memory_MB": f"{max(e.resident for e in part) / 1e6:.0f}",
            "file_MB": f"{last.stored / 1e6:.0f}",
        }


def missing(year: Year) -> list[str]:
    """What the history should have and has not, and what should not be there; a line for each."""
    with closing(sqlite3.connect(year.path)) as conn:
        told = conn.execute("SELECT session, symbol FROM alerts").fetchall()
        unsent = conn.execute(
            "SELECT id FROM incidents WHERE id NOT IN (SELECT incident_id FROM notifications WHERE state = 'sent')"
        ).fetchall()
        unsettled = conn.execute(
            "SELECT id FROM alerts a WHERE NOT EXISTS"
            " (SELECT 1 FROM outcomes WHERE alert_id = a.id AND horizon = 'close' AND price > 0)"
        ).fetchall()
    fallen = [(f"{f.session}", f.symbol) for f in year.falls]
    return [
        *(f"not told: {fall}" for fall in fallen if fall not in told),
        *(f"told without a fall: {alert}" for alert in told if alert not in fallen),
        *(f"told twice: {alert}" for alert in set(told) if told.count(alert) > 1),
        *(f"no message was sent: {incident}" for (incident,) in unsent),
        *(f"outcomes missing: {alert}" for (alert,) in unsettled),
        *verify(year.path),
        *evidence(year.path),
    ]


def stored(path: Path) -> tuple[dict[str, int], float]:
    """How many quotes the history has of each session, and the bytes one takes with its index entries."""
    with closing(sqlite3.connect(path)) as conn:
        of = dict(conn.execute("SELECT date(seen_at, '-5 hours'), count(*) FROM quotes GROUP BY 1").fetchall())
        size = conn.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name IN ('quotes', 'quotes_symbol', 'quotes_seen_at')"
        )
        return of, size.fetchone()[0] / sum(of.values())


def grown(path: Path, dense: Sequence[date], keep: timedelta) -> list[dict[str, object]]:
    """What a session takes, all of it and thinned, and what 180 days do."""
    of, each = stored(path)
    whole = [of[f"{day}"] for day in dense if day > dense[-1] - keep]
    thinned = [of.get(f"{day}", 0) for day in dense if day < dense[-1] - keep - timedelta(days=1)]
    if not whole or not thinned:
        return []
    a_whole, a_thinned = (sum(counts) / len(counts) * each / 1e6 for counts in (whole, thinned))
    recent = round(SESSIONS * (keep / timedelta(days=180)))
    return [
        {
            "bytes_a_quote": round(each),
            "a_session_whole_MB": f"{a_whole:.1f}",
            "a_session_thinned_MB": f"{a_thinned:.1f}",
            "180_days_whole_MB": f"{SESSIONS * a_whole:,.0f}",
            "180_days_MB": f"{recent * a_whole + (SESSIONS - recent) * a_thinned:,.0f}",
        }
    ]


def main() -> None:
    """Play and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to put the history")
    parser.add_argument("--since", type=date.fromisoformat, default=date(2025, 1, 2), help="the first session")
    parser.add_argument("--until", type=date.fromisoformat, default=date(2025, 12, 31), help="the last session")
    parser.add_argument(
        "--every", type=float, default=5, metavar="MINUTES", help="between polls, most of the year; 0: as configured"
    )
    parser.add_argument("--symbols", type=int, default=175)
    parser.add_argument("--keep-every-quote", type=float, default=5, metavar="DAYS")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for module in LOADED:
        importlib.import_module(module)
    keep, began = timedelta(days=options.keep_every_quote), time.perf_counter()
    plan = Plan(options.since, options.until, options.symbols, outages=OUTAGES, keep_every_quote=keep,
                sparse=timedelta(minutes=options.every) if options.every else None, dense=DENSE)  # fmt: skip
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        year = Year(plan, Path(folder) / "year.db")
        ends = []
        try:
            for end in year.play():
                ends.append(end)
                print(f"\r{end.session} {end.resident / 1e6:.0f} MB", end="", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            print(f"\rstopped after {ends[-1].session}" if ends else "\rstopped", file=sys.stderr)
        year.close()
        wrong = missing(year)
        last_dense = [e.session for e in ends if plan.is_dense(e.session)]
        growth = grown(year.path, last_dense, keep) if last_dense and last_dense[-1] == ends[-1].session else []
    lines = list(rows(ends, plan))
    print(f"\r{machine()}; {time.perf_counter() - began:,.0f} s\n")
    print("\n".join(table(lines, list(lines[0]))))
    if growth:
        print("\n" + "\n".join(table(growth, list(growth[0]))))
    print(f"\n{len(year.falls)} falls; " + ("the history is whole" if not wrong else "\n".join(wrong)))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
