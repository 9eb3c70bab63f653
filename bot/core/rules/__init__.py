"""Compiled rules, their conditions, which rules an observation concerns, and how near one came to firing."""
