"""Every query the program runs for people, by name, with parameters: for tests of their plans and for the benchmark."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.adapters.store.history import alerts, exporting, incidents, live, rules, searching, sources, stats
from bot.adapters.store.history.filters import EVERYTHING, Query
from bot.core.model import VERDICTS, Filters, Severity

SINCE, UNTIL = datetime(2025, 1, 27, tzinfo=UTC), datetime(2025, 1, 28, tzinfo=UTC)
COUNTING = "stats "
"""Prefix of queries that count every alert: they read all of one index, and no row."""
WHOLE = "export "
"""Prefix of queries that return everything; each walks its rows in order, once."""


def shipped(
    *,
    symbol: str = "NVDA",
    exposure: str = "cooling",
    exposed: tuple[str, ...] = ("VRT", "MOD"),
    rule: str = "ai-model-shock",
    incident: str = "20250127-1",
    alert: str = "20250127-NVDA-6d488e",
    words: str = "deepseek",
    since: datetime = SINCE,
    until: datetime = UNTIL,
    limit: int = 1000,
) -> dict[str, Query]:
    """Name to SQL and parameters; arguments fit the parameters to a database."""
    asked = {
        "": EVERYTHING,
        " of a symbol": Filters(symbol=symbol),
        " of a rule": Filters(rule=rule),
        " of an exposure": Filters(exposure=exposure, exposed=exposed),
        " of an incident": Filters(incident=incident),
        " of a day": Filters(since=since, until=until),
        " high at least": Filters(severity=Severity.HIGH),
        " critical": Filters(severity=Severity.CRITICAL),
        " with a label": Filters(label=("desk", "semis")),
        " of a symbol and a rule, critical": Filters(symbol=symbol, rule=rule, severity=Severity.CRITICAL),
        **{f" with the verdict {verdict}": Filters(verdict=verdict) for verdict in VERDICTS},
    }
    found: dict[str, Query] = {f"list{name}": alerts.list_query(each, limit) for name, each in asked.items()}
    about: dict[str, Any] = {name: incident if "incident" in name else alert for name in alerts.ALERT_QUERIES}
    found |= {f"show: {name}": (sql, (about[name],)) for name, sql in alerts.ALERT_QUERIES.items()}
    found |= {f"rule: {name}": (sql, (rule, *more)) for name, (sql, *more) in rules.RULE_QUERIES.items()}
    found |= {f"page: {name}": (sql, (incident,)) for name, sql in incidents.INCIDENT_QUERIES.items()}
    for name, each in asked.items():
        if not each.of_alerts:
            found[f"incidents{name}"] = incidents.list_query(each, limit)
    for name in (" of a symbol", " of a rule", " of an exposure"):
        found[f"incidents{name}"] = incidents.alerts_query(asked[name], 50 * limit)
    for name in ("", " of a symbol", " of a rule", " of an exposure", " of a day", " critical"):
        match = searching.matching(words)
        found[f"search alerts{name}"] = searching.alerts_query(match, asked[name], limit)
        found[f"search stories{name}"] = searching.stories_query(match, asked[name], limit)
    found |= {
        "live: run": (live.RUN, ()),
        "live: open": (live.INCIDENTS, (live.OPEN,)),
        "live: waiting": (live.WAITING, ()),
    }
    for by in stats.BY:
        for name in ("", " of a symbol", " of a rule", " of a day", " high at least"):
            found[f"{COUNTING}by {by}{name}"] = stats.counts_query(by, asked[name])
        found[f"{COUNTING}by {by}: verdicts"] = stats.verdicts_query(by, EVERYTHING)
    found[f"{WHOLE}told by source"] = sources.told_by_source_query(since)
    found[f"{COUNTING}by source"] = sources.stories_by_source_query(since)
    for what in exporting.EXPORTED:
        for name in ("", " of a symbol", " of a day"):
            found[f"{WHOLE}{what}{name}"] = exporting.export_query(what, asked[name])
    found |= {
        "alert_history: the newest": ("SELECT * FROM alert_history ORDER BY fired_at DESC LIMIT ?", (limit,)),
        "alert_history: of a symbol": (
            "SELECT * FROM alert_history WHERE symbol = ? ORDER BY fired_at DESC LIMIT ?",
            (symbol, limit),
        ),
        "incident_summary: the newest": ("SELECT * FROM incident_summary ORDER BY started_at DESC LIMIT ?", (limit,)),
        "incident_summary: one": ("SELECT * FROM incident_summary WHERE id = ?", (incident,)),
        "rule_record: of a rule": ("SELECT * FROM rule_record WHERE rule = ?", (rule,)),
        "rule_outcomes: of a rule": ("SELECT * FROM rule_outcomes WHERE rule = ?", (rule,)),
        "source_health": ("SELECT * FROM source_health ORDER BY trouble = 'none', source, subject", ()),
    }
    return found
