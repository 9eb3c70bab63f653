"""Who may use the bot, and how much. Pure decisions: nothing here sends or stores.

Allowed are the chats on the allow-list and the admins' own. Others are refused, once per chat and at a limited rate.
Memory is bounded.
"""

from __future__ import annotations

import enum
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from bot.adapters.notifiers.telegram.address import Address


@dataclass(frozen=True, slots=True)
class Chat:
    """Where a message came from, and who sent it."""

    id: int
    kind: str
    """``private``, ``group``, ``supergroup`` or ``channel``."""
    title: str = ""
    """The group's title, or the person's name: untrusted text."""
    thread: int | None = None
    """The topic, in a group with topics."""
    user: int | None = None

    @property
    def recipient(self) -> str:
        """The recipient id of this chat or topic."""
        return Address(self.id, self.thread).recipient

    @property
    def private(self) -> bool:
        """A chat with one person."""
        return self.kind == "private"


@dataclass(frozen=True, slots=True)
class Permissions:
    """Admins and allowed chats."""

    admins: frozenset[int] = frozenset()
    """User ids. The rights are the person's, in any chat; other members of a group do not have them."""
    allow: frozenset[int] = frozenset()
    """Ids of the chats that may receive alerts; a private chat's id is its user's id."""

    def is_admin(self, chat: Chat) -> bool:
        """Whether the sender is an admin."""
        return chat.user is not None and chat.user in self.admins

    def may_receive(self, chat: Chat) -> bool:
        """Whether this chat may receive alerts."""
        return chat.id in self.allow or (chat.private and chat.id in self.admins)

    def may_configure(self, chat: Chat) -> bool:
        """Whether the sender may change this chat's settings: in a group only an admin of the bot, if there are any.

        In a channel only its administrators can post, and Telegram does not say which of them did.
        """
        return chat.private or chat.kind == "channel" or not self.admins or self.is_admin(chat)

    def with_lists(self, allowed: Iterable[int], denied: Iterable[int]) -> Permissions:
        """These permissions plus those granted and denied by command; a denial takes precedence."""
        return Permissions(self.admins, (self.allow | frozenset(allowed)) - frozenset(denied))


class GateDecision(enum.Enum):
    """What to do with a message."""

    SERVE = "serve"
    SLOW = "slow"
    """Answer that there were too many messages; at most once a minute."""
    REFUSE = "refuse"
    """Answer with a refusal; once per chat."""
    IGNORE = "ignore"


_HOUR, _DAY = 3600.0, 86_400.0


class Strangers:
    """How often the admins are told of strangers: once a day for each chat and for each person, and a few times an
    hour and a day in all. ``now`` is in seconds of a monotonic clock.

    A budget of its own: what strangers do neither costs anybody an answer nor fills the admins' chat.
    """

    def __init__(self, *, an_hour: int = 3, a_day: int = 12) -> None:
        self._an_hour, self._a_day = an_hour, a_day
        self._told_at: deque[float] = deque()
        self._seen: OrderedDict[tuple[str, int], float] = OrderedDict()
        self._untold = 0

    def told_with(self, chat: Chat, now: float) -> int | None:
        """``None`` if the admins are not told of this one; else how many they were not told of before it."""
        keys = [("chat", chat.id), *([("person", chat.user)] if chat.user is not None else [])]
        while self._seen and next(iter(self._seen.values())) <= now - _DAY:
            self._seen.popitem(last=False)
        while self._told_at and self._told_at[0] <= now - _DAY:
            self._told_at.popleft()
        lately = sum(at > now - _HOUR for at in self._told_at)
        if any(key in self._seen for key in keys) or lately >= self._an_hour or len(self._told_at) >= self._a_day:
            self._untold += 1
            return None
        self._told_at.append(now)
        self._seen.update(dict.fromkeys(keys, now))
        untold, self._untold = self._untold, 0
        return untold


class CommandGate:
    """Decides on messages by their chat and rate. ``now`` is in seconds of a monotonic clock."""

    def __init__(
        self, access: Permissions, *, remember: int = 10_000, per_minute: int = 20, refusals: int = 20
    ) -> None:
        self.access = access
        self._remember = remember
        self._per_minute = per_minute
        self._refusals = refusals
        self._refused: OrderedDict[int, None] = OrderedDict()
        self._refused_at: deque[float] = deque()
        self._windows: OrderedDict[tuple[int, bool | None], deque[float]] = OrderedDict()

    def judge(self, chat: Chat, now: float, *, button: bool = False) -> GateDecision:
        """Serve allowed chats, and admins anywhere, up to ``per_minute`` messages; refuse others once each, up to
        ``refusals`` a minute in all.

        Buttons are counted per person: several members of a group may press them at once.
        """
        if self.access.may_receive(chat) or self.access.is_admin(chat):
            sender = chat.user if button and chat.user is not None else chat.id
            if self._within(self._window((sender, button)), now, self._per_minute):
                return GateDecision.SERVE
            slow = not button and self._within(self._window((chat.id, None)), now, 1)
            return GateDecision.SLOW if slow else GateDecision.IGNORE
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

    def _window(self, sender: tuple[int, bool | None]) -> deque[float]:
        window = self._windows.pop(sender, None) or deque()
        self._windows[sender] = window
        while len(self._windows) > self._remember:
            self._windows.popitem(last=False)
        return window

    @staticmethod
    def _within(window: deque[float], now: float, limit: int) -> bool:
        while window and window[0] <= now - 60:
            window.popleft()
        if len(window) >= limit:
            return False
        window.append(now)
        return True
