"""Writing a batch: what a cycle observed and decided, idempotent.

Order follows the foreign keys: stories before the alerts that cite them, incidents before alerts, chats before their
notifications. Rows have keys of their own, so a repeated batch finds them: alerts and incidents keep the newest state,
everything else stays as first written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.adapters.store.codec import clean, moment_text
from bot.adapters.store.engine import Connection
from bot.adapters.store.intake import Intake
from bot.adapters.store.outbox import queue
from bot.adapters.store.reading import RULES_IN_FORCE
from bot.adapters.store.rows import ALERT, FEED, INCIDENT, insert, overwrite
from bot.core.model import AlertChange, AlertState, Batch, ChangeKind, FeedState, Incident

EVIDENCE_MARGIN = timedelta(days=1)
"""How long before an alert fired and after it last changed the quotes of its symbol count as evidence."""

_INCIDENT = (
    insert("incidents", "run_id", "last_session", *INCIDENT.columns)
    + f" ON CONFLICT (id) DO UPDATE SET {overwrite('last_session', *INCIDENT.columns[1:])}"
    + " WHERE excluded.updated_at >= incidents.updated_at"
)
_ALERT = (
    insert("alerts", "run_id", "evidence_from", "evidence_until", *ALERT.columns)
    + f" ON CONFLICT (id) DO UPDATE SET {overwrite('evidence_until', *ALERT.columns[1:])},"
    + " evidence_from = min(alerts.evidence_from, excluded.evidence_from)"
    + " WHERE excluded.updated_at >= alerts.updated_at"
)
_CHANGE = (
    insert(
        "alert_changes",
        *("alert_id", "at", "kind", "run_id", "severity", "price", "price_at", "phase", "change", "checks"),
    )
    + " ON CONFLICT DO NOTHING"
)
_FEED = (
    insert("feeds", "run_id", *FEED.columns)
    + f" ON CONFLICT (name) DO UPDATE SET {overwrite('run_id', *FEED.columns[1:])}"
)


class Writer:
    """Writes batches of one run; every method expects to be inside a transaction."""

    def __init__(self, conn: Connection, run_id: int) -> None:
        self._conn = conn
        self._run = run_id
        self._intake = Intake(conn, run_id)

    def write(self, batch: Batch) -> None:
        """All of ``batch``, in the order the foreign keys need."""
        readings = {r.story.id: r for d in batch.decisions for r in d.readings}
        self._intake.take(batch.observations, readings, (r for d in batch.decisions for r in d.refused))
        for decisions in batch.decisions:
            for incident in decisions.incidents:
                self._incident(incident)
            for change in decisions.changes:
                self._change(change)
        queue(self._conn, self._run, batch.notifications)
        self._feeds(batch.feeds)
        for name, value in batch.extras.items():
            _save_extra(self._conn, name, value, batch.now)

    def _incident(self, incident: Incident) -> None:
        last_session = max((*incident.sessions, incident.session))
        self._conn.execute(_INCIDENT, (self._run, last_session.isoformat(), *INCIDENT.row(incident)))

    def _change(self, change: AlertChange) -> None:
        """The alert as it is now, the change, and the stories it points to."""
        alert = change.alert
        if alert.state is AlertState.PENDING:
            return  # never stored
        self._conn.execute(
            "INSERT INTO rule_versions (rule, version, first_used_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (clean(alert.rule), clean(alert.rule_version), moment_text(alert.fired_at)),
        )
        since = min(alert.fired_at, alert.reference.at) if alert.reference else alert.fired_at
        evidence = (since - EVIDENCE_MARGIN, (alert.resolved_at or alert.updated_at) + EVIDENCE_MARGIN)
        row = ALERT.row(alert)
        written = self._conn.execute(_ALERT, (self._run, *map(moment_text, evidence), *row)).rowcount
        if change.kind is not ChangeKind.UPDATED:
            self._conn.execute(
                _CHANGE,
                (
                    *(clean(alert.id), moment_text(change.at), change.kind, self._run, alert.severity.word),
                    *(alert.price, moment_text(alert.price_at), alert.phase, alert.change),
                    row[ALERT.columns.index("checks")],
                ),
            )
        if written and alert.cause is not None:
            self._cite(change)

    def _cite(self, change: AlertChange) -> None:
        """Link the alert to the stories of its cause; those of a cause since corrected stay, marked ``earlier``."""
        cause = change.alert.cause
        assert cause is not None
        alert_id = clean(change.alert.id)
        self._conn.execute("UPDATE alert_stories SET role = 'earlier' WHERE alert_id = ?", (alert_id,))
        roles = dict.fromkeys(cause.stories, "counted")
        if cause.story:
            roles[cause.story] = "shown"
        for story_id, role in roles.items():
            # a story that is gone (pruned before this cause was found) is left out
            self._conn.execute(
                "INSERT INTO alert_stories (alert_id, story_id, role, cluster, topic, score)"
                " SELECT ?1, s.id, ?3, ?4, ?5, (SELECT score FROM story_scores WHERE story_id = s.id AND topic = ?5)"
                " FROM stories s WHERE s.id = ?2"
                " ON CONFLICT (alert_id, story_id) DO UPDATE SET role = excluded.role, cluster = excluded.cluster,"
                " topic = excluded.topic, score = coalesce(excluded.score, alert_stories.score)",
                (alert_id, clean(story_id), role, clean(cause.cluster) or None, clean(cause.topic) or None),
            )

    def _feeds(self, feeds: Iterable[FeedState]) -> None:
        self._conn.executemany(_FEED, [(self._run, *FEED.row(feed)) for feed in feeds])


def record_rules(conn: Connection, versions: Iterable[tuple[str, str, str]], now: datetime) -> None:
    """All rules in force from now on, as name, version and text; expects to be inside a transaction."""
    found = list(versions)
    conn.executemany(
        "INSERT INTO rule_versions (rule, version, text, first_used_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (rule, version) DO UPDATE SET text = coalesce(rule_versions.text, excluded.text)",
        [(clean(rule), clean(version), clean(text), moment_text(now)) for rule, version, text in found],
    )
    _save_extra(conn, RULES_IN_FORCE, json.dumps({rule: version for rule, version, _ in found}), now)


def _save_extra(conn: Connection, name: str, value: str, now: datetime) -> None:
    conn.execute(
        "INSERT INTO extras (name, value, updated_at) VALUES (?, ?, ?)"
        f" ON CONFLICT (name) DO UPDATE SET {overwrite('value', 'updated_at')}",
        (clean(name), clean(value), moment_text(now)),
    )
