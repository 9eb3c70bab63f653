"""Who may receive: the lists of ``config.yaml``, and the chats that admins have allowed and denied since by command.

Decisions by command are stored until changed by command; a denial overrides the lists.
"""

from __future__ import annotations

import json
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

    def __post_init__(self) -> None:
        stored = json.loads(self.store.extra(_NAME) or "{}")
        self._allowed, self._denied = set(stored.get("allowed", ())), set(stored.get("denied", ()))

    @property
    def access(self) -> Permissions:
        """The permissions in force."""
        return self.configured.with_lists(self._allowed, self._denied)

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
        self._save(self._allowed - {chat}, self._denied | ({chat} if chat in self.configured.allow else set()))
        return True

    def _save(self, allowed: set[int], denied: set[int]) -> None:
        value = json.dumps({"allowed": sorted(allowed), "denied": sorted(denied)})
        self.store.save_extra(_NAME, value, self.clock.now())
        self._allowed, self._denied = allowed, denied
