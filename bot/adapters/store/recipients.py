"""Recipients, and what happens to their queued notifications when a chat is switched off or moves.

Functions that write expect to be inside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.adapters.store.codec import clean
from bot.adapters.store.engine import Connection
from bot.adapters.store.outbox import present_id, suppress_queue
from bot.adapters.store.rows import RECIPIENT, insert, overwrite
from bot.core.errors import StoreError
from bot.core.model import Recipient

_SAVE = insert("chats", *RECIPIENT.columns) + f" ON CONFLICT (id) DO UPDATE SET {overwrite(*RECIPIENT.columns[1:])}"


def recipients(conn: Connection) -> Sequence[Recipient]:
    """All recipients in the order they were added, disabled ones included; a chat that moved only under its new id."""
    return RECIPIENT.find(conn, "WHERE moved_to IS NULL ORDER BY rowid")


def save(conn: Connection, recipients: Iterable[Recipient]) -> None:
    """Insert or update. The old id of a chat that moved means the new one: a configuration may still name the old."""
    for recipient in recipients:
        written, *others = RECIPIENT.row(recipient)
        present = present_id(conn, written)
        conn.execute(_SAVE, (present, *others))
        if not recipient.enabled:
            suppress_queue(conn, present)


def move(conn: Connection, old: str, new: str) -> None:
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
    conn.execute(
        "UPDATE notifications SET recipient_id = ?1 WHERE recipient_id = ?2 AND NOT EXISTS"
        " (SELECT 1 FROM notifications o WHERE o.announcement = notifications.announcement AND o.recipient_id = ?1)",
        (new, old),
    )
    suppress_queue(conn, old)
