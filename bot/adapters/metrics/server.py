"""The HTTP server for ``/metrics`` and ``/healthz``, in the bot's own event loop.

It answers GET and HEAD and reads nothing from those who ask, so it needs neither a password nor a limit beyond
aiohttp's; who may reach it is decided by where it listens.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from bot.core.errors import UsageError

log = logging.getLogger(__name__)

CLOSE_WITHIN = 0.2
"""Seconds that connections have to end when the server stops; the whole bot stops within two."""


def _silent() -> logging.Logger:
    """aiohttp reports each broken request with a traceback: anybody on this machine could fill the log with them."""
    logger = logging.Logger("metrics")
    logger.disabled = True
    return logger


class MetricsServer:
    """Gives out what ``registry`` and ``health`` say at the moment they are asked.

    ``health`` tells whether all is well and, as an object for JSON, why (not).
    """

    def __init__(self, registry: CollectorRegistry, health: Callable[[], tuple[bool, Mapping[str, Any]]]) -> None:
        self._registry = registry
        self._health = health
        app = web.Application(client_max_size=1024)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/", self._index)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=CLOSE_WITHIN, logger=_silent()
        )

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises UsageError where that address is taken or not this machine's."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            reason = error.strerror or type(error).__name__
            raise UsageError(f"nothing can listen at {host} port {port}: {reason}") from error

    @property
    def port(self) -> int:
        """The port it listens at."""
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Listen no more. Closing twice, or what never began, is harmless."""
        await self._runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        try:
            text = generate_latest(self._registry)
        except Exception:
            log.exception("the metrics could not be put together")
            return web.Response(status=500, text="the metrics could not be put together; the log says why\n")
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def _healthz(self, request: web.Request) -> web.Response:
        try:
            well, said = self._health()
        except Exception:
            log.exception("health could not be told")
            well, said = False, {"status": "unwell", "reasons": ["health could not be told; the log says why"]}
        body = json.dumps(said, ensure_ascii=False) + "\n"
        headers = {"Cache-Control": "no-store"}
        return web.Response(status=200 if well else 503, text=body, content_type="application/json", headers=headers)

    async def _index(self, request: web.Request) -> web.Response:
        return web.Response(text="Aftershock: /metrics for Prometheus, /healthz for process managers\n")
