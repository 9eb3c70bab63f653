"""Ids of Telegram: which may be an admin's.

Several accounts stand for whoever wrote anonymously (https://core.telegram.org/bots/api#message, ``sender_chat``): as
an admin each would give the rights to everybody who can write that way.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

SHARED_ACCOUNTS = {
    1087968824: "whoever writes anonymously in a group (GroupAnonymousBot)",
    136817688: "whoever writes as a channel (Channel_Bot)",
    777000: "Telegram itself and the channels linked to groups",
}
"""Accounts that are nobody's own, and whom each stands for."""


def admin_id(value: int) -> int:
    """``value``, if it may be a person's. Raises ValueError."""
    if value < 0:
        raise ValueError(f"{value} is the id of a group or channel, not of a person; list it under allow: instead")
    if value == 0 or value >= 2**52:
        raise ValueError(f"{value} is not the id of a person; /whoami, sent to the bot in private, shows yours")
    if value in SHARED_ACCOUNTS:
        raise ValueError(
            f"{value} stands for {SHARED_ACCOUNTS[value]}, so that everybody who can do that would be an admin; write "
            "to the bot in private and use the id that /whoami shows there"
        )
    return value


AdminId = Annotated[
    int,
    AfterValidator(admin_id),
    WithJsonSchema({"type": "integer", "minimum": 1, "not": {"enum": sorted(SHARED_ACCOUNTS)}}),
]
"""The Telegram user id of a person."""
