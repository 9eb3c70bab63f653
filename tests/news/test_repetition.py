"""A source that repeats itself: what it adds is matched, and its repeats do not pile up in matching."""

from __future__ import annotations

from datetime import timedelta

from bot.core.news import NewsIndex
from bot.core.news.repetition import PLENTY
from tests.news.stories import START, empty_index, matched, story

MINUTE = timedelta(minutes=1)
SINCE = START - MINUTE


def add(news: NewsIndex, count: int, *, first: int = 0, title: str = "", source: str = "Loud Wire") -> None:
    for n in range(first, first + count):
        text = title or f"DeepSeek-R1, a cheap model, is told of for the time number {n}"
        assert news.add(story(text, START + n * MINUTE, source=source, id=f"{source} {n}")) is not None


def counted(news: NewsIndex, since: object = SINCE, minutes: int = 10_000) -> int:
    """How many stories the matches of Nvidia rest on."""
    found = matched(news, "NVDA", "ai-model", since=since, until=START + minutes * MINUTE)  # type: ignore[arg-type]
    return sum(len(match.stories) for match in found)


def test_repeats_of_one_source_are_not_weighed_beyond_plenty() -> None:
    news = empty_index()
    add(news, 600)
    assert PLENTY <= counted(news) <= PLENTY + 20  # some add something: a tenth of a score, a name in a number


def test_another_source_is_heard_however_loud_the_first_is() -> None:
    news = empty_index()
    add(news, 300)
    before = counted(news)
    add(news, 3, first=300, source="Quiet Wire")
    assert counted(news) == before + 3


def test_whom_a_loud_source_names_for_the_first_time_is_reached() -> None:
    news = empty_index()
    add(news, 300)
    fall = "Chegg shares plunge as DeepSeek-R1 answers students' questions for free"
    both = ("ai-model", "ai-market")
    assert all(m.attributed is None for m in matched(news, "CHGG", *both, since=SINCE, until=START + 1000 * MINUTE))
    add(news, 1, first=300, title=fall)
    found = matched(news, "CHGG", *both, since=SINCE, until=START + 1000 * MINUTE)
    assert len(found) == 1
    assert fall in [told.title for told in found[0].stories]
    assert found[0].attributed is not None
    assert found[0].attributed.best.title == fall


def test_a_source_that_goes_on_for_days_is_in_every_window() -> None:
    news = empty_index()
    for n in range(4 * 288):  # every five minutes
        news.add(story(f"DeepSeek-R1, the cheap model, again: part {n}", START + n * 5 * MINUTE, source="Wire"))
        for days in (1, 2, 3):
            if n == 288 * (days + 1) - 1:
                assert counted(news, START + timedelta(days=days)) >= PLENTY // 2
