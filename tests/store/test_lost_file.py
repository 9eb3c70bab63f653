"""The files of an open history are removed or replaced: nothing is written that nobody will read."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.store import SqliteStore
from bot.adapters.store.lock import WriterLock
from bot.core.errors import StoreInUseError, StoreLostError
from bot.core.model import Decisions
from bot.cycle import Cycle
from tests.store.values import NOW, after, batch, quote, story

Loss = Callable[[Path], None]


def remove(path: Path) -> None:
    path.unlink()


def move(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


def replace_by_a_copy(path: Path) -> None:
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    copy.rename(path)


def replace_by_nothing(path: Path) -> None:
    path.unlink()
    path.touch()


def remove_the_log(path: Path) -> None:
    path.with_name(path.name + "-wal").unlink()


LOSSES = [remove, move, replace_by_a_copy, replace_by_nothing, remove_the_log]


@pytest.mark.parametrize("loss", LOSSES)
def test_it_is_noticed_at_once_and_nothing_is_written_any_more(store: SqliteStore, path: Path, loss: Loss) -> None:
    store.commit(batch(story("s1")))
    assert store.lost() == ""
    loss(path)
    assert "under the running bot; move it back, or stop the bot" in store.lost()
    changes = store._conn.total_changes
    with pytest.raises(StoreLostError, match="under the running bot"):
        store.commit(batch(story("s2")))
    with pytest.raises(StoreLostError):
        store.save_extra("name", "value", NOW)
    with pytest.raises(StoreLostError):
        store.recover(NOW)
    with pytest.raises(StoreLostError):
        list(store.prune_in_steps(NOW, {"quotes": timedelta(days=1)}))
    assert store._conn.total_changes == changes


def test_another_file_is_not_read_as_the_history(store: SqliteStore, path: Path) -> None:
    store.commit(batch(story("s1")))
    replace_by_nothing(path)
    with pytest.raises(StoreLostError):
        list(store.observations(NOW - timedelta(days=1), NOW))


def test_moved_back_it_is_written_again_with_what_was_decided_meanwhile(store: SqliteStore, path: Path) -> None:
    class Engine:
        def step(self, seen: object, now: datetime) -> Decisions:
            return Decisions(now)

    cycle = Cycle(Engine(), store, tuple)  # type: ignore[arg-type]
    cycle.run([story("s1")], after(0))
    move(path)
    result = cycle.run([story("s2"), quote("NVDA", 128.0, after(1))], after(1))
    assert isinstance(result.error, StoreLostError)
    assert cycle.uncommitted == 1
    path.with_name("elsewhere.db").rename(path)
    assert cycle.run([], after(2)).committed
    with closing(sqlite3.connect(path)) as conn, conn:
        assert conn.execute("SELECT id FROM stories ORDER BY id").fetchall() == [("s1",), ("s2",)]


def test_a_file_that_is_lost_during_a_commit_is_not_taken_for_written(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.adapters.store import writing

    write = writing.Writer.write

    def removed_meanwhile(self: writing.Writer, given: object) -> None:
        write(self, given)  # type: ignore[arg-type]
        remove(path)

    monkeypatch.setattr(writing.Writer, "write", removed_meanwhile)
    with pytest.raises(StoreLostError):
        store.commit(batch(story("s1")))


def test_a_lock_that_somebody_removed_is_taken_again(store: SqliteStore, path: Path) -> None:
    lock = path.with_name(path.name + ".lock")
    lock.unlink()
    assert store.lost() == ""
    assert int(lock.read_text()) == os.getpid()
    with pytest.raises(StoreInUseError):
        WriterLock(path)


def test_a_lock_that_somebody_removed_and_another_process_took_ends_the_writing(store: SqliteStore, path: Path) -> None:
    path.with_name(path.name + ".lock").unlink()
    other = WriterLock(path)
    assert "another process runs on this database" in store.lost()
    with pytest.raises(StoreLostError):
        store.commit(batch(story("s1")))
    other.release()
    assert store.lost() == ""
