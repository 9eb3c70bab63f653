-- Labels of the rule with which an alert fired, as a JSON object: {"desk":"semis"}.

ALTER TABLE alerts ADD COLUMN labels text COLLATE "C" NOT NULL DEFAULT '{}' CHECK (is_json(labels));
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
       json_number(a.cause, '$.confidence') AS cause_confidence, json_extract(a.cause, '$.reach') AS cause_reach,
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
       a.labels, a.rule_version, r.mode AS run_mode, r.name AS run_name
FROM alerts a JOIN runs r ON r.id = a.run_id LEFT JOIN incidents i ON i.id = a.incident_id;
