"""Who may speak with the bot. Decides only: nothing here sends or stores.

Receiving needs a chat on the allow-list or an admin's own chat. Anyone else is refused politely, once per chat and
not too often altogether, so that strangers cost nothing. Memory is bounded.
"""

from __future__ import annotations

import enum
from collections import OrderedDict, deque
from dataclasses import dataclass

from bot.adapters.telegram.address import Address


@dataclass(frozen=True, slots=True)
class Chat:
    """Where a message came from, and who wrote it."""

    id: int
    kind: str
    """``private``, ``group``, ``supergroup`` or ``channel``."""
    title: str = ""
    """The group's title, or the person's name. Text from outside."""
    thread: int | None = None
    """The topic within a group that has topics."""
    user: int | None = None

    @property
    def recipient(self) -> str:
        """The id of the recipient this chat, or this topic of it, is."""
        return Address(self.id, self.thread).recipient

    @property
    def private(self) -> bool:
        """A conversation with one person."""
        return self.kind == "private"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may do what, from ``config.yaml``."""

    admins: frozenset[int] = frozenset()
    """User ids. Rights belong to the person, in whatever chat; other members of a group do not get them."""
    allow: frozenset[int] = frozenset()
    """Chat ids that may receive; a private chat's id is its user's id."""

    def is_admin(self, chat: Chat) -> bool:
        """The person who wrote is an admin."""
        return chat.user is not None and chat.user in self.admins

    def may_receive(self, chat: Chat) -> bool:
        """This chat may be sent alerts."""
        return chat.id in self.allow or (chat.private and chat.id in self.admins)

    def may_switch(self, chat: Chat) -> bool:
        """The person may start or stop the alerts in this chat: in a group only an admin, where there are any."""
        return chat.private or not self.admins or self.is_admin(chat)


class Verdict(enum.Enum):
    """What to do with a message."""

    SERVE = "serve"
    REFUSE = "refuse"
    """Answer with the refusal, this once."""
    IGNORE = "ignore"


class Doorman:
    """Judges messages by where they come from and how many there were. ``now`` is seconds of any steady clock."""

    def __init__(self, access: Access, *, remember: int = 10_000, per_minute: int = 20, refusals: int = 20) -> None:
        self.access = access
        self._remember = remember
        self._per_minute = per_minute
        self._refusals = refusals
        self._refused: OrderedDict[int, None] = OrderedDict()
        self._refused_at: deque[float] = deque()
        self._asked: OrderedDict[int, deque[float]] = OrderedDict()

    def judge(self, chat: Chat, now: float) -> Verdict:
        """Serve allowed chats up to ``per_minute`` messages; refuse others once each, ``refusals`` a minute in all."""
        if self.access.may_receive(chat) or (chat.private and self.access.is_admin(chat)):
            return Verdict.SERVE if self._within(self._window(chat.id), now, self._per_minute) else Verdict.IGNORE
        if chat.id in self._refused:
            self._refused.move_to_end(chat.id)
            return Verdict.IGNORE
        if not self._within(self._refused_at, now, self._refusals):
            return Verdict.IGNORE
        self._refused[chat.id] = None
        while len(self._refused) > self._remember:
            self._refused.popitem(last=False)
        return Verdict.REFUSE

    def _window(self, chat: int) -> deque[float]:
        window = self._asked.pop(chat, None) or deque()
        self._asked[chat] = window
        while len(self._asked) > self._remember:
            self._asked.popitem(last=False)
        return window

    @staticmethod
    def _within(window: deque[float], now: float, limit: int) -> bool:
        while window and window[0] <= now - 60:
            window.popleft()
        if len(window) >= limit:
            return False
        window.append(now)
        return True
