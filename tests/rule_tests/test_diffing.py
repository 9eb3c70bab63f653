"""``rules diff``: what an edit of the rules changes, in messages first."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.git import files_at
from bot.adapters.store import open_store
from bot.app.lab.diffing import Diff, MessageDifference, diff_episode, diff_history, diff_recording, versions
from bot.app.lab.trying import Difference, past_of
from bot.app.lab.workbench import open_workbench, recording_scenario
from bot.config.rule_tests.file import Recording
from bot.core.errors import UsageError
from bot.core.model import Batch, DailyBar
from tests.command import run_command

from .bench import CONFIG, NOW, REPOSITORY

BEFORE = """
conditions:
  fell: {price: {change: "< -10%"}}
rules:
  - name: fall
    symbols: [NVDA, AMD]
    when: fell
    severity: {high: always, critical: "change < -20%"}
  - name: other
    symbols: [MSFT]
    when: {price: {change: "< -50%"}}
"""
DAY = date(2025, 1, 27)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration of its own in a git repository: ``config.yaml`` and the rules above."""
    folder = tmp_path_factory.mktemp("diff")
    (folder / "rules").mkdir()
    for shared in ("topics", "companies.yaml"):
        (folder / "rules" / shared).symlink_to(REPOSITORY / "rules" / shared)
    (folder / "config.yaml").write_text(CONFIG.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "rules" / "rules.yaml").write_text(BEFORE, encoding="utf-8")
    for words in (
        ["init", "-q"],
        ["add", "rules/rules.yaml"],
        ["-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", "rules"],
    ):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    return folder


@pytest.fixture(scope="module")
def recording(folder: Path) -> Recording:
    """NVDA falls by 15 %, AMD by 8 %, on Monday."""
    rows = [f"{symbol},2025-01-24T20:59:00Z,2025-01-24T21:00:00Z,100" for symbol in ("NVDA", "AMD")]
    for minute, nvda, amd in ((0, 95, 98), (1, 95, 98), (2, 88, 92), (3, 88, 92), (4, 85, 92), (5, 85, 92)):
        span = f"2025-01-27T15:0{minute}:00Z,2025-01-27T15:0{minute + 1}:00Z"
        rows += [f"NVDA,{span},{nvda}", f"AMD,{span},{amd}"]
    file = folder / "prices.csv"
    file.write_text("\n".join(["symbol,start_at,end_at,close", *rows]) + "\n", encoding="utf-8")
    return Recording((file,), (), DAY, None)


def edited(folder: Path, *edits: tuple[str, str]) -> Path:
    """The rules with these edits, in a file beside the folder."""
    text = BEFORE
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    path = folder / "edited.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def differs(folder: Path, recording: Recording, *edits: tuple[str, str]) -> Diff:
    """What these edits change."""
    found = versions(folder / "config.yaml", edited(folder, *edits), None, NOW, lambda: folder / "none.db")
    return diff_recording(found, recording)


def alerts(diff: Diff) -> list[tuple[str, str, str]]:
    """The alerts that differ, with their reasons."""
    rows = [each for each in diff.alerts if each.row.difference is not Difference.SAME]
    return [(each.row.difference.value, each.row.either.symbol, each.because) for each in rows]


def messages(diff: Diff) -> list[tuple[str, str]]:
    """The messages that differ, with their reasons."""
    return [(m.difference.value, m.because) for m in diff.messages if m.difference is not MessageDifference.SAME]


def test_no_edit_changes_nothing_and_plays_nothing(folder: Path, recording: Recording) -> None:
    diff = differs(folder, recording)
    assert (diff.edits, diff.messages, diff.alerts) == ((), (), ())


def test_a_lower_threshold_gains_and_comes_earlier(folder: Path, recording: Recording) -> None:
    diff = differs(folder, recording, ("< -10%", "< -4%"))
    assert diff.edits == ("fall (changed)",)
    assert alerts(diff) == [
        ("moved", "NVDA", "2 minutes earlier; before: price change < -10% since previous close: −5.0 %"),
        ("gained", "AMD", "before: price change < -10% since previous close: −8.0 %"),
    ]
    assert messages(diff) == [
        ("moved", "2 minutes earlier; NVDA by fall moved"),
        ("gained", "AMD by fall gained"),
    ]
    assert diff.counts()["alerts"] | {"same": 0} == {
        **{"before": 1, "now": 2, "gained": 1, "lost": 0, "moved": 1, "same": 0, "reworded": 0}
    }


def test_a_higher_threshold_loses_and_comes_later(folder: Path, recording: Recording) -> None:
    diff = differs(folder, recording, ("< -10%", "< -13%"))
    assert alerts(diff) == [
        ("moved", "NVDA", "2 minutes later; now: price change < -13% since previous close: −12.0 %")
    ]
    gone = differs(folder, recording, ("< -10%", "< -16%"))
    assert alerts(gone) == [("lost", "NVDA", "now: price change < -16% since previous close: −12.0 %")]
    assert messages(gone) == [("lost", "NVDA by fall lost")]


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (("  - name: fall", "  - name: fall\n    enabled: false"), "now: switched off"),
        (("symbols: [NVDA, AMD]", "symbols: [AMD]"), "now: not for NVDA"),
    ],
)
def test_a_rule_switched_off_or_narrowed_is_the_reason(
    folder: Path, recording: Recording, edit: tuple[str, str], reason: str
) -> None:
    assert alerts(differs(folder, recording, edit)) == [("lost", "NVDA", reason)]


def test_another_severity_is_told_of_alert_and_message(folder: Path, recording: Recording) -> None:
    diff = differs(folder, recording, ("change < -20%", "change < -14%"))
    assert alerts(diff) == [("moved", "NVDA", "severity critical, was high")]
    assert messages(diff) == [("gained", "NVDA by fall moved")]
    (gained,) = [m for m in diff.messages if m.difference is MessageDifference.GAINED]
    assert gained.either.reason == "escalated"


def test_a_file_stands_for_its_own_rules_and_a_folder_for_all(folder: Path, recording: Recording) -> None:
    apart = folder / "apart"
    apart.mkdir(exist_ok=True)
    (apart / "new.yaml").write_text(BEFORE.replace("name: fall", "name: slump"), encoding="utf-8")
    config = folder / "config.yaml"
    whole = diff_recording(versions(config, apart, None, NOW, lambda: folder / "none.db"), recording)
    assert set(whole.edits) == {"slump (new)", "fall (gone)"}
    reasons = [(e.row.difference.value, e.because) for e in whole.alerts]
    assert sorted(reasons) == [("gained", "before: no such rule"), ("lost", "now: no such rule")]
    alone = diff_recording(versions(config, apart / "new.yaml", None, NOW, lambda: folder / "none.db"), recording)
    assert alone.edits == ("slump (new)",)


def test_an_edit_in_the_folder_is_compared_with_git(folder: Path, recording: Recording) -> None:
    rules = folder / "rules" / "rules.yaml"
    config = folder / "config.yaml"
    rules.write_text(BEFORE.replace("< -10%", "< -16%"), encoding="utf-8")
    try:
        diff = diff_recording(versions(config, None, "HEAD", NOW, lambda: folder / "none.db"), recording)
    finally:
        rules.write_text(BEFORE, encoding="utf-8")
    assert diff.against == "HEAD in git"
    assert [a[:2] for a in alerts(diff)] == [("lost", "NVDA")]
    same = diff_recording(versions(config, None, "HEAD", NOW, lambda: folder / "none.db"), recording)
    assert same.edits == ()


@pytest.mark.parametrize("revision", ["nowhere", "--help", "HEAD~99"])
def test_a_revision_that_is_not_there_is_refused(folder: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="git knows no revision"):
        versions(folder / "config.yaml", None, revision, NOW, lambda: folder / "none.db")


def test_a_folder_in_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="in no git repository"):
        files_at(tmp_path, "HEAD", ".yaml")


def test_the_rules_last_in_force_are_those_recorded_last(tmp_path: Path) -> None:
    """Not the newest versions: an edit may have been taken back, and a rule removed."""
    with open_store(tmp_path / "history.db", mode="live", run_name="live", now=NOW) as store:
        assert store.rules_in_force() == []
        store.record_rules([("a", "v1", "one"), ("b", "v1", "two")], NOW)
        store.record_rules([("a", "v2", "three"), ("b", "v1", "two")], NOW + timedelta(minutes=1))
        assert store.rules_in_force() == [("a", "v2", "three"), ("b", "v1", "two")]
        store.record_rules([("a", "v1", "one")], NOW + timedelta(minutes=2))
        assert store.rules_in_force() == [("a", "v1", "one")]


@pytest.fixture(scope="module")
def history(folder: Path, recording: Recording) -> Path:
    """A history in which the bot ran with the rules above, and saw the recorded prices."""
    file = folder / "history.db"
    workbench = open_workbench(folder / "config.yaml", None, NOW)
    scenario, _ = recording_scenario(workbench, recording)
    with open_store(file, mode="live", run_name="live", now=NOW) as store:
        for each in scenario.tape.observations:
            if not isinstance(each, DailyBar):
                store.commit(Batch(each.seen_at, observations=(each,)))
        store.commit(Batch(NOW, observations=tuple(o for o in scenario.tape.observations if isinstance(o, DailyBar))))
        rules = workbench.rules().versions.items()
        store.record_rules([(name, version, text) for name, (version, text) in rules], NOW)
    return file


def test_an_edit_in_the_folder_is_compared_with_the_rules_in_force(folder: Path, history: Path) -> None:
    config, rules = folder / "config.yaml", folder / "rules" / "rules.yaml"
    since, until = datetime(2025, 1, 27, tzinfo=UTC), datetime(2025, 1, 28, tzinfo=UTC)
    past = past_of(history, since, until, NOW)
    assert diff_history(versions(config, None, None, NOW, lambda: history), past).edits == ()
    rules.write_text(BEFORE.replace("< -10%", "< -7%"), encoding="utf-8")
    try:
        diff = diff_history(versions(config, None, None, NOW, lambda: history), past)
        ran = run_command(
            *("rules", "diff", "--from", "2025-01-27", "--to", "2025-01-27"),
            *("--config", config, "--database", history, "--json"),
        )
    finally:
        rules.write_text(BEFORE, encoding="utf-8")
    assert diff.against == "the rules last in force"
    assert [a[:2] for a in alerts(diff)] == [("gained", "AMD")]
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [line["type"] for line in lines] == ["message", "alert", "summary"]
    assert lines[0]["because"] == "AMD by fall gained"
    assert lines[-1]["alerts"] == diff.counts()["alerts"]


def test_a_history_without_rules_names_the_way_on(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    open_store(empty, mode="live", run_name="live", now=NOW).close(NOW)
    with pytest.raises(UsageError, match="--against HEAD"):
        versions(folder / "config.yaml", None, None, NOW, lambda: empty)


def test_people_read_what_it_comes_to(folder: Path, recording: Recording) -> None:
    path = edited(folder, ("< -10%", "< -7%"))
    ran = run_command(
        *("rules", "diff", "--rules", path, "--config", folder / "config.yaml", "--prices", recording.prices[0]),
        *("--from", "2025-01-27"),
    )
    assert "1 rule compared with the configured rules: fall (changed)" in ran.stderr
    assert "1 → 2 messages (1 gained); 1 → 2 alerts (1 gained): the recorded files" in ran.stderr
    assert ran.stdout.index("message (UTC)") < ran.stdout.index("alert (UTC)")
    nothing = run_command(
        *("rules", "diff", "--rules", folder / "rules" / "rules.yaml", "--config", folder / "config.yaml"),
        *("--prices", recording.prices[0]),
    )
    assert nothing.stderr.strip().endswith("no rule differs from the configured rules")


def test_the_first_edit_of_the_readme_brings_no_new_message(tmp_path: Path) -> None:
    lower = tmp_path / "lower.yaml"
    shipped = (REPOSITORY / "rules" / "ai-model-shock.yaml").read_text(encoding="utf-8")
    lower.write_text(shipped.replace("< -10%", "< -7%"), encoding="utf-8")
    diff = diff_episode(versions(CONFIG, lower, None, NOW, lambda: tmp_path / "none.db"), "deepseek-2025-01")
    counted = diff.counts()
    told = counted["messages"]
    assert told["same"] + told["reworded"] == told["now"] == told["before"] > 0
    alone = {key: counted["alerts"][key] for key in ("gained", "moved", "lost")}
    assert alone == {"gained": 9, "moved": 1, "lost": 0}
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert f"{told['now']} messages as before, four of them with other words" in readme
    assert told["reworded"] == 4
    assert "Nine alerts are gained and one comes earlier" in readme
