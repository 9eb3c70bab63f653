"""A bot that only delivers, to be killed at any moment: the real store, sender and Telegram notifier.

``python -m tests.delivery.courier`` forks one for each order ``[DATABASE, URL]``, as ``tests.prepared`` does. It ends
by itself once nothing is left to send.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from bot.adapters.store import open_store
from bot.core.model import Limits
from bot.core.secret import Secret
from bot.delivery.pacing import Pacer
from bot.delivery.sender import Sender, SendPolicy
from tests.delivery.makers import RealClock
from tests.prepared import serve
from tests.servers.botapi import TOKEN

POLICY = SendPolicy(
    first_delay=timedelta(milliseconds=20), last_delay=timedelta(milliseconds=200), lease_for=timedelta(seconds=30)
)
LIMITS = {"telegram": Limits(overall=10_000, chat_interval=timedelta(0), group=10_000, flood_chats=10_000)}
"""Telegram's own would make the campaign last minutes; pacing has tests of its own."""


async def deliver(database: str, url: str) -> None:
    from bot.adapters.notifiers.telegram import TelegramNotifier

    clock = RealClock()
    notifier = TelegramNotifier(Secret(TOKEN), base_url=url, timeout=0.6)
    with open_store(database, mode="replay", run_name="campaign", now=clock.now()) as store:
        store.recover(clock.now())
        sender = Sender(store, store, {"telegram": notifier}, clock, pacer=Pacer(LIMITS), policy=POLICY)
        while any(store.outbox_counts()[state] for state in ("queued", "leased")):
            await sender.drain(until_empty=True, at_most=timedelta(seconds=1))
    await notifier.close()


if __name__ == "__main__":
    # sqlite-utils takes pandas along where it is installed; a process that starts faster can be killed more often
    sys.modules["pandas"] = sys.modules["numpy"] = None  # type: ignore[assignment]
    import sqlite_utils

    from bot.adapters.notifiers import telegram

    assert sqlite_utils
    assert telegram
    serve(lambda order: asyncio.run(deliver(*order)))
