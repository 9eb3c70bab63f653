"""Incidents as people and programs read them: the list, and one in full."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bot.adapters.store.codec import clean, decoder, moment
from bot.adapters.store.engine import Connection
from bot.adapters.store.history.alerts import VERDICTS, find_alerts
from bot.adapters.store.history.filters import EVERY, Query, Test, newest, time_tests, verdict_test, where
from bot.adapters.store.history.opening import Source, objects, opened, short
from bot.core.errors import AftershockError
from bot.core.model import Filters, Summary, ToldMessage

_COLUMNS = (
    "id, started_at, updated_at, closed_at, session, last_session, topic, severity, state, lead, symbols, alerts,"
    " worst, worst_symbol, cause_title, cause_source, cause_link, cause_topic, cause_confidence, first_story_title,"
    " first_story_seen_at, stories, messages, notifications, sent, unknown, confirmed, disputed, corrected_at,"
    " acknowledged_by, merged_into"
)
_ROUNDED = ("worst", "cause_confidence")
_ORDER = "ORDER BY started_at DESC, id DESC"
_LOOKS = (2_000, 50_000, None)
"""How many alerts are read at most, in turn."""
_BY_IDS = f"SELECT {_COLUMNS} FROM incident_summary WHERE id IN (SELECT value FROM json_each(?)) {_ORDER}"


_STORIES = (
    "SELECT s.id, s.title, s.source, s.publisher, s.link, s.published_at, s.seen_at,"
    " max(e.score) AS score, max(e.topic) AS topic,"
    " count(*) AS alerts, max(CASE WHEN e.role = 'shown' THEN 1 ELSE 0 END) AS shown,"
    " min(CASE WHEN e.role = 'earlier' THEN 1 ELSE 0 END) AS earlier"
    " FROM alerts a CROSS JOIN alert_stories e ON e.alert_id = a.id JOIN stories s ON s.id = e.story_id"
    " WHERE a.incident_id = ? GROUP BY s.id ORDER BY s.seen_at, s.arrival"
)
_OUTCOMES = (
    "SELECT o.alert_id AS alert, o.horizon, o.price, o.change, o.change_from_reference"
    " FROM alerts a CROSS JOIN outcomes o ON o.alert_id = a.id WHERE a.incident_id = ? AND o.price IS NOT NULL"
    " ORDER BY o.due_at"
)
_summary = decoder(Summary)
_STATES = ("sent", "unknown", "failed", "suppressed", "superseded", "queued", "leased")
# an announcement goes to many recipients: its text is read once, from the first row
_MESSAGES = (
    "SELECT n.announcement AS id, coalesce(min(o.announcement), n.announcement) AS message, min(n.created_at) AS at,"
    " min(n.reason) AS reason, min(n.severity) AS severity, count(*) AS recipients, "
    + ", ".join(f"count(*) FILTER (WHERE n.state = '{state}') AS {state}" for state in _STATES)
    + ", min(n.rowid) AS one FROM notifications n LEFT JOIN notifications o ON o.id = n.edits"
    " WHERE n.incident_id = ? GROUP BY n.announcement ORDER BY min(n.created_at), min(n.rowid)"
)
_TEXT = "SELECT text, summary FROM notifications WHERE rowid = ?"
# a correction is announced by a short message of its own, and by an edit of the one with the whole summary
_LAST_MESSAGE = (
    "SELECT n.created_at, substr(n.text, 1, instr(n.text || '\n', '\n') - 1), n.summary FROM notifications n"
    " WHERE n.incident_id = ? AND n.reason IN ('first', 'escalated', 'widened')"
    " ORDER BY n.created_at DESC, n.rowid DESC LIMIT 1"
)

INCIDENT_QUERIES = {
    "stories of an incident": _STORIES,
    "outcomes of an incident": _OUTCOMES,
    "messages of an incident": _MESSAGES,
    "last message about an incident": _LAST_MESSAGE,
}
"""The queries of ``show_incident`` and ``last_message`` by name; each takes the incident's id."""


def list_incidents(source: Source, filters: Filters | None = None, limit: int | None = 100) -> list[dict[str, Any]]:
    """Incidents, newest first, as the objects that ``--json`` prints.

    ``since`` and ``until`` bound when they began, ``severity`` is the incident's; symbol, exposure and rule must be
    those of one of its alerts.
    """
    filters = filters or Filters()
    with opened(source) as conn:
        if filters.of_alerts:
            found = objects(conn, _BY_IDS, (json.dumps(_of_alerts(conn, filters, limit)),), rounding=_ROUNDED)
        else:
            found = objects(conn, *list_query(filters, limit), rounding=_ROUNDED)
    return [{"type": "incident", **each} for each in found]


def list_query(filters: Filters, limit: int | None) -> Query:
    """The query of ``list_incidents`` without symbol, exposure and rule."""
    conditions, values = where(incident_tests(filters, "incident_summary"))
    most = EVERY if limit is None else limit
    return f"SELECT {_COLUMNS} FROM incident_summary{conditions} {_ORDER} LIMIT ?", (*values, most)


def alerts_query(filters: Filters, limit: int | None) -> Query:
    """The incidents of the newest alerts that match, newest first, each once for every such alert."""
    # these filters concern the incident; so does since, but no alert fires before its incident begins
    of_alerts = replace(filters, until=None, severity=None, incident=None, verdict=None)
    return newest(of_alerts, "a.incident_id, a.fired_at", limit)


def _of_alerts(conn: Connection, filters: Filters, limit: int | None) -> list[str]:
    """Ids of the newest incidents with such an alert.

    Alerts are read from the newest back, more of them where they are not enough. An incident not found by then began
    before the last alert read, so the search ends once enough younger incidents are found.
    """
    conditions, values = where([("i.id = ?", ()), *incident_tests(filters, "i")])
    matching = f"SELECT i.started_at FROM incidents i{conditions}"
    began: dict[str, str | None] = {}
    for most in _LOOKS if limit is not None else (None,):
        count, fired_at = 0, ""
        for incident, fired_at in conn.execute(*alerts_query(filters, most)):  # noqa: B007 - the last is used below
            count += 1
            if incident is not None and incident not in began:
                row = conn.execute(matching, (incident, *values)).fetchone()
                began[incident] = row[0] if row is not None else None
        younger = sum(at is not None and at > fired_at for at in began.values())
        if most is None or count < most or (limit is not None and younger >= limit):
            break
    chosen = sorted(((at, name) for name, at in began.items() if at is not None), reverse=True)
    return [name for _, name in chosen[:limit]]


def incident_tests(filters: Filters, row: str) -> list[Test]:
    """The filters that concern the incident itself, as conditions on ``row``."""
    tests: list[Test] = []
    if filters.incident is not None:
        tests.append((f"{row}.id = ?", (clean(filters.incident),)))
    if filters.severity is not None:
        tests.append((f"{row}.severity_rank >= ?", (int(filters.severity),)))
    tests += time_tests(filters, f"{row}.started_at")
    if filters.verdict is not None:
        tests.append(verdict_test(filters.verdict, f"{row}.id"))
    return tests


def show_incident(source: Source, incident_id: str) -> dict[str, Any] | None:
    """One incident with everything that belongs to it, as a JSON object; ``None`` where there is none.

    Beside the fields of ``list_incidents``: the ``headline`` of its last message and its time, ``alerts`` (as
    ``find_alerts`` gives them, each with its ``outcomes``), ``stories`` in the order seen, ``messages`` (each
    announcement once, however many received it, with counts by state, the ``message`` it belongs to, its ``text`` and
    its blocks as the JSON text ``summary``), and readers' ``verdicts``.
    """
    key = clean(incident_id)
    with opened(source) as conn:
        rows = list_incidents(conn, Filters(incident=key), 1)
        if not rows:
            return None
        found = rows[0]
        last = conn.execute(_LAST_MESSAGE, (key,)).fetchone()
        found["headline_at"], found["headline"] = (short(last[0]), last[1]) if last is not None else (None, None)
        found["alerts"] = find_alerts(conn, Filters(incident=key), None)
        outcomes: dict[str, list[dict[str, Any]]] = {}
        for outcome in objects(conn, _OUTCOMES, (key,)):
            outcomes.setdefault(outcome.pop("alert"), []).append(outcome)
        for alert in found["alerts"]:
            alert["outcomes"] = outcomes.get(alert["id"], [])
        found["stories"] = objects(conn, _STORIES, (key,), rounding=("score",))
        found["messages"] = objects(conn, _MESSAGES, (key,))
        for message in found["messages"]:
            message["text"], message["summary"] = conn.execute(_TEXT, (message.pop("one"),)).fetchone()
        found["verdicts"] = objects(conn, VERDICTS, (key,))
        return found


def last_message(conn: Connection, incident_id: str) -> ToldMessage | None:
    """The newest message with an incident's whole summary, sent or not, edits included; ``None`` where there is none.

    What a list or a page says of the incident in words comes from it, so that headline, counts and cause agree.
    """
    row = conn.execute(_LAST_MESSAGE, (clean(incident_id),)).fetchone()
    return ToldMessage(moment(row[0]), row[1], read_summary(conn, row[2])) if row is not None else None


def read_summary(conn: Connection, stored: str) -> Summary | None:
    """A stored summary; ``None`` where another version of the program wrote it."""
    try:
        summary: Summary = _summary(json.loads(stored))
        return summary
    except (AftershockError, KeyError, TypeError, ValueError):
        return None
