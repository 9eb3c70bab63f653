"""What readers do with messages: verdicts, messages that wait for the end of their quiet hours, deliveries in doubt.

Functions that write expect to be inside a transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.adapters.store.codec import clean, from_json, moment, moment_text
from bot.adapters.store.outbox import present_id
from bot.core.model import HELD_BACK_KEY, TOLD_LATER, HeldBack, InDoubt, Severity, Summary

VERDICTS = ("right", "not ai", "not news")
_TOLD = ("first", "escalated", "widened", "corrected")


def save_verdict(
    conn: sqlite3.Connection, run_id: int, incident: str, person: str, verdict: str, recipient: str, now: datetime
) -> None:
    """What a person says of an incident; the last word counts. ``verdict`` is one of ``VERDICTS``."""
    conn.execute(
        "INSERT INTO verdicts (incident_id, person, verdict, at, recipient_id, run_id) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET verdict = excluded.verdict, at = excluded.at,"
        " recipient_id = excluded.recipient_id, run_id = excluded.run_id",
        (clean(incident), clean(person), verdict, moment_text(now), present_id(conn, clean(recipient)), run_id),
    )


def verdicts(conn: sqlite3.Connection, incident: str) -> Mapping[str, int]:
    """How many people said what of an incident."""
    rows = conn.execute("SELECT verdict, count(*) FROM verdicts WHERE incident_id = ? GROUP BY 1", (clean(incident),))
    return dict(rows.fetchall())


def held(conn: sqlite3.Connection, recipient: str, since: datetime) -> Sequence[HeldBack]:
    """What was held back from a recipient after ``since`` and after it was last told of such, oldest first."""
    marks = ", ".join("?" * len(TOLD_LATER))
    rows = conn.execute(
        "SELECT created_at, incident_id, severity, json_extract(summary, '$.subject') FROM notifications"
        f" WHERE recipient_id = ? AND created_at > ? AND state = 'suppressed' AND suppressed_by IN ({marks})"
        " AND created_at > coalesce((SELECT max(told.created_at) FROM notifications told"
        "   WHERE told.recipient_id = notifications.recipient_id AND told.created_at > ?"
        "   AND told.announcement GLOB ?), '')"
        " ORDER BY created_at, rowid",
        (clean(recipient), moment_text(since), *map(str, TOLD_LATER), moment_text(since), f"{HELD_BACK_KEY}:*"),
    )
    return [HeldBack(moment(at), incident or "", Severity.parse(word), subject) for at, incident, word, subject in rows]


def in_doubt(conn: sqlite3.Connection, limit: int = 20) -> Sequence[InDoubt]:
    """Deliveries in doubt, the newest first."""
    rows = conn.execute(
        "SELECT id, recipient_id, created_at, json_extract(summary, '$.subject'), coalesce(error, '')"
        " FROM notifications INDEXED BY notifications_unknown WHERE state = 'unknown'"
        " ORDER BY created_at DESC LIMIT ?",
        (limit,),
    )
    return [InDoubt(key, recipient, moment(at), subject, error) for key, recipient, at, subject, error in rows]


def resolve(conn: sqlite3.Connection, wanted: str, how: str, by: str, now: datetime) -> int:
    """Somebody has looked: those in doubt whose id begins with ``wanted`` (or ``all``) did or did not arrive.

    ``how`` is ``again`` (back into the queue) or ``done`` (it arrived, or does not matter any more: no longer in
    doubt, without a message to edit). Returns how many.
    """
    which, values = ("1", ()) if wanted == "all" else ("substr(id, 1, ?) = ?", (len(wanted), clean(wanted)))
    if how == "again":
        change = "state = 'queued', not_before = NULL, settled_at = NULL, error = NULL"
        parameters: tuple[object, ...] = ()
    else:
        change = "state = 'failed', settled_at = ?, error = ?"
        parameters = (moment_text(now), f"in doubt; settled by {clean(by)[:80]}")
    return conn.execute(
        f"UPDATE notifications INDEXED BY notifications_unknown SET {change} WHERE state = 'unknown' AND {which}",
        (*parameters, *values),
    ).rowcount


def told_summary(conn: sqlite3.Connection, incident: str) -> Summary | None:
    """The newest whole summary of an incident that anybody was to be told, edits included; ``None`` where none is."""
    marks = ", ".join("?" * len(_TOLD))
    row = conn.execute(
        f"SELECT summary FROM notifications WHERE incident_id = ? AND reason IN ({marks})"
        " ORDER BY created_at DESC, rowid DESC LIMIT 1",
        (clean(incident), *_TOLD),
    ).fetchone()
    return from_json(Summary, row[0]) if row is not None else None


def knows_incident(conn: sqlite3.Connection, incident: str) -> bool:
    """Whether there is or was such an incident."""
    return conn.execute("SELECT 1 FROM incidents WHERE id = ?", (clean(incident),)).fetchone() is not None
