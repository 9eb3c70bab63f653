"""Alerts as people and programs read them: the list, and one in full."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.adapters.store.codec import DAMAGED, UNREADABLE, clean
from bot.adapters.store.history.filters import EVERYTHING, Query, newest
from bot.adapters.store.history.opening import Source, objects, opened, rounded, short
from bot.core.errors import StoreError
from bot.core.model import Filters, Severity

_COLUMNS = ", ".join(
    (
        *(
            f"a.{name}"
            for name in (
                *("id", "fired_at", "updated_at", "resolved_at", "rule", "rule_version", "symbol", "session"),
                *("severity", "state", "change", "worst", "last_change", "last_price", "last_price_at", "price"),
                *("price_at", "reference", "phase", "incident_id", "cause", "checks", "late"),
            )
        ),
        "json_extract(a.rest, '$.doubt')",
        "a.labels",
        *(
            f"(SELECT c.{name} FROM alert_changes c WHERE c.alert_id = a.id AND c.kind = 'fired'"
            f" ORDER BY c.at LIMIT 1) AS fired_{name}"
            for name in ("price", "price_at", "change")
        ),
        "(SELECT max(c.at) FROM alert_changes c WHERE c.alert_id = a.id AND c.kind <> 'resolved') AS severity_at",
        "coalesce((SELECT q.currency FROM quotes q WHERE q.symbol = a.symbol AND q.at <= a.fired_at"
        " ORDER BY q.at DESC LIMIT 1), '') AS currency",
    )
)
_ONE = f"SELECT {_COLUMNS} FROM alerts a WHERE a.id = ?"
# ids are ASCII without "~", which sorts after all they contain
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
    " settled_at, error, edits, text FROM notifications WHERE incident_id = ? ORDER BY created_at || '', rowid"
)
_DELIVERIES = (
    "SELECT attempt, recipient_id AS recipient, started_at, ended_at, outcome, message_id, error, retry_at"
    " FROM deliveries WHERE notification_id = ? ORDER BY attempt"
)
_OUTCOMES = (
    "SELECT horizon, price_at AS at, due_at, price, change, change_from_reference FROM outcomes"
    " WHERE alert_id = ? AND price IS NOT NULL ORDER BY due_at"
)
VERDICTS = "SELECT person, verdict, at FROM verdicts WHERE incident_id = ? ORDER BY at, person"
_QUOTES = (
    "SELECT q.at, q.price, q.kind FROM alerts a JOIN quotes q ON q.symbol = a.symbol"
    " AND q.at BETWEEN a.evidence_from AND a.evidence_until WHERE a.id = ? ORDER BY q.at, q.arrival"
)

ALERT_QUERIES = {
    "alert": _ONE,
    "alert by the beginning of its id": _BEGINNING,
    "changes of an alert": _CHANGES,
    "stories of an alert": _STORIES,
    "notifications of an incident": _NOTIFICATIONS,
    "deliveries of a notification": _DELIVERIES,
    "outcomes of an alert": _OUTCOMES,
    "verdicts of an incident": VERDICTS,
    "quotes around an alert": _QUOTES,
}
"""The queries of ``show_alert`` and ``quotes_around`` by name; each takes one id, or the beginning of one."""


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

    ``since`` and ``until`` (exclusive) bound when they fired; ``severity`` is the lowest; ``limit`` is the largest
    number of alerts, ``None`` for all. ``currency`` is that of the stock's prices, empty where it is not known. ``at``
    is when the alert fired, at ``fired_price`` and ``fired_change``; it reached its severity at ``severity_at``, to
    which ``price``, ``price_at``, ``phase``, ``change`` and ``why`` belong.
    """
    filters = Filters(symbol=symbol, since=since, until=until, rule=rule, severity=severity, incident=incident)
    return find_alerts(source, filters, limit)


def find_alerts(source: Source, filters: Filters = EVERYTHING, limit: int | None = 100) -> list[dict[str, Any]]:
    """As ``list_alerts``, for any filters."""
    with opened(source) as conn:
        return [_alert(row) for row in conn.execute(*list_query(filters, limit))]


def list_query(filters: Filters, limit: int | None) -> Query:
    """The query of ``find_alerts``."""
    return newest(filters, _COLUMNS, limit)


def show_alert(source: Source, alert_id: str) -> dict[str, Any] | None:
    """One alert with everything that belongs to it; ``None`` where there is none.

    ``alert_id`` may be the beginning of an id; raises StoreError where several alerts have it. Beside the alert's own
    fields: ``rule_text`` when it fired, ``changes``, ``stories`` with their scores, ``notifications`` of its incident
    with their ``deliveries``, ``outcomes``, and readers' ``verdicts`` on the incident.
    """
    key = clean(alert_id)
    with opened(source) as conn:
        rows = conn.execute(_ONE, (key,)).fetchall()
        if not rows and key:
            rows = conn.execute(_BEGINNING, (key,)).fetchall()
        if not rows:
            return None
        if len(rows) > 1:
            raise StoreError(f"several alerts begin with {alert_id}; give more of the id")
        found = _alert(rows[0])
        text = conn.execute(_RULE_TEXT, (found["rule"], found["rule_version"])).fetchone()
        found["rule_text"] = text[0] if text is not None else None
        key = found["id"]
        found["changes"] = objects(conn, _CHANGES, (key,))
        for change in found["changes"]:
            change["why"] = _why(json.loads(change.pop("checks")))
        found["stories"] = objects(conn, _STORIES, (key,))
        found["notifications"] = objects(conn, _NOTIFICATIONS, (found["incident"],))
        for notification in found["notifications"]:
            notification["deliveries"] = objects(conn, _DELIVERIES, (notification["id"],))
        found["outcomes"] = objects(conn, _OUTCOMES, (key,))
        found["verdicts"] = objects(conn, VERDICTS, (found["incident"],))
        return found


def quotes_around(source: Source, alert_id: str) -> list[tuple[str, float, str]]:
    """The quotes that are an alert's evidence, from a day before to a day after: time, price and kind of price."""
    with opened(source) as conn:
        return [(short(at) or "", price, kind) for at, price, kind in conn.execute(_QUOTES, (clean(alert_id),))]


def _alert(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row of ``_COLUMNS`` as a JSON object. Raises StoreError where no version of this program wrote it."""
    try:
        return _alert_object(row)
    except UNREADABLE as error:
        raise StoreError(f"the alert {row[0]}: {DAMAGED}") from error


def _alert_object(row: tuple[Any, ...]) -> dict[str, Any]:
    alert_id, fired_at, updated_at, resolved_at, rule, rule_version, symbol, session, severity, state = row[:10]
    change, worst, last_change, last_price, last_price_at, price, price_at, reference, phase = row[10:19]
    incident, cause, checks, late, doubt, labels, *fired, severity_at, currency = row[19:]
    fired_price, fired_price_at, fired_change = fired
    return {
        "type": "alert",
        "at": short(fired_at),
        "id": alert_id,
        "rule": rule,
        "rule_version": rule_version,
        "symbol": symbol,
        "currency": currency,
        "session": session,
        "severity": severity,
        "state": state,
        "fired_price": fired_price,
        "fired_price_at": short(fired_price_at),
        "fired_change": rounded(fired_change),
        "severity_at": short(severity_at),
        "change": rounded(change),
        "worst": rounded(worst),
        "last_change": rounded(last_change),
        "last_price": last_price,
        "last_price_at": short(last_price_at),
        "price": price,
        "price_at": short(price_at),
        "reference": _shown(reference, "kind", "price", "at", "session"),
        "phase": phase,
        "incident": incident or "",
        "cause": _shown(
            cause,
            *("title", "source", "link", "published_at", "seen_at", "score", "topic", "reach", "exposures", "cluster"),
            *("sources", "confidence", "agents"),
        ),
        "why": _why(json.loads(checks)),
        "late": bool(late),
        "looks_like": doubt or "",
        "labels": json.loads(labels),
        "updated_at": short(updated_at),
        "resolved_at": short(resolved_at),
    }


def _shown(text: str | None, *names: str) -> dict[str, Any] | None:
    """The named fields of a JSON column, in this order; the first is always there."""
    if text is None:
        return None
    data = json.loads(text)
    shown = {name: data[name] if name == names[0] else data.get(name) for name in names}
    for name, value in shown.items():
        if name.endswith("at"):
            shown[name] = short(value)
        elif name == "score":
            shown[name] = rounded(value)
        elif name == "agents":
            shown[name] = value or []  # older alerts have none
    return shown


def _why(checks: list[Mapping[str, Any]], depth: int = 0) -> list[dict[str, Any]]:
    """A tree of checks as flat lines, from the outermost inwards."""
    lines = []
    for check in checks:
        copied = {name: check[name] for name in ("condition", "holds", "measured", "threshold")}
        lines.append({"depth": depth, **copied, "value": rounded(check["value"]), "limit": check["limit"]})
        lines += _why(check["children"], depth + 1)
    return lines
