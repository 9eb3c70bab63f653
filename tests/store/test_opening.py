"""Which files are opened, by whom, and how they are brought up to date."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.adapters.store import SqliteStore, open_store
from bot.adapters.store import schema as schema_module
from bot.adapters.store.connection import connect_writer
from bot.adapters.store.history import open_history
from bot.adapters.store.lock import WriterLock
from bot.adapters.store.schema import MIGRATIONS, migrate
from bot.core.errors import StoreError, StoreFullError, StoreInUseError, StoreVersionError
from bot.core.model import EarningsDate, ReportTime
from tests.processes import run
from tests.store.steps import prune
from tests.store.values import NOW, after, alert, batch, fired, incident, quote, story

if TYPE_CHECKING:
    from sqlite_utils import Database


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    conn = sqlite3.connect(path)
    try:
        return conn.execute(sql).fetchall()
    finally:
        conn.close()


# --------------------------------------------------------------------------------------------------------------- runs


def test_every_run_is_remembered_with_its_end_and_every_row_knows_its_run(
    path: Path, reopen: Callable[..., SqliteStore]
) -> None:
    first = reopen(version="0.1.0")
    first.commit(batch(story("s1"), incident(), fired(alert())))
    first.close(after(60))
    second = reopen(now=after(90))
    second.commit(batch(story("s2"), story("s1")))
    assert (first.run_id, second.run_id) == (1, 2)
    assert rows(path, "SELECT mode, version, started_at, ended_at FROM runs") == [
        ("live", "0.1.0", "2025-01-27T10:05:00.000000Z", "2025-01-27T10:06:00.000000Z"),
        ("live", "", "2025-01-27T10:06:30.000000Z", None),
    ]
    assert rows(path, "SELECT id, run_id FROM stories") == [("s1", 1), ("s2", 2)]
    assert rows(path, "SELECT run_id FROM alerts") == [(1,)]


@pytest.mark.parametrize(
    ("begun", "wanted"),
    [
        (("live", "live"), ("replay", "deepseek")),
        (("replay", "deepseek"), ("live", "live")),
        (("replay", "deepseek"), ("backtest", "deepseek")),
        (("replay", "deepseek"), ("replay", "another")),
    ],
)
def test_live_and_simulated_histories_never_mix(path: Path, begun: tuple[str, str], wanted: tuple[str, str]) -> None:
    open_store(path, mode=begun[0], run_name=begun[1], now=NOW).close()  # type: ignore[arg-type]
    before = path.read_bytes()
    with pytest.raises(StoreVersionError, match=r"needs a file of its own: name one with --database"):
        open_store(path, mode=wanted[0], run_name=wanted[1], now=NOW)  # type: ignore[arg-type]
    assert rows(path, "SELECT mode, name FROM runs") == [begun]
    assert path.read_bytes() == before
    open_store(path, mode=begun[0], run_name=begun[1], now=NOW).close()  # type: ignore[arg-type]


def test_a_database_opened_for_reading_reads_any_mode_and_writes_nothing(path: Path) -> None:
    with open_store(path, mode="live", run_name="live", now=NOW) as writer:
        writer.commit(batch(quote(), story()))
        with open_store(path, mode="backtest", run_name="x", now=NOW, read_only=True) as reader:
            assert len(list(reader.observations(NOW - timedelta(days=1), NOW))) == 2
            writer.commit(batch(incident(), fired(alert())))
            assert len(reader.alerts_since(date.min)) == 1
            for write in (
                lambda: reader.commit(batch(story("s2"))),
                lambda: reader.claim(NOW, timedelta(1), 1, ["console"]) or reader.recover(NOW),
                lambda: prune(reader, NOW, {}),
            ):
                with pytest.raises(StoreError, match="opened for reading only"):
                    write()


def test_reading_while_a_batch_is_committed_sees_the_database_as_it_was(store: SqliteStore) -> None:
    store.commit(batch(*(quote(at=after(i), price=100.0 + i) for i in range(5))))
    reading = store.observations(NOW - timedelta(days=1), after(99))
    next(reading)
    store.commit(batch(quote(at=after(50))))
    assert len(list(reading)) == 4
    abandoned = store.observations(NOW - timedelta(days=1), after(99))
    next(abandoned)
    abandoned.close()


# ---------------------------------------------------------------------------------------------------- files not ours


def test_a_file_that_is_not_a_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_text("rules:\n" * 1000)
    with pytest.raises(StoreVersionError, match="not an SQLite database"):
        open_store(path, mode="live", run_name="live", now=NOW)
    assert path.read_text() == "rules:\n" * 1000


def test_a_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    conn = sqlite3.connect(path)
    conn.execute("CREATE TABLE photos (id)")
    conn.close()
    before = path.read_bytes()
    with pytest.raises(StoreVersionError, match="not one of Aftershock's"):
        open_store(path, mode="live", run_name="live", now=NOW)
    assert path.read_bytes() == before


def test_a_database_of_a_newer_program_is_refused_by_writers_and_readers(path: Path) -> None:
    open_store(path, mode="live", run_name="live", now=NOW).close()
    conn = sqlite3.connect(path)
    conn.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    conn.close()
    with pytest.raises(StoreVersionError, match="written by a newer Aftershock"):
        open_store(path, mode="live", run_name="live", now=NOW)
    with pytest.raises(StoreVersionError, match="written by a newer Aftershock"), open_history(path):
        pass


def test_an_empty_file_becomes_a_history(path: Path) -> None:
    path.touch()
    open_store(path, mode="live", run_name="live", now=NOW).close()
    with open_history(path) as conn:
        assert conn.execute("SELECT count(*) FROM alerts").fetchone() == (0,)


def test_a_missing_file_is_not_made_by_reading_it(path: Path) -> None:
    with pytest.raises(StoreError, match="no such database"):
        open_store(path, mode="live", run_name="live", now=NOW, read_only=True)
    assert not path.exists()


def test_missing_folders_are_made_and_odd_names_work(tmp_path: Path) -> None:
    path = tmp_path / "a ?b#c%20" / "é.db"
    with open_store(path, mode="live", run_name="live", now=NOW) as store:
        store.commit(batch(story()))
        assert len(list(store.observations(NOW - timedelta(days=1), NOW))) == 1


def test_a_folder_that_cannot_be_made_has_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreFullError, match="folder for the database cannot be created"):
        open_store(tmp_path / "file" / "history.db", mode="live", run_name="live", now=NOW)


# --------------------------------------------------------------------------------------------------------- migrations


def m002_moods(db: Database) -> None:
    db.table("moods").create({"symbol": str, "mood": str}, pk="symbol")
    db.execute("ALTER TABLE stories ADD COLUMN mood TEXT")


def m003_broken(db: Database) -> None:
    db.table("half").create({"id": int}, pk="id")
    raise RuntimeError("the third step fails")


def test_an_older_database_is_copied_and_brought_up_to_date_with_what_it_holds(path: Path) -> None:
    from sqlite_utils import Database

    with open_store(path, mode="live", run_name="live", now=NOW) as store:
        store.commit(batch(story("s1")))
    conn = connect_writer(path, durable=False, busy_for=timedelta(seconds=1))
    newer = (*MIGRATIONS, m002_moods)
    backup = migrate(Database(conn, execute_plugins=False), path, newer)
    assert conn.execute("SELECT id, mood FROM stories").fetchall() == [("s1", None)]
    assert conn.execute("PRAGMA user_version").fetchone() == (len(newer),)
    assert migrate(Database(conn, execute_plugins=False), path, newer) is None
    conn.close()
    assert backup == path.with_name(f"history.db.version-{len(MIGRATIONS)}")
    with open_store(backup, mode="live", run_name="live", now=NOW) as old:
        assert len(list(old.observations(NOW - timedelta(days=1), NOW))) == 1


def test_a_history_without_earnings_dates_gets_a_place_for_them_and_loses_nothing(path: Path) -> None:
    with open_store(path, mode="live", run_name="live", now=NOW) as store:
        store.commit(batch(story("s1"), quote()))
    conn = connect_writer(path, durable=False, busy_for=timedelta(seconds=1))
    conn.executescript(
        "DROP TABLE earnings_dates; DELETE FROM _sqlite_migrations WHERE name = 'm002_earnings_dates';"
        "PRAGMA user_version = 1"
    )
    conn.close()
    told = EarningsDate("NVDA", date(2025, 2, 26), NOW, ReportTime.AFTER, "yahoo")
    with open_store(path, mode="live", run_name="live", now=NOW) as store:
        store.commit(batch(told))
        assert sorted(type(o).__name__ for o in store.observations(NOW - timedelta(days=1), NOW)) == [
            "EarningsDate",
            "Quote",
            "Story",
        ]
    assert path.with_name("history.db.version-1").exists()


def test_a_migration_that_fails_leaves_the_database_as_it_was(path: Path) -> None:
    from sqlite_utils import Database

    open_store(path, mode="live", run_name="live", now=NOW).close()
    conn = connect_writer(path, durable=False, busy_for=timedelta(seconds=1))
    with pytest.raises(RuntimeError):
        migrate(Database(conn, execute_plugins=False), path, (*MIGRATIONS, m002_moods, m003_broken))
    conn.close()
    assert rows(path, "SELECT name FROM sqlite_schema WHERE name IN ('moods', 'half')") == []
    assert rows(path, "PRAGMA user_version") == [(len(MIGRATIONS),)]
    open_store(path, mode="live", run_name="live", now=NOW).close()


def test_migrations_are_numbered_in_order() -> None:
    assert [int(step.__name__[1:4]) for step in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))
    assert schema_module.APPLICATION_ID == 0x41667472


# --------------------------------------------------------------------------------------------------------------- lock


def _hold(path: Path, ready: multiprocessing.synchronize.Event) -> None:
    WriterLock(path)
    ready.set()
    signal.pause()


def test_a_second_writer_is_refused_and_told_who_has_the_database(store: SqliteStore, path: Path) -> None:
    with pytest.raises(StoreInUseError, match=f"process {os.getpid()} is running on this database"):
        open_store(path, mode="live", run_name="live", now=NOW)
    link = path.with_name("link.db")
    link.symlink_to(path)
    with pytest.raises(StoreInUseError):
        open_store(link, mode="live", run_name="live", now=NOW)
    store.commit(batch(story()))


def test_the_lock_of_a_killed_process_is_free_at_once(path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    child = spawn.Process(target=_hold, args=(path, ready))
    child.start()
    try:
        assert ready.wait(30)
        with pytest.raises(StoreInUseError, match=f"process {child.pid} "):
            WriterLock(path)
    finally:
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join(10)
    open_store(path, mode="live", run_name="live", now=NOW).close()


def test_closing_frees_the_lock_and_may_be_repeated(path: Path) -> None:
    store = open_store(path, mode="live", run_name="live", now=NOW)
    store.close()
    store.close()
    with open_store(path, mode="live", run_name="live", now=NOW) as again:
        assert again.run_id > store.run_id


def test_a_database_that_was_refused_is_not_left_locked(path: Path) -> None:
    path.write_text("not a database, but long enough to look at" * 10)
    for _ in range(2):
        with pytest.raises(StoreVersionError):
            open_store(path, mode="live", run_name="live", now=NOW)


# ------------------------------------------------------------------------------------------------------------ loading


def test_reading_the_history_loads_nothing_heavy() -> None:
    code = (
        "import sys, bot.adapters.store.history\n"
        "heavy = {'pandas', 'numpy', 'sqlite_utils', 'yfinance', 'matplotlib', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    assert run([sys.executable, "-c", code]).returncode == 0


def test_a_database_is_opened_for_writing_without_pandas(tmp_path: Path) -> None:
    """Which sqlite-utils would import, though nothing here uses it; whoever does finds it afterwards."""
    program = (
        "import sys\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from bot.adapters.store import open_store\n"
        "open_store(Path(sys.argv[1]), mode='live', run_name='t', now=datetime(2025, 1, 27, tzinfo=UTC)).close()\n"
        "assert 'sqlite_utils' in sys.modules and 'pandas' not in sys.modules\n"
        "import pandas\n"
    )
    assert run([sys.executable, "-c", program, str(tmp_path / "new.db")]).returncode == 0
