"""PostgreSQL's errors as our own: what is wrong, and what to do."""

from __future__ import annotations

import psycopg

from bot.core.errors import StoreBusyError, StoreError, StoreFullError, StoreVersionError

_AWAY = "the database server cannot be reached; start it, or correct the address: what waits is written then"
_BY_CODE: dict[str, tuple[type[StoreError], str]] = {
    "28P01": (StoreError, "the server refuses the password; correct it where the address is set"),
    "28000": (StoreError, "the server refuses this user; let it in (pg_hba.conf), or correct the address"),
    "3D000": (StoreError, "the server has no database of this name; create it (createdb), or correct the address"),
    "42501": (
        StoreFullError,
        "this user may not do that; make it the owner of the database (ALTER DATABASE … OWNER TO …)",
    ),
    "25006": (
        StoreFullError,
        "the server only reads: it is a replica, or was told so; give the address of the primary",
    ),
    "53100": (StoreFullError, "the server's disk is full; free some space there"),
    "53300": (StoreBusyError, "the server has too many connections; raise max_connections, or end some"),
    "57014": (StoreBusyError, "the server ended the statement, as it took too long; try again"),
    "3F000": (StoreVersionError, "the history is gone from the server; restore a backup"),
    "42P01": (StoreVersionError, "a table of the history is missing on the server; restore a backup"),
}
_PASSES = ("08", "40", "53", "55", "57")
"""Classes of what may pass: connections, lost races, resources, locks, the server being stopped or started."""


def ours(place: str, error: psycopg.Error) -> StoreError:
    """The error to raise; never with a secret in it, as every error of ours is redacted."""
    code = error.sqlstate
    why = " ".join(str(error).split())
    if code is None:
        # the client says what the server said before there was a session
        for known, words in (
            ("28P01", "password authentication failed"),
            ("28P01", "no password supplied"),
            ("3D000", "does not exist"),
            ("28000", "pg_hba.conf"),
            ("53300", "too many clients"),
        ):
            if words in why:
                code = known
                break
    if code is None and isinstance(error, psycopg.OperationalError):
        return StoreBusyError(f"{place}: {_AWAY}: {why}")
    if code in _BY_CODE:
        kind, words = _BY_CODE[code]
        return kind(f"{place}: {words}: {why}")
    if code is not None and code.startswith(_PASSES):
        return StoreBusyError(f"{place}: the database server is not ready; what waits is written later: {why}")
    return StoreError(f"{place}: {why}")
