"""A bot in miniature, to be killed at any moment, and a process that forks off one after the other.

The bot commits batches, empties its outbox by the real sender, prunes, and copies itself with ``VACUUM INTO`` as an
update does. The wire is a file that stands for Telegram: a line ``got ID`` is what Telegram received, ``ack ID`` what
it acknowledged. Each start recovers, and goes on from the last position that was committed.

``python -m tests.store.crasher`` serves orders as ``tests.prepared`` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import random
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database, Migrations  # noqa: F401 - so that what is forked off need not import them

from bot.adapters.store import SqliteStore, open_store, retention
from bot.adapters.store import sql_store as store_module
from bot.adapters.store.history import list_alerts, list_incidents, search
from bot.adapters.store.schema import _back_up
from bot.core.errors import AftershockError
from bot.core.model import Outgoing
from bot.core.ports import Notifier
from bot.delivery.pacing import Pacer
from bot.delivery.sender import Sender
from tests.prepared import serve
from tests.store.values import NOW, after, alert, batch, cause, fired, incident, notification, quote, reading, story

RECIPIENTS = ("telegram:1", "telegram:2", "telegram:3", "console")
QUOTES = 20
PRUNE_EVERY, COPY_EVERY = 9, 31
KEEP = {"quotes": timedelta(seconds=40), "stories": timedelta(seconds=40)}
IDLE, WRITING, COPYING, PRUNING = range(4)
"""What the bot is at, as it says in the file ``at``: that survives the kill."""


def cycle(number: int) -> Any:
    """Everything cycle ``number`` commits; the same each time."""
    seen, at = story(f"s{number}", after(number)), after(number)
    found = alert(f"a{number}", f"SYM{number}", at, incident=f"i{number}", cause=cause(seen.id, cluster=seen.id))
    told = (
        notification(
            f"n{number}", recipient, at, incident=f"i{number}", edits=f"n{number - 1}" if number % 3 == 2 else ""
        )
        for recipient in RECIPIENTS
    )
    return batch(
        seen,
        story(f"x{number}", at),
        *(quote(f"Q{i}", 100.0 + number, at) for i in range(QUOTES)),
        quote(found.symbol, found.price, at),
        reading(seen, cluster=seen.id),
        incident(f"i{number}", found.id),
        fired(found),
        *told,
        now=at,
        position=str(number),
    )


class Sight:
    """What the bot is at, in a byte that others see, and how often it has begun something (modulo 256) in another."""

    def __init__(self, folder: Path) -> None:
        with (folder / "at").open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), 2)

    @contextlib.contextmanager
    def at(self, what: int) -> Iterator[None]:
        self._page[1] = (self._page[1] + 1) % 256
        self._page[0] = what
        yield
        self._page[0] = IDLE

    def watch(self, module: Any, what: int) -> None:
        """Let every transaction of ``module`` be seen."""
        whole = module.transaction

        @contextlib.contextmanager
        def seen(conn: Any) -> Iterator[None]:
            with self.at(what), whole(conn):
                yield

        module.transaction = seen


class Simulated:
    """The time of the cycle under way."""

    def __init__(self, number: int) -> None:
        self.number = number

    def now(self) -> datetime:
        return after(self.number)


class Real:
    """Real time, from the same beginning."""

    def now(self) -> datetime:
        return NOW + timedelta(seconds=time.monotonic())


class Wire(Notifier):
    """Receives, takes a moment, and acknowledges."""

    def __init__(self, channel: str, file: int) -> None:
        self.channel = channel
        self._file = file
        self._chance = random.Random()

    async def send(self, outgoing: Outgoing) -> str:
        name = outgoing.notification.id
        how = "edit" if outgoing.notification.edits else "repeat" if outgoing.doubts else "first"
        os.write(self._file, f"got {how} {name}\n".encode())
        await asyncio.sleep(self._chance.uniform(0, 0.004))
        os.write(self._file, f"ack {how} {name}\n".encode())
        return f"m{name}"


async def live(folder: Path, store: SqliteStore, sight: Sight, position: int, more: int) -> None:
    """So many cycles more, then whatever is still to be sent."""
    wire = os.open(folder / "wire", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    clock = Simulated(position)
    sender = Sender(
        store, store, {c: Wire(c, wire) for c in ("telegram", "console")}, clock, pacer=Pacer({}), real_clock=Real()
    )
    stop = asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    for number in range(position + 1, position + 1 + more):
        clock.number = number
        store.commit(cycle(number))
        sender.wake()
        await asyncio.sleep(0.002)
        if number % PRUNE_EVERY == 0:
            for _ in store.prune_in_steps(clock.now(), KEEP):
                await asyncio.sleep(0)
        if number % COPY_EVERY == 0:
            with sight.at(COPYING):
                copy = _back_up(store._conn, store.path, number)
            copy.unlink()
    while store.outbox_counts()["queued"] or store.outbox_counts()["leased"]:
        sender.wake()
        await asyncio.sleep(0.01)
    stop.set()
    await running


def bot(folder: Path, more: int) -> None:
    """One life of the bot."""
    sight = Sight(folder)
    sight.watch(store_module, WRITING)
    sight.watch(retention, PRUNING)
    began = time.perf_counter()
    with open_store(folder / "history.db", mode="live", run_name="live", now=NOW) as store:
        position = int(store.extra("position") or -1)
        store.recover(after(position + 1))
        took = time.perf_counter() - began
        store.record_rules([("ai-model-shock", "v1", "- name: ai-model-shock")], NOW)
        with (folder / "starts").open("a") as starts:
            starts.write(f"{took}\n")
        asyncio.run(live(folder, store, sight, position, more))


def reader(folder: Path) -> None:
    """Ask without pause, until killed; what fails, other than for want of a history, goes to ``reader``."""
    file = folder / "history.db"
    while True:
        for ask in (lambda: list_alerts(file), lambda: list_incidents(file), lambda: search(file, "cheap model")):
            try:
                ask()
            except AftershockError as error:
                # a bot that was killed before it had made its tables leaves no history to read
                if "no such database" not in str(error) and "database version 0" not in str(error):
                    with (folder / "reader").open("a") as out:
                        out.write(f"{error}\n")
            # a byte for each: a number written anew is empty where the kill comes between
            with (folder / "asked").open("ab") as asked:
                asked.write(b".")
        time.sleep(0.02)


LIVES: dict[str, Callable[[Path], None]] = {
    "bot": lambda folder: bot(folder, 1_000_000),
    "to its end": lambda folder: bot(folder, 1),
    "reader": reader,
}


def run(order: dict[str, str]) -> None:
    """``{"life": which, "folder": folder}``; what breaks it is left in the file ``broken``."""
    folder = Path(order["folder"])
    try:
        LIVES[order["life"]](folder)
    except BaseException:
        with (folder / "broken").open("a") as out:
            traceback.print_exc(file=out)
        raise


if __name__ == "__main__":
    serve(run)
