"""A few daemon threads for blocking calls, reused because libcurl keeps its connections per thread."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from bot.threads import settle

T = TypeVar("T")


class Workers:
    """``count`` threads, started on the first call."""

    def __init__(self, count: int, name: str) -> None:
        self._queue: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._count = count
        self._name = name
        self._threads: list[threading.Thread] = []

    async def run(self, call: Callable[[], T]) -> T:
        """Run ``call`` in one of the threads, and return its result or raise its exception.

        Cancelled while waiting for a thread, it is never called; once started, it runs to its end.
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
        """Let each thread end after its current call. Does not wait."""
        for _ in self._threads:
            self._queue.put(None)
        self._threads = []

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            settle(*job)
            del job  # or it would live on until the next
