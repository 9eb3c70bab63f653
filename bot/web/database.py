"""Datasette's connections to the history: they can read, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasette.database import Database

if TYPE_CHECKING:
    from datasette.app import Datasette

Connect = Callable[[Path], Any]
"""Makes a connection as sqlite3 has them that can only read, and answers as the port ``History`` besides."""

NAME = "history"
"""What the database is called in addresses, whatever its file is."""


class HistoryDatabase(Database):  # type: ignore[misc]  # Datasette has no type information
    """The live file.

    Datasette itself would put the path into a URI as it is, where ``?`` and ``#`` have a meaning. Each of its threads
    has a connection of its own, and keeps it.
    """

    def __init__(self, datasette: Datasette, file: Path, connect: Connect) -> None:
        self._connect_to = connect
        super().__init__(datasette, path=str(file), is_mutable=True)

    def connect(self, write: bool = False) -> Any:
        """A connection that only reads. Raises PermissionError where one to write is asked for."""
        if write:
            raise PermissionError("the history is only read here")
        conn = self._connect_to(Path(self.path))
        self._all_file_connections.append(conn)
        return conn
