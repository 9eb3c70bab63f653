"""Forgetting by hand what the running bot forgets by itself every day."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from os import PathLike
from pathlib import Path

from bot.adapters.store import retention
from bot.adapters.store.connection import connect_writer, translated
from bot.adapters.store.lock import WriterLock
from bot.adapters.store.schema import require_current

BUSY_FOR = timedelta(seconds=5)


def prune_history(path: str | PathLike[str], now: datetime, keep: Mapping[str, timedelta]) -> Mapping[str, int]:
    """As ``retention.prune``, all of it; returns how many rows went, by kind.

    StoreInUseError where a bot runs on it.
    """
    file = Path(path).expanduser().resolve()
    lock = WriterLock(file)
    gone: Mapping[str, int] = dict.fromkeys(keep, 0)
    try:
        with translated(file), contextlib.closing(connect_writer(file, durable=True, busy_for=BUSY_FOR)) as conn:
            require_current(conn, file)
            for so_far in retention.prune(conn, now, keep):
                gone = so_far
    finally:
        lock.release()
    return gone
