"""What pages can say of the rules of a configuration."""

from __future__ import annotations

from pathlib import Path

from bot.app.known_rules import known_rules
from bot.app.setup.new_folder import copy_rule
from tests.command import REPOSITORY


def test_a_rule_has_its_place_and_its_tests() -> None:
    rule = known_rules(REPOSITORY / "config.yaml")["ai-model-shock"]
    assert rule.place.startswith("rules/ai-model-shock.yaml:")
    assert rule.enabled
    assert rule.description == "A stock falls more than 10% alongside AI-model news."
    assert (
        "rules/tests/ai-model-shock.yaml:29",
        "the same fall without any story is not called an AI shock",
    ) in rule.tests


def test_in_a_folder_of_ones_own_it_says_where_each_comes_from(config: Path) -> None:
    copy_rule(config, "winner")
    rules = known_rules(config)
    assert (rules["winner"].origin, rules["winner"].place) == (
        "own, in place of the shipped one",
        "rules/winner.yaml:5",
    )
    assert (rules["rebound"].origin, rules["rebound"].place) == ("shipped", "rebound.yaml:6")
    assert rules["rebound"].tests, "those that ship with it"
    assert rules["my-first-rule"].origin == "own"
    assert str(REPOSITORY) not in repr(rules), "where the program lies is nobody's business"


def test_rules_that_cannot_be_read_are_none(config: Path) -> None:
    (config.parent / "rules" / "broken.yaml").write_text("rules: [", encoding="utf-8")
    assert known_rules(config) == {}
    assert known_rules(config.parent / "none.yaml") == {}
