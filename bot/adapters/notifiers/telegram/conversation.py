"""Handles commands and buttons.

The listener passes the updates, the ``CommandGate`` decides who is served, the ``CommandHandler`` has the answers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from telegram import InlineKeyboardMarkup, LinkPreviewOptions, Message, ReplyParameters, Update
from telegram.constants import ChatID, ChatMemberStatus, ChatType, ParseMode
from telegram.error import BadRequest, EndPointNotFound, InvalidToken, TelegramError
from telegram.ext import (
    Application,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    ExtBot,
    MessageHandler,
    filters,
)

from bot.adapters.notifiers.telegram.commands import (
    Answer,
    Command,
    CommandHandler,
    Rights,
    command_help,
    command_list,
)
from bot.adapters.notifiers.telegram.keyboard import Button, Press, read, style_keyboard
from bot.adapters.notifiers.telegram.permissions import Chat, CommandGate, GateDecision, Permissions, Strangers
from bot.adapters.notifiers.telegram.photos import send_pictures
from bot.core.errors import AftershockError
from bot.core.model import Summary
from bot.render import html, rich
from bot.render.telegram_html import inline_html
from bot.render.text import clean

log = logging.getLogger(__name__)

SomeApplication = Application[Any, Any, Any, Any, Any, Any]
_Context = CallbackContext[ExtBot[None], Any, Any, Any]

_STARTED = "Alerts will come here. /status shows the state of the bot, /help lists all commands, /stop ends alerts."
_STOPPED = "No more alerts here. /start resumes them."
_ADMINS_ONLY = "In a group only an admin of the bot can do that."
_FOR_ADMINS = "Only an admin of the bot can do that."
_UNKNOWN = "I did not understand that. /help lists what I can do."
_SLOW = "Too many commands. Try again in a minute; alerts are not affected."
_OLD_BUTTON = "This button no longer works."
_TROUBLE = "That failed; the log says why."
_IN_PRIVATE = "That is answered in a private chat with the bot only: it tells of other chats and of the machine."
_NOT_TYPED = "Forwarded messages, and those sent by way of another bot, are not obeyed. Type it yourself."
_NO_RICH = "Telegram does not take rich messages from this bot here. Nothing has changed."
_ABOVE = "That was just answered here."
_SHARED = frozenset({ChatID.ANONYMOUS_ADMIN, ChatID.FAKE_CHANNEL, ChatID.SERVICE_CHAT})
_POPUP = 200
"""Characters in the pop-up that answers a button."""
AGAIN = 60.0
"""Seconds in which the same button under the same message is answered only once in the chat."""
LONGEST_WORDS = 400
"""Characters read of a command's arguments."""


class Conversation:
    """Answers commands and buttons of those who may use them."""

    def __init__(self, handler: CommandHandler, access: Callable[[], Permissions]) -> None:
        """``access`` returns the current permissions."""
        self._handler = handler
        self._access = access
        self._latest_gate = CommandGate(access())
        self._strangers = Strangers()
        self._commands = {command.name: command for command in handler.commands}
        self._answered: OrderedDict[tuple[int, int, Button, int], float] = OrderedDict()
        self._aside = False
        """Whether this server showed an answer to the person alone who pressed a button in a group."""

    @property
    def _gate(self) -> CommandGate:
        """A gate with the current permissions; after a change it forgets earlier refusals."""
        access = self._access()
        if access != self._latest_gate.access:
            self._latest_gate = CommandGate(access)
        return self._latest_gate

    def join(self, application: SomeApplication) -> None:
        """Register the handlers. Edited messages are not commands."""
        new = filters.UpdateType.MESSAGE | filters.UpdateType.CHANNEL_POST
        application.add_handler(MessageHandler(new & filters.COMMAND, self._command))
        application.add_handler(MessageHandler(filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE, self._other))
        application.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, self._migrated))
        application.add_handler(CallbackQueryHandler(self._button))
        application.add_handler(ChatMemberHandler(self._member, ChatMemberHandler.MY_CHAT_MEMBER))
        application.add_error_handler(self._failed)

    # ------------------------------------------------------------------------------------------------------ commands

    async def _command(self, update: Update, context: _Context) -> None:
        message, chat = update.effective_message, _chat(update)
        if message is None or chat is None or not message.text:
            return
        name, words, to = _split(message.text)
        if to and to != (context.bot.username or "").lower():
            return  # for another bot in this group
        command = self._commands.get(name)
        if command is None and not chat.private:
            return  # in a group it may be meant for another bot
        if not await self._served(update, context):
            return
        if not _typed(message):
            if chat.private:
                await _say(update, context, _NOT_TYPED)
            return
        if command is None:
            await _say(update, context, _UNKNOWN)
            return
        refused = self._refused(command, chat)
        if refused:
            await _say(update, context, refused)
        elif name == "start":
            self._handler.subscribe(chat)
            await _say(update, context, _STARTED)
        elif name == "stop":
            self._handler.unsubscribe(chat)
            await _say(update, context, _STOPPED)
        elif name == "help":
            await _answer(update, context, self._help(words, chat))
        else:
            await _answer(update, context, await self._handler.answer(chat, name, words, _sender(update, chat)))

    def _refused(self, command: Command, chat: Chat) -> str:
        """Why the sender may not use this command here; empty if they may."""
        access = self._gate.access
        if command.name == "start" and not access.may_receive(chat):
            return _refusal(chat)
        if command.rights is Rights.ADMIN and not access.is_admin(chat):
            return _FOR_ADMINS
        if command.private and not chat.private:
            return _IN_PRIVATE
        return _ADMINS_ONLY if command.rights is Rights.CHAT and not access.may_configure(chat) else ""

    def _help(self, words: str, chat: Chat) -> Answer:
        """A list of the commands, admins' commands only for admins; or one command in detail."""
        command = self._commands.get(words.strip().lstrip("/").lower())
        if command is not None:
            return Answer(command_help(command))
        admin = self._gate.access.is_admin(chat)
        return Answer(command_list([c for c in self._commands.values() if admin or c.rights is not Rights.ADMIN]))

    async def _other(self, update: Update, context: _Context) -> None:
        if await self._served(update, context):
            await _say(update, context, _UNKNOWN)

    # ------------------------------------------------------------------------------------------------------- buttons

    async def _button(self, update: Update, context: _Context) -> None:
        chat, query = _chat(update), update.callback_query
        if query is None or chat is None or self._judge(chat, button=True) is not GateDecision.SERVE:
            return
        press = read(query.data)
        try:
            if press is None:
                await query.answer(_OLD_BUTTON)
                return
            await self._pressed(update, context, chat, press)
        except TelegramError as exc:
            log.warning("a button could not be answered: %s", exc)

    async def _pressed(self, update: Update, context: _Context, chat: Chat, press: Press) -> None:
        query = update.callback_query
        assert query is not None
        message = query.message.message_id if query.message is not None else 0
        button = press.button
        settings = button in (Button.MUTE, Button.STYLE)
        in_popup = button.verdict or settings or chat.kind == ChatType.CHANNEL
        if settings and not self._gate.access.may_configure(chat):
            await query.answer(_ADMINS_ONLY, show_alert=True)
            return
        if settings and chat.kind == ChatType.CHANNEL:
            await query.answer(_FOR_ADMINS, show_alert=True)  # every reader of a channel can press
            return
        person = query.from_user.id
        if not in_popup and self._just_answered((chat.id, message, button, person if self._aside else 0)):
            await query.answer(_ABOVE)
            return
        try:
            answer = await self._handler.pressed(chat, button, press.incident, _sender(update, chat))
        except Exception as error:  # whatever it is, who pressed it is told
            known = isinstance(error, AftershockError)
            log.error("a button failed: %s: %s", type(error).__name__, error, exc_info=None if known else error)
            await query.answer(_TROUBLE, show_alert=True)
            return
        if in_popup:
            await query.answer(_popup(answer.says), show_alert=not button.verdict)
            return
        only_for = {"receiver_user_id": person, "callback_query_id": query.id} if not chat.private else None
        try:
            self._aside |= await _answer(update, context, answer, replies_to=message or None, only_for=only_for)
        finally:
            await query.answer()

    def _just_answered(self, key: tuple[int, int, Button, int]) -> bool:
        """Whether this button was answered within ``AGAIN`` seconds; if not, remember that it is now."""
        now = time.monotonic()
        while self._answered and next(iter(self._answered.values())) <= now - AGAIN:
            self._answered.popitem(last=False)
        if key in self._answered:
            return True
        self._answered[key] = now
        return False

    # ---------------------------------------------------------------------------------------------------- membership

    async def _migrated(self, update: Update, context: _Context) -> None:
        """A group became a supergroup: Telegram says so in the old chat and in the new one."""
        message = update.effective_message
        if message is None:
            return
        if message.migrate_to_chat_id is not None:
            self._handler.moved(message.chat.id, message.migrate_to_chat_id)
        elif message.migrate_from_chat_id is not None:
            self._handler.moved(message.migrate_from_chat_id, message.chat.id)

    async def _member(self, update: Update, context: _Context) -> None:
        """The bot was blocked, removed or added."""
        chat, change = _chat(update), update.my_chat_member
        if chat is None or change is None:
            return
        gone = (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)
        if change.new_chat_member.status in gone:
            self._handler.removed(chat)
        elif (
            change.old_chat_member.status in gone
            and not chat.private
            and not self._gate.access.may_receive(chat)
            and (untold := self._strangers.told_with(chat, asyncio.get_running_loop().time())) is not None
        ):
            self._handler.added(chat, _sender(update, chat), untold)

    async def _failed(self, update: object, context: _Context) -> None:
        log.error("a message could not be handled: %s", context.error, exc_info=context.error)
        chat = _chat(update) if isinstance(update, Update) else None
        access = self._access()
        if isinstance(update, Update) and chat is not None and (access.may_receive(chat) or access.is_admin(chat)):
            await _say(update, context, _TROUBLE)

    async def _served(self, update: Update, context: _Context) -> bool:
        """Whether to serve the chat; if not, tell it why, within the gate's limits."""
        chat = _chat(update)
        if chat is None:
            return False
        decision = self._judge(chat)
        if decision is GateDecision.REFUSE:
            await _say(update, context, _refusal(chat))
        elif decision is GateDecision.SLOW:
            await _say(update, context, _SLOW)
        return decision is GateDecision.SERVE

    def _judge(self, chat: Chat, *, button: bool = False) -> GateDecision:
        return self._gate.judge(chat, asyncio.get_running_loop().time(), button=button)


# ------------------------------------------------------------------------------------------------------------ messages


def _refusal(chat: Chat) -> str:
    return (
        f"Aftershock is a private bot and does not serve this chat (id {chat.id}). If the bot is yours, send it "
        f"/allow {chat.id} as an admin, or add the id under telegram: allow: in config.yaml; then send /start."
    )


def _split(text: str) -> tuple[str, str, str]:
    """``/price@my_bot NVDA`` as ``price``, ``NVDA`` and ``my_bot``, the names in lower case."""
    first, _, rest = clean(text).strip().partition(" ")
    name, _, to = first.lstrip("/").partition("@")
    return name.lower(), " ".join(rest.split())[:LONGEST_WORDS], to.lower()


def _typed(message: Message) -> bool:
    """Whether the sender wrote this: nobody is made to obey what another wrote by forwarding it, or what another bot
    put into a message (https://core.telegram.org/bots/api#message, ``forward_origin`` and ``via_bot``)."""
    return message.forward_origin is None and message.via_bot is None and not message.is_automatic_forward


def _sender(update: Update, chat: Chat) -> str:
    user = update.effective_user if chat.user is not None else None
    return clean(user.full_name if user is not None else chat.title)[:60]


def _popup(says: Summary | str) -> str:
    """As much of an answer as fits a pop-up."""
    text = clean(says if isinstance(says, str) else says.subject)
    return text if len(text) <= _POPUP else text[: _POPUP - 1] + "…"


def _chat(update: Update) -> Chat | None:
    chat, user, message = update.effective_chat, update.effective_user, update.effective_message
    if chat is None:
        return None
    thread = message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
    name = clean(chat.title or (user.full_name if user is not None and chat.type == "private" else "") or "")
    # written as the group or as a channel, it comes from an account that stands for everybody who does so
    anonymous = isinstance(message, Message) and message.sender_chat is not None and update.callback_query is None
    person = user.id if user is not None and not anonymous and user.id not in _SHARED else None
    return Chat(chat.id, str(chat.type), name, thread, person)


async def _samples(bot: ExtBot[None], chat: Chat, answer: Answer) -> tuple[Summary | str, InlineKeyboardMarkup | None]:
    """Send the sample in both styles, and return what to say then and the buttons below it."""
    assert answer.sample is not None
    there: dict[str, Any] = {"chat_id": chat.id, "message_thread_id": chat.thread}
    try:
        await bot.do_api_request("sendRichMessage", api_kwargs=there | {"rich_message": rich(answer.sample)})
    except (BadRequest, EndPointNotFound, InvalidToken) as error:  # the last of a bot that has not asked its name yet
        log.warning("a rich sample was refused: %s", error)
        return _NO_RICH, None
    await bot.send_message(text=html(answer.sample), parse_mode=ParseMode.HTML, **there)
    return answer.says, style_keyboard() if chat.kind != ChatType.CHANNEL else None


async def _say(update: Update, context: _Context, text: str) -> None:
    await _answer(update, context, Answer(text))


async def _answer(
    update: Update,
    context: _Context,
    answer: Answer,
    replies_to: int | None = None,
    only_for: dict[str, Any] | None = None,
) -> bool:
    """Answer in the same chat and topic, where the server can for one person alone; whether it did.

    A server that cannot passes over ``only_for``. A failure is only logged: people ask again.
    """
    chat = _chat(update)
    if chat is None:
        return False
    options: dict[str, Any] = {"message_thread_id": chat.thread}
    if replies_to is not None:
        options["reply_parameters"] = ReplyParameters(replies_to, allow_sending_without_reply=True)
    try:
        if only_for is not None:
            try:
                return await _aside(context.bot, chat, answer, options, only_for)
            except BadRequest as exc:
                log.info("an answer for one person alone was refused: %s", exc)
        await _in_chat(context.bot, chat, answer, options)
    except TelegramError as exc:
        log.warning("an answer could not be sent to %s: %s", chat.recipient, exc)
    return False


async def _in_chat(bot: ExtBot[None], chat: Chat, answer: Answer, options: dict[str, Any]) -> None:
    says, buttons = answer.says, None
    if answer.sample is not None:
        says, buttons = await _samples(bot, chat, answer)
    if says:
        await _write(bot, chat, says, reply_markup=buttons, **options)
    if answer.pictures:
        await send_pictures(bot, chat.id, answer.pictures, **options)


async def _aside(
    bot: ExtBot[None], chat: Chat, answer: Answer, options: dict[str, Any], only_for: dict[str, Any]
) -> bool:
    """Answer for one person alone, picture by picture: albums are for everybody. Whether the server did so."""
    alone: dict[str, Any] = {"api_kwargs": {"ephemeral_message_parameters": only_for}}
    sent = [await _write(bot, chat, answer.says, **options, **alone)] if answer.says else []
    sent += [await bot.send_photo(chat.id, picture, **options, **alone) for picture in answer.pictures]
    return any("ephemeral_message_id" in message.api_kwargs for message in sent)


async def _write(bot: ExtBot[None], chat: Chat, says: Summary | str, **options: Any) -> Message:
    text = html(says) if isinstance(says, Summary) else inline_html(says)
    no_preview = LinkPreviewOptions(is_disabled=True)
    return await bot.send_message(chat.id, text, parse_mode=ParseMode.HTML, link_preview_options=no_preview, **options)
