-- What a second reader, a language model, answered about stories, and when that was known.

CREATE TABLE second_readings (
  arrival INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id),
  story_id TEXT NOT NULL UNIQUE,  -- no foreign key: an answer may come after its story was pruned
  seen_at TEXT NOT NULL CHECK (seen_at GLOB '????-??-??T??:??:??.??????Z'),
  moves TEXT NOT NULL CHECK (json_valid(moves)),
  model TEXT NOT NULL
);
CREATE INDEX second_readings_seen_at ON second_readings (seen_at);
CREATE TRIGGER second_readings_of_pruned_stories AFTER DELETE ON stories BEGIN
  DELETE FROM second_readings WHERE story_id = old.id;
END;
