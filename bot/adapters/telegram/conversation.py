"""What the bot answers. Handlers only: the listener brings the updates, the audience knows who receives."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol

from telegram import LinkPreviewOptions, Update
from telegram.constants import ChatMemberStatus, ParseMode
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ExtBot,
    MessageHandler,
    filters,
)

from bot.adapters.telegram.doorman import Access, Chat, Doorman, Verdict
from bot.core.errors import AftershockError
from bot.core.model import Summary
from bot.render import html
from bot.render.telegram_html import inline_html

log = logging.getLogger(__name__)

SomeApplication = Application[Any, Any, Any, Any, Any, Any]
_Context = CallbackContext[ExtBot[None], Any, Any, Any]

COMMANDS = (
    ("start", "Receive alerts here"),
    ("stop", "No more alerts here"),
    ("status", "How the bot is doing"),
    ("help", "What the bot does"),
)
FOR_ADMINS = (
    ("silence", "No messages of a stock or rule: NVDA 24h"),
    ("silences", "What is silenced"),
    ("unsilence", "End a silence by its id"),
    ("ack", "Look after an incident: ID"),
)

_HELP = "\n".join(
    [
        "<b>Aftershock</b> watches AI news and stock prices together, and says so here when news of an AI model "
        "moves a stock.",
        "",
        *(f"/{name} – {text}" for name, text in COMMANDS),
        "",
        "For admins:",
        *(f"/{name} – {text}" for name, text in FOR_ADMINS),
        "",
        "<i>Not investment advice.</i>",
    ]
)
_STARTED = "Alerts will come here. /status shows how the bot is doing, /stop ends them."
_STOPPED = "No more alerts here. /start brings them back."
_ADMINS_ONLY = "In a group only an admin of the bot can do that."
_FOR_ADMINS = "Only an admin of the bot can do that."
_UNKNOWN = "I did not understand that. /help lists what I can do."
_OLD_BUTTON = "This button no longer works."
_TROUBLE = "That did not work; it is in the log."


class Audience(Protocol):
    """Who receives. Quick, and called in the event loop. May raise AftershockError; the person is told it failed."""

    def subscribe(self, chat: Chat) -> None:
        """The chat asked for alerts, and may have them. Repeats change nothing."""
        ...

    def unsubscribe(self, chat: Chat) -> None:
        """The chat asked for no more alerts, or removed the bot."""
        ...

    def status(self, chat: Chat) -> Summary | str:
        """How the bot is doing: blocks, or one plain line. Text is raw; it is escaped here."""
        ...

    def order(self, chat: Chat, command: str, words: str, by: str) -> str:
        """Carry out one of ``FOR_ADMINS`` and say what was done, in plain text. Asked for admins only."""
        ...


class Conversation:
    """Answers commands for those who may ask."""

    def __init__(self, audience: Audience, access: Access) -> None:
        self._audience = audience
        self._doorman = Doorman(access)

    def admit(self, access: Access) -> None:
        """Judge by these lists from now on; earlier refusals are forgotten."""
        self._doorman = Doorman(access)

    def join(self, application: SomeApplication) -> None:
        """Register the handlers. Edited messages are not commands."""
        new = filters.UpdateType.MESSAGE
        for name, callback in (
            ("start", self._start),
            ("stop", self._stop),
            ("status", self._status),
            ("help", self._help),
        ):
            application.add_handler(CommandHandler(name, callback, filters=new))
        for name, _ in FOR_ADMINS:
            application.add_handler(CommandHandler(name, self._order, filters=new))
        application.add_handler(MessageHandler(new & filters.ChatType.PRIVATE, self._other))
        application.add_handler(CallbackQueryHandler(self._button))
        application.add_handler(ChatMemberHandler(self._member, ChatMemberHandler.MY_CHAT_MEMBER))
        application.add_error_handler(self._broken)

    async def _start(self, update: Update, context: _Context) -> None:
        chat = await self._served(update, context)
        if chat is None:
            return
        if not self._doorman.access.may_receive(chat):
            await _answer(update, context, _refusal(chat))
        elif not self._doorman.access.may_switch(chat):
            await _answer(update, context, _ADMINS_ONLY)
        else:
            self._audience.subscribe(chat)
            await _answer(update, context, _STARTED)

    async def _stop(self, update: Update, context: _Context) -> None:
        chat = await self._served(update, context)
        if chat is None:
            return
        if not self._doorman.access.may_switch(chat):
            await _answer(update, context, _ADMINS_ONLY)
        else:
            self._audience.unsubscribe(chat)
            await _answer(update, context, _STOPPED)

    async def _status(self, update: Update, context: _Context) -> None:
        chat = await self._served(update, context)
        if chat is not None:
            status = self._audience.status(chat)
            await _answer(update, context, html(status) if isinstance(status, Summary) else inline_html(status))

    async def _help(self, update: Update, context: _Context) -> None:
        if await self._served(update, context) is not None:
            await _answer(update, context, _HELP)

    async def _order(self, update: Update, context: _Context) -> None:
        """A command of an admin: by the person who writes, wherever they write it."""
        chat = await self._served(update, context)
        message = update.effective_message
        if chat is None or message is None or not message.text:
            return
        if not self._doorman.access.is_admin(chat):
            await _answer(update, context, _FOR_ADMINS)
            return
        command, _, words = message.text.partition(" ")
        user = update.effective_user
        by = user.full_name if user is not None else chat.title
        said = self._audience.order(chat, command.lstrip("/").partition("@")[0].lower(), words.strip(), by)
        await _answer(update, context, inline_html(said))

    async def _other(self, update: Update, context: _Context) -> None:
        if await self._served(update, context) is not None:
            await _answer(update, context, _UNKNOWN)

    async def _button(self, update: Update, context: _Context) -> None:
        """No message carries buttons yet; one from another version gets an answer, so that it stops spinning."""
        chat = _chat(update)
        query = update.callback_query
        if query is not None and chat is not None and self._judge(chat) is Verdict.SERVE:
            try:
                await query.answer(_OLD_BUTTON)
            except TelegramError as exc:
                log.warning("a button could not be answered: %s", exc)

    async def _member(self, update: Update, context: _Context) -> None:
        """The bot was blocked or thrown out: nobody is left to tell."""
        chat, change = _chat(update), update.my_chat_member
        gone = (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)
        if chat is not None and change is not None and change.new_chat_member.status in gone:
            self._audience.unsubscribe(chat)

    async def _broken(self, update: object, context: _Context) -> None:
        log.error("a message could not be handled: %s", context.error, exc_info=context.error)
        if isinstance(update, Update) and isinstance(context.error, AftershockError):
            await _answer(update, context, _TROUBLE)

    async def _served(self, update: Update, context: _Context) -> Chat | None:
        """The chat, where it is to be served; a stranger gets the refusal."""
        chat = _chat(update)
        if chat is None:
            return None
        verdict = self._judge(chat)
        if verdict is Verdict.REFUSE:
            await _answer(update, context, _refusal(chat))
        return chat if verdict is Verdict.SERVE else None

    def _judge(self, chat: Chat) -> Verdict:
        return self._doorman.judge(chat, asyncio.get_running_loop().time())


def _refusal(chat: Chat) -> str:
    return (
        "Aftershock is a private bot and cannot serve this chat. If the bot is yours, add "
        f"<code>{chat.id}</code> to <code>telegram: allow:</code> in config.yaml and send /start again."
    )


def _chat(update: Update) -> Chat | None:
    chat, user, message = update.effective_chat, update.effective_user, update.effective_message
    if chat is None:
        return None
    thread = message.message_thread_id if message is not None and message.is_topic_message else None
    name = chat.title or (user.full_name if user is not None and chat.type == "private" else "") or ""
    return Chat(chat.id, str(chat.type), name, thread, user.id if user is not None else None)


async def _answer(update: Update, context: _Context, text: str) -> None:
    """Answer in the same chat and topic. A failed answer is logged and forgotten: people ask again."""
    chat = _chat(update)
    if chat is None:
        return
    try:
        await context.bot.send_message(
            chat.id,
            text,
            parse_mode=ParseMode.HTML,
            message_thread_id=chat.thread,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
    except TelegramError as exc:
        log.warning("an answer could not be sent to %s: %s", chat.recipient, exc)
