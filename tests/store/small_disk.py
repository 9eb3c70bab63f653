"""Disks that are full and files that cannot be written, as truly as this machine lets us make them.

``full`` is ENOSPC on a file system of a few megabytes of its own, for which root is needed. Where none can be mounted,
``RLIMIT_FSIZE`` refuses every write beyond a size to one process, with EFBIG. ``how`` says which it was.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class SmallDisk:
    """A folder whose space can be taken away from process ``pid`` and given back."""

    folder: Path
    mounted: bool
    _limits: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def how(self) -> str:
        """Which kind of full disk this is."""
        return "ENOSPC on a tmpfs" if self.mounted else "RLIMIT_FSIZE on the process (no tmpfs could be mounted)"

    def fill(self, pid: int) -> None:
        """Leave not a byte."""
        if not self.mounted:
            known = self._limits.setdefault(pid, resource.prlimit(pid, resource.RLIMIT_FSIZE))
            room = max(f.stat().st_size for f in self.folder.iterdir() if f.is_file())
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (room // 4096 * 4096, known[1]))
            return
        with (self.folder / "filler").open("ab", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))

    def free(self, pid: int) -> None:
        """Give the space back."""
        if not self.mounted:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, self._limits[pid])
        else:
            (self.folder / "filler").unlink(missing_ok=True)

    def free_a_little(self, size: int) -> None:
        """Give so many bytes back; nothing where only a limit stands for the disk."""
        with contextlib.suppress(OSError):
            os.truncate(self.folder / "filler", max(0, (self.folder / "filler").stat().st_size - size))


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int = 8) -> Iterator[SmallDisk]:
    """A small file system mounted at ``folder``, or the folder itself where none can be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    mounted = (
        shutil.which("mount") is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )
    try:
        yield SmallDisk(folder, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def _immutable(flag: str, paths: list[Path]) -> bool:
    command = ["chattr", flag, *map(str, paths)]
    return (
        shutil.which("chattr") is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


@contextlib.contextmanager
def unwritable(*paths: Path) -> Iterator[bool]:
    """Nothing can be written to these files, nor into these folders, by whoever has them open already, root included.

    Yields whether that could be done (``chattr +i``, which needs root and a file system that knows it).
    """
    there = [path for path in paths if path.exists()]
    done = _immutable("+i", there)
    try:
        yield done
    finally:
        _immutable("-i", there)
