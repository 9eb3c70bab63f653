"""The history on one SQLite file.

Tables in ``tables``, their versions in ``schema``; ``store`` is the port's implementation and ``open_store`` the way
in; ``history`` is how people read, without the running bot and without loading more than sqlite3.
"""

from __future__ import annotations

from bot.adapters.store.store import Mode, SqliteStore, open_store

__all__ = ["Mode", "SqliteStore", "open_store"]
