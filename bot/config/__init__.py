"""The files people edit, read strictly: every mistake is reported with file, line and column."""
