"""The history on a PostgreSQL server: how it is opened, and what of a store is its own."""

from __future__ import annotations

import contextlib
from datetime import datetime

from bot.adapters.store.codec import moment_text
from bot.adapters.store.engine import Connection
from bot.adapters.store.server.connection import PostgresConnection, Session
from bot.adapters.store.server.lease import IDLE, Lease
from bot.adapters.store.server.schema import migrate, require_current, stored_version
from bot.adapters.store.sql_store import Mode, SqlStore, begin_run
from bot.core.errors import StoreError
from bot.core.server_address import ServerAddress

READER_SECONDS = 60.0
"""How long one question of a reader may take."""


def open_on_server(
    address: ServerAddress, *, mode: Mode, run_name: str, now: datetime, read_only: bool = False, version: str = ""
) -> ServerStore:
    """As ``open_store``, on a server. Nothing waits: raises StoreInUseError where another process has the lease,
    StoreBusyError where the server is away."""
    if read_only:
        reader = PostgresConnection(address, Session(reads_only=True, seconds=READER_SECONDS))
        try:
            require_current(reader)
        except BaseException:
            reader.close()
            raise
        return ServerStore(reader, None, 0, mode)
    conn = PostgresConnection(address, Session(durable=mode == "live", idle_seconds=IDLE))
    with contextlib.ExitStack() as undo:
        undo.callback(conn.close)
        if stored_version(conn) == 0:
            migrate(conn)
        lease = Lease(conn)
        undo.callback(lease.release)
        migrate(conn)  # nobody else writes: an older program, too, has to give way first
        run_id = begin_run(conn, conn.place, mode, run_name, now, version)
        undo.pop_all()
    return ServerStore(conn, lease, run_id, mode)


def exists_on_server(address: ServerAddress) -> bool:
    """Whether there is a history yet. Raises StoreError where the server does not say."""
    with PostgresConnection(address, Session(reads_only=True, seconds=READER_SECONDS)) as conn:
        return stored_version(conn) > 0


class ServerStore(SqlStore):
    """The port ``Store`` on a server. Made by ``open_on_server``."""

    _conn: PostgresConnection

    def __init__(self, conn: PostgresConnection, lease: Lease | None, run_id: int, mode: Mode) -> None:
        super().__init__(conn.place, conn, run_id, mode)
        self._lease = lease
        """``None`` when read-only."""

    def close(self, now: datetime | None = None) -> None:
        try:
            if now is not None and self._lease is not None and not self._lease.lost:
                with self._writing():
                    self._conn.execute("UPDATE runs SET ended_at = ? WHERE id = ?", (moment_text(now), self.run_id))
        finally:
            if self._lease is not None:
                self._lease.release()
            self._conn.close()

    def _writable(self) -> None:
        if self._lease is None:
            raise StoreError(f"{self.place}: opened for reading only")

    def _other_reader(self) -> contextlib.AbstractContextManager[Connection]:
        return PostgresConnection(self._conn.address, Session(reads_only=True))

    def note(self) -> str:
        return self._lease.note if self._lease is not None else ""

    def leave_note(self, note: str) -> None:
        if self._lease is not None:
            self._lease.leave(" ".join(note.encode("ascii", "replace").decode()[:250].split()))

    def size(self) -> int:
        try:
            row = self._conn.execute(
                "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c"
                " WHERE c.relkind = 'r' AND c.relnamespace = ?::regnamespace",
                (self._conn.address.schema,),
            ).fetchone()
        except StoreError:
            return 0
        return int(row[0])

    def replaced(self) -> str:
        if self._lease is None:
            return ""
        self._lease.renew()
        return self._lease.lost

    def lost(self) -> str:
        return self._lease.lost if self._lease is not None else ""
