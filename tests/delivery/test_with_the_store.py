"""The sender on the real history database and over real HTTP: the outbox as it will be used."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.notifiers.telegram import TelegramNotifier
from bot.adapters.store import SqliteStore, open_store
from bot.core.model import Announcement, Batch, Limits, Reason, Recipient
from bot.core.secret import Secret
from bot.delivery.pacing import Pacer
from bot.delivery.routing import route
from bot.delivery.sender import Sender, SendPolicy
from tests.delivery.makers import RealClock, announcement, summary
from tests.servers.botapi import TOKEN, BotApi
from tests.waiting import PATIENCE

LIMITS = {"telegram": Limits(overall=1000, chat_interval=timedelta(0), group=1000)}
POLICY = SendPolicy(first_delay=timedelta(milliseconds=20), last_delay=timedelta(milliseconds=100))
BUSY = timedelta(milliseconds=50)
PEOPLE = [Recipient("telegram:1", "telegram", operator=True), Recipient("telegram:-5/7", "telegram")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def store(file: Path) -> Iterator[SqliteStore]:
    with open_store(file, mode="live", run_name="live", now=datetime.now(UTC), busy_for=BUSY) as opened:
        opened.save_recipients(PEOPLE)
        yield opened


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as server:
        yield server


@pytest.fixture
async def sender(store: SqliteStore, api: BotApi) -> AsyncIterator[Sender]:
    notifier = TelegramNotifier(Secret(TOKEN), base_url=api.url, timeout=0.5)
    yield Sender(store, store, {"telegram": notifier}, RealClock(), pacer=Pacer(LIMITS), policy=POLICY)
    await notifier.close()


def announce(store: SqliteStore, wish: Announcement) -> None:
    now = datetime.now(UTC)
    store.commit(Batch(now, notifications=tuple(route(wish, store.recipients(), now, wish.summary.subject))))


def states(file: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(file)) as look, look:
        rows = look.execute("SELECT announcement, recipient_id, state FROM notifications ORDER BY rowid").fetchall()
    look.close()
    return rows


async def test_a_message_is_edited_and_answered_in_the_right_chat_and_topic(
    store: SqliteStore, sender: Sender, api: BotApi
) -> None:
    announce(store, announcement("first", summary=summary("first")))
    await sender.drain(until_empty=True)
    announce(store, announcement("edit", edits="first", summary=summary("edited")))
    announce(store, announcement("follow", replies_to="first", reason=Reason.FOLLOW_UP, summary=summary("follow")))
    await sender.drain(until_empty=True)
    for chat, thread in ((1, None), (-5, 7)):
        first, follow = api.messages(chat)
        assert first.text.startswith("edited")
        assert first.edits == 1
        assert follow.reply_to == first.id
        assert {first.thread, follow.thread} == {thread}


async def test_a_moved_group_hears_the_same_under_its_new_id(
    store: SqliteStore, sender: Sender, api: BotApi, file: Path
) -> None:
    api.fault("migrate", chat=-5, to=-1005)
    announce(store, announcement("first"))
    announce(store, announcement("second"))
    await sender.drain(until_empty=True)
    assert len(api.messages(-1005)) == 2
    assert {m.thread for m in api.messages(-1005)} == {7}
    assert {r.id for r in store.recipients()} == {"telegram:1", "telegram:-1005/7"}
    assert {state for _, _, state in states(file)} == {"sent"}


async def test_a_blocked_chat_is_switched_off_and_what_waited_for_it_says_why(
    store: SqliteStore, sender: Sender, api: BotApi, file: Path
) -> None:
    api.blocked.add(1)
    store.save_recipients([replace(person, operator=False) for person in PEOPLE])
    announce(store, announcement("first"))
    announce(store, announcement("second"))
    await sender.drain(until_empty=True)
    mine = [state for _, recipient, state in states(file) if recipient == "telegram:1"]
    assert mine == ["failed", "suppressed"]
    assert {r.id: r.enabled for r in store.recipients()} == {"telegram:1": False, "telegram:-5/7": True}


async def test_the_only_admin_is_tried_until_it_can_be_reached(
    store: SqliteStore, sender: Sender, api: BotApi, file: Path
) -> None:
    api.fault("400", chat=1, times=3, description="Bad Request: chat not found")
    announce(store, announcement("first"))
    await sender.drain()
    assert sender.troubles()
    await sender.drain(until_empty=True)
    assert sender.troubles() == []
    assert {state for _, _, state in states(file)} == {"sent"}
    assert all(r.enabled for r in store.recipients())


async def test_a_cut_line_repeats_the_message_marked_and_the_chat_shows_it_twice_at_most(
    store: SqliteStore, sender: Sender, api: BotApi, file: Path
) -> None:
    api.fault("cut_after", chat=1)
    announce(store, announcement("first"))
    await sender.drain(until_empty=True)
    assert {state for _, _, state in states(file)} == {"sent"}
    assert ["Perhaps a repeat" in text for text in api.texts(1)] == [False, True]


@pytest.mark.parametrize("kind", ["401", "404", "502", "cut_before"])
async def test_an_outage_of_every_method_loses_nothing_and_asks_before_it_sends(
    store: SqliteStore, sender: Sender, api: BotApi, file: Path, kind: str
) -> None:
    api.fault(kind, "*", times=10**6)
    for i in range(3):
        announce(store, announcement(f"a{i}"))
    await sender.drain(until_empty=True, at_most=timedelta(seconds=0.6))
    tried = len(api.made("sendMessage"))
    assert tried <= POLICY.channel_failures + len(PEOPLE), "a channel that rests is not tried with messages"
    api.clear_faults()
    await asyncio.wait_for(sender.drain(until_empty=True), PATIENCE)
    assert {state for _, _, state in states(file)} == {"sent"}
    assert len(api.sent) == 6


async def test_a_topic_that_is_closed_for_a_while_loses_nothing(
    store: SqliteStore, sender: Sender, api: BotApi
) -> None:
    api.fault("400", chat=-5, description="Bad Request: TOPIC_CLOSED")
    announce(store, announcement("first"))
    announce(store, announcement("follow", replies_to="first", reason=Reason.FOLLOW_UP))
    await sender.drain(until_empty=True)
    assert [(m.thread, m.reply_to) for m in api.messages(-5)] == [(None, None)] * 2


async def test_doubt_is_stored_and_its_edits_are_dropped(store: SqliteStore, api: BotApi, file: Path) -> None:
    notifier = TelegramNotifier(Secret(TOKEN), base_url=api.url, timeout=0.5)
    channels, pacer = {"telegram": notifier}, Pacer(LIMITS)
    sender = Sender(store, store, channels, RealClock(), pacer=pacer, policy=POLICY, ask=["telegram"])
    api.fault("cut_after", chat=1)
    announce(store, announcement("first"))
    await sender.drain(until_empty=True)
    announce(store, announcement("edit", edits="first", summary=summary("edited")))
    await sender.drain(until_empty=True)
    mine = [state for _, recipient, state in states(file) if recipient == "telegram:1"]
    await notifier.close()
    assert mine == ["unknown", "superseded"]


async def test_a_busy_database_delays_the_outcome_and_repeats_nothing(
    store: SqliteStore, sender: Sender, api: BotApi, file: Path
) -> None:
    announce(store, announcement("first"))
    api.fault("slow", chat=1, seconds=0.2)
    draining = asyncio.create_task(sender.drain(until_empty=True))
    await api.until(lambda: api.made("sendMessage"))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await api.until(lambda: sender.unsettled)
    other.execute("ROLLBACK")
    other.close()
    await asyncio.wait_for(draining, PATIENCE)
    assert {state for _, _, state in states(file)} == {"sent"}
    assert len(api.sent) == 2


async def test_a_restart_goes_on_where_the_last_run_stopped(file: Path, api: BotApi) -> None:
    for run in range(2):
        with open_store(file, mode="live", run_name="live", now=datetime.now(UTC), busy_for=BUSY) as store:
            assert store.recover(datetime.now(UTC)) == 0
            notifier = TelegramNotifier(Secret(TOKEN), base_url=api.url, timeout=0.5)
            sender = Sender(store, store, {"telegram": notifier}, RealClock(), pacer=Pacer(LIMITS), policy=POLICY)
            if run == 0:
                store.save_recipients(PEOPLE)
                api.fault("500", chat=1, times=1000)
                announce(store, announcement("first"))
                await sender.drain()
                assert len(api.sent) == 1
            else:
                api.clear_faults()
                while not api.messages(1):  # the time of the next attempt is the last run's, which only the store knows
                    await sender.drain(until_empty=True)
                    await asyncio.sleep(0.005)
            await notifier.close()
    assert [len(api.messages(chat)) for chat in (1, -5)] == [1, 1]
