"""Recipients, and what happens to their queued notifications when a chat is switched off or moves.

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


def recipients(conn: sqlite3.Connection) -> Sequence[Recipient]:
    """All recipients in the order they were added, disabled ones included; a chat that moved only under its new id."""
    return RECIPIENT.find(conn, "WHERE moved_to IS NULL ORDER BY rowid")


def save(db: Database, recipients: Iterable[Recipient]) -> None:
    """Insert or update. The old id of a chat that moved means the new one: a configuration may still name the old."""
    for recipient in recipients:
        row = RECIPIENT.mapping(recipient)
        row["id"] = present_id(db.conn, row["id"])
        db.table("chats").upsert(row, pk="id")
        if not recipient.enabled:
            suppress_queue(db.conn, row["id"])


def move(conn: sqlite3.Connection, old: str, new: str) -> None:
    """The channel gave a chat a new id: its preferences and notifications move to it.

    Messages in the old chat cannot be edited or answered from the new one, so notifications lose their message ids; the
    deliveries keep them. An announcement that went to both chats stays with each.
    """
    old, new = clean(old), clean(new)
    if present_id(conn, old) == new:
        return
    if not RECIPIENT.find(conn, "WHERE id = ? AND moved_to IS NULL", (old,)):
        raise StoreError(f"no such recipient to move: {old}")
    columns = ", ".join(RECIPIENT.columns[1:])
    conn.execute(
        f"INSERT INTO chats (id, {columns}) SELECT ?, {columns} FROM chats WHERE id = ? ON CONFLICT DO NOTHING",
        (new, old),
    )
    # the chat may be moving back to an id it had before
    conn.execute("UPDATE chats SET moved_to = NULL, enabled = 1 WHERE id = ? AND moved_to IS NOT NULL", (new,))
    conn.execute("UPDATE chats SET moved_to = ?, enabled = 0 WHERE id = ?", (new, old))
    conn.execute("UPDATE notifications SET message_id = NULL WHERE recipient_id = ?", (old,))
    conn.execute("UPDATE OR IGNORE notifications SET recipient_id = ? WHERE recipient_id = ?", (new, old))
    suppress_queue(conn, old)
