"""Who may receive: the lists of ``config.yaml``, and what admins have allowed and denied since by command.

What was said by command is kept in the history and lasts until it is said otherwise; a denial goes before the lists.
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

    kept: Extras
    clock: Clock
    configured: Permissions
    _allowed: set[int] = field(default_factory=set)
    _denied: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        told = json.loads(self.kept.extra(_NAME) or "{}")
        self._allowed, self._denied = set(told.get("allowed", ())), set(told.get("denied", ()))

    @property
    def access(self) -> Permissions:
        """Who may do what."""
        return self.configured.with_lists(self._allowed, self._denied)

    def allow(self, chat: int) -> bool:
        """Let a chat receive; False where it may already. Raises StoreError, and changes nothing then."""
        if chat in self.access.allow:
            return False
        self._save(self._allowed | {chat}, self._denied - {chat})
        return True

    def deny(self, chat: int) -> bool:
        """Let a chat receive no more; False where it may not anyway. Raises StoreError, and changes nothing then."""
        if chat not in self.access.allow:
            return False
        self._save(self._allowed - {chat}, self._denied | ({chat} if chat in self.configured.allow else set()))
        return True

    def _save(self, allowed: set[int], denied: set[int]) -> None:
        value = json.dumps({"allowed": sorted(allowed), "denied": sorted(denied)})
        self.kept.save_extra(_NAME, value, self.clock.now())
        self._allowed, self._denied = allowed, denied
