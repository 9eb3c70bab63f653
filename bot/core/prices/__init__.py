"""Prices known so far: which quotes are accepted, sessions, references, returns, volumes, earnings dates."""
