"""Limits that a child process puts on itself before it works on what outsiders sent.

The kernel holds it to them, whatever it is doing: nobody has to watch it, nor has it to come back from a call.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
from collections.abc import Iterator


def confine(memory: int, file: int) -> None:
    """Limit this process to so many bytes of address space more than it has now, and of any file it writes.

    What the system does not know is left out: there is no limit of memory on macOS.
    """
    try:
        import resource
    except ImportError:
        return
    limits = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, file)]
    if space := _address_space():
        limits.append((resource.RLIMIT_AS, space + memory))
    for what, most in limits:
        with contextlib.suppress(ValueError, OSError):  # already lower
            resource.setrlimit(what, (most, most))


def _address_space() -> int:
    """Bytes of this process's address space; 0 where the system does not say. proc_pid_statm(5)."""
    try:
        with open("/proc/self/statm", "rb") as sizes:
            return int(sizes.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def confine_sqlite(most: int) -> None:
    """Hold all connections of SQLite in this process to so many bytes together, for good; MemoryError beyond them."""
    with contextlib.closing(sqlite3.connect(":memory:")) as conn:
        conn.execute(f"PRAGMA hard_heap_limit = {most}")


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Kill this process if the block takes longer. Only for a process's main thread, which must not handle SIGALRM."""
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
