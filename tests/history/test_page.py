"""docs/history.md is true: its columns are the database's, its answers are what the queries say, its recipes run."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.history import answers

PAGE = answers.PAGE.read_text(encoding="utf-8")
OURS = "name NOT LIKE 'sqlite%' AND name NOT LIKE '%\\_fts%' ESCAPE '\\' AND name NOT LIKE '\\_sqlite%' ESCAPE '\\'"
ANSWERS = [(question, sql, answer) for _, question, sql, answer, _ in answers.ANSWER.findall(PAGE)]
RECIPES = re.findall(r"^\$ (sqlite-utils .+)$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def folder(week: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the recipes find their file; a copy, because they may open it for writing."""
    place = tmp_path_factory.mktemp("recipes")
    shutil.copy(week, place / "deepseek.db")
    return place


def documented() -> dict[str, list[str]]:
    """Every table and view of the page with its columns, in order."""
    found = {}
    for section in re.split(r"^#### ", PAGE, flags=re.MULTILINE)[1:]:
        name = re.match(r"`(\w+)`", section)
        assert name is not None
        assert name[1] not in found, f"{name[1]} is there twice"
        found[name[1]] = re.findall(r"^\| `(\w+)` \| \S", section, re.MULTILINE)
    return found


def test_every_table_view_and_column_is_documented_and_no_other(week: Path) -> None:
    with contextlib.closing(sqlite3.connect(week)) as conn:
        names = [
            n for (n,) in conn.execute(f"SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND {OURS}")
        ]
        actual = {name: [row[1] for row in conn.execute(f"PRAGMA table_xinfo({name})")] for name in names}
    page = documented()
    assert sorted(page) == sorted(actual)
    for name, columns in actual.items():
        assert page[name] == columns, name


def test_there_are_a_dozen_answers() -> None:
    assert len(ANSWERS) >= 12
    assert len(re.findall(r"^### \d+\. ", PAGE, re.MULTILINE)) == len(ANSWERS)


@pytest.mark.parametrize(("sql", "answer"), [a[1:] for a in ANSWERS], ids=[a[0] for a in ANSWERS])
def test_each_answer_is_what_its_query_says(week: Path, monkeypatch: pytest.MonkeyPatch, sql: str, answer: str) -> None:
    monkeypatch.setenv("COLUMNS", answers.COLUMNS)
    assert answers.said(sql, week) == answer


@pytest.mark.parametrize("command", RECIPES)
def test_the_command_line_recipes_run_and_find_something(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    from click.testing import CliRunner
    from sqlite_utils.cli import cli

    monkeypatch.chdir(folder)
    # as a person's call does, without a process that takes half a second to import pandas
    done = CliRunner().invoke(cli, shlex.split(command)[1:])
    assert done.exit_code == 0, done.output
    assert len(done.output.splitlines()) > 1 or len(done.output) > 200, done.output


def test_the_pandas_recipe_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(folder)
    made: dict[str, object] = {}
    exec(compile(code, "docs/history.md", "exec"), made)
    assert len(made["alerts"]) == 87  # type: ignore[arg-type]
    assert made["hardest"].loc["ai-model-shock", "count"] == 42  # type: ignore[attr-defined]
    assert made["hourly"].min() < 120 < made["hourly"].max()  # type: ignore[attr-defined]


def test_the_recipe_that_is_not_run_says_so() -> None:
    before = PAGE[: PAGE.index("INSTALL sqlite")].rpartition("**DuckDB**")[2]
    assert "not run by its tests" in before.replace("\n", " ")


def test_every_history_command_is_on_the_page() -> None:
    from bot.cli.history.commands import app

    names = [command.name for command in app.registered_commands]
    assert len(names) >= 11
    for name in names:
        assert f"`history {name}" in PAGE, name
