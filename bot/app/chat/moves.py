"""Groups that get a new id: a group that becomes a supergroup does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.adapters.notifiers.telegram import Address, chat_of
from bot.app.chat.access import AccessLists
from bot.app.chat.silences import Silences
from bot.core.errors import UsageError
from bot.core.ports import People


@dataclass(slots=True)
class ChatMoves:
    """Makes every list follow a group to its new id; repeating a move changes nothing. Methods raise StoreError."""

    people: People
    access_lists: AccessLists
    muting: Silences
    refresh: Callable[[], None]

    def lists_follow(self, old: str, new: str) -> bool:
        """Permissions and silences follow, before the recipient ``old`` itself does: if that fails, the next message
        finds the move once more. False if no permission changed."""
        try:
            before, after = Address.parse(old).chat, Address.parse(new).chat
        except UsageError:
            return False  # another channel has no such lists
        self.muting.moved(old, new)
        return self.access_lists.moved(before, after)

    def chat_moved(self, before: int, after: int) -> bool:
        """The chat has a new id, with all its topics. False if that was known, or concerns nobody."""
        moving = [r for r in self.people.recipients() if chat_of(r) == before]
        changed = self.lists_follow(Address(before).recipient, Address(after).recipient)
        for recipient in moving:
            new = Address(after, Address.parse(recipient.id).thread).recipient
            self.muting.moved(recipient.id, new)
            self.people.move_recipient(recipient.id, new)
        self.refresh()
        return changed or bool(moving)
