-- When companies report: what the calendar said, and when it said so.

CREATE TABLE earnings_dates (
  arrival INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id),
  symbol TEXT NOT NULL, day TEXT NOT NULL,
  time_of_day TEXT NOT NULL CHECK (time_of_day IN ('before', 'during', 'after', 'unknown')),
  seen_at TEXT NOT NULL CHECK (seen_at GLOB '????-??-??T??:??:??.??????Z'), source TEXT NOT NULL
);
CREATE INDEX earnings_dates_symbol ON earnings_dates (symbol, day);
CREATE INDEX earnings_dates_day ON earnings_dates (day);
