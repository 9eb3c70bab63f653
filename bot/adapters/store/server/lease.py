"""Who may write to the history on a server: one process, for as long as it renews its lease.

Each process that takes the lease gets a token higher than all before. Every transaction that writes renews the lease
under its token, in one row that it locks by that, before anything else: one that was stopped, cut off or thought dead
finds another token there and can commit nothing. Time is the server's throughout, so that hosts' clocks do not matter.
"""

from __future__ import annotations

import os
import socket
import time

from bot.adapters.store.server.connection import PostgresConnection
from bot.core.errors import StoreBusyError, StoreError, StoreInUseError, StoreLostError

LASTS = 8
"""Seconds from its last renewal until another process may take it."""
AT_START = 120
"""Seconds for a process to read the history back, until it first says that it runs."""
_RENEWED_EVERY = LASTS / 4
IDLE = 6.0
"""Seconds after which the server ends a transaction of a process that was stopped within it; below ``LASTS``."""
# after a restart of the server the holder, who could not renew it meanwhile, has as long as ever to come back
_TAKE = (
    "UPDATE lease SET token = token + 1, holder = ?, until = clock_timestamp() + make_interval(secs => ?)"
    " WHERE until = '-infinity'"
    f" OR greatest(until, pg_postmaster_start_time() + interval '{LASTS} seconds') < clock_timestamp()"
    " RETURNING token, note"
)


class Lease:
    """Held from construction until ``release``, as long as it is renewed."""

    def __init__(self, conn: PostgresConnection) -> None:
        """Takes it, and lets every transaction of ``conn`` check it. Raises StoreInUseError where another has it."""
        self._conn = conn
        self.lost = ""
        """Why it is gone, and who has it; empty as long as it is held."""
        conn.execute("SET lock_timeout = '2s'")  # the row is locked while its holder writes
        try:
            taken = conn.execute(_TAKE, (_myself(), AT_START)).fetchone()
        except StoreBusyError as error:
            raise StoreInUseError(f"{conn.place}: another process is writing to this history: {error}") from error
        if taken is None:
            holder = conn.execute("SELECT holder FROM lease").fetchone()[0]
            raise StoreInUseError(f"{conn.place}: {holder} runs on this history; stop it, or wait until it ends")
        conn.execute("SET lock_timeout = 0")
        self.token: int = taken[0]
        self.note: str = taken[1]
        """The note that the last holder left, or this one since."""
        self._renewed_at = 0.0
        self._runs = False
        conn.begun, conn.check = self._begun, self._check

    def _begun(self) -> str:
        until = f"clock_timestamp() + interval '{LASTS} seconds'"
        return f"BEGIN; UPDATE lease SET until = {until if self._runs else 'until'} WHERE token = {self.token}"

    def _check(self, rows: int) -> None:
        if rows != 1:
            self._gone()
            raise StoreLostError(self.lost)
        self._renewed_at = time.monotonic()

    def _gone(self) -> None:
        self.lost = f"{self._conn.place}: another process has taken over this history; this one decides nothing more"

    def renew(self) -> None:
        """The process runs: renew the lease where that is due, as long as the server is there. Raises nothing."""
        is_due = not self._runs or time.monotonic() - self._renewed_at >= _RENEWED_EVERY
        self._runs = True
        if self.lost or not is_due or not self._conn.is_connected:
            return
        try:
            renewed = self._conn.execute(
                "UPDATE lease SET until = clock_timestamp() + make_interval(secs => ?) WHERE token = ?",
                (LASTS, self.token),
            )
        except StoreError:
            return  # whoever writes says so
        if renewed.rowcount != 1:
            self._gone()
        else:
            self._renewed_at = time.monotonic()

    def leave(self, note: str) -> None:
        """Leave a short note, a line, for the next holder, as well as possible."""
        if note == self.note or self.lost:
            return
        self.note = note
        try:
            self._conn.execute("UPDATE lease SET note = ? WHERE token = ?", (note, self.token))
        except StoreError:
            return

    def release(self) -> None:
        """Let the next one take it at once, as well as possible; may be called twice."""
        if self.lost or not self._conn.is_connected:
            return
        try:
            self._conn.execute("UPDATE lease SET until = '-infinity' WHERE token = ?", (self.token,))
        except StoreError:
            return
        self.lost = f"{self._conn.place}: the lease was given back"


def _myself() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"
