"""What the statements of this package run on, and the few things that engines do differently.

The statements are written once, in the SQL that SQLite and PostgreSQL share; what PostgreSQL lacks of it is made up for
in ``server`` (placeholders, and functions of SQLite's names in its schema). What cannot be said alike is here.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeGuard

from bot.core.server_address import ServerAddress

Place = Path | ServerAddress
"""Where a history is kept: a file, or a database server."""


class Rows(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows were written; -1 after reading."""

    @property
    def description(self) -> Sequence[Sequence[Any]] | None:
        """Of each column, its name first."""

    def fetchone(self) -> Any:
        """The next row, if any."""

    def fetchmany(self, size: int = ..., /) -> list[Any]:
        """Some more rows."""

    def fetchall(self) -> list[Any]:
        """All other rows."""

    def __iter__(self) -> Iterator[Any]:
        """The other rows, one by one."""


class Connection(Protocol):
    """An open history. Placeholders are ``?``, ``?1`` or ``:name``."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Rows:
        """Run one statement."""

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Rows:
        """Run one statement for each of the parameters; ``rowcount`` is of them all."""

    def close(self) -> None:
        """Release it."""


class ServerConnection(Connection, Protocol):
    """What a connection to a server says for itself. It raises our errors only."""

    place: str
    """For people: where the history lies, without a secret."""

    def writing(self) -> AbstractContextManager[None]:
        """See ``transaction``."""

    def one_state(self) -> AbstractContextManager[None]:
        """See ``one_state``."""

    def stream(self, sql: str, parameters: Any = ..., /) -> Iterator[Any]:
        """See ``stream``."""

    def columns(self, table: str) -> list[str]:
        """See ``columns``."""

    def read_back(self, text: str) -> str:
        """See ``read_back``."""


def is_server(conn: object) -> TypeGuard[ServerConnection]:
    """Whether a connection leads to a server, and not to a file."""
    return hasattr(conn, "one_state")


@contextlib.contextmanager
def transaction(conn: Connection) -> Iterator[None]:
    """Commits the whole block or none of it; the connection stays usable either way.

    In a file, ``BEGIN IMMEDIATE`` takes the write lock first: a deferred transaction that reads and then writes fails
    at once when there is another writer, whatever the busy time-out.
    """
    if not isinstance(conn, sqlite3.Connection):
        assert is_server(conn)
        with conn.writing():
            yield
        return
    if conn.in_transaction:  # an earlier roll-back failed with the disk
        conn.execute("ROLLBACK")
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        conn.execute("COMMIT")
    except BaseException:
        # SQLite itself rolls back on some errors (a full disk); asking again would fail
        if conn.in_transaction:
            with contextlib.suppress(sqlite3.Error):  # the first error is the one to report
                conn.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def one_state(conn: Connection) -> Iterator[None]:
    """Within the block, what is read is of one moment, whatever is committed meanwhile. Nothing is written."""
    if is_server(conn):
        with conn.one_state():
            yield
        return
    conn.execute("BEGIN")
    try:
        yield
    finally:
        conn.execute("ROLLBACK")


def stream(conn: Connection, sql: str, parameters: Any = ()) -> Iterator[Any]:
    """The rows of a query as they are asked for, never all at once; within ``transaction`` or ``one_state``."""
    return conn.stream(sql, parameters) if is_server(conn) else iter(conn.execute(sql, parameters))


def read_back(conn: Connection, text: str) -> str:
    """``text`` as it will be read back: a server may take no null character."""
    return conn.read_back(text) if is_server(conn) else text


def columns(conn: Connection, table: str) -> list[str]:
    """The columns of a table that are stored, in order; not those that are worked out from others."""
    if is_server(conn):
        return conn.columns(table)
    return [row[1] for row in conn.execute(f"PRAGMA table_info({table})")]
