"""One writing process per database: a lock file beside it that dies with its owner.

The lock is the kernel's (``flock``), not the existence of the file: after ``kill -9`` nothing needs cleaning up, and a
reused process id cannot be mistaken for the owner. The file is never removed, or two processes could lock two files of
the same name. It is not the database itself, because opening and closing that would drop SQLite's own locks in this
process.

The file says whose it is, and has room for a short note. Both are written in place, so that a full disk does not keep
them from being written, nor a folder that became read-only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import timedelta
from os import PathLike
from pathlib import Path

from bot.adapters.store.connection import OWNER_ONLY, connect_writer, require_file, translated
from bot.adapters.store.engine import Connection
from bot.adapters.store.identity import identity
from bot.adapters.store.schema import require_current
from bot.core.errors import StoreError, StoreInUseError
from bot.core.server_address import ServerAddress

_BUSY_FOR = timedelta(seconds=5)
_SIZE = 512
"""Bytes of the file: the process id and the note, a line each, and spaces."""
_BAD_FILESYSTEM = "put the database on a local disk, or name another file with --database"


class WriterLock:
    """Held from construction until ``release``, or until the process ends, however it ends."""

    def __init__(self, database: Path) -> None:
        """Raises StoreInUseError, naming the process that holds the lock of ``database``, and StoreError where that
        cannot be a database."""
        require_file(database)  # or a lock file would be left beside it
        self.path = database.with_name(database.name + ".lock")
        try:
            self._fd = self._opened()
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
        self.note = self._found_note()
        """The note that the last owner left, or this one since."""
        self._sign()

    def _opened(self) -> int:
        return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)

    def _sign(self) -> None:
        # the process id only informs people: a full disk must not stop the bot here
        with contextlib.suppress(OSError):
            os.pwrite(self._fd, f"{os.getpid()}\n{self.note}\n".encode().ljust(_SIZE - 1) + b"\n", 0)

    def leave(self, note: str) -> None:
        """Leave a short note, a line, for the next owner, as well as possible: after a power cut it may be missing."""
        if note != self.note:
            self.note = " ".join(note.encode("ascii", "replace").decode()[: _SIZE // 2].split())
            self._sign()

    def _lines(self) -> list[str]:
        try:
            return os.pread(self._fd, _SIZE, 0).decode("ascii", "replace").splitlines()
        except OSError:
            return []

    def _found_note(self) -> str:
        lines = self._lines()
        return lines[1].strip() if len(lines) > 1 else ""

    def _owner(self) -> int | None:
        """The process id that the owner wrote, if it got that far."""
        try:
            return int(self._lines()[0])
        except (IndexError, ValueError):
            return None

    def renew(self) -> bool:
        """Whether this process still owns the database. Where somebody removed the lock file, it is made and locked
        again, unless another process was quicker. Raises nothing."""
        try:
            if identity(self.path) == identity(self._fd):
                return True
        except FileNotFoundError:
            pass
        except OSError:
            return True  # it cannot be found out now
        try:
            fd = self._opened()
        except OSError:
            return True  # no room or no permission: nobody else can lock it either
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return False
        os.close(self._fd)
        self._fd = fd
        self._sign()
        return True

    def release(self) -> None:
        """Release the lock; may be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


@contextlib.contextmanager
def locked_writer(path: str | PathLike[str] | ServerAddress) -> Iterator[Connection]:
    """A connection that writes to a history that no bot is running on, in a file or on a server.

    Raises StoreInUseError where one is, StoreVersionError where the file is not of this program's version,
    StoreFullError where it cannot be written.
    """
    if isinstance(path, ServerAddress):
        from bot.adapters.store.server.writer import leased_writer

        with leased_writer(path) as server:
            yield server
        return
    file = Path(os.path.realpath(Path(path).expanduser()))
    lock = WriterLock(file)
    try:
        with translated(file), contextlib.closing(connect_writer(file, durable=True, busy_for=_BUSY_FOR)) as conn:
            require_current(conn, file)
            yield conn
    finally:
        lock.release()
