"""A connection that writes to a history on a server that no bot is running on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from bot.adapters.store.server.connection import PostgresConnection, Session
from bot.adapters.store.server.lease import Lease
from bot.adapters.store.server.schema import require_current
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
