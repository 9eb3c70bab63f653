"""The heartbeat: a dead-man's switch is asked as long as all is well, and tells its owner when that ends."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from bot.app.monitoring.health import HealthReport
from bot.core.errors import SourceError

log = logging.getLogger(__name__)


class DeadMansSwitch(Protocol):
    """What is asked; ``where`` is as much of its address as may be shown."""

    where: str

    async def beat(self) -> None:
        """Ask once. Raises SourceError without the address."""
        ...


class Heartbeat:
    """Asks ``switch`` while ``judge`` says that all is well. What changes is logged, once each way."""

    def __init__(self, switch: DeadMansSwitch, judge: Callable[[], HealthReport]) -> None:
        self._switch = switch
        self._judge = judge
        self._failed = False
        self._held = False
        self.beats = 0
        """How often the switch has answered."""

    async def beat(self) -> None:
        """Ask, or leave it: one interval's turn."""
        now = self._judge()
        if not now.well:
            if not self._held:
                log.warning("no heartbeat to %s while unwell: %s", self._switch.where, "; ".join(now.reasons))
            self._held = True
            return
        if self._held:
            log.info("all is well again: the heartbeat to %s goes on", self._switch.where)
        self._held = False
        try:
            await self._switch.beat()
        except SourceError as error:
            if not self._failed:
                log.warning("the heartbeat does not arrive: %s; trying again at each interval", error)
            self._failed = True
            return
        self.beats += 1
        if self._failed:
            log.info("the heartbeat arrives again at %s", self._switch.where)
        self._failed = False
