"""The heartbeat: pings a dead-man's switch while the bot is healthy and people can be told; the switch alerts when
the pings stop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from bot.app.monitoring.health import HealthReport
from bot.core.errors import SourceError

log = logging.getLogger(__name__)


class DeadMansSwitch(Protocol):
    """A switch to ping; ``where`` is as much of its URL as may be shown."""

    where: str

    async def beat(self) -> None:
        """Ping once. Raises SourceError without the URL."""
        ...


class Heartbeat:
    """Pings ``switch`` while ``judge`` finds the bot healthy, without a warning. Each change is logged once."""

    def __init__(self, switch: DeadMansSwitch, judge: Callable[[], HealthReport]) -> None:
        self._switch = switch
        self._judge = judge
        self._failed = False
        self._held = False
        self.beats = 0
        """Successful pings."""

    async def beat(self) -> None:
        """Ping if the bot is healthy; run once per interval."""
        now = self._judge()
        if wrong := (*now.reasons, *now.warnings):
            if not self._held:
                log.warning("unhealthy, no heartbeat to %s: %s", self._switch.where, "; ".join(wrong))
            self._held = True
            return
        if self._held:
            log.info("healthy again: the heartbeat to %s resumes", self._switch.where)
        self._held = False
        try:
            await self._switch.beat()
        except SourceError as error:
            if not self._failed:
                log.warning("heartbeat failed: %s; retried at each interval", error)
            self._failed = True
            return
        self.beats += 1
        if self._failed:
            log.info("heartbeat to %s works again", self._switch.where)
        self._failed = False
