"""A workbench for tests of rule tests: a plain rule, files in a folder of their own, and the runner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from bot.app.lab.rule_testing import RuleTestResult, prepare_suite, run_test
from bot.core.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = REPOSITORY / "config.yaml"
NOW = datetime(2026, 3, 2, tzinfo=UTC)

RULES = """
rules:
  - name: fall
    description: A stock falls by a tenth with news.
    symbols: [group:watchlist]
    when:
      all:
        - price: {change: "< -10%", since: previous close}
        - news: {topic: ai-model, reach: [direct, exposure], within: 5 sessions, score: ">= 0.5"}
      none:
        - market: {benchmark: SPY, change: "< -4%"}
    severity: {high: always, critical: "change < -15%"}
    follow_up: [next session close]
  - name: drop
    description: A stock falls by a tenth.
    symbols: [NVDA, AMD]
    when: {price: {change: "< -10%"}}
    severity: warning
    cooldown: 5 sessions
  - name: release
    description: News alone.
    symbols: [NVDA]
    when: {news: {topic: ai-model, reach: direct, within: 1d}}
    severity: info
  - name: off
    enabled: false
    symbols: [NVDA]
    when: {price: {change: "< -1%"}}
"""
STORY = "2025-01-26 12:00 | Example News | DeepSeek releases DeepSeek-R1, a rival to Nvidia at a fraction of the cost"
HEAD = "rules: fall\nsession: 2025-01-27\ntests:\n"


class Bench:
    """Writes tests (and rules) into files and runs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rules = folder / "rules.yaml"
        self.rules.write_text(RULES, encoding="utf-8")

    def write(self, text: str, name: str = "case.yaml") -> Path:
        """A test file with this text; without a head of its own it is about ``fall`` on 27 January."""
        text = dedent(text).strip("\n") + "\n"
        path = self.folder / name
        path.write_text(text if "tests:" in text else HEAD + text, encoding="utf-8")
        return path

    def run(self, text: str) -> list[RuleTestResult]:
        """The verdicts on these tests."""
        suite = prepare_suite(CONFIG, self.write(text), self.rules, NOW)
        return [run_test(suite.workbench, *case) for case in suite.tests]

    def one(self, text: str) -> RuleTestResult:
        """The verdict on the only test."""
        (verdict,) = self.run(text)
        return verdict

    def mistakes(self, text: str) -> list[str]:
        """What is wrong with these tests, without the folder's name."""
        with pytest.raises(ConfigError) as caught:
            self.run(text)
        return [str(problem).replace(f"{self.folder}/", "") for problem in caught.value.problems]


def whats(verdict: RuleTestResult) -> Sequence[str]:
    """What was not as expected."""
    return [failure.what for failure in verdict.failures]
