"""The digest after a session: when it is due and what it contains."""
