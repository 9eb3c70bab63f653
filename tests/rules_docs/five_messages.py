"""The messages of the five rules that a new user wrote.

``python -m tests.rules_docs.five_messages`` writes them anew; read the difference before it is kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from bot.app.lab.rule_testing import Suite, prepare_suite
from bot.core.rules.rule import RuleSet
from bot.render import plain
from bot.replay.playing import play

FOLDER = Path(__file__).parent / "five"
CONFIG = Path(__file__).parents[2] / "config.yaml"
GOLDEN = FOLDER / "messages.txt"


@cache
def suite() -> Suite:
    """Their tests."""
    return prepare_suite(CONFIG, FOLDER / "tests.yaml", FOLDER / "rules.yaml", datetime(2026, 3, 2, tzinfo=UTC))


def messages() -> str:
    """Every new message of every test, under the test's name."""
    texts = []
    for case, under, scenario in suite().tests:
        assert scenario.tape.first_at is not None
        played = play(suite().workbench.engine(RuleSet(under), scenario.tape.first_at), scenario.tape)
        for told in played.told:
            said = told.announcement
            if said.incident and not said.edits:
                texts.append(f"=== {case.name}: {said.at:%H:%M} {said.reason}\n{plain(said.summary)}\n")
    return "\n".join(texts)


if __name__ == "__main__":
    GOLDEN.write_text(messages(), encoding="utf-8")
