-- What followed each alert. The first version had a narrower table for it that nothing ever wrote to.

DROP TABLE outcomes;
CREATE TABLE outcomes (  -- what followed an alert; worked out from quotes and bars, by whichever program came first
  alert_id TEXT NOT NULL REFERENCES alerts(id),
  horizon TEXT NOT NULL CHECK (horizon IN ('15 min', '1 hour', 'close', '1 session', '5 sessions', '20 sessions')),
  due_at TEXT NOT NULL CHECK (due_at GLOB '????-??-??T??:??:??.??????Z'),
  price_at TEXT CHECK (price_at GLOB '????-??-??T??:??:??.??????Z'),
    -- NULL: over before the alert fired, or no price became known
  price REAL CHECK (price > 0),
  change REAL, change_from_reference REAL,  -- against the price it fired on, and against its reference
  PRIMARY KEY (alert_id, horizon),
  CHECK ((price IS NULL) = (price_at IS NULL)),
  CHECK ((price IS NULL) = (change IS NULL))
) WITHOUT ROWID;
