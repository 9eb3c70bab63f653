"""People's own SQL can read, and nothing else, and not for ever."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from bot.adapters.store.history.selecting import read_only, select
from bot.core.errors import StoreError, UsageError
from tests.command import REPOSITORY, run_command
from tests.history.bombs import COUNTING, LARGE, SLOW
from tests.processes import Processes
from tests.waiting import PATIENCE, allowed, wait_until


def asked(week: Path, sql: str, seconds: float = 5.0) -> list[tuple[object, ...]]:
    with select(week, sql, seconds=seconds) as (_, rows):
        return list(rows)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM alerts",
        "WITH a AS (SELECT symbol FROM alerts) SELECT DISTINCT symbol FROM a",
        "SELECT title FROM stories_fts WHERE stories_fts MATCH 'deepseek'",
        "SELECT symbol FROM alerts_fts WHERE alerts_fts MATCH 'cooling' ORDER BY rank",
        "SELECT value FROM incidents, json_each(alerts)",
        "SELECT name FROM pragma_table_info('alerts')",
        "PRAGMA table_xinfo(alerts)",
        "EXPLAIN QUERY PLAN SELECT * FROM alerts",
        "SELECT name FROM sqlite_schema",
        "SELECT median FROM (SELECT avg(worst) OVER (ORDER BY fired_at) AS median FROM alerts)",
        "VALUES (1), (2)",
    ],
)
def test_reading_is_allowed(week: Path, sql: str) -> None:
    assert asked(week, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM alerts",
        "UPDATE alerts SET rule = 'x'",
        "INSERT INTO runs DEFAULT VALUES",
        "INSERT INTO alerts_fts (alerts_fts) VALUES ('rebuild')",
        "CREATE TABLE mine (x)",
        "CREATE TEMP TABLE mine (x)",
        "CREATE TEMP VIEW mine AS SELECT 1",
        "DROP VIEW alert_history",
        "ALTER TABLE alerts ADD COLUMN x",
        "ATTACH 'other.db' AS other",
        "DETACH main",
        "VACUUM",
        "VACUUM INTO 'copy.db'",
        "REINDEX",
        "ANALYZE",
        "BEGIN IMMEDIATE",
        "SAVEPOINT s",
        "PRAGMA query_only = OFF",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = 1",
        "PRAGMA user_version = 9",
        "SELECT load_extension('x')",
        "WITH x AS (SELECT 1) DELETE FROM alerts",
        "SELECT 1; DELETE FROM alerts",
    ],
)
def test_everything_else_is_refused_whatever_it_is_called(week: Path, sql: str, tmp_path: Path) -> None:
    before = week.read_bytes()
    with pytest.raises(UsageError):
        asked(week, sql)
    assert week.read_bytes() == before


@pytest.mark.parametrize(
    "sql", ["DELETE FROM t", "INSERT INTO t VALUES (2)", "CREATE TEMP TABLE u (x)", "ATTACH ':memory:' AS m"]
)
def test_the_authoriser_alone_would_refuse_it(sql: str) -> None:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.execute("CREATE TABLE t (x)")
    conn.execute("CREATE VIRTUAL TABLE stories_fts USING fts5 (title)")
    conn.execute("CREATE VIRTUAL TABLE alerts_fts USING fts5 (title)")
    conn.execute("CREATE TABLE runs (x)")
    with read_only(conn, 5.0), pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        conn.execute(sql)
    conn.execute(sql)  # afterwards it can again
    conn.close()


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
        "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
        "SELECT count(*) FROM quotes a, quotes b, quotes c",
    ],
)
def test_a_query_that_runs_on_is_ended(week: Path, sql: str) -> None:
    began = time.monotonic()
    with (
        pytest.raises(StoreError, match=r"took longer than 0\.2 s; ask for less"),
        select(week, sql, seconds=0.2) as (_, rows),
    ):
        for _row in rows:
            pass
    assert time.monotonic() - began < allowed(5)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("", "no query"),
        ("/* a remark */", "no query"),
        ("SELEC 1", "syntax error"),
        ("SELECT nope FROM alerts", "no such column: nope"),
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("SELECT zeroblob(100000000)", "too big"),
        ("SELECT '\0'", ""),
        ("SELECT title FROM stories_fts WHERE stories_fts MATCH '\"'", "unterminated string"),
        ("SELECT abs(-9223372036854775808)", "integer overflow"),
    ],
)
def test_a_mistake_is_told_in_one_line(week: Path, sql: str, said: str) -> None:
    ran = run_command("history", "sql", sql, "--database", week, code=2)
    assert said in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert ran.stdout == ""


def test_a_result_as_json_and_as_a_table(week: Path) -> None:
    sql = "SELECT 1 AS n, 1.5, NULL AS gone, 'a\x1b[31mb' AS text, x'00ff' AS blob, 1 AS n"
    ran = run_command("history", "sql", sql, "--json", "--database", week)
    assert json.loads(ran.stdout) == {
        "n": 1,
        "1.5": 1.5,
        "gone": None,
        "text": "a\x1b[31mb",
        "blob": "00ff",
        "n_2": 1,
    }
    assert "\x1b" not in ran.stdout
    table = run_command("history", "sql", sql, "--database", week).stdout
    assert table.splitlines()[1].split() == ["1", "1.5", "·", "a", "[31mb", "2", "bytes", "1"]


def test_sql_is_read_from_stdin_and_long_results_are_cut_for_people_only(week: Path) -> None:
    long = "SELECT arrival FROM quotes LIMIT 1500"
    ran = run_command("history", "sql", "-", "--database", week, answers=long)
    assert len(ran.stdout.splitlines()) == 1001
    assert "the first 1,000 rows" in ran.stderr
    assert len(run_command("history", "sql", long, "--json", "--database", week).stdout.splitlines()) == 1500


@pytest.mark.parametrize("kind", SLOW)
def test_what_sqlite_itself_does_not_end_is_ended(week: Path, kind: str) -> None:
    with pytest.raises(StoreError, match=r"took longer than 0\.3 s|more memory"):
        asked(week, SLOW[kind], 0.3)


@pytest.mark.parametrize("kind", LARGE)
def test_what_would_take_gigabytes_is_refused(week: Path, kind: str) -> None:
    with pytest.raises((StoreError, UsageError), match=r"took longer|more memory|too big|the answer is larger"):
        asked(week, LARGE[kind], 3)


def test_a_large_answer_comes_in_parts_and_whoever_reads_it_may_take_his_time(week: Path) -> None:
    sql = COUNTING.format(most=100_000) + " SELECT i, 'some text of the row ' || i FROM n"
    with select(week, sql, seconds=1.0) as (names, rows):
        assert names == ["i", "'some text of the row ' || i"]
        assert next(rows) == (1, "some text of the row 1")
        time.sleep(1.2)  # the time of the query, not of its reader
        assert sum(1 for _ in rows) == 99_999


def test_values_come_as_they_are(week: Path) -> None:
    with select(week, "SELECT ?, ?, ?, x'00ff', NULL, 9e999, '\N{SNOWMAN}'", (1, 0.5, "a"), seconds=5) as (_, rows):
        assert list(rows) == [(1, 0.5, "a", b"\0\xff", None, float("inf"), "\N{SNOWMAN}")]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_nothing_is_left_of_a_query_when_its_reader_goes(week: Path) -> None:
    def children() -> set[str]:
        found = (Path("/proc/self/task") / str(os.getpid()) / "children").read_text().split()
        return {pid for pid in found if "answering" in Path(f"/proc/{pid}/cmdline").read_text(errors="replace")}

    with select(week, "SELECT arrival FROM quotes", seconds=30) as (_, rows):
        next(rows)
        assert children()
    assert not children()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_killed_in_the_middle_it_leaves_no_query_behind(week: Path, processes: Processes) -> None:
    words = ["history", "sql", SLOW["one function over a long text"], "--database", str(week)]
    child = processes.start([sys.executable, "main.py", *words], cwd=REPOSITORY)

    def asks() -> list[str]:
        found = (Path("/proc") / str(child.pid) / "task" / str(child.pid) / "children").read_text().split()
        return [pid for pid in found if "answering" in Path(f"/proc/{pid}/cmdline").read_text(errors="replace")]

    (query,) = wait_until(asks, "the query")
    child.kill()
    child.wait(PATIENCE)

    def is_gone() -> bool:
        try:
            return Path(f"/proc/{query}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    wait_until(is_gone, "it ends with whoever asked")


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM alerts WHERE symbol = ?", "SELECT * FROM alerts WHERE symbol = :symbol"]
)
def test_a_parameter_without_a_value_says_what_to_write(week: Path, sql: str) -> None:
    with pytest.raises(UsageError, match=r"has a parameter \(\? or :name\) without a value; write the value itself"):
        asked(week, sql)
