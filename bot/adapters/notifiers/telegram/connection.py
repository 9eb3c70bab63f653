"""The connection to a Bot API server, which traces requests: was it sent, and what was the response's status."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
from telegram.error import InvalidToken, TimedOut
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.core.errors import UsageError
from bot.core.secret import Secret

DEFAULT_BASE_URL = "https://api.telegram.org"
MOST_BYTES = 16_000_000
"""The longest response read; a hundred updates, the most at once, have less than a megabyte."""
SPARE = 30.0
"""Seconds beyond its time-outs, which are for single steps, that a whole request may take."""


@dataclass(slots=True)
class RequestTrace:
    """What happened on the network during one request."""

    sent: bool = False
    """The body is being sent: the server may have acted on the request. Without it, it cannot have."""
    status: int | None = None
    """HTTP status of the response, once received."""

    async def trace(self, name: str, info: dict[str, Any]) -> None:
        """Called by httpcore at each step. The CONNECT to a proxy does not count as the request."""
        if name.endswith("send_request_body.started") and getattr(info.get("request"), "method", b"") != b"CONNECT":
            self.sent = True


_current: ContextVar[RequestTrace | None] = ContextVar("trace", default=None)


def watch() -> RequestTrace:
    """Start tracing this task's next request."""
    trace = RequestTrace()
    _current.set(trace)
    return trace


@functools.cache
def _certificates() -> ssl.SSLContext:
    """The trusted certificates, read once: reading takes a quarter of a second."""
    return httpx.create_ssl_context()


class _Bounded(httpx.AsyncByteStream):
    """A response's body, up to ``MOST_BYTES``."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for piece in self._stream:
            read += len(piece)
            if read > MOST_BYTES:
                raise httpx.ReadError(f"the response is longer than {MOST_BYTES // 1_000_000} MB")
            yield piece

    async def aclose(self) -> None:
        """Close the connection's side of it."""
        await self._stream.aclose()


class _Request(HTTPXRequest):
    """Requests of the library, each within a time of its own: a server that drips would hold one for ever."""

    async def do_request(self, url: str, method: str, *args: Any, **options: Any) -> tuple[int, bytes]:
        """As its base, or TimedOut."""
        read = options.get("read_timeout")
        longest = max((t for t in (read, self._client.timeout.read) if isinstance(t, int | float)), default=0.0)
        try:
            async with asyncio.timeout(2 * longest + SPARE):
                return await super().do_request(url, method, *args, **options)
        except TimeoutError as error:
            raise TimedOut from error


async def _on_request(request: httpx.Request) -> None:
    request.headers["Accept-Encoding"] = "identity"  # nothing is unpacked, so that the bound holds
    if (trace := _current.get()) is not None:
        request.extensions["trace"] = trace.trace


async def _on_response(response: httpx.Response) -> None:
    if (trace := _current.get()) is not None:
        trace.status = response.status_code
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise httpx.DecodingError("the response is packed, though that was not asked for")
    assert isinstance(response.stream, httpx.AsyncByteStream)
    response.stream = _Bounded(response.stream)


def connect(token: Secret, base_url: str, timeout: float, pool_size: int = 64) -> ExtBot[None]:
    """A bot for this token on this Bot API server; nothing is sent yet. ``timeout`` in seconds, per step of a request.

    ``base_url`` is the server's address, with or without a trailing ``/bot``. Raises UsageError without a token, and
    for a proxy in the environment that cannot be used.
    """
    value = token.reveal().strip()
    if not value:
        raise UsageError("no Telegram token; set TELEGRAM_BOT_TOKEN to the one from BotFather")
    root = (base_url or DEFAULT_BASE_URL).rstrip("/").removesuffix("/bot")
    options: dict[str, Any] = {
        "read_timeout": timeout,
        "write_timeout": timeout,
        "connect_timeout": min(timeout, 10.0),
        "pool_timeout": timeout,
        "httpx_kwargs": {
            "verify": _certificates(),
            "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none is kept: they would add up
            "event_hooks": {"request": [_on_request], "response": [_on_response]},
        },
    }
    try:
        return ExtBot(
            value,
            base_url=f"{root}/bot",
            base_file_url=f"{root}/file/bot",
            request=_Request(connection_pool_size=pool_size, **options),
            get_updates_request=_Request(connection_pool_size=1, **options),
        )
    except (ImportError, RuntimeError, ValueError, httpx.InvalidURL):
        # raised by httpx, or the library for it, for the environment's proxies; its text may hold the password
        raise UsageError(
            "the proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names cannot be used for Telegram; write it as "
            "http://host:port (SOCKS is not supported), or unset the variable"
        ) from None
    except InvalidToken as exc:
        raise UsageError("malformed Telegram token; copy it again from BotFather") from exc
