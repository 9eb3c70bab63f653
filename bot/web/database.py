"""Datasette's read-only connection to the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasette.database import Database

from bot.bounds.child import deadline
from bot.core.model import KnownRule
from bot.core.text.titles import Titles

if TYPE_CHECKING:
    from datasette.app import Datasette

Connect = Callable[[Path], Any]
"""Makes a read-only sqlite3 connection that is also the port ``History``."""

NAME = "history"
"""The name of the database in addresses, whatever its file is called."""
SECONDS = 5.0
"""Time limit of a query, and of a page's own queries together."""
GRACE = 0.5
"""Seconds after which the worker is killed where SQLite did not end a query in time."""


class HistoryDatabase(Database):  # type: ignore[misc]  # Datasette has no type information
    """The live file.

    Whatever Datasette and our pages ask of it comes by ``execute_fn``, and so is ended in time, with the whole process
    where SQLite does not end it itself. Datasette puts the path into a URI unescaped, where ``?`` and ``#`` have a
    meaning; so the connection is made here.
    """

    def __init__(
        self, datasette: Datasette, file: Path, connect: Connect, titles: Titles, rules: Mapping[str, KnownRule]
    ) -> None:
        self._connect_to = connect
        self.rules = rules
        """What the configuration says of its rules, by name."""
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

    async def execute_fn(self, fn: Callable[[Any], Any]) -> Any:
        """The result of ``fn``, called with the connection in this thread."""
        with deadline(SECONDS + GRACE):
            return await super().execute_fn(fn)

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        """As Datasette's, which would also write every mistake in a query to stderr."""
        return await super().execute(*args, **{**kwargs, "log_sql_errors": False})

    async def attached_databases(self) -> list[Any]:
        """None; Datasette would ask for the paths of the open files."""
        return []
