"""Pictures that follow a message: sent one by one, as an answer to it, once no message has gone out for a moment.

A picture is an extra. It never delays a message, is never tried twice, and what becomes of it is not recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from telegram import InputMediaPhoto, ReplyParameters
from telegram.error import RetryAfter

from bot.adapters.notifiers.telegram.address import Address
from bot.adapters.notifiers.telegram.errors import asked_wait
from bot.adapters.notifiers.telegram.redact import Redactor
from bot.core.model import Notification

log = logging.getLogger(__name__)

Pictures = Callable[[Notification], Awaitable[Sequence[bytes]]]
"""The pictures of a notification, PNG; none where it has none."""

QUIET = 1.0
"""So many seconds without a message before a picture goes: messages are never slowed down for it."""
REMEMBERED = 32
"""Announcements whose pictures Telegram has already: sent again by their file's id."""
WAITING = 2000
"""More pictures than this do not wait: the oldest are dropped."""


@dataclass(frozen=True, slots=True)
class _Due:
    address: Address
    message: int
    notification: Notification


@dataclass(slots=True)
class Photos:
    """A queue of pictures and the task that empties it."""

    bot: Any
    pictures: Pictures
    redact: Redactor
    _queue: asyncio.Queue[_Due] = field(default_factory=lambda: asyncio.Queue(WAITING))
    _task: asyncio.Task[None] | None = None
    _sent_at: float = 0.0
    _known: OrderedDict[str, tuple[bytes | str, ...]] = field(default_factory=OrderedDict)

    def message_sent(self) -> None:
        """A message went out now."""
        self._sent_at = time.monotonic()

    def follow(self, address: Address, message: int, notification: Notification) -> None:
        """Let the pictures of ``notification`` follow its message."""
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(_Due(address, message, notification))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._empty(), name="telegram-photos")

    async def close(self) -> None:
        """Send no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _empty(self) -> None:
        while not self._queue.empty():
            due = self._queue.get_nowait()
            try:
                await self._send(due)
            except Exception as error:  # whatever it is, the message is there
                said = self.redact(f"{type(error).__name__}: {error}")
                log.warning("a picture could not be sent to %s: %s", due.notification.recipient, said)

    async def _send(self, due: _Due) -> None:
        key = due.notification.announcement
        photos = self._known.get(key)
        if photos is None:
            photos = tuple(await self.pictures(due.notification))
            self._remember(key, photos)
        if not photos:
            return
        while (wait := self._sent_at + QUIET - time.monotonic()) > 0:  # noqa: ASYNC110 - only time ends this
            await asyncio.sleep(wait)
        try:
            ids = await self._hand_over(due, photos)
        except RetryAfter as error:
            await asyncio.sleep(asked_wait(error).total_seconds())
            ids = await self._hand_over(due, photos)
        self._remember(key, ids)
        self.message_sent()  # so that pictures keep their distance, too

    async def _hand_over(self, due: _Due, photos: tuple[bytes | str, ...]) -> tuple[str, ...]:
        """Send, and return the ids under which Telegram keeps the files."""
        answer = ReplyParameters(due.message, allow_sending_without_reply=True)
        where = {"message_thread_id": due.address.thread, "reply_parameters": answer, "disable_notification": True}
        if len(photos) == 1:
            sent = [await self.bot.send_photo(due.address.chat, photos[0], **where)]
        else:
            sent = await self.bot.send_media_group(due.address.chat, [InputMediaPhoto(p) for p in photos], **where)
        return tuple(message.photo[-1].file_id for message in sent)

    def _remember(self, key: str, photos: tuple[bytes | str, ...]) -> None:
        self._known[key] = photos
        self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
