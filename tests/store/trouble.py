"""The live bot while its history cannot be written: what it says, what it keeps, what it sends. For tests and bench."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.store.history import verify
from bot.adapters.store.history.verifying import evidence
from tests.e2e.desk import ADMIN, DULL, NEWS, READER, Bot, Desk, opened
from tests.store.small_disk import SmallDisk, small_disk, unwritable
from tests.waiting import wait_until


@dataclass
class Told:
    """What became of it."""

    how: str
    alarms: list[str]
    """What the operator was told of trouble, each message."""
    ends: list[str]
    """What the operator was told of its end."""
    log: str
    kept_running: bool
    held: int
    """Alerts that went out while nothing could be written: must be none."""
    alerts: list[tuple[str, str]]
    """Symbol and severity of the alerts in the history."""
    sent: Counter[str]
    """How often each message about a fall came to the reader."""
    unsettled: list[tuple[str, str]]
    """Messages whose acknowledgement the history does not know: recipient and state."""
    stories: int
    findings: list[str]
    exit_code: int
    seconds: float


def _settle(desk: Desk, database: Path, bot: Bot) -> None:
    wait_until(lambda: len(desk.alerts(READER)) >= 2, "what was held back goes out", lambda: bot.log)
    wait_until(lambda: any("written again" in t for t in desk.texts(ADMIN)), "the end of it", lambda: bot.log)
    waiting = "SELECT count(*) FROM notifications WHERE state IN ('queued', 'leased')"
    wait_until(lambda: desk.rows(waiting, database=database) == [(0,)], "all is settled", lambda: bot.log)


def _told(desk: Desk, database: Path, bot: Bot, how: str, held: int, ran: bool, began: float) -> Told:
    code, _ = bot.stop()
    rows = lambda sql: desk.rows(sql, database=database)  # noqa: E731
    admin = desk.texts(ADMIN)
    return Told(
        how=how,
        alarms=[t for t in admin if "cannot be written" in t or "is broken" in t],
        ends=[t for t in admin if "written again" in t],
        log=bot.log,
        kept_running=ran,
        held=held,
        alerts=sorted(rows("SELECT symbol, severity FROM alerts")),
        sent=Counter(desk.alerts(READER)),
        unsettled=rows("SELECT recipient_id, state FROM notifications WHERE state NOT IN ('sent', 'superseded')"),
        stories=rows("SELECT count(*) FROM stories")[0][0],
        findings=[*verify(database), *evidence(database)],
        exit_code=code,
        seconds=time.monotonic() - began,
    )


@contextlib.contextmanager
def _running(folder: Path, database: Path) -> Iterator[tuple[Desk, Bot]]:
    """A bot that has told of a first fall."""
    with opened(folder) as desk:
        desk.write_config()
        bot = desk.start(database=database)
        wait_until(lambda: "started" in bot.log, "the start", lambda: bot.log)
        desk.subscribe(ADMIN, READER)
        stories = lambda: desk.rows("SELECT count(*) FROM stories", database=database)[0][0]  # noqa: E731
        wait_until(lambda: stories() == 4, "the first poll", lambda: bot.log)
        for name, title in NEWS.items():
            desk.publish(name, [title, *DULL[name]])
        wait_until(lambda: stories() == 6, "the news is read", lambda: bot.log)
        desk.fall({"NVDA": -0.13})
        wait_until(lambda: desk.alerts(READER), "the first alert", lambda: bot.log)
        yield desk, bot


def _through(desk: Desk, bot: Bot, meanwhile: Callable[[], None], polls_meanwhile: int) -> tuple[int, bool]:
    """A rise in severity, another fall and another story while nothing can be written, for so many polls of prices."""
    before = len(desk.alerts(READER))
    desk.fall({"NVDA": -0.17, "VRT": -0.12})
    desk.publish("wire", ["A story of the meantime", NEWS["wire"], *DULL["wire"]])
    told = lambda: any("cannot be written" in t for t in desk.texts(ADMIN))  # noqa: E731
    wait_until(told, "the operator is told past the outbox", lambda: bot.log)
    desk.api.say(READER, READER, "/status")
    polls = desk.yahoo.count("quote")
    while desk.yahoo.count("quote") < polls + polls_meanwhile:
        meanwhile()
        time.sleep(0.05)
        assert bot.process.poll() is None, bot.log
    return len(desk.alerts(READER)) - before, bot.process.poll() is None


def full_disk(folder: Path, *, polls: int = 4, comes_and_goes: bool = False) -> Told:
    """The disk fills up under a running bot, and is given back; with ``comes_and_goes`` a little of it now and then."""
    began = time.monotonic()
    with small_disk(folder / "disk") as disk:
        database = disk.folder / "aftershock.db"
        with _running(folder, database) as (desk, bot):
            disk.fill(bot.process.pid)
            held, ran = _through(desk, bot, _filler(disk, bot, comes_and_goes), polls)
            disk.free(bot.process.pid)
            _settle(desk, database, bot)
            return _told(desk, database, bot, disk.how, held, ran, began)


def _filler(disk: SmallDisk, bot: Bot, comes_and_goes: bool) -> Callable[[], None]:
    turn = iter(range(10**9))

    def eat() -> None:
        if comes_and_goes and next(turn) % 8 == 0:
            disk.free_a_little(24 << 10)
        else:
            disk.fill(bot.process.pid)

    return eat


def unwritable_files(folder: Path, *, polls: int = 4) -> Told | None:
    """Database, log and folder become unwritable under a running bot; ``None`` where that cannot be done."""
    began = time.monotonic()
    place = folder / "place"
    place.mkdir(parents=True)
    database = place / "aftershock.db"
    with _running(folder, database) as (desk, bot):
        with unwritable(place, database, Path(f"{database}-wal")) as done:
            if not done:
                return None
            held, ran = _through(desk, bot, lambda: None, polls)
        _settle(desk, database, bot)
        return _told(desk, database, bot, "chattr +i on database, log and folder", held, ran, began)
