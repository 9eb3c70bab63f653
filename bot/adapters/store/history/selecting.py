"""People's own SQL over the history: read-only, and with a time limit.

The file is opened read-only, and SQLite's authoriser allows reading alone. Values over 16 MB are refused, so that a
query cannot take the machine's memory.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

from bot.adapters.store.connection import translated
from bot.adapters.store.history.opening import Source, opened, path_of
from bot.core.errors import StoreError, UsageError

TIME_LIMIT = 30.0
"""Seconds a query may take by default."""
_LARGEST = 16 << 20
_STEPS = 20_000
"""Instructions of SQLite's virtual machine between two checks of the time: a few milliseconds."""

_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_SCHEMA_PRAGMAS = frozenset(
    {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list"}
)
_PLAIN_PRAGMAS = frozenset({"data_version", "user_version", "application_id", "page_count", "page_size"})
_PROGRAM_PRAGMAS = frozenset({"schema_version", "database_list"})
_VIRTUAL = (
    *("stories_fts", "alerts_fts", "json_each('[]')", "json_tree('[]')"),
    *(f"pragma_{name}('runs')" for name in sorted(_SCHEMA_PRAGMAS - {"table_list"})),
    "pragma_table_list",
)
"""Virtual tables. SQLite declares one at its first use, which the authoriser would refuse."""
_REFUSED_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer", "writefile", "edit"})


def _authorise(action: int, first: str | None, second: str | None, database: str | None, inside: str | None) -> int:
    if action in _READING:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        refused = (second or "").lower() in _REFUSED_FUNCTIONS
        return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA:
        name = (first or "").lower()
        allowed = name in _SCHEMA_PRAGMAS or (name in _PLAIN_PRAGMAS and second is None)
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_DENY


def guard_reader(conn: sqlite3.Connection) -> None:
    """Make ``conn`` read-only from now on, for a program with a time limit of its own.

    Unlike people's own SQL it may ask for the version of the schema and the open files.
    """
    _declare(conn)
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST)
    conn.set_authorizer(_authorise_program)


def _authorise_program(
    action: int, first: str | None, second: str | None, database: str | None, inside: str | None
) -> int:
    if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in _PROGRAM_PRAGMAS and second is None:
        return sqlite3.SQLITE_OK
    return _authorise(action, first, second, database, inside)


def _declare(conn: sqlite3.Connection) -> None:
    for table in _VIRTUAL:
        with contextlib.suppress(sqlite3.OperationalError):  # SQLite before 3.37 has no table_list
            conn.execute(f"SELECT 1 FROM {table} LIMIT 0").fetchone()


@contextlib.contextmanager
def read_only(conn: sqlite3.Connection, seconds: float) -> Iterator[Callable[[], bool]]:
    """Makes ``conn`` read-only within the block, for so long; yields whether the time is up."""
    _declare(conn)
    began = time.monotonic()

    def over() -> bool:
        return time.monotonic() - began > seconds

    longest = conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST)
    conn.set_authorizer(_authorise)
    conn.set_progress_handler(over, _STEPS)
    try:
        yield over
    finally:
        conn.set_progress_handler(None, 0)
        conn.set_authorizer(None)
        conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)


@contextlib.contextmanager
def select(
    source: Source, sql: str, parameters: tuple[Any, ...] = (), *, seconds: float = TIME_LIMIT
) -> Iterator[tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """The result's column names, and its rows as they come.

    Raises UsageError unless ``sql`` is a single statement that reads; StoreError where it takes over ``seconds``.
    """
    with opened(source) as conn, translated(path_of(conn)), read_only(conn, seconds) as over:
        with _explained(over, seconds):
            try:
                cursor = conn.execute(sql, parameters)
            except ValueError as error:  # a null character
                raise UsageError(str(error)) from error
        if cursor.description is None:
            raise UsageError("no query; write SELECT …")
        rows = _rows(cursor, over, seconds)
        try:
            yield _distinct([column[0] for column in cursor.description]), rows
        finally:
            rows.close()


def _rows(cursor: sqlite3.Cursor, over: Callable[[], bool], seconds: float) -> Generator[tuple[Any, ...], None, None]:
    with _explained(over, seconds):
        yield from cursor


@contextlib.contextmanager
def _explained(over: Callable[[], bool], seconds: float) -> Iterator[None]:
    """Turns SQLite's errors into what the author of the query can do about them."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        message, code = str(error), getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_INTERRUPT or (message == "interrupted" and over()):
            raise StoreError(f"the query took longer than {seconds:g} s; ask for less, or raise --timeout") from error
        if code == sqlite3.SQLITE_AUTH or "not authorized" in message or "prohibited" in message:
            raise UsageError(f"only reading is allowed: {message}") from error
        if code in (None, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH):
            raise UsageError(message) from error
        raise


def _distinct(names: list[str]) -> list[str]:
    """Column names, repeated ones with a number."""
    found: list[str] = []
    for name in names:
        tries, fresh = 1, name
        while fresh in found:
            tries += 1
            fresh = f"{name}_{tries}"
        found.append(fresh)
    return found
