-- What an alert was when it fired stands apart from what it was when it reached its severity; and an incident's cause is
-- one that is no more than possible only where it has no other.

DROP VIEW alert_history;
CREATE VIEW alert_history AS
SELECT a.id, a.fired_at,
       (SELECT c.price FROM alert_changes c WHERE c.alert_id = a.id AND c.kind = 'fired' ORDER BY c.at LIMIT 1)
         AS fired_price,
       (SELECT c.price_at FROM alert_changes c WHERE c.alert_id = a.id AND c.kind = 'fired' ORDER BY c.at LIMIT 1)
         AS fired_price_at,
       (SELECT c.change FROM alert_changes c WHERE c.alert_id = a.id AND c.kind = 'fired' ORDER BY c.at LIMIT 1)
         AS fired_change,
       a.session, a.symbol, a.rule, a.severity, a.severity_rank,
       (SELECT max(c.at) FROM alert_changes c WHERE c.alert_id = a.id AND c.kind <> 'resolved') AS severity_at,
       a.price AS severity_price, a.price_at AS severity_price_at, a.change AS severity_change,
       a.phase AS severity_phase, a.state, a.worst, a.last_change, a.last_price, a.last_price_at,
       a.reference_kind, a.reference_price, a.reference_at, a.late,
       a.updated_at, a.resolved_at,
       a.cause_title, a.cause_source, a.cause_link, a.cause_topic, a.cause_score, a.cause_published_at, a.cause_seen_at,
       json_extract(a.cause, '$.confidence') AS cause_confidence, json_extract(a.cause, '$.reach') AS cause_reach,
       json_extract(a.cause, '$.exposures') AS cause_exposures,
       json_extract(a.cause, '$.first_title') AS first_story_title,
       json_extract(a.cause, '$.first_seen_at') AS first_story_seen_at,
       a.incident_id, i.lead AS incident_lead, i.severity AS incident_severity, i.state AS incident_state,
       json_array_length(i.symbols) AS incident_symbols, i.started_at AS incident_started_at,
       (SELECT count(*) FROM notifications n WHERE n.incident_id = a.incident_id) AS notifications,
       (SELECT count(*) FROM notifications n WHERE n.incident_id = a.incident_id AND n.state = 'sent') AS sent,
       (SELECT count(*) FROM notifications n WHERE n.incident_id = a.incident_id AND n.state = 'unknown') AS unknown,
       (SELECT count(*) FROM verdicts v WHERE v.incident_id = a.incident_id AND v.verdict = 'right') AS confirmed,
       (SELECT count(*) FROM verdicts v WHERE v.incident_id = a.incident_id AND v.verdict <> 'right') AS disputed,
       (SELECT o.change FROM outcomes o WHERE o.alert_id = a.id AND o.horizon = '15 min') AS after_15_min,
       (SELECT o.change FROM outcomes o WHERE o.alert_id = a.id AND o.horizon = '1 hour') AS after_1_hour,
       (SELECT o.change FROM outcomes o WHERE o.alert_id = a.id AND o.horizon = 'close') AS after_close,
       (SELECT o.change FROM outcomes o WHERE o.alert_id = a.id AND o.horizon = '1 session') AS after_1_session,
       (SELECT o.change FROM outcomes o WHERE o.alert_id = a.id AND o.horizon = '5 sessions') AS after_5_sessions,
       (SELECT o.change FROM outcomes o WHERE o.alert_id = a.id AND o.horizon = '20 sessions') AS after_20_sessions,
       a.rule_version, r.mode AS run_mode, r.name AS run_name
FROM alerts a JOIN runs r ON r.id = a.run_id LEFT JOIN incidents i ON i.id = a.incident_id;

-- a cause below 0.6 is told as no more than possible
DROP VIEW incident_summary;
CREATE VIEW incident_summary AS
SELECT i.id, i.started_at, i.updated_at, i.closed_at, i.session, i.last_session, i.topic, i.severity, i.severity_rank,
       i.state, i.lead, json_array_length(i.symbols) AS symbols,
       (SELECT count(*) FROM alerts a WHERE a.incident_id = i.id) AS alerts,
       (SELECT min(a.worst) FROM alerts a WHERE a.incident_id = i.id) AS worst,
       (SELECT a.symbol FROM alerts a WHERE a.incident_id = i.id AND a.worst IS NOT NULL ORDER BY a.worst LIMIT 1)
         AS worst_symbol,
       (SELECT a.cause_title
        FROM alerts a JOIN incidents m ON m.id = a.incident_id
        WHERE a.incident_id = i.id AND a.cause IS NOT NULL
        ORDER BY coalesce(json_extract(a.cause, '$.confidence') < 0.6, 0), a.symbol <> m.lead,
          json_extract(a.cause, '$.confidence') DESC, a.fired_at LIMIT 1) AS cause_title,
       (SELECT a.cause_source
        FROM alerts a JOIN incidents m ON m.id = a.incident_id
        WHERE a.incident_id = i.id AND a.cause IS NOT NULL
        ORDER BY coalesce(json_extract(a.cause, '$.confidence') < 0.6, 0), a.symbol <> m.lead,
          json_extract(a.cause, '$.confidence') DESC, a.fired_at LIMIT 1) AS cause_source,
       (SELECT a.cause_link
        FROM alerts a JOIN incidents m ON m.id = a.incident_id
        WHERE a.incident_id = i.id AND a.cause IS NOT NULL
        ORDER BY coalesce(json_extract(a.cause, '$.confidence') < 0.6, 0), a.symbol <> m.lead,
          json_extract(a.cause, '$.confidence') DESC, a.fired_at LIMIT 1) AS cause_link,
       (SELECT a.cause_topic
        FROM alerts a JOIN incidents m ON m.id = a.incident_id
        WHERE a.incident_id = i.id AND a.cause IS NOT NULL
        ORDER BY coalesce(json_extract(a.cause, '$.confidence') < 0.6, 0), a.symbol <> m.lead,
          json_extract(a.cause, '$.confidence') DESC, a.fired_at LIMIT 1) AS cause_topic,
       (SELECT json_extract(a.cause, '$.confidence')
        FROM alerts a JOIN incidents m ON m.id = a.incident_id
        WHERE a.incident_id = i.id AND a.cause IS NOT NULL
        ORDER BY coalesce(json_extract(a.cause, '$.confidence') < 0.6, 0), a.symbol <> m.lead,
          json_extract(a.cause, '$.confidence') DESC, a.fired_at LIMIT 1) AS cause_confidence,
       (SELECT json_extract(a.cause, '$.first_title')
        FROM alerts a JOIN incidents m ON m.id = a.incident_id
        WHERE a.incident_id = i.id AND a.cause IS NOT NULL
        ORDER BY coalesce(json_extract(a.cause, '$.confidence') < 0.6, 0), a.symbol <> m.lead,
          json_extract(a.cause, '$.confidence') DESC, a.fired_at LIMIT 1) AS first_story_title,
       (SELECT json_extract(a.cause, '$.first_seen_at')
        FROM alerts a JOIN incidents m ON m.id = a.incident_id
        WHERE a.incident_id = i.id AND a.cause IS NOT NULL
        ORDER BY coalesce(json_extract(a.cause, '$.confidence') < 0.6, 0), a.symbol <> m.lead,
          json_extract(a.cause, '$.confidence') DESC, a.fired_at LIMIT 1) AS first_story_seen_at,
       (SELECT count(DISTINCT s.story_id) FROM alerts a CROSS JOIN alert_stories s ON s.alert_id = a.id
        WHERE a.incident_id = i.id AND s.role <> 'earlier') AS stories,
       i.messages,
       (SELECT count(*) FROM notifications n WHERE n.incident_id = i.id) AS notifications,
       (SELECT count(*) FROM notifications n WHERE n.incident_id = i.id AND n.state = 'sent') AS sent,
       (SELECT count(*) FROM notifications n WHERE n.incident_id = i.id AND n.state = 'unknown') AS unknown,
       (SELECT count(*) FROM verdicts v WHERE v.incident_id = i.id AND v.verdict = 'right') AS confirmed,
       (SELECT count(*) FROM verdicts v WHERE v.incident_id = i.id AND v.verdict <> 'right') AS disputed,
       json_extract(i.rest, '$.corrected_at') AS corrected_at,
       nullif(json_extract(i.rest, '$.acknowledged_by'), '') AS acknowledged_by,
       nullif(json_extract(i.rest, '$.merged_into'), '') AS merged_into,
       r.mode AS run_mode, r.name AS run_name
FROM incidents i JOIN runs r ON r.id = i.run_id;
