"""Alerts counted by rule, symbol, month or exposure."""

from __future__ import annotations

from typing import Any

from bot.adapters.store.history.filters import Query, tests_of, where
from bot.adapters.store.history.opening import Source, objects, opened
from bot.core.model import Filters

_KEYS = {
    "rule": ("alerts a", "a.rule"),
    "symbol": ("alerts a", "a.symbol || ''"),
    "month": ("alerts a", "substr(a.fired_at, 1, 7)"),
    "exposure": ("alert_exposures e JOIN alerts a ON a.id = e.alert_id", "e.exposure"),
}
BY = tuple(_KEYS)
"""What can be counted by."""


def statistics(source: Source, by: str, filters: Filters | None = None) -> list[dict[str, Any]]:
    """One object for each value of ``by``: months in order, others by their number of alerts.

    ``incidents`` are those with such an alert; of them a reader called ``confirmed`` right, and ``disputed`` wrong.
    """
    filters = filters or Filters()
    with opened(source) as conn:
        found = objects(conn, *counts_query(by, filters), rounding=("worst", "mean_worst"))
        verdicts = {row[0]: row[1:] for row in conn.execute(*verdicts_query(by, filters))}
    for each in found:
        each["confirmed"], each["disputed"] = verdicts.get(each[by], (0, 0))
    return found


def counts_query(by: str, filters: Filters) -> Query:
    """Counts for each value of ``by``. Answered from one index unless there is a filter by exposure."""
    tables, key = _KEYS[by]
    conditions, values = where(tests_of(filters))
    order = "1" if by == "month" else "alerts DESC, 1"
    return (
        f"SELECT {key} AS {by}, count(*) AS alerts, count(DISTINCT a.symbol) AS symbols,"
        " count(DISTINCT a.incident_id) AS incidents, count(*) FILTER (WHERE a.severity = 'critical') AS critical,"
        " min(a.worst) AS worst, avg(a.worst) AS mean_worst,"
        " min(a.fired_at) AS first_fired_at, max(a.fired_at) AS last_fired_at"
        f" FROM {tables}{conditions} GROUP BY 1 ORDER BY {order}",
        values,
    )


def verdicts_query(by: str, filters: Filters) -> Query:
    """Incidents that readers called right, and wrong, for each value of ``by``."""
    _, key = _KEYS[by]
    conditions, values = where(tests_of(filters))
    tables = "alerts a INDEXED BY alerts_incident ON a.incident_id = v.incident_id"
    if by == "exposure":
        tables += " CROSS JOIN alert_exposures e ON e.alert_id = a.id"
    return (
        f"SELECT {key}, count(DISTINCT CASE WHEN v.verdict = 'right' THEN v.incident_id END),"
        " count(DISTINCT CASE WHEN v.verdict <> 'right' THEN v.incident_id END)"
        f" FROM verdicts v CROSS JOIN {tables}{conditions} GROUP BY 1",
        values,
    )
