"""Reading files that people put into a folder, which need not be files at all.

Opening a pipe waits for somebody to write to it, and reading a device may never end.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


def yaml_files(folder: Path) -> list[Path]:
    """The YAML files directly in a folder, by name; none where there is no folder. Hidden ones are editors' and the
    system's: a lock, a copy, what macOS keeps beside a file."""
    return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("."))


class NotAFileError(OSError):
    """A pipe, socket or device."""


def read_file(path: Path) -> bytes:
    """The content of a regular file. Raises OSError: NotAFileError, IsADirectoryError, FileNotFoundError and so on."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb", closefd=True) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NotAFileError(f"{path} is a pipe, socket or device")
        return file.read()
