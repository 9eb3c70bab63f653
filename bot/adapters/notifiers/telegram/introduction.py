"""Setting up a bot on Telegram: who it is, who sends it ``/start``, its description and menus.

Only for setup; the running bot uses ``listener``. Telegram lets one process poll a token: ``AlreadyPolledError``
says that another does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from telegram import BotCommand, BotCommandScopeChat, Message
from telegram.constants import ParseMode
from telegram.error import Conflict

from bot.adapters.notifiers.telegram.connection import DEFAULT_BASE_URL, connect
from bot.adapters.notifiers.telegram.errors import repeatable
from bot.adapters.notifiers.telegram.permissions import Chat
from bot.adapters.notifiers.telegram.updates import receive
from bot.core.errors import DeliveryError
from bot.core.secret import Secret
from bot.core.text.links import host_of
from bot.render.telegram_html import inline_html
from bot.render.text import clean

DESCRIPTION = (
    "Aftershock watches AI news and stock prices. When news about an AI model moves a stock, it alerts you here: "
    "what fell and how far, the most likely cause, which other stocks are hit, and what followed.\n\n"
    "Press Start to receive alerts, if the owner of this bot allows it. Not investment advice."
)
"""Shown in a chat without messages; Telegram takes 512 characters."""
SHORT_DESCRIPTION = (
    "Alerts when news about an AI model moves a stock: what fell, why, and what else is hit. Not investment advice."
)
"""Shown on the bot's profile and when it is shared; Telegram takes 120 characters."""
LONGEST_NAME = 60

Menu = Sequence[tuple[str, str]]
"""Commands and their descriptions."""

_T = TypeVar("_T")


class AlreadyPolledError(DeliveryError):
    """Another process polls Telegram with this token."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The bot's names on Telegram."""

    name: str
    """The display name; one clean line."""
    username: str
    """Without the ``@``."""

    @property
    def address(self) -> str:
        """The bot's page."""
        return f"https://t.me/{self.username}"


@dataclass(frozen=True, slots=True)
class Start:
    """Somebody sent ``/start``."""

    update: int
    """The id of the update."""
    chat: Chat
    name: str
    """The sender's name: untrusted, but one clean line of limited length."""
    username: str
    """Without the ``@``; empty if they have none."""
    code: str
    """What followed ``/start``."""

    @property
    def who(self) -> str:
        """``Ada Lovelace (@ada, id 42)``."""
        return f"{self.name} ({f'@{self.username}, ' if self.username else ''}id {self.chat.user})"


class Introduction:
    """One connection for setup. Every method raises DeliveryError, permanent if the token is rejected."""

    def __init__(self, token: Secret, *, base_url: str = DEFAULT_BASE_URL, timeout: float = 20.0) -> None:
        self._bot = connect(token, base_url, timeout, pool_size=4)
        self._token = token
        self._offset: int | None = None

    async def identity(self) -> Identity:
        """Ask Telegram who this bot is."""
        me = await self._call(self._bot.get_me())
        return Identity(_one_line(me.first_name), me.username or "")

    async def remove_webhook(self) -> str:
        """Remove a webhook, which would prevent polling; its host, or an empty string if there was none."""
        webhook = await self._call(self._bot.get_webhook_info())
        if not webhook.url:
            return ""
        await self._call(self._bot.delete_webhook())
        return _one_line(host_of(webhook.url) or "an unknown address")

    async def starts(self, wait: int) -> list[Start]:
        """Each ``/start`` received since the last call, after at most ``wait`` seconds.

        Raises AlreadyPolledError if another process polls.
        """
        poll = receive(self._bot, offset=self._offset, wait=wait, allowed=["message"])
        received: list[Start] = []
        for each in await self._call(poll):
            self._offset = each.id + 1
            message = each.update.message if each.update is not None else None
            if message is not None and (start := _start(each.id, message)) is not None:
                received.append(start)
        return received

    async def forget(self, start: Start) -> None:
        """Confirm this update; otherwise the bot receives it again on its first run."""
        await self._call(receive(self._bot, offset=start.update + 1, wait=0, allowed=["message"]))

    async def say(self, chat: int, text: str) -> None:
        """Send one plain line to a chat."""
        await self._call(self._bot.send_message(chat, inline_html(text), parse_mode=ParseMode.HTML))

    async def present(self, menu: Menu, for_admins: Menu, admins: Sequence[int]) -> None:
        """Set the bot's descriptions and its menu of commands, a longer one in the chats of ``admins``."""
        await self._call(self._bot.set_my_description(DESCRIPTION))
        await self._call(self._bot.set_my_short_description(SHORT_DESCRIPTION))
        everybody = [BotCommand(name, does) for name, does in menu]
        await self._call(self._bot.set_my_commands(everybody))
        longer = everybody + [BotCommand(name, does) for name, does in for_admins]
        for admin in admins:
            try:
                await self._call(self._bot.set_my_commands(longer, scope=BotCommandScopeChat(admin)))
            except DeliveryError as error:
                if not error.forbidden:  # an admin who never wrote to the bot has no chat with it yet
                    raise

    async def close(self) -> None:
        """Close the connections."""
        for request in self._bot._request:
            await request.shutdown()

    async def _call(self, request: Awaitable[_T]) -> _T:
        try:
            return await repeatable(request)
        except Conflict as error:
            raise AlreadyPolledError("another process polls Telegram with this token") from error


def _start(update: int, message: Message) -> Start | None:
    """The ``/start`` in ``message``, if it is one."""
    user, words = message.from_user, (message.text or "").split(maxsplit=1)
    passed_on = message.forward_origin is not None or message.via_bot is not None or message.sender_chat is not None
    if user is None or user.is_bot or passed_on or not words or words[0].partition("@")[0].lower() != "/start":
        return None
    chat = Chat(message.chat.id, str(message.chat.type), _one_line(message.chat.title or ""), None, user.id)
    code = _one_line(words[1]) if len(words) > 1 else ""
    return Start(update, chat, _one_line(user.full_name) or "somebody", _one_line(user.username or ""), code)


def _one_line(text: str) -> str:
    """Untrusted text, safe to show on a terminal."""
    line = clean(text).strip()
    return line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1] + "…"
