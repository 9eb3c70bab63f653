"""The history in one SQLite file: the ports of a run (``store``) and reading for people and programs (``history``).

The SQL files in ``migrations`` make the tables, ``schema`` keeps their version; ``rows`` and ``codec`` say how values
look in columns. The other modules are functions on a connection, each for one table or one use.
"""

from __future__ import annotations

from bot.adapters.store.sql_store import Mode
from bot.adapters.store.store import SqliteStore, open_store

__all__ = ["Mode", "SqliteStore", "open_store"]
