"""What the fifth version adds for those who query: search over alerts, exposures as rows, indexes and views.

As ``tables``: never edited once released; changes come as further migrations in ``schema``.

Rows of FTS5 are known by integers. An implicit rowid may change when a database is compacted, which every backup does,
so alerts get a number of their own in ``alert_numbers``. What is searched is not stored twice: FTS5 reads it through
the view ``alert_texts``.
"""

from __future__ import annotations

_SEARCHED = {
    # column of the search: what it is, of an alert ``a``
    "symbol": "a.symbol",
    "rule": "a.rule",
    "incident": "a.incident_id",
    "cause": "json_extract(a.cause, '$.title')",
    "first_story": "json_extract(a.cause, '$.first_title')",
    "source": "json_extract(a.cause, '$.source')",
    "topic": "json_extract(a.cause, '$.topic')",
    "exposures": "json_extract(a.cause, '$.exposures')",
}
_NAMES = ", ".join(_SEARCHED)


def _texts(row: str) -> str:
    return ", ".join(text.replace("a.", f"{row}.", 1) for text in _SEARCHED.values())


def _index(row: str) -> str:
    number = f"(SELECT number FROM alert_numbers WHERE alert_id = {row}.id)"
    return f"INSERT INTO alerts_fts (rowid, {_NAMES}) VALUES ({number}, {_texts(row)});"


def _unindex(row: str) -> str:
    number = f"(SELECT number FROM alert_numbers WHERE alert_id = {row}.id)"
    return f"INSERT INTO alerts_fts (alerts_fts, rowid, {_NAMES}) VALUES ('delete', {number}, {_texts(row)});"


def _expose(row: str) -> str:
    return (
        "INSERT OR IGNORE INTO alert_exposures (exposure, fired_at, alert_id)"
        f" SELECT e.value, {row}.fired_at, {row}.id FROM json_each({row}.cause, '$.exposures') e;"
    )


SEARCH = f"""
CREATE TABLE alert_numbers (
  number INTEGER PRIMARY KEY,
  alert_id TEXT NOT NULL UNIQUE REFERENCES alerts(id),
  fired_at TEXT NOT NULL
);
CREATE INDEX alert_numbers_fired_at ON alert_numbers (fired_at);
CREATE TABLE alert_exposures (  -- by what an alert's cause reaches its symbol: the cause's exposures, for queries
  exposure TEXT NOT NULL,
  fired_at TEXT NOT NULL,
  alert_id TEXT NOT NULL REFERENCES alerts(id),
  PRIMARY KEY (exposure, fired_at, alert_id)
) WITHOUT ROWID;
CREATE INDEX alert_exposures_alert ON alert_exposures (alert_id);
CREATE VIEW alert_texts AS
SELECT n.number, {", ".join(f"{text} AS {name}" for name, text in _SEARCHED.items())}
FROM alert_numbers n JOIN alerts a ON a.id = n.alert_id;
CREATE VIRTUAL TABLE alerts_fts USING FTS5 (
  {_NAMES}, content='alert_texts', content_rowid='number', tokenize='porter unicode61 remove_diacritics 2'
);
INSERT INTO alert_numbers (alert_id, fired_at) SELECT id, fired_at FROM alerts ORDER BY fired_at, rowid;
INSERT INTO alert_exposures (exposure, fired_at, alert_id)
SELECT DISTINCT e.value, a.fired_at, a.id FROM alerts a, json_each(a.cause, '$.exposures') e;
INSERT INTO alerts_fts (alerts_fts) VALUES ('rebuild');
CREATE TRIGGER alerts_ai AFTER INSERT ON alerts BEGIN
  INSERT INTO alert_numbers (alert_id, fired_at) VALUES (new.id, new.fired_at);
  {_index("new")}
  {_expose("new")}
END;
CREATE TRIGGER alerts_ad BEFORE DELETE ON alerts BEGIN
  {_unindex("old")}
  DELETE FROM alert_exposures WHERE alert_id = old.id;
  DELETE FROM alert_numbers WHERE alert_id = old.id;
END;
-- an alert is written again with every price; the search changes only where a searched text does
CREATE TRIGGER alerts_au AFTER UPDATE OF symbol, rule, incident_id, cause ON alerts
WHEN ({_texts("old")}) IS NOT ({_texts("new")}) BEGIN
  {_unindex("old")}
  {_index("new")}
  DELETE FROM alert_exposures WHERE alert_id = old.id;
  {_expose("new")}
END;
"""

# what statistics and summaries read of many alerts is in the index itself, so that they never touch the rows
INDEXES = """
DROP INDEX alerts_rule;
CREATE INDEX alerts_rule ON alerts (rule, fired_at, symbol, severity, incident_id, worst);
DROP INDEX alerts_incident;
CREATE INDEX alerts_incident ON alerts (incident_id, worst, symbol);
CREATE INDEX verdicts_verdict ON verdicts (verdict, incident_id);
"""


def _outcome(horizon: str, name: str) -> str:
    return f"(SELECT o.change FROM outcomes o WHERE o.alert_id = a.id AND o.horizon = '{horizon}') AS after_{name}"


_VERDICTS = (
    "(SELECT count(*) FROM verdicts v WHERE v.incident_id = {row} AND v.verdict = 'right') AS confirmed,"
    " (SELECT count(*) FROM verdicts v WHERE v.incident_id = {row} AND v.verdict <> 'right') AS disputed"
)
_TOLD = ", ".join(
    (
        "(SELECT count(*) FROM notifications n WHERE n.incident_id = {row}) AS notifications",
        *(
            f"(SELECT count(*) FROM notifications n WHERE n.incident_id = {{row}} AND n.state = '{state}') AS {state}"
            for state in ("sent", "unknown")
        ),
    )
)

ALERT_HISTORY = f"""
DROP VIEW alert_history;
CREATE VIEW alert_history AS
SELECT a.id, a.fired_at, a.session, a.symbol, a.rule, a.severity, a.severity_rank, a.state, a.phase,
       a.change, a.worst, a.last_change, a.price, a.price_at, a.last_price, a.last_price_at,
       a.reference_kind, a.reference_price, a.reference_at, a.late,
       a.updated_at, a.resolved_at,
       a.cause_title, a.cause_source, a.cause_link, a.cause_topic, a.cause_score, a.cause_published_at, a.cause_seen_at,
       json_extract(a.cause, '$.confidence') AS cause_confidence, json_extract(a.cause, '$.reach') AS cause_reach,
       json_extract(a.cause, '$.exposures') AS cause_exposures,
       json_extract(a.cause, '$.first_title') AS first_story_title,
       json_extract(a.cause, '$.first_seen_at') AS first_story_seen_at,
       a.incident_id, i.lead AS incident_lead, i.severity AS incident_severity, i.state AS incident_state,
       json_array_length(i.symbols) AS incident_symbols, i.started_at AS incident_started_at,
       {_TOLD.format(row="a.incident_id")},
       {_VERDICTS.format(row="a.incident_id")},
       {_outcome("15 min", "15_min")},
       {_outcome("1 hour", "1_hour")},
       {_outcome("close", "close")},
       {_outcome("1 session", "1_session")},
       {_outcome("5 sessions", "5_sessions")},
       {_outcome("20 sessions", "20_sessions")},
       a.rule_version, r.mode AS run_mode, r.name AS run_name
FROM alerts a JOIN runs r ON r.id = a.run_id LEFT JOIN incidents i ON i.id = a.incident_id;
"""

_FIRST_CAUSE = (
    "(SELECT {what} FROM alerts a JOIN incidents m ON m.id = a.incident_id"
    " WHERE a.incident_id = i.id AND a.cause IS NOT NULL ORDER BY a.symbol <> m.lead, a.fired_at LIMIT 1)"
)

INCIDENT_SUMMARY = f"""
CREATE VIEW incident_summary AS
SELECT i.id, i.started_at, i.updated_at, i.closed_at, i.session, i.last_session, i.topic, i.severity, i.severity_rank,
       i.state, i.lead, json_array_length(i.symbols) AS symbols,
       (SELECT count(*) FROM alerts a WHERE a.incident_id = i.id) AS alerts,
       (SELECT min(a.worst) FROM alerts a WHERE a.incident_id = i.id) AS worst,
       (SELECT a.symbol FROM alerts a WHERE a.incident_id = i.id AND a.worst IS NOT NULL ORDER BY a.worst LIMIT 1)
         AS worst_symbol,
       {_FIRST_CAUSE.format(what="a.cause_title")} AS cause_title,
       {_FIRST_CAUSE.format(what="a.cause_source")} AS cause_source,
       {_FIRST_CAUSE.format(what="a.cause_link")} AS cause_link,
       {_FIRST_CAUSE.format(what="a.cause_topic")} AS cause_topic,
       {_FIRST_CAUSE.format(what="json_extract(a.cause, '$.confidence')")} AS cause_confidence,
       {_FIRST_CAUSE.format(what="json_extract(a.cause, '$.first_title')")} AS first_story_title,
       {_FIRST_CAUSE.format(what="json_extract(a.cause, '$.first_seen_at')")} AS first_story_seen_at,
       (SELECT count(DISTINCT s.story_id) FROM alerts a CROSS JOIN alert_stories s ON s.alert_id = a.id
        WHERE a.incident_id = i.id AND s.role <> 'earlier') AS stories,
       i.messages,
       {_TOLD.format(row="i.id")},
       {_VERDICTS.format(row="i.id")},
       json_extract(i.rest, '$.corrected_at') AS corrected_at,
       nullif(json_extract(i.rest, '$.acknowledged_by'), '') AS acknowledged_by,
       nullif(json_extract(i.rest, '$.merged_into'), '') AS merged_into,
       r.mode AS run_mode, r.name AS run_name
FROM incidents i JOIN runs r ON r.id = i.run_id;
"""


def _judged(test: str) -> str:
    return (
        f"(SELECT count(DISTINCT v.incident_id) FROM verdicts v WHERE v.verdict {test} AND EXISTS"
        " (SELECT 1 FROM alerts a INDEXED BY alerts_incident WHERE a.incident_id = v.incident_id AND a.rule = r.rule))"
    )


RULE_RECORD = f"""
CREATE VIEW rule_record AS
SELECT r.rule, r.versions, r.first_used_at,
       (SELECT count(*) FROM alerts a WHERE a.rule = r.rule) AS alerts,
       (SELECT count(DISTINCT a.symbol) FROM alerts a WHERE a.rule = r.rule) AS symbols,
       (SELECT count(DISTINCT a.incident_id) FROM alerts a WHERE a.rule = r.rule) AS incidents,
       (SELECT count(*) FROM alerts a WHERE a.rule = r.rule AND a.severity = 'critical') AS critical,
       (SELECT min(a.fired_at) FROM alerts a WHERE a.rule = r.rule) AS first_fired_at,
       (SELECT max(a.fired_at) FROM alerts a WHERE a.rule = r.rule) AS last_fired_at,
       (SELECT min(a.worst) FROM alerts a WHERE a.rule = r.rule) AS worst,
       {_judged("= 'right'")} AS incidents_confirmed,
       {_judged("<> 'right'")} AS incidents_disputed
FROM (SELECT rule, count(*) AS versions, min(first_used_at) AS first_used_at FROM rule_versions GROUP BY rule) r;
"""

# a condition on the rule reaches the index of alerts, because rows are grouped by it
RULE_OUTCOMES = """
CREATE VIEW rule_outcomes AS
SELECT a.rule, o.horizon, count(*) AS known, avg(o.change) AS mean, min(o.change) AS lowest, max(o.change) AS highest,
       avg(o.change < 0) AS lower, avg(o.change_from_reference) AS mean_from_reference
FROM alerts a CROSS JOIN outcomes o ON o.alert_id = a.id
WHERE o.price IS NOT NULL
GROUP BY a.rule, o.horizon;
"""

_LAST = (
    "(SELECT l.{what} FROM source_reports l WHERE l.source = w.source AND l.subject = w.subject"
    " ORDER BY l.seen_at DESC, l.trouble = 'none' LIMIT 1)"
)

SOURCE_HEALTH = f"""
CREATE VIEW source_health AS
SELECT w.source, w.subject,
       coalesce({_LAST.format(what="trouble")}, 'unknown') AS trouble,
       {_LAST.format(what="detail")} AS detail,
       {_LAST.format(what="seen_at")} AS last_report_at,
       (SELECT max(l.seen_at) FROM source_reports l
        WHERE l.source = w.source AND l.subject = w.subject AND l.trouble = 'none') AS last_good_at,
       (SELECT count(*) FROM source_reports l WHERE l.source = w.source AND l.subject = w.subject) AS reports,
       (SELECT count(*) FROM source_reports l
        WHERE l.source = w.source AND l.subject = w.subject AND l.trouble <> 'none') AS troubled,
       (SELECT max(t.seen_at) FROM stories t WHERE t.source = w.source) AS last_story_at,
       f.url, f.interval_seconds, f.next_poll_at, f.failures, f.last_ok_at, f.last_change_at, f.last_items
FROM (SELECT source, subject FROM source_reports UNION SELECT name, '' FROM feeds) w
LEFT JOIN feeds f ON f.name = w.source AND w.subject = '';
"""

VIEWS = ALERT_HISTORY + INCIDENT_SUMMARY + RULE_RECORD + RULE_OUTCOMES + SOURCE_HEALTH
