-- Names of models that became known words, with their lab and when they were learned.

CREATE TABLE learned_names (
  arrival INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id),
  word TEXT NOT NULL UNIQUE COLLATE NOCASE,
  lab TEXT NOT NULL,
  seen_at TEXT NOT NULL CHECK (seen_at GLOB '????-??-??T??:??:??.??????Z'),
  family TEXT NOT NULL,
  counts TEXT NOT NULL CHECK (counts IN ('coined', 'plain', 'numbered')),
  model TEXT NOT NULL,
  source TEXT NOT NULL
);
CREATE INDEX learned_names_seen_at ON learned_names (seen_at);
