"""Readers' verdicts on incidents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.adapters.store.codec import clean, moment_text
from bot.adapters.store.engine import Connection
from bot.adapters.store.outbox import present_id


def save(
    conn: Connection, run_id: int, incident: str, person: str, verdict: str, recipient: str, now: datetime
) -> bool:
    """A person's verdict (``right``, ``not ai`` or ``not news``); it replaces an earlier one of theirs.

    False where there is no such incident. Expects to be inside a transaction.
    """
    if conn.execute("SELECT 1 FROM incidents WHERE id = ?", (clean(incident),)).fetchone() is None:
        return False
    conn.execute(
        "INSERT INTO verdicts (incident_id, person, verdict, at, recipient_id, run_id) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (incident_id, person) DO UPDATE SET verdict = excluded.verdict, at = excluded.at,"
        " recipient_id = excluded.recipient_id, run_id = excluded.run_id",
        (clean(incident), clean(person), verdict, moment_text(now), present_id(conn, clean(recipient)), run_id),
    )
    return True


def counts(conn: Connection, incident: str) -> Mapping[str, int]:
    """How many people gave each verdict on an incident."""
    rows = conn.execute("SELECT verdict, count(*) FROM verdicts WHERE incident_id = ? GROUP BY 1", (clean(incident),))
    return dict(rows.fetchall())
