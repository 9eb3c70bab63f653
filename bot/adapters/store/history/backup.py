"""A whole copy of the history in one file, made beside a running bot."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from os import PathLike
from pathlib import Path

from bot.adapters.store.connection import translated
from bot.adapters.store.history.opening import open_history
from bot.core.errors import StoreError, UsageError


def back_up(path: str | PathLike[str], to: str | PathLike[str]) -> int:
    """Copy the history at ``path`` as it is now into a new file ``to``; returns its size in bytes.

    The bot goes on meanwhile: the copy sees one state and locks nobody out. It is looked over before it gets its name,
    so that a file of that name is whole. UsageError where there is a file already; StoreError where it fails.
    """
    file = Path(to).expanduser()
    if file.exists():
        raise UsageError(f"{file}: there already; name a new file")
    if not file.parent.is_dir():
        raise StoreError(f"{file.parent}: there is no such folder")
    unfinished = file.with_name(file.name + ".unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        # not VACUUM INTO, which SQLite 3.40 cannot do with virtual columns over a connection that may only read
        with (
            open_history(path) as conn,
            translated(file),
            contextlib.closing(sqlite3.connect(unfinished, isolation_level=None)) as copy,
        ):
            conn.backup(copy)  # in one step, so of one state
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, to be opened also where nothing can be written
            wrong = [str(row[0]) for row in copy.execute("PRAGMA quick_check(1)") if row[0] != "ok"]
        if wrong:
            raise StoreError(f"{file}: the copy is not whole: {wrong[0]}; look at the disk, and at history verify")
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        os.link(unfinished, file)  # unlike a rename it never replaces what somebody put there meanwhile
        return file.stat().st_size
    except FileExistsError as error:
        raise UsageError(f"{file}: there already; name a new file") from error
    except OSError as error:
        raise StoreError(f"{file}: cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
