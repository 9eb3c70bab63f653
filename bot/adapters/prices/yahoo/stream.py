"""Yahoo's stream of trades over a websocket of our own, by the library ``websockets``. One call, one connection.

yfinance has a client, too, but it does not resume after a cut, and blocks the event loop after a graceful close. What
is known of the stream is what yfinance does with it: symbols are subscribed to in JSON, and again every 15 seconds,
without which the server goes silent or hangs up after some minutes.

Bounded: the answer to the handshake, the size of a message, the number of messages a second, of symbols, and of
messages that wait to be read, beyond which the server has to wait. Nothing is compressed, so nothing can swell.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, ProxyError, WebSocketException
from websockets.protocol import State

from bot.adapters.prices.yahoo.client import pricing_data
from bot.adapters.prices.yahoo.frames import MOST_BYTES, OddFrameError, read_frame
from bot.core.errors import Obstacle, SourceError
from bot.core.ports import PriceStream, StreamListener
from bot.core.text.characters import without_invisible
from bot.threads import in_thread

STREAM_URL = "wss://streamer.finance.yahoo.com/?version=2"
MOST_SYMBOLS = 2000
AT_A_TIME = 100
"""Symbols in one message to the server."""
AGAIN_EVERY = timedelta(seconds=15)
"""Between two subscriptions, as in yfinance."""
MOST_HANDSHAKE = 262_144
"""Bytes of the answer to the handshake."""
OPEN_WITHIN, CLOSE_WITHIN = 10.0, 0.5
"""Seconds."""
READ_AT_ONCE = 500
"""Messages read before the event loop may do something else."""
MOST_A_SECOND = 20_000
"""Messages; more are a fault, or an attack."""


class YahooStream(PriceStream):
    """Trades of up to ``MOST_SYMBOLS`` symbols. Night sessions and other exchanges are told as far as Yahoo does."""

    source = "yahoo stream"
    most = MOST_SYMBOLS

    def __init__(self, url: str = STREAM_URL, again_every: timedelta = AGAIN_EVERY) -> None:
        self._url = url
        self._again_every = again_every.total_seconds()

    async def listen(self, symbols: Sequence[str], listener: StreamListener) -> None:
        """See ``PriceStream``."""
        parse = (await asyncio.wrap_future(in_thread(pricing_data, "yahoo-stream"))).FromString
        names = {symbol.upper(): symbol for symbol in symbols[: self.most]}
        try:
            async with _Connect(
                self._url,
                create_connection=_Bounded,
                compression=None,
                open_timeout=OPEN_WITHIN,
                close_timeout=CLOSE_WITHIN,
                max_size=MOST_BYTES,
                max_queue=256,
            ) as connection:
                await _subscribe(connection, list(names.values()))
                again = asyncio.create_task(_keep_subscribed(connection, list(names.values()), self._again_every))
                try:
                    listener.opened()
                    await _read(connection, names, parse, listener)
                finally:
                    again.cancel()
        except InvalidStatus as error:
            status = error.response.status_code
            raise SourceError(f"Yahoo's stream answered {status}", status=status) from error
        except ConnectionClosed as error:
            raise SourceError(f"Yahoo's stream {_closed(error)}") from error
        except (WebSocketException, OSError, EOFError, TimeoutError) as error:
            obstacle, words = _obstacle(error)
            raise SourceError(f"Yahoo's stream is unreachable: {words}", obstacle=obstacle) from error
        raise SourceError("Yahoo closed the stream")


class _Connect(connect):
    """Follows no redirect: what answers at Yahoo's address must not send us elsewhere, least of all to this machine."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """The refusal itself."""
        return exc


class _Bounded(ClientConnection):
    """Hangs up on a server whose answer to the handshake has no end: the library would read on for ``OPEN_WITHIN``."""

    _before_open = 0

    def data_received(self, data: bytes) -> None:
        """As its base, as long as that is little."""
        if self.protocol.state is State.CONNECTING:
            self._before_open += len(data)
            if self._before_open > MOST_HANDSHAKE:
                self.transport.abort()
                return
        super().data_received(data)


async def _read(
    connection: ClientConnection, names: dict[str, str], parse: Callable[[bytes], Any], listener: StreamListener
) -> None:
    """Tell the listener of every message, until the server closes the connection in good order."""
    loop = asyncio.get_running_loop()
    second, count = loop.time(), 0
    async for message in connection:
        count += 1
        if count % READ_AT_ONCE == 0:
            await asyncio.sleep(0)
        if (now := loop.time()) - second >= 1:
            if count > MOST_A_SECOND * (now - second):
                raise SourceError(f"Yahoo's stream sent {count:,} messages in {now - second:.1f} s")
            second, count = now, 0
        try:
            trade = read_frame(message, parse)
        except OddFrameError as odd:
            listener.odd(str(odd))
            continue
        if trade is not None:
            listener.trade(names.get(trade.symbol.upper(), trade.symbol), trade.price, trade.at, trade.currency)


async def _subscribe(connection: ClientConnection, symbols: Sequence[str]) -> None:
    for first in range(0, len(symbols), AT_A_TIME):
        await connection.send(json.dumps({"subscribe": symbols[first : first + AT_A_TIME]}))


async def _keep_subscribed(connection: ClientConnection, symbols: Sequence[str], again_every: float) -> None:
    while True:
        await asyncio.sleep(again_every)
        try:
            await _subscribe(connection, symbols)
        except ConnectionClosed:
            return  # the reader says so


def _obstacle(error: Exception) -> tuple[Obstacle | None, str]:
    """What stands in the way, and in words."""
    match error:
        case TimeoutError():
            return Obstacle.TIME, "no answer in time"
        case socket.gaierror():
            return Obstacle.NAME, "its name cannot be looked up"
        case ProxyError():
            return Obstacle.PROXY, f"the proxy gives no connection: {_short(error)}"
        case ssl.SSLError():
            return Obstacle.TRUST, f"no secure connection: {_short(error)}"
        case OSError():
            return Obstacle.CONNECTION, _short(error.strerror or error)
        case _:
            return None, _short(error)


def _closed(error: ConnectionClosed) -> str:
    """How a connection ended, in words."""
    close = error.rcvd or error.sent
    if close is None:
        return "was cut off"
    if error.sent is not None and not error.rcvd_then_sent:
        return f"was closed here: {_short(close.reason or close.code)}"
    return f"was closed by Yahoo: {_short(close.reason or close.code)}"


def _short(text: object) -> str:
    return without_invisible(str(text)[:1000])[:160] or type(text).__name__
