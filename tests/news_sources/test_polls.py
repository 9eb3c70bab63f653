"""What the bot makes of a news source's polls, whoever wrote it: stories, state, budget, back-off and reports."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.feeds.fetch import FetchLimits
from bot.adapters.feeds.session import FeedSession
from bot.app.run.news.sources import (
    ITEMS,
    KEEPS,
    LEARNED_A_DAY,
    LEARNED_AT_FIRST,
    REFUSALS,
    REQUESTS,
    STATE,
    Polls,
    Requests,
)
from bot.app.run.outages import FeedOutages
from bot.clock import SimulatedClock
from bot.core.errors import SourceError
from bot.core.model import (
    FeedState,
    LearnedName,
    ModelName,
    NewsItem,
    NewsPoll,
    Observation,
    SourceReport,
    Story,
    Trouble,
)
from bot.core.news.learned import ENOUGH
from bot.core.news.reader import reader_of
from bot.core.ports import NewsSource
from tests.news.stories import shipped, story
from tests.servers.feed_server import Document, FeedServer

NOON = datetime(2025, 1, 27, 12, 0, tzinfo=UTC)
TOPICS = shipped()[0]
HEADLINES = [story(f"Google Search adds a Note feature ({n})", NOON - timedelta(days=3)) for n in range(ENOUGH)]


def known(text: str) -> Any:
    return reader_of(*shipped()).known(text)


class Made(NewsSource):
    """Answers what it is told to."""

    title, advice, interval, stories_per_day = "Made", "look again", timedelta(minutes=1), 5

    def __init__(self) -> None:
        self.items: list[NewsItem] = []
        self.error: SourceError | None = None
        self.more: dict[str, Any] = {}
        self.handed: list[tuple[str, datetime | None]] = []

    async def poll(self, state: str, since: datetime | None, now: datetime) -> NewsPoll:
        self.handed.append((state, since))
        if self.error is not None:
            raise self.error
        return NewsPoll(self.items, **{"state": str(int(state or 0) + 1), "seen": 9, **self.more})


class Bot:
    """The parts of a running bot that polls speak to: what is committed is there at a restart."""

    def __init__(self) -> None:
        self.clock = SimulatedClock(NOON)
        self.keys: dict[str, str] = {}
        self.kept: dict[str, str] = {}
        self.feeds: dict[str, FeedState] = {}
        self.stories: list[Story] = []
        self.reports: list[SourceReport] = []
        self.learned: list[LearnedName] = []
        self.source = Made()
        self.restart()

    def restart(self) -> None:
        journal = SimpleNamespace(known_keys=self.known, extra=self.kept.get)
        view = SimpleNamespace(learned=self.learned, topics=TOPICS, known=known, stories=HEADLINES)
        bot: Any = SimpleNamespace(
            engine=SimpleNamespace(view=lambda: view),
            clock=self.clock,
            journal=journal,
            turn=self.turn,
            outages=FeedOutages(2),
            jobs=SimpleNamespace(soon=lambda name: None),
            counters=SimpleNamespace(stories=0),
        )
        requests: Any = SimpleNamespace(begin=lambda: None)
        every = self.source.interval
        self.polls = Polls(bot, "made", self.source, requests, every, lambda: 0.5, self.feeds.get("made"))

    def known(self, keys: Collection[str]) -> Mapping[str, str]:
        return {key: self.keys[key] for key in keys if key in self.keys}

    def turn(
        self, observations: Sequence[Observation], feeds: Sequence[FeedState] = (), extras: Mapping[str, str] = {}
    ) -> None:
        for one in observations:
            if isinstance(one, Story):
                self.stories.append(one)
                self.keys |= dict.fromkeys(one.keys, one.id)
            elif isinstance(one, LearnedName):
                self.learned.append(one)
            elif isinstance(one, SourceReport):
                self.reports.append(one)
        self.feeds |= {state.name: state for state in feeds}
        self.kept |= extras

    def poll(self, *items: NewsItem, after: timedelta = timedelta(minutes=1)) -> timedelta:
        self.clock.advance(self.clock.now() + after)
        self.source.items = list(items)
        return asyncio.run(self.polls.run())


def item(key: str, **more: Any) -> NewsItem:
    return NewsItem(key, more.pop("title", f"DeepSeek publishes {key}"), **more)


@pytest.fixture
def bot() -> Bot:
    return Bot()


def test_what_a_first_poll_brings_is_evidence_and_what_comes_later_is_news(bot: Bot) -> None:
    bot.poll(item("V3"))
    bot.poll(item("V3"), item("V4"))
    assert [(s.title, s.seeded) for s in bot.stories] == [
        ("DeepSeek publishes V3", True),
        ("DeepSeek publishes V4", False),
    ]
    bot.poll(item("V4"))
    assert len(bot.stories) == 2


def test_it_is_asked_often_enough_to_tell_within_two_minutes(bot: Bot) -> None:
    assert bot.poll() <= timedelta(minutes=1.1)


def test_state_and_time_of_the_last_answer_are_handed_on_also_across_a_restart(bot: Bot) -> None:
    bot.poll()
    bot.poll()
    bot.restart()
    bot.poll(item("V4"))
    minutes = [NOON + timedelta(minutes=n) for n in (1, 2)]
    assert bot.source.handed == [("", None), ("1", minutes[0]), ("2", minutes[1])]
    assert bot.kept == {KEEPS + "made": "3"}
    assert [s.seeded for s in bot.stories] == [False]


def test_a_failure_keeps_the_state_and_waits_longer_each_time(bot: Bot) -> None:
    bot.poll()
    bot.source.error = SourceError("HTTP 500", status=500)
    waits = [bot.poll() for _ in range(8)]
    assert waits == sorted(waits)
    assert waits[0] < timedelta(minutes=3)
    assert waits[-1] == timedelta(hours=1)
    assert {(r.trouble, r.status, r.detail) for r in bot.reports[1:]} == {(Trouble.FAILED, 500, "HTTP 500; look again")}
    bot.source.error = None
    assert bot.poll() < timedelta(minutes=2)
    assert bot.source.handed[-1][0] == "1"
    assert bot.reports[-1].trouble is Trouble.NONE


def test_a_wait_that_is_asked_for_is_kept_to_also_across_a_restart(bot: Bot) -> None:
    bot.source.error = SourceError("HTTP 429", status=429, retry_after=timedelta(minutes=50))
    assert bot.poll() == timedelta(minutes=50)
    bot.restart()
    assert bot.polls.due(bot.clock.now()) == timedelta(minutes=50)
    bot.source.error = None
    bot.source.more = {"retry_after": timedelta(minutes=7), "note": "half of it"}
    assert bot.poll() == timedelta(minutes=7)
    assert bot.reports[-1].detail == "half of it"


def test_more_than_a_day_s_budget_is_not_read_and_reported(bot: Bot) -> None:
    bot.poll()
    bot.poll(*(item(f"V{n}") for n in range(10_000)))
    assert len(bot.stories) == bot.source.stories_per_day
    assert bot.reports[-1].trouble is Trouble.REFUSED
    bot.poll(*(item(f"W{n}") for n in range(3)))
    assert len(bot.stories) == bot.source.stories_per_day
    bot.poll(item("X"), after=timedelta(days=1))
    assert bot.stories[-1].title == "DeepSeek publishes X"


def test_a_first_poll_is_bounded_too(bot: Bot) -> None:
    bot.poll(*(item(f"V{n}") for n in range(10_000)))
    assert len(bot.stories) == ITEMS


def test_a_list_that_is_suddenly_empty_is_reported(bot: Bot) -> None:
    bot.source.more = {"seen": 0}
    bot.poll()
    assert (bot.reports[-1].trouble, bot.reports[-1].detail) == (Trouble.EMPTY, "it lists nothing; look again")


def test_a_state_without_bounds_is_refused(bot: Bot) -> None:
    bot.source.more = {"state": "x" * (STATE + 1)}
    bot.poll(item("V4"))
    assert bot.reports[-1].trouble is Trouble.FAILED
    assert not bot.stories
    assert not bot.kept


def test_texts_and_addresses_are_cleaned(bot: Bot) -> None:
    bot.poll(
        item(
            "a",
            title="DeepSeek <b>publishes</b>\n\u202eV4",
            link="javascript:alert(1)",
            summary="<script>x</script>It.",
        ),
        item("b", title=" \u200b ", link="https://a.example/"),
        item("c", published_at=NOON + timedelta(days=3)),
        item("d", published_at=NOON.replace(tzinfo=None)),
    )
    first, later, naive = bot.stories
    assert (first.title, first.link, first.summary, first.publisher) == ("DeepSeek publishes V4", "", "It.", "Made")
    assert later.published_at == later.seen_at
    assert naive.published_at is None


# ------------------------------------------------------------------------------------------------------------- requests


async def test_answers_that_are_no_json_are_an_error_and_their_number_has_a_bound() -> None:
    async with FeedServer() as server, FeedSession() as session:
        requests = Requests(session, lambda: NOON, FetchLimits(body=50_000))
        page = server.publish("page", "<html>log in</html>")
        deep = server.publish("deep", "[" * 20_000)
        large = server.publish("large", "[" + " " * 60_000 + "]")
        nothing = server.publish("null", "null")
        for address in (page, deep, large, nothing):
            with pytest.raises(SourceError):
                await requests(address, "")
        good = server.publish("good", "[1]")
        answer = await requests(good, "")
        assert answer.data == [1]
        assert (await requests(good, answer.etag)).data is None
        for _ in range(REQUESTS - requests.asked):
            await requests(good, answer.etag)
        with pytest.raises(SourceError, match="in one poll"):
            await requests(good, "")
        requests.begin()
        assert (await requests(good, "")).data == [1]


@pytest.mark.parametrize("status", REFUSALS)
async def test_a_refusal_is_said_of_a_list_and_not_of_a_feed(status: int) -> None:
    async with FeedServer() as server, FeedSession() as session:
        requests = Requests(session, lambda: NOON, FetchLimits())
        refused = server.publish("list", Document(b"no", status=status, headers={"Retry-After": "60"}))
        with pytest.raises(SourceError) as error:
            await requests(refused, "")
    assert str(error.value) == f"HTTP {status}: {REFUSALS[status]}"
    assert error.value.status == status
    assert error.value.retry_after == timedelta(minutes=1)


def listing(*names: str) -> dict[str, Any]:
    return {"names": [ModelName(name, "Google") for name in names]}


def coined(count: int, begin: str = "A") -> list[str]:
    """Different names of models, in letters."""
    return [f"{begin}x{chr(97 + n // 676)}{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}Mind-7B" for n in range(count)]


def test_names_of_models_are_learned_once_with_the_time(bot: Bot) -> None:
    bot.source.more = listing("PlotMind-7B")
    bot.poll()
    bot.source.more = listing("PlotMind-7B", "PlotMind-70B", "LogMind-1")
    bot.poll()
    bot.restart()
    bot.poll()
    assert [(n.word, n.lab, n.source) for n in bot.learned] == [(w, "Google", "made") for w in ("PlotMind", "LogMind")]
    assert [n.seen_at - NOON for n in bot.learned] == [timedelta(minutes=1), timedelta(minutes=2)]
    assert {r.trouble for r in bot.reports} == {Trouble.NONE}


def test_of_a_flood_of_names_only_a_few_are_learned_and_one_report_says_so(bot: Bot) -> None:
    bot.source.more = listing(*coined(10_000))
    bot.poll()
    assert len(bot.learned) == LEARNED_AT_FIRST
    bot.source.more = listing(*coined(10_000, "B"))
    bot.poll()
    bot.poll()
    assert len(bot.learned) == LEARNED_AT_FIRST + LEARNED_A_DAY
    assert [r.trouble for r in bot.reports] == [Trouble.REFUSED, Trouble.REFUSED, Trouble.NONE]
    assert "names of models a day are not learned" in bot.reports[1].detail


def test_ordinary_words_and_odd_text_are_not_learned(bot: Bot) -> None:
    bot.source.more = listing("Note", "Search-1B", "Apple", "a", "Fa\x00ra", "", "F" * 100_000)
    bot.poll()
    assert bot.learned == []
