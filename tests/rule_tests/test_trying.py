"""``rules try``: edited rules over the past, beside what did fire."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.app.lab.trying import Difference, Fired, Trial, compared, try_episode, try_history, try_recording
from bot.app.stores import prune_history
from bot.config.rule_tests.file import Recording
from bot.core.errors import UsageError
from bot.core.model import Severity
from tests.command import run_command

from .bench import CONFIG, NOW, REPOSITORY, RULES

EPISODE = "deepseek-2025-01"
FIRST, LAST = datetime(2025, 1, 2, tzinfo=UTC), datetime(2025, 2, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plain rules, which also made the history below."""
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, rules: Path) -> Path:
    """The episode's weeks, replayed with these rules into a database."""
    folder = tmp_path_factory.mktemp("history")
    (folder / "rules").mkdir()
    for shared in ("topics", "companies.yaml", "episodes"):
        (folder / "rules" / shared).symlink_to(REPOSITORY / "rules" / shared)
    (folder / "rules" / "rules.yaml").symlink_to(rules)
    (folder / "config.yaml").write_text(CONFIG.read_text(encoding="utf-8"), encoding="utf-8")
    file = folder / "weeks.db"
    run_command("replay", EPISODE, "--notify", "none", "--database", file, "--config", folder / "config.yaml")
    return file


def edited(tmp_path: Path, before: str, after: str) -> Path:
    """The rules with one edit."""
    assert before in RULES
    path = tmp_path / "edited.yaml"
    path.write_text(RULES.replace(before, after), encoding="utf-8")
    return path


def counts(trial: Trial) -> dict[str, int]:
    """How many alerts became what."""
    return {difference.value: trial.count(difference) for difference in Difference}


def test_the_same_rules_over_their_own_history_change_nothing(database: Path, rules: Path) -> None:
    told = counts(try_history(CONFIG, rules, FIRST, LAST, NOW, database))
    assert told.pop("same") > 30
    assert told == {"gained": 0, "lost": 0, "moved": 0}


def test_a_lower_threshold_gains_and_moves_and_a_higher_one_loses(database: Path, tmp_path: Path) -> None:
    lower = counts(try_history(CONFIG, edited(tmp_path, "< -10%", "< -7%"), FIRST, LAST, NOW, database))
    assert lower["gained"] > 0
    assert lower["lost"] == 0
    higher = counts(try_history(CONFIG, edited(tmp_path, "< -10%", "< -14%"), FIRST, LAST, NOW, database))
    assert higher["gained"] == 0
    assert higher["lost"] > 0


def test_another_severity_is_a_move(database: Path, tmp_path: Path) -> None:
    trial = try_history(CONFIG, edited(tmp_path, "change < -15%", "change < -12%"), FIRST, LAST, NOW, database)
    moved = [row for row in trial.rows if row.difference is Difference.MOVED]
    assert moved
    for row in moved:
        assert row.now is not None
        assert row.before is not None
        assert (row.before.severity, row.now.severity) == (Severity.HIGH, Severity.CRITICAL)
        assert row.now.at == row.before.at


def test_a_rule_that_is_gone_from_the_folder_loses_its_alerts(database: Path, tmp_path: Path) -> None:
    renamed = edited(tmp_path, "name: drop", "name: slump")
    trial = try_history(CONFIG, renamed.parent, FIRST, LAST, NOW, database)
    assert {row.either.rule for row in trial.rows if row.difference is Difference.LOST} == {"drop"}
    assert {row.either.rule for row in trial.rows if row.difference is Difference.GAINED} == {"slump"}


@pytest.mark.campaign
def test_a_file_stands_for_the_rules_in_it_alone(database: Path, tmp_path: Path) -> None:
    renamed = edited(tmp_path, "name: drop", "name: slump")
    trial = try_history(CONFIG, renamed, FIRST, LAST, NOW, database)
    assert trial.count(Difference.LOST) == 0, "drop is not in the file and stays as it is"
    assert "drop" not in {row.either.rule for row in trial.rows}
    lower = tmp_path / "lower.yaml"
    shipped = (REPOSITORY / "rules" / "ai-model-shock.yaml").read_text(encoding="utf-8")
    lower.write_text(shipped.replace("< -10%", "< -7%"), encoding="utf-8")
    trial = try_episode(CONFIG, lower, NOW, EPISODE)
    assert {row.either.rule for row in trial.rows} == {"ai-model-shock"}
    assert trial.count(Difference.LOST) == 0
    assert trial.count(Difference.GAINED) > 0


def test_only_the_sessions_asked_for_are_compared(database: Path, rules: Path) -> None:
    since = datetime(2025, 1, 27, tzinfo=UTC)
    trial = try_history(CONFIG, rules, since, since + timedelta(hours=23), NOW, database)
    assert {row.either.session for row in trial.rows} == {date(2025, 1, 27)}
    assert counts(trial)["same"] == len(trial.rows)
    within = try_history(CONFIG, rules, since + timedelta(hours=15), since + timedelta(days=1, hours=23), NOW, database)
    assert {row.either.session for row in within.rows} <= {date(2025, 1, 28)}
    assert within.first == date(2025, 1, 28)


def test_a_history_in_use_is_read_beside_its_writer(database: Path, rules: Path) -> None:
    with open_store(database, mode="replay", run_name=EPISODE, now=NOW) as writer:
        assert counts(try_history(CONFIG, rules, FIRST, LAST, NOW, database))["same"] > 30
        assert writer.extra("replay_position") is not None


def test_reading_alone_leaves_the_file_as_it_was(database: Path, rules: Path) -> None:
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    try_history(CONFIG, rules, FIRST, LAST, NOW, database)
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before


def test_a_time_of_which_nothing_is_known_is_refused(database: Path, rules: Path) -> None:
    with pytest.raises(UsageError, match="has no data for 2026"):
        try_history(CONFIG, rules, NOW - timedelta(days=7), NOW, NOW, database)


def test_a_history_that_begins_later_is_noted(database: Path, rules: Path) -> None:
    trial = try_history(CONFIG, rules, FIRST - timedelta(days=90), LAST, NOW, database)
    assert "the history begins on 2025-01-01" in trial.notes[0]


def test_a_history_whose_prices_were_thinned_says_so(database: Path, rules: Path, tmp_path: Path) -> None:
    shutil.copy(database, tmp_path / "thinned.db")
    prune_history(tmp_path / "thinned.db", datetime(2025, 2, 5, tzinfo=UTC), {"every quote": timedelta(days=7)})
    said = "before 2025-01-29 00:00 UTC the history has one price in ten minutes"
    trial = try_history(CONFIG, rules, FIRST, LAST, NOW, tmp_path / "thinned.db")
    assert [said in note for note in trial.notes] == [True]
    later = try_history(CONFIG, rules, datetime(2025, 1, 30, tzinfo=UTC), LAST, NOW, tmp_path / "thinned.db")
    assert later.notes == ()


@pytest.mark.campaign
def test_an_episode_is_tried_beside_the_configured_rules(rules: Path) -> None:
    trial = try_episode(CONFIG, rules, NOW, EPISODE)
    assert trial.beside == "the configured rules of the same names"
    assert {row.either.rule for row in trial.rows if row.difference is Difference.GAINED} >= {"fall", "drop"}
    alone = try_episode(CONFIG, None, NOW, EPISODE)
    assert {row.difference for row in alone.rows} == {Difference.GAINED}


def test_recorded_files_are_tried_and_bad_rows_noted(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("symbol,date,close\nNVDA,2025-01-24,142.62\nNVDA,2025-01-27,118.42\nNVDA,2025-01-26,1\n")
    trial = try_recording(CONFIG, rules, NOW, Recording((file,), (), date(2025, 1, 27), None))
    assert [(row.either.rule, row.either.symbol) for row in trial.rows] == [("drop", "NVDA")]
    assert len(trial.notes) == 1
    assert "prices.csv:4:1" in trial.notes[0]


def test_alerts_are_compared_by_rule_symbol_and_session() -> None:
    day, at = date(2025, 1, 27), datetime(2025, 1, 27, 15, tzinfo=UTC)
    fired = Fired("a", "X", day, at, Severity.HIGH, -0.1)
    later = Fired("a", "X", day, at + timedelta(minutes=1), Severity.HIGH, -0.1)
    other = Fired("a", "Y", day, at, Severity.HIGH, -0.1)

    def told(now: list[Fired], before: list[Fired]) -> list[str]:
        return [r.difference.value for r in compared({f.key: f for f in now}, {f.key: f for f in before})]

    assert told([fired], [fired]) == ["same"]
    assert told([later], [fired]) == ["moved"]
    assert told([other], [fired]) == ["lost", "gained"]


def test_the_command_prints_a_table_or_lines(database: Path, tmp_path: Path) -> None:
    path = edited(tmp_path, "< -10%", "< -7%")
    command = ["rules", "try", "--from", "2025-01-27", "--to", "2025-01-27", "--rules", path, "--database", database]
    people = run_command(*command)
    assert "+ gained" in people.stdout
    assert "sessions from 2025-01-27 to 2025-01-27, compared with what fired" in people.stderr
    programs = run_command(*command, "--json")
    lines = [json.loads(line) for line in programs.stdout.splitlines()]
    assert lines[-1]["type"] == "summary"
    assert lines[-1]["gained"] == sum(line.get("difference") == "gained" for line in lines)
