"""A new cause is one YAML file: it competes with AI, wins where it should, and is named in messages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.app.rule_testing import Verdict, prepare_suite, run_test
from bot.core.errors import ConfigError
from bot.core.model import Reason
from bot.core.rules import RuleSet
from bot.render.plain import plain
from bot.replay.playing import Played, play

from .bench import NOW, REPOSITORY

FIRE = """\
topics:
  plant-fire:
    title: a fire in a plant
    role: rival
    named: true
    about: [fire]
    signals:
      - {name: speaks of a fire, weight: 0.8, all: [fire]}
      - {name: names a company, weight: 0.2, all: [fire, company]}
words:
  fire: [plant fire, factory fire, fire at a plant]
"""
RULE = """\
rules:
  - name: burnt
    symbols: [NVDA]
    when:
      all:
        - price: {change: "< -10%"}
        - cause: {topic: [plant-fire], confidence: ">= 0.6"}
"""
FALL = """\
    prices: {NVDA: "60x140~1% 142 | 14:30 125, 15:00 2x120, 16:00 2x119", SPY: "60x600~0.4% 600 | 14:30 600, 16:00 600"}
"""
BURNING = "14:00 | Example News | Nvidia halts deliveries after a factory fire"
RELEASE = "13:00 | Example Times | DeepSeek releases DeepSeek-R2, a rival to Nvidia's chips at a fraction of the cost"


class Project:
    """The shipped configuration in a folder of its own, with one more file of topics and one more of rules."""

    def __init__(self, folder: Path) -> None:
        shutil.copy(REPOSITORY / "config.yaml", folder)
        shutil.copytree(REPOSITORY / "rules", folder / "rules", ignore=shutil.ignore_patterns("tests", "schema"))
        self.folder = folder
        self.topics = folder / "rules" / "topics" / "fire.yaml"
        self.topics.write_text(FIRE, encoding="utf-8")
        self.rules = folder / "rules" / "burnt.yaml"
        self.rules.write_text(RULE, encoding="utf-8")

    def _tests(self, rule: str, news: list[str], expect: str = "expect: [{symbol: NVDA}]") -> Path:
        stories = "".join(f"      - {each}\n" for each in news)
        text = f"rules: {rule}\nsession: 2025-01-28\ntests:\n  - name: a fall\n{FALL}    news:\n{stories}    {expect}\n"
        path = self.folder / "case.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def verdict(self, rule: str, news: list[str], expect: str) -> Verdict:
        """How one test of ``rule`` ends."""
        suite = prepare_suite(self.folder / "config.yaml", self._tests(rule, news, expect), None, NOW)
        ((case, under, scene),) = suite.tests
        return run_test(suite.stage, case, under, scene)

    def played(self, rule: str, news: list[str]) -> Played:
        """What is said where ``rule`` is in force."""
        suite = prepare_suite(self.folder / "config.yaml", self._tests(rule, news), None, NOW)
        ((_, under, scene),) = suite.tests
        assert scene.tape.first_at is not None
        return play(suite.stage.engine(RuleSet(under), scene.tape.first_at), scene.tape)

    def mistakes(self) -> list[str]:
        """What is wrong with these files, without the folder's name."""
        with pytest.raises(ConfigError) as caught:
            prepare_suite(self.folder / "config.yaml", self._tests("burnt", [BURNING]), None, NOW)
        return [str(p).replace(f"{self.folder}/rules/", "") for p in caught.value.problems]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The shipped rules with a topic of our own."""
    return Project(tmp_path)


def test_a_topic_added_in_one_file_explains_a_fall(project: Project) -> None:
    found = project.verdict(
        "burnt", [BURNING], "expect: [{symbol: NVDA, message contains: most likely a fire in a plant}]"
    )
    assert found.passed, found.failures


def test_it_wins_over_ai_news_of_the_same_day(project: Project) -> None:
    nothing = "expect_nothing: {because: the fire explains it better, stopped by: cause}"
    assert project.verdict("ai-model-shock", [RELEASE, BURNING], nothing).passed
    assert project.verdict("burnt", [RELEASE, BURNING], "expect: [{symbol: NVDA}]").passed


def test_ai_news_alone_is_not_taken_for_it(project: Project) -> None:
    assert project.verdict("burnt", [RELEASE], "expect_nothing: {because: nothing burns, stopped by: cause}").passed


def test_what_was_told_as_an_ai_shock_is_corrected_where_it_comes_out_later(project: Project) -> None:
    tied = "14:00 | Example News | Nvidia shares plunge as DeepSeek's new model stokes fears over AI spending"
    late = "17:00 | Example Wire | Factory fire stops Nvidia's deliveries for months"
    more = "17:05 | Example News | Nvidia loses a third of its output to a factory fire"
    project.topics.write_text(FIRE.replace("named: true", "named: true\n    own: true"), encoding="utf-8")
    found = project.played("ai-model-shock", [tied, late, more])
    told = [plain(t.announcement.summary, None) for t in found.told if t.announcement.reason is Reason.CORRECTED]
    assert told == [] or "a fire in a plant" in told[0]


def test_a_rule_that_asks_for_a_cause_without_a_role_is_a_mistake(project: Project) -> None:
    project.topics.write_text(FIRE.replace("    role: rival\n", ""), encoding="utf-8")
    (found,) = project.mistakes()
    assert found.startswith("burnt.yaml:7:27: rules[0].when.all[1].cause.topic[0]: 'plant-fire' explains no fall")
    assert "write role: rival" in found
