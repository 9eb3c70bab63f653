"""The connection to a Bot API server, and what is known about a request when it fails: did it go out, and what came."""

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
    """What happened on the wire during one request."""

    sent: bool = False
    """Some of the request was handed to the network: from here on the server may have acted on it."""
    status: int | None = None
    """HTTP status of the answer, once its head has arrived."""

    async def trace(self, name: str, info: dict[str, Any]) -> None:
        """Told by httpcore of each step. The CONNECT to a proxy is not yet the request."""
        if name.endswith("send_request_headers.started"):
            request = info.get("request")
            if getattr(request, "method", b"") != b"CONNECT":
                self.sent = True


_current: ContextVar[RequestTrace | None] = ContextVar("wire", default=None)


def watch() -> RequestTrace:
    """A fresh record of the next request made by this task."""
    wire = RequestTrace()
    _current.set(wire)
    return wire


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificates to trust, read once: every httpx client would take a quarter of a second to read them again."""
    return httpx.create_ssl_context()


async def _on_request(request: httpx.Request) -> None:
    wire = _current.get()
    if wire is not None:
        request.extensions["trace"] = wire.trace


async def _on_response(response: httpx.Response) -> None:
    wire = _current.get()
    if wire is not None:
        wire.status = response.status_code


def connect(token: Secret, base_url: str, timeout: float, pool_size: int = 64) -> ExtBot[None]:
    """A bot for this token on this Bot API server; nothing is sent yet. ``timeout`` in seconds, per step of a request.

    ``base_url`` is the server's address with or without the trailing ``/bot``. Raises UsageError without a token.
    """
    value = token.reveal().strip()
    if not value:
        raise UsageError("there is no Telegram token; set TELEGRAM_BOT_TOKEN to the one BotFather gave you")
    root = (base_url or DEFAULT_BASE_URL).rstrip("/").removesuffix("/bot")
    options: dict[str, Any] = {
        "read_timeout": timeout,
        "write_timeout": timeout,
        "connect_timeout": min(timeout, 10.0),
        "pool_timeout": timeout,
        "httpx_kwargs": {
            "verify": _trusted(),
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
        raise UsageError("the Telegram token is not one; copy it again from BotFather") from exc
