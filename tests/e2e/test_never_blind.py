"""``main.py run`` while its machine misbehaves: the clock is set, a file is replaced, a pipe lies among the rules. A
fall after each is told all the same."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.desk import ADMIN, DULL, READER, Bot, Desk, opened
from tests.servers.feed_server import Document
from tests.waiting import allowed, wait_until

CLOCK_SOURCE = Path(__file__).parents[1] / "servers" / "stepping_clock.c"


def told(desk: Desk, words: str) -> int:
    """How many of the operator's messages have these words."""
    return sum(words in text for text in desk.texts(ADMIN))


def begun(desk: Desk, **options: Any) -> Bot:
    """A bot that knows the news, and whose first prices are in."""
    bot = desk.start(**options)
    bot.until_logged("started feeds=")
    desk.subscribe(ADMIN, READER)
    wait_until(lambda: desk.count("SELECT count(*) FROM stories") == 4, "the first poll", lambda: bot.log)
    desk.tell_news()
    desk.after_polls(2)
    return bot


def assert_a_fall_is_told(desk: Desk, bot: Bot, symbol: str = "NVDA") -> None:
    before = desk.alerts(READER)
    desk.fall({symbol: -0.14})
    fired = "SELECT count(*) FROM alerts WHERE symbol = ?"
    # by a message, or by an edit of the one about the same cause
    wait_until(lambda: desk.count(fired, symbol) and desk.alerts(READER) != before, "the fall is told", lambda: bot.log)


# ----------------------------------------------------------------------------------------------------------- a symbol


def test_a_symbol_of_an_unknown_exchange_blinds_the_bot_for_no_other(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        desk.write_config(more="  insurers: [BRK.B]\n  elsewhere: [ODD.QQ]")
        desk.yahoo.set_quote("ODD.QQ", 10.0, desk.now(), previous_close=10.0, phase="regular", volume=1e6)
        bot = begun(desk)
        assert_a_fall_is_told(desk, bot)
        wait_until(lambda: told(desk, "No exchange known for ODD.QQ"), "the priced one is named", lambda: bot.log)
        wait_until(lambda: told(desk, "does not know BRK.B"), "the unknown one is named", lambda: bot.log)
        assert told(desk, "write BRK-B") == told(desk, "BRK.B") == 1, "one message about it, with what to write"
        assert "Traceback" not in bot.log


# --------------------------------------------------------------------------------------------------------- a restart


def test_the_end_of_a_trouble_is_told_though_the_bot_was_killed_meanwhile(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        desk.paths["odd"] = "odd.xml"
        desk.feeds.publish("odd.xml", Document(b"", status=500, validators=False))
        desk.write_config()
        bot = desk.start()
        desk.subscribe(ADMIN)
        wait_until(lambda: told(desk, "Feed odd has failed"), "the trouble is told", lambda: bot.log)
        waiting = "SELECT count(*) FROM notifications WHERE state <> 'sent'"
        wait_until(lambda: desk.count(waiting) == 0, "it is known to have arrived", lambda: bot.log)
        bot.kill()
        bot = desk.start()
        bot.until_logged("started feeds=")
        desk.after_polls(3)
        desk.publish("odd", DULL["wire"])
        wait_until(lambda: told(desk, "Feed odd works again"), "its end is told", lambda: bot.log)
        assert told(desk, "Feed odd has failed") == 1


# ---------------------------------------------------------------------------------------------------------- the clock


@pytest.fixture(scope="module")
def stepping_clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that lets a test set the clock of a process."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs Linux and a C compiler")
    built = tmp_path_factory.mktemp("clock") / "stepping_clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", built, CLOCK_SOURCE, "-ldl", "-lm"], check=True)
    return built


def test_a_clock_that_is_set_is_told_once_and_stops_nothing(
    tmp_path: Path, stepping_clock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = tmp_path / "step"
    step.write_bytes(struct.pack("d", 0))
    monkeypatch.setenv("CLOCK_STEP", str(step))
    monkeypatch.setenv("LD_PRELOAD", str(stepping_clock))
    with opened(tmp_path / "desk") as desk:
        desk.write_config()
        bot = begun(desk, new_process=True)
        for seconds, symbol in ((-3600, "NVDA"), (7200, "VRT")):
            with step.open("r+b") as file:
                file.write(struct.pack("d", seconds))
            desk.after_polls(2)
            assert_a_fall_is_told(desk, bot, symbol)
        assert told(desk, "The machine's clock was set back by 1 h") == 1
        assert told(desk, "The machine's clock was set") == 1, "the second within the hour is for the log"
        bot.until_logged("The machine's clock was set forward, or the machine suspended, for 3 h")
        seen = [at for (at,) in desk.rows("SELECT seen_at FROM quotes ORDER BY rowid")]
        assert seen == sorted(seen)
        assert "Traceback" not in bot.log
        assert bot.stop()[0] == 0


# ---------------------------------------------------------------------------------------------------------- the files


def test_a_pipe_among_the_rules_is_told_and_the_bot_goes_on_and_stops(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        desk.write_config()
        bot = begun(desk)
        os.mkfifo(desk.folder / "rules" / "pipe.yaml")
        wait_until(lambda: told(desk, "this is a pipe"), "the operator is told", lambda: bot.log)
        assert_a_fall_is_told(desk, bot)
        code, seconds = bot.stop()
        assert code == 0
        assert seconds < allowed(2.5)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def health(port: int) -> list[str]:
    """The reasons ``/healthz`` gives for being unwell."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            body = error.read()
    return list(json.loads(body)["reasons"])


def test_a_database_that_is_replaced_is_told_at_once_and_nothing_is_written_until_it_is_back(tmp_path: Path) -> None:
    port = free_port()
    with opened(tmp_path) as desk:
        desk.write_config(more=f"metrics: {{listen: {port}}}")
        bot = begun(desk)
        lost = desk.database.rename(desk.folder / "elsewhere.db")
        desk.database.touch()
        wait_until(lambda: told(desk, "under the running bot; move it back"), "the operator is told", lambda: bot.log)
        assert any("under the running bot" in reason for reason in health(port))
        written = lost.stat().st_mtime_ns
        desk.fall({"NVDA": -0.14})
        desk.after_polls(3)
        assert lost.stat().st_mtime_ns == written
        assert desk.alerts(READER) == []
        lost.rename(desk.database)
        wait_until(lambda: desk.alerts(READER), "what was decided meanwhile is told", lambda: bot.log)
        wait_until(lambda: told(desk, "written again"), "its end", lambda: bot.log)
        assert health(port) == []
        assert told(desk, "cannot be written") == 1
        assert desk.count("SELECT count(*) FROM alerts") == 1
        assert bot.stop()[0] == 0
