"""How the adapter behaves in a process: threads, noise, leaks, and the end of the program."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.prices.yahoo import Yahoo
from bot.adapters.prices.yahoo.client import tidy
from bot.adapters.prices.yahoo.workers import Workers
from tests.processes import Processes, run
from tests.servers.yahoo import Fault, YahooServer
from tests.waiting import PATIENCE, allowed, eventually, wait_until

NOW = datetime(2025, 1, 28, 12, 0, tzinfo=UTC)

CHILD = """
import asyncio, sys, threading
from datetime import date, datetime, timedelta, UTC
from pathlib import Path
from bot.adapters.calendar import ExchangeCalendar
from bot.adapters.prices.yahoo import Yahoo
from bot.core.prices.sessions import Timetable

calendar = ExchangeCalendar()
def table(exchange):
    return Timetable(exchange, calendar.sessions(exchange, date(2024, 1, 1), date(2025, 12, 31)))
NOW = datetime(2025, 1, 28, 12, 0, tzinfo=UTC)
LONG = timedelta(minutes=10)
yahoo = Yahoo(table, cache=Path(sys.argv[1]))
"""


def child(server: YahooServer, cache: Path, code: str) -> subprocess.CompletedProcess[str]:
    return run(
        [sys.executable, "-c", CHILD + code, str(cache)],
        env={**os.environ, **server.environment()},
        capture_output=True,
        text=True,
    )


def test_a_child_process_reads_prices_by_the_environment_alone_and_keeps_stderr_clean(
    server: YahooServer, tmp_path: Path
) -> None:
    server.set_quote("NVDA", 118.42, NOW, previous_close=142.62)
    server.set_history("NVDA", [(date(2025, 1, 24), 142.62), (date(2025, 1, 27), 118.42)])
    code = """
async def main():
    quotes = (await yahoo.quotes(["NVDA", "UNKNOWN"], NOW)).quotes
    bars = (await yahoo.history(["NVDA", "UNKNOWN"], date(2025, 1, 1), NOW)).bars
    print([q.price for q in quotes], [b.close for b in bars])
import logging; logging.basicConfig(level=logging.ERROR)
asyncio.run(main())
"""
    done = child(server, tmp_path / "cache", code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[118.42] [142.62, 118.42]\n", "")
    assert {p.name for p in (tmp_path / "cache").iterdir()} >= {"tkr-tz.db", "cookies.db"}


def test_a_request_that_hangs_does_not_hold_up_the_end_of_the_program(
    server: YahooServer, processes: Processes, tmp_path: Path
) -> None:
    server.set_quote("NVDA", 118.42, NOW, previous_close=142.62)
    server.fault("quote", Fault.SLOW, seconds=300)
    code = """
import time
yahoo = Yahoo(table, cache=Path(sys.argv[1]), request_timeout=LONG, call_timeout=LONG)
async def main():
    asking = asyncio.create_task(yahoo.quotes(["NVDA"], NOW))
    await asyncio.to_thread(sys.stdin.readline)
    asking.cancel()
    try:
        await asking
    except asyncio.CancelledError:
        print(time.monotonic(), flush=True)
asyncio.run(main())
yahoo.close()
"""
    running = processes.start(
        [
            sys.executable,
            "-c",
            CHILD.replace("cache=", "request_timeout=LONG, call_timeout=LONG, cache=") + code,
            str(tmp_path),
        ],
        env={**os.environ, **server.environment()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: server.count("quote") == 1, "it hangs in the request")
    out, err = running.communicate("go on\n", timeout=PATIENCE)
    ended = time.monotonic()
    assert running.returncode == 0, err
    assert ended - float(out) < allowed(2)  # both clocks are the machine's monotonic one
    server.heal()


def test_importing_the_adapter_does_not_import_yfinance() -> None:
    code = "import sys, bot.adapters.prices.yahoo; sys.exit('yfinance' in sys.modules or 'pandas' in sys.modules)"
    assert run([sys.executable, "-c", code]).returncode == 0


async def test_polls_and_histories_leave_no_threads_and_no_tasks_behind(server: YahooServer, source: Yahoo) -> None:
    import multitasking

    symbols = [f"S{i}" for i in range(12)]
    for symbol in symbols:
        server.set_quote(symbol, 100.0, NOW, previous_close=101.0)
        server.set_history(symbol, [(date(2025, 1, 27), 101.0)])

    def ours() -> int:
        return sum(t.name.startswith("yahoo-") and t.name != "yahoo-server" for t in threading.enumerate())

    before = len(multitasking.config["TASKS"])
    for _ in range(5):
        await source.quotes(symbols, NOW)
        await source.history(symbols, date(2025, 1, 27), NOW)
    assert ours() == 6  # two for quotes, four for history, however many symbols
    assert len(multitasking.config["TASKS"]) == before
    source.close()
    await eventually(lambda: ours() == 0, "the threads end")


async def test_quotes_do_not_wait_behind_a_long_history(server: YahooServer, make: Callable[..., Yahoo]) -> None:
    source = make(request_timeout=timedelta(seconds=20), call_timeout=timedelta(seconds=20))
    server.set_quote("NVDA", 141.0, NOW, previous_close=142.62)
    await source.quotes(["NVDA"], NOW)
    server.fault("chart", Fault.SLOW, seconds=20)
    history = asyncio.create_task(source.history([f"S{i}" for i in range(20)], date(2025, 1, 27), NOW))
    await asyncio.sleep(0.2)
    began = time.monotonic()
    assert (await source.quotes(["NVDA"], NOW)).quotes
    assert time.monotonic() - began < allowed(5)
    history.cancel()
    with pytest.raises(asyncio.CancelledError):
        await history
    server.heal()


# ------------------------------------------------------------------------------------------------------------ workers


async def test_workers_return_what_the_call_returns_and_raise_what_it_raises() -> None:
    workers = Workers(2, "trial")
    assert await workers.run(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        await workers.run(lambda: 1 // 0)
    assert await workers.run(threading.current_thread) is not threading.current_thread()
    workers.stop()


async def test_workers_run_no_more_at_once_than_they_are() -> None:
    workers, running, most, lock = Workers(3, "trial"), 0, 0, threading.Lock()

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    await asyncio.gather(*(workers.run(call) for _ in range(20)))
    workers.stop()
    assert most == 3


async def test_a_call_cancelled_while_it_waits_is_never_made() -> None:
    workers, gate, made = Workers(1, "trial"), threading.Event(), []
    busy = asyncio.create_task(workers.run(gate.wait))
    waiting = asyncio.create_task(workers.run(lambda: made.append(1)))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.set()
    await busy
    await workers.run(lambda: None)
    workers.stop()
    assert made == []


# --------------------------------------------------------------------------------------------------------- small parts


@pytest.mark.parametrize(
    ("given", "price"),
    [
        (142.6199951171875, 142.62),
        (118.41999816894531, 118.42),
        (681040.0, 681040.0),
        (0.000123, 0.000123),
        (142.62, 142.62),
        (1e300, 1e300),
        (7, 7.0),
        (float("nan"), None),
        (float("inf"), None),
        (None, None),
        ("1", None),
    ],
)
def test_a_price_is_tidied_without_changing_what_it_says(given: object, price: float | None) -> None:
    assert tidy(given) == price
