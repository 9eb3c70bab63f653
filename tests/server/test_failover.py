"""Several bots on one history on a server: one decides, another takes over when it ends, hangs or is cut off."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.desk import ADMIN, READER, Bot
from tests.server.cluster import Cluster
from tests.server.hosts import Hosts, frozen, thawed
from tests.waiting import wait_until


@pytest.fixture
def hosts(tmp_path: Path, own_server: Cluster) -> Iterator[Hosts]:
    with Hosts.of(tmp_path, own_server) as made:
        made.open()
        yield made


def two(hosts: Hosts) -> tuple[Bot, Bot]:
    """One that decides and has readers and news, and one that stands by."""
    first = hosts.host()
    first.until_logged("started ")
    second = hosts.host()
    second.until_logged("standing by: ")
    hosts.subscribe(ADMIN, READER)
    hosts.after_polls(2)
    hosts.tell_news()
    return first, second


def test_a_killed_bot_is_replaced_and_nothing_is_lost_or_told_twice_unmarked(hosts: Hosts) -> None:
    first, second = two(hosts)
    hosts.fall({"NVDA": -0.12})
    wait_until(lambda: hosts.alerts(READER), "the alert", lambda: first.log)
    first.kill()
    began = time.monotonic()
    second.until_logged("started ")
    took = time.monotonic() - began
    hosts.fall({"NVDA": -0.18, "VRT": -0.2})
    wait_until(lambda: any("VRT" in text for text in hosts.alerts(READER)), "the second alert", lambda: second.log)
    told = [text for text in hosts.alerts(READER) if "Perhaps a repeat" not in text]
    assert len(told) == 2, "what was told is told again only where that is in doubt, and marked"
    assert took < 15


def test_a_bot_that_hung_commits_nothing_when_it_goes_on_and_ends(hosts: Hosts) -> None:
    first, second = two(hosts)
    frozen(first)
    second.until_logged("started ")
    hosts.fall({"NVDA": -0.12})
    wait_until(lambda: hosts.alerts(READER), "the alert", lambda: second.log)
    thawed(first)
    wait_until(lambda: first.process.poll() is not None, "it ends", lambda: first.log)
    assert first.process.poll() == 1
    assert "another process has taken over this history" in first.log
    hosts.after_polls(2)
    assert second.process.poll() is None
    assert len(hosts.alerts(READER)) == len(hosts.alerts(ADMIN)) == 1
    assert {run for (run,) in hosts.rows("SELECT DISTINCT run_id FROM alerts")} == {2}


def test_a_database_that_restarts_is_waited_for_and_told_once(hosts: Hosts) -> None:
    first, second = two(hosts)
    hosts.server.stop()
    hosts.after_polls(3)
    hosts.fall({"NVDA": -0.12})
    hosts.after_polls(2)
    assert not hosts.alerts(READER), "nothing is told that is not committed"
    hosts.server.start()
    wait_until(lambda: hosts.alerts(READER), "the alert", lambda: first.log + second.log)
    hosts.after_polls(3)
    assert len(hosts.alerts(READER)) == 1
    assert sum(bot.process.poll() is None for bot in (first, second)) >= 1
