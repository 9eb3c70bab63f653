"""The files people edit, read strictly: every mistake has a file, a line and a column."""
