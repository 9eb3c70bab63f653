"""Which recipients may still receive, by the lists as they are now."""

from __future__ import annotations

from dataclasses import replace

from bot.adapters.telegram import Access
from bot.core.model import Recipient


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
