"""Tells the operators past the outbox, for when the outbox itself cannot be written. Best effort, once per alarm."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from bot.core.errors import DeliveryError
from bot.core.model import Outgoing, Recipient
from bot.core.ports import Clock, Notifier
from bot.core.routing import route
from bot.recipients import notice
from bot.render import plain

log = logging.getLogger(__name__)


class Alarm:
    """Calling it sends at once to every operator among ``people``; nothing is stored, and nothing is tried again."""

    def __init__(self, notifiers: Mapping[str, Notifier], people: Sequence[Recipient], clock: Clock) -> None:
        self._notifiers = notifiers
        self._people = people
        self._clock = clock
        self._sending: set[asyncio.Task[None]] = set()

    def __call__(self, headline: str, detail: str) -> None:
        """Begin to send; returns at once."""
        now = self._clock.now()
        wanted = notice("alarm", headline, detail, now)
        for notification in route(wanted, self._people, now, text=plain(wanted.summary)):
            task = asyncio.create_task(self._send(Outgoing(notification, 1)), name="alarm")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, outgoing: Outgoing) -> None:
        try:
            await self._notifiers[outgoing.notification.channel].send(outgoing)
        except DeliveryError as error:
            log.warning("the operator %s could not be told: %s", outgoing.notification.recipient, error)
