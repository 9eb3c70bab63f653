"""Starts ``/metrics``, ``/healthz`` and the heartbeat, whichever are configured."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp

from bot.adapters.metrics.ping import HeartbeatSender
from bot.adapters.metrics.server import MetricsServer
from bot.app.monitoring.counters import Measures
from bot.app.monitoring.health import TICK, HealthMonitor
from bot.app.monitoring.heartbeat import Heartbeat
from bot.app.monitoring.metrics import Gauges
from bot.app.run.inbox import Inbox
from bot.app.run.live import LiveBot
from bot.config.settings.metrics import is_loopback
from bot.core.errors import UsageError
from bot.core.ports import Clock
from bot.core.secret import Secret
from bot.core.standing import Lasting
from bot.delivery.recipients import notice, over
from bot.delivery.sender import Sender

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def monitored(
    bot: LiveBot,
    sender: Sender,
    measures: Measures,
    clock: Clock,
    session: aiohttp.ClientSession,
    switch: Secret | None,
) -> AsyncIterator[None]:
    """Run what is configured until the end of the block; a failure here never keeps the bot from starting."""
    settings = bot.project.settings
    address = settings.metrics.address
    started_at = clock.now()
    vitals = HealthMonitor(bot, measures, started_at, sender.troubles)
    if address is not None or switch is not None:
        bot.every("vitals", TICK, vitals.tick)
    if switch is not None:
        heart = Heartbeat(HeartbeatSender(session, switch), lambda: vitals.judge(clock.now()))
        bot.every("heartbeat", settings.heartbeat.every, heart.beat)
    if address is None:
        yield
        return

    def health() -> tuple[bool, Mapping[str, Any]]:
        now = vitals.judge(clock.now())
        return now.well, now.told()

    server = MetricsServer(Gauges(bot, sender, measures, vitals, clock, started_at).registry(), health)
    host, port = address
    await listening(server, host, port, bot.inbox, clock)
    try:
        yield
    finally:
        await server.close()


async def listening(server: MetricsServer, host: str, port: int, inbox: Inbox, clock: Clock) -> None:
    """Let the server listen; where it cannot, tell the operator, who is told by the run in which it can again."""
    try:
        await server.start(host, port)
    except UsageError as error:
        log.error("no metrics: %s", error)
        if inbox.standing.begin(Lasting.METRICS, clock.now()):
            detail = f"{error}. The bot runs without them."
            inbox.announce(notice("metrics", "Metrics and /healthz are off", detail, clock.now()))
        return
    if trouble := inbox.standing.end(Lasting.METRICS):
        inbox.announce(over(trouble, "Metrics and /healthz work again", "The address is free.", clock.now()))
    log.info("metrics at http://%s:%d/metrics, health at /healthz", f"[{host}]" if ":" in host else host, port)
    if not is_loopback(host):
        log.warning("metrics listen on %s: other machines can read them without a password", host)
