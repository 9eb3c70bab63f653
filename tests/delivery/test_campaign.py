"""Sender and Telegram together, over real HTTP, through every fault: nothing lost, nothing repeated
without saying so."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from bot.adapters.notifiers.telegram import TelegramNotifier
from bot.core.model import Announcement, Batch, Limits, NotificationState, Recipient
from bot.core.secret import Secret
from bot.delivery.pacing import Pacer
from bot.delivery.sender import Sender, SendPolicy
from tests.delivery.fake_store import FakeStore
from tests.delivery.makers import RealClock, notification
from tests.servers.botapi import TOKEN, BotApi
from tests.waiting import PATIENCE

FAULTS = ("429", "flood_plain", "500", "502", "cut_before", "cut_after", "malformed", "400", "403", "migrate", "stall")
CHATS = 120
MESSAGES = 3
POLICY = SendPolicy(first_delay=timedelta(milliseconds=20), last_delay=timedelta(milliseconds=100))
LIMITS = {"telegram": Limits(overall=10_000, chat_interval=timedelta(0), group=1000, flood_chats=10_000)}


@pytest.fixture
async def desk() -> tuple[FakeStore, list[Announcement]]:
    return FakeStore(), []


async def test_through_every_fault_nothing_is_lost_and_nothing_acknowledged_is_repeated(
    desk: tuple[FakeStore, list[Announcement]],
) -> None:
    store, announced = desk
    async with BotApi() as api:
        for i in range(1, CHATS + 1):
            recipient = f"telegram:{-i if i % 5 == 0 else i}"
            store.save_recipients([Recipient(recipient, "telegram")])
            store.commit(
                Batch(RealClock().now(), notifications=tuple(notification(f"m{k}", recipient) for k in range(MESSAGES)))
            )
            if i % 2 == 0:
                kind = FAULTS[(i // 2) % len(FAULTS)]
                chat = -i if i % 5 == 0 else i
                api.fault(kind, chat=chat, retry_after=1, to=-1000000000000 - i, seconds=2)
        notifier = TelegramNotifier(Secret(TOKEN), base_url=api.url, timeout=0.5)
        sender = Sender(
            store,
            store,
            {"telegram": notifier},
            RealClock(),
            pacer=Pacer(LIMITS),
            policy=POLICY,
            announce=announced.append,
        )
        await asyncio.wait_for(sender.drain(until_empty=True), PATIENCE)
        await notifier.close()
        states = Counter(row.state for row in store.rows.values())
        assert states[NotificationState.QUEUED] == states[NotificationState.LEASED] == 0
        assert api.per_chat_overlap is False
        shown = Counter((m.chat, m.text.replace(MARK, "")) for m in api.sent.values())
        assert max(Counter((m.chat, m.text) for m in api.sent.values()).values()) == 1, "none arrived twice unmarked"
        repeats = [m for m in api.sent.values() if MARK in m.text]
        # every row not sent has its reason, and every row sent is on the wire exactly once
        assert len(api.sent) >= states[NotificationState.SENT]
        by_fault = {chat: c.fault for c in api.calls if c.fault and (chat := c.chat) is not None}
        for row in store.rows.values():
            chat = int(row.notification.recipient.partition(":")[2])
            on_wire = shown[(chat, f"{row.notification.announcement} for {row.notification.recipient}\n\n" + ADVICE)]
            if row.state is NotificationState.SENT and chat > -1000000000000:
                assert 1 <= on_wire <= 1 + (by_fault.get(chat) in DOUBTFUL)
            if row.state is NotificationState.FAILED:
                assert by_fault[chat] == "403"
        assert len(repeats) == sum(fault in DOUBTFUL for fault in by_fault.values()), "a repeat for each doubt"
        assert states[NotificationState.UNKNOWN] == 0, "every doubt was resolved by a repeat"
        assert not any("may not have arrived" in a.summary.subject for a in announced)
        moved = [r for r in store.people.values() if r.id.startswith("telegram:-1000")]
        assert len(moved) == sum(f == "migrate" for f in by_fault.values())
        assert all(store_row_sent(store, r.id) == MESSAGES for r in moved)


ADVICE = "Not investment advice."
MARK = "Perhaps a repeat: it is not certain that this message arrived the first time.\n\n"
DOUBTFUL = ("502", "cut_before", "cut_after", "malformed", "stall")


def store_row_sent(store: FakeStore, recipient: str) -> int:
    return sum(
        row.notification.recipient == recipient and row.state is NotificationState.SENT for row in store.rows.values()
    )


async def test_a_stopped_bot_leaves_no_lease_and_its_successor_finishes_the_rest() -> None:
    store = FakeStore()
    async with BotApi() as api:
        api.fault("stall", seconds=30, chat=3)
        store.commit(
            Batch(RealClock().now(), notifications=tuple(notification("m", f"telegram:{i}") for i in range(1, 61)))
        )
        for life in range(2):
            notifier = TelegramNotifier(Secret(TOKEN), base_url=api.url, timeout=20)
            pacer = Pacer({"telegram": Limits(overall=10, overall_window=timedelta(seconds=0.2))})
            sender, stop = Sender(store, store, {"telegram": notifier}, RealClock(), pacer=pacer), asyncio.Event()
            running = asyncio.create_task(sender.run(stop))
            if life:
                await api.until(lambda: len(api.sent) == 61)
            else:
                await api.until(lambda: len(api.sent) >= 20)
            stop.set()
            await asyncio.wait_for(running, PATIENCE)
            await notifier.close()
            assert store.count(NotificationState.LEASED) == 0
        assert store.count(NotificationState.SENT) == 60
        assert {chat: n for chat, n in Counter(m.chat for m in api.sent.values()).items() if n > 1} == {3: 2}
        assert [MARK in m.text for m in api.messages(3)] == [False, True]
