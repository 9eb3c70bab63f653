"""Connections, transactions, and SQLite's errors as our own.

No exception of sqlite3 leaves this package. A connection belongs to the thread that made it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar, overload

from bot.adapters.store.codec import DAMAGED
from bot.core.errors import AftershockError, StoreBusyError, StoreError, StoreFullError, StoreVersionError

C = TypeVar("C", bound=sqlite3.Connection)

OLDEST_SQLITE = (3, 35, 0)
"""For ``RETURNING``, generated columns and window functions together."""

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})  # the last: a lost race
_UNWRITABLE = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM})


OWNER_ONLY = 0o600
"""Permissions of what holds the history: readers' names and verdicts are in it."""


def make_private(path: Path) -> None:
    """Make the file, where there is none, readable by nobody else; SQLite gives its log beside it the same permissions.

    An existing one keeps what its owner gave it. Raises OSError.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, OWNER_ONLY))


def connect_writer(path: Path, *, durable: bool, busy_for: timedelta) -> sqlite3.Connection:
    """The writing connection: WAL, foreign keys, no implicit transactions.

    ``durable`` waits for the disk at each commit, so that even a power cut loses nothing committed; without it a killed
    process loses nothing, but a power cut may. ``busy_for`` is how long a call waits for another writer (a person's own
    tool) before StoreBusyError.
    """
    require_sqlite()
    with contextlib.suppress(OSError):
        make_private(path)  # what is wrong with the place is said by SQLite
    conn = sqlite3.connect(path, timeout=busy_for.total_seconds(), isolation_level=None, cached_statements=256)
    try:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute(f"PRAGMA journal_size_limit = {64 << 20}")
        conn.execute(f"PRAGMA cache_size = {-(16 << 10)}")
    except BaseException:
        conn.close()
        raise
    return conn


@overload
def connect_reader(path: Path, *, busy_for: timedelta = ...) -> sqlite3.Connection: ...


@overload
def connect_reader(path: Path, *, kind: type[C], busy_for: timedelta = ...) -> C: ...


def connect_reader(
    path: Path, *, kind: type[sqlite3.Connection] = sqlite3.Connection, busy_for: timedelta = timedelta(seconds=5)
) -> sqlite3.Connection:
    """A connection that cannot write, beside a running writer or alone.

    Raises StoreError where there is no such file.
    """
    require_file(path)
    if not path.is_file():
        raise StoreError(f"{path}: no such database; run or replay creates one")
    uri = path.resolve().as_uri() + "?mode=ro"
    try:
        return _reader(uri, kind, busy_for)
    except sqlite3.OperationalError:
        # a WAL database in a read-only folder can still be read while nobody writes to it
        wal = path.with_name(path.name + "-wal")
        if wal.exists() and wal.stat().st_size:
            raise
        return _reader(uri + "&immutable=1", kind, busy_for)


def _reader(uri: str, kind: type[C], busy_for: timedelta) -> C:
    conn = sqlite3.connect(uri, uri=True, timeout=busy_for.total_seconds(), isolation_level=None, factory=kind)
    try:
        conn.execute("PRAGMA query_only = ON")
        conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # the first read is what fails
    except BaseException:
        conn.close()
        raise
    return conn


def require_file(path: Path) -> None:
    """Raises StoreError where ``path`` is something else than a file: a folder, a device, a pipe."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # nothing is there, or nothing that can be seen: opening it says why
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no file"
        raise StoreError(f"{path}: is {what}; name a file with --database")


def require_sqlite() -> None:
    """Raises StoreError where the SQLite library is too old for the schema."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        need = ".".join(map(str, OLDEST_SQLITE))
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old; Python must come with {need} or later")


@contextlib.contextmanager
def translated(path: Path | str) -> Iterator[None]:
    """Turns sqlite3's errors into ours, which name the file and what to do."""
    try:
        yield
    except AftershockError:
        raise
    except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
        raise _ours(path, error) from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise StoreError(f"{path}: {DAMAGED}") from error


def _ours(path: Path | str, error: Exception) -> StoreError:
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None
    if primary in _BUSY:
        return StoreBusyError(f"{path}: another program is writing to the database; try again: {error}")
    if primary in _UNWRITABLE:
        return StoreFullError(
            f"{path}: the database cannot be written; free some disk space or make the file writable: {error}"
        )
    if primary == sqlite3.SQLITE_CANTOPEN:
        return StoreFullError(f"{path}: the database cannot be opened; check the folder and its permissions: {error}")
    if primary == sqlite3.SQLITE_NOTADB:
        return StoreVersionError(f"{path}: not an SQLite database; name another file with --database: {error}")
    if primary == sqlite3.SQLITE_CORRUPT:
        return StoreError(f"{path}: the database is damaged; restore a backup: {error}")
    return StoreError(f"{path}: {error}")
