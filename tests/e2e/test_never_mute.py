"""The running bot while Telegram fails, loses track of a group and of the only admin, and sends what cannot be read."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.desk import ADMIN, GROUP, READER, Desk, opened
from tests.waiting import wait_until

MOVED = -1000000001001


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as made:
        yield made


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def warnings(port: int) -> list[str]:
    """What ``/healthz`` warns of; it must answer 200, as a restart would not help."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        assert answer.status == 200
        return list(json.loads(answer.read())["warnings"])


def test_an_outage_a_moved_group_a_lost_admin_and_an_unreadable_update_silence_nobody(desk: Desk) -> None:
    port = free_port()
    desk.settings["more"] = f"metrics: {{listen: 127.0.0.1:{port}}}"
    desk.write_config()
    bot = desk.start()
    desk.subscribe(ADMIN, READER, GROUP)
    desk.after_polls(2)
    desk.tell_news()

    # Telegram is down while the first alert is sent; the group has become a supergroup when it is back
    desk.api.fault("502", "*", times=10**6)
    desk.fall({"NVDA": -0.12})
    wait_until(lambda: any(c.method == "sendMessage" and c.fault for c in desk.api.calls), "it tries")
    desk.after_polls(2)
    desk.api.clear_faults()
    desk.api.fault("migrate", chat=GROUP, times=10**6, to=MOVED)
    for chat in (ADMIN, READER, MOVED):
        wait_until(lambda chat=chat: desk.alerts(chat), f"the alert in {chat}", lambda: bot.log)
    wait_until(lambda: any("A group moved" in t for t in desk.texts(ADMIN)), "the admin is told", lambda: bot.log)
    assert not any("s may not have arrived" in text for text in desk.texts(ADMIN)), "nothing is left in doubt"

    # what cannot be read deafens nobody, and the only admin is not switched off
    desk.api.update({"message": {"message_id": "x", "chat": 7}})
    before = len(desk.texts(READER))
    desk.api.say(READER, READER, "/status")
    wait_until(lambda: len(desk.texts(READER)) > before, "the answer", lambda: bot.log)
    desk.api.fault("400", chat=ADMIN, times=10**6, description="Bad Request: chat not found")
    desk.fall({"NVDA": -0.18})
    wait_until(lambda: len(desk.alerts(MOVED)) == 2, "the second alert in the moved group", lambda: bot.log)
    wait_until(lambda: warnings(port), "/healthz says so", lambda: bot.log)
    assert "the only admin, cannot be reached" in warnings(port)[0]
    assert "the only admin, cannot be reached" in bot.log
    desk.api.clear_faults()
    desk.api.fault("migrate", chat=GROUP, times=10**6, to=MOVED)
    wait_until(lambda: len(desk.alerts(ADMIN)) == 2, "the admin's second alert", lambda: bot.log)
    wait_until(lambda: not warnings(port), "/healthz is content", lambda: bot.log)

    # and after a restart the configuration's old id still means the group
    bot.stop()
    bot = desk.start()
    before = len(desk.texts(MOVED))
    desk.api.say(MOVED, ADMIN, "/mywatch")
    wait_until(lambda: len(desk.texts(MOVED)) > before, "the group is served", lambda: bot.log)
    assert "private bot" not in desk.texts(MOVED)[-1]
