-- A large cash dividend changes the basis of prices as a split does. `cash` is what it took off a share; 0: a split.
ALTER TABLE splits ADD COLUMN cash REAL NOT NULL DEFAULT 0;
