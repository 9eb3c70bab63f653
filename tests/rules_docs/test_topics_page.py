"""docs/topics.md: what it shows works as shown, and no key, role or topic is missing from it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bot.app.lab.rule_test_report import result_lines
from bot.app.lab.rule_testing import prepare_suite, run_test
from bot.config.news.topics import DetailEntry, KindEntry, SignalEntry, TopicEntry
from bot.config.schemas import keys_of
from bot.config.yaml.validation import StrictModel
from bot.core.news import Role
from tests.news.stories import shipped
from tests.rules_docs.test_page import NOW

REPOSITORY = Path(__file__).parents[2]
TEXT = (REPOSITORY / "docs" / "topics.md").read_text(encoding="utf-8")


def test_a_new_cause_is_one_file_as_the_page_says(tmp_path: Path) -> None:
    topic, rule, tests = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    shutil.copy(REPOSITORY / "config.yaml", tmp_path)
    shutil.copytree(REPOSITORY / "rules", tmp_path / "rules", ignore=shutil.ignore_patterns("tests", "schema"))
    (tmp_path / "rules" / "topics" / "plant-fire.yaml").write_text(topic, encoding="utf-8")
    (tmp_path / "rules" / "burnt.yaml").write_text(rule, encoding="utf-8")
    (tmp_path / "tests.yaml").write_text(tests, encoding="utf-8")
    suite = prepare_suite(tmp_path / "config.yaml", tmp_path / "tests.yaml", None, NOW)
    assert len(suite.tests) == 2
    for case, under, scene in suite.tests:
        verdict = run_test(suite.workbench, case, under, scene)
        assert verdict.passed, "\n".join(result_lines(verdict))


@pytest.mark.parametrize("model", [TopicEntry, SignalEntry], ids=lambda m: m.__name__)
def test_every_key_is_explained(model: type[StrictModel]) -> None:
    missing = [key for key in keys_of(model) if f"| `{key}` |" not in TEXT]
    assert not missing, f"docs/topics.md says nothing of {missing}"


@pytest.mark.parametrize("model", [KindEntry, DetailEntry], ids=lambda m: m.__name__)
def test_every_key_of_kinds_and_details_is_explained(model: type[StrictModel]) -> None:
    section = TEXT.split("## Kinds of news")[1].split("\n## ")[0]
    missing = [key for key in keys_of(model) if not re.search(rf"^\| .*`{key}`.* \|", section, re.MULTILINE)]
    assert not missing, f"docs/topics.md says nothing of {missing}"


def test_every_topic_that_ships_stands_with_its_role() -> None:
    rows = dict(
        re.findall(r"^\| `(\w+)` \| .* \| (`.*`) \|$", TEXT.split("## Roles")[1].split("\n## ")[0], re.MULTILINE)
    )
    topics, _ = shipped()
    assert {role: set(re.findall(r"`([\w-]+)`", row)) for role, row in rows.items()} == {
        role.value: set(topics.with_role(role)) for role in Role
    }
