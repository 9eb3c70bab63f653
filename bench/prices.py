"""What prices cost: CPU and wall time of a poll of 200 symbols and of a daily history, against a local Yahoo.

    python -m bench.prices

The emulated Yahoo runs in this process, the adapter in a child, so that the CPU counted is the adapter's alone.
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

SYMBOLS = [f"S{i:03d}" for i in range(200)]
NOW = datetime(2025, 1, 27, 17, 0, tzinfo=UTC)
FIRST = date(2024, 1, 2)
POLLS = 50
HISTORIES = 50


def serve() -> int:
    """Run the child against an emulated Yahoo; its exit code."""
    from tests.servers.yahoo import YahooServer

    days = [FIRST + timedelta(days=i) for i in range((NOW.date() - FIRST).days)]
    with YahooServer() as yahoo:
        for i, symbol in enumerate(SYMBOLS):
            yahoo.set_quote(symbol, 100.0 + i, NOW, previous_close=101.0 + i, volume=1e6)
            yahoo.set_history(symbol, [(day, 100.0 + i) for day in days if day.weekday() < 5])
        environment = {**os.environ, **yahoo.environment()}
        return subprocess.run([sys.executable, "-m", "bench.prices", "child"], env=environment, check=False).returncode


async def measure() -> None:
    """Print one line per figure."""
    from bot.adapters.calendar import ExchangeCalendar
    from bot.adapters.prices.yahoo import Yahoo
    from bot.core.prices.sessions import Timetable

    calendar, tables = ExchangeCalendar(), {}

    def table(exchange: str) -> Timetable:
        if exchange not in tables:
            tables[exchange] = Timetable(exchange, calendar.sessions(exchange, date(2020, 1, 1), date(2025, 12, 31)))
        return tables[exchange]

    began, used = time.perf_counter(), cpu()
    table("XNAS")
    report("calendar of one exchange, six years", began, used, 1)
    with tempfile.TemporaryDirectory() as folder:
        yahoo = Yahoo(table, cache=Path(folder))
        await timed("first poll of 200 symbols (imports yfinance)", 1, lambda: yahoo.quotes(SYMBOLS, NOW))
        await timed("poll of 200 symbols", POLLS, lambda: yahoo.quotes(SYMBOLS, NOW))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await timed(
            f"year of daily bars, per symbol of {HISTORIES}",
            1,
            lambda: yahoo.history(SYMBOLS[:HISTORIES], FIRST, NOW),
            parts=HISTORIES,
        )
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await timed("poll of 200 symbols, after that", POLLS, lambda: yahoo.quotes(SYMBOLS, NOW))
        last = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"memory: {before // 1024} MB before the histories, {after // 1024} after, {last // 1024} at the end")
        yahoo.close()


async def timed(what: str, times: int, call: Callable[[], Awaitable[object]], parts: int = 1) -> None:
    """Call so many times, and report the mean."""
    began, used = time.perf_counter(), cpu()
    for _ in range(times):
        await call()
    report(what, began, used, times * parts)


def report(what: str, began: float, used: float, times: int) -> None:
    """Print wall and CPU milliseconds of one."""
    wall, spent = (time.perf_counter() - began) / times * 1000, (cpu() - used) / times * 1000
    print(f"{what}: {spent:.1f} ms CPU, {wall:.1f} ms")


def cpu() -> float:
    """Seconds of CPU this process has used."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    if sys.argv[1:] == ["child"]:
        asyncio.run(measure())
    else:
        sys.exit(serve())
