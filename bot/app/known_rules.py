"""What the configuration says of its rules, for pages about them: where each stands, comes from, and its tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bot.config.rule_tests.file import RuleTest, load_rule_tests, rule_test_files
from bot.config.rules import rule_files
from bot.config.rules.dump import full_rules
from bot.config.settings.model import load_settings
from bot.core.errors import AftershockError
from bot.core.model import KnownRule


def known_rules(config: Path) -> Mapping[str, KnownRule]:
    """By name; empty where the rules cannot be read, which keeps nobody from reading the history."""
    try:
        settings = load_settings(config)
        beneath = settings.beneath("rules")
        rules = list(full_rules(rule_files(settings.rules), settings.benchmark, beneath))
    except (AftershockError, OSError):
        return {}
    folders = [settings.rules, *([beneath.folder] if beneath is not None else [])]
    tests: dict[str, list[tuple[str, str]]] = {}
    for test in (each for folder in folders for each in _tests(folder)):
        for name in test.rules or ():
            tests.setdefault(name, []).append((_near(test.where, config), test.name))
    return {
        rule.name: KnownRule(
            _near(f"{rule.file}:{rule.line}", config),
            rule.origin.value if rule.origin is not None else "",
            bool(rule.data["enabled"]),
            str(rule.data.get("description") or ""),
            tuple(tests.get(rule.name, ())),
        )
        for rule in rules
    }


def _tests(folder: Path) -> list[RuleTest]:
    found: list[RuleTest] = []
    for file in rule_test_files(folder):
        with suppress(AftershockError, OSError):  # those of the other files count
            found += load_rule_tests([file])
    return found


def _near(place: str, config: Path) -> str:
    """``place`` beside the configuration; of what ships elsewhere, the name of its file: where it lies says nothing."""
    try:
        beside = os.path.relpath(place, config.resolve().parent)
    except ValueError:
        beside = ".."
    return Path(place).name if beside.startswith("..") else beside
