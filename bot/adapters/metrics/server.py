"""The HTTP server for ``/metrics`` and ``/healthz``, in the bot's event loop.

It answers GET and HEAD and reads no input, so it needs no password; access is limited by the address it listens on.
Connections are limited: the bot needs its files for feeds and prices.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from bot.bounds.connections import Gate
from bot.core.errors import UsageError

log = logging.getLogger(__name__)

CLOSE_WITHIN = 0.2
"""Seconds for open connections to finish when the server stops; the whole bot stops within two."""


def _silent() -> logging.Logger:
    """aiohttp logs a traceback for each malformed request, with which anybody could fill the log."""
    logger = logging.Logger("metrics")
    logger.disabled = True
    return logger


AT_ONCE = 32
"""Connections at most: a few collectors and process managers, each with its own."""
IDLE = 20
"""Seconds until an idle connection is closed; most collectors ask every fifteen."""


class MetricsServer:
    """Serves the current metrics of ``registry`` and ``health``: whether all is well, and the details for JSON."""

    def __init__(self, registry: CollectorRegistry, health: Callable[[], tuple[bool, Mapping[str, Any]]]) -> None:
        self._registry = registry
        self._health = health
        app = web.Application(client_max_size=1024)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/", self._index)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=CLOSE_WITHIN,
            keepalive_timeout=IDLE,
            logger=_silent(),
        )
        self._gate = Gate(AT_ONCE)
        self._listening: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Start listening. Raises UsageError if the address is in use or not this machine's."""
        await self._runner.setup()
        assert self._runner.server is not None
        loop, made = asyncio.get_running_loop(), self._gate.gated(self._runner.server)
        try:
            # what the kernel hands over at once are files of ours, too
            self._listening = await loop.create_server(made, host, port, backlog=AT_ONCE)
        except OSError as error:
            await self._runner.cleanup()
            reason = error.strerror or type(error).__name__
            raise UsageError(f"nothing can listen at {host} port {port}: {reason}") from error

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._listening is not None
        return int(self._listening.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening. May be called twice, or before ``start``."""
        if self._listening is not None:
            self._listening.close()
        await self._runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        try:
            text = generate_latest(self._registry)
        except Exception:
            log.exception("collecting the metrics failed")
            return web.Response(status=500, text="collecting the metrics failed; see the log\n")
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def _healthz(self, request: web.Request) -> web.Response:
        try:
            well, details = self._health()
        except Exception:
            log.exception("the health check failed")
            well, details = False, {"status": "unwell", "reasons": ["the health check failed; see the log"]}
        body = json.dumps(details, ensure_ascii=False) + "\n"
        headers = {"Cache-Control": "no-store"}
        return web.Response(status=200 if well else 503, text=body, content_type="application/json", headers=headers)

    async def _index(self, request: web.Request) -> web.Response:
        return web.Response(text="Aftershock: /metrics for Prometheus, /healthz for process managers\n")
