"""The DeepSeek week, replayed on a server and in a file: every row of every table is the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.store.engine import columns
from bot.adapters.store.history.opening import open_place
from bot.app.stores import open_history
from bot.core.errors import StoreError, UsageError
from bot.core.server_address import ServerAddress
from tests.command import run_command
from tests.server.rows import rows, tables


def test_every_row_is_the_same(replayed: Path, on_server: ServerAddress) -> None:
    with closing(sqlite3.connect(replayed)) as file, open_place(on_server) as conn:
        assert len(tables(file)) > 20
        for table in tables(file):
            assert rows(conn, table) == rows(file, table), table
        assert len(rows(conn, "quotes")) > 1000
        assert len(rows(conn, "notifications")) > 10


def test_tables_and_views_have_the_same_columns(replayed: Path, on_server: ServerAddress) -> None:
    with closing(sqlite3.connect(replayed)) as file, open_place(on_server) as conn:
        for table in tables(file):
            assert sorted(columns(conn, table)) == sorted(columns(file, table)), table
        views = [name for (name,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")]
        for view in set(views) - OF_THE_FILE:
            found = [sorted(tuple(row) for row in c.execute(f"SELECT * FROM {view}")) for c in (file, conn)]  # type: ignore[attr-defined]
            assert len(found[0]) == len(found[1]), view
            names = [[column[0] for column in c.execute(f"SELECT * FROM {view}").description] for c in (file, conn)]  # type: ignore[attr-defined]
            assert names[0] == names[1], view
            if view not in WITH_TIMES:
                assert found[0] == found[1], view


OF_THE_FILE = {"alert_texts"}
"""What SQLite's search reads."""
WITH_TIMES = {"source_health"}
"""Rows without a sure order, where two reports came at one moment."""

SAYING_THE_SAME = [
    ("history", "list", "--json"),
    ("history", "list", "--symbol", "NVDA", "--json"),
    ("history", "list", "--severity", "high", "--since", "2025-01-27", "--json"),
    ("history", "list", "--exposure", "ai-chips", "--json"),
    ("history", "incidents", "--json"),
    ("history", "incidents", "--symbol", "VRT", "--json"),
    ("history", "stats", "--by", "rule", "--json"),
    ("history", "stats", "--by", "exposure", "--json"),
    ("history", "stats", "--by", "month", "--json"),
    ("history", "export", "--format", "csv"),
    ("history", "export", "--what", "incidents", "--format", "jsonl"),
    ("history", "export", "--what", "stories", "--symbol", "NVDA", "--format", "jsonl"),
    ("rules", "explain", "NVDA", "--at", "2025-01-27T15:00Z"),
]


@pytest.mark.parametrize("words", SAYING_THE_SAME, ids=" ".join)
def test_a_command_says_the_same_of_both(replayed: Path, on_server: ServerAddress, words: tuple[str, ...]) -> None:
    of_file = run_command(*words, "--database", replayed)
    of_server = run_command(*words, "--database", f"{on_server.reveal()}#{on_server.schema}")
    # what came at one moment has no order in an export
    assert sorted(of_server.stdout.splitlines()) == sorted(of_file.stdout.splitlines())
    if "export" not in words:
        assert of_server.stdout == of_file.stdout
    assert len(of_file.stdout) > 100


def test_an_incident_and_an_alert_are_shown_the_same(replayed: Path, on_server: ServerAddress) -> None:
    with open_history(replayed) as file, open_history(on_server) as conn:
        for incident in [each["id"] for each in file.list_incidents()]:
            assert conn.show_incident(incident) == file.show_incident(incident)
        for alert in [each["id"] for each in file.list_alerts()]:
            assert conn.show_alert(alert) == file.show_alert(alert)
            assert conn.quotes_around(alert) == file.quotes_around(alert)
        assert conn.findings() == file.findings() == []
        assert conn.live()["open"] == file.live()["open"]
        assert conn.standing() == file.standing()


WORDS = ["deepseek", "nvidia OR broadcom", '"cheap model"', "chip*", "nvda critical", "o'neil &|!:*"]


@pytest.mark.parametrize("words", WORDS)
def test_a_search_finds_the_same(replayed: Path, on_server: ServerAddress, words: str) -> None:
    with open_history(replayed) as file, open_history(on_server) as conn:
        found = [{each["id"] for each in c.search(words, limit=1000)} for c in (file, conn)]
    assert found[0] == found[1]


REFUSED = {
    "DELETE FROM alerts": "syntax error",
    "WITH gone AS (DELETE FROM alerts RETURNING id) SELECT * FROM gone": "DECLARE CURSOR must not contain",
    "SELECT 1; DELETE FROM alerts": "multiple commands",
    "SELECT set_config('transaction_read_only', 'off', false)": "read-write mode",
    "SELECT nextval('runs_id_seq')": "only reading is allowed",
    "SELECT nowhere FROM alerts": "nowhere",
    "": "syntax error",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_people_s_sql_only_reads(on_server: ServerAddress, sql: str) -> None:
    with (
        open_history(on_server) as history,
        pytest.raises(UsageError, match=REFUSED[sql]),
        history.select(sql, seconds=9) as (_, found),
    ):
        list(found)


def test_people_s_sql_is_answered_within_bounds(on_server: ServerAddress) -> None:
    by_symbol = "SELECT symbol, count(*) AS n FROM alerts GROUP BY 1 ORDER BY 2 DESC"
    with open_history(on_server) as history:
        with history.select(by_symbol, seconds=9) as (names, found):
            assert names == ["symbol", "n"]
            assert next(found)[1] > 0
        with history.select("SELECT ?::int + 1, now(), 1.5::numeric, true", (4,), seconds=9) as (_, found):
            ((five, now, exact, truth),) = found
            assert (five, type(now), exact, truth) == (5, str, 1.5, 1)
        with (
            pytest.raises(StoreError, match=r"took longer than 0.2 s"),
            history.select("SELECT pg_sleep(9)", seconds=0.2) as (_, found),
        ):
            list(found)
        with (
            pytest.raises(UsageError, match="larger than 256 MB"),
            history.select("SELECT repeat('x', 1000000) FROM generate_series(1, 400)", seconds=60) as (_, found),
        ):
            for _ in found:
                pass
