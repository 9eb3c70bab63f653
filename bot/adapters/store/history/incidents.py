"""Incidents as people and programs read them."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import Any

from bot.adapters.store.codec import clean, moment_text
from bot.adapters.store.history.filters import Query, Test, newest, verdict_test, where
from bot.adapters.store.history.opening import Source, objects, opened, rounded
from bot.core.model import Filters

_COLUMNS = (
    "id, started_at, updated_at, closed_at, session, last_session, topic, severity, state, lead, symbols, alerts,"
    " worst, worst_symbol, cause_title, cause_source, cause_link, cause_topic, cause_confidence, first_story_title,"
    " first_story_seen_at, stories, messages, notifications, sent, unknown, confirmed, disputed, corrected_at,"
    " acknowledged_by, merged_into"
)
_ORDER = "ORDER BY started_at DESC, id DESC"
_LOOKS = (2_000, 50_000, None)
"""How many alerts are read."""
_BY_IDS = f"SELECT {_COLUMNS} FROM incident_summary WHERE id IN (SELECT value FROM json_each(?)) {_ORDER}"


def list_incidents(source: Source, filters: Filters | None = None, limit: int | None = 100) -> list[dict[str, Any]]:
    """Incidents, newest first, as the objects that ``--json`` prints.

    ``since`` and ``until`` bound when they began, ``severity`` is theirs; of symbol, exposure and rule one alert of the
    incident must be.
    """
    asked = filters or Filters()
    with opened(source) as conn:
        if asked.symbol or asked.exposure or asked.rule:
            found = objects(conn, _BY_IDS, (json.dumps(_of_alerts(conn, asked, limit)),))
        else:
            found = objects(conn, *list_query(asked, limit))
    for each in found:
        for name in ("worst", "cause_confidence"):
            each[name] = rounded(each[name])
    return [{"type": "incident", **each} for each in found]


def list_query(filters: Filters, limit: int | None) -> Query:
    """What ``list_incidents`` asks where no symbol, exposure or rule is named."""
    said, values = where(incident_tests(filters, "incident_summary"))
    return f"SELECT {_COLUMNS} FROM incident_summary{said} {_ORDER} LIMIT ?", (*values, -1 if limit is None else limit)


def alerts_query(filters: Filters, limit: int | None) -> Query:
    """The incidents of the newest alerts that pass, the newest first, each as often as it has such alerts."""
    # when an incident began is asked of the incident, not of its alerts; none of them fired before it did
    of_alerts = replace(filters, until=None, severity=None, incident=None, verdict=None)
    return newest(of_alerts, "a.incident_id, a.fired_at", limit)


def _of_alerts(conn: sqlite3.Connection, filters: Filters, limit: int | None) -> list[str]:
    """Ids of the newest incidents with such an alert.

    Alerts are read from the newest back, more where they were not enough; an incident not met by then began before the
    last alert that was read, so that enough younger ones end the search.
    """
    said, values = where([("i.id = ?", ()), *incident_tests(filters, "i")])
    passing = f"SELECT i.started_at FROM incidents i{said}"
    began: dict[str, str | None] = {}
    for most in _LOOKS if limit is not None else (None,):
        looked, fired_at = 0, ""
        for incident, fired_at in conn.execute(*alerts_query(filters, most)):  # noqa: B007 - the last is asked below
            looked += 1
            if incident is not None and incident not in began:
                row = conn.execute(passing, (incident, *values)).fetchone()
                began[incident] = row[0] if row is not None else None
        younger = sum(at is not None and at > fired_at for at in began.values())
        if most is None or looked < most or (limit is not None and younger >= limit):
            break
    chosen = sorted(((at, name) for name, at in began.items() if at is not None), reverse=True)
    return [name for _, name in chosen[:limit]]


def incident_tests(filters: Filters, row: str) -> list[Test]:
    tests: list[Test] = []
    if filters.incident is not None:
        tests.append((f"{row}.id = ?", (clean(filters.incident),)))
    if filters.severity is not None:
        tests.append((f"{row}.severity_rank >= ?", (int(filters.severity),)))
    if filters.since is not None:
        tests.append((f"{row}.started_at >= ?", (moment_text(filters.since),)))
    if filters.until is not None:
        tests.append((f"{row}.started_at < ?", (moment_text(filters.until),)))
    if filters.verdict is not None:
        tests.append(verdict_test(filters.verdict, f"{row}.id"))
    return tests
