"""Opens the history: outside the adapter, the only module that knows which store it is kept in.

What is opened implements the ports in ``bot.core.ports``. A place is a file, or the address of a database server.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from bot.adapters.store.history import connect_guarded, read_history
from bot.adapters.store.history.backup import back_up
from bot.adapters.store.history.copying import copy_whole, mirror
from bot.adapters.store.history.importing import import_history
from bot.adapters.store.outcomes import save as save_outcomes
from bot.adapters.store.retention import prune_history
from bot.clock import SystemClock
from bot.core.errors import UsageError
from bot.core.ports import History, Store
from bot.core.server_address import ServerAddress
from bot.render.outside import adding

__all__ = [
    "BACKTEST",
    "Place",
    "back_up",
    "connect_guarded",
    "copy_whole",
    "exists",
    "import_history",
    "mirror",
    "open_history",
    "open_store",
    "prune_history",
    "read_store",
    "save_outcomes",
    "thinned",
]


Place = Path | ServerAddress
"""Where a history is kept: a file, or a database server."""


def exists(place: Place) -> bool:
    """Whether there is a history yet. Raises StoreError where a server does not say."""
    if isinstance(place, Path):
        return place.exists()
    _require_driver()
    from bot.adapters.store.server.store import exists_on_server

    return exists_on_server(place)


def _require_driver() -> None:
    """Raises UsageError with what to do where psycopg is not installed."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"a history on a server needs psycopg, which is not installed; to add it: {adding('server')}"
        ) from error


def open_store(
    place: Place,
    *,
    mode: Literal["live", "replay", "backtest"],
    run_name: str,
    now: datetime,
    busy_for: timedelta = timedelta(seconds=2),
) -> Store:
    """The history there for one run that writes to it; created or migrated as needed.

    ``mode`` and ``run_name`` tell the live history from a simulation's. ``busy_for`` is how long a write to a file
    waits for another program's lock. Raises StoreInUseError where another run writes to it, StoreVersionError where it
    has another mode or a newer version, StoreFullError and StoreError where it cannot be opened.
    """
    if isinstance(place, ServerAddress):
        _require_driver()
        from bot.adapters.store.server.store import open_on_server

        return open_on_server(place, mode=mode, run_name=run_name, now=now)
    from bot.adapters.store import open_store as open_file

    return open_file(place, mode=mode, run_name=run_name, now=now, busy_for=busy_for)


@contextlib.contextmanager
def read_store(place: Place) -> Iterator[Store]:
    """The store there, read-only, also while a run writes to it. Raises StoreError."""
    from bot.adapters.store import open_store as open_file

    now = SystemClock().now()
    if isinstance(place, ServerAddress):
        _require_driver()
        from bot.adapters.store.server.store import open_on_server

        with open_on_server(place, mode="live", run_name="live", now=now, read_only=True) as on_server:
            yield on_server
        return
    with open_file(place, mode="live", run_name="live", now=now, read_only=True) as store:
        yield store


def open_history(place: Place) -> AbstractContextManager[History]:
    """The history there for queries. Raises StoreError, StoreVersionError where it is another version's."""
    if isinstance(place, ServerAddress):
        _require_driver()
        from bot.adapters.store.server.history import read_on_server

        return read_on_server(place)
    return read_history(place)


BACKTEST = (
    "a backtest keeps the prices only of benchmarks and of stocks from their first alert on, with what came just "
    "before; other stocks have none here, and rules on groups are unknown"
)
"""What to bear in mind where a backtest's prices are played again."""


def thinned(since: datetime) -> str:
    """What to bear in mind where prices before ``since``, which have been thinned, are played again."""
    return (
        f"before {since:%Y-%m-%d %H:%M} UTC the history has one price in ten minutes, and all of them only around its "
        "own alerts; played again, other alerts may come later or not at all"
    )
