"""What the parts around the history do while it cannot be written: the notices, what is kept, what is left behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.scheduler import Scheduler
from bot.adapters.store import open_store
from bot.adapters.store.connection import _ours
from bot.adapters.store.schema import _back_up
from bot.app.run.inbox import Inbox
from bot.app.run.live import LiveBot
from bot.clock import SimulatedClock
from bot.config.settings.model import Operator
from bot.core.errors import StoreBusyError, StoreError, StoreFullError
from bot.core.model import Batch, Decisions, Quote
from bot.cycle import KEEP_UNCOMMITTED, Cycle, CycleResult
from tests.store.small_disk import small_disk
from tests.store.values import NOW, after, alert, batch, fired, quote, story

FULL = StoreFullError("history.db: the database cannot be written; free some disk space: full")


class Listener:
    """A live bot of which only the watch over its history is used, and what the operator hears."""

    def __init__(self) -> None:
        self.clock = SimulatedClock(NOW)
        nothing: Any = SimpleNamespace()
        self.alarms: list[str] = []
        self.inbox = Inbox(self.clock, self)  # type: ignore[arg-type]  # an alarm is called and withdrawn
        project: Any = SimpleNamespace(settings=SimpleNamespace(operator=Operator()))
        self.bot = LiveBot(project, *[nothing] * 6, self.clock, Scheduler(self.clock), self.inbox, nothing, nothing)

    def __call__(self, headline: str, detail: str) -> None:
        self.alarms.append(headline)

    def withdraw(self, headline: str) -> None:
        assert headline == self.alarms[-1]

    @property
    def ends(self) -> list[str]:
        return [n.summary.subject for n in self.inbox._announcements if "written again" in str(n)]

    def turn(self, error: StoreError | None, seconds: float = 1) -> None:
        """A turn of the cycle that was written, or was not."""
        self.clock.advance(self.clock.now() + timedelta(seconds=seconds))
        self.bot._watch_store(CycleResult(Decisions(NOW), (), error is None, error, wrote=error is None))


def test_a_full_disk_is_told_at_once_and_once_and_so_is_its_end() -> None:
    heard = Listener()
    for _ in range(30):
        heard.turn(FULL)
    assert (len(heard.alarms), len(heard.ends)) == (1, 0)
    heard.turn(None)
    heard.turn(None)
    assert (len(heard.alarms), len(heard.ends)) == (1, 1)


def test_a_disk_on_which_a_little_room_comes_and_goes_is_told_once() -> None:
    heard = Listener()
    for _ in range(20):
        heard.turn(FULL, 5)
        heard.turn(None, 1)
    assert (len(heard.alarms), len(heard.ends)) == (1, 1)


def test_trouble_that_comes_back_and_stays_is_told_again() -> None:
    heard = Listener()
    heard.turn(FULL)
    heard.turn(None)
    for _ in range(12):
        heard.turn(FULL)
    assert len(heard.alarms) == 2
    heard.turn(None)
    heard.turn(None, 3600)
    heard.turn(FULL)
    assert len(heard.alarms) == 3, "an hour later it is a trouble of its own, and told at once"


async def test_a_job_that_meets_a_full_disk_is_not_a_broken_part_of_the_program(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard, error = Listener(), [FULL, StoreError("a mistake of ours")]

    async def housekeeping() -> None:
        raise error[0]

    heard.bot.every("housekeeping", timedelta(hours=6), housekeeping)
    for _ in range(5):
        await heard.bot.jobs._run(heard.bot.jobs._planned["housekeeping"])
    heard.bot.jobs.look()
    assert heard.alarms == ["The history cannot be written"]
    assert "Traceback" not in caplog.text
    assert not any(record.exc_info for record in caplog.records)
    del error[0]
    await heard.bot.jobs._run(heard.bot.jobs._planned["housekeeping"])
    assert any(record.exc_info for record in caplog.records)


class Engine:
    """Decides what it is told to."""

    def __init__(self) -> None:
        self.next = Decisions(NOW)

    def step(self, seen: Sequence[Any], now: Any) -> Decisions:
        return self.next


class Store:
    """Takes nothing until it may."""

    def __init__(self) -> None:
        self.full, self.taken = True, list[Batch]()

    def commit(self, offered: Batch) -> None:
        if self.full:
            raise FULL
        self.taken.append(offered)


def test_the_quote_an_alert_fired_on_outlasts_the_longest_trouble() -> None:
    engine, store = Engine(), Store()
    cycle = Cycle(engine, store, tuple)  # type: ignore[arg-type]
    price = quote("NVDA", 128.2, after(0))
    engine.next = Decisions(after(0), (fired(alert(at=after(0))),))
    cycle.run([price, quote("MU", 90.0, after(0))], after(0))
    engine.next = Decisions(NOW)
    for number in range(1, KEEP_UNCOMMITTED + 20):
        cycle.run([quote("NVDA", 128.0, after(number))], after(number))
    store.full = False
    cycle.run([], after(5000))
    kept = [o for b in store.taken for o in b.observations if isinstance(o, Quote)]
    assert price in kept
    assert not [q for q in kept if q.symbol == "MU"], "prices nobody rests on give way"
    assert len(kept) <= KEEP_UNCOMMITTED + 1


def test_a_copy_that_finds_no_room_leaves_nothing_behind(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        if not disk.mounted:
            pytest.skip("needs a small file system of its own, which only root may mount")
        path = tmp_path / "history.db"
        with open_store(path, mode="replay", run_name="x", now=NOW) as store:
            store.commit(batch(*(story(f"s{i}", summary="x" * 5000) for i in range(900))))
            with pytest.raises(StoreFullError):
                _back_up(store._conn, disk.folder / "history.db", 1)
        assert list(disk.folder.iterdir()) == []


def test_a_race_between_readers_and_the_log_is_a_passing_matter() -> None:
    error = sqlite3.OperationalError("locking protocol")
    error.sqlite_errorcode = sqlite3.SQLITE_PROTOCOL
    assert isinstance(_ours(Path("history.db"), error), StoreBusyError)
