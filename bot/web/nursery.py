"""The process that worker processes are forked from.

It is itself forked before the server begins, has imported what workers need, and does nothing else: so a worker is
there in milliseconds, and forking meets no threads and no open connections. It ends when the server does, whichever way
that ended, and its workers with it.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable

from bot.core.errors import StoreError

log = logging.getLogger(__name__)

_ORDER = struct.Struct(">cI")
_FORK, _KILL = b"f", b"k"
_LOOK_EVERY = 0.5
"""Seconds between two looks for workers that have ended by themselves."""

Work = Callable[[socket.socket], None]
"""What a worker does with the socket its requests come on; it ends when it returns."""


class Nursery:
    """The server's side. ``close`` ends the process and all its workers."""

    def __init__(self, prepare: Callable[[], Work]) -> None:
        """``prepare`` is called once, in the new process. Raises StoreError where that fails; the log says why."""
        self._orders, theirs = socket.socketpair()
        self._made = 0
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            with contextlib.ExitStack() as last:
                last.callback(os._exit, 1)  # whatever happens, nothing of the command that forked us goes on here
                self._orders.close()
                _breed(theirs, prepare)
        theirs.close()
        if not self._orders.recv(1):
            self.close()
            raise StoreError("the pages cannot be prepared; what is printed above says why")

    def worker(self) -> tuple[int, socket.socket]:
        """A new worker: its number, and the socket on which it takes requests. Raises OSError without the process."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._made += 1
            try:
                socket.send_fds(self._orders, [_ORDER.pack(_FORK, self._made)], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return self._made, ours

    def kill(self, number: int) -> None:
        """End a worker, whatever it is doing."""
        with contextlib.suppress(OSError):
            self._orders.sendall(_ORDER.pack(_KILL, number))

    def close(self) -> None:
        """End all of it."""
        self._orders.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _breed(orders: socket.socket, prepare: Callable[[], Work]) -> None:
    """Follow orders until the server is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the server, too, which says when to end
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        work = prepare()
    except Exception:
        log.exception("the pages cannot be prepared")
        return
    gc.collect()
    gc.freeze()
    orders.sendall(b".")
    alive: dict[int, int] = {}
    try:
        while True:
            _reap(alive)
            if not select.select([orders], [], [], _LOOK_EVERY)[0]:
                continue
            order, handed, _, _ = socket.recv_fds(orders, _ORDER.size, 1)
            if len(order) < _ORDER.size:
                return
            kind, number = _ORDER.unpack(order)
            if kind == _FORK:
                requests = socket.socket(fileno=handed[0])
                with requests:
                    if not (pid := os.fork()):
                        orders.close()
                        work(requests)
                        os._exit(0)
                    alive[number] = pid
            elif number in alive:
                os.kill(alive[number], signal.SIGKILL)
    finally:
        for pid in alive.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _reap(alive: dict[int, int]) -> None:
    for number, pid in list(alive.items()):
        if os.waitpid(pid, os.WNOHANG)[0]:
            del alive[number]
