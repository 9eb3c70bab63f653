"""Five rules a new user wrote from docs/rules.md do what they say, and their messages read as they did."""

from __future__ import annotations

from bot.app.lab.rule_test_report import result_lines
from bot.app.lab.rule_testing import run_test

from .five_messages import GOLDEN, messages, suite


def test_each_does_what_it_says_and_keeps_quiet_otherwise() -> None:
    failed = [v for case in suite().tests if not (v := run_test(suite().workbench, *case)).passed]
    assert not failed, "\n".join(line for verdict in failed for line in result_lines(verdict))
    assert list(suite().uncovered()) == []


def test_their_messages_are_as_they_were() -> None:
    assert messages() == GOLDEN.read_text(encoding="utf-8")
