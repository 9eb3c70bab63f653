"""Two thousand notifications through every fault of the Bot API, the bot killed at random: none is lost, none that was
acknowledged is repeated, and none is repeated without saying so."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.core.model import Batch, Recipient
from tests.delivery.makers import RealClock, notification
from tests.prepared import PreparedProcess
from tests.servers.botapi import BotApi, in_thread
from tests.waiting import PATIENCE, wait_until

CHATS, EACH, KILLS = 250, 8, 6
FAULTS = {
    "429": {"retry_after": 1}, "flood_plain": {}, "500": {}, "502": {}, "504": {}, "cut_before": {}, "cut_after": {},
    "slow": {"seconds": 0.2}, "stall": {"seconds": 0.9}, "malformed": {}, "html": {},
    "400": {"description": "Bad Request: can't parse entities: scripted"},
}  # fmt: skip
DOUBTFUL = {"502", "504", "cut_before", "cut_after", "malformed", "stall", "html"}
"""After these nobody can know whether the message arrived."""


@pytest.fixture
def couriers() -> Iterator[PreparedProcess]:
    made = PreparedProcess("tests.delivery.courier")
    yield made
    made.close()


def test_two_thousand_notifications_through_every_fault(
    tmp_path: Path, couriers: PreparedProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(20250127)
    database = tmp_path / "campaign.db"
    with in_thread() as api:
        ids = filled(database)
        blocked, moved = misbehaving(api, chance)
        started, kills = time.monotonic(), 0
        while True:
            before = len(api.calls)
            courier = couriers.run([str(database), api.url], err=tmp_path / "courier.err")
            if kills < KILLS:
                number = before + chance.randint(1, 250)
                wait_until(
                    lambda number=number, courier=courier: len(api.calls) >= number or courier.poll() is not None
                )
                courier.kill()
                killed = courier.wait() == -signal.SIGKILL
                kills += killed
                if killed:
                    continue
            assert courier.wait(3 * PATIENCE) == 0, (tmp_path / "courier.err").read_text()
            break
        took = time.monotonic() - started
        first = [message for message in api.sent.values() if "Perhaps a repeat" not in message.text]
        arrived = Counter(message.text.partition("\n")[0] for message in api.sent.values())
        unmarked = Counter(message.text.partition("\n")[0] for message in first)
        acknowledged = Counter(
            str(call.params["text"]).partition("</b>")[0].removeprefix("<b>").partition("\n")[0]
            for call in api.calls
            if call.method == "sendMessage"
            and call.status == 200
            and call.fault not in ("malformed", "html")
            and "Perhaps a repeat" not in str(call.params["text"])
        )
        faults = Counter(call.fault for call in api.calls if call.fault)
    with closing(sqlite3.connect(database)) as conn:
        rows = {row[0]: row[1:] for row in conn.execute("SELECT id, state, recipient_id, error FROM notifications")}
        people = dict(conn.execute("SELECT id, enabled FROM chats"))
    states = Counter(state for state, *_ in rows.values())
    with capsys.disabled():
        print(f"\n{len(ids)} notifications, {kills} kills, {took:.0f} s: {dict(states)}; faults {dict(faults)}")
    assert set(rows) == set(ids)
    assert states["queued"] == states["leased"] == 0, "none is left behind"
    assert kills == KILLS
    assert max(unmarked.values()) == 1, "no message is there twice without the mark"
    assert max(acknowledged.values()) == 1, "what is asked for again, as the answer was lost in a kill, is marked"
    assert max(arrived.values()) <= 3, "once more after a kill and once after its chat's one fault, not again and again"
    gone = {f"telegram:{chat}" for chat in blocked}
    for key, (state, recipient, error) in rows.items():
        there = arrived[ids[key]]
        if state == "sent":
            assert there >= 1, f"{key} is said to be sent and is not"
        elif state in ("failed", "suppressed"):
            assert recipient in gone, f"{key} to {recipient}: {state}, {error}"
            assert there == 0
        else:
            assert state == "unknown"
    assert all(not people[chat] for chat in gone), "who has blocked the bot is switched off"
    doubtful = sum(faults[kind] for kind in DOUBTFUL)
    repeats = sum(arrived.values()) - sum(unmarked.values())
    assert 0 < repeats <= doubtful + kills * 16, "repeated is only what a fault or a kill has met on its way"
    assert states["unknown"] <= kills * 16, "in doubt is only what met a kill twice, or a kill and a fault"
    for old, new in moved.items():
        delivered = [k for k, (state, r, _) in rows.items() if r == f"telegram:{new}" and state in ("sent", "unknown")]
        assert len(delivered) + sum(r == f"telegram:{old}" for _, r, _ in rows.values()) == EACH


def filled(database: Path) -> dict[str, str]:
    """A history with everything queued; the headline of each notification by its id."""
    clock = RealClock()
    notes = [notification(f"m{k}", f"telegram:{chat(i)}", clock.now()) for k in range(EACH) for i in range(CHATS)]
    with open_store(database, mode="replay", run_name="campaign", now=clock.now()) as store:
        store.save_recipients([Recipient(f"telegram:{chat(i)}", "telegram") for i in range(CHATS)])
        store.commit(Batch(clock.now(), notifications=tuple(notes)))
    return {n.id: n.summary.subject for n in notes}


def chat(number: int) -> int:
    return -(number + 1) if number % 5 == 0 else number + 1


def misbehaving(api: BotApi, chance: random.Random) -> tuple[set[int], dict[int, int]]:
    """Faults for two chats of three, at any of their messages; some block the bot, some groups move."""
    blocked, moved = set(), {}
    for number in range(CHATS):
        where = chat(number)
        if number % 25 == 7:
            blocked.add(where)
            api.fault("403", chat=where, times=1_000)
        elif number % 25 == 10:
            moved[where] = -(10**12) - number
            api.fault("migrate", chat=where, times=1_000, to=moved[where])
        elif number % 3:
            kind = chance.choice(list(FAULTS))
            api.fault(kind, chat=where, **FAULTS[kind])
    return blocked, moved
