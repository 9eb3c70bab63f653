"""Reading the history, for people and programs: beside a running bot, without its lock, and quick to start.

Nothing here loads more than sqlite3: sqlite-utils would import pandas. Functions take the path of the database, or a
connection from ``open_history`` where several questions follow each other. All raise StoreError, or StoreVersionError
where the file is not a history of this program's version.
"""

from __future__ import annotations

from bot.adapters.store.history.alerts import find_alerts, list_alerts, quotes_around, show_alert
from bot.adapters.store.history.incidents import last_message, list_incidents, show_incident
from bot.adapters.store.history.opening import Source, open_history
from bot.adapters.store.history.reader import SqliteHistory, connect_guarded, read_history
from bot.adapters.store.history.searching import search
from bot.adapters.store.history.stats import statistics
from bot.adapters.store.history.verifying import evidence, verify

__all__ = [
    "Source",
    "SqliteHistory",
    "connect_guarded",
    "evidence",
    "find_alerts",
    "last_message",
    "list_alerts",
    "list_incidents",
    "open_history",
    "quotes_around",
    "read_history",
    "search",
    "show_alert",
    "show_incident",
    "statistics",
    "verify",
]
