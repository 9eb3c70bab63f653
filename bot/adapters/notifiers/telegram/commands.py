"""What the conversation needs from the application: its commands and their answers."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.adapters.notifiers.telegram.keyboard import Button
from bot.adapters.notifiers.telegram.permissions import Chat
from bot.core.model import Block, BlockKind, Summary

_ABOUT = "Watches AI news and stock prices, and alerts you here when news about an AI model moves a stock."


class Rights(enum.Enum):
    """Who may use a command."""

    READER = "reader"
    """Everybody in an allowed chat."""
    CHAT = "chat"
    """Who may change the chat's settings: the person in a private chat, an admin of the bot in a group."""
    ADMIN = "admin"
    """Admins of the bot, by user."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: what people type, what it does, and who may use it."""

    name: str
    does: str
    """A few words, for the menu and ``/help``."""
    usage: str = ""
    """The arguments, after the name."""
    rights: Rights = Rights.READER
    help: str = ""
    """Details and examples, for ``/help NAME``."""
    in_menu: bool = True
    """Shown in Telegram's menu, not only in ``/help``."""
    private: bool = False
    """Answered in a private chat only: what it says of other chats and of the machine is not for a group."""

    @property
    def shown(self) -> str:
        """As people type it."""
        return f"/{self.name} {self.usage}".rstrip()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: blocks or one plain line, not escaped."""

    says: Summary | str
    pictures: tuple[bytes, ...] = ()
    """PNG files, sent after the text."""
    sample: Summary | None = None
    """Sent in both styles before the text, which then asks which of them can be read."""


class CommandHandler(Protocol):
    """Subscriptions, and the answers to commands and buttons. Called in the event loop: must not block.

    May raise AftershockError; the person is told that the command failed.
    """

    commands: Sequence[Command]
    """All commands, in the order of the menu."""

    def subscribe(self, chat: Chat) -> None:
        """Send alerts to this chat, which is allowed. Idempotent."""
        ...

    def unsubscribe(self, chat: Chat) -> None:
        """Send this chat no more alerts."""
        ...

    def removed(self, chat: Chat) -> None:
        """The bot was blocked, or removed from a group with all its topics."""
        ...

    async def answer(self, chat: Chat, command: str, words: str, by: str) -> Answer:
        """Answer a command, whose rights were checked. ``by`` is the sender's name: untrusted text."""
        ...

    async def pressed(self, chat: Chat, button: Button, incident: str, by: str) -> Answer:
        """Answer a button. In a channel only the first words are shown, in a pop-up."""
        ...

    def moved(self, before: int, after: int) -> None:
        """A group has a new id, as it became a supergroup. Idempotent."""
        ...

    def unreadable(self, update: int) -> None:
        """An update could not be read and was skipped; called once in a while at most."""
        ...

    def added(self, chat: Chat, by: str, untold: int) -> None:
        """Somebody added the bot to a chat that is not allowed: nothing is sent there, the admins are told. That
        happened ``untold`` times since they were last told. Called a few times a day at most."""
        ...


def command_list(commands: Sequence[Command]) -> Summary:
    """The answer to ``/help``: one line per command."""
    blocks = [
        _text("headline", BlockKind.HEADLINE, "", ["Aftershock"]),
        _text("what", BlockKind.TABLE, "", [_ABOUT]),
    ]
    for rights, title in ((Rights.READER, "Commands"), (Rights.CHAT, "For this chat"), (Rights.ADMIN, "For admins")):
        lines = [f"{command.shown} – {command.does}" for command in commands if command.rights is rights]
        if lines:
            blocks.append(_text(title.lower(), BlockKind.TABLE, title, lines))
    blocks.append(_text("more", BlockKind.NOTE, "", ["/help COMMAND explains a command. Not investment advice."]))
    return Summary(tuple(blocks), "What Aftershock can do")


def command_help(command: Command) -> Summary:
    """The answer to ``/help COMMAND``."""
    lines = [f"{command.does[:1].upper()}{command.does[1:]}.", *command.help.splitlines()]
    headline = _text("headline", BlockKind.HEADLINE, "", [command.shown])
    return Summary((headline, _text("what", BlockKind.TABLE, "", lines)), command.does)


def _text(name: str, kind: BlockKind, title: str, lines: Sequence[str]) -> Block:
    return Block(name, kind, 50, title=title, lines=tuple((line,) for line in lines))
