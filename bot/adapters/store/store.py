"""The history in one SQLite file: how it is opened, and what of a store is its own."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from bot.adapters.store.codec import moment_text
from bot.adapters.store.connection import connect_reader, connect_writer, translated
from bot.adapters.store.engine import Connection
from bot.adapters.store.identity import OpenFiles
from bot.adapters.store.light import pandas_left_out
from bot.adapters.store.lock import WriterLock
from bot.adapters.store.schema import migrate, require_current, stored_version
from bot.adapters.store.sql_store import Mode, SqlStore, begin_run
from bot.core.errors import StoreError, StoreFullError

BUSY_FOR = timedelta(seconds=2)
"""How long a write waits for another program's before StoreBusyError; the event loop is blocked meanwhile."""


def open_store(
    path: str | os.PathLike[str],
    *,
    mode: Mode,
    run_name: str,
    now: datetime,
    read_only: bool = False,
    version: str = "",
    busy_for: timedelta = BUSY_FOR,
) -> SqliteStore:
    """Open the history at ``path``, creating or updating it where needed, and begin a run.

    A database holds either the live history or one simulation: ``mode`` and, unless live, ``run_name`` must be those of
    its first run, so that a replay can be resumed but never mixed with anything else. ``version`` is the program's.
    With ``read_only`` nothing is written or locked, any mode may be read, and the file must exist.

    Raises StoreInUseError where another process writes to it; StoreVersionError where the file is of another mode or
    a newer Aftershock, or not ours; StoreFullError and StoreError where it cannot be opened.
    """
    file = Path(path).expanduser().absolute()
    if read_only:
        with translated(file):
            conn = connect_reader(file, busy_for=busy_for)
            try:
                require_current(conn, file)
            except BaseException:
                conn.close()
                raise
        return SqliteStore(file, conn, None, 0, mode)
    # two names of one file must meet at one lock
    file = Path(os.path.realpath(file))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreFullError(
            f"{file.parent}: the folder for the database cannot be created: {error.strerror}"
        ) from error
    lock = WriterLock(file)
    try:
        with contextlib.ExitStack() as undo, translated(file):
            conn = _writer(file, mode, busy_for)
            undo.callback(conn.close)
            with pandas_left_out():
                from sqlite_utils import Database  # here, as only who writes needs it

            migrate(Database(conn, execute_plugins=False), file)
            run_id = begin_run(conn, file, mode, run_name, now, version)
            undo.pop_all()
    except BaseException:
        lock.release()
        raise
    return SqliteStore(file, conn, lock, run_id, mode)


def _writer(file: Path, mode: Mode, busy_for: timedelta) -> sqlite3.Connection:
    """The writing connection. A file that is not ours is found out by a reader first, which changes nothing."""
    if file.exists() and file.stat().st_size:
        with contextlib.closing(connect_reader(file, busy_for=busy_for)) as conn:
            stored_version(conn, file)
    # a power cut may cost a replay its last moments: it can be played again
    return connect_writer(file, durable=mode == "live", busy_for=busy_for)


class SqliteStore(SqlStore):
    """The port ``Store`` on one SQLite file. Made by ``open_store``."""

    def __init__(self, path: Path, conn: sqlite3.Connection, lock: WriterLock | None, run_id: int, mode: Mode) -> None:
        super().__init__(str(path), conn, run_id, mode)
        self.path = path
        self._lock = lock
        """``None`` when read-only."""
        self._reads_only = lock is None
        self._files = OpenFiles(path)

    def close(self, now: datetime | None = None) -> None:
        try:
            if now is not None and self._lock is not None:
                with self._writing():
                    self._conn.execute("UPDATE runs SET ended_at = ? WHERE id = ?", (moment_text(now), self.run_id))
        finally:
            self._conn.close()
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def _writable(self) -> None:
        if self._reads_only:
            raise StoreError(f"{self.path}: opened for reading only")

    def _other_reader(self) -> contextlib.AbstractContextManager[Connection]:
        return contextlib.closing(connect_reader(self.path))

    def note(self) -> str:
        return self._lock.note if self._lock is not None else ""

    def leave_note(self, note: str) -> None:
        if self._lock is not None:
            self._lock.leave(note)

    def size(self) -> int:
        total = 0
        for file in (self.path, self.path.with_name(self.path.name + "-wal")):
            with contextlib.suppress(OSError):
                total += file.stat().st_size
        return total

    def lost(self) -> str:
        if lost := self._files.lost():
            return lost
        if self._lock is not None and not self._lock.renew():
            return f"{self.path}: its lock was removed, and another process runs on this database; stop one of the two"
        return ""
