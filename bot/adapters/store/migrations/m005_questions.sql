-- For those who query: search over alerts, exposures as rows, indexes, and views that spare the joins.
--
-- FTS5 knows rows by integers. An implicit rowid may change when a database is compacted, which every backup does, so
-- alerts get a number of their own in alert_numbers. Searched text is not stored twice: FTS5 reads it through the view
-- alert_texts.

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
SELECT n.number,
       a.symbol AS symbol, a.rule AS rule, a.incident_id AS incident,
       json_extract(a.cause, '$.title') AS cause, json_extract(a.cause, '$.first_title') AS first_story,
       json_extract(a.cause, '$.source') AS source, json_extract(a.cause, '$.topic') AS topic,
       json_extract(a.cause, '$.exposures') AS exposures
FROM alert_numbers n JOIN alerts a ON a.id = n.alert_id;
CREATE VIRTUAL TABLE alerts_fts USING FTS5 (
  symbol, rule, incident, cause, first_story, source, topic, exposures,
  content='alert_texts', content_rowid='number', tokenize='porter unicode61 remove_diacritics 2'
);
INSERT INTO alert_numbers (alert_id, fired_at) SELECT id, fired_at FROM alerts ORDER BY fired_at, rowid;
INSERT INTO alert_exposures (exposure, fired_at, alert_id)
SELECT DISTINCT e.value, a.fired_at, a.id FROM alerts a, json_each(a.cause, '$.exposures') e;
INSERT INTO alerts_fts (alerts_fts) VALUES ('rebuild');
CREATE TRIGGER alerts_ai AFTER INSERT ON alerts BEGIN
  INSERT INTO alert_numbers (alert_id, fired_at) VALUES (new.id, new.fired_at);
  INSERT INTO alerts_fts (rowid, symbol, rule, incident, cause, first_story, source, topic, exposures)
  VALUES ((SELECT number FROM alert_numbers WHERE alert_id = new.id),
          new.symbol, new.rule, new.incident_id,
          json_extract(new.cause, '$.title'), json_extract(new.cause, '$.first_title'),
          json_extract(new.cause, '$.source'), json_extract(new.cause, '$.topic'),
          json_extract(new.cause, '$.exposures'));
  INSERT OR IGNORE INTO alert_exposures (exposure, fired_at, alert_id)
  SELECT e.value, new.fired_at, new.id FROM json_each(new.cause, '$.exposures') e;
END;
CREATE TRIGGER alerts_ad BEFORE DELETE ON alerts BEGIN
  INSERT INTO alerts_fts (alerts_fts, rowid, symbol, rule, incident, cause, first_story, source, topic, exposures)
  VALUES ('delete', (SELECT number FROM alert_numbers WHERE alert_id = old.id),
          old.symbol, old.rule, old.incident_id,
          json_extract(old.cause, '$.title'), json_extract(old.cause, '$.first_title'),
          json_extract(old.cause, '$.source'), json_extract(old.cause, '$.topic'),
          json_extract(old.cause, '$.exposures'));
  DELETE FROM alert_exposures WHERE alert_id = old.id;
  DELETE FROM alert_numbers WHERE alert_id = old.id;
END;
-- an alert is rewritten with every price; the search index changes only where a searched text does
CREATE TRIGGER alerts_au AFTER UPDATE OF symbol, rule, incident_id, cause ON alerts
WHEN (old.symbol, old.rule, old.incident_id,
          json_extract(old.cause, '$.title'), json_extract(old.cause, '$.first_title'),
          json_extract(old.cause, '$.source'), json_extract(old.cause, '$.topic'),
          json_extract(old.cause, '$.exposures'))
  IS NOT (new.symbol, new.rule, new.incident_id,
          json_extract(new.cause, '$.title'), json_extract(new.cause, '$.first_title'),
          json_extract(new.cause, '$.source'), json_extract(new.cause, '$.topic'),
          json_extract(new.cause, '$.exposures'))
BEGIN
  INSERT INTO alerts_fts (alerts_fts, rowid, symbol, rule, incident, cause, first_story, source, topic, exposures)
  VALUES ('delete', (SELECT number FROM alert_numbers WHERE alert_id = old.id),
          old.symbol, old.rule, old.incident_id,
          json_extract(old.cause, '$.title'), json_extract(old.cause, '$.first_title'),
          json_extract(old.cause, '$.source'), json_extract(old.cause, '$.topic'),
          json_extract(old.cause, '$.exposures'));
  INSERT INTO alerts_fts (rowid, symbol, rule, incident, cause, first_story, source, topic, exposures)
  VALUES ((SELECT number FROM alert_numbers WHERE alert_id = new.id),
          new.symbol, new.rule, new.incident_id,
          json_extract(new.cause, '$.title'), json_extract(new.cause, '$.first_title'),
          json_extract(new.cause, '$.source'), json_extract(new.cause, '$.topic'),
          json_extract(new.cause, '$.exposures'));
  DELETE FROM alert_exposures WHERE alert_id = old.id;
  INSERT OR IGNORE INTO alert_exposures (exposure, fired_at, alert_id)
  SELECT e.value, new.fired_at, new.id FROM json_each(new.cause, '$.exposures') e;
END;

-- statistics and summaries over many alerts are answered from the index alone, without reading rows
DROP INDEX alerts_rule;
CREATE INDEX alerts_rule ON alerts (rule, fired_at, symbol, severity, incident_id, worst);
DROP INDEX alerts_incident;
CREATE INDEX alerts_incident ON alerts (incident_id, worst, symbol);
CREATE INDEX verdicts_verdict ON verdicts (verdict, incident_id);

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
        ORDER BY a.symbol <> m.lead, a.fired_at LIMIT 1) AS cause_title,
       (SELECT a.cause_source
        FROM alerts a JOIN incidents m ON m.id = a.incident_id
        WHERE a.incident_id = i.id AND a.cause IS NOT NULL
        ORDER BY a.symbol <> m.lead, a.fired_at LIMIT 1) AS cause_source,
       (SELECT a.cause_link
        FROM alerts a JOIN incidents m ON m.id = a.incident_id
        WHERE a.incident_id = i.id AND a.cause IS NOT NULL
        ORDER BY a.symbol <> m.lead, a.fired_at LIMIT 1) AS cause_link,
       (SELECT a.cause_topic
        FROM alerts a JOIN incidents m ON m.id = a.incident_id
        WHERE a.incident_id = i.id AND a.cause IS NOT NULL
        ORDER BY a.symbol <> m.lead, a.fired_at LIMIT 1) AS cause_topic,
       (SELECT json_extract(a.cause, '$.confidence')
        FROM alerts a JOIN incidents m ON m.id = a.incident_id
        WHERE a.incident_id = i.id AND a.cause IS NOT NULL
        ORDER BY a.symbol <> m.lead, a.fired_at LIMIT 1) AS cause_confidence,
       (SELECT json_extract(a.cause, '$.first_title')
        FROM alerts a JOIN incidents m ON m.id = a.incident_id
        WHERE a.incident_id = i.id AND a.cause IS NOT NULL
        ORDER BY a.symbol <> m.lead, a.fired_at LIMIT 1) AS first_story_title,
       (SELECT json_extract(a.cause, '$.first_seen_at')
        FROM alerts a JOIN incidents m ON m.id = a.incident_id
        WHERE a.incident_id = i.id AND a.cause IS NOT NULL
        ORDER BY a.symbol <> m.lead, a.fired_at LIMIT 1) AS first_story_seen_at,
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

CREATE VIEW rule_record AS
SELECT r.rule, r.versions, r.first_used_at,
       (SELECT count(*) FROM alerts a WHERE a.rule = r.rule) AS alerts,
       (SELECT count(DISTINCT a.symbol) FROM alerts a WHERE a.rule = r.rule) AS symbols,
       (SELECT count(DISTINCT a.incident_id) FROM alerts a WHERE a.rule = r.rule) AS incidents,
       (SELECT count(*) FROM alerts a WHERE a.rule = r.rule AND a.severity = 'critical') AS critical,
       (SELECT min(a.fired_at) FROM alerts a WHERE a.rule = r.rule) AS first_fired_at,
       (SELECT max(a.fired_at) FROM alerts a WHERE a.rule = r.rule) AS last_fired_at,
       (SELECT min(a.worst) FROM alerts a WHERE a.rule = r.rule) AS worst,
       (SELECT count(DISTINCT v.incident_id) FROM verdicts v WHERE v.verdict = 'right' AND EXISTS
          (SELECT 1 FROM alerts a INDEXED BY alerts_incident
           WHERE a.incident_id = v.incident_id AND a.rule = r.rule)) AS incidents_confirmed,
       (SELECT count(DISTINCT v.incident_id) FROM verdicts v WHERE v.verdict <> 'right' AND EXISTS
          (SELECT 1 FROM alerts a INDEXED BY alerts_incident
           WHERE a.incident_id = v.incident_id AND a.rule = r.rule)) AS incidents_disputed
FROM (SELECT rule, count(*) AS versions, min(first_used_at) AS first_used_at FROM rule_versions GROUP BY rule) r;

-- grouped by rule first, so that a condition on the rule uses the index of alerts
CREATE VIEW rule_outcomes AS
SELECT a.rule, o.horizon, count(*) AS known, avg(o.change) AS mean, min(o.change) AS lowest, max(o.change) AS highest,
       avg(o.change < 0) AS lower, avg(o.change_from_reference) AS mean_from_reference
FROM alerts a CROSS JOIN outcomes o ON o.alert_id = a.id
WHERE o.price IS NOT NULL
GROUP BY a.rule, o.horizon;

CREATE VIEW source_health AS
SELECT w.source, w.subject,
       coalesce(
         (SELECT l.trouble
        FROM source_reports l WHERE l.source = w.source AND l.subject = w.subject
        ORDER BY l.seen_at DESC, l.trouble = 'none' LIMIT 1),
         'unknown') AS trouble,
       (SELECT l.detail
        FROM source_reports l WHERE l.source = w.source AND l.subject = w.subject
        ORDER BY l.seen_at DESC, l.trouble = 'none' LIMIT 1) AS detail,
       (SELECT l.seen_at
        FROM source_reports l WHERE l.source = w.source AND l.subject = w.subject
        ORDER BY l.seen_at DESC, l.trouble = 'none' LIMIT 1) AS last_report_at,
       (SELECT max(l.seen_at) FROM source_reports l
        WHERE l.source = w.source AND l.subject = w.subject AND l.trouble = 'none') AS last_good_at,
       (SELECT count(*) FROM source_reports l WHERE l.source = w.source AND l.subject = w.subject) AS reports,
       (SELECT count(*) FROM source_reports l
        WHERE l.source = w.source AND l.subject = w.subject AND l.trouble <> 'none') AS troubled,
       (SELECT max(t.seen_at) FROM stories t WHERE t.source = w.source) AS last_story_at,
       f.url, f.interval_seconds, f.next_poll_at, f.failures, f.last_ok_at, f.last_change_at, f.last_items
FROM (SELECT source, subject FROM source_reports UNION SELECT name, '' FROM feeds) w
LEFT JOIN feeds f ON f.name = w.source AND w.subject = '';
