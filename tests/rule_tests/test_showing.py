"""``rules show``: every default filled in, and it reads back to the same rule."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app.project import check_rules
from bot.config.rules.dump import full_rules, rules_yaml
from bot.core.rules.rule import Rule
from tests.command import run_command

from .bench import CONFIG, RULES

TRICKY = """
rules:
  - name: tricky
    description: "1e5"
    symbols: NVDA
    when:
      any:
        - price: {change: "between -12.3456789% and -2%", since: high of 20 sessions}
        - price: {change: "> 3%", since: 30m}
        - all:
            - news: {topic: [ai-model, ai-market], within: 90s, score: ">= 0.123456789", stories: ">= 3"}
    severity: warning
    follow_up: session close
"""


def meant(rule: Rule) -> Rule:
    """The rule without how it was written down."""
    return replace(rule, text="", version="")


@pytest.mark.parametrize("text", [RULES, TRICKY], ids=["plain", "tricky"])
def test_what_is_shown_loads_to_the_same_rules(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    loaded, files = check_rules(CONFIG, path)
    again = tmp_path / "again.yaml"
    again.write_text(rules_yaml(list(full_rules(files, "SPY"))), encoding="utf-8")
    assert [meant(r) for r in check_rules(CONFIG, again)[0]] == [meant(r) for r in loaded]


def test_each_shipped_rule_shown_loads_to_the_same_rule(tmp_path: Path) -> None:
    loaded, files = check_rules(CONFIG)
    shown = tmp_path / "shown.yaml"
    for full in full_rules(files, "SPY"):
        shown.write_text(rules_yaml([full]), encoding="utf-8")
        (again,) = check_rules(CONFIG, shown)[0]
        rule = loaded.named(full.name)
        assert rule is not None
        assert meant(again) == meant(rule)
    assert len(loaded) > 0


def test_defaults_are_filled_in_and_what_was_written_stays(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(TRICKY, encoding="utf-8")
    (full,) = full_rules([path], "SPY")
    assert (full.data["enabled"], full.data["cooldown"]) == (True, "1 session")
    assert full.data["hold"] == {"pre": 2, "regular": 2, "post": 2, "overnight": "4 over 2m"}
    assert full.data["symbols"] == "NVDA"
    assert full.data["when"]["any"][0]["price"]["change"] == "between -12.3456789% and -2%"
    assert full.data["when"]["any"][2]["all"][0]["news"]["reach"] == ["direct", "exposure"]


def test_the_benchmark_that_stands_for_the_market_is_shown(tmp_path: Path) -> None:
    config, rules = tmp_path / "config.yaml", tmp_path / "rules.yaml"
    config.write_text(
        CONFIG.read_text(encoding="utf-8").replace("benchmarks: [SPY, QQQ", "benchmarks: [QQQ, SPY"), encoding="utf-8"
    )
    (tmp_path / "rules").symlink_to(CONFIG.parent / "rules")
    rules.write_text(
        'rules:\n  - {name: a, symbols: NVDA, when: {abnormal: {z: "< -4"}, none: [{market: {change: "< -4%"}}]}}\n',
        encoding="utf-8",
    )
    shown = run_command("rules", "show", "a", "--rules", str(rules), "--config", str(config))
    assert shown.stdout.count("benchmark: QQQ") == 2, shown
    (rule,) = check_rules(config, rules)[0]
    assert rule.when.reads.symbols & {"QQQ", "SPY"} == {"QQQ"}


def test_showing_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    once = rules_yaml(list(full_rules([path], "SPY")))
    path.write_text(once, encoding="utf-8")
    assert rules_yaml(list(full_rules([path], "SPY"))) == once


def test_the_command_says_how_many_symbols_a_rule_concerns() -> None:
    shown = run_command("rules", "show", "ai-model-shock")
    assert "; for " in shown.stdout.splitlines()[0]
    told = run_command("rules", "show", "ai-model-shock", "--json")
    data = json.loads(told.stdout)
    assert f"for {len(data['symbols'])} symbols" in shown.stdout
    wrong = run_command("rules", "show", "ai-modal-shock", code=2)
    assert "did you mean 'ai-model-shock'" in wrong.stderr
