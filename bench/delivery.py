"""How soon a committed alert is on the wire, and how ten thousand are told. Run: ``python bench/delivery.py``.

The real store, sender and Telegram notifier at Telegram's own limits, against the emulated Bot API in a process of its
own thread. Latency is from the end of the commit to the request's arrival at the API, for one critical alert at a
time: alone, and with 500 notifications of lesser weight queued before it, which it has to overtake. Then what a
claim takes by the length of the queue, and one alert to many people: how many a second are reached, what the event loop
works for each, and how late it is. Prints tables.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.tables import table
from bot.adapters.notifiers.telegram import TelegramNotifier
from bot.adapters.store import SqliteStore, open_store
from bot.core.model import Batch, Recipient, Severity
from bot.core.secret import Secret
from bot.delivery.sender import Sender
from tests.delivery.makers import RealClock, notification
from tests.servers.botapi import TOKEN, BotApi, in_thread

CLOCK = RealClock()
QUEUED = 500
PEOPLE = 1000, 10_000
QUEUES, CLAIMS, AT_ONCE = (1000, 5000, 10_000), 20, 30
FIRST_PERSON = 100_000
TICK = 0.01


def memory() -> float:
    """Resident memory of this process in MB, the Bot API's records included."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 1e6


async def latencies(api: BotApi, store: SqliteStore, sender: Sender, rounds: int, before: int) -> list[float]:
    """Seconds from commit to wire of one critical alert, ``rounds`` times, with ``before`` others queued each time."""
    found = []
    stop = asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    for number in range(rounds):
        if before:
            others = [
                notification(f"b{number}-{i}", f"telegram:{10_000 + i}", CLOCK.now(), severity=Severity.WARNING)
                for i in range(before)
            ]
            store.commit(Batch(CLOCK.now(), notifications=tuple(others)))
            sender.wake()
            await asyncio.sleep(0.3)
        recipient = f"telegram:{1 + number}"
        store.commit(
            Batch(
                CLOCK.now(), notifications=(notification(f"c{before}-{number}", recipient, severity=Severity.CRITICAL),)
            )
        )
        committed = time.monotonic()
        sender.wake()
        await until(lambda chat=1 + number: any(c.chat == chat for c in api.made("sendMessage")))
        found.append(next(c.at for c in api.made("sendMessage") if c.chat == 1 + number) - committed)
        if before:
            await until(lambda: not store.outbox_counts()["queued"], within=60)
        else:
            await asyncio.sleep(0.05)
    stop.set()
    await running
    return found


async def until(holds: Callable[[], object], within: float = 20) -> None:
    """Look every few milliseconds until it holds."""
    ends = time.monotonic() + within
    while not holds():
        if time.monotonic() > ends:
            raise TimeoutError
        await asyncio.sleep(0.002)


class Lag:
    """How much later than asked for a coroutine that waits a hundredth of a second goes on."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def watch(self, stop: asyncio.Event) -> None:
        """Look until told to stop."""
        while not stop.is_set():
            began = time.monotonic()
            await asyncio.sleep(TICK)
            self.seconds.append(time.monotonic() - began - TICK)


async def everybody(api: BotApi, store: SqliteStore, sender: Sender, people: int, at_most: float) -> dict[str, float]:
    """One alert to so many people, watched for at most so long."""
    recipients = [f"telegram:{FIRST_PERSON + i}" for i in range(people)]
    store.save_recipients([Recipient(p, "telegram") for p in recipients])
    at, first = CLOCK.now(), len(api.calls)
    began = time.monotonic()
    store.commit(Batch(at, notifications=tuple(notification(f"all-{people}", p, at) for p in recipients)))
    committed, worked = time.monotonic(), time.thread_time()
    start, most = memory(), memory()
    stop, lag = asyncio.Event(), Lag()
    watching = asyncio.create_task(lag.watch(stop))
    running = asyncio.create_task(sender.run(stop))
    sender.wake()
    while len(api.calls) - first < people and time.monotonic() < committed + at_most:
        await asyncio.sleep(0.2)
        most = max(most, memory())
    worked = time.thread_time() - worked
    calls = sorted(c.at for c in api.calls[first:] if c.chat and c.chat >= FIRST_PERSON)
    stop.set()
    await asyncio.gather(running, watching)
    lags = sorted(lag.seconds)
    return {
        "people": people,
        "commit_seconds": committed - began,
        "reached": len(calls),
        "seconds": calls[-1] - committed,
        "a_second": (len(calls) - 1) / (calls[-1] - calls[0]),
        "most_in_a_second": max(bisect_left(calls, t + 1) - i for i, t in enumerate(calls)),
        "loop_cpu_ms_each": worked * 1000 / len(calls),
        "lag_median_ms": statistics.median(lags) * 1000,
        "lag_99_ms": lags[int(len(lags) * 0.99)] * 1000,
        "lag_most_ms": lags[-1] * 1000,
        "memory_before_mb": start,
        "memory_most_mb": most,
    }


def claiming(store: SqliteStore, queued: int) -> dict[str, float]:
    """The processor time that one claim takes, the way the sender claims, with so many messages queued."""
    at = CLOCK.now()
    messages = (notification(f"q-{queued}", f"telegram:{FIRST_PERSON + i}", at) for i in range(queued))
    store.commit(Batch(at, notifications=tuple(messages)))
    took = []
    for _ in range(CLAIMS):
        began = time.thread_time()
        claimed = store.claim(CLOCK.now(), timedelta(minutes=1), AT_ONCE, ["telegram"])
        took.append((time.thread_time() - began) * 1000)
        assert len(claimed) == AT_ONCE
    return {"queued": queued, "claims": CLAIMS, "median_ms": statistics.median(took), "most_ms": max(took)}


def told(name: str, seconds: list[float]) -> str:
    """A row: the median and the 99th percentile in milliseconds."""
    ordered = sorted(seconds)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"| {name} | {len(ordered)} | {statistics.median(ordered) * 1000:.1f} | {last * 1000:.1f} |"


async def measure(
    rounds: int, queued_rounds: int, at_most: float
) -> tuple[list[float], list[float], list[dict[str, float]], list[dict[str, float]]]:
    """Everything, in a folder that goes away."""
    with tempfile.TemporaryDirectory() as folder, in_thread() as api:
        notifier = TelegramNotifier(Secret(TOKEN), base_url=api.url)
        with open_store(Path(folder) / "bench.db", mode="live", run_name="live", now=CLOCK.now()) as store:
            alone = await latencies(api, store, Sender(store, store, {"telegram": notifier}, CLOCK), rounds, 0)
            api.calls.clear()
            busy = await latencies(
                api, store, Sender(store, store, {"telegram": notifier}, CLOCK), queued_rounds, QUEUED
            )
        claims = []
        for queued in QUEUES:
            path = Path(folder) / f"queue-{queued}.db"
            with open_store(path, mode="live", run_name="live", now=CLOCK.now()) as store:
                claims.append(claiming(store, queued))
        whole = []
        for people in PEOPLE:
            path = Path(folder) / f"{people}.db"
            with open_store(path, mode="live", run_name="live", now=CLOCK.now()) as store:
                api.calls.clear()
                sender = Sender(store, store, {"telegram": notifier}, CLOCK)
                whole.append(await everybody(api, store, sender, people, at_most))
        await notifier.close()
    return alone, busy, claims, whole


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--queued-rounds", type=int, default=5)
    parser.add_argument("--at-most", type=float, default=400, metavar="SECONDS", help="watch a large audience so long")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    alone, busy, claims, whole = asyncio.run(measure(asked.rounds, asked.queued_rounds, asked.at_most))
    if asked.json:
        print(json.dumps({"alone": alone, "queued": busy, "claims": claims, "everybody": whole}))
        return
    load, python = os.getloadavg()[0], platform.python_version()
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, Python {python}")
    print("\n| from commit to wire | n | median, ms | 99th percentile, ms |\n|---|---|---|---|")
    print(told("nothing else queued", alone))
    print(told(f"{QUEUED} others queued", busy))
    for each in (claims, whole):
        rows = [{name: f"{value:,.1f}".removesuffix(".0") for name, value in row.items()} for row in each]
        print("\n" + "\n".join(table(rows, list(rows[0]))))


if __name__ == "__main__":
    main()
