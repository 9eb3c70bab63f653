"""Which recipients may still receive, by the lists as they are now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from bot.adapters.notifiers.telegram import Permissions, chat_of
from bot.core.model import Recipient
from bot.core.ports import Recipients


def entitled(recipients: list[Recipient], access: Permissions, *, notices: bool = True) -> list[Recipient]:
    """Of these, those who may still receive: the allow-list may have been edited since they said ``/start``.

    Operators are those who are admins now; without ``notices`` nobody is told of troubles.
    """
    kept = []
    for recipient in recipients:
        number = chat_of(recipient)
        if number is None:
            kept.append(replace(recipient, operator=recipient.operator and notices))
            continue
        is_admin = number in access.admins
        kept.append(
            replace(
                recipient,
                enabled=recipient.enabled and (is_admin or number in access.allow),
                operator=is_admin and notices,
            )
        )
    return kept


@dataclass(slots=True)
class Receiving:
    """Who receives now, on the channels there are; ``refresh`` after a change of recipients or lists."""

    people: Recipients
    access: Callable[[], Permissions]
    channels: Collection[str]
    notices: bool
    _now: Sequence[Recipient] = field(init=False)

    def __post_init__(self) -> None:
        self.refresh()

    def __call__(self) -> Sequence[Recipient]:
        """As it was at the last ``refresh``."""
        return self._now

    def refresh(self) -> None:
        """Read recipients and lists anew. Raises StoreError."""
        known = entitled(list(self.people.recipients()), self.access(), notices=self.notices)
        self._now = [r for r in known if r.channel in self.channels]
