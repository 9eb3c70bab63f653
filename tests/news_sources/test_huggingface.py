"""The hub as a news source, against a server that answers as it does: what is a release, what is none, and trouble."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.feeds.fetch import FetchLimits
from bot.adapters.feeds.session import FeedSession
from bot.adapters.news_sources.huggingface.entries import read_model
from bot.adapters.news_sources.huggingface.source import KNOWN, LISTED, HuggingFace
from bot.app.run.news.sources import Requests
from bot.core.errors import SourceError
from bot.core.model import NewsItem, NewsPoll
from tests.servers.catalogues import Catalogues, hub_model

NOW = datetime(2025, 1, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LABS = {"deepseek-ai": "DeepSeek", "Qwen": "Alibaba", "moonshotai": "Moonshot"}


class Hub:
    """The source over several polls, its state kept from one to the next."""

    def __init__(self, server: Catalogues, session: FeedSession, labs: Mapping[str, str]) -> None:
        self.server, self.now, self.since, self.state = server, NOW, None, ""
        self.requests = Requests(session, lambda: self.now, FetchLimits())
        self.arguments = self.requests, (lambda place: labs if place == "huggingface" else {}), server.url
        self.source = HuggingFace(*self.arguments)
        self.since: datetime | None

    async def poll(self, *, keep: bool = True) -> NewsPoll:
        self.now += MINUTE
        self.requests.begin()
        polled = await self.source.poll(self.state, self.since, self.now)
        if keep:
            self.state, self.since = polled.state, self.now
        return polled

    async def items(self) -> list[NewsItem]:
        return list((await self.poll()).items)

    def publish(self, name: str, **more: Any) -> None:
        self.server.models.append(hub_model(name, more.pop("at", self.now), **more))


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with Catalogues() as server, FeedSession() as session:
        server.models = [
            hub_model(f"{author}/Old-{number}", NOW - timedelta(days=number)) for author in LABS for number in range(5)
        ]
        yield Hub(server, session, LABS)


async def test_the_first_poll_tells_nothing_and_the_second_what_came_since(hub: Hub) -> None:
    assert await hub.items() == []
    hub.publish("deepseek-ai/DeepSeek-V4")
    (item,) = await hub.items()
    assert item.title == "DeepSeek releases the AI model DeepSeek-V4 with open weights (MIT), 671B parameters"
    assert item.summary == "DeepSeek-V4 has open weights under the MIT licence and 671B parameters."
    assert item.link == f"{hub.server.url}/deepseek-ai/DeepSeek-V4"
    assert item.published_at is not None
    assert NOW <= item.published_at <= hub.now
    assert await hub.items() == []


async def test_a_repository_made_long_before_it_was_opened_is_as_new_as_the_poll_before(hub: Hub) -> None:
    await hub.poll()
    before = hub.now
    hub.publish("deepseek-ai/DeepSeek-V4", at=NOW - timedelta(days=3, hours=1))
    (item,) = await hub.items()
    assert item.published_at == before


NO_RELEASES: Mapping[str, dict[str, Any]] = {
    "a fine-tune of somebody else's": {
        "tags": ["safetensors", "base_model:Qwen/Qwen3", "base_model:finetune:Qwen/Qwen3"]
    },
    "the same in another format, by its tags": {
        "tags": ["safetensors", "base_model:deepseek-ai/V4", "base_model:quantized:deepseek-ai/V4"]
    },
    "an adapter": {"tags": ["safetensors", "base_model:adapter:deepseek-ai/V4"]},
    "embeddings": {"pipeline_tag": "feature-extraction"},
    "a small study": {"parameters": 120_000_000},
    "private": {"private": True},
}


@pytest.mark.parametrize("why", NO_RELEASES)
async def test_what_is_no_release_is_not_told(hub: Hub, why: str) -> None:
    await hub.poll()
    hub.publish("deepseek-ai/Something", **NO_RELEASES[why])
    assert await hub.items() == []


@pytest.mark.parametrize(
    "name", ["V4-GGUF", "V4-FP8", "V4.fp8", "V4-AWQ", "V4-4bit", "V4-Int4", "V4_NVFP4", "V4-MLX-8bit"]
)
async def test_the_same_model_in_another_format_is_known_by_its_name(hub: Hub, name: str) -> None:
    await hub.poll()
    hub.publish(f"deepseek-ai/{name}")
    assert await hub.items() == []


async def test_one_made_from_a_base_of_the_lab_itself_is_a_release(hub: Hub) -> None:
    await hub.poll()
    hub.publish("Qwen/Qwen5-8B", parameters=8e9, tags=["safetensors", "base_model:finetune:Qwen/Qwen5-8B-Base"])
    assert [i.title for i in await hub.items()] == [
        "Alibaba releases the AI model Qwen5-8B with open weights, 8B parameters"
    ]


async def test_by_nobody_is_no_release(hub: Hub) -> None:
    await hub.poll()
    hub.publish("somebody/DeepSeek-V4-uncensored")
    assert await hub.items() == []


async def test_an_empty_page_is_told_once_it_has_weights(hub: Hub) -> None:
    await hub.poll()
    hub.publish("deepseek-ai/DeepSeek-V4", parameters=0, tags=["license:mit"])
    assert await hub.items() == []
    hub.server.models.pop()
    hub.publish("deepseek-ai/DeepSeek-V4")
    assert len(await hub.items()) == 1


async def test_a_family_published_at_once_is_one_story_of_its_largest(hub: Hub) -> None:
    await hub.poll()
    for name, billions in (("R1-Distill-7B", 7), ("R1-Base", 671), ("R1", 671), ("R1-Distill-70B", 70), ("R1-Mini", 2)):
        hub.publish(f"deepseek-ai/DeepSeek-{name}", parameters=billions * 1_000_000_000)
    (item,) = await hub.items()
    assert (
        item.title == "DeepSeek releases the AI model DeepSeek-R1 with open weights (MIT), 671B parameters; and 4 more"
    )
    assert (
        "Published with it: DeepSeek-R1-Base, DeepSeek-R1-Distill-70B, DeepSeek-R1-Distill-7B and 1 more."
        in item.summary
    )


async def test_a_flood_of_ten_thousand_is_one_story_that_fires_nothing(hub: Hub) -> None:
    await hub.poll()
    hub.server.ignore_limit = True
    hub.server.models += [hub_model(f"deepseek-ai/Flood-{n}", hub.now) for n in range(10_000)]
    (item,) = await hub.items()
    assert item.evidence_only
    assert all(len(seen["known"]) <= KNOWN for seen in json.loads(hub.state).values())
    assert await hub.items() == []


async def test_what_is_older_than_the_first_list_is_never_new(hub: Hub) -> None:
    hub.server.models = [hub_model(f"Qwen/Old-{n}", NOW - timedelta(hours=n)) for n in range(LISTED + 30)]
    await hub.poll()
    del hub.server.models[:20]  # older ones move up in the list
    assert await hub.items() == []


async def test_what_has_not_changed_is_not_sent_again(hub: Hub) -> None:
    await hub.poll()
    await hub.poll()
    assert [bool(etag) for _, etag in hub.server.asked if "Qwen" in _] == [False, True]


async def test_a_state_that_was_not_kept_is_asked_for_again(hub: Hub) -> None:
    """What the last poll found and nobody stored must not be hidden by an answer that nothing has changed."""
    await hub.poll()
    hub.publish("deepseek-ai/DeepSeek-V4")
    assert (await hub.poll(keep=False)).items
    assert len(await hub.items()) == 1


async def test_a_restart_knows_what_was_told(hub: Hub) -> None:
    await hub.poll()
    hub.publish("deepseek-ai/DeepSeek-V4")
    assert await hub.items()
    hub.source = HuggingFace(*hub.arguments)
    assert await hub.items() == []


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_a_refusal_fails_the_poll_and_asks_no_further(hub: Hub, status: int) -> None:
    hub.server.refuse["/api/models"] = (status, {"Retry-After": "120"})
    with pytest.raises(SourceError) as refused:
        await hub.poll()
    assert refused.value.status == status
    assert refused.value.retry_after == timedelta(minutes=2)
    assert len(hub.server.asked) == 1


async def test_a_refusal_in_the_middle_keeps_what_came_and_goes_on_there(hub: Hub) -> None:
    await hub.poll()
    hub.publish("Qwen/Qwen5")
    hub.server.refuse["deepseek-ai"] = (429, {"Retry-After": "60"})
    polled = await hub.poll()
    assert [i.key for i in polled.items] == ["Qwen/Qwen5"]
    assert polled.retry_after == MINUTE
    assert "2 organisations were not asked" in polled.note
    hub.server.refuse.clear()
    hub.publish("moonshotai/Kimi-K3")
    assert [i.key for i in await hub.items()] == ["moonshotai/Kimi-K3"]


async def test_an_organisation_that_is_gone_keeps_nobody_from_being_asked(hub: Hub) -> None:
    await hub.poll()
    hub.server.refuse["Qwen"] = (404, {})
    hub.publish("moonshotai/Kimi-K3")
    polled = await hub.poll()
    assert [i.key for i in polled.items] == ["moonshotai/Kimi-K3"]
    assert "Qwen" in polled.note


@pytest.mark.parametrize("shape", [{"models": []}, [{"name": "x"}], ["x"], "x", 7])
async def test_a_changed_shape_is_a_failure_and_not_an_end_of_all_models(hub: Hub, shape: Any) -> None:
    await hub.poll()
    hub.server.instead = shape
    with pytest.raises(SourceError, match="changed its shape"):
        await hub.poll()
    hub.server.instead = None
    hub.publish("deepseek-ai/DeepSeek-V4")
    assert len(await hub.items()) == 1


async def test_what_suddenly_spreads_is_evidence_whoever_made_it(hub: Hub) -> None:
    await hub.poll()
    hub.now += timedelta(hours=1)
    hub.publish("nobody/Acme-9", at=hub.now - timedelta(days=3), likes=1234)
    hub.publish("nobody/Acme-tuned", likes=9000, tags=["safetensors", "base_model:finetune:Qwen/Qwen3"])
    hub.publish("nobody/Acme-old", at=hub.now - timedelta(days=90), likes=9000)
    hub.publish("nobody/Acme-unknown", likes=20)
    (item,) = await hub.items()
    assert item.title == "The AI model Acme-9 by nobody spreads on Hugging Face: 1,234 likes in 3 days"
    assert item.evidence_only
    hub.now += timedelta(hours=1)
    assert await hub.items() == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: JSON
            | st.just("deepseek-ai/X")
            | st.lists(st.sampled_from(["license:mit", "base_model:", "base_model:a"]))
            for name in (
                "id",
                "modelId",
                "createdAt",
                "tags",
                "safetensors",
                "pipeline_tag",
                "likes",
                "gated",
                "private",
            )
        },
    )
    | JSON
)
def test_no_field_whatever_is_in_it_raises(entry: Any) -> None:
    model = read_model(entry)
    if model is not None:
        assert model.counts in (True, False)
        assert model.author
        assert 0 <= model.parameters < 1e17
