"""Opens the history: outside the adapter, the only module that knows which store it is kept in.

What is opened implements the ports in ``bot.core.ports``. Another store (a database server) would be chosen here.
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
from bot.adapters.store.history.importing import import_history
from bot.adapters.store.outcomes import save as save_outcomes
from bot.adapters.store.retention import prune_history
from bot.clock import SystemClock
from bot.core.ports import History, Store

__all__ = [
    "BACKTEST",
    "back_up",
    "connect_guarded",
    "exists",
    "import_history",
    "open_history",
    "open_store",
    "prune_history",
    "read_store",
    "save_outcomes",
    "thinned",
]


def exists(file: Path) -> bool:
    """Whether there is a history at ``file`` yet."""
    return file.exists()


def open_store(
    file: Path,
    *,
    mode: Literal["live", "replay", "backtest"],
    run_name: str,
    now: datetime,
    busy_for: timedelta = timedelta(seconds=2),
) -> Store:
    """The history at ``file`` for one run that writes to it; created or migrated as needed.

    ``mode`` and ``run_name`` tell the live history from a simulation's. ``busy_for`` is how long a write waits for
    another program's lock. Raises StoreInUseError where another run writes to it, StoreVersionError where it has
    another mode or a newer version, StoreFullError and StoreError where it cannot be opened.
    """
    from bot.adapters.store import open_store as open_file

    return open_file(file, mode=mode, run_name=run_name, now=now, busy_for=busy_for)


@contextlib.contextmanager
def read_store(file: Path) -> Iterator[Store]:
    """The store at ``file``, read-only, also while a run writes to it. Raises StoreError."""
    from bot.adapters.store import open_store as open_file

    now = SystemClock().now()
    with open_file(file, mode="live", run_name="live", now=now, read_only=True) as store:
        yield store


def open_history(file: Path) -> AbstractContextManager[History]:
    """The history at ``file`` for queries. Raises StoreError, StoreVersionError where it is another version's."""
    return read_history(file)


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
