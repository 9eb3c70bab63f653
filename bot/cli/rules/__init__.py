"""``rules``: check, test, show, explain and try."""
