"""Recipient ids on Telegram: ``telegram:12345`` for a chat, ``telegram:-100123/7`` for a topic in a group."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.errors import UsageError
from bot.core.model import Recipient

CHANNEL = "telegram"
_ID = re.compile(r"telegram:(-?\d{1,20})(?:/(\d{1,20}))?")
_BITS = 52
"""Telegram's ids have at most so many (Bot API, ``Chat.id``)."""


@dataclass(frozen=True, slots=True)
class Address:
    """A chat, and the topic thread within it, if any."""

    chat: int
    thread: int | None = None

    @classmethod
    def parse(cls, recipient: str) -> Address:
        """The address in a recipient id. Raises UsageError if it is malformed."""
        match = _ID.fullmatch(recipient)
        if match is None:
            raise UsageError(f"not a Telegram recipient: {recipient!r}; write telegram:CHAT or telegram:CHAT/TOPIC")
        return cls(int(match[1]), int(match[2]) if match[2] else None)

    @property
    def recipient(self) -> str:
        """The recipient id."""
        return f"{CHANNEL}:{self.chat}" + (f"/{self.thread}" if self.thread is not None else "")


def is_chat(number: int) -> bool:
    """Whether ``number`` can be the id of a chat."""
    return number != 0 and abs(number) < 1 << _BITS


def chat_of(recipient: Recipient) -> int | None:
    """The chat id of a recipient, 0 if malformed; ``None`` if it is not on Telegram."""
    if recipient.channel != CHANNEL:
        return None
    number = recipient.id.partition(":")[2].partition("/")[0]
    return int(number) if number.lstrip("-").isdigit() else 0
