"""A new cause is one YAML file: it competes with AI, wins where it should, and is named in messages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.app.lab.rule_testing import RuleTestResult, prepare_suite, run_test
from bot.core.errors import ConfigError
from bot.core.model import Reason
from bot.core.rules.rule import RuleSet
from bot.render.plain import plain
from bot.replay.playing import Played, play

from .bench import NOW, REPOSITORY

FIRE = """\
topics:
  plant-fire:
    title: a fire in a plant
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
CHIPS_FALL = """\
    prices:
      NVDA: 60x140~1% 142 | 14:31 142, 15:00 2x-13%, 21:00 -14% close
      AMD: 60x120~1.2% 121 | 14:31 121, 15:00 2x-9%, 21:00 -9% close
      AVGO: 60x230~1.2% 231 | 14:31 231, 15:00 2x-9%, 21:00 -9% close
      MRVL: 60x100~1.5% 100 | 14:31 100, 15:00 2x-9%, 21:00 -9% close
      QCOM: 60x160~1.2% 161 | 14:31 161, 15:00 2x-8%, 21:00 -8% close
      KO: 60x62~0.5% 62 | 14:31 62, 15:00 2x+0.1%, 21:00 +0.1% close
      JNJ: 60x150~0.5% 150 | 14:31 150, 15:00 2x+0.1%, 21:00 +0.1% close
      SPY: 60x600~0.4% 600 | 14:31 600, 15:00 2x-0.3%, 21:00 -0.3% close
"""
SHOCK = "14:00 | Example Times | AI chip stocks plunge as DeepSeek's cheap new model stokes fears over AI spending"
BURNING = "14:10 | Example News | Nvidia halts deliveries after a factory fire"
LATER = "17:00 | Example News | Nvidia halts deliveries after a factory fire"
NOTHING = "expect_nothing: {because: something else explains it better}"


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
        head = f"rules: {rule}\nsession: 2025-01-28\ntests:\n  - name: chips fall\n{CHIPS_FALL}"
        text = f"{head}    news:\n{stories}    {expect}\n"
        path = self.folder / "case.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def verdict(self, rule: str, news: list[str], expect: str) -> RuleTestResult:
        """How one test of ``rule`` ends."""
        suite = prepare_suite(self.folder / "config.yaml", self._tests(rule, news, expect), None, NOW)
        ((case, under, scene),) = suite.tests
        return run_test(suite.workbench, case, under, scene)

    def played(self, rule: str, news: list[str]) -> Played:
        """What is said where ``rule`` is in force."""
        suite = prepare_suite(self.folder / "config.yaml", self._tests(rule, news), None, NOW)
        ((_, under, scene),) = suite.tests
        assert scene.tape.first_at is not None
        return play(suite.workbench.engine(RuleSet(under), scene.tape.first_at), scene.tape)

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
    told = "expect: [{symbol: NVDA, message contains: most likely a fire in a plant}]"
    assert project.verdict("burnt", [BURNING], told).passed
    assert project.verdict("burnt", [SHOCK], NOTHING).passed


def test_it_wins_over_ai_news_where_it_names_the_company(project: Project) -> None:
    assert project.verdict("ai-model-shock", [SHOCK], "expect: [{symbol: NVDA}]").passed
    assert project.verdict("ai-model-shock", [SHOCK, BURNING], NOTHING).passed
    assert project.verdict("burnt", [SHOCK, BURNING], "expect: [{symbol: NVDA}]").passed


def test_what_was_told_as_an_ai_shock_is_corrected_where_it_comes_out_later(project: Project) -> None:
    found = project.played("ai-model-shock", [SHOCK, LATER])
    told = [plain(t.announcement.summary, None) for t in found.told if t.announcement.reason is Reason.CORRECTED]
    assert "Nvidia’s fall is most likely a fire in a plant, not AI-model news" in told[0]


def test_a_topic_that_explains_nothing_does_not_compete(project: Project) -> None:
    project.topics.write_text(FIRE.replace("    named:", "    role: none\n    named:"), encoding="utf-8")
    project.rules.unlink()
    assert project.verdict("ai-model-shock", [SHOCK, BURNING], "expect: [{symbol: NVDA}]").passed


def test_a_rule_that_asks_whether_it_explains_something_is_a_mistake(project: Project) -> None:
    project.topics.write_text(FIRE.replace("    named:", "    role: none\n    named:"), encoding="utf-8")
    (found,) = project.mistakes()
    assert found.startswith("burnt.yaml:7:27: rules[0].when.all[1].cause.topic[0]: 'plant-fire' explains no fall")
    assert "write role: rival" in found


def test_its_weight_says_how_much_of_its_evidence_counts(project: Project) -> None:
    project.topics.write_text(FIRE.replace("    named:", "    weight: 0.5\n    named:"), encoding="utf-8")
    (found,) = project.mistakes()
    assert found.startswith("burnt.yaml:7:52: rules[0].when.all[1].cause.confidence: ")
    assert "stories alone explain a fall with 0.45 at most; write less" in found
    project.rules.write_text(RULE.replace(">= 0.6", "between 0.44 and 0.46"), encoding="utf-8")
    assert project.verdict("burnt", [BURNING], "expect: [{symbol: NVDA}]").passed
