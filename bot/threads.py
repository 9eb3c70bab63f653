"""Blocking calls in daemon threads.

Unlike those of ``asyncio.to_thread`` and ``ThreadPoolExecutor`` they are not joined at exit: a call that hangs does not
keep a stopped program alive.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def in_thread(call: Callable[[], T], name: str) -> Future[T]:
    """Run ``call`` in a daemon thread of this name. Cancelled before the thread began, it is never called."""
    future: Future[T] = Future()
    threading.Thread(target=settle, args=(future, call), name=name, daemon=True).start()
    return future


def settle(future: Future[T], call: Callable[[], T]) -> None:
    """Run ``call`` and give ``future`` its result or exception; does nothing if ``future`` was cancelled."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
