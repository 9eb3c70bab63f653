"""Every row of every table, to be compared between two histories."""

from __future__ import annotations

import sqlite3
from typing import Any

from bot.adapters.store.engine import Connection, columns

OF_ONE_RUN = {"runs": ("started_at", "ended_at", "pid")}
"""Columns that are told apart by when and where a run was."""


def tables(conn: sqlite3.Connection) -> list[str]:
    """The tables of the history, without what SQLite and its search keep for themselves."""
    rows = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '*sqlite_*'")
    return [name for (name,) in rows if "_fts" not in name and name not in ("alert_numbers", "mirror")]


def rows(conn: Connection, table: str, *, whole: bool = False) -> list[tuple[Any, ...]]:
    """All rows, in an order of their own; without ``whole`` those of another run count as the same."""
    names = [name for name in columns(conn, table) if whole or name not in OF_ONE_RUN.get(table, ())]
    found = conn.execute(f"SELECT {', '.join(sorted(names))} FROM {table}")
    return sorted((tuple(row) for row in found), key=repr)
