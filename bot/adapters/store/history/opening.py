"""Opening a history for reading, and rows as JSON objects."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterator
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from bot.adapters.store.connection import connect_reader, translated
from bot.adapters.store.engine import Connection, is_server
from bot.adapters.store.schema import require_current
from bot.core.server_address import ServerAddress

C = TypeVar("C", bound=sqlite3.Connection)

Source = str | PathLike[str] | ServerAddress | Connection
"""The path of a history or its address, or a connection to it where several questions follow each other."""


@contextlib.contextmanager
def open_history(path: str | PathLike[str]) -> Iterator[sqlite3.Connection]:
    """A read-only connection to a history of this program's version."""
    with open_as(sqlite3.Connection, path) as conn:
        yield conn


@contextlib.contextmanager
def open_place(place: str | PathLike[str] | ServerAddress) -> Iterator[Connection]:
    """As ``open_history``, also on a server."""
    if isinstance(place, ServerAddress):
        from bot.adapters.store.server.history import read_on_server

        with read_on_server(place) as server:
            yield server
    else:
        with open_history(place) as conn:
            yield conn


@contextlib.contextmanager
def open_as(kind: type[C], path: str | PathLike[str]) -> Iterator[C]:
    """As ``open_history``, with a connection of this class."""
    file = Path(path).expanduser()
    with translated(file), contextlib.closing(connect_reader(file, kind=kind)) as conn:
        require_current(conn, file)
        yield conn


@contextlib.contextmanager
def opened(source: Source) -> Iterator[Connection]:
    """The connection itself, or one to the path that is closed afterwards."""
    if isinstance(source, str | PathLike | ServerAddress):
        with open_place(source) as conn:
            yield conn
    elif is_server(source):
        yield source  # which raises our errors itself
    else:
        with translated(path_of(source)):
            yield source


def path_of(conn: Connection) -> Path:
    """The file of a connection, which says so itself where it may not be asked (``file``)."""
    if (known := getattr(conn, "file", None)) is not None:
        return Path(known)
    return Path(conn.execute("PRAGMA database_list").fetchone()[2])


def objects(
    conn: Connection, sql: str, parameters: tuple[Any, ...] = (), *, rounding: Collection[str] = ()
) -> list[dict[str, Any]]:
    """The rows of a query as JSON objects, with short times; the columns in ``rounding`` are rounded."""
    cursor = conn.execute(sql, parameters)
    assert cursor.description is not None
    names = [column[0] for column in cursor.description]
    found = [dict(zip(names, row, strict=True)) for row in cursor]
    times = [name for name in names if name == "at" or name.endswith("_at")]
    for each in found:
        each.update((name, short(each[name])) for name in times)
        each.update((name, rounded(each[name])) for name in rounding)
    return found


def short(text: str | None) -> str | None:
    """A stored time without empty fractions of a second, as all ``--json`` lines have it."""
    return text.replace(".000000Z", "Z") if text is not None else None


def rounded(number: float | str | None) -> float | str | None:
    """To six places; what is beyond them is noise of binary fractions."""
    return round(number, 6) if isinstance(number, float) else number
