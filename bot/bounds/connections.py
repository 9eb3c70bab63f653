"""Limits on the connections to a server: so many at most, and each must ask something within seconds.

A connection costs whoever opens it nothing, and a server a file and some memory; servers wait for a request for ever.
What the program then cannot open are its own files and connections.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

log = logging.getLogger(__name__)

ASK_WITHIN = 5.0
"""Seconds from the first byte of a request, or from the connection, to the end of its headers."""
TAKE_WITHIN = 30.0
"""Seconds in which somebody must take what is waiting for him."""
_ENDS = (b"\r\n\r\n", b"\n\n")


class Gate:
    """What stands before a server's protocols, of which it admits ``most`` at a time.

    Where one more comes, another is closed: of those that have not asked anything yet the oldest, else the one that was
    silent for longest. So nobody is locked out by those who only open connections. For requests without a body.
    """

    def __init__(self, most: int, *, ask_within: float = ASK_WITHIN, take_within: float = TAKE_WITHIN) -> None:
        self._most = most
        self.ask_within = ask_within
        self.take_within = take_within
        self._open: dict[_Gated, None] = {}

    def gated(self, make: Callable[..., asyncio.Protocol]) -> Callable[..., asyncio.Protocol]:
        """``make`` as a server calls it for each connection."""
        return lambda *args, **kwargs: _Gated(self, make(*args, **kwargs))

    def admit(self, one: _Gated) -> None:
        """A new connection."""
        if len(self._open) >= self._most:
            log.warning("too many connections at once; those that ask nothing are closed")
            victim = min(self._open, key=lambda each: (each.has_asked, each.active_at))
            victim.abort()
        self._open[one] = None

    def left(self, one: _Gated) -> None:
        """It is closed."""
        self._open.pop(one, None)


class _Gated(asyncio.Protocol):
    """A connection, between its transport and the server's own protocol."""

    def __init__(self, gate: Gate, inner: asyncio.Protocol) -> None:
        self._gate = gate
        self._inner = inner
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._asking: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None
        self._tail = b""
        self.has_asked = False
        self.active_at = self._loop.time()

    def abort(self) -> None:
        """Close it now, whatever is under way."""
        self._gate.left(self)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._gate.admit(self)
        self._asking = self._loop.call_later(self._gate.ask_within, self.abort)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Time runs while a request has begun and its headers have not ended."""
        self.active_at = self._loop.time()
        seen = self._tail + data
        end = max(seen.rfind(mark) + len(mark) if mark in seen else 0 for mark in _ENDS)
        if end:
            self.has_asked = True
            self._disarm()
        if end < len(seen) and self._asking is None:
            self._asking = self._loop.call_later(self._gate.ask_within, self.abort)
        self._tail = seen[max(end, len(seen) - 3) :]
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """The server's to decide."""
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        """What was sent is not taken."""
        self._taking = self._loop.call_later(self._gate.take_within, self.abort)
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """It was."""
        self.active_at = self._loop.time()
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Closed, by whomever."""
        self._gate.left(self)
        self._disarm()
        if self._taking is not None:
            self._taking.cancel()
        self._inner.connection_lost(exc)

    def _disarm(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
