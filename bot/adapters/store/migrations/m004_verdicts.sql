-- Readers' verdicts on an incident.

CREATE TABLE verdicts (  -- answers to "was this right?"; one for each person and incident, the last
  incident_id TEXT NOT NULL REFERENCES incidents(id),
  person TEXT NOT NULL,  -- telegram:USER
  verdict TEXT NOT NULL CHECK (verdict IN ('right', 'not ai', 'not news')),
  at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??.??????Z'),
  recipient_id TEXT NOT NULL REFERENCES chats(id),  -- where the button was pressed
  run_id INTEGER NOT NULL REFERENCES runs(id),
  PRIMARY KEY (incident_id, person)
) WITHOUT ROWID;
