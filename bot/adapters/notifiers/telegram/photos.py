"""Pictures, drawn once for all readers, and those sent as a reply to their message, one at a time, when no message has
been sent for a moment.

A picture is an extra: it never delays a message, is not retried, and its delivery is not recorded.
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

from telegram import InputMediaPhoto, Message, ReplyParameters
from telegram.error import RetryAfter

from bot.adapters.notifiers.telegram.address import Address
from bot.adapters.notifiers.telegram.errors import asked_wait
from bot.core.model import Notification
from bot.core.secret import redacted

log = logging.getLogger(__name__)

Pictures = Callable[[Notification], Awaitable[Sequence[bytes]]]
"""The pictures of a notification, as PNG files."""

QUIET = 1.0
"""Seconds without a message before a picture is sent."""
REMEMBERED = 32
"""Announcements whose pictures Telegram has already; they are sent again by file id."""
WAITING = 2000
"""The longest queue: beyond it the oldest pictures are dropped."""


async def send_pictures(bot: Any, chat: int, pictures: Sequence[bytes | str], **options: Any) -> Sequence[Message]:
    """Send one picture, or up to ten as an album; files, or ids of files that Telegram has."""
    if len(pictures) == 1:
        return [await bot.send_photo(chat, pictures[0], **options)]
    album: Sequence[Message] = await bot.send_media_group(
        chat, [InputMediaPhoto(picture) for picture in pictures[:10]], **options
    )
    return album


@dataclass(slots=True)
class Photos:
    """A queue of pictures and the task that empties it."""

    bot: Any
    pictures: Pictures
    _queue: asyncio.Queue[tuple[Address, int, Notification]] = field(default_factory=lambda: asyncio.Queue(WAITING))
    _task: asyncio.Task[None] | None = None
    _sent_at: float = 0.0
    _known: OrderedDict[str, tuple[bytes | str, ...]] = field(default_factory=OrderedDict)
    _drawing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def message_sent(self) -> None:
        """A message was sent just now."""
        self._sent_at = time.monotonic()

    def follow(self, address: Address, message: int, notification: Notification) -> None:
        """Queue the pictures of ``notification``, whose message was sent."""
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait((address, message, notification))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._empty(), name="telegram-photos")

    async def of(self, notification: Notification) -> tuple[bytes | str, ...]:
        """The pictures of ``notification``, drawn once for all who receive it."""
        async with self._drawing:
            photos = self._known.get(notification.announcement)
            if photos is None:
                photos = tuple(await self.pictures(notification))
                self._remember(notification.announcement, photos)
            return photos

    async def close(self) -> None:
        """Stop sending."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _empty(self) -> None:
        while not self._queue.empty():
            address, message, notification = self._queue.get_nowait()
            try:
                await self._send(address, message, notification)
            except Exception as error:  # the message was sent, whatever this is
                text = redacted(f"{type(error).__name__}: {error}")
                log.warning("a picture could not be sent to %s: %s", notification.recipient, text)

    async def _send(self, address: Address, message: int, notification: Notification) -> None:
        photos = await self.of(notification)
        if not photos:
            return
        while (wait := self._sent_at + QUIET - time.monotonic()) > 0:  # noqa: ASYNC110 - only time ends this
            await asyncio.sleep(wait)
        reply = ReplyParameters(message, allow_sending_without_reply=True)
        options = {"message_thread_id": address.thread, "reply_parameters": reply, "disable_notification": True}
        try:
            sent = await send_pictures(self.bot, address.chat, photos, **options)
        except RetryAfter as error:
            await asyncio.sleep(asked_wait(error).total_seconds())
            sent = await send_pictures(self.bot, address.chat, photos, **options)
        self._remember(notification.announcement, tuple(each.photo[-1].file_id for each in sent))
        self.message_sent()  # pictures keep their distance, too

    def _remember(self, key: str, photos: tuple[bytes | str, ...]) -> None:
        self._known[key] = photos
        self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
