"""The part each topic plays in explaining a fall, as its file gives it, and what is said where that makes no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.news import Role
from tests.news.stories import shipped
from tests.news.test_files import TOPIC, topic_problems

SECOND = "topics:\n  more:\n    title: more\n    about: [robot]\n    signals: [{name: n, weight: 1, all: [robot]}]\n"


def test_the_shipped_topics_have_the_parts_that_the_documentation_gives_them() -> None:
    topics, _ = shipped()
    assert topics.triggers == ("ai-model",)
    assert topics.with_role(Role.TIE) == ("ai-market",)
    assert topics.with_role(Role.NONE) == ("ai-policy",)
    assert topics.ai_causes == {"ai-model", "ai-market"}
    assert topics.ai_topics == {"ai-model", "ai-market", "ai-capex", "ai-policy"}
    assert topics.causes == set(topics.names) - {"ai-policy"}
    own = {topic.name for topic in topics.topics if topic.own}
    assert own == {"earnings", "offering", "outage", "regulator", "trial", "deal", "filing"}
    assert [topic.name for topic in topics.topics if topic.calendar] == ["earnings"]
    assert {topic.weight for topic in topics.topics} == {1.0}


@pytest.mark.parametrize(
    ("name", "headline", "words"),
    [
        ("ai-model", "after AI-model news", "AI-model news"),
        ("ai-capex", "on worries about AI spending", "worries about AI spending"),
        ("outage", "", "an outage, breach or recall"),
    ],
)
def test_a_topic_is_put_into_words(name: str, headline: str, words: str) -> None:
    topic = shipped()[0].topic(name)
    assert topic is not None
    assert (topic.headline, topic.as_cause) == (headline, words)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("role: rivel", "0.yaml:5:11: topics.robots.role: unknown value 'rivel'; did you mean 'rival'?"),
        ("role: 3", "0.yaml:5:11: topics.robots.role: expected one of trigger, tie, rival, none, found number 3"),
        ("own: maybe", "0.yaml:5:10: topics.robots.own: "),
        ("weight: 0", "0.yaml:5:13: topics.robots.weight: number 0 is too small; write more than 0"),
        ("weight: 1.5", "0.yaml:5:13: topics.robots.weight: number 1.5 is too large; write at most 1"),
        ("in_headlines: robots", "0.yaml:5:19: topics.robots.in_headlines: 'robots' does not begin with after, amid, "),
        ("in_headlines: on ", "0.yaml:5:19: topics.robots.in_headlines: 'on' does not begin with "),
        (
            "role: tie\n    own: true",
            "0.yaml:6:10: topics.robots.own: only rivals can have own; write role: rival, or remove own",
        ),
        ("role: none\n    calendar: true", "0.yaml:6:15: topics.robots.calendar: only rivals can have calendar"),
        ("role: none\n    weight: 0.5", "0.yaml:6:13: topics.robots.weight: a topic that explains no fall has no"),
    ],
)
def test_a_contradictory_role_is_reported_with_its_position(tmp_path: Path, written: str, message: str) -> None:
    problems = topic_problems(tmp_path, TOPIC.replace("    about:", f"    {written}\n    about:", 1))
    assert any(message in problem for problem in problems), problems


def test_the_calendar_counts_for_one_topic(tmp_path: Path) -> None:
    calendar = "    calendar: true\n    about:"
    (found,) = topic_problems(
        tmp_path, TOPIC.replace("    about:", calendar, 1), SECOND.replace("    about:", calendar, 1)
    )
    assert found == "1.yaml:4:15: topics.more.calendar: the calendar counts for 'robots' already; keep one"
