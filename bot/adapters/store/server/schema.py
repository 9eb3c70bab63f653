"""Versions of the history on a server: the same numbers as those of the SQLite file, with one script for each.

The first script makes the schema as it is at version 12; each later migration of the file has its counterpart here. The
version is the comment on the schema, so that one look tells that it is there and what it is.
"""

from __future__ import annotations

from pathlib import Path

from psycopg import sql as parts

from bot.adapters.store.schema import MIGRATIONS
from bot.adapters.store.server.connection import PostgresConnection
from bot.core.errors import StoreError, StoreVersionError

NEWEST = len(MIGRATIONS)
_FOLDER = Path(__file__).with_name("sql")
_SCRIPTS = {12: "s012_first"}
"""By the version that each leads to."""
_MARK = "aftershock history, version "


def stored_version(conn: PostgresConnection) -> int:
    """The version of the history in the schema; 0 where there is none yet.

    Raises StoreVersionError where the schema is not ours, or was written by a newer Aftershock.
    """
    row = conn.execute(
        "SELECT coalesce(obj_description(oid, 'pg_namespace'), ''), EXISTS (SELECT 1 FROM pg_class c"
        " WHERE c.relnamespace = n.oid) FROM pg_namespace n WHERE nspname = ?",
        (conn.address.schema,),
    ).fetchone()
    if row is None or (not row[0] and not row[1]):
        return 0
    mark, number = row[0][: len(_MARK)], row[0][len(_MARK) :]
    if mark != _MARK or not number.isdigit():
        raise StoreVersionError(
            f"{conn.place}: the schema {conn.address.schema} is not Aftershock's; name another after a #"
        )
    version = int(number)
    if version > NEWEST:
        raise StoreVersionError(
            f"{conn.place}: written by a newer Aftershock (version {version}, this program knows {NEWEST}); "
            "update the program"
        )
    return version


def require_current(conn: PostgresConnection) -> None:
    """For readers: raises StoreError unless there is a history, and of exactly this program's version."""
    version = stored_version(conn)
    if version == 0:
        raise StoreError(f"{conn.place}: no history there yet; it begins with the first run")
    if version < NEWEST:
        raise StoreVersionError(
            f"{conn.place}: database version {version}, this program reads {NEWEST}; start it once with run, which "
            "brings the history up to date"
        )


def migrate(conn: PostgresConnection) -> None:
    """Make the schema, or bring it up to date: all pending scripts in one transaction or none."""
    if stored_version(conn) == NEWEST:
        return
    schema = parts.Identifier(conn.address.schema).as_string(None)
    with conn.writing():
        # two that start at once: the second waits, and finds it done
        conn.execute("SELECT pg_advisory_xact_lock(hashtext(?))", (f"aftershock {conn.address.schema}",))
        version = stored_version(conn)
        if version == NEWEST:
            return
        if version == 0:
            conn.run(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for number, name in sorted(_SCRIPTS.items()):
            if number > version:
                conn.run((_FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
        mark = parts.Literal(f"{_MARK}{NEWEST}").as_string(None)
        conn.run(f"COMMENT ON SCHEMA {schema} IS {mark}")
