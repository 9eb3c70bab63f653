"""A burst is gathered in a replay as it is live: whoever receives there stands for a chat."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.app.lab.replaying import Plan, plan_replay, start_replay
from bot.app.project import make_engine
from bot.app.run.notifiers import CONSOLE, NullNotifier, one_by_one
from bot.config.news.companies import load_companies
from bot.config.news.topics import load_topics
from bot.core.model import BURST, Delivery, DeliveryOutcome, Limits, Recipient
from bot.core.ports import Notifier
from bot.cycle import Cycle
from bot.delivery.bursts import MOST, Bursts
from bot.delivery.held import HeldMessages
from tests.e2e.desk import REPOSITORY

FALLING = 30
FUNDS = ("QQQ", "SMH")
RULE = """\
rules:
  - name: fall
    description: A stock falls more than 10%.
    symbols: [group:watchlist]
    when: {all: [{price: {change: "< -10%", since: previous close}}]}
    severity: high
"""
Said = list[tuple[str, ...]]


class Chats(NullNotifier):
    """Chats that take everything."""

    channel = "telegram"
    limits = Limits()


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Thirty stocks that have nothing in common fall within a minute, and more a minute later."""
    folder = tmp_path_factory.mktemp("burst")
    (folder / "rules" / "episodes").mkdir(parents=True)
    for part in ("topics", "companies.yaml"):
        (folder / "rules" / part).symlink_to(REPOSITORY / "rules" / part)
    (folder / "rules" / "fall.yaml").write_text(RULE)
    topics = load_topics(REPOSITORY / "rules" / "topics")
    lists = tuple(topics.words)
    known = load_companies(REPOSITORY / "rules" / "companies.yaml", exposures=topics.exposure_names, lists=lists)
    symbols = [c.symbol for c in known if c.exchange in ("XNAS", "XNYS") and c.symbol not in FUNDS][:FALLING]
    text = "episode: many\ntitle: Many fall\nkind: recorded\nsession: 2025-01-27\nfrom: 2025-01-27\nto: 2025-01-27\n"
    text += "summary: Many fall.\ntrigger: {what: Nothing.}\nbasis: as traded\nprices:\n"
    for n, symbol in enumerate(symbols):
        text += f"  {symbol}:\n    exchange: XNYS\n    daily: |\n      2025-01-24 100 101 99 100 1000\n    marks: |\n"
        for second in ("00", "20"):
            text += f"      2025-01-27T15:0{1 if n < 20 else 2}:{second}Z trade {80 + n / 100}\n"
    (folder / "rules" / "episodes" / "many.yaml").write_text(text)
    (folder / "config.yaml").write_text(f"watchlist: {{all: [{', '.join(symbols)}]}}\n")
    return plan_replay(folder / "config.yaml", "many", datetime(2025, 6, 1, tzinfo=UTC))


def said(path: Path) -> Said:
    """Every message: when it was made, why, what became of it, and what it is about."""
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(
            "SELECT created_at, reason, coalesce(suppressed_by, ''), json_extract(summary, '$.subject')"
            " FROM notifications ORDER BY created_at, 4"
        ).fetchall()


def replayed(plan: Plan, path: Path, notifier: Notifier, recipient: Recipient) -> Said:
    """What is said in a replay."""

    async def play() -> None:
        start = plan.tape.first_at or plan.warm_until
        with open_store(path, mode="replay", run_name="many", now=start) as store:
            async for _ in start_replay(plan, store, {notifier.channel: notifier}, (recipient,)).results():
                pass

    asyncio.run(play())
    return said(path)


def polled(plan: Plan, path: Path, recipient: Recipient) -> Said:
    """What is said by a bot that is joined as the live one is, looks at prices every five seconds, and at what is due
    every second."""
    start = plan.warm_until
    with open_store(path, mode="live", run_name="live", now=start) as store:
        store.save_recipients([recipient])
        cycle = Cycle(
            make_engine(plan.project, plan.timetables, start),
            store,
            lambda: [recipient],
            bursts=Bursts(one_by_one({"telegram": CHATS, "webhook": NullNotifier()})),
            held=HeldMessages(store.held, lambda: [recipient]),
        )
        left = sorted(plan.tape.observations, key=lambda o: o.seen_at)
        now = start + timedelta(hours=8)  # the night has no price
        while now < start + timedelta(hours=15):
            seen = [o for o in left if o.seen_at <= now] if now.second % 5 == 0 else []
            due = cycle.next_due()
            if seen or (due is not None and due <= now):
                left = left[len(seen) :]
                cycle.run(seen, now)
                for outgoing in store.claim(now, timedelta(minutes=1), 1000, ["telegram"]):
                    key, sent = outgoing.notification.id, DeliveryOutcome.SENT
                    store.settle(Delivery(key, outgoing.attempt, now, now, sent, message_id="1"))
            now += timedelta(seconds=1)
    return said(path)


CHATS = Chats()
READER = Recipient("telegram:1", "telegram", operator=True)


@pytest.fixture(scope="module")
def in_replay(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What a chat is told in a replay."""
    return replayed(plan, tmp_path_factory.mktemp("replay") / "replay.db", CHATS, READER)


def test_a_replay_sends_the_first_of_a_burst_and_one_list_of_the_rest(in_replay: Said) -> None:
    new = [row for row in in_replay if row[1] == "first"]
    assert len(new) == FALLING
    assert [why for *_, why, _ in new].count(f"{BURST}") == FALLING - 2 * MOST, "a minute later it begins anew"
    lists = [subject for _, reason, why, subject in in_replay if reason == "digest" and not why]
    assert lists == [f"{20 - MOST} more messages at once", f"{FALLING - 20 - MOST} more messages at once"]


def test_a_replay_decides_as_the_live_bot_does(plan: Plan, in_replay: Said, tmp_path: Path) -> None:
    live = polled(plan, tmp_path / "live.db", READER)
    assert [row[1:] for row in live] == [row[1:] for row in in_replay]
    for (at, *_), (then, *_) in zip(live, in_replay, strict=True):
        assert abs(datetime.fromisoformat(at) - datetime.fromisoformat(then)) <= timedelta(seconds=10)


def test_it_makes_no_difference_where_a_replay_is_shown(plan: Plan, in_replay: Said, tmp_path: Path) -> None:
    assert replayed(plan, tmp_path / "console.db", NullNotifier(), CONSOLE) == in_replay
