"""Simulated time for tests of what waits: an event loop in which waiting takes no time.

Where nothing is left to do but to wait, its clock jumps to the end of the wait. For coroutines that wait for one
another only: what comes over a socket or from a thread comes while no time passes.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any


class SimulatedLoop(asyncio.SelectorEventLoop):
    """The loop. Its clock stands while something is done."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__()

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        scheduled = [handle.when() for handle in self._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
        if scheduled and not self._ready:  # type: ignore[attr-defined]
            self._now = max(self._now, min(scheduled))
        super()._run_once()  # type: ignore[misc]


class LoopClock:
    """The running loop's time, which is the machine's or simulated, as a clock of the bot."""

    def __init__(self) -> None:
        self._began = datetime.now(UTC)

    def now(self) -> datetime:
        return self._began + timedelta(seconds=asyncio.get_running_loop().time())


def in_simulated_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an asynchronous test in simulated time."""

    @functools.wraps(test)
    def run(*arguments: object, **named: object) -> None:
        with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
            runner.run(test(*arguments, **named))

    return run
