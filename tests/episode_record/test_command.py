"""The DeepSeek week in a history, its incident recorded from there, and the recording played: the same alerts."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app.stores import prune_history
from bot.config.episodes.file import load_episode
from tests.command import run_command

WEEK = "rules/episodes/deepseek-2025-01.yaml"
INCIDENT = "20250127-1"
ALERTS = "SELECT rule, symbol, session, fired_at, severity, price, change, incident_id FROM alerts ORDER BY 1, 2, 3"


def rows(database: Path, sql: str) -> list[tuple[object, ...]]:
    conn = sqlite3.connect(database)
    try:
        return conn.execute(sql).fetchall()
    finally:
        conn.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, replayed: Path) -> Path:
    """A history of the week, and its incident recorded."""
    place = tmp_path_factory.mktemp("recorded")
    shutil.copy(replayed, place / "week.db")
    record = ("episode", "record", "--incident", INCIDENT, "--database", place / "week.db")
    ran = run_command(*record, "--output", place / "again.yaml", "--json")
    (place / "said.json").write_text(ran.stdout, encoding="utf-8")
    return place


def test_the_recorded_incident_fires_the_same_alerts_at_the_same_times(folder: Path) -> None:
    run_command("replay", folder / "again.yaml", "--database", folder / "again.db", "--notify", "none")
    week = rows(folder / "week.db", ALERTS)
    assert len(week) > 30
    assert rows(folder / "again.db", ALERTS) == week
    stories = "SELECT title, source, publisher, link, seen_at FROM stories WHERE seen_at >= '2025-01-05' ORDER BY 5, 1"
    assert set(rows(folder / "again.db", stories)) <= set(rows(folder / "week.db", stories))


def test_recorded_from_thinned_prices_it_fires_the_same_and_says_that_they_may_be(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "week.db", tmp_path / "week.db")
    prune_history(tmp_path / "week.db", datetime(2025, 6, 1, tzinfo=UTC), {"every quote": timedelta(days=7)})
    record = ("episode", "record", "--incident", INCIDENT, "--database", tmp_path / "week.db")
    said = json.loads(run_command(*record, "--output", tmp_path / "again.yaml", "--json").stdout)
    assert said["same"] == said["alerts"] == len(rows(folder / "week.db", ALERTS))
    assert ["one price in ten minutes" in note for note in said["notes"]] == [True]


def test_the_command_says_what_it_made_and_that_it_plays_the_same(folder: Path) -> None:
    said = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    assert said["file"] == str(folder / "again.yaml")
    assert (said["episode"], said["incident"]) == ("again", INCIDENT)
    assert said["same"] == said["alerts"] == len(rows(folder / "week.db", ALERTS))
    assert said["differences"] == said["notes"] == []


def test_what_it_says_of_the_cause_stands_in_the_history(folder: Path) -> None:
    episode = load_episode(folder / "again.yaml")
    titles = {row[0]: row[1] for row in rows(folder / "week.db", "SELECT title, link FROM stories")}
    assert titles[episode.trigger.what] == episode.trigger.link
    assert episode.trigger.source == "Hacker News, 20 January 2025"
    assert (episode.title, episode.shock) == ("Nvidia falls 18.2%, and 47 others with it", True)
    assert [s.link for s in episode.stories] == [titles[s.title] for s in episode.stories]
    assert episode.falls[0].change < -0.3
    assert {"NVDA", "SPY"} <= {prices.symbol for prices in episode.prices}
    head = (folder / "again.yaml").read_text(encoding="utf-8").split("episode:")[0]
    assert "rephrase them before you pass" in head


def test_it_is_listed_shown_checked_and_tried_like_any_other(folder: Path) -> None:
    file = folder / "again.yaml"
    checked = run_command("episode", "check", file)
    assert checked.stdout.startswith("again: recorded, ")
    assert checked.stderr == "1 episode: no mistakes\n"
    shown = run_command("episode", "show", file).stdout
    assert "Nvidia falls 18.2%" in shown
    assert "  link: https://github.com/deepseek-ai/DeepSeek-R1" in shown
    told = json.loads(run_command("episode", "show", file, "--json").stdout)
    assert told["falls"][0]["change"] < -0.3
    assert len(told["told"]) == told["stories"] > 100
    tried = run_command("rules", "try", "--episode", file, "--json").stdout.splitlines()
    assert json.loads(tried[-1])["gained"] == len(rows(folder / "week.db", ALERTS))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--incident", "20250127-9", "--name", "x"), "no incident '20250127-9' in .*the newest are: 20250127-1"),
        (("--incident", INCIDENT, "--name", "deepseek-2025-01"), "deepseek-2025-01.yaml exists already; .*--force"),
        (("--incident", INCIDENT, "--name", "No Name"), "'No Name' is not a name; .*no-name"),
        (("--incident", INCIDENT, "--output", "x.yml"), "x.yml: an episode's file is named after the episode"),
        (("--incident", INCIDENT, "--output", "nowhere/x.yaml"), "the folder nowhere does not exist"),
    ],
)
def test_what_cannot_be_recorded_is_said_in_one_line(folder: Path, words: tuple[str, ...], said: str) -> None:
    ran = run_command("episode", "record", *words, "--database", folder / "week.db", code=2)
    assert len(ran.stderr.splitlines()) == 1
    assert re.search(said, ran.stderr), ran.stderr


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            "DELETE FROM quotes WHERE symbol = 'NVDA'",
            "the alert price of NVDA in incident 20250127-1 is no longer",
        ),
        ("DELETE FROM quotes", "the alert price of NVDA in"),
    ],
)
def test_a_history_that_lacks_the_evidence_says_which(folder: Path, tmp_path: Path, damage: str, said: str) -> None:
    database = tmp_path / "thin.db"
    shutil.copy(folder / "week.db", database)
    conn = sqlite3.connect(database)
    conn.execute(damage)
    conn.commit()
    conn.close()
    record = ("episode", "record", "--incident", INCIDENT, "--database", database)
    ran = run_command(*record, "--output", tmp_path / "x.yaml", code=1)
    assert said in ran.stderr
    assert not (tmp_path / "x.yaml").exists()


def test_an_episode_that_is_no_file_and_one_with_a_mistake(tmp_path: Path) -> None:
    assert "there is no file" in run_command("replay", tmp_path / "none.yaml", code=2).stderr
    (tmp_path / "bad.yaml").write_text("episode: bad\nkind: recorded\nsession: 2025-01-27\nshok: 1\n", encoding="utf-8")
    said = run_command("episode", "check", tmp_path / "bad.yaml", code=2).stderr
    assert "bad.yaml:4:1: shok: " in said
    assert "'title' is missing" in said


def test_the_shipped_episodes_are_listed_newest_first(repository: Path) -> None:
    listed = [json.loads(line) for line in run_command("episode", "list", "--json").stdout.splitlines()]
    assert len(listed) == len(list((repository / "rules" / "episodes").glob("*.yaml")))
    assert [e["session"] for e in listed] == sorted((e["session"] for e in listed), reverse=True)
    table = run_command("episode", "list").stdout
    assert "deepseek-2025-01" in table
