"""How tests wait: for a condition, never for a span of time, and long enough for a machine that has other work."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE = 90.0
"""Seconds after which something will not come any more. Only a failing test waits so long."""


def wait_until(
    holds: Callable[[], Any], what: str = "", also: Callable[[], str] = lambda: "", *, pause: float = 0.02
) -> Any:
    """Ask ``holds`` every ``pause`` seconds until its answer is true, and return that.

    AssertionError with ``what`` and what ``also`` tells, such as the log of a process, where it stays false.
    """
    ends = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < ends, f"not within {PATIENCE:.0f} s: {what}\n{also()}"
        time.sleep(pause)
    return found


async def eventually(holds: Callable[[], Any], what: str = "") -> Any:
    """``wait_until`` for tests that have an event loop to let run meanwhile."""
    ends = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < ends, f"not within {PATIENCE:.0f} s: {what}"
        await asyncio.sleep(0.005)
    return found


def allowed(seconds: float) -> float:
    """What ``seconds`` on an idle machine may take on this one now: more where processes wait for a processor.

    For what the bot promises in seconds ("stops within two"). Ask when the promise is over.
    """
    return seconds * max(1.0, _runnable() / (os.cpu_count() or 1))


def _runnable() -> float:
    """Processes that want a processor: now, or over the last minute, whichever is more."""
    try:
        now = float(Path("/proc/loadavg").read_text().split()[3].partition("/")[0])
    except OSError:  # not Linux
        now = 0.0
    return max(now, os.getloadavg()[0])
