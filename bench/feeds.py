"""What feeds cost, on this machine: ``python -m bench.feeds``. Prints one table; nothing leaves the machine.

Measured: re-polling unchanged feeds (304, and same body without validators), parsing 50 and 500 entries, a first poll
of 200 feeds, and the memory a 300 MB gzip bomb adds. The site runs in a thread of its own, so that its processor time
can be told from the bot's.
"""

from __future__ import annotations

import asyncio
import os
import platform
import resource
import statistics
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rich.console import Console
from rich.table import Table

from bot.adapters.feeds.fetch import FetchError, fetch
from bot.adapters.feeds.parse import parse
from bot.adapters.feeds.parser import Parser
from bot.adapters.feeds.reader import FeedPoll, FeedReader
from bot.adapters.feeds.session import FeedSession
from bot.core.model import FeedState
from bot.core.model.feeds import FeedSpec
from tests.servers.feed_server import Document, FeedServer

NOW = datetime(2025, 1, 27, 12, tzinfo=UTC)
FEEDS = 200


def feed(entries: int, name: str = "wire") -> bytes:
    """A feed of the usual kind: title, link, guid, date and a summary with markup."""
    items = "".join(
        f"<item><title>Lab number {n} says its model &amp;amp; chips are ready</title><link>https://{name}.example/{n}</link>"
        f"<guid>https://{name}.example/{n}</guid><pubDate>Mon, 27 Jan 2025 08:{n % 60:02}:00 GMT</pubDate>"
        f"<description>&lt;p&gt;{'Some words about it. ' * 20}&lt;a href='https://{name}.example/'&gt;More&lt;/a&gt;"
        "&lt;/p&gt;</description></item>"
        for n in range(entries)
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>".encode()


class Site:
    """The feed server in a thread with its own loop."""

    def __init__(self) -> None:
        self.server = FeedServer()
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()), daemon=True)

    async def _serve(self) -> None:
        async with self.server:
            self._ready.set()
            await self._over.wait()

    def __enter__(self) -> FeedServer:
        self._thread.start()
        self._ready.wait()
        return self.server

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()


def nothing_known(_: Collection[str]) -> Mapping[str, str]:
    """A seen-set that is empty."""
    return {}


async def timed(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Seconds on the wall, and of processor in this thread (the site's is another)."""
    wall, cpu = time.perf_counter(), time.thread_time()
    await work()
    return time.perf_counter() - wall, time.thread_time() - cpu


def resident(pid: int | None) -> float:
    """Megabytes a process has now; Linux only."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def bomb(site: FeedServer, table: Table) -> None:
    """How much a bomb adds to the most memory this process ever had; so it must come first."""
    async with FeedSession() as session:
        site.publish("warm", feed(50))
        await fetch(session, site.url("warm"), NOW)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        try:
            await fetch(session, site.url("fault/gzip-bomb"), NOW)
        except FetchError as error:
            said = str(error).partition(" and ")[0]
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
        took = time.perf_counter() - began
        table.add_row("gzip bomb of 300 MB (site included)", f"{took:.2f} s", f"peak memory +{grown:.0f} MB: {said}")


async def measure(site: FeedServer, table: Table) -> None:
    """Fill ``table``."""
    async with FeedSession() as session:
        reader = FeedReader(session, nothing_known, jitter=lambda: 0.5)
        specs = [
            FeedSpec(f"f{n}", site.publish(f"f{n}", Document(feed(50, f"f{n}"), validators=n % 2 == 0)))
            for n in range(FEEDS)
        ]
        states = {s.name: FeedState(s.name, s.url) for s in specs}

        async def poll_all() -> None:
            polls: list[FeedPoll] = await asyncio.gather(*(reader.poll(s, states[s.name], NOW) for s in specs))
            for poll in polls:
                states[poll.state.name] = poll.state

        wall, cpu = await timed(poll_all)
        table.add_row(f"first poll of {FEEDS} feeds of 50 entries", f"{wall:.2f} s", f"{cpu:.2f} s of it in the loop")
        runs = [await timed(poll_all) for _ in range(3)]
        wall, cpu = (statistics.median(r[i] for r in runs) for i in (0, 1))
        table.add_row(
            f"re-poll of {FEEDS} unchanged feeds (half 304, half by hash)", f"{wall:.2f} s", f"{cpu:.2f} s CPU"
        )
        for s in specs[1::2]:
            site.publish(s.name, Document(feed(50, s.name)))
        await poll_all()
        runs = [await timed(poll_all) for _ in range(3)]
        wall, cpu = (statistics.median(r[i] for r in runs) for i in (0, 1))
        table.add_row(f"re-poll of {FEEDS} unchanged feeds (all 304)", f"{wall:.2f} s", f"{cpu:.2f} s CPU")
        await reader.close()

        parser = Parser()
        began = time.perf_counter()
        await parser.parse(feed(1), "", "https://wire.example/")
        table.add_row("start of the parsing child, first parse", f"{time.perf_counter() - began:.2f} s", "once")
        for entries in (50, 500):
            body = feed(entries)
            inside = min(_seconds(lambda body=body: parse(body, "", "https://wire.example/")) for _ in range(5))  # type: ignore[misc]
            runs = [await timed(lambda body=body: parser.parse(body, "", "https://wire.example/")) for _ in range(5)]  # type: ignore[misc]
            wall, cpu = (min(r[i] for r in runs) for i in (0, 1))
            table.add_row(
                f"parse of {entries} entries, {len(body) / 1000:.0f} kB",
                f"{wall * 1000:.0f} ms",
                f"{inside * 1000:.0f} ms parsing, {cpu * 1000:.1f} ms in the loop",
            )
        table.add_row("memory of the parsing child", f"{resident(parser.pid):.0f} MB", "")
        await parser.close()


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    model = platform.processor() or platform.machine()
    title = f"feeds · Python {platform.python_version()} · {os.cpu_count()} × {model} · {datetime.now(UTC):%Y-%m-%d}"
    table = Table("what", "time", "", title=title)
    with Site() as site:
        asyncio.run(bomb(site, table))
        asyncio.run(measure(site, table))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
