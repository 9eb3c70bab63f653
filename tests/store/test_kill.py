"""``kill -9`` at random moments: no half batch, nothing lost, nothing acknowledged sent again."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from bot.adapters.store.history import verify
from tests.store.crasher import CYCLES, RECIPIENTS

REPOSITORY = Path(__file__).resolve().parents[2]
KILLS = 25


def counts(path: Path) -> tuple[int, ...]:
    conn = sqlite3.connect(path)
    try:
        return tuple(
            conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("stories", "incidents", "alerts", "alert_stories", "quotes", "notifications")
        )
    finally:
        conn.close()


def test_killed_at_random_moments_nothing_is_lost_repeated_or_half_written(tmp_path: Path) -> None:
    path, wire = tmp_path / "history.db", tmp_path / "wire"
    dice = random.Random(20250127)
    kills = in_work = 0
    for start in range(KILLS * 3):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.store.crasher", str(path), str(wire)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        assert child.stderr is not None
        with child.stdout, child.stderr:
            begun = child.stdout.readline()
            assert begun == "begun\n", child.stderr.read()
            if kills < KILLS:
                time.sleep(dice.uniform(0, 0.03))
                child.kill()
            finished = child.wait(60) == 0
        if finished:
            break
        kills += 1
        stories, incidents, alerts, evidence, quotes, notifications = counts(path)
        in_work += 0 < stories < CYCLES
        assert incidents == alerts == evidence == stories, f"half a batch after kill {start}"
        assert quotes == 20 * stories
        assert notifications == len(RECIPIENTS) * stories
        assert verify(path) == []
    assert kills >= 20, "the machine is faster than the kills: give the crasher more to do"
    assert in_work >= 10, "the kills did not meet it at work"

    conn = sqlite3.connect(path)
    states = dict(conn.execute("SELECT id, state FROM notifications"))
    conn.close()
    assert counts(path)[0] == CYCLES
    assert len(states) == CYCLES * len(RECIPIENTS)
    lines = Counter(wire.read_text().splitlines())
    assert max(lines.values()) == 1, "the same thing went out twice"
    acknowledged = {line[4:] for line in lines if line.startswith("ack ")}
    sent = {name for name, state in states.items() if state == "sent"}
    unknown = {name for name, state in states.items() if state == "unknown"}
    assert sent <= acknowledged
    assert acknowledged <= sent | unknown
    assert len(unknown) <= 2 * kills, "more in doubt than was ever in flight"
    assert set(states.values()) <= {"sent", "unknown", "superseded"}
    assert verify(path) == []
