"""Whether the files that are open are still those of their names.

A file may be removed or replaced while it is open. Writing goes on then, into a file without a name that is gone with
the process; SQLite does not notice. So the device and inode of each file are compared with those at its opening, before
every transaction and once a second: that takes microseconds.
"""

from __future__ import annotations

import os
from pathlib import Path

_ADVICE = "move it back, or stop the bot, restore a backup and start again"

_Identity = tuple[int, int]
"""Device and inode."""


class OpenFiles:
    """The database file and its write-ahead log, as they were when first seen."""

    def __init__(self, database: Path) -> None:
        """Call it when the database has just been opened."""
        self._database = database
        self._log = database.with_name(database.name + "-wal")
        self._known: dict[Path, _Identity] = {}
        self.lost()

    def lost(self) -> str:
        """What happened to a file and what to do, in one line; empty if they are as they were. Raises nothing."""
        for file in (self._database, self._log):
            known = self._known.get(file)
            try:
                found = identity(file)
            except FileNotFoundError:
                if known is not None:
                    return f"{file}: the file was removed under the running bot; {_ADVICE}"
                continue
            except OSError:
                continue  # a disk in trouble: writing says what it is
            if known is None:
                self._known[file] = found
            elif found != known:
                return f"{file}: another file was put in its place under the running bot; {_ADVICE}"
        return ""


def identity(file: Path | int) -> _Identity:
    """Device and inode of a file, by its name or descriptor. Raises OSError."""
    found = os.stat(file)
    return found.st_dev, found.st_ino
