"""A connection that writes to a history on a server that no bot is running on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from bot.adapters.store.server.connection import PostgresConnection, Session
from bot.adapters.store.server.lease import Lease
from bot.adapters.store.server.schema import migrate, require_current, stored_version
from bot.core.errors import UsageError
from bot.core.server_address import ServerAddress


@contextlib.contextmanager
def leased_writer(address: ServerAddress) -> Iterator[PostgresConnection]:
    """See ``lock.locked_writer``. Raises StoreInUseError where a bot is running, StoreVersionError and StoreError."""
    with PostgresConnection(address, Session()) as conn:
        require_current(conn)
        lease = Lease(conn)
        try:
            yield conn
        finally:
            lease.release()


@contextlib.contextmanager
def new_history(address: ServerAddress) -> Iterator[PostgresConnection]:
    """The same for a history that is made now, without any rows. Raises UsageError where there is one."""
    with PostgresConnection(address, Session()) as conn:
        if stored_version(conn):
            raise UsageError(f"{conn.place}: there is a history already; name another after a #")
        migrate(conn)
        lease = Lease(conn)
        try:
            yield conn
        except BaseException:
            conn.run(f"DROP SCHEMA {address.schema} CASCADE")
            raise
        finally:
            lease.release()
