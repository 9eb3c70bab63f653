"""The history for other programs: every format says the same, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store import SqliteStore
from bot.adapters.store.codec import moment_text
from bot.adapters.store.history import find_alerts, list_incidents
from bot.adapters.store.history.exporting import EXPORTED, export, export_to
from bot.core.errors import StoreError, UsageError
from bot.core.model import Filters
from bot.replay.recording import read_recording
from tests.command import run_command
from tests.store.values import batch, story


def written(path: Path, what: str, form: str, filters: Filters | None = None) -> bytes:
    out = io.BytesIO()
    export(path, what, filters or Filters(), form, out)
    return out.getvalue()


def rows_of(form: str, data: bytes) -> list[dict[str, Any]]:
    if form == "csv":
        return list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    if form == "json":
        return list(json.loads(data))
    if form == "jsonl":
        return [json.loads(line) for line in data.decode().splitlines()]
    import pyarrow.parquet as pq

    return list(pq.read_table(io.BytesIO(data)).to_pylist())


@pytest.mark.parametrize("what", EXPORTED)
@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "parquet"])
def test_every_format_has_every_row_and_column(week: Path, what: str, form: str) -> None:
    reference = rows_of("json", written(week, what, "json"))
    assert len(reference) == {"alerts": 87, "incidents": 1, "stories": 141}[what]
    found = rows_of(form, written(week, what, form))
    assert [list(row) for row in found] == [list(row) for row in reference]
    if form == "csv":
        expected = [{n: "" if v is None else f"{v}" for n, v in row.items()} for row in reference]
        assert [{n: v.removeprefix("'") for n, v in row.items()} for row in found] == expected
    else:
        assert found == reference


@pytest.mark.parametrize(
    "filters",
    [Filters(symbol="NVDA"), Filters(rule="group-fall"), Filters(exposure="cooling"), Filters(verdict="none")],
)
def test_exports_obey_the_filters(week: Path, filters: Filters) -> None:
    alerts = [row["id"] for row in find_alerts(week, filters, None)]
    assert [row["id"] for row in rows_of("jsonl", written(week, "alerts", "jsonl", filters))] == alerts
    incidents = [row["id"] for row in list_incidents(week, filters, None)]
    assert [row["id"] for row in rows_of("jsonl", written(week, "incidents", "jsonl", filters))] == incidents
    with closing(sqlite3.connect(f"file:{week}?mode=ro", uri=True)) as conn, conn:
        marks = ", ".join("?" * len(alerts))
        cited = {s for (s,) in conn.execute(f"SELECT story_id FROM alert_stories WHERE alert_id IN ({marks})", alerts)}
    conn.close()
    assert {row["id"] for row in rows_of("jsonl", written(week, "stories", "jsonl", filters))} == cited


def test_exported_stories_can_be_played(week: Path, tmp_path: Path) -> None:
    file = tmp_path / "stories.jsonl"
    assert export_to(file, week, "stories", Filters(), "jsonl") == 141
    played = read_recording([], [file])
    assert played.problems == []
    with closing(sqlite3.connect(f"file:{week}?mode=ro", uri=True)) as conn, conn:
        columns = "source, publisher, title, summary, link, seen_at, published_at"
        kept = set(conn.execute(f"SELECT {columns} FROM stories"))
    conn.close()
    assert {
        (
            *(s.source, s.publisher, s.title, s.summary, s.link, moment_text(s.seen_at)),
            moment_text(s.published_at) if s.published_at else None,
        )
        for s in played.stories.values()
    } == kept


@pytest.mark.parametrize("title", ["=1+1", "+SUM(A1)", "-2", "@cmd", '=HYPERLINK("http://x";"y")'])
def test_outside_text_is_no_formula_in_a_spreadsheet(store: SqliteStore, path: Path, title: str) -> None:
    store.commit(batch(story("s1", title=title)))
    assert rows_of("csv", written(path, "stories", "csv"))[0]["title"] == f"'{title}"
    assert rows_of("jsonl", written(path, "stories", "jsonl"))[0]["title"] == title


def test_an_empty_history_exports_headings_or_nothing(store: SqliteStore, path: Path) -> None:
    assert written(path, "alerts", "csv").decode().startswith("id,fired_at,fired_price")
    assert written(path, "alerts", "json") == b"[]\n"
    assert written(path, "alerts", "jsonl") == b""
    assert rows_of("parquet", written(path, "alerts", "parquet")) == []


def test_a_file_is_whole_or_as_it_was(week: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "alerts.csv"
    assert export_to(file, week, "alerts", Filters(), "csv") == 87
    before = file.read_bytes()
    with pytest.raises(StoreError, match="no such database"):
        export_to(file, tmp_path / "none.db", "alerts", Filters(), "csv")
    assert file.read_bytes() == before
    assert [f.name for f in tmp_path.iterdir()] == ["alerts.csv"]
    with pytest.raises(StoreError, match="cannot be written"):
        export_to(tmp_path / "no" / "alerts.csv", week, "alerts", Filters(), "csv")


def test_parquet_without_pyarrow_says_what_to_do(week: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match="make setup EXTRAS=parquet"):
        export(week, "alerts", Filters(), "parquet", io.BytesIO())
    out = tmp_path / "alerts.parquet"
    ran = run_command("history", "export", "--format", "parquet", "-o", out, "--database", week, code=2)
    assert len(ran.stderr.splitlines()) == 1
    assert not out.exists()


def test_the_command_writes_to_stdout_and_to_a_file(week: Path, tmp_path: Path) -> None:
    printed = run_command("history", "export", "--symbol", "nvda", "--format", "jsonl", "--database", week).stdout
    assert [json.loads(line)["symbol"] for line in printed.splitlines()] == ["NVDA"] * 2
    out = tmp_path / "alerts.parquet"
    ran = run_command("history", "export", "--format", "parquet", "--output", out, "--database", week)
    assert f"{out}: 87 alerts" in ran.stderr
    assert len(rows_of("parquet", out.read_bytes())) == 87
