"""Which recipients may receive, by the permissions in force."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from bot.adapters.notifiers.telegram import Permissions, chat_of
from bot.core.model import Recipient
from bot.core.ports import Recipients


def with_permissions(recipients: list[Recipient], access: Permissions, *, notices: bool = True) -> list[Recipient]:
    """The recipients with permissions applied: the allow-list may have changed since they sent ``/start``.

    Operators are the current admins; without ``notices`` there are none.
    """

    def checked(recipient: Recipient) -> Recipient:
        chat = chat_of(recipient)
        if chat is None:
            return replace(recipient, operator=recipient.operator and notices)
        admin = chat in access.admins
        enabled = recipient.enabled and (admin or chat in access.allow)
        return replace(recipient, enabled=enabled, operator=admin and notices)

    return [checked(recipient) for recipient in recipients]


@dataclass(slots=True)
class Audience:
    """The recipients on the channels in use; call ``refresh`` after a change of recipients or permissions."""

    people: Recipients
    access: Callable[[], Permissions]
    channels: Collection[str]
    notices: bool
    _now: Sequence[Recipient] = field(init=False)

    def __post_init__(self) -> None:
        self.refresh()

    def __call__(self) -> Sequence[Recipient]:
        """The recipients as of the last ``refresh``."""
        return self._now

    def admins_marked(self) -> Sequence[Recipient]:
        """The same, with every admin's chat marked as an operator's, whether or not operator notices are wanted."""
        admins = self.access().admins
        return [replace(r, operator=r.operator or chat_of(r) in admins) for r in self._now]

    def refresh(self) -> None:
        """Reload recipients and permissions. Raises StoreError."""
        known = with_permissions(list(self.people.recipients()), self.access(), notices=self.notices)
        self._now = [r for r in known if r.channel in self.channels]
