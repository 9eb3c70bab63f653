"""``kill -9`` at random moments of a replay, and again, until it gets through: nothing lost, nothing repeated.

Moments are chosen by how far the history has come, not by the clock, so that they spread over the whole replay on
machines of any speed; some fall into the start-up, some into the middle of a delivery.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store import open_store
from tests.command import run_command
from tests.e2e.desk import REPOSITORY
from tests.e2e.short_episode import write_short
from tests.prepared import Fork, call, prepared
from tests.processes import run
from tests.servers.botapi import BotApi, in_thread
from tests.waiting import PATIENCE

pytestmark = pytest.mark.campaign

SEED = 20250127
REAL = "deepseek-2025-01"
PROGRESS = """
SELECT (SELECT coalesce(max(arrival), 0) FROM quotes) + (SELECT count(*) FROM deliveries)
     + (SELECT count(*) FROM alert_changes)
"""

Rows = list[tuple[Any, ...]]
When = Callable[["Play"], bool]
"""Asked again and again while a replay runs: whether to kill it now."""


# ------------------------------------------------------------------------------------------------------------ playing


@dataclass
class Play:
    """One episode on one database, by the command line."""

    episode: str
    database: Path
    more: tuple[str, ...] = ()
    env: dict[str, str] | None = None
    kills: int = 0
    _watching: sqlite3.Connection | None = None

    def begin(self) -> Fork:
        words = ["replay", self.episode, "--database", str(self.database), *self.more]
        return prepared().run(words, self.env, err=self._err)

    @property
    def _err(self) -> Path:
        return self.database.parent / f"{self.database.stem}.err"

    def until(self, when: When) -> bool:
        """Run until ``when`` says so and kill it then, or to its end. Returns whether it got to its end."""
        process = self.begin()
        ends = time.monotonic() + 3 * PATIENCE
        try:
            while process.poll() is None:
                assert time.monotonic() < ends, self.said
                if when(self):
                    process.kill()
                    self.kills += 1
                    break
                time.sleep(0.005)
        finally:
            self._hang_up()
            if process.poll() is None:
                process.kill()
            process.wait()
        assert process.returncode in (0, -9), self.said
        return process.returncode == 0

    def finish(self) -> None:
        """Run to the end."""
        assert self.until(lambda _: False), self.said

    def _hang_up(self) -> None:
        if self._watching is not None:
            self._watching.close()
            self._watching = None

    @property
    def said(self) -> str:
        return self._err.read_text()

    def rows(self, sql: str) -> Rows:
        """What the history answers; nothing while there is no history."""
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as conn:
                return conn.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []

    @property
    def progress(self) -> int:
        """How much has been observed and told so far; grows to the end."""
        try:
            if self._watching is None:
                self._watching = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
            return int(self._watching.execute(PROGRESS).fetchone()[0])
        except sqlite3.OperationalError:  # no database yet, or no tables in it
            self._hang_up()
            return 0

    def extent(self) -> int:
        """The progress of a replay that does not run any more."""
        try:
            return self.progress
        finally:
            self._hang_up()

    def alerts(self) -> list[dict[str, Any]]:
        """What ``history list`` says."""
        done = run_command("history", "list", "--json", "--limit", "1000", "--database", self.database)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def notifications(self) -> Rows:
        """Every notification: what it is, for whom, why, when, and what it says."""
        return self.rows(
            "SELECT id, announcement, recipient_id, reason, incident_id, edits, replies_to, created_at, text,"
            " suppressed_by IS NOT NULL AND state = 'suppressed' FROM notifications ORDER BY id"
        )

    def states(self) -> Counter[str]:
        return Counter(state for (state,) in self.rows("SELECT state FROM notifications"))


def after(seconds: float) -> When:
    """Once it has run so long."""
    begun = time.monotonic()
    return lambda _: time.monotonic() - begun >= seconds


def at_progress(target: int, later: float = 0.0) -> When:
    """Once the history has come so far, and a moment more."""
    reached: list[float] = []

    def when(play: Play) -> bool:
        if not reached and play.progress >= target:
            reached.append(time.monotonic())
        return bool(reached) and time.monotonic() - reached[0] >= later

    return when


def at_call(api: BotApi, number: int) -> When:
    """Once the Bot API has been called so many times more, while that call waits for its answer."""
    before = len(api.calls)
    return lambda _: len(api.calls) >= before + number


def assert_same(killed: Play, whole: Play) -> None:
    """Both histories tell the same, but for deliveries that are in doubt."""
    assert killed.alerts() == whole.alerts()
    mine, theirs = killed.notifications(), whole.notifications()
    assert [row[0] for row in mine] == [row[0] for row in theirs]
    assert mine == theirs
    states = killed.states()
    assert not {"queued", "leased", "failed"} & set(states), states
    assert states["unknown"] <= killed.kills
    assert killed.rows("PRAGMA integrity_check") == [("ok",)]
    for table in ("alert_changes", "alert_stories", "incidents", "stories", "quotes", "daily_bars"):
        counted = f"SELECT count(*) FROM {table}"
        assert killed.rows(counted) == whole.rows(counted), table


# --------------------------------------------------------------------------------------------------- the DeepSeek week


@pytest.fixture(scope="module")
def week(replayed: Path) -> Play:
    """The DeepSeek week, uninterrupted."""
    play = Play(REAL, replayed)
    assert len(play.alerts()) >= 25
    return play


def test_the_deepseek_week_killed_at_random_moments_ends_as_if_it_had_not_been(week: Play, tmp_path: Path) -> None:
    """Two databases side by side, three kills each; the first of each in the start-up."""
    end, week_begins = week.extent(), week.rows("SELECT min(arrival) FROM quotes")[0][0]

    def torment(number: int) -> Play:
        chance = random.Random(SEED + number)
        play = Play(REAL, tmp_path / f"killed-{number}.db")
        assert not play.until(after(chance.uniform(0.02, 0.4)))
        targets = sorted(chance.sample(range(week_begins, end), 2))
        for target in targets:
            if play.until(at_progress(target, chance.uniform(0, 0.02))):
                break
        play.finish()
        return play

    with ThreadPoolExecutor(2) as pool:
        for play in pool.map(torment, range(2)):
            assert play.kills >= 2, f"seed {SEED}"
            assert_same(play, week)


# -------------------------------------------------------------------------------------------- to Telegram, mid-delivery


@contextlib.contextmanager
def short(folder: Path) -> Iterator[tuple[Play, BotApi]]:
    """The short episode on a database of its own, with a Bot API of its own."""
    with in_thread() as api:
        config = write_short(folder, api.url)
        env = {**os.environ, "TELEGRAM_BOT_TOKEN": api.token}
        yield Play("short", folder / "a.db", ("--config", str(config), "--notify", "telegram"), env), api


def shown(api: BotApi) -> Counter[tuple[int, str]]:
    """How often each text was accepted as a new message, by chat: what people had on their screens."""
    return Counter(
        (call.chat or 0, call.params["text"])
        for call in api.made("sendMessage")
        if (call.status == 200 or call.fault == "stall")
    )


@pytest.fixture(scope="module")
def whole_short(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Play, BotApi]]:
    """The short episode, uninterrupted."""
    with short(tmp_path_factory.mktemp("short")) as (play, api):
        play.finish()
        assert play.extent() > 0
        assert play.states()["sent"] >= 12
        assert max(shown(api).values()) == 1
        yield play, api


def test_killed_in_the_middle_of_deliveries_nothing_acknowledged_is_sent_again(
    whole_short: tuple[Play, BotApi], tmp_path: Path
) -> None:
    """Four databases, five kills each. Deliveries take a while, half of them accepted first and answered later."""
    whole, reference = whole_short
    calls, end = len(reference.calls), whole.extent()

    def torment(number: int) -> tuple[Play, Counter[tuple[int, str]]]:
        chance = random.Random(SEED + 100 + number)
        for attempt in range(6):  # where the machine is too busy to kill it in time, another that gets to its end
            with short(tmp_path / f"{number}-{attempt}") as (play, api):
                for _ in range(200):
                    api.fault(chance.choice(("stall", "slow")), "*", seconds=0.03)
                for _ in range(5):
                    when = (
                        at_call(api, chance.randint(1, calls // 3))
                        if chance.random() < 0.75
                        else at_progress(chance.randint(1, end))
                    )
                    if play.until(when):
                        break
                play.finish()
                if play.kills >= 4:
                    break
        return play, shown(api)

    total = 0
    with ThreadPoolExecutor(4) as pool:
        for play, accepted in pool.map(torment, range(4)):
            total += play.kills
            assert_same(play, whole)
            assert max(accepted.values()) == 1, f"seed {SEED}: something was sent twice"
            sent = play.rows("SELECT count(*) FROM notifications WHERE state = 'sent' AND edits IS NULL")[0][0]
            assert sum(accepted.values()) >= sent
    assert total >= 16


def test_the_same_episode_gives_the_same_lines_whatever_the_hash_seed(tmp_path: Path) -> None:
    config = write_short(tmp_path, "http://127.0.0.1:9")

    def lines(seed: str) -> str:
        command = [sys.executable, "main.py", "replay", "short", "--config", str(config), "--json"]
        env = {**os.environ, "PYTHONHASHSEED": seed}
        return run(command, cwd=REPOSITORY, env=env, capture_output=True, text=True, check=True).stdout

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lines, ("1", "2"))
    assert one == other
    kinds = Counter(json.loads(line)["type"] for line in one.splitlines())
    assert kinds["alert"] >= 6
    assert kinds["notification"] >= 3


# ------------------------------------------------------------------------------------------------------- no mixing


def refused(command: Sequence[str]) -> str:
    """The one line with which a command fails."""
    done = call(*command)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_a_replay_refuses_a_live_history_and_leaves_it_as_it_was(tmp_path: Path) -> None:
    config = write_short(tmp_path, "http://127.0.0.1:9")
    database = tmp_path / "live.db"
    open_store(database, mode="live", run_name="live", now=datetime(2025, 1, 27, tzinfo=UTC)).close()
    before = database.read_bytes()
    said = refused(["replay", "short", "--config", str(config), "--database", str(database)])
    assert "holds the live history; a replay of short needs a file of its own: name one with --database" in said
    assert database.read_bytes() == before


def test_a_run_and_another_episode_refuse_the_history_of_a_replay(tmp_path: Path) -> None:
    config = write_short(tmp_path, "http://127.0.0.1:9")
    database = tmp_path / "replay.db"
    moment = datetime(2025, 1, 27, tzinfo=UTC)
    open_store(database, mode="replay", run_name="another", now=moment).close()
    said = refused(["run", "--config", str(config), "--database", str(database)])
    assert "holds the replay of another; the live history needs a file of its own" in said
    said = refused(["replay", "short", "--config", str(config), "--database", str(database)])
    assert "holds the replay of another; a replay of short needs a file of its own" in said
