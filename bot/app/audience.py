"""Who receives, as Telegram's chats ask for it, and how the bot is doing, as they ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.adapters.store import SqliteStore
from bot.adapters.telegram import Access, Chat
from bot.app.muting import Muting
from bot.core.model import Recipient, Summary


@dataclass(slots=True)
class Subscribers:
    """Telegram's side of the recipients; kept in the store."""

    store: SqliteStore
    access: Access
    tell_status: Callable[[], Summary]
    changed: Callable[[], None]
    muting: Muting | None = None

    def subscribe(self, chat: Chat) -> None:
        """The chat receives from now on; an admin's own chat hears of troubles too."""
        operator = chat.private and self.access.is_admin(chat)
        known = next((r for r in self.store.recipients() if r.id == chat.recipient), None)
        recipient = known or Recipient(chat.recipient, "telegram", chat.title)
        self.store.save_recipients(
            [replace(recipient, name=chat.title or recipient.name, operator=operator, enabled=True)]
        )
        self.changed()

    def unsubscribe(self, chat: Chat) -> None:
        """The chat receives no more; what it had chosen is kept for when it comes back."""
        known = next((r for r in self.store.recipients() if r.id == chat.recipient), None)
        if known is not None and known.enabled:
            self.store.save_recipients([replace(known, enabled=False)])
            self.changed()

    def status(self, chat: Chat) -> Summary:
        """How the bot is doing, in a few lines."""
        return self.tell_status()

    def order(self, chat: Chat, command: str, words: str, by: str) -> str:
        """Silences and acknowledgements."""
        assert self.muting is not None
        if command == "silence":
            return self.muting.silence(words, by)
        if command == "unsilence":
            return self.muting.unsilence(words)
        return self.muting.acknowledge(words, by) if command == "ack" else self.muting.listed()


def entitled(recipients: list[Recipient], access: Access, *, notices: bool = True) -> list[Recipient]:
    """Of these, those who may still receive: the allow-list may have been edited since they said ``/start``.

    Operators are those who are admins now; without ``notices`` nobody is told of troubles.
    """
    kept = []
    for recipient in recipients:
        if recipient.channel != "telegram":
            kept.append(replace(recipient, operator=recipient.operator and notices))
            continue
        chat = recipient.id.removeprefix("telegram:").split("/")[0]
        number = int(chat) if chat.lstrip("-").isdigit() else 0
        is_admin = number in access.admins
        kept.append(
            replace(
                recipient,
                enabled=recipient.enabled and (is_admin or number in access.allow),
                operator=is_admin and notices,
            )
        )
    return kept
