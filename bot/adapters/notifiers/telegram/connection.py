"""The connection to a Bot API server, which traces requests: was it sent, and what was the response's status."""

from __future__ import annotations

import functools
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpx
from telegram.error import InvalidToken
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.core.errors import UsageError
from bot.core.secret import Secret

DEFAULT_BASE_URL = "https://api.telegram.org"


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


async def _on_request(request: httpx.Request) -> None:
    if (trace := _current.get()) is not None:
        request.extensions["trace"] = trace.trace


async def _on_response(response: httpx.Response) -> None:
    if (trace := _current.get()) is not None:
        trace.status = response.status_code


def connect(token: Secret, base_url: str, timeout: float, pool_size: int = 64) -> ExtBot[None]:
    """A bot for this token on this Bot API server; nothing is sent yet. ``timeout`` in seconds, per step of a request.

    ``base_url`` is the server's address, with or without a trailing ``/bot``. Raises UsageError without a token.
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
            "event_hooks": {"request": [_on_request], "response": [_on_response]},
        },
    }
    try:
        return ExtBot(
            value,
            base_url=f"{root}/bot",
            base_file_url=f"{root}/file/bot",
            request=HTTPXRequest(connection_pool_size=pool_size, **options),
            get_updates_request=HTTPXRequest(connection_pool_size=1, **options),
        )
    except InvalidToken as exc:
        raise UsageError("malformed Telegram token; copy it again from BotFather") from exc
