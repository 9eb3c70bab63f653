"""The tables as the first migration makes them. Changes come as further migrations in ``schema``, never here.

Conventions: times are ``2025-01-27T14:30:00.000000Z``; a fall of 10 % is ``-0.1``; ``…_id`` is a foreign key (one to
``runs`` says which run wrote the row); columns named for a plural (``symbols``, ``checks``) and ``cause``,
``reference``, ``summary`` hold JSON; ``rest`` holds, as JSON, the fields of the value that have no column of their
own. Virtual columns repeat what is inside JSON or behind a word, for queries.
"""

from __future__ import annotations

_MOMENT = "????-??-??T??:??:??.??????Z"


def _moment(column: str, *, null: bool = False) -> str:
    """A column of text times, checked for its form."""
    return f"{column} TEXT{'' if null else ' NOT NULL'} CHECK ({column} GLOB '{_MOMENT}')"


def _word(column: str, *words: str) -> str:
    """A column that holds one of these words."""
    return f"{column} TEXT NOT NULL CHECK ({column} IN ({', '.join(repr(w) for w in words)}))"


def _flag(column: str) -> str:
    return f"{column} INTEGER NOT NULL DEFAULT 0 CHECK ({column} IN (0, 1))"


def _json(column: str, *, null: bool = False) -> str:
    # older SQLite calls NULL invalid JSON
    test = f"{column} IS NULL OR json_valid({column})" if null else f"json_valid({column})"
    return f"{column} TEXT{'' if null else ' NOT NULL'} CHECK ({test})"


_SEVERITY = _word("severity", "info", "warning", "high", "critical")
_RANK = (
    "severity_rank INTEGER GENERATED ALWAYS AS "
    "(CASE severity WHEN 'info' THEN 1 WHEN 'warning' THEN 2 WHEN 'high' THEN 3 ELSE 4 END) VIRTUAL"
)
_RUN = "run_id INTEGER NOT NULL REFERENCES runs(id)"
_ARRIVAL = "arrival INTEGER PRIMARY KEY"  # order of arrival over all observations, so that a replay of them is exact


def _inside(column: str, source: str, path: str, kind: str = "TEXT") -> str:
    """A virtual column that shows one value inside a JSON column."""
    return f"{column} {kind} GENERATED ALWAYS AS (json_extract({source}, '$.{path}')) VIRTUAL"


OBSERVATIONS = f"""
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  {_word("mode", "live", "replay", "backtest")},
  name TEXT NOT NULL,
  {_moment("started_at")},
  {_moment("ended_at", null=True)},
  version TEXT NOT NULL,
  pid INTEGER
);
CREATE TABLE stories (
  {_ARRIVAL}, {_RUN},
  id TEXT NOT NULL UNIQUE,
  source TEXT NOT NULL, publisher TEXT NOT NULL,
  title TEXT NOT NULL, summary TEXT NOT NULL, link TEXT NOT NULL,
  {_moment("seen_at")}, {_moment("published_at", null=True)},
  {_flag("seeded")},
  revises TEXT,
  {_json("keys")},
  cluster TEXT, novelty REAL,
  {_json("mentions", null=True)}, {_json("exposures", null=True)}
);
CREATE INDEX stories_seen_at ON stories (seen_at);
CREATE INDEX stories_source ON stories (source, seen_at);
CREATE INDEX stories_cluster ON stories (cluster, seen_at) WHERE cluster IS NOT NULL;
CREATE TABLE story_keys (
  key TEXT PRIMARY KEY,
  story_id TEXT NOT NULL,  -- no foreign key: the seen-set outlives the stories
  {_moment("seen_at")}
) WITHOUT ROWID;
CREATE TABLE story_scores (
  story_id TEXT NOT NULL REFERENCES stories(id) ON DELETE CASCADE,
  topic TEXT NOT NULL,
  score REAL NOT NULL,
  {_json("reasons")},
  PRIMARY KEY (story_id, topic)
) WITHOUT ROWID;
CREATE INDEX story_scores_topic ON story_scores (topic, score);
CREATE TABLE quotes (
  {_ARRIVAL}, {_RUN},
  symbol TEXT NOT NULL,
  price REAL NOT NULL CHECK (price > 0),
  {_moment("at")}, {_moment("seen_at")},
  {_word("kind", "trade", "open", "low", "high", "close")},
  previous_close REAL, volume REAL, currency TEXT NOT NULL, source TEXT NOT NULL, basis TEXT
);
CREATE INDEX quotes_symbol ON quotes (symbol, at);
CREATE INDEX quotes_seen_at ON quotes (seen_at);
CREATE TABLE refused_quotes (
  {_RUN},
  symbol TEXT NOT NULL, why TEXT NOT NULL, kind TEXT NOT NULL,
  {_moment("at")},
  price REAL,  -- NULL: not a number
  {_moment("first_seen_at")}, {_moment("last_seen_at")},
  times INTEGER NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (symbol, why, kind, at)
) WITHOUT ROWID;
CREATE INDEX refused_quotes_seen_at ON refused_quotes (last_seen_at);
CREATE TABLE daily_bars (
  {_ARRIVAL}, {_RUN},
  symbol TEXT NOT NULL, session TEXT NOT NULL,
  open REAL, high REAL, low REAL, close REAL NOT NULL, volume REAL,
  {_moment("seen_at")}, source TEXT NOT NULL
);
CREATE INDEX daily_bars_symbol ON daily_bars (symbol, session, seen_at);
CREATE INDEX daily_bars_session ON daily_bars (session);
CREATE TABLE splits (
  {_ARRIVAL}, {_RUN},
  symbol TEXT NOT NULL, session TEXT NOT NULL, ratio REAL NOT NULL CHECK (ratio > 0),
  {_moment("seen_at")},
  UNIQUE (symbol, session, ratio)
);
CREATE TABLE feeds (
  name TEXT PRIMARY KEY, {_RUN},
  url TEXT NOT NULL,
  etag TEXT, last_modified TEXT, body_hash TEXT,
  interval_seconds REAL NOT NULL,
  {_moment("next_poll_at", null=True)},
  failures INTEGER NOT NULL,
  {_flag("seeded")},
  {_moment("last_ok_at", null=True)}, {_moment("last_change_at", null=True)},
  last_items INTEGER NOT NULL, last_error TEXT NOT NULL,
  {_json("rest")}
);
CREATE TABLE source_reports (
  {_RUN},
  source TEXT NOT NULL, subject TEXT NOT NULL,
  {_moment("seen_at")},
  {_word("trouble", "none", "failed", "empty", "stale", "refused")},
  detail TEXT NOT NULL, items INTEGER NOT NULL, fresh INTEGER NOT NULL, status INTEGER,
  PRIMARY KEY (source, subject, seen_at, trouble)
) WITHOUT ROWID;
"""

EARNINGS = f"""
CREATE TABLE earnings_dates (
  {_ARRIVAL}, {_RUN},
  symbol TEXT NOT NULL, day TEXT NOT NULL,
  {_word("time_of_day", "before", "during", "after", "unknown")},
  {_moment("seen_at")}, source TEXT NOT NULL
);
CREATE INDEX earnings_dates_symbol ON earnings_dates (symbol, day);
CREATE INDEX earnings_dates_day ON earnings_dates (day);
"""

OUTCOMES = f"""
CREATE TABLE outcomes (  -- what followed an alert; worked out from quotes and bars, by whichever program came first
  alert_id TEXT NOT NULL REFERENCES alerts(id),
  {_word("horizon", "15 min", "1 hour", "close", "1 session", "5 sessions", "20 sessions")},
  {_moment("due_at")},
  {_moment("price_at", null=True)},  -- NULL: over before the alert fired, or no price became known
  price REAL CHECK (price > 0),
  change REAL, change_from_reference REAL,  -- against the price it fired on, and against its reference
  PRIMARY KEY (alert_id, horizon),
  CHECK ((price IS NULL) = (price_at IS NULL)),
  CHECK ((price IS NULL) = (change IS NULL))
) WITHOUT ROWID;
"""

VERDICTS = f"""
CREATE TABLE verdicts (  -- answers to "was this right?"; one for each person and incident, the last
  incident_id TEXT NOT NULL REFERENCES incidents(id),
  person TEXT NOT NULL,  -- telegram:USER
  {_word("verdict", "right", "not ai", "not news")},
  {_moment("at")},
  recipient_id TEXT NOT NULL REFERENCES chats(id),  -- where the button was pressed
  {_RUN},
  PRIMARY KEY (incident_id, person)
) WITHOUT ROWID;
"""

DECISIONS = f"""
CREATE TABLE rule_versions (
  rule TEXT NOT NULL, version TEXT NOT NULL,
  text TEXT,  -- NULL: an alert names the version, but its text was not recorded
  {_moment("first_used_at")},
  PRIMARY KEY (rule, version)
) WITHOUT ROWID;
CREATE TABLE incidents (
  id TEXT PRIMARY KEY, {_RUN},
  topic TEXT,
  {_json("clusters")},
  session TEXT NOT NULL, {_json("sessions")}, last_session TEXT NOT NULL,
  {_moment("started_at")}, {_moment("updated_at")}, {_moment("closed_at", null=True)},
  {_SEVERITY}, {_RANK},
  {_word("state", "open", "closed")},
  lead TEXT NOT NULL, {_json("symbols")}, {_json("alerts")},
  messages INTEGER NOT NULL,
  {_moment("told_at", null=True)}, told_breadth INTEGER NOT NULL, told_severity TEXT,
  {_json("follow_ups")},
  {_json("rest")}
);
CREATE INDEX incidents_started_at ON incidents (started_at);
CREATE INDEX incidents_last_session ON incidents (last_session);
CREATE INDEX incidents_open ON incidents (state) WHERE state = 'open';
CREATE TABLE alerts (
  id TEXT PRIMARY KEY, {_RUN},
  fingerprint TEXT NOT NULL,
  rule TEXT NOT NULL, rule_version TEXT NOT NULL,
  symbol TEXT NOT NULL, session TEXT NOT NULL,
  {_SEVERITY}, {_RANK},
  {_word("state", "firing", "resolved")},
  {_moment("fired_at")}, {_moment("updated_at")}, {_moment("resolved_at", null=True)},
  price REAL NOT NULL, {_moment("price_at")},
  {_word("phase", "pre", "regular", "post", "closed")},
  change REAL, worst REAL, {_flag("late")},
  last_price REAL, {_moment("last_price_at", null=True)}, last_change REAL,
  incident_id TEXT REFERENCES incidents(id) DEFERRABLE INITIALLY DEFERRED,
  {_json("reference", null=True)},
  {_inside("reference_kind", "reference", "kind")}, {_inside("reference_price", "reference", "price", "REAL")},
  {_inside("reference_at", "reference", "at")},
  {_json("cause", null=True)},
  {_inside("cause_cluster", "cause", "cluster")}, {_inside("cause_topic", "cause", "topic")},
  {_inside("cause_title", "cause", "title")}, {_inside("cause_source", "cause", "source")},
  {_inside("cause_link", "cause", "link")}, {_inside("cause_score", "cause", "score", "REAL")},
  {_inside("cause_published_at", "cause", "published_at")}, {_inside("cause_seen_at", "cause", "seen_at")},
  {_moment("evidence_from")},  -- quotes of the symbol between these two are kept for ever
  {_moment("evidence_until")},
  {_json("checks")},
  {_json("rest")},
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
  {_moment("at")},
  {_word("kind", "fired", "escalated", "resolved")},
  {_RUN},
  {_SEVERITY},
  price REAL NOT NULL, {_moment("price_at")}, phase TEXT NOT NULL, change REAL,
  {_json("checks")},
  PRIMARY KEY (alert_id, at, kind)
) WITHOUT ROWID;
CREATE TABLE alert_stories (  -- the stories an alert points to as its cause
  alert_id TEXT NOT NULL REFERENCES alerts(id),
  story_id TEXT NOT NULL REFERENCES stories(id),
  {_word("role", "shown", "counted", "earlier")},  -- earlier: of a cause that was corrected since
  cluster TEXT, topic TEXT, score REAL,
  PRIMARY KEY (alert_id, story_id)
) WITHOUT ROWID;
CREATE INDEX alert_stories_story ON alert_stories (story_id);
CREATE TABLE outcomes (
  alert_id TEXT NOT NULL REFERENCES alerts(id),
  horizon TEXT NOT NULL,  -- 15m, 1h, close, 1 session, 5 sessions
  {_RUN},
  {_moment("at")}, price REAL, change REAL,
  PRIMARY KEY (alert_id, horizon)
) WITHOUT ROWID;
CREATE TABLE silences (
  id TEXT PRIMARY KEY, {_RUN},
  {_moment("created_at")}, {_moment("until")},
  {_json("matcher")},
  made_by TEXT NOT NULL, comment TEXT NOT NULL
);
CREATE TABLE extras (name TEXT PRIMARY KEY, value TEXT NOT NULL, {_moment("updated_at")}) WITHOUT ROWID;
"""

DELIVERY = f"""
CREATE TABLE chats (
  id TEXT PRIMARY KEY,
  channel TEXT NOT NULL, name TEXT NOT NULL,
  {_flag("operator")},
  {_word("min_severity", "info", "warning", "high", "critical")},
  {_json("symbols")},
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  {_json("rest")},
  moved_to TEXT REFERENCES chats(id)  -- the channel gave the chat a new id
);
CREATE TABLE notifications (
  id TEXT PRIMARY KEY, {_RUN},
  announcement TEXT NOT NULL,
  recipient_id TEXT NOT NULL REFERENCES chats(id),
  channel TEXT NOT NULL,
  incident_id TEXT REFERENCES incidents(id) DEFERRABLE INITIALLY DEFERRED,
  {_word("reason", "first", "escalated", "widened", "corrected", "follow_up", "resolved", "digest", "operator")},
  {_SEVERITY}, {_RANK},
  {_moment("created_at")},
  edits TEXT REFERENCES notifications(id) DEFERRABLE INITIALLY DEFERRED,  -- always the message's first notification
  replies_to TEXT REFERENCES notifications(id) DEFERRABLE INITIALLY DEFERRED,
  {_word("state", "queued", "leased", "sent", "unknown", "failed", "superseded", "suppressed")},
  suppressed_by TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  {_moment("not_before", null=True)},
  leased_by INTEGER REFERENCES runs(id), {_moment("lease_until", null=True)},
  message_id TEXT,  -- in the recipient's chat as it now is; gone when the chat moved
  error TEXT,
  {_moment("settled_at", null=True)},
  {_json("summary")}, text TEXT NOT NULL,  -- long, so last: a look at the queue must not read through them
  {_json("rest")},
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
  {_RUN},
  recipient_id TEXT NOT NULL,  -- where this attempt went, also when the chat has moved since
  {_moment("started_at")}, {_moment("ended_at", null=True)},
  {_word("outcome", "started", "sent", "retry", "unknown", "failed")},
  message_id TEXT, error TEXT NOT NULL DEFAULT '', {_moment("retry_at", null=True)},
  PRIMARY KEY (notification_id, attempt)
) WITHOUT ROWID;
CREATE INDEX deliveries_started_at ON deliveries (started_at);
"""

SEARCH = """
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
"""

VIEWS = """
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
"""
