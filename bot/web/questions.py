"""Questions kept ready under the tables: SQL that anybody may open, change and run again."""

from __future__ import annotations

from typing import Any

_PERCENT = "round(100 * {0}, 1)"

QUESTIONS: dict[str, dict[str, Any]] = {
    "this_week": {
        "title": "This week's incidents",
        "description": "Incidents that began in the last seven days, newest first. Changes in per cent.",
        "sql": """SELECT started_at, id AS incident_id, lead, symbols AS stocks, round(100 * worst, 1) AS worst_pct,
       worst_symbol, severity, state, cause_title, cause_source, cause_link, messages, confirmed, disputed
FROM incident_summary
WHERE started_at >= strftime('%Y-%m-%dT%H:%M:%S', 'now', '-7 days')
ORDER BY started_at DESC""",
    },
    "whole_alert": {
        "title": "An alert's full story",
        "description": "Everything about one alert in the order it happened: prices it rested on apart, which its page "
        "draws. Without an id: the newest alert.",
        "params": ["alert"],
        "sql": """WITH chosen AS (
  SELECT * FROM alerts
  WHERE id = coalesce(nullif(:alert, ''), (SELECT id FROM alerts ORDER BY fired_at DESC, rowid DESC LIMIT 1))
)
SELECT at, what, said, change_pct, alert_id FROM (
  SELECT s.seen_at AS at, 'story (' || e.role || ')' AS what,
         s.title || ' — ' || coalesce(nullif(s.publisher, ''), s.source) AS said, NULL AS change_pct, c.id AS alert_id
  FROM chosen c JOIN alert_stories e ON e.alert_id = c.id JOIN stories s ON s.id = e.story_id
  UNION ALL
  SELECT h.at, h.kind, c.symbol || ' ' || h.price || ', ' || h.severity || ' (' || c.rule || ')',
         round(100 * h.change, 1), c.id
  FROM chosen c JOIN alert_changes h ON h.alert_id = c.id
  UNION ALL
  SELECT n.created_at, 'message (' || n.reason || ', ' || n.state || ')',
         substr(n.text, 1, instr(n.text || char(10), char(10)) - 1) || ' → ' || n.recipient_id, NULL, c.id
  FROM chosen c JOIN notifications n ON n.incident_id = c.incident_id
  UNION ALL
  SELECT o.price_at, 'followed: ' || o.horizon, CAST(o.price AS TEXT), round(100 * o.change, 1), c.id
  FROM chosen c JOIN outcomes o ON o.alert_id = c.id WHERE o.price IS NOT NULL
  UNION ALL
  SELECT v.at, 'verdict', v.verdict, NULL, c.id FROM chosen c JOIN verdicts v ON v.incident_id = c.incident_id
)
ORDER BY at""",
    },
    "record_of_a_rule": {
        "title": "A rule's record",
        "description": "How often a rule fired, and what followed within each horizon. Changes in per cent, against "
        "the price it fired on. Without a name: the rule that fired last.",
        "params": ["rule"],
        "sql": """WITH chosen AS (
  SELECT coalesce(nullif(:rule, ''), (SELECT rule FROM alerts ORDER BY fired_at DESC, rowid DESC LIMIT 1)) AS rule
)
SELECT r.rule, r.alerts, r.symbols AS stocks, r.incidents, r.critical, r.incidents_confirmed AS confirmed,
       r.incidents_disputed AS disputed, o.horizon, o.known, round(100 * o.mean, 1) AS mean_pct,
       round(100 * o.lowest, 1) AS lowest_pct, round(100 * o.highest, 1) AS highest_pct,
       round(100 * o.lower, 1) AS lower_pct
FROM chosen c JOIN rule_record r ON r.rule = c.rule LEFT JOIN rule_outcomes o ON o.rule = c.rule
ORDER BY CASE o.horizon WHEN '15 min' THEN 1 WHEN '1 hour' THEN 2 WHEN 'close' THEN 3 WHEN '1 session' THEN 4
         WHEN '5 sessions' THEN 5 ELSE 6 END""",
    },
    "sources_by_health": {
        "title": "Sources by health",
        "description": "Feeds, prices, calendar and channels, those in trouble first.",
        "sql": """SELECT source, subject, trouble, detail, last_report_at, last_good_at, last_story_at, failures,
       next_poll_at, url
FROM source_health
ORDER BY trouble = 'none', source, subject""",
    },
    "deepest_falls": {
        "title": "The deepest falls",
        "description": "Alerts by how far they went, of a year, a month or a day, as 2025 or 2025-01-27; without one: "
        "of all. Changes in per cent.",
        "params": ["when"],
        "sql": """SELECT fired_at, id AS alert_id, symbol, round(100 * worst, 1) AS worst_pct, rule, severity,
       cause_title, cause_source, cause_link, round(100 * after_1_session, 1) AS next_session_pct,
       round(100 * after_5_sessions, 1) AS five_sessions_pct, incident_id
FROM alert_history
WHERE fired_at >= coalesce(:when, '') AND fired_at < coalesce(:when, '') || '~'
ORDER BY worst LIMIT 100""",
    },
    "who_was_first": {
        "title": "Who was first with the news",
        "description": "Outlets by how many alerts their stories explain, and by how many incidents they were the "
        "first to tell.",
        "sql": """WITH told AS (
  SELECT a.incident_id, a.id AS alert, coalesce(nullif(s.publisher, ''), s.source) AS outlet, s.seen_at
  FROM alert_stories e JOIN alerts a ON a.id = e.alert_id JOIN stories s ON s.id = e.story_id
  WHERE e.role <> 'earlier'
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY incident_id ORDER BY seen_at) AS place FROM told
)
SELECT outlet, count(DISTINCT alert) AS alerts, count(DISTINCT incident_id) AS incidents, sum(place = 1) AS first_with
FROM ranked GROUP BY outlet ORDER BY first_with DESC, alerts DESC LIMIT 100""",
    },
}
