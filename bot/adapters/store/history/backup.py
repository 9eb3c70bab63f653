"""A copy of the whole history in one file, made beside a running bot."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from os import PathLike
from pathlib import Path

from bot.adapters.store.connection import make_private, translated
from bot.adapters.store.history.opening import open_history
from bot.core.errors import StoreError, UsageError


def back_up(path: str | PathLike[str], to: str | PathLike[str]) -> int:
    """Copy the history at ``path`` as it is now into a new file ``to``; returns its size in bytes.

    The copy sees one state and locks nobody out. It is checked before it gets its name, so that a file of that name is
    complete. Raises UsageError where the file exists already; StoreError where copying fails.
    """
    file = Path(to).expanduser()
    if file.exists():
        raise UsageError(f"{file}: exists already; name a new file")
    if not file.parent.is_dir():
        raise StoreError(f"{file.parent}: no such folder")
    unfinished = file.with_name(file.name + ".unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        make_private(unfinished)
        # not VACUUM INTO, which SQLite 3.40 cannot do with virtual columns over a read-only connection
        with (
            open_history(path) as conn,
            translated(file),
            contextlib.closing(sqlite3.connect(unfinished, isolation_level=None)) as copy,
        ):
            conn.backup(copy)  # in one step, so one state
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, which can be opened on a read-only disk, too
            wrong = [str(row[0]) for row in copy.execute("PRAGMA quick_check(1)") if row[0] != "ok"]
        if wrong:
            raise StoreError(f"{file}: the copy is damaged: {wrong[0]}; check the disk, and run history verify")
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        os.link(unfinished, file)  # unlike a rename, never replaces a file that has appeared meanwhile
        return file.stat().st_size
    except FileExistsError as error:
        raise UsageError(f"{file}: exists already; name a new file") from error
    except OSError as error:
        raise StoreError(f"{file}: cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
