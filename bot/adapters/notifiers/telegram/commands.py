"""What the conversation asks of the application: who receives, and every answer."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.adapters.notifiers.telegram.keyboard import Button
from bot.adapters.notifiers.telegram.permissions import Chat
from bot.core.model import Block, BlockKind, Summary

_WHAT = "Watches AI news and stock prices together, and says so here when news of an AI model moves a stock."


class Rights(enum.Enum):
    """Who may give a command."""

    READER = "reader"
    """Everybody in a chat that may receive."""
    CHAT = "chat"
    """Who may decide for the chat: the person in a private one, an admin of the bot in a group."""
    ADMIN = "admin"
    """Admins of the bot, by user."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: what people type, what it does, and who may."""

    name: str
    does: str
    """A few words, for the menu and for ``/help``."""
    usage: str = ""
    """What follows the name."""
    rights: Rights = Rights.READER
    help: str = ""
    """More, for ``/help NAME``: examples and what is left out."""
    in_menu: bool = True
    """Telegram's menu shows it; the others are in ``/help`` alone."""

    @property
    def shown(self) -> str:
        """As people type it."""
        return f"/{self.name} {self.usage}".rstrip()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said in return: blocks, or one plain line; raw text, escaped by whoever renders it."""

    says: Summary | str
    pictures: tuple[bytes, ...] = ()
    """PNG files, sent after the words."""


class CommandHandler(Protocol):
    """Who receives, and what they hear when they ask. Called in the event loop, so quick unless it awaits.

    May raise AftershockError; the person is told that it failed.
    """

    commands: Sequence[Command]
    """Everything that can be asked, in the order of the menu."""

    def subscribe(self, chat: Chat) -> None:
        """The chat asked for alerts, and may have them. Repeats change nothing."""
        ...

    def unsubscribe(self, chat: Chat) -> None:
        """The chat asked for no more alerts."""
        ...

    def removed(self, chat: Chat) -> None:
        """The bot was blocked, or thrown out of a group and so of all its topics."""
        ...

    async def answer(self, chat: Chat, command: str, words: str, by: str) -> Answer:
        """The answer to a command whose rights were checked. ``by`` is the name of who asks: text from outside."""
        ...

    async def pressed(self, chat: Chat, button: Button, incident: str, by: str) -> Answer:
        """The answer to a button. In a channel only its first words are shown, in a small window."""
        ...

    def added(self, chat: Chat, by: str) -> None:
        """Somebody added the bot to a chat that may not receive: nothing is said there, the admin is told."""
        ...


def told_commands(commands: Sequence[Command]) -> Summary:
    """What can be asked, a line each, for ``/help``."""
    blocks = [
        _text("headline", BlockKind.HEADLINE, "", ["Aftershock"]),
        _text("what", BlockKind.TABLE, "", [_WHAT]),
    ]
    for rights, title in ((Rights.READER, "Commands"), (Rights.CHAT, "For this chat"), (Rights.ADMIN, "For admins")):
        lines = [f"{command.shown} – {command.does}" for command in commands if command.rights is rights]
        if lines:
            blocks.append(_text(title.lower(), BlockKind.TABLE, title, lines))
    blocks.append(_text("more", BlockKind.NOTE, "", ["/help and a command says more of it. Not investment advice."]))
    return Summary(tuple(blocks), "What Aftershock can do")


def told_command(command: Command) -> Summary:
    """One command at length."""
    blocks = [_text("headline", BlockKind.HEADLINE, "", [command.shown])]
    blocks.append(
        _text(
            "what", BlockKind.TABLE, "", [f"{command.does[:1].upper()}{command.does[1:]}.", *command.help.splitlines()]
        )
    )
    return Summary(tuple(blocks), command.does)


def _text(name: str, kind: BlockKind, title: str, lines: Sequence[str]) -> Block:
    return Block(name, kind, 50, title=title, lines=tuple((line,) for line in lines))
