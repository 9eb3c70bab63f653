"""The shipped tests hold, cover every shipped rule both ways, are quick, and notice a broken rule."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from bot.app.lab.rule_test_report import result_lines
from bot.app.lab.rule_testing import Suite, prepare_suite, run_test
from bot.app.project import check_rules
from bot.config.rules.dump import full_rules, rules_yaml
from tests.command import Ran, run_command

from .bench import CONFIG, NOW, REPOSITORY

TESTS = REPOSITORY / "rules" / "tests"


@pytest.fixture(scope="module")
def suite() -> Suite:
    """The shipped tests, ready."""
    return prepare_suite(CONFIG, TESTS, None, NOW)


def test_the_shipped_tests_hold_and_take_less_than_a_third_of_a_second_each(suite: Suite) -> None:
    begun = process_time()
    verdicts = [run_test(suite.workbench, *case) for case in suite.tests]
    taken = process_time() - begun
    assert [line for v in verdicts if not v.passed for line in result_lines(v)] == []
    assert taken < len(verdicts) / 3, f"{taken:.1f} s"


def test_every_shipped_rule_is_covered_both_ways(suite: Suite) -> None:
    assert suite.coverage
    assert list(suite.uncovered()) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"< -10%"', '"< -14%"'),
        ('"< -10%"', '"< -9%"'),
        ('"< -4%"', '"< -40%"'),
        ('">= 0.6"', '">= 0.01"'),
        ('">= 0.6"', '"> 0.999"'),
        ("regular: 2", "regular: 1"),
        ("[ai-model, ai-market]", "[earnings]"),
        ("< -15%", "< -50%"),
    ],
)
def test_a_broken_rule_makes_a_shipped_test_fail(tmp_path: Path, before: str, after: str) -> None:
    _, files = check_rules(CONFIG)
    text = rules_yaml([rule for rule in full_rules(files, "SPY") if rule.name == "ai-model-shock"])
    assert before in text
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace(before, after), encoding="utf-8")
    suite = prepare_suite(CONFIG, TESTS / "ai-model-shock.yaml", broken, NOW)
    assert any(not run_test(suite.workbench, *case).passed for case in suite.tests)


def test_the_command_says_how_it_went_by_its_exit_code(tmp_path: Path) -> None:
    def run(text: str) -> Ran:
        file = tmp_path / "case.yaml"
        file.write_text("rules: ai-model-shock\nsession: 2025-01-27\ntests:\n" + text, encoding="utf-8")
        return run_command("rules", "test", file, "--junit", tmp_path / "out.xml", code=None)

    held = run("  - {name: a, prices: {NVDA: 100 | 15:00 99}, expect_nothing: because it stands}\n")
    assert (held.returncode, held.stdout[:4]) == (0, "ok  ")
    assert "<testsuites" in (tmp_path / "out.xml").read_text(encoding="utf-8")
    failed = run("  - {name: a, prices: {NVDA: 100 | 15:00 99}, expect: [{symbol: NVDA}]}\n")
    assert (failed.returncode, failed.stdout[:4]) == (1, "FAIL")
    assert "stopped here" in failed.stdout
    wrong = run("  - {name: a, expect_nothing: because}\n")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "case.yaml:4:5: tests[0]: no prices and no stories" in wrong.stderr
