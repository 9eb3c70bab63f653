"""``performance`` on the history of the DeepSeek week."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store import open_store
from bot.adapters.store.lock import WriterLock
from tests.command import run_command

GOLDEN = Path(__file__).parent / "ai-model-shock.txt"
"""What ``performance ai-model-shock`` prints of that week."""


@pytest.fixture
def database(replayed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(replayed, tmp_path / "deepseek.db"))


def stored(file: Path, sql: str = "SELECT * FROM outcomes ORDER BY alert_id, due_at") -> list[tuple[object, ...]]:
    conn = sqlite3.connect(file)
    try:
        return conn.execute(sql).fetchall()
    finally:
        conn.close()


def lines(*words: object) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run_command("performance", *words, "--json").stdout.splitlines()]


def test_nvidia_after_the_first_alert(database: Path) -> None:
    run_command("performance", "--database", database)
    sql = (
        "SELECT horizon, due_at, o.price, round(o.change, 4), round(o.change_from_reference, 4) FROM outcomes o"
        " JOIN alerts a ON a.id = o.alert_id WHERE symbol = 'NVDA' AND rule = 'ai-model-shock' ORDER BY due_at"
    )
    # fired on 122.75, the low until 11:00, at which it stood at 124.20: nobody who was told could have had the low;
    # the first price after a quarter of an hour is of an hour later
    assert stored(database, sql) == [
        ("15 min", "2025-01-27T11:15:00.000000Z", None, None, None),
        ("1 hour", "2025-01-27T12:00:00.000000Z", 124.93, 0.0059, -0.124),
        ("close", "2025-01-27T21:00:00.000000Z", 118.42, -0.0465, -0.1697),
        ("1 session", "2025-01-28T21:00:00.000000Z", 128.99, 0.0386, -0.0956),
        ("5 sessions", "2025-02-03T21:00:00.000000Z", 116.66, -0.0607, -0.182),
    ]


def test_the_record_of_ai_model_shock(database: Path) -> None:
    said = run_command("performance", "ai-model-shock", "--database", database).stdout
    assert said == GOLDEN.read_text(encoding="utf-8")
    assert max(map(len, said.splitlines())) <= 80


def test_every_rule_that_fired_has_its_record(database: Path) -> None:
    found = lines("--database", database)
    assert found[0]["rule"] == "ai-model-shock"
    fired = dict(stored(database, "SELECT rule, count(*) FROM alerts GROUP BY rule"))  # type: ignore[arg-type]
    assert {each["rule"]: each["fired"] for each in found} == fired
    assert all(each["judged"] == 0 and "alerts" not in each for each in found)
    said = run_command("performance", "--database", database).stdout
    assert all(f"{rule}\n" in said for rule in fired)
    assert "judged by readers" not in said
    assert max(map(len, said.splitlines())) <= 80


def test_one_rule_comes_with_its_latest_alerts(database: Path) -> None:
    (found,) = lines("ai-model-shock", "--database", database)
    assert len(found["alerts"]) == 10
    assert [a["at"] for a in found["alerts"]] == sorted((a["at"] for a in found["alerts"]), reverse=True)
    after = {f["horizon"]: f for f in found["followed"]}["1 session"]
    assert after["known"] == found["fired"]
    quantiles = ["lowest", "tenth", "quarter", "median", "three_quarters", "nine_tenths", "highest"]
    assert [after[name] for name in quantiles] == sorted(after[name] for name in quantiles)
    assert after["higher"] + after["lower"] == pytest.approx(1.0, abs=1e-5)


def test_readers_verdicts_are_counted_by_incident(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "judged.db"
    with contextlib.closing(sqlite3.connect(database)) as conn:
        conn.execute("VACUUM INTO ?", (str(copy),))
    with contextlib.closing(sqlite3.connect(copy)) as conn, conn:
        conn.execute("PRAGMA foreign_keys = ON")
        (chat,) = conn.execute("SELECT id FROM chats").fetchone()
        (incident,) = conn.execute("SELECT incident_id FROM alerts WHERE rule = 'ai-model-shock'").fetchone()
        for number, verdict in enumerate(("right", "right", "not ai"), 1):
            conn.execute(
                "INSERT INTO verdicts SELECT ?, ?, ?, started_at, ?, id FROM runs LIMIT 1",
                (incident, f"telegram:{number}", verdict, chat),
            )
    (found,) = lines("ai-model-shock", "--database", copy)
    assert (found["judged"], found["confirmed"], found["disputed"]) == (1, 1, 0)
    said = run_command("performance", "ai-model-shock", "--database", copy).stdout
    assert "judged by readers in 1 incident: 1 confirmed, 0 disputed (3 verdicts)" in said


def test_beside_a_running_bot_it_says_the_same_and_stores_nothing(database: Path) -> None:
    lock = WriterLock(database)
    beside = lines("--database", database)
    assert stored(database) == []
    lock.release()
    assert lines("--database", database) == beside
    kept = stored(database)
    assert kept
    assert lines("--database", database) == beside
    assert stored(database) == kept


def test_since_bounds_the_alerts(database: Path) -> None:
    (late,) = lines("ai-model-shock", "--since", "2025-01-27T12:00Z", "--database", database)
    (every,) = lines("ai-model-shock", "--database", database)
    sql = "SELECT count(*) FROM alerts WHERE rule = 'ai-model-shock' AND fired_at < '2025-01-27T12:00'"
    ((early,),) = stored(database, sql)
    assert early
    assert late["fired"] == every["fired"] - early
    ran = run_command("performance", "--since", "2025-02-01", "--database", database)
    assert (ran.stdout, ran.stderr) == ("", "no rule has fired since 2025-02-01 00:00Z\n")


@pytest.mark.parametrize(
    ("rule", "code", "said"),
    [
        ("ai-modl-shock", 2, "aftershock: unknown rule 'ai-modl-shock'; did you mean 'ai-model-shock'?\n"),
        ("rebound", 0, "rebound has not fired\n"),
    ],
)
def test_a_rule_that_is_not_there_or_has_not_fired(database: Path, rule: str, code: int, said: str) -> None:
    ran = run_command("performance", rule, "--database", database, code=code)
    assert (ran.stdout, ran.stderr) == ("", said)


def test_an_empty_history_says_so(tmp_path: Path) -> None:
    file = tmp_path / "empty.db"
    open_store(file, mode="live", run_name="live", now=datetime(2025, 1, 27, tzinfo=UTC)).close()
    ran = run_command("performance", "--database", file)
    assert (ran.stdout, ran.stderr) == ("", "no rule has fired\n")
    assert run_command("performance", "--json", "--database", file).stdout == ""
    assert run_command("performance", "--database", tmp_path / "none.db", code=1).stdout == ""


def test_the_old_name_works_with_a_notice(database: Path) -> None:
    ran = run_command("record", "ai-model-shock", "--database", database)
    assert ran.stdout == run_command("performance", "ai-model-shock", "--database", database).stdout
    assert ran.stderr.splitlines() == [
        "aftershock: 'record' is now called 'performance'; the old name goes with the next version"
    ]
    assert "  record " not in run_command("--help").stdout
