"""Which clusters were first seen in a given time, whatever they reach."""

from __future__ import annotations

from bot.core.news import NewsIndex
from tests.news.stories import empty_index, moment, story

TOPICS = ("ai-model",)
R1 = "DeepSeek releases DeepSeek-R1, an open reasoning model"
R1_AGAIN = "DeepSeek releases DeepSeek-R1, an open reasoning AI model"
CLAUDE = "Anthropic launches Claude 4 Opus, a new model for coding"


def two_clusters() -> NewsIndex:
    """Two clusters: one first seen on the 20th and again on the 26th, one on the 27th."""
    news = empty_index()
    news.add(story(R1, "20 12:00", source="Hacker News"))
    news.add(story(R1_AGAIN, "26 08:00", source="Example Times"))
    news.add(story(CLAUDE, "27 09:00", source="Example Wire"))
    return news


def test_only_clusters_first_seen_in_that_time_are_found_and_in_order() -> None:
    news = two_clusters()
    everything = news.first_seen(TOPICS, since=moment("19 00:00"), until=moment("28 00:00"))
    assert [m.first.title for m in everything] == [R1, CLAUDE]
    monday = news.first_seen(TOPICS, since=moment("25 00:00"), until=moment("28 00:00"))
    assert [m.first.title for m in monday] == [CLAUDE]


def test_the_bounds_are_after_since_and_up_to_until() -> None:
    news = two_clusters()
    first = moment("20 12:00")
    assert news.first_seen(TOPICS, since=moment("19 00:00"), until=first)
    assert not news.first_seen(TOPICS, since=first, until=moment("21 00:00"))
    assert not news.first_seen(TOPICS, since=moment("18 00:00"), until=moment("20 11:59"))


def test_later_stories_do_not_count_for_an_earlier_time() -> None:
    news = two_clusters()
    (then,) = news.first_seen(TOPICS, since=moment("19 00:00"), until=moment("21 00:00"))
    assert then.sources == ("Hacker News",)
    now, _ = news.first_seen(TOPICS, since=moment("19 00:00"), until=moment("28 00:00"))
    assert now.sources == ("Hacker News", "Example Times")


def test_other_topics_and_lower_scores_are_left_out_and_asking_changes_nothing() -> None:
    news = two_clusters()
    assert not news.first_seen(("earnings",), since=moment("19 00:00"), until=moment("28 00:00"))
    before = news.first_seen(TOPICS, min_score=0.9, since=moment("19 00:00"), until=moment("28 00:00"))
    assert all(m.score >= 0.9 for m in before)
    assert before == news.first_seen(TOPICS, min_score=0.9, since=moment("19 00:00"), until=moment("28 00:00"))
    assert len(news) == 3
