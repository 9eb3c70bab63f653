"""The whole of a history in another place, row by row as it is, whatever engines the two are kept in.

Unlike an import, which takes over what another machine has finished, a copy is the same history: its queue, its chats,
its open incidents and the numbers of its runs. A mirror is a copy in a file that is brought up to date again and again:
of the server's rows only those that a later transaction wrote are read.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from os import PathLike
from pathlib import Path

from bot.adapters.store.connection import connect_writer, translated
from bot.adapters.store.engine import Connection, Place, columns, is_server, one_state, stream, transaction
from bot.adapters.store.history.opening import open_place
from bot.adapters.store.lock import WriterLock
from bot.adapters.store.rows import overwrite
from bot.adapters.store.schema import migrate, require_current
from bot.core.errors import StoreError, UsageError
from bot.core.server_address import ServerAddress

_CHUNK = 1_000
_BUSY_FOR = timedelta(seconds=5)
KEYS: Mapping[str, tuple[str, ...]] = {
    "runs": ("id",),
    "rule_versions": ("rule", "version"),
    "chats": ("id",),
    "feeds": ("name",),
    "stories": ("id",),
    "story_keys": ("key",),
    "story_scores": ("story_id", "topic"),
    "quotes": ("arrival",),
    "daily_bars": ("arrival",),
    "splits": ("arrival",),
    "earnings_dates": ("arrival",),
    "second_readings": ("arrival",),
    "learned_names": ("arrival",),
    "refused_quotes": ("symbol", "why", "kind", "at"),
    "source_reports": ("source", "subject", "seen_at", "trouble"),
    "incidents": ("id",),
    "alerts": ("id",),
    "alert_changes": ("alert_id", "at", "kind"),
    "alert_stories": ("alert_id", "story_id"),
    "outcomes": ("alert_id", "horizon"),
    "verdicts": ("incident_id", "person"),
    "silences": ("id",),
    "extras": ("name",),
    "notifications": ("id",),
    "deliveries": ("notification_id", "attempt"),
}
"""Each table and what tells its rows apart, in the order of references. What is worked out from them (search indexes,
``alert_exposures``) is made anew by triggers."""
_NEXT = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_ORDERED = frozenset({"chats", "incidents", "alerts", "notifications"})
"""Tables whose rows have no number but the order in which they came."""


def copy_whole(source: Place, target: Place) -> Iterator[Mapping[str, int]]:
    """Copy the history at ``source`` to ``target``, where there must be none yet, in one transaction.

    Yields how many rows of each table have been copied, table by table. The bot may run on the source meanwhile: one
    state of it is copied. Raises UsageError where there is a history already, StoreError and its kinds.
    """
    done: dict[str, int] = {}
    with open_place(source) as theirs, _begun(target) as ours, one_state(theirs), transaction(ours):
        _defer(ours)
        for table in KEYS:
            done[table] = _put(ours, table, _rows(theirs, ours, table))
            yield done
        if is_server(ours):
            ours.execute("SELECT setval(pg_get_serial_sequence('runs', 'id'), greatest((SELECT max(id) FROM runs), 1))")


def mirror(source: ServerAddress, file: str | PathLike[str]) -> Mapping[str, int]:
    """Bring the copy in ``file`` up to date with the history at ``source``; made if there is none.

    Returns how many rows were written or deleted, by table. Raises UsageError where ``file`` is something else.
    """
    path = Path(file).expanduser().absolute()
    if not path.exists():
        with open_place(source) as theirs, _begun(path) as ours, one_state(theirs), transaction(ours):
            _defer(ours)
            position = _position(theirs)
            done = {table: _put(ours, table, _rows(theirs, ours, table)) for table in KEYS}
            ours.execute("CREATE TABLE mirror (of_history TEXT NOT NULL, position INTEGER NOT NULL)")
            ours.execute("INSERT INTO mirror (of_history, position) VALUES (?, ?)", (str(source), position))
            return done
    with open_place(source) as theirs, _file(path) as ours, one_state(theirs), transaction(ours):
        require_current(ours, path)
        last = _last_position(ours, source, path)
        _defer(ours)
        position = _position(theirs)
        written = {table: _put(ours, table, _rows(theirs, ours, table, since=last)) for table in KEYS}
        for table in reversed(list(KEYS)):
            written[table] += _forget(theirs, ours, table)
        ours.execute("UPDATE mirror SET position = ?", (position,))
        return written


# ---------------------------------------------------------------------------------------------------------------- rows


def _rows(theirs: Connection, ours: Connection, table: str, since: int | None = None) -> Iterator[Sequence[object]]:
    """The rows of a table in the order they came, or those that a transaction from ``since`` on wrote."""
    order = ("rowid",) if table in _ORDERED else KEYS[table]
    # a row's xmin is the transaction that wrote it; its age counts from the newest one
    newer = (
        " WHERE age(xmin) <= (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint) - ?"
        if since is not None
        else ""
    )
    sql = f"SELECT {', '.join(columns(ours, table))} FROM {table}{newer} ORDER BY {', '.join(order)}"
    return stream(theirs, sql, (since,) if since is not None else ())


def _put(ours: Connection, table: str, rows: Iterator[Sequence[object]]) -> int:
    """Insert rows, or overwrite those that have changed; returns how many."""
    names, key, written = columns(ours, table), KEYS[table], 0
    others = [name for name in names if name not in key]
    sql = (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {overwrite(*others)}"
    )
    if table == "chats":  # which may point to one that comes later
        place = names.index("moved_to")
        every = [tuple(row) for row in rows]
        ours.executemany(sql, [(*row[:place], None, *row[place + 1 :]) for row in every])
        ours.executemany(
            "UPDATE chats SET moved_to = ? WHERE id = ?", [(row[place], row[names.index("id")]) for row in every]
        )
        return len(every)
    while chunk := list(itertools.islice(rows, _CHUNK)):
        ours.executemany(sql, [tuple(row) for row in chunk])
        written += len(chunk)
    return written


def _forget(theirs: Connection, ours: Connection, table: str) -> int:
    """Delete rows that are no longer there; returns how many. All that are there have been put."""
    counted = [int(conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for conn in (theirs, ours)]
    if counted[0] == counted[1]:
        return 0
    key = ", ".join(KEYS[table])
    marks = ", ".join("?" * len(KEYS[table]))
    ours.execute(f"CREATE TEMPORARY TABLE kept ({key}, PRIMARY KEY ({key}))")
    kept = stream(theirs, f"SELECT {key} FROM {table}")
    while chunk := [tuple(row) for row in itertools.islice(kept, _CHUNK)]:
        ours.executemany(f"INSERT INTO kept VALUES ({marks})", chunk)
    ours.execute(f"DELETE FROM {table} WHERE ({key}) NOT IN (SELECT {key} FROM kept)")
    ours.execute("DROP TABLE kept")
    return counted[1] - counted[0]


def _position(theirs: Connection) -> int:
    """What was committed before that transaction has been seen; what it and later ones write, not for sure."""
    return int(theirs.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").fetchone()[0])


def _last_position(ours: Connection, source: ServerAddress, path: Path) -> int:
    kept = ours.execute("SELECT 1 FROM sqlite_schema WHERE name = 'mirror'").fetchone()
    row = ours.execute("SELECT of_history, position FROM mirror").fetchone() if kept is not None else None
    if row is None:
        raise UsageError(f"{path}: a history of its own, not a mirror; name another file")
    if row[0] != str(source):
        raise UsageError(f"{path}: a mirror of {row[0]}, not of {source}; name another file")
    return int(row[1])


# -------------------------------------------------------------------------------------------------------------- places


@contextlib.contextmanager
def _begun(place: Place) -> Iterator[Connection]:
    """A connection that writes to a new history without any rows. Raises UsageError where there is one."""
    if isinstance(place, ServerAddress):
        from bot.adapters.store.server.writer import new_history

        with new_history(place) as server:
            yield server
        return
    path = place.expanduser().absolute()
    if path.exists():
        raise UsageError(f"{path}: exists already; name a new file")
    if not path.parent.is_dir():
        raise StoreError(f"{path.parent}: no such folder")
    from sqlite_utils import Database

    try:
        with _file(path) as conn:
            migrate(Database(conn, execute_plugins=False), path)
            yield conn
    except BaseException:
        for end in ("", "-wal", "-shm", ".lock"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _file(path: Path) -> Iterator[sqlite3.Connection]:
    lock = WriterLock(path)
    try:
        with translated(path), contextlib.closing(connect_writer(path, durable=True, busy_for=_BUSY_FOR)) as conn:
            yield conn
    finally:
        lock.release()


def _defer(ours: Connection) -> None:
    """References are checked at the end of the transaction."""
    if not is_server(ours):
        ours.execute("PRAGMA defer_foreign_keys = ON")
