-- Conventions: times are 2025-01-27T14:30:00.000000Z; a fall of 10 % is -0.1; …_id is a foreign key (run_id: the run
-- that wrote the row); columns with a plural name (symbols, checks) and cause, reference, summary hold JSON, as does
-- rest, for the fields without a column of their own. Virtual columns repeat what is inside JSON or behind a word, for
-- queries. arrival numbers all observations in the order they came, so that a replay of them is exact.

CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  mode TEXT NOT NULL CHECK (mode IN ('live', 'replay', 'backtest')),
  name TEXT NOT NULL,
  started_at TEXT NOT NULL CHECK (started_at GLOB '????-??-??T??:??:??.??????Z'),
  ended_at TEXT CHECK (ended_at GLOB '????-??-??T??:??:??.??????Z'),
  version TEXT NOT NULL,
  pid INTEGER
);
CREATE TABLE stories (
  arrival INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id),
  id TEXT NOT NULL UNIQUE,
  source TEXT NOT NULL, publisher TEXT NOT NULL,
  title TEXT NOT NULL, summary TEXT NOT NULL, link TEXT NOT NULL,
  seen_at TEXT NOT NULL CHECK (seen_at GLOB '????-??-??T??:??:??.??????Z'),
  published_at TEXT CHECK (published_at GLOB '????-??-??T??:??:??.??????Z'),
  seeded INTEGER NOT NULL DEFAULT 0 CHECK (seeded IN (0, 1)),
  revises TEXT,
  keys TEXT NOT NULL CHECK (json_valid(keys)),
  cluster TEXT, novelty REAL,
  mentions TEXT CHECK (mentions IS NULL OR json_valid(mentions)),
  exposures TEXT CHECK (exposures IS NULL OR json_valid(exposures))
);
CREATE INDEX stories_seen_at ON stories (seen_at);
CREATE INDEX stories_source ON stories (source, seen_at);
CREATE INDEX stories_cluster ON stories (cluster, seen_at) WHERE cluster IS NOT NULL;
CREATE TABLE story_keys (
  key TEXT PRIMARY KEY,
  story_id TEXT NOT NULL,  -- no foreign key: the seen-set outlives the stories
  seen_at TEXT NOT NULL CHECK (seen_at GLOB '????-??-??T??:??:??.??????Z')
) WITHOUT ROWID;
CREATE TABLE story_scores (
  story_id TEXT NOT NULL REFERENCES stories(id) ON DELETE CASCADE,
  topic TEXT NOT NULL,
  score REAL NOT NULL,
  reasons TEXT NOT NULL CHECK (json_valid(reasons)),
  PRIMARY KEY (story_id, topic)
) WITHOUT ROWID;
CREATE INDEX story_scores_topic ON story_scores (topic, score);
CREATE TABLE quotes (
  arrival INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id),
  symbol TEXT NOT NULL,
  price REAL NOT NULL CHECK (price > 0),
  at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??.??????Z'),
  seen_at TEXT NOT NULL CHECK (seen_at GLOB '????-??-??T??:??:??.??????Z'),
  kind TEXT NOT NULL CHECK (kind IN ('trade', 'open', 'low', 'high', 'close')),
  previous_close REAL, volume REAL, currency TEXT NOT NULL, source TEXT NOT NULL, basis TEXT
);
CREATE INDEX quotes_symbol ON quotes (symbol, at);
CREATE INDEX quotes_seen_at ON quotes (seen_at);
CREATE TABLE refused_quotes (
  run_id INTEGER NOT NULL REFERENCES runs(id),
  symbol TEXT NOT NULL, why TEXT NOT NULL, kind TEXT NOT NULL,
  at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??.??????Z'),
  price REAL,  -- NULL: not a number
  first_seen_at TEXT NOT NULL CHECK (first_seen_at GLOB '????-??-??T??:??:??.??????Z'),
  last_seen_at TEXT NOT NULL CHECK (last_seen_at GLOB '????-??-??T??:??:??.??????Z'),
  times INTEGER NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (symbol, why, kind, at)
) WITHOUT ROWID;
CREATE INDEX refused_quotes_seen_at ON refused_quotes (last_seen_at);
CREATE TABLE daily_bars (
  arrival INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id),
  symbol TEXT NOT NULL, session TEXT NOT NULL,
  open REAL, high REAL, low REAL, close REAL NOT NULL, volume REAL,
  seen_at TEXT NOT NULL CHECK (seen_at GLOB '????-??-??T??:??:??.??????Z'), source TEXT NOT NULL
);
CREATE INDEX daily_bars_symbol ON daily_bars (symbol, session, seen_at);
CREATE INDEX daily_bars_session ON daily_bars (session);
CREATE TABLE splits (
  arrival INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id),
  symbol TEXT NOT NULL, session TEXT NOT NULL, ratio REAL NOT NULL CHECK (ratio > 0),
  seen_at TEXT NOT NULL CHECK (seen_at GLOB '????-??-??T??:??:??.??????Z'),
  UNIQUE (symbol, session, ratio)
);
CREATE TABLE feeds (
  name TEXT PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id),
  url TEXT NOT NULL,
  etag TEXT, last_modified TEXT, body_hash TEXT,
  interval_seconds REAL NOT NULL,
  next_poll_at TEXT CHECK (next_poll_at GLOB '????-??-??T??:??:??.??????Z'),
  failures INTEGER NOT NULL,
  seeded INTEGER NOT NULL DEFAULT 0 CHECK (seeded IN (0, 1)),
  last_ok_at TEXT CHECK (last_ok_at GLOB '????-??-??T??:??:??.??????Z'),
  last_change_at TEXT CHECK (last_change_at GLOB '????-??-??T??:??:??.??????Z'),
  last_items INTEGER NOT NULL, last_error TEXT NOT NULL,
  rest TEXT NOT NULL CHECK (json_valid(rest))
);
CREATE TABLE source_reports (
  run_id INTEGER NOT NULL REFERENCES runs(id),
  source TEXT NOT NULL, subject TEXT NOT NULL,
  seen_at TEXT NOT NULL CHECK (seen_at GLOB '????-??-??T??:??:??.??????Z'),
  trouble TEXT NOT NULL CHECK (trouble IN ('none', 'failed', 'empty', 'stale', 'refused')),
  detail TEXT NOT NULL, items INTEGER NOT NULL, fresh INTEGER NOT NULL, status INTEGER,
  PRIMARY KEY (source, subject, seen_at, trouble)
) WITHOUT ROWID;

CREATE TABLE rule_versions (
  rule TEXT NOT NULL, version TEXT NOT NULL,
  text TEXT,  -- NULL: an alert names the version, but its text was not recorded
  first_used_at TEXT NOT NULL CHECK (first_used_at GLOB '????-??-??T??:??:??.??????Z'),
  PRIMARY KEY (rule, version)
) WITHOUT ROWID;
CREATE TABLE incidents (
  id TEXT PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id),
  topic TEXT,
  clusters TEXT NOT NULL CHECK (json_valid(clusters)),
  session TEXT NOT NULL, sessions TEXT NOT NULL CHECK (json_valid(sessions)), last_session TEXT NOT NULL,
  started_at TEXT NOT NULL CHECK (started_at GLOB '????-??-??T??:??:??.??????Z'),
  updated_at TEXT NOT NULL CHECK (updated_at GLOB '????-??-??T??:??:??.??????Z'),
  closed_at TEXT CHECK (closed_at GLOB '????-??-??T??:??:??.??????Z'),
  severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'high', 'critical')),
  severity_rank INTEGER GENERATED ALWAYS AS
    (CASE severity WHEN 'info' THEN 1 WHEN 'warning' THEN 2 WHEN 'high' THEN 3 ELSE 4 END) VIRTUAL,
  state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
  lead TEXT NOT NULL, symbols TEXT NOT NULL CHECK (json_valid(symbols)),
  alerts TEXT NOT NULL CHECK (json_valid(alerts)),
  messages INTEGER NOT NULL,
  told_at TEXT CHECK (told_at GLOB '????-??-??T??:??:??.??????Z'), told_breadth INTEGER NOT NULL, told_severity TEXT,
  follow_ups TEXT NOT NULL CHECK (json_valid(follow_ups)),
  rest TEXT NOT NULL CHECK (json_valid(rest))
);
CREATE INDEX incidents_started_at ON incidents (started_at);
CREATE INDEX incidents_last_session ON incidents (last_session);
CREATE INDEX incidents_open ON incidents (state) WHERE state = 'open';
CREATE TABLE alerts (
  id TEXT PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id),
  fingerprint TEXT NOT NULL,
  rule TEXT NOT NULL, rule_version TEXT NOT NULL,
  symbol TEXT NOT NULL, session TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'high', 'critical')),
  severity_rank INTEGER GENERATED ALWAYS AS
    (CASE severity WHEN 'info' THEN 1 WHEN 'warning' THEN 2 WHEN 'high' THEN 3 ELSE 4 END) VIRTUAL,
  state TEXT NOT NULL CHECK (state IN ('firing', 'resolved')),
  fired_at TEXT NOT NULL CHECK (fired_at GLOB '????-??-??T??:??:??.??????Z'),
  updated_at TEXT NOT NULL CHECK (updated_at GLOB '????-??-??T??:??:??.??????Z'),
  resolved_at TEXT CHECK (resolved_at GLOB '????-??-??T??:??:??.??????Z'),
  price REAL NOT NULL, price_at TEXT NOT NULL CHECK (price_at GLOB '????-??-??T??:??:??.??????Z'),
  phase TEXT NOT NULL CHECK (phase IN ('pre', 'regular', 'post', 'closed')),
  change REAL, worst REAL, late INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1)),
  last_price REAL, last_price_at TEXT CHECK (last_price_at GLOB '????-??-??T??:??:??.??????Z'), last_change REAL,
  incident_id TEXT REFERENCES incidents(id) DEFERRABLE INITIALLY DEFERRED,
  reference TEXT CHECK (reference IS NULL OR json_valid(reference)),
  reference_kind TEXT GENERATED ALWAYS AS (json_extract(reference, '$.kind')) VIRTUAL,
  reference_price REAL GENERATED ALWAYS AS (json_extract(reference, '$.price')) VIRTUAL,
  reference_at TEXT GENERATED ALWAYS AS (json_extract(reference, '$.at')) VIRTUAL,
  cause TEXT CHECK (cause IS NULL OR json_valid(cause)),
  cause_cluster TEXT GENERATED ALWAYS AS (json_extract(cause, '$.cluster')) VIRTUAL,
  cause_topic TEXT GENERATED ALWAYS AS (json_extract(cause, '$.topic')) VIRTUAL,
  cause_title TEXT GENERATED ALWAYS AS (json_extract(cause, '$.title')) VIRTUAL,
  cause_source TEXT GENERATED ALWAYS AS (json_extract(cause, '$.source')) VIRTUAL,
  cause_link TEXT GENERATED ALWAYS AS (json_extract(cause, '$.link')) VIRTUAL,
  cause_score REAL GENERATED ALWAYS AS (json_extract(cause, '$.score')) VIRTUAL,
  cause_published_at TEXT GENERATED ALWAYS AS (json_extract(cause, '$.published_at')) VIRTUAL,
  cause_seen_at TEXT GENERATED ALWAYS AS (json_extract(cause, '$.seen_at')) VIRTUAL,
  evidence_from TEXT NOT NULL CHECK (evidence_from GLOB '????-??-??T??:??:??.??????Z'),
  -- quotes of the symbol between these two are kept for ever
  evidence_until TEXT NOT NULL CHECK (evidence_until GLOB '????-??-??T??:??:??.??????Z'),
  checks TEXT NOT NULL CHECK (json_valid(checks)),
  rest TEXT NOT NULL CHECK (json_valid(rest)),
  FOREIGN KEY (rule, rule_version) REFERENCES rule_versions (rule, version)
);
CREATE INDEX alerts_fired_at ON alerts (fired_at);
CREATE INDEX alerts_symbol ON alerts (symbol, fired_at);
CREATE INDEX alerts_rule ON alerts (rule, fired_at);
CREATE INDEX alerts_severity ON alerts (severity, fired_at);
CREATE INDEX alerts_session ON alerts (session);
CREATE INDEX alerts_incident ON alerts (incident_id);
CREATE INDEX alerts_firing ON alerts (state) WHERE state = 'firing';
CREATE INDEX alerts_cause ON alerts (cause_cluster);
CREATE INDEX alerts_evidence ON alerts (symbol, evidence_from, evidence_until);
CREATE TABLE alert_changes (  -- firing, each rise of severity and resolution, with the checks as they stood
  alert_id TEXT NOT NULL REFERENCES alerts(id),
  at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??.??????Z'),
  kind TEXT NOT NULL CHECK (kind IN ('fired', 'escalated', 'resolved')),
  run_id INTEGER NOT NULL REFERENCES runs(id),
  severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'high', 'critical')),
  price REAL NOT NULL, price_at TEXT NOT NULL CHECK (price_at GLOB '????-??-??T??:??:??.??????Z'),
  phase TEXT NOT NULL, change REAL,
  checks TEXT NOT NULL CHECK (json_valid(checks)),
  PRIMARY KEY (alert_id, at, kind)
) WITHOUT ROWID;
CREATE TABLE alert_stories (  -- the stories an alert points to as its cause
  alert_id TEXT NOT NULL REFERENCES alerts(id),
  story_id TEXT NOT NULL REFERENCES stories(id),
  role TEXT NOT NULL CHECK (role IN ('shown', 'counted', 'earlier')),  -- earlier: of a cause that was corrected since
  cluster TEXT, topic TEXT, score REAL,
  PRIMARY KEY (alert_id, story_id)
) WITHOUT ROWID;
CREATE INDEX alert_stories_story ON alert_stories (story_id);
CREATE TABLE outcomes (
  alert_id TEXT NOT NULL REFERENCES alerts(id),
  horizon TEXT NOT NULL,  -- 15m, 1h, close, 1 session, 5 sessions
  run_id INTEGER NOT NULL REFERENCES runs(id),
  at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??.??????Z'), price REAL, change REAL,
  PRIMARY KEY (alert_id, horizon)
) WITHOUT ROWID;
CREATE TABLE silences (
  id TEXT PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id),
  created_at TEXT NOT NULL CHECK (created_at GLOB '????-??-??T??:??:??.??????Z'),
  until TEXT NOT NULL CHECK (until GLOB '????-??-??T??:??:??.??????Z'),
  matcher TEXT NOT NULL CHECK (json_valid(matcher)),
  made_by TEXT NOT NULL, comment TEXT NOT NULL
);
CREATE TABLE extras (name TEXT PRIMARY KEY, value TEXT NOT NULL,
  updated_at TEXT NOT NULL CHECK (updated_at GLOB '????-??-??T??:??:??.??????Z')) WITHOUT ROWID;

CREATE TABLE chats (
  id TEXT PRIMARY KEY,
  channel TEXT NOT NULL, name TEXT NOT NULL,
  operator INTEGER NOT NULL DEFAULT 0 CHECK (operator IN (0, 1)),
  min_severity TEXT NOT NULL CHECK (min_severity IN ('info', 'warning', 'high', 'critical')),
  symbols TEXT NOT NULL CHECK (json_valid(symbols)),
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  rest TEXT NOT NULL CHECK (json_valid(rest)),
  moved_to TEXT REFERENCES chats(id)  -- the channel gave the chat a new id
);
CREATE TABLE notifications (
  id TEXT PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id),
  announcement TEXT NOT NULL,
  recipient_id TEXT NOT NULL REFERENCES chats(id),
  channel TEXT NOT NULL,
  incident_id TEXT REFERENCES incidents(id) DEFERRABLE INITIALLY DEFERRED,
  reason TEXT NOT NULL CHECK (reason IN (
    'first', 'escalated', 'widened', 'corrected', 'follow_up', 'resolved', 'digest', 'operator')),
  severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'high', 'critical')),
  severity_rank INTEGER GENERATED ALWAYS AS
    (CASE severity WHEN 'info' THEN 1 WHEN 'warning' THEN 2 WHEN 'high' THEN 3 ELSE 4 END) VIRTUAL,
  created_at TEXT NOT NULL CHECK (created_at GLOB '????-??-??T??:??:??.??????Z'),
  edits TEXT REFERENCES notifications(id) DEFERRABLE INITIALLY DEFERRED,  -- always the message's first notification
  replies_to TEXT REFERENCES notifications(id) DEFERRABLE INITIALLY DEFERRED,
  state TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'sent', 'unknown', 'failed', 'superseded', 'suppressed')),
  suppressed_by TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  not_before TEXT CHECK (not_before GLOB '????-??-??T??:??:??.??????Z'),
  leased_by INTEGER REFERENCES runs(id), lease_until TEXT CHECK (lease_until GLOB '????-??-??T??:??:??.??????Z'),
  message_id TEXT,  -- in the recipient's chat as it now is; gone when the chat moved
  error TEXT,
  settled_at TEXT CHECK (settled_at GLOB '????-??-??T??:??:??.??????Z'),
  summary TEXT NOT NULL CHECK (json_valid(summary)), text TEXT NOT NULL,  -- long, so last: a look at the queue must not read through them
  rest TEXT NOT NULL CHECK (json_valid(rest)),
  UNIQUE (announcement, recipient_id),
  CHECK ((state = 'leased') = (leased_by IS NOT NULL)),
  CHECK ((state = 'leased') = (lease_until IS NOT NULL))
);
CREATE INDEX notifications_queued ON notifications (recipient_id) WHERE state = 'queued';
CREATE INDEX notifications_leased ON notifications (recipient_id) WHERE state = 'leased';
CREATE INDEX notifications_unknown ON notifications (created_at) WHERE state = 'unknown';
CREATE INDEX notifications_edits ON notifications (edits, state) WHERE edits IS NOT NULL;
CREATE INDEX notifications_incident ON notifications (incident_id, state);
CREATE INDEX notifications_recipient ON notifications (recipient_id, created_at);
CREATE INDEX notifications_created_at ON notifications (created_at);
CREATE TABLE deliveries (
  notification_id TEXT NOT NULL REFERENCES notifications(id),
  attempt INTEGER NOT NULL CHECK (attempt > 0),
  run_id INTEGER NOT NULL REFERENCES runs(id),
  recipient_id TEXT NOT NULL,  -- where this attempt went, also when the chat has moved since
  started_at TEXT NOT NULL CHECK (started_at GLOB '????-??-??T??:??:??.??????Z'),
  ended_at TEXT CHECK (ended_at GLOB '????-??-??T??:??:??.??????Z'),
  outcome TEXT NOT NULL CHECK (outcome IN ('started', 'sent', 'retry', 'unknown', 'failed')),
  message_id TEXT, error TEXT NOT NULL DEFAULT '', retry_at TEXT CHECK (retry_at GLOB '????-??-??T??:??:??.??????Z'),
  PRIMARY KEY (notification_id, attempt)
) WITHOUT ROWID;
CREATE INDEX deliveries_started_at ON deliveries (started_at);

-- the triggers are ours: those sqlite-utils makes also fire where only the cluster of a story changed
CREATE VIRTUAL TABLE "stories_fts" USING FTS5 (
    "title", "summary",
    tokenize='porter unicode61 remove_diacritics 2',
    content="stories"
);

CREATE TRIGGER stories_ai AFTER INSERT ON stories BEGIN
  INSERT INTO stories_fts (rowid, title, summary) VALUES (new.arrival, new.title, new.summary);
END;
CREATE TRIGGER stories_ad AFTER DELETE ON stories BEGIN
  INSERT INTO stories_fts (stories_fts, rowid, title, summary) VALUES ('delete', old.arrival, old.title, old.summary);
END;
CREATE TRIGGER stories_au AFTER UPDATE OF title, summary ON stories BEGIN
  INSERT INTO stories_fts (stories_fts, rowid, title, summary) VALUES ('delete', old.arrival, old.title, old.summary);
  INSERT INTO stories_fts (rowid, title, summary) VALUES (new.arrival, new.title, new.summary);
END;

CREATE VIEW alert_history AS
SELECT a.id, a.fired_at, a.session, a.symbol, a.rule, a.severity, a.severity_rank, a.state, a.phase,
       a.change, a.worst, a.last_change, a.price, a.price_at, a.last_price, a.last_price_at,
       a.reference_kind, a.reference_price, a.reference_at, a.late,
       a.updated_at, a.resolved_at,
       a.cause_title, a.cause_source, a.cause_link, a.cause_topic, a.cause_score, a.cause_published_at, a.cause_seen_at,
       a.incident_id, i.lead AS incident_lead, i.severity AS incident_severity, i.state AS incident_state,
       json_array_length(i.symbols) AS incident_symbols, i.started_at AS incident_started_at,
       (SELECT count(*) FROM notifications n WHERE n.incident_id = a.incident_id) AS notifications,
       (SELECT count(*) FROM notifications n WHERE n.incident_id = a.incident_id AND n.state = 'sent') AS sent,
       (SELECT count(*) FROM notifications n WHERE n.incident_id = a.incident_id AND n.state = 'unknown') AS unknown,
       a.rule_version, r.mode AS run_mode, r.name AS run_name
FROM alerts a JOIN runs r ON r.id = a.run_id LEFT JOIN incidents i ON i.id = a.incident_id;
