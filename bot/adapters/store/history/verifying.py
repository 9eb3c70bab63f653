"""The integrity of the history: its file, references and outbox, and the evidence of its alerts."""

from __future__ import annotations

from collections.abc import Iterable

from bot.adapters.store.engine import Connection, is_server
from bot.adapters.store.history.opening import Source, opened

SHOWN = 20
"""Findings of a kind that are listed; more are only counted."""


def verify(source: Source) -> list[str]:
    """Damage in the database, one line each; empty where there is none."""
    with opened(source) as conn:
        if is_server(conn):  # which looks after its files and references itself
            return _findings(conn, {what: sql for what, sql in ORPHANS.items() if what not in _OF_FTS5})
        found = [str(row[0]) for row in conn.execute("PRAGMA integrity_check") if row[0] != "ok"]
        references = (
            f"{table} row {row}: no such row in {parent}"
            for table, row, parent, _ in conn.execute("PRAGMA foreign_key_check")
        )
        return [*found, *_first_lines(references), *_findings(conn, ORPHANS)]


def evidence(source: Source) -> list[str]:
    """Evidence of alerts that is missing, one line each; empty where none is."""
    with opened(source) as conn:
        return _findings(conn, {f"missing: {what}": sql for what, sql in EVIDENCE.items()})


def _findings(conn: Connection, questions: dict[str, str]) -> list[str]:
    found: list[str] = []
    for what, sql in questions.items():
        found += _first_lines(f"{what}: {row[0]}" for row in conn.execute(sql))
    return found


def _first_lines(lines: Iterable[str]) -> list[str]:
    """The first lines, and the number of further ones."""
    every = list(lines)
    more = len(every) - SHOWN
    return [*every[:SHOWN], *([f"… and {more:,} more"] if more > 0 else [])]


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
    "an unfinished attempt for a notification that is not leased": (
        "SELECT d.notification_id FROM deliveries d JOIN notifications n ON n.id = d.notification_id"
        " WHERE d.outcome = 'started' AND n.state <> 'leased'"
    ),
    "a lease without its attempt": (
        "SELECT n.id FROM notifications n WHERE n.state = 'leased' AND NOT EXISTS"
        " (SELECT 1 FROM deliveries d WHERE d.notification_id = n.id AND d.attempt = n.attempts"
        " AND d.outcome = 'started')"
    ),
    "sent, but no attempt succeeded": (
        "SELECT n.id FROM notifications n WHERE n.state = 'sent' AND NOT EXISTS"
        " (SELECT 1 FROM deliveries d WHERE d.notification_id = n.id AND d.outcome = 'sent')"
    ),
    # the next run recovers the leases of a killed process when it starts; one it missed is lost
    "still leased by a run that has ended, though a later run has claimed since": (
        "SELECT n.id FROM notifications n INDEXED BY notifications_leased WHERE n.state = 'leased' AND EXISTS"
        " (SELECT 1 FROM deliveries d INDEXED BY deliveries_started_at WHERE d.started_at > n.lease_until"
        " AND d.run_id > n.leased_by)"
    ),
    "queued for a chat that is switched off or has moved: never sent": (
        "SELECT n.id FROM notifications n INDEXED BY notifications_queued JOIN chats c ON c.id = n.recipient_id"
        " WHERE n.state = 'queued' AND (c.enabled = 0 OR c.moved_to IS NOT NULL)"
    ),
    "queued for a channel that is not its chat's: never sent": (
        "SELECT n.id FROM notifications n INDEXED BY notifications_queued JOIN chats c ON c.id = n.recipient_id"
        " WHERE n.state = 'queued' AND n.channel <> c.channel"
    ),
    "an edit of an edit, not of the message": (
        "SELECT n.id FROM notifications n JOIN notifications m ON m.id = n.edits WHERE m.edits IS NOT NULL"
    ),
    "an alert missing in its incident's list": (
        "SELECT a.id FROM alerts a JOIN incidents i ON i.id = a.incident_id"
        " WHERE a.id NOT IN (SELECT value FROM json_each(i.alerts))"
    ),
    "live and simulated runs in one history": (
        "SELECT mode || ' ' || min(name) FROM runs GROUP BY mode HAVING (SELECT count(DISTINCT mode) FROM runs) > 1"
    ),
}
"""What must not be, though no foreign key forbids it."""
_OF_FTS5 = ("a story without its search entry", "an alert without its search entry")

EVIDENCE = {
    "an alert in an incident's list": (
        "SELECT i.id || ' names ' || e.value FROM incidents i, json_each(i.alerts) e"
        " WHERE e.value NOT IN (SELECT id FROM alerts)"
    ),
    "the text of a rule that an alert fired by": (
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
    "the quote of an alert's present price": (
        "SELECT a.id FROM alerts a WHERE NOT EXISTS"
        " (SELECT 1 FROM quotes q WHERE q.symbol = a.symbol AND q.at = a.price_at)"
    ),
}
"""Evidence that must be kept as long as its alert or incident; each finding is something missing."""
