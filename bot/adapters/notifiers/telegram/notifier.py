"""Sends notifications to Telegram chats."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from telegram import InputFile, InputMediaPhoto, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, InvalidToken

from bot.adapters.notifiers.telegram.address import CHANNEL, Address
from bot.adapters.notifiers.telegram.connection import DEFAULT_BASE_URL, RequestTrace, connect, watch
from bot.adapters.notifiers.telegram.errors import (
    delivery_error,
    is_captioned,
    is_link_refused,
    is_markup_refused,
    is_not_modified,
    repeatable,
)
from bot.adapters.notifiers.telegram.keyboard import keyboard
from bot.adapters.notifiers.telegram.photos import Photos, Pictures
from bot.core.errors import DeliveryError, UsageError
from bot.core.model import Limits, Notification, NumberForm, Outgoing, Reason, Style
from bot.core.model.unsent import CancelledUnsent
from bot.core.ports import Notifier
from bot.core.secret import Secret, redacted
from bot.render import html, plain, rich
from bot.render.limits import CAPTION_LIMIT, MESSAGE_LIMIT
from bot.render.numbers import in_form
from bot.render.text import unmention, utf16_length

log = logging.getLogger(__name__)

PICTURE_WAIT = 5.0
"""Seconds that a message waits for pictures that stand in it."""
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_NOT_FOUND, _TOO_LARGE = 404, 413

LIMITS = Limits(burst=2, burst_window=timedelta(milliseconds=64))
"""Telegram's limits (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this): 30 messages a
second in all, one a second per chat, 20 a minute per group. Spread evenly, two at a time, so that a critical alert
finds a place within less than a tenth of a second whatever is queued."""


class NoPictureError(Exception):
    """There is not one picture to put the text under; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to send a message, and which of Telegram's refusals make the next way be tried instead.

    A refusal says that Telegram has taken nothing, so that no message is sent twice; anything else ends the attempt.
    """

    send: Callable[[Outgoing, Address], Awaitable[str]]
    gives_way: Callable[[Exception, RequestTrace], bool] = lambda error, trace: False


class TelegramNotifier(Notifier):
    """The channel ``telegram``. One request per notification; the sender does pacing and retries.

    A message in a form that Telegram refuses is sent in the next simpler one: rich, text with markup, plain text.
    Cancelled before anything was sent it raises CancelledUnsent, afterwards CancelledError.
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
        style: Callable[[str], Style] = lambda recipient: Style.CLASSIC,
        numbers: Callable[[str], NumberForm] = lambda recipient: NumberForm.POINT,
        pages: str = "",
    ) -> None:
        """``pictures`` returns the pictures of a notification, ``style`` the style of a recipient's messages,
        ``numbers`` the form of the numbers in them (those in pictures, which all chats share, have one form).
        ``pages`` is where the pages of the history begin, to which a button leads."""
        self._bot = connect(token, base_url, timeout)
        self._token = token
        self._photos = Photos(self._bot, pictures) if pictures is not None else None
        self.style = style
        self.numbers = numbers
        self._knows_rich = True
        self._pages = pages

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
        summary = in_form(notification.summary, self.numbers(notification.recipient))
        given, outgoing = outgoing, replace(outgoing, notification=replace(notification, summary=summary))
        for form in self._forms(outgoing):
            trace = watch()
            try:
                return await form.send(outgoing, address)
            except asyncio.CancelledError:
                if trace.sent:
                    raise
                raise CancelledUnsent from None
            except Exception as exc:
                if is_not_modified(exc) and outgoing.edits_message is not None:
                    return outgoing.edits_message
                if self._pages and is_link_refused(exc):
                    log.warning("Telegram takes no button to %s (%s): left out until the next start; correct "
                                "web: address: in config.yaml", self._pages, self._told(exc))  # fmt: skip
                    self._pages = ""
                    return await self.send(given)
                if form.gives_way(exc, trace):
                    log.info("%s refused a message (%s); a simpler form follows", address.recipient, self._told(exc))
                    continue
                edit = outgoing.edits_message is not None
                raise delivery_error(exc, trace, address, edit=edit) from exc
        raise AssertionError("the last form gives way to none")

    def _forms(self, outgoing: Outgoing) -> Iterator[Form]:
        """The forms of a message in the order in which they are tried."""
        notification, is_new = outgoing.notification, outgoing.edits_message is None
        if self.style(notification.recipient) is Style.RICH and self._knows_rich:
            yield Form(self._send_rich, self._rich_refused)
        if not is_new:
            yield Form(self._edit_text, lambda error, _: is_markup_refused(error))
        else:
            if self._photos is not None and _fits_caption(notification):
                yield Form(self._send_captioned, lambda error, _: isinstance(error, BadRequest | NoPictureError))
            yield Form(self._send_text, lambda error, _: is_markup_refused(error))
        yield Form(self._send_plain)

    def _rich_refused(self, error: Exception, trace: RequestTrace) -> bool:
        """Whether the server takes no such message: it knows no such method, or refuses a block or a picture."""
        if trace.status == _NOT_FOUND and self._knows_rich:
            self._knows_rich = False
            log.warning("this Bot API server has no rich messages (it is older than 10.2): classic ones are sent")
        return isinstance(error, BadRequest) or trace.status in (_NOT_FOUND, _TOO_LARGE)

    def _told(self, error: Exception) -> str:
        return redacted(f"{type(error).__name__}: {error}")[:200]

    # ----------------------------------------------------------------------------------------------------------- forms

    async def _send_rich(self, outgoing: Outgoing, address: Address) -> str:
        """Text and pictures in one message, which an edit replaces together."""
        files, media = [], []
        for picture in await self._pictures_of(outgoing.notification):
            if isinstance(picture, str):
                media.append(picture)
            else:
                files.append(InputFile(picture, filename="chart.png", attach=True))
                media.append(str(files[-1].attach_uri))
        request: dict[str, Any] = {
            "chat_id": address.chat,
            "rich_message": rich(outgoing.notification.summary, media),
            "reply_markup": keyboard(outgoing.notification, self._pages),
            **{f"file{i}": file for i, file in enumerate(files)},
        }
        if outgoing.edits_message is not None:
            # methods are known in any case; in its own the library would warn that it has this one
            await self._call("editmessagetext", request | {"message_id": int(outgoing.edits_message)})
            return outgoing.edits_message
        request |= {"message_thread_id": address.thread, "reply_parameters": _reply(outgoing)}
        sent = await self._call("sendRichMessage", request)
        if self._photos is not None:
            self._photos.message_sent()
        return str(sent["message_id"])

    async def _call(self, method: str, request: dict[str, Any]) -> Any:
        """Call a method that the library does not know."""
        try:
            return await self._bot.do_api_request(method, api_kwargs=request)
        except InvalidToken as error:  # which it raises anew, so that it no longer looks like Telegram's answer
            raise error.__cause__ or error from None

    async def _send_captioned(self, outgoing: Outgoing, address: Address) -> str:
        """A short text as the caption of its only picture."""
        assert self._photos is not None
        pictures = await self._pictures_of(outgoing.notification)
        if len(pictures) != 1:
            raise NoPictureError
        message = await self._bot.send_photo(
            address.chat,
            pictures[0],
            caption=html(outgoing.notification.summary, CAPTION_LIMIT),
            parse_mode=ParseMode.HTML,
            message_thread_id=address.thread,
            reply_markup=keyboard(outgoing.notification, self._pages),
            reply_parameters=_reply(outgoing),
        )
        self._photos.message_sent()
        return str(message.message_id)

    async def _send_text(self, outgoing: Outgoing, address: Address) -> str:
        return await self._new(outgoing, address, html(outgoing.notification.summary), ParseMode.HTML)

    async def _send_plain(self, outgoing: Outgoing, address: Address) -> str:
        if outgoing.edits_message is None:
            return await self._new(outgoing, address, _plain(outgoing), None)
        return await self._replace(outgoing, address, _plain(outgoing), None)

    async def _edit_text(self, outgoing: Outgoing, address: Address) -> str:
        try:
            return await self._replace(outgoing, address, html(outgoing.notification.summary), ParseMode.HTML)
        except BadRequest as error:
            if not is_captioned(error):
                raise
        return await self._edit_caption(outgoing, address)

    async def _edit_caption(self, outgoing: Outgoing, address: Address) -> str:
        """Caption and picture of a message that has a picture for its body, both at once."""
        caption = html(outgoing.notification.summary, CAPTION_LIMIT)
        whom: dict[str, Any] = {"chat_id": address.chat, "message_id": int(str(outgoing.edits_message))}
        buttons = keyboard(outgoing.notification, self._pages)
        pictures = await self._pictures_of(outgoing.notification)
        if pictures:
            media = InputMediaPhoto(pictures[0], caption=caption, parse_mode=ParseMode.HTML)
            await self._bot.edit_message_media(media, **whom, reply_markup=buttons)
        else:
            await self._bot.edit_message_caption(
                **whom, caption=caption, parse_mode=ParseMode.HTML, reply_markup=buttons
            )
        return str(outgoing.edits_message)

    async def _replace(self, outgoing: Outgoing, address: Address, text: str, parse_mode: str | None) -> str:
        await self._bot.edit_message_text(
            text,
            chat_id=address.chat,
            message_id=int(str(outgoing.edits_message)),
            parse_mode=parse_mode,
            link_preview_options=_NO_PREVIEW,
            reply_markup=keyboard(outgoing.notification, self._pages),  # an edit without would remove them
        )
        return str(outgoing.edits_message)

    async def _new(self, outgoing: Outgoing, address: Address, text: str, parse_mode: str | None) -> str:
        message: Message = await self._bot.send_message(
            address.chat,
            text,
            parse_mode=parse_mode,
            message_thread_id=address.thread,
            link_preview_options=_NO_PREVIEW,
            reply_markup=keyboard(outgoing.notification, self._pages),
            reply_parameters=_reply(outgoing),
        )
        if self._photos is not None:
            self._photos.message_sent()
            self._photos.follow(address, message.message_id, outgoing.notification)
        return str(message.message_id)

    async def _pictures_of(self, notification: Notification) -> Sequence[bytes | str]:
        """The pictures that stand in the message itself; none where they cannot be had soon: a message does not wait
        for its pictures."""
        if self._photos is None:
            return ()
        try:
            async with asyncio.timeout(PICTURE_WAIT):
                return (await self._photos.of(notification))[:10]
        except Exception as error:  # drawing is not the message
            log.warning("a message goes without its pictures: %s", self._told(error))
            return ()

    async def check(self) -> str:
        """Ask Telegram for the bot's user name. Raises DeliveryError, permanent for a rejected token."""
        me = await repeatable(self._bot.get_me())
        return me.username or me.first_name

    async def probe(self) -> None:
        """Ask Telegram who this bot is."""
        await self.check()

    async def close(self) -> None:
        """Close the connections. The notifier cannot be used afterwards."""
        if self._photos is not None:
            await self._photos.close()
        await self._bot.request.shutdown()


def _fits_caption(notification: Notification) -> bool:
    """Whether the whole text fits below a picture, and always will: the first message of an incident grows by edits."""
    summary = notification.summary
    return notification.reason is Reason.FOLLOW_UP and html(summary, CAPTION_LIMIT) == html(summary)


def _reply(outgoing: Outgoing) -> ReplyParameters | None:
    answers = outgoing.replies_to_message
    return ReplyParameters(int(answers), allow_sending_without_reply=True) if answers else None


def _plain(outgoing: Outgoing) -> str:
    """The message without markup, and without mentions unless it would then be too long."""
    text = plain(outgoing.notification.summary, width=None, limit=MESSAGE_LIMIT)
    unmentioned = unmention(text)
    return unmentioned if utf16_length(unmentioned) <= MESSAGE_LIMIT else text
