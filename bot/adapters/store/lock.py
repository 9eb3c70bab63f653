"""One writing process per database: a lock file beside it that dies with its owner.

The lock is the kernel's (``flock``), not the file's existence: after ``kill -9`` nothing is left to clean up, and a
process id that was given to someone else cannot be taken for the owner. The file is never removed, because removing
it would let two processes lock two files of the same name. It is not the database itself: opening and closing that
would drop the locks SQLite holds on it in this process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from bot.core.errors import StoreError, StoreInUseError

_BAD_FILESYSTEM = "put the database on a local disk, or name another file with --database"


class WriterLock:
    """Held from construction until ``release``, or until the process ends, however it ends."""

    def __init__(self, database: Path) -> None:
        """Take the lock of ``database``; StoreInUseError names the process that has it."""
        self.path = database.with_name(database.name + ".lock")
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"{self.path}: the lock file cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = self._owner()
            os.close(self._fd)
            who = f"process {owner}" if owner else "another process"
            raise StoreInUseError(
                f"{database}: {who} is running on this database; stop it, or name another file with --database"
            ) from error
        except OSError as error:
            os.close(self._fd)
            raise StoreError(f"{self.path}: cannot be locked: {error.strerror}; {_BAD_FILESYSTEM}") from error
        # who has it is a courtesy to the reader: a full disk must not stop the bot here
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def _owner(self) -> int | None:
        """The process id the owner wrote, if it got that far."""
        try:
            return int(os.pread(self._fd, 32, 0))
        except (OSError, ValueError):
            return None

    def release(self) -> None:
        """Give the lock up. Releasing twice is allowed."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
