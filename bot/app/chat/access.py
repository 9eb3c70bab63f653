"""Who may receive: the lists of ``config.yaml``, and the chats that admins have allowed and denied since by command.

Decisions by command are stored until changed by command; a denial overrides the lists. So are the new ids of groups
that moved: the lists in ``config.yaml`` still have the old ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.adapters.notifiers.telegram.permissions import Permissions
from bot.core.ports import Clock, Extras

_NAME = "telegram_access"


@dataclass(slots=True)
class AccessLists:
    """The lists as they are now."""

    store: Extras
    clock: Clock
    configured: Permissions
    _allowed: set[int] = field(init=False)
    _denied: set[int] = field(init=False)
    _moved: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        stored = json.loads(self.store.extra(_NAME) or "{}")
        self._allowed, self._denied = set(stored.get("allowed", ())), set(stored.get("denied", ()))
        self._moved = {int(old): new for old, new in stored.get("moved", {}).items()}

    @property
    def access(self) -> Permissions:
        """The permissions in force."""
        listed = Permissions(self.configured.admins, self._present(self.configured.allow))
        return listed.with_lists(self._allowed, self._denied)

    def _present(self, chats: Iterable[int]) -> frozenset[int]:
        """These chats by the ids they have now."""
        return frozenset(self._moved.get(chat, chat) for chat in chats)

    def moved(self, old: int, new: int) -> bool:
        """A group has a new id: what was decided about the old one holds for it. False if no list has the old one. On
        StoreError nothing has changed."""
        if old == new or old not in self._present(self.configured.allow) | self._allowed | self._denied:
            return False
        moved = {was: new if now == old else now for was, now in self._moved.items() if was != new} | {old: new}
        allowed, denied = ({new if chat == old else chat for chat in chats} for chats in (self._allowed, self._denied))
        self._save(allowed, denied, moved)
        return True

    def allow(self, chat: int) -> bool:
        """Allow a chat to receive; False if it may already. On StoreError nothing has changed."""
        if chat in self.access.allow:
            return False
        self._save(self._allowed | {chat}, self._denied - {chat})
        return True

    def deny(self, chat: int) -> bool:
        """Stop a chat from receiving; False if it may not anyway. On StoreError nothing has changed."""
        if chat not in self.access.allow:
            return False
        listed = chat in self._present(self.configured.allow)
        self._save(self._allowed - {chat}, self._denied | ({chat} if listed else set()))
        return True

    def _save(self, allowed: set[int], denied: set[int], moved: dict[int, int] | None = None) -> None:
        moved = self._moved if moved is None else moved
        value = json.dumps({"allowed": sorted(allowed), "denied": sorted(denied), "moved": moved})
        self.store.save_extra(_NAME, value, self.clock.now())
        self._allowed, self._denied, self._moved = allowed, denied, moved
