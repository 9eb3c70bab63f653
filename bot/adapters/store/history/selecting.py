"""People's own SQL over the history: it can read and nothing else, and all it takes is bounded.

SQLite's own means are not enough. Its progress handler, which ends a query in time, is called between instructions of
its virtual machine: one function over a long text, or the planning of a query, may run for hours between two of them.
What bounds a value bounds no row of values, and no answer. So the SQL runs in a child process (``answering``), which
the kernel ends at its time and holds to its memory.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Generator, Iterator
from typing import Any, SupportsIndex

from bot.adapters.store.connection import translated
from bot.adapters.store.history.opening import Source, open_history, path_of
from bot.bounds.child import deadline
from bot.core.errors import StoreError, UsageError

TIME_LIMIT = 30.0
"""Seconds a query may take by default."""
GRACE = 0.5
"""Seconds after which a query is killed that SQLite itself did not end in time."""
ANSWER = 256 << 20
"""Bytes of an answer at most."""
LARGEST = 1 << 20
"""Bytes of one value, and of one stored row."""
_STATEMENT = 100_000
"""Bytes of SQL."""
_STEPS = 20_000
"""Instructions of SQLite's virtual machine between two checks of the time: a few milliseconds."""
_CELL = 48
"""Bytes that a value takes beside its text."""

_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_SCHEMA_PRAGMAS = frozenset(
    {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list"}
)
_PLAIN_PRAGMAS = frozenset({"data_version", "user_version", "application_id", "page_count", "page_size"})
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


class BoundedCursor(sqlite3.Cursor):
    """A cursor whose rows may take ``answer`` bytes in all; UsageError for what goes beyond."""

    answer = ANSWER
    _taken = 0

    def execute(self, sql: str, parameters: Any = (), /) -> BoundedCursor:
        """As sqlite3's."""
        self._taken = 0
        super().execute(sql, parameters)
        return self

    def __next__(self) -> Any:
        row = super().__next__()
        self._taken += sum(_CELL + (len(v) if isinstance(v, str | bytes) else 0) for v in row)
        if self._taken > self.answer:
            raise UsageError(f"the answer is larger than {self.answer >> 20} MB; ask for less")
        return row

    def fetchone(self) -> Any:
        """As sqlite3's, which would not come by ``__next__``; so the others."""
        return next(self, None)

    def fetchmany(self, size: SupportsIndex | None = None) -> list[Any]:
        """As sqlite3's."""
        most = self.arraysize if size is None else size.__index__()
        return [row for _, row in zip(range(most), self, strict=False)]

    def fetchall(self) -> list[Any]:
        """As sqlite3's."""
        return list(self)


class Time:
    """What is left of the seconds that SQLite may work; waiting for whoever reads the answer does not count."""

    def __init__(self, seconds: float) -> None:
        self.allowed = seconds
        self._left = seconds
        self._began = time.monotonic()

    def is_over(self) -> bool:
        """Whether this stretch of work has taken what was left."""
        return time.monotonic() - self._began > self._left

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """A stretch of work. The process is killed where it does not end in time and SQLite does not end it."""
        self._began = time.monotonic()
        try:
            with deadline(self._left + GRACE):
                yield
        finally:
            self._left -= time.monotonic() - self._began


def guard_reader(conn: sqlite3.Connection) -> None:
    """Make ``conn`` read-only from now on, for a program with a time limit of its own. It writes no temporary files."""
    _declare(conn)
    conn.execute("PRAGMA temp_store = MEMORY")
    _limit(conn)
    conn.set_authorizer(_authorise)


def _limit(conn: sqlite3.Connection) -> None:
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST)
    conn.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _STATEMENT)


def _declare(conn: sqlite3.Connection) -> None:
    for table in _VIRTUAL:
        with contextlib.suppress(sqlite3.OperationalError):  # SQLite before 3.37 has no table_list
            conn.execute(f"SELECT 1 FROM {table} LIMIT 0").fetchone()


@contextlib.contextmanager
def read_only(conn: sqlite3.Connection, seconds: float) -> Iterator[Time]:
    """Makes ``conn`` read-only within the block, for so long; yields its time."""
    _declare(conn)
    allowed = Time(seconds)
    kept = {what: conn.getlimit(what) for what in (sqlite3.SQLITE_LIMIT_LENGTH, sqlite3.SQLITE_LIMIT_SQL_LENGTH)}
    _limit(conn)
    conn.set_authorizer(_authorise)
    conn.set_progress_handler(allowed.is_over, _STEPS)
    try:
        yield allowed
    finally:
        conn.set_progress_handler(None, 0)
        conn.set_authorizer(None)
        for what, most in kept.items():
            conn.setlimit(what, most)


@contextlib.contextmanager
def select(
    source: Source, sql: str, parameters: tuple[Any, ...] = (), *, seconds: float = TIME_LIMIT
) -> Iterator[tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """The result's column names, and its rows as they come, from a child process.

    Raises UsageError unless ``sql`` is a single statement that reads, and for an answer over ``ANSWER``; StoreError
    where it takes over ``seconds`` or more memory than a query may.
    """
    from bot.adapters.store.history.asking import asked

    if isinstance(source, sqlite3.Connection):
        source = path_of(source)
    with asked(source, sql, parameters, seconds) as answer:
        yield answer


@contextlib.contextmanager
def selected(
    path: str, sql: str, parameters: tuple[Any, ...], seconds: float
) -> Iterator[tuple[list[str], Iterator[list[tuple[Any, ...]]]]]:
    """As ``select``, in this process, which may be killed for it; rows come in batches of at most a megabyte or so."""
    with open_history(path) as conn, translated(path_of(conn)), read_only(conn, seconds) as allowed:
        with _explained(allowed), allowed.running():
            try:
                cursor = conn.cursor(BoundedCursor)
                cursor.execute(sql, parameters)
            except ValueError as error:  # a null character
                raise UsageError(str(error)) from error
        if cursor.description is None:
            raise UsageError("no query; write SELECT …")
        batches = _batches(cursor, allowed)
        try:
            yield distinct([column[0] for column in cursor.description]), batches
        finally:
            batches.close()


def _batches(cursor: BoundedCursor, allowed: Time) -> Generator[list[tuple[Any, ...]], None, None]:
    rows = True
    while rows:
        batch, size = [], 0
        with _explained(allowed), allowed.running():
            for row in cursor:
                batch.append(row)
                size += sum(len(v) for v in row if isinstance(v, str | bytes))
                if len(batch) == 1000 or size > LARGEST:
                    break
            else:
                rows = False
        yield batch


@contextlib.contextmanager
def _explained(allowed: Time) -> Iterator[None]:
    """Turns SQLite's errors into what the author of the query can do about them."""
    try:
        yield
    except MemoryError as error:
        raise StoreError(TOO_LARGE) from error
    except (sqlite3.Error, sqlite3.Warning) as error:
        message, code = str(error), getattr(error, "sqlite_errorcode", None)
        if isinstance(error, sqlite3.ProgrammingError) and "binding" in message:
            raise UsageError(UNBOUND) from error
        if code == sqlite3.SQLITE_INTERRUPT or (message == "interrupted" and allowed.is_over()):
            raise StoreError(too_long(allowed.allowed)) from error
        if code == sqlite3.SQLITE_AUTH or "not authorized" in message or "prohibited" in message:
            raise UsageError(f"only reading is allowed: {message}") from error
        if code is not None and code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise StoreError(TOO_LARGE) from error  # of a temporary file: the history itself is only read
        if code in (None, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH):
            raise UsageError(message) from error
        raise


UNBOUND = "the query has a parameter (? or :name) without a value; write the value itself, text as 'NVDA'"
TOO_LARGE = "the query needs more memory or temporary space than it may take; ask for less"


def too_long(seconds: float) -> str:
    """What is said of a query that took longer than that."""
    return f"the query took longer than {seconds:g} s; ask for less, or raise --timeout"


def distinct(names: list[str]) -> list[str]:
    """Column names, repeated ones with a number."""
    found: list[str] = []
    seen: set[str] = set()
    for name in names:
        tries, fresh = 1, name
        while fresh in seen:
            tries += 1
            fresh = f"{name}_{tries}"
        seen.add(fresh)
        found.append(fresh)
    return found
