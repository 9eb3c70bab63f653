"""Datasette's read-only connections to the history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasette.database import Database

from bot.core.text.titles import Titles

if TYPE_CHECKING:
    from datasette.app import Datasette

Connect = Callable[[Path], Any]
"""Makes a read-only sqlite3 connection that is also the port ``History``."""

NAME = "history"
"""The name of the database in addresses, whatever its file is called."""


class HistoryDatabase(Database):  # type: ignore[misc]  # Datasette has no type information
    """The live file.

    Datasette itself puts the path into a URI unescaped, where ``?`` and ``#`` have a meaning. Each of its threads keeps
    a connection of its own.
    """

    def __init__(self, datasette: Datasette, file: Path, connect: Connect, titles: Titles) -> None:
        self._connect_to = connect
        self.titles = titles
        """What topics and exposures are called on the pages."""
        super().__init__(datasette, path=str(file), is_mutable=True)

    def connect(self, write: bool = False) -> Any:
        """A read-only connection. Raises PermissionError for one that writes."""
        if write:
            raise PermissionError("the history is read-only here")
        conn = self._connect_to(Path(self.path))
        self._all_file_connections.append(conn)
        return conn
