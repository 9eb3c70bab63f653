"""The port ``History`` on a server: a reading connection with each query as a method, and people's own SQL."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator
from typing import Any

import psycopg

from bot.adapters.store.history.reader import Questions
from bot.adapters.store.history.selecting import ANSWER, TIME_LIMIT, distinct, too_long
from bot.adapters.store.server.connection import PostgresConnection, Session
from bot.adapters.store.server.errors import ours
from bot.adapters.store.server.schema import require_current
from bot.adapters.store.server.statements import for_server
from bot.core.errors import StoreError, UsageError
from bot.core.server_address import ServerAddress

READER_SECONDS = 60.0
"""How long one question may take."""
_FETCHED = 200
"""Rows of people's SQL that are fetched together."""
_CELL = 48
"""Bytes that a value takes beside its text."""
_PLAIN = (int, float, str, bytes, type(None))


class ServerHistory(Questions, PostgresConnection):
    """The history on a server. Made by ``read_on_server``."""

    @contextlib.contextmanager
    def select(
        self, sql: str, parameters: tuple[Any, ...] = (), *, seconds: float = TIME_LIMIT
    ) -> Iterator[tuple[list[str], Iterator[tuple[Any, ...]]]]:
        """The result's column names, and its rows as they come.

        The SQL runs on a connection of its own, in a transaction that only reads, under the server's own limit of time.
        Raises UsageError unless it is a single statement that reads, and for an answer over ``ANSWER``.
        """
        text = for_server(sql)[0] if parameters else sql
        with (
            PostgresConnection(self.address, Session(reads_only=True, seconds=seconds)) as conn,
            conn.one_state(),
            _explained(self.place, seconds),
            conn.raw_stream("asked", _FETCHED) as cursor,
        ):
            cursor.execute(text.encode(), parameters or None)
            assert cursor.description is not None
            names = distinct([column.name for column in cursor.description])
            rows = _rows(cursor, seconds)
            try:
                yield names, rows
            finally:
                rows.close()


def _rows(cursor: psycopg.RawServerCursor[tuple[Any, ...]], seconds: float) -> Generator[tuple[Any, ...], None, None]:
    taken, left = 0, seconds
    while True:
        began = time.monotonic()
        batch = cursor.fetchmany(_FETCHED)
        left -= time.monotonic() - began
        if left < 0:
            raise StoreError(too_long(seconds))
        for row in batch:
            plain = tuple(value if isinstance(value, _PLAIN) else str(value) for value in row)
            taken += sum(_CELL + (len(v) if isinstance(v, str | bytes) else 0) for v in plain)
            if taken > ANSWER:
                raise UsageError(f"the answer is larger than {ANSWER >> 20} MB; ask for less")
            yield plain
        if len(batch) < _FETCHED:
            return


@contextlib.contextmanager
def _explained(place: str, seconds: float) -> Iterator[None]:
    """Turns PostgreSQL's errors into what the author of the query can do about them."""
    try:
        yield
    except psycopg.errors.QueryCanceled as error:
        raise StoreError(too_long(seconds)) from error
    except psycopg.OperationalError as error:
        raise ours(place, error) from error
    except (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege) as error:
        raise UsageError(f"only reading is allowed: {_first_line(error)}") from error
    except (psycopg.Error, UnicodeError) as error:
        raise UsageError(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


@contextlib.contextmanager
def read_on_server(address: ServerAddress) -> Iterator[ServerHistory]:
    """The history on a server, read-only. Raises StoreError, StoreVersionError where it is not this version's."""
    with ServerHistory(address, Session(reads_only=True, seconds=READER_SECONDS)) as history:
        require_current(history)
        yield history
