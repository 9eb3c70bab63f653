"""A few daemon threads for calls that block.

Not ``ThreadPoolExecutor``: its threads are joined when the interpreter ends, so one request that hangs would keep a
stopped program alive until its time-out. These die with the process. They live on between calls, because libcurl
keeps its connections, and with them the TLS session, per thread.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Workers:
    """``count`` threads, started with the first call."""

    def __init__(self, count: int, name: str) -> None:
        self._queue: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._count = count
        self._name = name
        self._threads: list[threading.Thread] = []

    async def run(self, call: Callable[[], T]) -> T:
        """The result of ``call``, run in one of the threads; what it raises is raised here.

        Cancelled while it still waits for a thread, it is never called; once running, it runs to its own end.
        """
        if not self._threads:
            self._threads = [
                threading.Thread(target=self._work, name=f"{self._name}-{i}", daemon=True) for i in range(self._count)
            ]
            for thread in self._threads:
                thread.start()
        future: Future[T] = Future()
        self._queue.put((future, call))
        return await asyncio.wrap_future(future)

    def stop(self) -> None:
        """Let each thread end after the call it is in. Does not wait."""
        for _ in self._threads:
            self._queue.put(None)
        self._threads = []

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            future, call = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = call()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            del job, future, call  # not kept alive until the next job comes
