"""A bot's first contact with Telegram: who it is, who writes ``/start`` to it, and how it presents itself.

For the moment of setting up only. The running bot listens with ``listener``; two who listen with one token disturb
each other, which is said here as ``ListenedElsewhereError``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from telegram import BotCommand, BotCommandScopeChat, Message
from telegram.constants import ParseMode
from telegram.error import Conflict, InvalidToken

from bot.adapters.notifiers.telegram.address import Address
from bot.adapters.notifiers.telegram.connection import DEFAULT_BASE_URL, connect, watch
from bot.adapters.notifiers.telegram.errors import delivery_error
from bot.adapters.notifiers.telegram.permissions import Chat
from bot.adapters.notifiers.telegram.redact import Redactor
from bot.core.errors import DeliveryError
from bot.core.secret import Secret
from bot.core.text.links import host_of
from bot.render.telegram_html import inline_html
from bot.render.text import clean

DESCRIPTION = (
    "Aftershock watches AI news and stock prices together. When news of an AI model moves a stock, it says so here: "
    "what fell and how far, what most likely caused it, who else is hit, and afterwards what followed.\n\n"
    "Press Start to receive alerts, where the owner of this bot allows it. Not investment advice."
)
"""Shown in a chat in which nothing has been said yet; Telegram takes 512 characters."""
SHORT_DESCRIPTION = (
    "Says when news of an AI model moves a stock: what fell, why, and who else is hit. Not investment advice."
)
"""Shown on the bot's profile and where it is shared; Telegram takes 120 characters."""
LONGEST_NAME = 60

Menu = Sequence[tuple[str, str]]
"""Commands, and what each does."""

_T = TypeVar("_T")


class ListenedElsewhereError(DeliveryError):
    """Another process listens with this token; Telegram lets one at a time."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is on Telegram."""

    name: str
    """As its owner called it; one clean line."""
    username: str
    """Without the ``@``."""

    @property
    def address(self) -> str:
        """Where people find it."""
        return f"https://t.me/{self.username}"


@dataclass(frozen=True, slots=True)
class Start:
    """Somebody wrote ``/start``."""

    update: int
    """The number of the update it came in."""
    chat: Chat
    name: str
    """Who wrote, as they call themselves: outside text, but one clean line of bounded length."""
    username: str
    """Without the ``@``; empty where they have none."""
    code: str
    """What stood behind ``/start``."""

    @property
    def who(self) -> str:
        """``Ada Lovelace (@ada, id 42)``."""
        return f"{self.name} ({f'@{self.username}, ' if self.username else ''}id {self.chat.user})"


class Introduction:
    """One connection for setting up. Every method raises DeliveryError, permanent where the token is refused."""

    def __init__(self, token: Secret, *, base_url: str = DEFAULT_BASE_URL, timeout: float = 20.0) -> None:
        self._bot = connect(token, base_url, timeout, pool_size=4)
        self._redact = Redactor([token])
        self._offset: int | None = None

    async def identity(self) -> Identity:
        """Ask Telegram who this bot is."""
        me = await self._asked(self._bot.get_me())
        return Identity(_one_line(me.first_name), me.username or "")

    async def remove_webhook(self) -> str:
        """Take away a webhook, for while there is one nobody can listen; the host it led to, empty for none."""
        webhook = await self._asked(self._bot.get_webhook_info())
        if not webhook.url:
            return ""
        await self._asked(self._bot.delete_webhook())
        return _one_line(host_of(webhook.url) or "an unknown address")

    async def starts(self, wait: int) -> list[Start]:
        """What was written since the last call and is a ``/start``, after at most ``wait`` seconds; may be empty.

        Raises ListenedElsewhereError where another process listens.
        """
        asked = self._bot.get_updates(offset=self._offset, timeout=wait, allowed_updates=["message"], read_timeout=10)
        heard: list[Start] = []
        for update in await self._asked(asked):
            self._offset = update.update_id + 1
            if update.message is not None and (start := _start(update.update_id, update.message)) is not None:
                heard.append(start)
        return heard

    async def forget(self, start: Start) -> None:
        """Tell Telegram that this was dealt with; otherwise the bot hears it again when it first runs."""
        await self._asked(self._bot.get_updates(offset=start.update + 1, limit=1, timeout=0))

    async def say(self, chat: int, text: str) -> None:
        """Say one plain line in a chat."""
        await self._asked(self._bot.send_message(chat, inline_html(text), parse_mode=ParseMode.HTML))

    async def present(self, menu: Menu, for_admins: Menu, admins: Sequence[int]) -> None:
        """Set the menu of commands, a longer one in the chats of ``admins``, and what is said of the bot."""
        await self._asked(self._bot.set_my_description(DESCRIPTION))
        await self._asked(self._bot.set_my_short_description(SHORT_DESCRIPTION))
        everybody = [BotCommand(name, does) for name, does in menu]
        await self._asked(self._bot.set_my_commands(everybody))
        longer = everybody + [BotCommand(name, does) for name, does in for_admins]
        for admin in admins:
            try:
                await self._asked(self._bot.set_my_commands(longer, scope=BotCommandScopeChat(admin)))
            except DeliveryError as error:
                if not error.forbidden:  # an admin who has never written to the bot has no chat with it yet
                    raise

    async def close(self) -> None:
        """Give the connections back."""
        for request in self._bot._request:
            await request.shutdown()

    async def _asked(self, request: Awaitable[_T]) -> _T:
        wire = watch()
        try:
            return await request
        except Conflict as error:
            raise ListenedElsewhereError("another process listens to Telegram with this token") from error
        except InvalidToken as error:
            raise delivery_error(error, wire, Address(0), edit=True, redact=self._redact) from error.__cause__
        except Exception as error:
            raise delivery_error(error, wire, Address(0), edit=True, redact=self._redact) from error


def _start(update: int, message: Message) -> Start | None:
    """The ``/start`` that ``message`` is; ``None`` for anything else."""
    user, words = message.from_user, (message.text or "").split(maxsplit=1)
    if user is None or user.is_bot or not words or words[0].partition("@")[0].lower() != "/start":
        return None
    chat = Chat(message.chat.id, str(message.chat.type), _one_line(message.chat.title or ""), None, user.id)
    code = _one_line(words[1]) if len(words) > 1 else ""
    return Start(update, chat, _one_line(user.full_name) or "somebody", _one_line(user.username or ""), code)


def _one_line(text: str) -> str:
    """Outside text as a terminal may show it."""
    line = clean(text).strip()
    return line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1] + "…"
