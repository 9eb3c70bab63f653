"""Whether the history is whole: its file, its references, its outbox, and what its alerts rest on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from bot.adapters.store.history.opening import Source, opened

SHOWN = 20
"""Findings of a kind that are named; of more only the number is."""


def verify(source: Source) -> list[str]:
    """What is wrong with the database, one line each; empty where it is whole."""
    with opened(source) as conn:
        found = [str(row[0]) for row in conn.execute("PRAGMA integrity_check") if row[0] != "ok"]
        references = (
            f"{table} row {row}: no such row in {parent}"
            for table, row, parent, _ in conn.execute("PRAGMA foreign_key_check")
        )
        return [*found, *_named(references), *_asked(conn, ORPHANS)]


def evidence(source: Source) -> list[str]:
    """What an alert rested on and is no longer kept, one line each; empty where nothing is missing."""
    with opened(source) as conn:
        return _asked(conn, {f"not kept: {what}": sql for what, sql in EVIDENCE.items()})


def _asked(conn: sqlite3.Connection, questions: dict[str, str]) -> list[str]:
    found: list[str] = []
    for what, sql in questions.items():
        found += _named(f"{what}: {row[0]}" for row in conn.execute(sql))
    return found


def _named(lines: Iterable[str]) -> list[str]:
    """The first lines, and how many more there are."""
    every = list(lines)
    more = len(every) - SHOWN
    return [*every[:SHOWN], *([f"… and {more:,} more of these"] if more > 0 else [])]


ORPHANS = {
    "a story without its search entry": (
        "SELECT id FROM stories WHERE arrival NOT IN (SELECT id FROM stories_fts_docsize)"
    ),
    "an alert without its search entry": (
        "SELECT a.id FROM alerts a LEFT JOIN alert_numbers n ON n.alert_id = a.id"
        " WHERE n.number IS NULL OR n.number NOT IN (SELECT id FROM alerts_fts_docsize)"
    ),
    "an alert without the change it fired with": (
        "SELECT id FROM alerts a WHERE NOT EXISTS"
        " (SELECT 1 FROM alert_changes c WHERE c.alert_id = a.id AND c.kind = 'fired')"
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
    # what a killed process held is taken up by the next run when it starts; one that was passed over is lost
    "leased by a run that is over, though a later one has claimed since": (
        "SELECT n.id FROM notifications n INDEXED BY notifications_leased WHERE n.state = 'leased' AND EXISTS"
        " (SELECT 1 FROM deliveries d INDEXED BY deliveries_started_at WHERE d.started_at > n.lease_until"
        " AND d.run_id > n.leased_by)"
    ),
    "queued for a chat that is switched off or has moved, so that nobody sends it": (
        "SELECT n.id FROM notifications n INDEXED BY notifications_queued JOIN chats c ON c.id = n.recipient_id"
        " WHERE n.state = 'queued' AND (NOT c.enabled OR c.moved_to IS NOT NULL)"
    ),
    "queued for a channel its chat is not of, so that nobody sends it": (
        "SELECT n.id FROM notifications n INDEXED BY notifications_queued JOIN chats c ON c.id = n.recipient_id"
        " WHERE n.state = 'queued' AND n.channel <> c.channel"
    ),
    "an edit of a message of somebody else": (
        "SELECT n.id FROM notifications n JOIN notifications m ON m.id = n.edits WHERE m.edits IS NOT NULL"
    ),
    "an alert that its incident does not name": (
        "SELECT a.id FROM alerts a JOIN incidents i ON i.id = a.incident_id"
        " WHERE a.id NOT IN (SELECT value FROM json_each(i.alerts))"
    ),
    "a simulation in a live history, or the other way round": (
        "SELECT mode || ' ' || name FROM runs GROUP BY mode HAVING (SELECT count(DISTINCT mode) FROM runs) > 1"
    ),
}
"""What no reference of the database forbids and must not be."""

EVIDENCE = {
    "an alert an incident names": (
        "SELECT i.id || ' names ' || e.value FROM incidents i, json_each(i.alerts) e"
        " WHERE e.value NOT IN (SELECT id FROM alerts)"
    ),
    "the text of a rule as an alert fired with it": (
        "SELECT v.rule || ' ' || v.version FROM rule_versions v WHERE v.text IS NULL"
        " AND EXISTS (SELECT 1 FROM alerts a WHERE a.rule = v.rule AND a.rule_version = v.version)"
    ),
    "a story an alert points to": (
        "SELECT a.id || ' points to ' || s.value FROM alerts a, json_each(a.cause, '$.stories') s"
        " WHERE NOT EXISTS (SELECT 1 FROM alert_stories e WHERE e.alert_id = a.id AND e.story_id = s.value)"
    ),
    "the scores of a story an alert points to": (
        "SELECT DISTINCT e.story_id FROM alert_stories e"
        " WHERE NOT EXISTS (SELECT 1 FROM story_scores c WHERE c.story_id = e.story_id)"
    ),
    "the quote an alert fired on": (
        "SELECT a.id FROM alerts a JOIN alert_changes c ON c.alert_id = a.id AND c.kind = 'fired' WHERE NOT EXISTS"
        " (SELECT 1 FROM quotes q WHERE q.symbol = a.symbol AND q.at = c.price_at)"
    ),
    "the quote an alert stands on": (
        "SELECT a.id FROM alerts a WHERE NOT EXISTS"
        " (SELECT 1 FROM quotes q WHERE q.symbol = a.symbol AND q.at = a.price_at)"
    ),
}
"""What an alert or incident rests on and must be kept as long as it is; each finding is something missing."""
