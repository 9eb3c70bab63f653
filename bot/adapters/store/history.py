"""Reading the history, for people and programs: beside a running bot, without its lock, and quick to start.

Nothing here loads more than sqlite3; sqlite-utils would bring pandas along. Functions take the path of the database,
or a connection from ``open_history`` where several questions follow each other. Every one raises StoreError, or
StoreVersionError where the file is not a history of this program's version.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

from bot.adapters.store.codec import clean, moment_text
from bot.adapters.store.connection import connect_reader, translated
from bot.adapters.store.schema import require_current
from bot.core.errors import StoreError
from bot.core.model import Severity

Source = str | PathLike[str] | sqlite3.Connection

_ALERT = (
    "SELECT id, fired_at, updated_at, resolved_at, rule, rule_version, symbol, session, severity, state, change, worst,"
    " last_change, last_price,"
    " price, price_at, reference, phase, incident_id, cause, checks, late FROM alerts"
)


@contextlib.contextmanager
def open_history(path: str | PathLike[str]) -> Iterator[sqlite3.Connection]:
    """A connection that can only read, checked to be on a history of this version."""
    file = Path(path).expanduser()
    with translated(file), contextlib.closing(connect_reader(file)) as conn:
        require_current(conn, file)
        yield conn


@contextlib.contextmanager
def _connection(source: Source) -> Iterator[sqlite3.Connection]:
    if isinstance(source, sqlite3.Connection):
        with translated(Path(source.execute("PRAGMA database_list").fetchone()[2])):
            yield source
    else:
        with open_history(source) as conn:
            yield conn


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
    tests: list[tuple[str, Any]] = []
    if symbol is not None:
        tests.append(("symbol = ?", clean(symbol)))
    if since is not None:
        tests.append(("fired_at >= ?", moment_text(since)))
    if until is not None:
        tests.append(("fired_at < ?", moment_text(until)))
    if rule is not None:
        tests.append(("rule = ?", clean(rule)))
    if incident is not None:
        tests.append(("incident_id = ?", clean(incident)))
    if severity is Severity.CRITICAL:
        tests.append(("severity = ?", severity.word))  # few of many: worth its index
    elif severity is not None:
        tests.append(("severity_rank >= ?", int(severity)))
    where = f" WHERE {' AND '.join(test for test, _ in tests)}" if tests else ""
    parameters = [value for _, value in tests]
    sql = f"{_ALERT}{where} ORDER BY fired_at DESC, rowid DESC LIMIT ?"
    with _connection(source) as conn:
        return [_alert(row) for row in conn.execute(sql, (*parameters, -1 if limit is None else limit))]


def show_alert(source: Source, alert_id: str) -> dict[str, Any] | None:
    """One alert with all that belongs to it; ``None`` where there is none.

    ``alert_id`` may be shortened as long as only one alert begins so; StoreError where several do. Beside the alert
    itself: ``rule_text`` as it was, ``changes``, ``stories`` with their scores, ``notifications`` of its incident with
    their ``deliveries``, ``outcomes``.
    """
    wanted = clean(alert_id)
    with _connection(source) as conn:
        rows = conn.execute(f"{_ALERT} WHERE id = ?", (wanted,)).fetchall()
        if not rows and wanted:
            rows = conn.execute(f"{_ALERT} WHERE substr(id, 1, ?) = ? LIMIT 2", (len(wanted), wanted)).fetchall()
        if not rows:
            return None
        if len(rows) > 1:
            raise StoreError(f"several alerts begin with {alert_id}; give more of the id")
        found = _alert(rows[0])
        found["rule_text"] = next(
            (
                text
                for (text,) in conn.execute(
                    "SELECT text FROM rule_versions WHERE rule = ? AND version = ?",
                    (found["rule"], found["rule_version"]),
                )
            ),
            None,
        )
        about = (found["id"],)
        found["changes"] = _objects(
            conn,
            "SELECT at, kind, severity, price, price_at, phase, change, checks FROM alert_changes"
            " WHERE alert_id = ? ORDER BY at, kind = 'resolved', kind = 'escalated'",
            about,
        )
        for change in found["changes"]:
            change["why"] = _why(json.loads(change.pop("checks")))
        found["stories"] = _objects(
            conn,
            "SELECT s.id, e.role, e.score, e.topic, s.title, s.source, s.publisher, s.link, s.published_at, s.seen_at,"
            " s.summary FROM alert_stories e JOIN stories s ON s.id = e.story_id"
            " WHERE e.alert_id = ? ORDER BY s.seen_at, s.arrival",
            about,
        )
        found["notifications"] = _objects(
            conn,
            "SELECT id, created_at, recipient_id AS recipient, reason, severity, state, suppressed_by, attempts,"
            " settled_at, error, edits, text FROM notifications WHERE incident_id = ? ORDER BY created_at, rowid",
            (found["incident"],),
        )
        for notification in found["notifications"]:
            notification["deliveries"] = _objects(
                conn,
                "SELECT attempt, recipient_id AS recipient, started_at, ended_at, outcome, message_id, error, retry_at"
                " FROM deliveries WHERE notification_id = ? ORDER BY attempt",
                (notification["id"],),
            )
        found["outcomes"] = _objects(
            conn,
            "SELECT horizon, price_at AS at, due_at, price, change, change_from_reference FROM outcomes"
            " WHERE alert_id = ? AND price IS NOT NULL ORDER BY due_at",
            about,
        )
        return found


def verify(source: Source) -> list[str]:
    """What is wrong with the database, one line each; empty where it is whole."""
    with _connection(source) as conn:
        found = [str(row[0]) for row in conn.execute("PRAGMA integrity_check") if row[0] != "ok"]
        found += [f"{table} row {row}: no such row in {parent}" for table, row, parent, _ in conn.execute(
            "PRAGMA foreign_key_check"
        )]  # fmt: skip
        for what, sql in _ORPHANS.items():
            found += [f"{what}: {row[0]}" for row in conn.execute(sql)]
        return found


_ORPHANS = {
    "a story without its search entry": (
        "SELECT id FROM stories WHERE arrival NOT IN (SELECT id FROM stories_fts_docsize)"
    ),
    "an attempt under way for a notification that is not": (
        "SELECT d.notification_id FROM deliveries d JOIN notifications n ON n.id = d.notification_id"
        " WHERE d.outcome = 'started' AND n.state <> 'leased'"
    ),
    "a lease without its attempt": (
        "SELECT n.id FROM notifications n WHERE n.state = 'leased' AND NOT EXISTS"
        " (SELECT 1 FROM deliveries d WHERE d.notification_id = n.id AND d.attempt = n.attempts"
        " AND d.outcome = 'started')"
    ),
    "sent without an attempt that says so": (
        "SELECT n.id FROM notifications n WHERE n.state = 'sent' AND NOT EXISTS"
        " (SELECT 1 FROM deliveries d WHERE d.notification_id = n.id AND d.outcome = 'sent')"
    ),
    "an alert that its incident does not name": (
        "SELECT a.id FROM alerts a JOIN incidents i ON i.id = a.incident_id"
        " WHERE a.id NOT IN (SELECT value FROM json_each(i.alerts))"
    ),
}


def _alert(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row of ``_ALERT`` as a JSON object."""
    alert_id, fired_at, updated_at, resolved_at, rule, rule_version, symbol, session, severity, state = row[:10]
    change, worst, last_change, last_price, price, price_at, reference, phase, incident, cause, checks, late = row[10:]
    return {
        "type": "alert",
        "at": _short(fired_at),
        "id": alert_id,
        "rule": rule,
        "rule_version": rule_version,
        "symbol": symbol,
        "session": session,
        "severity": severity,
        "state": state,
        "change": _rounded(change),
        "worst": _rounded(worst),
        "last_change": _rounded(last_change),
        "last_price": last_price,
        "price": price,
        "price_at": _short(price_at),
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
        "updated_at": _short(updated_at),
        "resolved_at": _short(resolved_at),
    }


def _shown(text: str | None, *names: str) -> dict[str, Any] | None:
    """The named fields of a JSON column, in this order."""
    if text is None:
        return None
    data = json.loads(text)
    shown = {name: data.get(name) for name in names}
    for name, value in shown.items():
        if name.endswith("at"):
            shown[name] = _short(value)
        elif name == "score":
            shown[name] = _rounded(value)
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
                "value": _rounded(check["value"]),
                "limit": check["limit"],
            }
        )
        lines += _why(check["children"], depth + 1)
    return lines


def _objects(conn: sqlite3.Connection, sql: str, parameters: tuple[Any, ...]) -> list[dict[str, Any]]:
    cursor = conn.execute(sql, parameters)
    names = [column[0] for column in cursor.description]
    objects = [dict(zip(names, row, strict=True)) for row in cursor]
    for found in objects:
        found.update((name, _short(value)) for name, value in found.items() if name == "at" or name.endswith("_at"))
    return objects


def _short(text: str | None) -> str | None:
    """A stored time without empty fractions, as the other ``--json`` lines give it."""
    return text.replace(".000000Z", "Z") if text is not None else None


def _rounded(number: float | str | None) -> float | str | None:
    return round(number, 6) if isinstance(number, float) else number
