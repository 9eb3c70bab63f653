"""Receives updates one by one: what python-telegram-bot cannot parse is skipped, not asked for again and again.

Its own ``get_updates`` parses a whole batch or nothing, so that a single update it does not understand (a newer Bot
API, a broken server) would be fetched for ever.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from telegram import Update
from telegram.error import TelegramError
from telegram.ext import ExtBot

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """One update; ``update`` is ``None`` if it could not be parsed."""

    id: int
    update: Update | None


async def receive(
    bot: ExtBot[None], *, offset: int | None, wait: int, allowed: Sequence[str], read_timeout: float = 10
) -> Sequence[Received]:
    """The updates from ``offset`` on, in their order, waiting up to ``wait`` seconds for one. Raises TelegramError.

    What has no id cannot be skipped by its id: it is left out, and an answer of nothing else is an error.
    """
    asked = {"offset": offset, "timeout": wait, "allowed_updates": list(allowed)}
    answer = cast(object, await bot._post("getUpdates", asked, read_timeout=read_timeout + wait))
    entries = [e for e in answer if isinstance(e, dict)] if isinstance(answer, list) else []
    numbered = [e for e in entries if isinstance(e.get("update_id"), int)]
    if not numbered and answer != []:
        raise TelegramError(f"unreadable updates: {type(answer).__name__}")
    return [Received(entry["update_id"], _parsed(entry, bot)) for entry in numbered]


def _parsed(entry: dict[str, Any], bot: ExtBot[None]) -> Update | None:
    try:
        return Update.de_json(entry, bot)
    except Exception as error:  # whatever the library does with what it does not know
        # not its content, which is private
        kinds = ", ".join(sorted(str(key)[:30] for key in entry if key != "update_id"))
        log.error("update %s (%s) cannot be read and is skipped: %s", entry["update_id"], kinds, type(error).__name__)
        log.debug("unreadable update", exc_info=error)
        return None
