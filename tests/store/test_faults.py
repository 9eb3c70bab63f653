"""A full disk, a locked database, a file that cannot be written: named errors, nothing half written, and life after."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.store import SqliteStore, open_store
from bot.adapters.store.history import open_history, verify
from bot.core.errors import StoreBusyError, StoreError, StoreFullError
from bot.core.model import Delivery, DeliveryOutcome
from tests.processes import Processes, run
from tests.store.values import NOW, after, batch, notification, quote, story
from tests.waiting import PATIENCE

REPOSITORY = Path(__file__).resolve().parents[2]
LEASE = timedelta(seconds=60)

HoldLock = Callable[[float], subprocess.Popen[str]]
HOLDER = """
import sqlite3, sys, time
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
conn.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
conn.execute("ROLLBACK")
print("freed", flush=True)
time.sleep(600)
"""


@pytest.fixture
def hold_lock(path: Path, processes: Processes) -> HoldLock:
    """Another program holds the write lock for so many seconds."""

    def hold(seconds: float) -> subprocess.Popen[str]:
        child = processes.start(
            [sys.executable, "-c", HOLDER, str(path), str(seconds)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        return child

    return hold


def fill(store: SqliteStore, size: int = 400) -> int:
    """Commit until there is no more room; returns how many batches went in."""
    for number in range(10_000):
        stories = (story(f"s{number}-{i}", summary="x" * size) for i in range(20))
        try:
            store.commit(batch(*stories, notification(f"n{number}", f"telegram:{number}")))
        except StoreFullError:
            return number
    raise AssertionError("never full")


# ----------------------------------------------------------------------------------------------------------- no room


def test_a_full_database_says_so_writes_nothing_and_goes_on_when_there_is_room(store: SqliteStore, path: Path) -> None:
    pages = store._conn.execute("PRAGMA page_count").fetchone()[0]
    store._conn.execute(f"PRAGMA max_page_count = {pages + 40}")
    went_in = fill(store)
    assert went_in > 0
    with pytest.raises(StoreFullError, match="free some disk space"):
        store.commit(batch(*(story(f"more{i}", summary="y" * 500) for i in range(200))))
    assert verify(path) == []
    with closing(sqlite3.connect(path)) as look, look:
        assert look.execute("SELECT count(*) FROM stories").fetchone() == (20 * went_in,)
        assert look.execute("SELECT count(*) FROM notifications").fetchone() == (went_in,)
    look.close()

    store._conn.execute(f"PRAGMA max_page_count = {pages + 10_000}")
    store.commit(batch(*(story(f"more{i}", summary="y" * 500) for i in range(200))))
    assert verify(path) == []


DISK_FULL = """
import json, resource, signal, sys
from datetime import timedelta
sys.path.insert(0, sys.argv[2])
from bot.adapters.store import open_store
from bot.core.errors import StoreFullError
from bot.core.model import Delivery, DeliveryOutcome
from tests.store.test_faults import LEASE, fill
from tests.store.values import NOW, after, batch, notification

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = open_store(sys.argv[1], mode="live", run_name="live", now=NOW)
store.commit(batch(*(notification("early", f"telegram:{i}") for i in range(5))))
claimed = store.claim(NOW, LEASE, 5, ["telegram"])
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
went_in = fill(store)
settled, refused = [], 0
for outgoing in claimed:
    end = Delivery(outgoing.notification.id, 1, NOW, NOW, DeliveryOutcome.SENT, message_id="m")
    try:
        store.settle(end)
        settled.append(outgoing.notification.id)
    except StoreFullError:
        refused += 1
known = len(store.known_keys([f"guid:s{i}-0" for i in range(went_in)]))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for outgoing in claimed:
    store.settle(Delivery(outgoing.notification.id, 1, NOW, NOW, DeliveryOutcome.SENT, message_id="m"))
store.commit(batch(notification("after", "console", after(1))))
again = [o.notification.announcement for o in store.claim(after(2), LEASE, 9999, ["telegram", "console"])]
store.close()
print(json.dumps([went_in, refused, known, again.count("early"), "after" in again]))
"""


def test_a_disk_that_fills_up_under_the_write_ahead_log_loses_nothing(path: Path) -> None:
    """RLIMIT_FSIZE makes the kernel refuse the write that would go past it, as a full disk does."""
    done = run([sys.executable, "-c", DISK_FULL, str(path), str(REPOSITORY)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    went_in, refused, known, repeated, after_came = json.loads(done.stdout)
    assert went_in > 0
    assert refused > 0, "settling needs room too, and says so"
    assert known == went_in, "reading goes on while the disk is full"
    assert repeated == 0, "nothing acknowledged is repeated when space returns"
    assert after_came
    assert verify(path) == []


def test_a_file_that_cannot_be_written_is_named(store: SqliteStore, path: Path) -> None:
    store._conn.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreFullError, match=str(path)):
        store.commit(batch(story()))
    store._conn.execute("PRAGMA query_only = OFF")
    store.commit(batch(story()))


# ------------------------------------------------------------------------------------------------------------ locked


def test_another_programs_lock_is_waited_for(store: SqliteStore, hold_lock: HoldLock) -> None:
    hold_lock(0.3)
    store.commit(batch(story()))
    assert store.known_keys(["guid:s1"]) == {"guid:s1": "s1"}


def test_a_lock_that_is_not_given_up_is_a_busy_error_and_nothing_is_written(path: Path, hold_lock: HoldLock) -> None:
    with open_store(path, mode="live", run_name="live", now=NOW, busy_for=timedelta(seconds=0.1)) as store:
        store.commit(batch(notification()))
        (out,) = store.claim(NOW, LEASE, 1, ["telegram"])
        holder = hold_lock(600)
        for write in (
            lambda: store.commit(batch(story())),
            lambda: store.settle(Delivery(out.notification.id, 1, NOW, NOW, DeliveryOutcome.SENT)),
            lambda: store.claim(after(99), LEASE, 1, ["telegram"]),
            lambda: store.recover(NOW),
        ):
            with pytest.raises(StoreBusyError, match="another program is writing"):
                write()
        assert store.known_keys(["guid:s1"]) == {}, "reading goes on"
        holder.kill()
        holder.wait(PATIENCE)
        store.commit(batch(story()))
        store.settle(Delivery(out.notification.id, 1, NOW, NOW, DeliveryOutcome.SENT))
    assert verify(path) == []


def test_opening_a_locked_database_is_a_busy_error(path: Path, hold_lock: HoldLock) -> None:
    open_store(path, mode="live", run_name="live", now=NOW).close()
    hold_lock(600)
    with pytest.raises(StoreBusyError):
        open_store(path, mode="live", run_name="live", now=NOW, busy_for=timedelta(seconds=0.1))


def test_a_reader_does_not_hold_up_a_writer(store: SqliteStore, path: Path) -> None:
    store.commit(batch(*(quote(at=after(i), price=1.0 + i) for i in range(100))))
    with open_history(path) as reader:
        rows = reader.execute("SELECT * FROM quotes")
        rows.fetchone()
        store.commit(batch(story()))
        assert len(rows.fetchall()) == 99


# ------------------------------------------------------------------------------------------------------------- other


def test_a_damaged_database_is_named_as_such(path: Path) -> None:
    with open_store(path, mode="replay", run_name="x", now=NOW) as store:
        store.commit(batch(*(story(f"s{i}", summary="x" * 300) for i in range(200))))
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    with pytest.raises(StoreError, match="damaged; restore a backup"):
        list(open_store(path, mode="replay", run_name="x", now=NOW).observations(NOW - LEASE, NOW))


def test_a_store_used_from_another_thread_is_refused_with_our_own_error(store: SqliteStore) -> None:
    caught: list[BaseException] = []

    def use() -> None:
        try:
            store.commit(batch(story()))
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert [type(error) for error in caught] == [StoreError]
    store.commit(batch(story()))


def test_a_closed_store_raises_our_own_error(path: Path) -> None:
    store = open_store(path, mode="live", run_name="live", now=NOW)
    store.close()
    with pytest.raises(StoreError):
        store.commit(batch(story()))
    with pytest.raises(StoreError):
        store.extra("x")
