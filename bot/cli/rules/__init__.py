"""``rules``: check, test, explain, show, try and new."""
