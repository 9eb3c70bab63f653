"""Rules about no stock: one message for each happening in the news."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.model import NO_STOCK, AlertChange, Announcement, Observation, Reach, Story
from bot.core.news.asked import About, TextPattern
from bot.core.prices.windows import Span
from bot.core.rules.comparison import parse_comparison
from bot.core.rules.conditions import News
from bot.core.rules.rule import Rule, SeverityStep
from bot.render import plain
from tests.core.worlds import CHEAP, close, engine, news, play, price, quote, rule, story

DAY = Span(duration=timedelta(days=1))
OTHER = "DeepSeek opens an office in Lisbon"
"""On no topic."""


def watching(condition: News | None = None, name: str = "lab") -> Rule:
    """A rule about no stock: by default stories of a model that name DeepSeek."""
    asked = condition or replace(news(), reaches=(Reach.NONE,), about=(About("lab", "DeepSeek"),), within=DAY)
    steps = (SeverityStep(rule().severity[0].severity),)
    return replace(rule(name, asked, symbols=()), severity=steps, per_happening=True)


def played(*rules: Rule, tape: list[Observation]) -> tuple[list[AlertChange], list[Announcement]]:
    """The alerts that fire, and the new messages."""
    decisions = play(engine(*rules), tape, "01-31 18:00")
    fired = [c for d in decisions for c in d.changes if c.kind.value == "fired"]
    return fired, [a for d in decisions for a in d.announcements if a.incident and not a.edits]


def test_each_happening_is_told_once_whatever_it_reaches_and_whenever_it_goes_on() -> None:
    tape: list[Observation] = [
        story(CHEAP, "01-27 15:00", "a"),
        story(CHEAP + " of others", "01-27 15:10", "b"),
        story(OTHER, "01-27 16:00", "a"),
        story(CHEAP, "01-28 15:00", "c"),
        story("Nvidia opens a canteen", "01-28 16:00", "c"),
    ]
    fired, told = played(watching(news_of("deepseek")), tape=tape)
    assert [(c.alert.symbol, f"{c.at:%d %H:%M}") for c in fired] == [(NO_STOCK, "27 15:00"), (NO_STOCK, "27 16:00")]
    assert [a.summary.subject for a in told] == [f"AI-model news: “{CHEAP}”", f"News: “{OTHER}”"]
    assert [(a.reason, a.symbols) for a in told] == [("first", ()), ("first", ())]
    assert len({a.incident for a in told}) == 2


def test_two_rules_on_one_happening_are_one_message() -> None:
    also = watching(news_of("fraction"), "words")
    fired, told = played(watching(), also, tape=[story(CHEAP, "01-27 15:00")])
    assert sorted(c.alert.rule for c in fired) == ["lab", "words"]
    assert len(told) == 1


def news_of(text: str, **more: object) -> News:
    """Words, on a topic or on none."""
    asked = News((), (Reach.NONE,), DAY, None, text=TextPattern(text))
    return replace(asked, **more)  # type: ignore[arg-type]


def test_stories_on_no_topic_are_told_too() -> None:
    tape: list[Observation] = [story("A canteen opens in Santa Clara", "01-27 15:00")]
    fired, (told,) = played(watching(news_of("canteen")), tape=tape)
    assert [c.alert.symbol for c in fired] == [NO_STOCK]
    assert told.summary.subject == "News: “A canteen opens in Santa Clara”"


def test_it_waits_for_as_many_sources_as_it_asks_for() -> None:
    two = watching(replace(watching().when, sources=parse_comparison(">= 2")))  # type: ignore[arg-type]
    first, second = story(CHEAP, "01-27 15:00", "a"), story(CHEAP, "01-27 15:10", "b")
    assert [f"{c.at:%H:%M}" for c in played(two, tape=[first, second])[0]] == ["15:10"]
    assert played(two, tape=[first, replace(second, source="a")])[0] == []


def test_a_first_poll_tells_nothing() -> None:
    assert played(watching(), tape=[replace(story(CHEAP, "01-27 15:00"), seeded=True)]) == ([], [])


def test_it_is_apart_from_the_falls_of_stocks_by_the_same_story() -> None:
    shock = rule("shock", follow_up=("session close",))
    bars = [close(s, p, "01-24") for s, p in (("NVDA", 100.0), ("VRT", 50.0), ("KO", 60.0), ("SPY", 600.0))]
    tape: list[Observation] = [*bars, story(CHEAP, "01-27 15:00"), quote("SPY", 597.0, "01-27 15:01")]
    tape += [quote("NVDA", 88.0, "01-27 15:30"), quote("NVDA", 87.5, "01-27 15:31")]
    fired, told = played(watching(), shock, tape=tape)
    assert [(c.alert.rule, c.alert.symbol) for c in fired] == [("lab", NO_STOCK), ("shock", "NVDA")]
    assert len({c.alert.incident for c in fired}) == 2
    assert [a.symbols for a in told] == [(), ("NVDA",), ("NVDA",)]
    alone, _ = played(shock, tape=tape)
    assert [replace(c.alert, incident="") for c in alone] == [replace(fired[1].alert, incident="")]


def test_a_restart_tells_nothing_again() -> None:
    asked = watching(news_of("deepseek"))
    first = engine(asked)
    seen: Story = story(CHEAP, "01-27 15:00")
    (decided, _) = play(first, [seen], "01-27 15:05")
    (change,) = decided.changes
    (incident,) = decided.incidents
    again = engine(asked)
    again.restore([seen], [change.alert], [incident], seen.seen_at)
    later = play(again, [story(CHEAP, "01-27 16:00", "b"), story(OTHER, "01-27 17:00", "b")])
    assert [a.summary.subject for d in later for a in d.announcements if not a.edits] == [f"News: “{OTHER}”"]


def test_the_message_reads_as_news() -> None:
    tape: list[Observation] = [story(CHEAP, "01-27 15:00", "a", link="https://a.example/1")]
    _, (told,) = played(watching(), tape=tape)
    assert plain(told.summary, None) == (
        f"AI-model news: “{CHEAP}”\n\n"
        "What happened\n"
        "• Told by a (https://a.example/1), 27 Jan 15:00 UTC.\n"
        "• First seen less than a minute before this alert; 1 source (a).\n\n"
        "Written by a machine (Aftershock). Not investment advice."
    )


def test_a_price_is_no_part_of_it() -> None:
    assert not watching().has_price
    assert rule("shock", price("< -10%")).has_price
