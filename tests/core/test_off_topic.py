"""Rules that ask for words or names and for no topic also see the stories that are on none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.model import Observation, Reach, Reason, Story
from bot.core.news import NewsIndex
from bot.core.news.asked import MOST_ASKED, About, Question, TextPattern
from bot.core.prices.windows import Span
from bot.core.rules.comparison import parse_comparison
from bot.core.rules.conditions import All, News
from bot.core.rules.rule import Rule, RuleSet, SeverityStep
from bot.render import plain
from tests.core.worlds import CHEAP, COMPANIES, TOPICS, at, close, engine, news, play, price, quote, rule, story

DAY = Span(duration=timedelta(days=1))
CANTEEN = "Nvidia opens a canteen for its staff"
"""On no topic of the small world, nor of ours."""


def says(text: str = "", *about: str, reach: Reach = Reach.DIRECT, **more: object) -> News:
    """A condition without a topic."""
    named = tuple(About("company", symbol) for symbol in about)
    asked = News((), (reach,), DAY, None, about=named, text=TextPattern(text) if text else None)
    return replace(asked, **more)  # type: ignore[arg-type]


def watching(condition: News | All, name: str = "words") -> Rule:
    """A rule with one severity."""
    return replace(rule(name, condition), severity=(SeverityStep(rule().severity[0].severity),))


def fired(*rules: Rule, tape: list[Observation], until: str = "01-27 18:00") -> list[str]:
    """The symbols that alert, with their rules, in order."""
    decisions = play(engine(*rules), tape, until)
    return [f"{c.alert.rule} {c.alert.symbol}" for d in decisions for c in d.changes if c.kind.value == "fired"]


@pytest.mark.parametrize(
    ("condition", "title", "expected"),
    [
        (says("canteen"), CANTEEN, ["words NVDA"]),
        (says("canteen"), "Vertiv opens a canteen, and Nvidia a bakery", ["words NVDA", "words VRT"]),
        (says("canteen"), "A canteen opens in Santa Clara", []),
        (says("bakery"), CANTEEN, []),
        (says("", "NVDA"), CANTEEN, ["words NVDA"]),
        (says("", "VRT"), CANTEEN, []),
        (says("canteen", "NVDA"), CANTEEN, ["words NVDA"]),
        (says("canteen", score=parse_comparison(">= 0.5")), CANTEEN, []),  # a score is of some topic
        (says("releases"), CHEAP + " to Nvidia", ["words NVDA"]),  # and what is on a topic is seen as before
    ],
)
def test_words_and_names_suffice(condition: News, title: str, expected: list[str]) -> None:
    assert fired(watching(condition), tape=[story(title, "01-27 15:00")]) == expected


def test_a_price_condition_waits_for_the_story_and_the_story_for_the_price() -> None:
    both = watching(All((price("< -5%"), says("canteen", reach=Reach.NONE))))
    before = close("NVDA", 100.0, "01-24")
    falls: list[Observation] = [quote("NVDA", 94.0, "01-27 15:00"), quote("NVDA", 94.1, "01-27 15:01")]
    told = story("A canteen opens in Santa Clara", "01-27 15:30")
    assert fired(both, tape=[before, *falls]) == []
    assert fired(both, tape=[before, *falls, told]) == ["words NVDA"]
    assert fired(both, tape=[before, replace(told, seen_at=at("01-27 14:00")), *falls]) == ["words NVDA"]


def test_sources_are_counted_for_one_happening() -> None:
    two = watching(says("canteen", sources=parse_comparison(">= 2")))
    one = story(CANTEEN, "01-27 15:00", "a")
    again = story("Nvidia opens canteen for its staff", "01-27 16:00", "b")
    other = story("Canteen of Nvidia's rival burns down in Ohio at night", "01-27 16:00", "b")
    assert fired(two, tape=[one, again]) == ["words NVDA"]
    assert fired(two, tape=[one, replace(again, source="a")]) == []
    assert fired(two, tape=[one, other]) == []
    first = watching(says("canteen", novelty=parse_comparison(">= 0.9")))
    assert fired(first, tape=[replace(one, seeded=True), again]) == []


def test_first_polls_and_floods_fire_nothing_and_are_evidence() -> None:
    told = replace(story(CANTEEN, "01-27 14:00"), seeded=True)
    tape: list[Observation] = [close("NVDA", 100.0, "01-24"), told]
    assert fired(watching(says("canteen")), tape=tape) == []
    tape += [quote("NVDA", 94.0, "01-27 15:00"), quote("NVDA", 94.1, "01-27 15:01")]
    assert fired(watching(All((price("< -5%"), says("canteen")))), tape=tape) == ["words NVDA"]


def test_what_one_rule_finds_does_not_depend_on_the_others() -> None:
    """Stories on a topic form the same clusters whatever rules ask, and each question has happenings of its own."""
    tape: list[Observation] = [story(CANTEEN, "01-27 14:00", "a"), story(CHEAP + " to Nvidia", "01-27 15:00", "b")]
    usual = watching(news(), "usual")
    alone = [play(engine(usual), tape)[n].readings for n in range(2)]
    beside = [play(engine(usual, watching(says("canteen"))), tape)[n].readings for n in range(2)]
    assert alone == beside
    two = watching(says("canteen", sources=parse_comparison(">= 2")), "two")
    told = [story(CANTEEN, "01-27 14:00", "a"), story("Nvidia opens a bakery for its staff", "01-27 15:00", "b")]
    assert fired(two, tape=list(told)) == fired(two, watching(says("bakery"), "other"), tape=told[:1]) == []


def test_the_message_says_news_and_no_topic() -> None:
    (decision,) = play(engine(watching(says("canteen"))), [story(CANTEEN, "01-27 15:00")])
    (told,) = [a for a in decision.announcements if a.reason is Reason.FIRST]
    assert plain(told.summary).startswith("News that reaches Nvidia")
    (change,) = decision.changes
    assert change.alert.cause is not None
    assert (change.alert.cause.topic, change.alert.cause.title) == ("", CANTEEN)
    (check,) = change.alert.checks
    assert check.condition == "news, reach direct, text canteen, within 1d"
    assert "on no topic" in check.measured


def test_a_restart_and_an_edit_find_the_stories_that_are_here() -> None:
    """An edited rule is judged on what was seen before it, as if it had always been there; so is a restored one."""
    told = story(CANTEEN, "01-27 15:00")
    edited = engine(watching(news(), "usual"))
    edited.step([told], told.seen_at)
    edited.reload(RuleSet([watching(says("canteen"))]))
    assert [c.alert.symbol for c in edited.step([], at("01-27 15:05")).changes] == ["NVDA"]
    restored = engine(watching(All((price("< -5%"), says("canteen")))))
    restored.restore([close("NVDA", 100.0, "01-24"), told], (), (), at("01-27 15:05"))
    falls = [quote("NVDA", 94.0, "01-27 15:10"), quote("NVDA", 94.1, "01-27 15:11")]
    assert [c.alert.symbol for d in play(restored, falls) for c in d.changes if c.kind.value == "fired"] == ["NVDA"]


def numbered(count: int) -> list[Story]:
    """So many stories that answer ``wire``, a minute apart."""
    return [replace(story(f"wire {n} {n * 7919}", "01-27 15:00"), id=str(n)) for n in range(count)]


def test_what_is_kept_for_a_question_is_bounded_and_forgotten() -> None:
    index = NewsIndex(TOPICS, COMPANIES, window=timedelta(days=14))
    question = Question(text=TextPattern("wire"))
    index.ask([question])
    start = at("01-10 00:00")
    for n, each in enumerate(numbered(MOST_ASKED + 1)):
        index.add(replace(each, seen_at=start + timedelta(minutes=n)))
    kept = [n for n in range(MOST_ASKED + 1) if index.answer(question, str(n)) is not None]
    assert kept == list(range(MOST_ASKED // 10, MOST_ASKED + 1))
    index.add(story("something else", "01-30 00:00"))
    index.forget(at("01-30 00:00"))
    assert not any(index.answer(question, str(n)) for n in range(MOST_ASKED + 1))
    index.ask([])
    assert index.answers(question, "NVDA", reaches=(Reach.NONE,), since=start, until=at("01-30 00:00")) == []


def test_a_company_learnt_later_is_found_in_stories_on_no_topic() -> None:
    from bot.core.news import Company

    index = NewsIndex(TOPICS, COMPANIES, window=timedelta(days=14))
    question = Question(text=TextPattern("canteen"))
    index.ask([question])
    index.add(story("Acme opens a canteen", "01-27 15:00"))

    def reached() -> list[str]:
        since, until = at("01-27 00:00"), at("01-27 16:00")
        return [
            m.best.title for m in index.answers(question, "ACME", reaches=(Reach.DIRECT,), since=since, until=until)
        ]

    assert reached() == []
    for _ in index.add_companies_in_steps(COMPANIES.with_companies([Company("ACME", "Acme")])):
        pass
    assert reached() == ["Acme opens a canteen"]
