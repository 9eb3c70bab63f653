"""What an update changed beneath a folder: played by a record of what shipped before that says something else."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store import open_store
from bot.app.lab.diffing import edits_between, versions
from bot.app.setup.new_folder import copy_rule
from bot.app.setup.upgrading import RECORD, ShippedChange, look_for_changes, note_what_ships
from bot.cli.history.filters import database_file
from bot.core.errors import UsageError
from tests.command import run_command


def before(config: Path, **things: dict[str, str | None]) -> None:
    """Have shipped other things before: by kind and name, ``None`` for what had not been there."""
    record = config.parent / RECORD
    known: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    for kind, names in things.items():
        for name, thing in names.items():
            if thing is None:
                del known["things"][kind][name]
            else:
                known["things"][kind][name] = thing
    record.write_text(json.dumps({**known, "version": "0.0.9"}), encoding="utf-8")


def changes(config: Path) -> set[tuple[str, str, str, bool]]:
    return {(c.thing, c.name, c.what, c.beneath) for c in look_for_changes(config).changes}


def test_right_after_init_nothing_has_changed(config: Path) -> None:
    assert changes(config) == set()


def test_what_changed_is_in_force_unless_the_folder_has_it_itself(config: Path) -> None:
    rules = config.parent / "rules"
    (rules / "topics").mkdir()
    (rules / "topics" / "mine.yaml").write_text("labs: {xAI: {names: [xAI]}}\n", encoding="utf-8")
    (rules / "companies.yaml").write_text("companies: {TSLA: {name: Tesla, exchange: XNAS}}\n", encoding="utf-8")
    text = config.read_text(encoding="utf-8").replace("feeds: true", "feeds: {hacker-news: false}")
    address = "https://openai.com/news/rss.xml"
    config.write_text(f"{text}\nfeeds:\n  - {{name: oai, url: '{address}'}}\nwatchlist: {{memory: [MU]}}\n")
    before(
        config,
        lab={"xAI": "else", "OpenAI": "else"},
        company={"TSLA": "else", "NVDA": "else", "GONE": "there"},
        feed={"hacker-news": "else", "openai": "else", "techcrunch": None},
        group={"memory": "else", "games": "else"},
        episode={"bard-2023-02": None},
        section={"prices": "else"},
    )
    assert changes(config) == {
        ("lab", "xAI", "changed", True),
        ("lab", "OpenAI", "changed", False),
        ("company", "TSLA", "changed", True),
        ("company", "NVDA", "changed", False),
        ("company", "GONE", "gone", False),
        ("feed", "hacker-news", "changed", True),
        ("feed", "openai", "changed", True),
        ("feed", "techcrunch", "new", False),
        ("group", "memory", "changed", True),
        ("group", "games", "changed", False),
        ("episode", "bard-2023-02", "new", False),
        ("section", "prices", "changed", False),
    }


def test_a_section_of_the_configuration_that_says_something_else_is_one_s_own(config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("batch: 200", "batch: 100"), encoding="utf-8")
    before(config, section={"prices": "else"})
    assert changes(config) == {("section", "prices", "changed", True)}


def test_a_rule_is_compared_line_by_line(config: Path) -> None:
    copy_rule(config, "ai-model-shock")
    known = json.loads((config.parent / RECORD).read_text(encoding="utf-8"))["things"]["rule"]
    before(
        config,
        rule={
            "ai-model-shock": known["ai-model-shock"].replace("< -10%", "< -12%"),
            "winner": known["winner"].replace("cooldown", "cool"),
        },
    )
    found = {change.name: change for change in look_for_changes(config).changes}
    assert found["ai-model-shock"].beneath
    lines = [line.strip() for line in found["ai-model-shock"].diff if line[0] in "-+"]
    assert [line[0] for line in lines] == ["-", "+"]
    assert "< -12%" in lines[0]
    assert "< -10%" in lines[1]
    assert found["winner"] == ShippedChange("rule", "winner", "changed", False)


def test_the_command_shows_it_until_it_is_noted(config: Path) -> None:
    copy_rule(config, "ai-model-shock")
    before(config, rule={"ai-model-shock": "rules: []\n", "winner": None}, company={"NVDA": "else", "AMD": "else"})
    checked = run_command("upgrade", "--check", "--config", config, code=1)
    assert "  rule ai-model-shock: changed\n    -rules: []\n    +rules:\n" in checked.stdout
    assert checked.stdout.endswith("In force already:\n  new: 1 rule: winner\n  changed: 2 companies: AMD, NVDA\n")
    told = [json.loads(line) for line in run_command("upgrade", "--json", "--config", config).stdout.splitlines()]
    assert [(one["name"], one["beneath_yours"]) for one in told][:2] == [("ai-model-shock", True), ("winner", False)]
    assert run_command("upgrade", "--check", "--config", config).stdout == ""


def test_a_folder_without_a_record_is_told_how_to_get_one(config: Path) -> None:
    record = config.parent / RECORD
    record.unlink()
    with pytest.raises(UsageError, match="is missing, so what shipped before is not known"):
        look_for_changes(config)
    run_command("upgrade", "--config", config)
    assert changes(config) == set()
    for text in ("{", "[]", '{"version": "1", "things": 3}'):
        record.write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match="cannot be read; remove it"):
            look_for_changes(config)


def test_a_folder_that_takes_nothing_has_nothing_to_bring_up_to_date(repository: Path) -> None:
    for act in (look_for_changes, note_what_ships):
        with pytest.raises(UsageError, match="takes nothing of what ships"):
            act(repository / "config.yaml")


def test_a_key_that_rules_can_have_by_now_changes_no_rule_without_it(config: Path) -> None:
    known = json.loads((config.parent / RECORD).read_text(encoding="utf-8"))["things"]["rule"]
    assert "    to: []\n" in known["winner"]
    before(config, rule={"winner": known["winner"].replace("    to: []\n", "")})
    assert changes(config) == set()


def test_a_history_of_the_program_before_is_no_fault(config: Path) -> None:
    history = config.parent / "data" / "aftershock.db"
    history.parent.mkdir()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    open_store(history, mode="live", run_name="live", now=now).close(now)
    with closing(sqlite3.connect(history)) as db:
        [version] = db.execute("PRAGMA user_version").fetchone()
        db.execute(f"PRAGMA user_version = {version - 1}")
    said = run_command("check", "--offline", "--config", config).stdout
    assert "of an earlier version; the first start of run brings it up to date, and keeps a copy" in said


def test_the_first_edit_is_compared_with_what_ships_before_the_bot_has_run(config: Path) -> None:
    copied = copy_rule(config, "winner")
    copied.write_text(copied.read_text(encoding="utf-8").replace("enabled: false", "enabled: true"), encoding="utf-8")
    history = config.parent / "data" / "aftershock.db"
    for against in (None, "shipped"):
        found = versions(config, None, against, datetime(2026, 1, 1, tzinfo=UTC), lambda: database_file(config, None))
        assert found.against == "the rules that ship"
        assert edits_between(*found.of()) == ["winner (changed)", "my-first-rule (new, off)"]
    said = run_command("rules", "diff", "--config", config, code=1).stderr
    assert f"{history.name}: no history there yet" in said
    assert "a recorded week can be played before: --episode deepseek-2025-01" in said
