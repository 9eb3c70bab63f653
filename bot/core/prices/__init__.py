"""Prices as known so far: sessions, references, returns, volumes, and which quotes are believed."""
