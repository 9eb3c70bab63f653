"""Alerts as people and programs read them: the list, and the whole story of one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.adapters.store.codec import clean
from bot.adapters.store.history.filters import EVERYTHING, Query, newest
from bot.adapters.store.history.opening import Source, objects, opened, rounded, short
from bot.core.errors import StoreError
from bot.core.model import Filters, Severity

_COLUMNS = ", ".join(
    f"a.{name}"
    for name in (
        *("id", "fired_at", "updated_at", "resolved_at", "rule", "rule_version", "symbol", "session", "severity"),
        *("state", "change", "worst", "last_change", "last_price", "price", "price_at", "reference", "phase"),
        *("incident_id", "cause", "checks", "late"),
    )
)
_ONE = f"SELECT {_COLUMNS} FROM alerts a WHERE a.id = ?"
# ids are ASCII, and nothing of them sorts after "~"
_BEGINNING = f"SELECT {_COLUMNS} FROM alerts a WHERE a.id >= ?1 AND a.id < ?1 || '~' LIMIT 2"
_RULE_TEXT = "SELECT text FROM rule_versions WHERE rule = ? AND version = ?"
_CHANGES = (
    "SELECT at, kind, severity, price, price_at, phase, change, checks FROM alert_changes"
    " WHERE alert_id = ? ORDER BY at, kind = 'resolved', kind = 'escalated'"
)
_STORIES = (
    "SELECT s.id, e.role, e.score, e.topic, s.title, s.source, s.publisher, s.link, s.published_at, s.seen_at,"
    " s.summary FROM alert_stories e JOIN stories s ON s.id = e.story_id"
    " WHERE e.alert_id = ? ORDER BY s.seen_at, s.arrival"
)
_NOTIFICATIONS = (
    "SELECT id, created_at, recipient_id AS recipient, reason, severity, state, suppressed_by, attempts,"
    " settled_at, error, edits, text FROM notifications WHERE incident_id = ? ORDER BY +created_at, rowid"
)
_DELIVERIES = (
    "SELECT attempt, recipient_id AS recipient, started_at, ended_at, outcome, message_id, error, retry_at"
    " FROM deliveries WHERE notification_id = ? ORDER BY attempt"
)
_OUTCOMES = (
    "SELECT horizon, price_at AS at, due_at, price, change, change_from_reference FROM outcomes"
    " WHERE alert_id = ? AND price IS NOT NULL ORDER BY due_at"
)
_VERDICTS = "SELECT person, verdict, at FROM verdicts WHERE incident_id = ? ORDER BY at, person"
_QUOTES = (
    "SELECT q.at, q.price, q.kind FROM alerts a JOIN quotes q ON q.symbol = a.symbol"
    " AND q.at BETWEEN a.evidence_from AND a.evidence_until WHERE a.id = ? ORDER BY q.at, q.arrival"
)

SHOWN = {
    "alert": _ONE,
    "alert by the beginning of its id": _BEGINNING,
    "changes of an alert": _CHANGES,
    "stories of an alert": _STORIES,
    "notifications of an incident": _NOTIFICATIONS,
    "deliveries of a notification": _DELIVERIES,
    "outcomes of an alert": _OUTCOMES,
    "verdicts of an incident": _VERDICTS,
    "quotes around an alert": _QUOTES,
}
"""What ``show_alert`` and ``quotes_around`` ask, by name; each takes one id (or the beginning of one)."""


def list_alerts(
    source: Source,
    *,
    symbol: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    rule: str | None = None,
    severity: Severity | None = None,
    incident: str | None = None,
    limit: int | None = 100,
) -> list[dict[str, Any]]:
    """Alerts, newest first, as the objects that ``--json`` prints.

    ``since`` and ``until`` bound when they fired, the latter exclusive; ``severity`` is the least; ``limit`` is how
    many at most, ``None`` for all. ``at`` is when the alert fired; the figures are those of its last change.
    """
    filters = Filters(symbol=symbol, since=since, until=until, rule=rule, severity=severity, incident=incident)
    return find_alerts(source, filters, limit)


def find_alerts(source: Source, filters: Filters = EVERYTHING, limit: int | None = 100) -> list[dict[str, Any]]:
    """As ``list_alerts``, for everything that can be asked."""
    with opened(source) as conn:
        return list(_found(conn, filters, limit))


def _found(conn: sqlite3.Connection, filters: Filters, limit: int | None) -> Iterator[dict[str, Any]]:
    sql, parameters = list_query(filters, limit)
    for row in conn.execute(sql, parameters):
        yield _alert(row)


def list_query(filters: Filters, limit: int | None) -> Query:
    """What ``find_alerts`` asks."""
    return newest(filters, _COLUMNS, limit)


def show_alert(source: Source, alert_id: str) -> dict[str, Any] | None:
    """One alert with all that belongs to it; ``None`` where there is none.

    ``alert_id`` may be shortened as long as only one alert begins so; StoreError where several do. Beside the alert
    itself: ``rule_text`` as it was, ``changes``, ``stories`` with their scores, ``notifications`` of its incident with
    their ``deliveries``, ``outcomes``, and readers' ``verdicts`` on the incident.
    """
    wanted = clean(alert_id)
    with opened(source) as conn:
        rows = conn.execute(_ONE, (wanted,)).fetchall()
        if not rows and wanted:
            rows = conn.execute(_BEGINNING, (wanted,)).fetchall()
        if not rows:
            return None
        if len(rows) > 1:
            raise StoreError(f"several alerts begin with {alert_id}; give more of the id")
        found = _alert(rows[0])
        text = conn.execute(_RULE_TEXT, (found["rule"], found["rule_version"])).fetchone()
        found["rule_text"] = text[0] if text is not None else None
        about = (found["id"],)
        found["changes"] = objects(conn, _CHANGES, about)
        for change in found["changes"]:
            change["why"] = _why(json.loads(change.pop("checks")))
        found["stories"] = objects(conn, _STORIES, about)
        found["notifications"] = objects(conn, _NOTIFICATIONS, (found["incident"],))
        for notification in found["notifications"]:
            notification["deliveries"] = objects(conn, _DELIVERIES, (notification["id"],))
        found["outcomes"] = objects(conn, _OUTCOMES, about)
        found["verdicts"] = objects(conn, _VERDICTS, (found["incident"],))
        return found


def quotes_around(source: Source, alert_id: str) -> list[tuple[str, float, str]]:
    """The quotes an alert rests on, a day before to a day after: when, the price, and what kind of price it is."""
    with opened(source) as conn:
        return [(short(at) or "", price, kind) for at, price, kind in conn.execute(_QUOTES, (clean(alert_id),))]


def _alert(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row of ``_COLUMNS`` as a JSON object."""
    alert_id, fired_at, updated_at, resolved_at, rule, rule_version, symbol, session, severity, state = row[:10]
    change, worst, last_change, last_price, price, price_at, reference, phase, incident, cause, checks, late = row[10:]
    return {
        "type": "alert",
        "at": short(fired_at),
        "id": alert_id,
        "rule": rule,
        "rule_version": rule_version,
        "symbol": symbol,
        "session": session,
        "severity": severity,
        "state": state,
        "change": rounded(change),
        "worst": rounded(worst),
        "last_change": rounded(last_change),
        "last_price": last_price,
        "price": price,
        "price_at": short(price_at),
        "reference": _shown(reference, "kind", "price", "at", "session"),
        "phase": phase,
        "incident": incident or "",
        "cause": _shown(
            cause,
            *("title", "source", "link", "published_at", "seen_at", "score", "topic", "reach", "exposures", "cluster"),
            *("sources", "confidence"),
        ),
        "why": _why(json.loads(checks)),
        "late": bool(late),
        "updated_at": short(updated_at),
        "resolved_at": short(resolved_at),
    }


def _shown(text: str | None, *names: str) -> dict[str, Any] | None:
    """The named fields of a JSON column, in this order."""
    if text is None:
        return None
    data = json.loads(text)
    shown = {name: data.get(name) for name in names}
    for name, value in shown.items():
        if name.endswith("at"):
            shown[name] = short(value)
        elif name == "score":
            shown[name] = rounded(value)
    return shown


def _why(checks: list[Mapping[str, Any]], depth: int = 0) -> list[dict[str, Any]]:
    """A tree of checks as flat lines, outside in."""
    lines = []
    for check in checks:
        lines.append(
            {
                "depth": depth,
                "condition": check["condition"],
                "holds": check["holds"],
                "measured": check["measured"],
                "threshold": check["threshold"],
                "value": rounded(check["value"]),
                "limit": check["limit"],
            }
        )
        lines += _why(check["children"], depth + 1)
    return lines
