"""What hostile and careless publishers put on the hub, over HTTP and through everything up to the stories: none of it
is told as a named lab's, spoils the vocabulary or breaks a poll."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from bot.adapters.feeds.fetch import FetchLimits
from bot.adapters.feeds.session import FeedSession
from bot.adapters.news_sources.huggingface import HuggingFace
from bot.adapters.news_sources.huggingface.spreading import LIKES, WATCHED, imitates
from bot.app.run.news.sources import Requests
from bot.core.model import Story, Trouble
from tests.news.stories import shipped
from tests.news_sources.test_polls import Bot
from tests.servers.catalogues import Catalogues, hub_model

LABS = shipped()[0].labs_at("huggingface")
DAY = timedelta(days=1)


class Hub:
    """The bot's polls of a hub."""

    def __init__(self, lists: Catalogues, session: FeedSession) -> None:
        self.lists, self.bot = lists, Bot()
        self.requests = Requests(session, self.bot.clock.now, FetchLimits())
        self.bot.source = HuggingFace(  # type: ignore[assignment]
            self.requests, lambda place: LABS if place == "huggingface" else {}, lists.url
        )
        self.restart()

    def restart(self) -> None:
        self.bot.restart()
        self.bot.polls.requests = self.requests

    async def told(self, after: timedelta = timedelta(minutes=11)) -> list[Story]:
        """What the next poll brings."""
        before = len(self.bot.stories)
        self.bot.clock.advance(self.bot.clock.now() + after)
        await self.bot.polls.run()
        assert self.bot.reports[-1].trouble is Trouble.NONE, self.bot.reports[-1]
        return self.bot.stories[before:]

    def publish(self, name: str, **more: Any) -> dict[str, Any]:
        entry = hub_model(name, more.pop("at", self.bot.clock.now()), **more)
        self.lists.models.append(entry)
        return entry


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with Catalogues() as lists, FeedSession() as session:
        made = Hub(lists, session)
        for author in ("deepseek-ai", "Qwen", "google"):
            made.publish(f"{author}/Old-1", at=made.bot.clock.now() - 30 * DAY)
        assert await made.told() == []
        yield made


@pytest.mark.parametrize(
    "name",
    [
        *("deepseek-ai-official/DeepSeek-V5", "DeepSeek-AI-Org/V5", "deepseek-al/Thunder-9", "0penai/Thunder-9"),
        *("qvven/Thunder-9", "xai_org/Thunder-9", "rneta-llama/Thunder-9", "real-google/Thunder-9"),
    ],
)
async def test_a_name_that_looks_like_a_labs_is_not_told_however_many_like_it(hub: Hub, name: str) -> None:
    hub.publish(name, likes=20_000)
    assert await hub.told() == []


@pytest.mark.parametrize(
    "name",
    ["somebody/GPT-6", "somebody/DeepSeek-V5", "somebody/Llama-5-405B", "somebody/Claude-Opus-6", "somebody/Nvidia-1"],
)
async def test_a_known_lines_next_model_by_somebody_else_is_not_told(hub: Hub, name: str) -> None:
    """Whatever it is, it is not what its name says, and a message would give it to that lab."""
    hub.publish(name, likes=20_000)
    assert await hub.told() == []


async def test_an_unknown_name_that_many_like_is_evidence_with_its_numbers(hub: Hub) -> None:
    hub.publish("nobody/Zorblatt-9", at=hub.bot.clock.now() - 3 * DAY, likes=1234, downloads=56_789)
    (story,) = await hub.told()
    assert story.title == "The AI model Zorblatt-9 by nobody spreads on Hugging Face: 1,234 likes in 3 days"
    assert "Zorblatt-9 has 1,234 likes and 56,789 downloads on Hugging Face." in story.summary
    assert story.seeded
    assert await hub.told() == []


async def test_an_old_model_spreads_when_its_likes_grow_within_days(hub: Hub) -> None:
    entry = hub.publish("nobody/Zorblatt-9", at=hub.bot.clock.now() - 200 * DAY, likes=9_000)
    steady = hub.publish("nobody/Quux-2", at=hub.bot.clock.now() - 200 * DAY, likes=9_000)
    assert await hub.told() == [], "how many it has had for long says nothing"
    entry["likes"] += LIKES - 1
    assert await hub.told(DAY) == []
    hub.restart()
    entry["likes"] += 1
    (story,) = await hub.told(DAY)
    assert story.title == "The AI model Zorblatt-9 by nobody spreads on Hugging Face: 500 likes in 2 days"
    for _ in range(20):  # as many likes, but over months
        steady["likes"] += LIKES // 2
        entry["likes"] += LIKES
        assert await hub.told(4 * DAY) == []


async def test_a_named_labs_model_spreads_under_its_labs_name(hub: Hub) -> None:
    entry = hub.publish("deepseek-ai/DeepSeek-R9", likes=10)
    assert len(await hub.told()) == 1
    entry["likes"] = 4_000
    (story,) = await hub.told(2 * DAY)
    assert story.title == "The AI model DeepSeek-R9 spreads on Hugging Face: 4,000 likes in 2 days"
    assert story.seeded


NOTHING: Mapping[str, dict[str, Any]] = {
    "private": {"private": True},
    "a data set": {"id": "datasets/deepseek-ai/V5"},
    "a space": {"id": "spaces/deepseek-ai/V5"},
    "a name of 10 kB": {"id": f"deepseek-ai/{'V' * 10_000}"},
    "markup": {"id": "deepseek-ai/<b>V5</b>"},
    "reversed text": {"id": "deepseek-ai/V5\u202egpj"},
    "a line of its own": {"id": "deepseek-ai/V5\nNvidia falls"},
    "another alphabet": {"id": "deepseek-ai/\u0405eep"},
    "another author than asked for": {"id": "someb0dy/DeepSeek-V5"},
    "no name": {"id": ""},
    "a number for a name": {"id": 5},
}


@pytest.mark.parametrize("why", NOTHING)
async def test_what_is_no_model_of_the_lab_is_not_told(hub: Hub, why: str) -> None:
    odd = hub_model("deepseek-ai/V5", hub.bot.clock.now()) | NOTHING[why]
    async with Catalogues() as crooked:
        crooked.instead = [odd, hub_model("deepseek-ai/Old-1", hub.bot.clock.now() - 30 * DAY)]
        hub.bot.source._base = crooked.url  # type: ignore[attr-defined]
        assert await hub.told() == []


@pytest.mark.parametrize(
    "name",
    ["V4-GGUF", "V4-gguf", "V4-AWQ", "V4-GPTQ-Int4", "V4-FP8", "V4.w4a16", "V4-MLX-4bit", "V4-bnb-4bit", "V4-ONNX"],
)
async def test_the_same_weights_in_another_format_are_no_release_and_do_not_spread(hub: Hub, name: str) -> None:
    hub.publish(f"deepseek-ai/DeepSeek-{name}", likes=3_000)
    hub.publish(f"unsloth/Zorblatt-{name}", likes=3_000)
    assert await hub.told() == []


async def test_a_gated_model_is_told_with_its_terms(hub: Hub) -> None:
    hub.publish("google/Gemma-9", gated="manual")
    (story,) = await hub.told()
    assert "Its terms have to be accepted before the download." in story.summary


async def test_a_model_from_the_future_is_as_new_as_the_poll_before(hub: Hub) -> None:
    before = hub.bot.clock.now()
    hub.publish("deepseek-ai/DeepSeek-V5", at=before + 400 * DAY)
    hub.publish("nobody/Zorblatt-9", at=before + 400 * DAY, likes=9_000)
    (story,) = await hub.told()
    assert (story.title[:29], story.published_at, story.seeded) == ("DeepSeek releases the AI mode", before, False)


async def test_an_old_model_that_was_put_up_anew_is_not_told_again(hub: Hub) -> None:
    """The repository is deleted and made anew, under the same name."""
    entry = hub.publish("deepseek-ai/DeepSeek-V5")
    assert len(await hub.told()) == 1
    hub.lists.models.remove(entry)
    assert await hub.told() == []
    hub.publish("deepseek-ai/DeepSeek-V5", at=hub.bot.clock.now())
    assert await hub.told(DAY) == []


async def test_what_is_moved_here_from_another_organisation_fires_no_rule(hub: Hub) -> None:
    hub.publish("deepseek-ai/DeepSeek-Math-2", at=hub.bot.clock.now() - 61 * DAY)
    (story,) = await hub.told()
    assert story.seeded


async def test_a_thousand_commits_are_no_news(hub: Hub) -> None:
    entry = hub.publish("deepseek-ai/DeepSeek-V5")
    assert len(await hub.told()) == 1
    for commit in range(30):
        entry["sha"], entry["lastModified"] = f"{commit:040}", hub.bot.clock.now().isoformat()
        entry["tags"].append(f"commit:{commit}")
        assert await hub.told() == []


async def test_ten_thousand_models_at_once_are_one_story_that_fires_nothing_and_the_next_is_told(hub: Hub) -> None:
    hub.lists.ignore_limit = True
    for number in range(10_000):
        hub.publish(f"deepseek-ai/Flood{number}", likes=600)
    flood = await hub.told()
    assert all(story.seeded for story in flood)
    assert len(flood) <= 3, "one of the lab, two that spread"
    hub.lists.models = [m for m in hub.lists.models if "Flood" not in m["id"]]
    hub.publish("Qwen/Qwen9")
    assert [story.title for story in await hub.told()] == [
        "Alibaba releases the AI model Qwen9 with open weights (MIT), 671B parameters"
    ]
    assert len(json.loads(hub.bot.polls.memory)[""]["likes"]) <= WATCHED


ORDINARY = [
    *(
        "Apple",
        "Will-7B",
        "Now",
        "Note-2",
        "Fed",
        "Oil-3",
        "March",
        "Wall-Street-7B",
        "Iran",
        "Yen-1",
        "Trump-70B",
        "Big",
    ),
    *(
        "Target",
        "Chips-2",
        "Shares",
        "Results",
        "Sunday",
        "Tesla",
        "Nvidia-8B",
        "Stocks",
        "Energy-3B",
        "General",
        "Rates",
    ),
]
"""Names that a lab might give its models, and that headlines are full of."""


async def test_ordinary_words_do_not_become_names_of_models(hub: Hub) -> None:
    for name in ORDINARY:
        hub.publish(f"google/{name}")
    await hub.told()
    assert hub.bot.learned == []


async def test_names_of_strangers_do_not_become_known_words(hub: Hub) -> None:
    hub.publish("nobody/Zorblatt-9", likes=9_000)
    hub.publish("deepseek-ai-official/SkyLoom-7B", likes=9_000)
    await hub.told()
    assert hub.bot.learned == []


@pytest.mark.parametrize(
    ("author", "imitation"),
    [
        *(("deepseek-ai", False), ("Deepseek-AI", True), ("deep-seek-ai", True), ("my-deepseek-ai-fan", True)),
        *(("nobody", False), ("unsloth", False), ("meta-models", False), ("meta-m0dels", True), ("01-ai", False)),
        *(("meituan-longcat", False), ("inclusionAI", False), ("LGAI-EXAONE", False), ("ibm-granite", False)),
        *(
            ("swiss-ai", False),
            ("arcee-ai", False),
            ("openbmb", False),
            ("HuggingFaceH4", False),
            ("PrimeIntellect", False),
        ),
    ],
)
def test_who_looks_like_a_lab(author: str, imitation: bool) -> None:
    assert imitates(author, LABS) is imitation
