"""Messages operators directly, bypassing the outbox, for when the outbox itself cannot be written."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from bot.core.errors import DeliveryError
from bot.core.model import Outgoing, Recipient
from bot.core.ports import Clock, Notifier
from bot.core.waiting import back_off
from bot.delivery.recipients import marked, notice
from bot.delivery.routing import route
from bot.render import plain

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=5)
"""Before the first retry; each further pause is twice as long."""
LONGEST_PAUSE = timedelta(minutes=5)


class Alarm:
    """Calling it sends once to every operator among ``people``; nothing is stored.

    It is retried until it arrives or is withdrawn, a failure of the whole channel included; a repeat of what may have
    arrived is marked.
    """

    def __init__(
        self,
        notifiers: Mapping[str, Notifier],
        people: Callable[[], Iterable[Recipient]],
        clock: Clock,
        first_pause: timedelta = FIRST_PAUSE,
    ) -> None:
        self._notifiers = notifiers
        self._people = people
        self._clock = clock
        self._first_pause = first_pause
        self._sending: dict[asyncio.Task[None], str] = {}

    def __call__(self, headline: str, detail: str) -> None:
        """Start sending; returns immediately."""
        now = self._clock.now()
        wanted = notice("alarm", headline, detail, now)
        for notification in route(wanted, self._people(), now, text=plain(wanted.summary)):
            task = asyncio.create_task(self._send(Outgoing(notification, 1)), name="alarm")
            self._sending[task] = headline
            task.add_done_callback(self._sending.pop)

    def withdraw(self, headline: str) -> None:
        """The trouble is over: stop retrying this alarm."""
        for task, about in list(self._sending.items()):
            if about == headline:
                task.cancel()

    async def _send(self, outgoing: Outgoing) -> None:
        recipient = outgoing.notification.recipient
        for failures in itertools.count(1):
            try:
                await self._notifiers[outgoing.notification.channel].send(outgoing)
                return
            except DeliveryError as error:
                target = error.moved_to or error.instead
                if error.forbidden or (error.permanent and not error.channel and not target):
                    log.warning("operator %s could not be notified: %s", recipient, error)
                    return
                if failures == 1:
                    log.warning("operator %s could not be notified: %s; retrying", recipient, error)
                outgoing = _again(outgoing, error)
                pause = timedelta(0) if target else back_off(failures, self._first_pause, LONGEST_PAUSE)
                wait = max(pause, error.retry_after or timedelta(0))
            await asyncio.sleep(wait.total_seconds())


def _again(outgoing: Outgoing, error: DeliveryError) -> Outgoing:
    """The same for the next attempt: to where the chat is now, and marked if it may have arrived."""
    note = outgoing.notification
    note = replace(note, recipient=error.moved_to or error.instead or note.recipient)
    if error.unknown and not outgoing.doubts:
        note = replace(note, summary=marked(note.summary))
    return replace(outgoing, notification=note, doubts=outgoing.doubts + error.unknown)
