"""A connection to a PostgreSQL server that behaves as one to SQLite where the statements of this package need it.

It raises our errors only. What is lost with the server is made again at the next statement outside a transaction, so
that a server that was restarted is waited for by whoever tries again.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self, cast

import psycopg
from psycopg import pq
from psycopg import sql as parts
from psycopg.adapt import Buffer, Loader
from psycopg.types.string import StrDumperUnknown

from bot.adapters.store.engine import Rows
from bot.adapters.store.server.errors import ours
from bot.adapters.store.server.statements import for_server
from bot.core.errors import StoreBusyError, StoreError
from bot.core.server_address import ServerAddress

OLDEST_SERVER = 140_000
"""As ``PQserverVersion`` counts. The tests run on 15."""
_AT_ONCE = 2_000
"""Rows of a stream that are fetched together."""
_CONNECT_WITHIN = 5
"""Seconds."""
_AGAIN_AFTER = 2.0
"""Seconds after a failed attempt to connect, or four times as long as that took; until then statements fail at once, so
that an event loop is not held up for most of the time by a host that does not answer."""
_NULL_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


class _Text(StrDumperUnknown):
    """Text, in which a null character, which PostgreSQL does not take, is a visible sign, also inside JSON."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(_without_null(obj) if "\0" in obj or "\\u0000" in obj else obj)


def _without_null(text: str) -> str:
    return _NULL_IN_JSON.sub(r"\1␀", text.replace("\0", "␀"))


class _Truth(Loader):
    """A truth value is 0 or 1, as SQLite has it."""

    def load(self, data: Buffer) -> int:
        return 1 if bytes(data) == b"t" else 0


class _Number(Loader):
    """An exact number, as averages and sums are, is a float."""

    def load(self, data: Buffer) -> float:
        return float(bytes(data))


@dataclass(frozen=True, slots=True)
class Session:
    """What a connection is for."""

    reads_only: bool = False
    seconds: float = 0.0
    """The longest a statement may take; 0: no limit."""
    durable: bool = True
    """Each commit waits for the server's disk."""
    idle_seconds: float = 0.0
    """After how long the server ends a transaction in which nothing happens; 0: never."""

    def settings(self, schema: str) -> str:
        """The statements that make a new connection like this."""
        found = {
            "search_path": schema,
            "statement_timeout": str(round(self.seconds * 1000)),
            "idle_in_transaction_session_timeout": str(round(self.idle_seconds * 1000)),
            "synchronous_commit": "on" if self.durable else "off",
            "timezone": "UTC",
        }
        if self.reads_only:  # otherwise as the server has it: one that is told to read only is not told otherwise
            found["default_transaction_read_only"] = "on"
        return "; ".join(f"SET {name} = {_literal(value)}" for name, value in found.items())


def _literal(text: str) -> str:
    return parts.Literal(text).as_string(None)


class PostgresConnection:
    """A connection to the history on a server, for one thread."""

    def __init__(self, address: ServerAddress, session: Session) -> None:
        """Connects. Raises StoreError and its kinds, with what to do."""
        self.address = address
        self.place = str(address)
        self._session = session
        self._conn: psycopg.Connection[tuple[Any, ...]] | None = None
        self._streams = 0
        self._again_at = 0.0
        self._failure = ""
        self.begun: Callable[[], str] = lambda: "BEGIN"
        """The statements that begin a writing transaction; how many rows the last of them wrote goes to ``check``."""
        self.check: Callable[[int], None] = lambda rows: None
        """Raises where the transaction must not go on."""
        self._connected()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------------- the connection

    @property
    def is_connected(self) -> bool:
        """Whether it was when it was last used."""
        return self._conn is not None and not self._conn.closed

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._conn is not None and not self._conn.closed:
            return self._conn
        began = time.monotonic()
        if self._failure and began < self._again_at:
            raise StoreBusyError(self._failure)
        try:
            with self._translated():
                self._conn = self._opened()
        except StoreBusyError as error:
            failed = time.monotonic()
            self._failure, self._again_at = str(error), failed + max(_AGAIN_AFTER, 4 * (failed - began))
            raise
        self._failure = ""
        return self._conn

    def _opened(self) -> psycopg.Connection[tuple[Any, ...]]:
        conn = psycopg.connect(
            self.address.reveal(),
            autocommit=True,
            connect_timeout=_CONNECT_WITHIN,
            application_name="aftershock",
            # a server that is cut off is noticed within seconds, not within the quarter of an hour that TCP takes
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=8_000,
        )
        try:
            info = conn.info
            if info.server_version < OLDEST_SERVER:
                need = OLDEST_SERVER // 10_000
                raise StoreError(
                    f"{self.place}: PostgreSQL {info.server_version // 10_000} is too old; it must be {need}"
                )
            if (encoding := info.parameter_status("server_encoding")) != "UTF8":
                raise StoreError(f"{self.place}: the database is in {encoding}; create one with encoding UTF8")
            conn.adapters.register_dumper(str, _Text)
            conn.adapters.register_loader("bool", _Truth)
            conn.adapters.register_loader("numeric", _Number)
            conn.execute(self._session.settings(self.address.schema).encode())
        except BaseException:
            conn.close()
            raise
        return conn

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise ours(self.place, error) from error
        except UnicodeEncodeError as error:
            raise StoreError(f"{self.place}: {error}") from error

    def close(self) -> None:
        """Close it; may be called twice."""
        if self._conn is not None:
            self._conn.close()

    # ----------------------------------------------------------------------------------------------------- statements

    def execute(self, sql: str, parameters: Any = (), /) -> Rows:
        """As sqlite3's."""
        text, names = for_server(sql)
        with self._translated():
            cursor = psycopg.RawCursor(self._connected())
            cursor.execute(text.encode(), _ordered(parameters, names) or None)
        return cast(Rows, cursor)

    def run(self, script: str) -> None:
        """Many statements, written for this engine, without parameters."""
        with self._translated():
            self._connected().execute(script.encode(), prepare=False)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Rows:
        """As sqlite3's."""
        text, names = for_server(sql)
        with self._translated():
            cursor = psycopg.RawCursor(self._connected())
            cursor.executemany(text.encode(), [_ordered(each, names) for each in parameters])
        return cast(Rows, cursor)

    def stream(self, sql: str, parameters: Any = (), /) -> Iterator[Any]:
        """The rows as they come, without all of them in memory; within a transaction."""
        text, names = for_server(sql)
        with self._translated():
            self._streams += 1
            with psycopg.RawServerCursor(self._connected(), f"stream_{self._streams}") as cursor:
                cursor.itersize = _AT_ONCE
                cursor.execute(text.encode(), _ordered(parameters, names) or None)
                yield from cursor

    @contextlib.contextmanager
    def raw_stream(self, name: str, at_once: int) -> Iterator[psycopg.RawServerCursor[tuple[Any, ...]]]:
        """A cursor on the server for a statement of others; what it raises is not translated."""
        with psycopg.RawServerCursor(self._connected(), name) as cursor:
            cursor.itersize = at_once
            yield cursor

    def columns(self, table: str) -> list[str]:
        """The columns that are stored, in order, without those that only this engine has."""
        rows = self.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped"
            " AND attgenerated = '' AND attidentity <> 'a' ORDER BY attnum",
            (table,),
        )
        return [name for (name,) in rows]

    def read_back(self, text: str) -> str:
        """Text as it is stored."""
        return _without_null(text)

    # --------------------------------------------------------------------------------------------------- transactions

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that writes: all of it or nothing."""
        conn = self._connected()
        try:
            with self._translated():
                begun = conn.execute(self.begun().encode(), prepare=False)
                while begun.nextset():
                    pass
            self.check(begun.rowcount)
            yield
            with self._translated():
                conn.execute(b"COMMIT", prepare=False)
        except BaseException:
            self._roll_back(conn)
            raise

    @contextlib.contextmanager
    def one_state(self) -> Iterator[None]:
        """Within the block, what is read is of one moment."""
        conn = self._connected()
        with self._translated():
            conn.execute(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", prepare=False)
        try:
            yield
        finally:
            self._roll_back(conn)

    def _roll_back(self, conn: psycopg.Connection[tuple[Any, ...]]) -> None:
        """End a transaction, as well as possible: a connection that cannot is closed, and with it the transaction."""
        if conn.closed:
            return
        try:
            if conn.info.transaction_status != pq.TransactionStatus.IDLE:
                conn.execute(b"ROLLBACK", prepare=False)
        except psycopg.Error:
            conn.close()


def _ordered(parameters: Any, names: tuple[str, ...]) -> Any:
    return [parameters[name] for name in names] if names else tuple(parameters)
