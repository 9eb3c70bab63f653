"""Digests of one or more sessions: when one is due, and what goes into it."""
