"""Who may speak with the bot. Decides only: nothing here sends or stores.

Receiving needs a chat on the allow-list or an admin's own chat. Anyone else is refused politely, once per chat and
not too often altogether, so that strangers cost nothing. Memory is bounded.
"""

from __future__ import annotations

import enum
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from bot.adapters.notifiers.telegram.address import Address


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
class Permissions:
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
        """The person may decide for this chat: in a group only an admin of the bot, where there are any.

        In a channel only its own administrators can write at all, and Telegram does not say who of them did.
        """
        return chat.private or chat.kind == "channel" or not self.admins or self.is_admin(chat)

    def with_lists(self, allowed: Iterable[int], denied: Iterable[int]) -> Permissions:
        """These lists, and what admins allowed and denied since by command; a denial goes before the lists."""
        return Permissions(self.admins, (self.allow | frozenset(allowed)) - frozenset(denied))


class GateDecision(enum.Enum):
    """What to do with a message."""

    SERVE = "serve"
    SLOW = "slow"
    """Answer, this once a minute, that it was too much at once."""
    REFUSE = "refuse"
    """Answer with the refusal, this once."""
    IGNORE = "ignore"


class CommandGate:
    """Judges messages by where they come from and how many there were. ``now`` is seconds of any steady clock."""

    def __init__(
        self, access: Permissions, *, remember: int = 10_000, per_minute: int = 20, refusals: int = 20
    ) -> None:
        self.access = access
        self._remember = remember
        self._per_minute = per_minute
        self._refusals = refusals
        self._refused: OrderedDict[int, None] = OrderedDict()
        self._refused_at: deque[float] = deque()
        self._asked: OrderedDict[tuple[int, bool | None], deque[float]] = OrderedDict()

    def judge(self, chat: Chat, now: float, *, button: bool = False) -> GateDecision:
        """Serve allowed chats, and admins wherever they write, up to ``per_minute`` messages; refuse others once each,
        ``refusals`` a minute in all.

        Buttons are counted by person: a group may press many at once, and each is answered to one of them.
        """
        if self.access.may_receive(chat) or self.access.is_admin(chat):
            who = chat.user if button and chat.user is not None else chat.id
            window = self._window((who, button))
            if self._within(window, now, self._per_minute):
                return GateDecision.SERVE
            return (
                GateDecision.SLOW if not button and self._within(self._slowed(chat.id), now, 1) else GateDecision.IGNORE
            )
        if button:
            return GateDecision.IGNORE
        if chat.id in self._refused:
            self._refused.move_to_end(chat.id)
            return GateDecision.IGNORE
        if not self._within(self._refused_at, now, self._refusals):
            return GateDecision.IGNORE
        self._refused[chat.id] = None
        while len(self._refused) > self._remember:
            self._refused.popitem(last=False)
        return GateDecision.REFUSE

    def may_be_reported(self, now: float) -> bool:
        """Whether a stranger's doings are still worth a word to an admin: as many a minute as there are refusals."""
        return self._within(self._refused_at, now, self._refusals)

    def _slowed(self, chat: int) -> deque[float]:
        return self._window((chat, None))

    def _window(self, who: tuple[int, bool | None]) -> deque[float]:
        window = self._asked.pop(who, None) or deque()
        self._asked[who] = window
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
