"""Sends notifications to Telegram chats."""

from __future__ import annotations

import asyncio

from telegram import LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.adapters.notifiers.telegram.address import CHANNEL, Address
from bot.adapters.notifiers.telegram.connection import DEFAULT_BASE_URL, connect, watch
from bot.adapters.notifiers.telegram.errors import delivery_error, is_markup_refused, is_not_modified, repeatable
from bot.adapters.notifiers.telegram.keyboard import keyboard
from bot.adapters.notifiers.telegram.photos import Photos, Pictures
from bot.adapters.notifiers.telegram.redact import Redactor
from bot.core.errors import DeliveryError, UsageError
from bot.core.model import Limits, Outgoing
from bot.core.model.unsent import CancelledUnsent
from bot.core.ports import Notifier
from bot.core.secret import Secret
from bot.render import html, plain
from bot.render.limits import MESSAGE_LIMIT
from bot.render.text import unmention, utf16_length

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


LIMITS = Limits(burst=6)
"""Telegram's limits (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this), spread evenly:
30 messages a second in all, one a second per chat, 20 a minute per group."""


class TelegramNotifier(Notifier):
    """The channel ``telegram``. One request per notification; the sender does pacing and retries.

    A message whose markup Telegram rejects is sent again as plain text. Cancelled before anything was sent it raises
    CancelledUnsent, afterwards CancelledError.
    """

    channel = CHANNEL
    limits = LIMITS

    def __init__(
        self,
        token: Secret,
        *,
        base_url: str = DEFAULT_BASE_URL,
        timeout: float = 20.0,
        pictures: Pictures | None = None,
    ) -> None:
        """``pictures`` returns the pictures to send after a notification."""
        self._bot = connect(token, base_url, timeout)
        self._redact = Redactor([token])
        self._photos = Photos(self._bot, pictures, self._redact) if pictures is not None else None

    async def send(self, outgoing: Outgoing) -> str:
        """Send or edit, and return Telegram's message id.

        Raises DeliveryError as described in ``errors``; ``moved_to`` is the new recipient id. An edit that changes
        nothing succeeds.
        """
        notification = outgoing.notification
        try:
            address = Address.parse(notification.recipient)
        except UsageError as exc:
            raise DeliveryError(str(exc), permanent=True) from exc
        if notification.edits and outgoing.edits_message is None:
            raise DeliveryError("the message to edit was never sent", permanent=True)
        trace = watch()
        try:
            try:
                return await self._send(outgoing, address, html(notification.summary), ParseMode.HTML)
            except TelegramError as exc:
                if not is_markup_refused(exc):
                    raise
            trace = watch()
            return await self._send(outgoing, address, _plain(outgoing), None)
        except asyncio.CancelledError:
            if trace.sent:
                raise
            raise CancelledUnsent from None
        except Exception as exc:
            if is_not_modified(exc) and outgoing.edits_message is not None:
                return outgoing.edits_message
            edit = outgoing.edits_message is not None
            raise delivery_error(exc, trace, address, edit=edit, redact=self._redact) from exc

    async def _send(self, outgoing: Outgoing, address: Address, text: str, parse_mode: str | None) -> str:
        buttons = keyboard(outgoing.notification)
        if outgoing.edits_message is not None:
            await self._bot.edit_message_text(
                text,
                chat_id=address.chat,
                message_id=int(outgoing.edits_message),
                parse_mode=parse_mode,
                link_preview_options=_NO_PREVIEW,
                reply_markup=buttons,  # an edit without would remove them
            )
            return outgoing.edits_message
        answers = outgoing.replies_to_message
        message: Message = await self._bot.send_message(
            address.chat,
            text,
            parse_mode=parse_mode,
            message_thread_id=address.thread,
            link_preview_options=_NO_PREVIEW,
            reply_markup=buttons,
            reply_parameters=ReplyParameters(int(answers), allow_sending_without_reply=True) if answers else None,
        )
        if self._photos is not None:
            self._photos.message_sent()
            self._photos.follow(address, message.message_id, outgoing.notification)
        return str(message.message_id)

    async def check(self) -> str:
        """Ask Telegram for the bot's user name. Raises DeliveryError, permanent for a rejected token."""
        me = await repeatable(self._bot.get_me(), self._redact)
        return me.username or me.first_name

    async def probe(self) -> None:
        """Ask Telegram who this bot is."""
        await self.check()

    async def close(self) -> None:
        """Close the connections. The notifier cannot be used afterwards."""
        if self._photos is not None:
            await self._photos.close()
        await self._bot.request.shutdown()


def _plain(outgoing: Outgoing) -> str:
    """The message without markup, and without mentions unless it would then be too long."""
    text = plain(outgoing.notification.summary, width=None, limit=MESSAGE_LIMIT)
    unmentioned = unmention(text)
    return unmentioned if utf16_length(unmentioned) <= MESSAGE_LIMIT else text
