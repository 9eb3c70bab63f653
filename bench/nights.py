"""A year in which nothing happens, at night and abroad. Run: ``python bench/nights.py [--since DATE] [--until DATE]``.

Plays what sources tell of prices that go nowhere (thin prints, gaps, one in fifty wild, stale ones of the night before,
several of one order; abroad sessions with their breaks, half sessions and delays) through the price stream, polls and
the engine, with the rules that ship enabled and with probes of every way to measure a price. Prints for each market
what it had, and every alert and message, all of which are false. Ends with 1 where there is one.

``--hold "{overnight: 2}"`` puts another hold in the place of the default one, to see what it keeps away. Takes a
quarter of an hour of one core; ``--jobs`` plays as many quarters of a year beside each other. ``--write`` puts the
table into docs/markets.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.store import machine
from bench.tables import table
from tests.ordinary_year import LATE, NIGHT, MarketCounts, OrdinaryYear

DOCS = Path(__file__).resolve().parents[1] / "docs" / "markets.md"
BEGIN, END = "<!-- measured: python bench/nights.py --write -->", "<!-- end of what nights.py measured -->"
NAMES = {
    NIGHT: "New York, at night", "XTKS": "Tokyo", "XKRX": "Seoul", "XTAI": "Taipei", "XHKG": "Hong Kong",
    "XNSE": "Mumbai", "XAMS": "Amsterdam", "XPAR": "Paris", "XETR": "Frankfurt", "XLON": "London",
    "XCME": "Chicago (futures)",
}  # fmt: skip
PART = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class Part:
    """What came of some dates."""

    markets: dict[str, MarketCounts]
    messages: Counter[str]
    alerts: tuple[str, ...]
    """A line for each."""


def play(first: date, last: date, hold: str) -> Part:
    """The dates from ``first`` to ``last``."""
    with tempfile.TemporaryDirectory() as folder:
        year = OrdinaryYear(Path(folder) / "configuration", first, last, hold=hold)
        for day in year.play():
            print(f"\r{day}", end="", file=sys.stderr, flush=True)
    alerts = tuple(
        f"{a.fired_at:%Y-%m-%d %H:%M:%S} {a.symbol} {a.rule} {a.phase.value} {(a.change or 0) * 100:+.1f} %"
        for counts in year.markets.values()
        for a in counts.alerts
    )
    return Part(year.markets, year.messages, alerts)


def rows(parts: Sequence[Part]) -> list[dict[str, object]]:
    """A row for each market."""
    out = []
    for exchange, name in NAMES.items():
        of = [found for part in parts if (found := part.markets.get(exchange)) is not None]
        out.append(
            {
                "market": name,
                "sessions": sum(m.sessions for m in of),
                "half": sum(m.half for m in of),
                "symbols": len(set().union(*(m.symbols for m in of))),
                "minutes late": LATE.get(exchange, 0),
                "prints": f"{sum(m.prints for m in of):,}",
                "wild": f"{sum(m.wild for m in of):,}",
                "orders of several": f"{sum(m.orders for m in of):,}",
                "stale or repeated": f"{sum(m.stale for m in of):,}",
                "streamed": f"{sum(m.streamed for m in of):,}",
                "false alerts": sum(len(m.alerts) for m in of),
            }
        )
    return out


def main() -> None:
    """Play and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--since", type=date.fromisoformat, default=date(2025, 1, 2), help="the first date")
    parser.add_argument("--until", type=date.fromisoformat, default=date(2025, 12, 31), help="the last date")
    parser.add_argument("--hold", default="", help="in place of the default, as YAML")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--write", action="store_true", help="put the table into docs/markets.md")
    options = parser.parse_args()
    began = time.perf_counter()
    firsts = [options.since]
    while firsts[-1] + PART <= options.until:
        firsts.append(firsts[-1] + PART)
    lasts = [*(first - timedelta(days=1) for first in firsts[1:]), options.until]
    with ProcessPoolExecutor(options.jobs) as pool:
        parts = list(pool.map(play, firsts, lasts, [options.hold] * len(firsts)))
    found = rows(parts)
    messages = sum((part.messages for part in parts), Counter())
    alerts = [line for part in parts for line in part.alerts]
    text = "\n".join(
        [
            f"Played: {options.since} to {options.until}, {time.perf_counter() - began:,.0f} s; {machine()}.",
            "",
            *table(found, list(found[0])),
            "",
            f"{len(alerts)} false alerts; {messages.total()} messages, {messages['operator']} of them to the operator.",
        ]
    )
    print(f"\r{text}")
    print("\n".join([*alerts, *(f"{reason}: {count}" for reason, count in messages.items())]))
    if options.write:
        page = DOCS.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        DOCS.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    sys.exit(1 if alerts else 0)


if __name__ == "__main__":
    main()
