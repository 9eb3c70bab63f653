"""Ten rules written from docs/rules.md alone load, and do what they say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app.lab.rule_test_report import result_lines
from bot.app.lab.rule_testing import Suite, prepare_suite, run_test
from bot.app.project import check_rules
from bot.config.rules import specs
from bot.config.yaml.document import load_document
from bot.config.yaml.validation import validate

HERE = Path(__file__).parent
CONFIG = HERE.parents[1] / "config.yaml"
RULES, TESTS = HERE / "ten" / "rules.yaml", HERE / "ten" / "tests.yaml"


@pytest.fixture(scope="module")
def suite() -> Suite:
    return prepare_suite(CONFIG, TESTS, RULES, datetime(2026, 3, 2, tzinfo=UTC))


def test_the_ten_load() -> None:
    rules, _ = check_rules(CONFIG, RULES)
    assert len(rules) == 10
    assert all(rule.symbols for rule in rules)


def test_each_does_what_it_says_and_keeps_quiet_otherwise(suite: Suite) -> None:
    failed = [v for case in suite.tests if not (v := run_test(suite.workbench, *case)).passed]
    assert not failed, "\n".join(line for verdict in failed for line in result_lines(verdict))
    assert list(suite.uncovered()) == []


def test_between_them_they_use_every_condition_but_two() -> None:
    validate(load_document(RULES), specs.RulesFile)
    text = RULES.read_text(encoding="utf-8")
    unused = {key for key in specs.ConditionSpec.model_fields if not re.search(rf"(?m)^\s*(?:- )?{key}:(?:\s|$)", text)}
    assert unused <= {"group", "portfolio"}, "the page explains it, so somebody will write it"
