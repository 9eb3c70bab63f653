"""An emulated stream of Yahoo's: a real websocket on loopback, behind the emulated Yahoo's proxy and its certificate.

It sends what Yahoo sends (``PricingData`` in base64 in JSON) to those who have subscribed, and misbehaves on demand:
silent, cut, garbage, refused, slow to say goodbye. ``YahooServer.stream`` is one; every trade set there is told here.
"""

from __future__ import annotations

import asyncio
import base64
import http
import json
import ssl
import threading
import time
from collections.abc import Collection, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

HOST = "streamer.finance.yahoo.com"


def frame(symbol: str, price: float, at: datetime, **fields: object) -> str:
    """A message about a trade. ``fields`` are others of ``PricingData``, or ``time`` in milliseconds in place of
    ``at``."""
    from yfinance.pricing_pb2 import PricingData

    stated: dict[str, Any] = {"time": int(at.timestamp() * 1000), "exchange": "NMS", "quote_type": 8, "market_hours": 1}
    data = PricingData(id=symbol, price=price, **{**stated, **fields})
    return envelope(base64.b64encode(data.SerializeToString()).decode())


def envelope(message: object, kind: str = "pricing") -> str:
    """The JSON around a message."""
    return json.dumps({"type": kind, "message": message})


@dataclass(eq=False)
class Listener:
    """Somebody connected."""

    socket: ServerConnection
    at: float
    """Of the handshake, on the monotonic clock."""
    symbols: set[str] = field(default_factory=set)
    subscriptions: int = 0
    """Messages that subscribed to something."""


class StreamServer:
    """The stream, in a thread of its own. Every method may be called from any other."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.silent = False
        """Trades are told to nobody, though connections stand."""
        self.refuse: int | None = None
        """The status that a handshake is answered with."""
        self.served: Collection[str] | None = None
        """The only symbols that are told of, if set."""
        self.patient = True
        """``trade`` returns when the message was sent, not before."""
        self.connections: list[Listener] = []
        """All there ever were."""
        self.attempts: list[float] = []
        """When somebody asked for a connection, refused ones included."""
        self.port = 0
        self._context = context
        self._open: set[Listener] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._work, name="yahoo-stream", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'ws' if self._context is None else 'wss'}://127.0.0.1:{self.port}/?version=2"

    def start(self) -> StreamServer:
        """Listen on a free port of the loopback interface."""
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def stop(self) -> None:
        """Close everything."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def __enter__(self) -> StreamServer:
        return self.start()

    def __exit__(self, *of: object) -> None:
        self.stop()

    # ------------------------------------------------------------------------------------------------------- telling

    @property
    def listening(self) -> list[Listener]:
        """Those who are connected and have subscribed to something."""
        return [listener for listener in list(self._open) if listener.symbols]

    def trade(self, symbol: str, price: float, at: datetime, **fields: object) -> None:
        """Tell of a trade to those who want to know."""
        if not self.silent and (self.served is None or symbol in self.served) and self._open:
            sending = self._send(frame(symbol, price, at, **fields), symbol)
            if self.patient:
                self._do(sending)
            else:
                asyncio.run_coroutine_threadsafe(sending, self._loop)

    def send(self, message: str | bytes) -> None:
        """Send this to everybody who has subscribed, whatever it is."""
        self._do(self._send(message, None))

    def cut(self) -> None:
        """Every connection breaks, without a word."""
        self._do(self._cut())

    def close(self, code: int = 1000) -> None:
        """Every connection is closed in good order."""
        self._do(self._close(code))

    # ------------------------------------------------------------------------------------------------------ in the loop

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        async with serve(
            self._talk, "127.0.0.1", 0, ssl=self._context, process_request=self._answer, close_timeout=0.2,
            compression=None, ping_interval=None,
        ) as server:  # fmt: skip
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        self.attempts.append(time.monotonic())
        if self.refuse is not None:
            return connection.respond(http.HTTPStatus(self.refuse), "no\n")
        return None

    async def _talk(self, socket: ServerConnection) -> None:
        listener = Listener(socket, time.monotonic())
        self.connections.append(listener)
        self._open.add(listener)
        try:
            async for message in socket:
                wanted = json.loads(message).get("subscribe", ())
                listener.symbols.update(wanted)
                listener.subscriptions += bool(wanted)
        except ConnectionClosed:
            pass
        finally:
            self._open.discard(listener)

    async def _send(self, message: str | bytes, symbol: str | None) -> None:
        for listener in self.listening:
            if symbol is None or symbol in listener.symbols:
                try:
                    # not awaited for longer: one who does not read must not keep the others waiting
                    await asyncio.wait_for(listener.socket.send(message), 5)
                except (ConnectionClosed, TimeoutError):
                    self._open.discard(listener)

    async def _cut(self) -> None:
        for listener in list(self._open):
            listener.socket.transport.abort()

    async def _close(self, code: int) -> None:
        for listener in list(self._open):
            await listener.socket.close(code)
