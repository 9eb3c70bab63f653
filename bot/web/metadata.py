"""How Datasette presents the tables: titles, what columns mean and in which unit, what to count by, what to sort by."""

from __future__ import annotations

from typing import Any

from bot.web.columns import Described
from bot.web.database import NAME
from bot.web.questions import QUESTIONS

FRACTIONS = frozenset(
    {
        *("change", "worst", "last_change", "change_from_reference", "mean", "lowest", "highest", "lower"),
        *("mean_from_reference", "after_15_min", "after_1_hour", "after_close", "after_1_session", "after_5_sessions"),
        "after_20_sessions",
    }
)
"""Columns that hold a fraction and are shown in per cent."""
SHARES = frozenset({"lower", "lower_pct"})
"""Of these the sign says nothing."""

_LOOKS: dict[str, dict[str, Any]] = {
    "alert_history": {
        "title": "Alerts",
        "facets": ["rule", "severity", "state", "symbol", "cause_topic"],
        "sort_desc": "fired_at",
    },
    "incident_summary": {"title": "Incidents", "facets": ["severity", "state", "lead"], "sort_desc": "started_at"},
    "rule_record": {"title": "Rules", "sort_desc": "alerts"},
    "rule_outcomes": {"title": "What followed each rule", "facets": ["horizon", "rule"]},
    "source_health": {"title": "Sources", "facets": ["trouble"], "sort": "source"},
    "alerts": {"title": "Alerts, as stored", "facets": ["rule", "severity", "symbol"], "sort_desc": "fired_at"},
    "incidents": {"title": "Incidents, as stored", "facets": ["severity", "state"], "sort_desc": "started_at"},
    "stories": {
        "title": "Stories",
        "facets": ["source", "publisher"],
        "sort_desc": "arrival",
        "label_column": "title",
        "fts_table": "stories_fts",
        "fts_pk": "arrival",
    },
    "quotes": {"title": "Prices", "facets": ["kind"], "sort_desc": "arrival"},
    "daily_bars": {"title": "Daily prices"},
    "notifications": {
        "title": "Outbox: notifications",
        "facets": ["state", "reason", "channel", "recipient_id"],
        "sort_desc": "created_at",
    },
    "deliveries": {"title": "Attempts to deliver", "facets": ["outcome"]},
    "outcomes": {"title": "What followed each alert", "facets": ["horizon"]},
    "alert_stories": {"title": "Stories each alert rests on", "facets": ["role", "topic"]},
    "alert_changes": {"title": "How each alert went on", "facets": ["kind"]},
    "verdicts": {"title": "Readers' verdicts", "facets": ["verdict"]},
    "rule_versions": {"title": "Texts of the rules", "facets": ["rule"]},
    "source_reports": {"title": "Reports of the sources", "facets": ["trouble", "source"], "sort_desc": "seen_at"},
    "feeds": {"title": "Feeds"},
    "chats": {"title": "Recipients", "label_column": "id"},
    "silences": {"title": "Silences"},
    "story_scores": {"title": "What stories are about", "facets": ["topic"]},
    "story_keys": {"title": "Identities of stories"},
    "refused_quotes": {"title": "Prices not believed", "facets": ["symbol"]},
    "splits": {"title": "Share splits"},
    "earnings_dates": {"title": "When companies report", "facets": ["symbol"]},
    "extras": {"title": "Kept over a restart"},
    "runs": {"title": "Runs of the program", "sort_desc": "id", "label_column": "name"},
}
_INTERNAL = ("alert_numbers", "alert_exposures", "alert_texts", "_sqlite_migrations")


def metadata(known: dict[str, Described]) -> dict[str, Any]:
    """What Datasette calls metadata, for tables and views described in the documentation."""
    tables: dict[str, dict[str, Any]] = {}
    for name in (*known, *_LOOKS):
        if name in tables:
            continue
        look = dict(_LOOKS.get(name, {}))
        if name in known:
            look["description"] = known[name].description
            look["columns"] = {column: _unit(column, text) for column, text in known[name].columns.items()}
        tables[name] = look
    for name in _INTERNAL:
        tables.setdefault(name, {})["hidden"] = True
    questions = {name: {**question, "hide_sql": True} for name, question in QUESTIONS.items()}
    return {
        "title": "Aftershock",
        "databases": {
            NAME: {
                "title": "The history",
                "description": "Everything the bot saw, decided and said. Times are UTC; changes are fractions in CSV "
                "and JSON, and shown in per cent here.",
                "tables": tables,
                "queries": questions,
            }
        },
    }


def _unit(column: str, text: str) -> str:
    """The description with its unit, where the column's kind has one."""
    if column in FRACTIONS:
        return f"{text} (a fraction: −0.1 is −10 %)"
    if column in ("price", "last_price", "reference_price", "previous_close"):
        return f"{text} (in the quote's currency)"
    if column.endswith("_at") or column == "at":
        return f"{text} (UTC)"
    return text
