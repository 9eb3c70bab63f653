"""The whole story of one incident: its alerts, stories, messages, what followed and what readers say."""

from __future__ import annotations

import sqlite3
from typing import Any

from bot.adapters.store.codec import clean
from bot.adapters.store.history.alerts import find_alerts
from bot.adapters.store.history.incidents import list_incidents
from bot.adapters.store.history.opening import Source, objects, opened, rounded
from bot.core.model import Filters

_STORIES = (
    "SELECT s.id, s.title, s.source, s.publisher, s.link, s.published_at, s.seen_at, max(e.score) AS score, e.topic,"
    " count(*) AS alerts, max(e.role = 'shown') AS shown, min(e.role = 'earlier') AS earlier"
    " FROM alerts a CROSS JOIN alert_stories e ON e.alert_id = a.id JOIN stories s ON s.id = e.story_id"
    " WHERE a.incident_id = ? GROUP BY s.id ORDER BY s.seen_at, s.arrival"
)
_OUTCOMES = (
    "SELECT o.alert_id AS alert, o.horizon, o.price, o.change, o.change_from_reference"
    " FROM alerts a CROSS JOIN outcomes o ON o.alert_id = a.id WHERE a.incident_id = ? AND o.price IS NOT NULL"
    " ORDER BY o.due_at"
)
_STATES = ("sent", "unknown", "failed", "suppressed", "superseded", "queued", "leased")
# an announcement goes to many: its text is read once, of the first row
_MESSAGES = (
    "SELECT n.announcement AS id, coalesce(o.announcement, n.announcement) AS message, min(n.created_at) AS at,"
    " n.reason, n.severity, count(*) AS recipients, "
    + ", ".join(f"sum(n.state = '{state}') AS {state}" for state in _STATES)
    + ", min(n.rowid) AS one FROM notifications n LEFT JOIN notifications o ON o.id = n.edits"
    " WHERE n.incident_id = ? GROUP BY n.announcement ORDER BY min(n.created_at), min(n.rowid)"
)
_TEXT = "SELECT text, summary FROM notifications WHERE rowid = ?"
_HEADLINE = (
    "SELECT substr(n.text, 1, instr(n.text || char(10), char(10)) - 1) FROM notifications n"
    " WHERE n.incident_id = ? AND n.reason IN ('first', 'escalated', 'widened', 'corrected')"
    " ORDER BY n.created_at DESC, n.rowid DESC LIMIT 1"
)
_VERDICTS = "SELECT person, verdict, at FROM verdicts WHERE incident_id = ? ORDER BY at, person"

ASKED = {
    "stories of an incident": _STORIES,
    "outcomes of an incident": _OUTCOMES,
    "messages of an incident": _MESSAGES,
    "headline of an incident": _HEADLINE,
}
"""What ``show_incident`` and ``headline`` ask, by name; each takes the incident's id."""


def show_incident(source: Source, incident_id: str) -> dict[str, Any] | None:
    """One incident with all that belongs to it, as a JSON object; ``None`` where there is none.

    Beside what ``list_incidents`` says of it: its ``headline``, ``alerts`` (as ``find_alerts`` gives them, each with
    its ``outcomes``), ``stories`` in the order seen, ``messages`` (each announcement once, however many received it,
    with counts by state, the ``message`` it belongs to, its ``text`` and its blocks as the JSON text ``summary``), and
    readers' ``verdicts``.
    """
    wanted = clean(incident_id)
    with opened(source) as conn:
        rows = list_incidents(conn, Filters(incident=wanted), 1)
        if not rows:
            return None
        found = rows[0]
        about = (wanted,)
        found["headline"] = headline(conn, wanted)
        found["alerts"] = find_alerts(conn, Filters(incident=wanted), None)
        followed: dict[str, list[dict[str, Any]]] = {}
        for outcome in objects(conn, _OUTCOMES, about):
            followed.setdefault(outcome.pop("alert"), []).append(outcome)
        for alert in found["alerts"]:
            alert["outcomes"] = followed.get(alert["id"], [])
        found["stories"] = objects(conn, _STORIES, about)
        for story in found["stories"]:
            story["score"] = rounded(story["score"])
        found["messages"] = objects(conn, _MESSAGES, about)
        for message in found["messages"]:
            message["text"], message["summary"] = conn.execute(_TEXT, (message.pop("one"),)).fetchone()
        found["verdicts"] = objects(conn, _VERDICTS, about)
        return found


def headline(conn: sqlite3.Connection, incident_id: str) -> str | None:
    """The last headline decided for the fall itself, sent or not; ``None`` where nothing was ever to be told."""
    row = conn.execute(_HEADLINE, (incident_id,)).fetchone()
    return row[0] if row is not None else None
