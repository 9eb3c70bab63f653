"""A line to a server on loopback that fails as lines do: whatever the server would answer, this decides what arrives.

with Line(server.port) as line:
    ...tell the bot of line.port instead of server.port...
    line.state = Line.SILENT                      # packets are lost, nobody says so
    line.state = Line.THROUGH
"""

from __future__ import annotations

import contextlib
import enum
import os
import socket
import struct
import threading
import time
from types import TracebackType
from typing import Self

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing resets the connection."""


class State(enum.Enum):
    """What becomes of bytes."""

    THROUGH = "they arrive"
    RESET = "every connection is reset, also those that are open"
    SILENT = "connections are accepted, and nothing arrives any more in either direction"
    GARBAGE = "any request is answered with noise"
    DRIPPING = "answers arrive at a few bytes a second"
    HALF_CLOSED = "an answer ends after 40 bytes, with the connection open in the other direction"


class Line:
    """The line. A context manager; every connection is closed at its end."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._state = State.THROUGH
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self._closed = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True, name="line").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._listener.close()
        self.cut()

    @property
    def state(self) -> State:
        """How the line is now."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        before, self._state = self._state, state
        # what was caught in a dead line is gone when it works again; the other side notices at its next word
        if state is State.RESET or before is not State.THROUGH:
            self.cut()

    def cut(self) -> None:
        """Reset every open connection."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    connection.shutdown(socket.SHUT_RDWR)
                with contextlib.suppress(OSError):
                    connection.close()
            self._open.clear()

    def _listen(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._state is State.RESET:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            with self._lock:
                self._open |= {client, server}
            for source, sink, answers in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._carry, args=(source, sink, answers), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65_536):
                if not self._deliver(piece, source, sink, answers):
                    return
            sink.shutdown(socket.SHUT_WR)

    def _deliver(self, piece: bytes, source: socket.socket, sink: socket.socket, answers: bool) -> bool:
        """Do with the piece what the line does now; returns whether the connection goes on."""
        match self._state:
            case State.SILENT:
                return True
            case State.GARBAGE:
                client = sink if answers else source
                client.sendall(os.urandom(2000))
                client.shutdown(socket.SHUT_RDWR)
                return False
            case State.DRIPPING if answers:
                for start in range(0, len(piece), 4):
                    if self._state is not State.DRIPPING:
                        break
                    sink.sendall(piece[start : start + 4])
                    time.sleep(0.5)
                return True
            case State.HALF_CLOSED if answers:
                sink.sendall(piece[:40])
                sink.shutdown(socket.SHUT_WR)
                return False
        sink.sendall(piece)
        return True
