"""How soon a committed alert is on the wire, and how a thousand people are told. Run: ``python bench/delivery.py``.

The real store, sender and Telegram notifier at Telegram's own limits, against the emulated Bot API in a process of its
own thread. Latency is from the end of the commit to the request's arrival at the API, for one critical alert at a
time: alone, and with 500 notifications of lesser weight queued before it, which it has to overtake. Prints one table.
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
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.adapters.notifiers.telegram import TelegramNotifier
from bot.adapters.store import SqliteStore, open_store
from bot.core.model import Batch, Recipient, Severity
from bot.core.secret import Secret
from bot.delivery.sender import Sender
from tests.delivery.makers import RealClock, notification
from tests.servers.botapi import TOKEN, BotApi, in_thread

CLOCK = RealClock()
QUEUED = 500
PEOPLE = 1000


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


async def everybody(api: BotApi, store: SqliteStore, sender: Sender) -> dict[str, float]:
    """One alert to a thousand people."""
    people = [f"telegram:{100_000 + i}" for i in range(PEOPLE)]
    store.save_recipients([Recipient(p, "telegram") for p in people])
    at = CLOCK.now()
    began = time.monotonic()
    store.commit(Batch(at, notifications=tuple(notification("everybody", p, at) for p in people)))
    committed = time.monotonic()
    start, most = memory(), memory()
    stop = asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    sender.wake()
    while len([c for c in api.made("sendMessage") if c.chat and c.chat >= 100_000]) < PEOPLE:
        await asyncio.sleep(0.2)
        most = max(most, memory())
    calls = sorted(c.at for c in api.made("sendMessage") if c.chat and c.chat >= 100_000)
    stop.set()
    await running
    in_a_second = max(sum(t <= c < t + 1 for c in calls) for t in calls)
    return {
        "commit_seconds": committed - began,
        "seconds": calls[-1] - committed,
        "a_second": (PEOPLE - 1) / (calls[-1] - calls[0]),
        "most_in_a_second": in_a_second,
        "memory_before_mb": start,
        "memory_most_mb": most,
    }


def told(name: str, seconds: list[float]) -> str:
    """A row: the median and the 99th percentile in milliseconds."""
    ordered = sorted(seconds)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"| {name} | {len(ordered)} | {statistics.median(ordered) * 1000:.1f} | {last * 1000:.1f} |"


async def measure(rounds: int, queued_rounds: int) -> tuple[list[float], list[float], dict[str, float]]:
    """Everything, in a folder that goes away."""
    with tempfile.TemporaryDirectory() as folder, in_thread() as api:
        notifier = TelegramNotifier(Secret(TOKEN), base_url=api.url)
        with open_store(Path(folder) / "bench.db", mode="live", run_name="live", now=CLOCK.now()) as store:
            alone = await latencies(api, store, Sender(store, store, {"telegram": notifier}, CLOCK), rounds, 0)
            api.calls.clear()
            busy = await latencies(
                api, store, Sender(store, store, {"telegram": notifier}, CLOCK), queued_rounds, QUEUED
            )
            api.calls.clear()
            whole = await everybody(api, store, Sender(store, store, {"telegram": notifier}, CLOCK))
        await notifier.close()
    return alone, busy, whole


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--queued-rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    alone, busy, whole = asyncio.run(measure(asked.rounds, asked.queued_rounds))
    if asked.json:
        print(json.dumps({"alone": alone, "queued": busy, "everybody": whole}))
        return
    load, python = os.getloadavg()[0], platform.python_version()
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, Python {python}")
    print("\n| from commit to wire | n | median, ms | 99th percentile, ms |\n|---|---|---|---|")
    print(told("nothing else queued", alone))
    print(told(f"{QUEUED} others queued", busy))
    print(
        f"\n{PEOPLE} recipients of one alert: committed in {whole['commit_seconds']:.2f} s, delivered in "
        f"{whole['seconds']:.1f} s, {whole['a_second']:.1f} a second, at most {whole['most_in_a_second']:.0f} in any "
        f"second; memory {whole['memory_before_mb']:.0f} MB before, {whole['memory_most_mb']:.0f} MB at most"
    )


if __name__ == "__main__":
    main()
