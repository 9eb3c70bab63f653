"""Chats: who may be told something, and what becomes of the queue when one is switched off or moves.

Functions that write expect to be inside a transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bot.adapters.store.codec import clean
from bot.adapters.store.outbox import present_id, suppress_queue
from bot.adapters.store.rows import RECIPIENT
from bot.core.errors import StoreError
from bot.core.model import Recipient

if TYPE_CHECKING:
    from sqlite_utils import Database

_SELECT = f"SELECT {', '.join(RECIPIENT.columns)} FROM chats"


def recipients(conn: sqlite3.Connection) -> Sequence[Recipient]:
    """Everyone, in the order they came, disabled ones included; a chat that moved only under its new id."""
    return [RECIPIENT.value(row) for row in conn.execute(f"{_SELECT} WHERE moved_to IS NULL ORDER BY rowid")]


def save(db: Database, people: Iterable[Recipient]) -> None:
    """Insert or update. An id that was moved away stands for the new one: a configuration may still name the old."""
    rows = []
    for person in people:
        row = dict(zip(RECIPIENT.columns, RECIPIENT.row(person), strict=True))
        row["id"] = present_id(db.conn, row["id"])
        rows.append(row)
    if rows:
        db.table("chats").upsert_all(rows, pk="id")
    for row in rows:
        if not row["enabled"]:
            suppress_queue(db.conn, row["id"])


def move(conn: sqlite3.Connection, old: str, new: str) -> None:
    """The channel gave a chat a new id: its preferences and everything it was or will be told go along.

    Messages in the old chat cannot be edited or answered from the new one, so their ids are forgotten here; the
    deliveries keep them. What both chats were told of the same happening stays with each.
    """
    old, new = clean(old), clean(new)
    if present_id(conn, old) == new:
        return
    row = conn.execute(f"{_SELECT} WHERE id = ? AND moved_to IS NULL", (old,)).fetchone()
    if row is None:
        raise StoreError(f"no such recipient to move: {old}")
    columns = ", ".join(RECIPIENT.columns[1:])
    conn.execute(
        f"INSERT INTO chats (id, {columns}) SELECT ?, {columns} FROM chats WHERE id = ? ON CONFLICT DO NOTHING",
        (new, old),
    )
    # the new id may itself have been left behind by an earlier move, back and forth
    conn.execute("UPDATE chats SET moved_to = NULL, enabled = 1 WHERE id = ? AND moved_to IS NOT NULL", (new,))
    conn.execute("UPDATE chats SET moved_to = ?, enabled = 0 WHERE id = ?", (new, old))
    conn.execute("UPDATE notifications SET message_id = NULL WHERE recipient_id = ?", (old,))
    conn.execute("UPDATE OR IGNORE notifications SET recipient_id = ? WHERE recipient_id = ?", (new, old))
    suppress_queue(conn, old)
