"""models.dev's catalogue as a news source, against a server that answers as it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.feeds.fetch import FetchLimits
from bot.adapters.feeds.session import FeedSession
from bot.adapters.news_sources.models_dev import ModelsDev
from bot.adapters.news_sources.models_dev.catalogue import read
from bot.adapters.news_sources.models_dev.source import KNOWN, READ
from bot.app.run.news.sources import STATE, Requests
from bot.core.errors import SourceError
from bot.core.model import NewsItem, NewsPoll
from tests.servers.catalogues import Catalogues, catalogued, provider

NOW = datetime(2025, 1, 20, 12, 0, tzinfo=UTC)
TODAY = "2025-01-20"
LABS = {"deepseek": "DeepSeek", "openai": "OpenAI"}


class Catalogue:
    """The source over several polls, its state kept from one to the next."""

    def __init__(self, server: Catalogues, session: FeedSession) -> None:
        self.server, self.now, self.state = server, NOW, ""
        requests = Requests(session, lambda: self.now, FetchLimits())
        places = {"models-dev": LABS, "models-dev-lab": {"nvidia": "Nvidia"}}
        self.arguments = requests, (lambda place: places.get(place, {})), server.url
        self.source = ModelsDev(*self.arguments)

    async def poll(self, after: timedelta = timedelta(minutes=20)) -> NewsPoll:
        self.now += after
        polled = await self.source.poll(self.state, None, self.now)
        self.state = polled.state
        return polled

    async def items(self, after: timedelta = timedelta(minutes=20)) -> list[NewsItem]:
        return list((await self.poll(after)).items)

    def has(self, name: str, released: str = TODAY, prompt: float | None = 0.55, **more: Any) -> None:
        """Lists a model of DeepSeek's, or another provider's, or changes it."""
        completion, offers = more.pop("completion", 2.19), more.pop("provider", "deepseek")
        model = catalogued(name, released, prompt, completion, **more)
        self.server.providers.setdefault(offers, provider(offers))["models"][model["id"]] = model


@pytest.fixture
async def catalogue() -> AsyncIterator[Catalogue]:
    async with Catalogues() as server, FeedSession() as session:
        server.providers = {
            "deepseek": provider("deepseek", catalogued("DeepSeek V3", "2024-12-26", 0.27, 1.1)),
            "openai": provider("openai", catalogued("o1", "2024-12-05", 15, 60, open_weights=False)),
            "somebody": provider("somebody", catalogued("DeepSeek V3", "2024-12-26", 0.2, 1)),
        }
        yield Catalogue(server, session)


async def test_the_first_poll_tells_nothing_and_names_the_models_of_labs(catalogue: Catalogue) -> None:
    polled = await catalogue.poll()
    assert not polled.items
    assert polled.seen == 2
    assert [(name.name, name.lab) for name in polled.names] == [("DeepSeek V3", "DeepSeek"), ("o1", "OpenAI")]


async def test_a_new_model_comes_with_its_facts(catalogue: Catalogue) -> None:
    await catalogue.poll()
    catalogue.has("DeepSeek R1")
    (item,) = await catalogue.items()
    assert item.title == (
        "The AI model DeepSeek R1 is new on models.dev with open weights, at $0.55 / $2.19 per million tokens"
    )
    assert item.summary == (
        "DeepSeek R1 has open weights. DeepSeek R1 costs $0.55 per million input tokens and $2.19 per million output "
        "tokens at DeepSeek. DeepSeek R1 takes up to 163,840 tokens at once. The release date of DeepSeek R1 is "
        "20 January 2025."
    )
    assert item.published_at == catalogue.now
    assert not item.evidence_only
    assert await catalogue.items() == []


async def test_the_licence_comes_from_the_description_of_the_model(catalogue: Catalogue) -> None:
    await catalogue.poll()
    catalogue.has("DeepSeek R1")
    catalogue.server.described["deepseek/deepseek-r1"] = {"name": "DeepSeek R1", "license": "Apache 2.0"}
    (item,) = await catalogue.items()
    assert item.title.startswith(
        "The AI model DeepSeek R1 is new on models.dev with open weights (Apache 2.0), at $0.55"
    )
    assert item.summary.startswith("DeepSeek R1 has open weights under the Apache 2.0 licence. DeepSeek R1 costs")
    assert item.link == f"{catalogue.server.url}/providers/deepseek"


@pytest.mark.parametrize(
    "section", [None, [], "x", {"deepseek/deepseek-r1": None}, {"deepseek/deepseek-r1": {"license": 5}}]
)
async def test_without_descriptions_the_licence_is_unknown_and_the_rest_is_told(
    catalogue: Catalogue, section: Any
) -> None:
    await catalogue.poll()
    catalogue.has("DeepSeek R1")
    catalogue.server.described = section
    (item,) = await catalogue.items()
    assert item.summary.startswith("DeepSeek R1 has open weights. DeepSeek R1 costs")


async def test_a_model_that_is_only_described_is_told_if_it_is_of_these_days(catalogue: Catalogue) -> None:
    await catalogue.poll()
    for name, lab, released in (
        *(("Nemotron 4 Ultra", "nvidia", TODAY), ("Nemotron 3", "nvidia", "2024-06-14"), ("Nemotron 2", "nvidia", "")),
        *(("DeepSeek V3", "deepseek", TODAY), ("Other 1", "somebody", TODAY)),
    ):
        entry = catalogued(name, released, None, None, license="mit")
        catalogue.server.described[f"{lab}/{entry['id']}"] = entry
    polled = await catalogue.poll()
    (item,) = polled.items
    assert item.title == "Nvidia's AI model Nemotron 4 Ultra is new on models.dev with open weights (MIT)"
    assert item.link == f"{catalogue.server.url}/models/nvidia/nemotron-4-ultra"
    assert ("Nemotron 3", "Nvidia") in {(name.name, name.lab) for name in polled.names}
    catalogue.has("Nemotron 4 Ultra", provider="nvidia")
    assert await catalogue.items() == []


async def test_what_is_unknown_is_not_told(catalogue: Catalogue) -> None:
    await catalogue.poll()
    catalogue.has("DeepSeek R1", prompt=None, open_weights=False, limit={}, release_date="2025-01")
    (item,) = await catalogue.items()
    assert item.title == "The AI model DeepSeek R1 is new on models.dev"
    assert item.summary == ""


@pytest.mark.parametrize(
    ("released", "told", "dated"),
    [
        (TODAY, True, True),
        ("2025-01-19", True, False),
        ("2025-01-21", True, False),
        ("2025-01-18", False, False),
        ("2025-01", False, False),
        ("2124-01-20", False, False),
        ("soon", False, False),
        ("2025-02-31", False, False),
    ],
)
async def test_a_date_is_no_moment_and_what_is_entered_late_is_evidence(
    catalogue: Catalogue, released: str, told: bool, dated: bool
) -> None:
    await catalogue.poll()
    catalogue.has("DeepSeek R1", released)
    (item,) = await catalogue.items()
    assert item.evidence_only is not told
    assert item.published_at == (catalogue.now if dated else None)


async def test_other_entries_of_a_model_are_no_new_model(catalogue: Catalogue) -> None:
    await catalogue.poll()
    catalogue.has("DeepSeek V3", id="deepseek-v3-20250120")
    catalogue.has("DeepSeek V3 (latest)", id="deepseek-chat")
    catalogue.has("DeepSeek V4 (Reasoning)", id="deepseek-v4-reasoning")
    catalogue.has("DeepSeek V4 (Non-Reasoning)", id="deepseek-v4")
    assert [item.key for item in await catalogue.items()] == ["DeepSeek/deepseekv4"]


async def test_of_others_old_ones_tools_and_what_cannot_be_read_nothing_is_told(catalogue: Catalogue) -> None:
    await catalogue.poll()
    catalogue.has("DeepSeek V2", status="deprecated")
    catalogue.has("DeepSeek Embedding")
    catalogue.has("<b>DeepSeek</b>")
    catalogue.server.providers["deepseek"]["models"] |= {"": {"name": "x"}, "a": 1, "b": {}, "c": {"name": 7}}
    catalogue.server.providers["somebody"]["models"]["r1"] = catalogued("DeepSeek R1", TODAY, 1, 1)
    assert await catalogue.items() == []


async def test_a_cheaper_price_of_the_lab_is_evidence_told_once(catalogue: Catalogue) -> None:
    await catalogue.poll()
    catalogue.has("DeepSeek V3", "2024-12-26", 0.14, completion=0.28)
    (item,) = await catalogue.items(timedelta(days=7))
    assert item.title == "The AI model DeepSeek V3 is 69% cheaper at DeepSeek: $0.14 / $0.28 per million tokens"
    assert "On 20 January 2025 it was $0.27 / $1.10 there." in item.summary
    assert item.evidence_only
    catalogue.has("DeepSeek V3", "2024-12-26", 0.27, completion=1.1)
    assert await catalogue.items() == []
    catalogue.has("DeepSeek V3", "2024-12-26", 0.14, completion=0.28)
    assert await catalogue.items() == []


@pytest.mark.parametrize(
    ("prompt", "completion"), [(0.26, 1.09), (0.1, 1.2), (0.3, 2), (0, 0), (-1, -1), (None, None), ("0.1", "0.1")]
)
async def test_what_is_no_cut_is_not_told(catalogue: Catalogue, prompt: Any, completion: Any) -> None:
    """A few per cent; cheaper questions and dearer answers; dearer; free; nonsense; without a price; text."""
    await catalogue.poll()
    catalogue.has("DeepSeek V3", "2024-12-26", prompt, completion=completion)
    assert await catalogue.items() == []
    catalogue.has("DeepSeek V3", "2024-12-26", 0.27, completion=1.1)
    assert await catalogue.items() == []


async def test_a_price_that_is_entered_later_is_no_cut(catalogue: Catalogue) -> None:
    catalogue.has("DeepSeek R1", prompt=None)
    await catalogue.poll()
    catalogue.has("DeepSeek R1", prompt=0.55)
    assert await catalogue.items() == []
    catalogue.has("DeepSeek R1", prompt=0.1, completion=0.2)
    assert len(await catalogue.items()) == 1


async def test_of_a_flood_nothing_fires_and_it_is_not_remembered_for_ever(catalogue: Catalogue) -> None:
    await catalogue.poll()
    for number in range(10_000):
        catalogue.has(f"M{number}")
    items = await catalogue.items()
    assert len(items) == READ - 1
    assert all(item.evidence_only for item in items)
    assert catalogue.state.count("deepseek/") <= KNOWN
    assert len(catalogue.state) < STATE / 2


@pytest.mark.parametrize(
    "shape",
    [
        *([], 1, {"data": []}, {"providers": []}, {"providers": {"deepseek": {"models": []}}}),
        {"providers": {"openai": {"models": {"x": {}}}}, "models": {"openai/x": {"name": "X"}}},
    ],
)
async def test_a_changed_shape_is_a_failure(catalogue: Catalogue, shape: Any) -> None:
    await catalogue.poll()
    catalogue.server.instead = shape
    with pytest.raises(SourceError, match="changed its shape") as failed:
        await catalogue.poll()
    assert failed.value.status == 200
    catalogue.server.instead = None
    assert await catalogue.items() == []


async def test_without_the_labs_it_is_empty(catalogue: Catalogue) -> None:
    del catalogue.server.providers["deepseek"], catalogue.server.providers["openai"]
    assert (await catalogue.poll()).seen == 0


async def test_what_has_not_changed_is_not_sent_again(catalogue: Catalogue) -> None:
    await catalogue.poll()
    unchanged = await catalogue.poll()
    assert not unchanged.items
    assert unchanged.seen == 2
    assert [bool(etag) for _, etag in catalogue.server.asked] == [False, True]


async def test_a_catalogue_that_is_too_large_is_a_failure(catalogue: Catalogue) -> None:
    async with FeedSession() as session:
        requests = Requests(session, lambda: NOW, FetchLimits(body=1_000))
        source = ModelsDev(requests, *catalogue.arguments[1:])
        with pytest.raises(SourceError):
            await source.poll("", None, NOW)


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.lists(st.text())


@given(
    st.text(max_size=30) | st.just("gpt-6"),
    st.fixed_dictionaries(
        {"name": st.just("GPT-6") | ANYTHING},
        optional={
            "open_weights": ANYTHING,
            "release_date": ANYTHING,
            "status": ANYTHING,
            "limit": ANYTHING | st.fixed_dictionaries({"context": ANYTHING}),
            "cost": ANYTHING | st.fixed_dictionaries({"input": ANYTHING, "output": ANYTHING}),
        },
    )
    | ANYTHING,
)
def test_no_field_whatever_is_in_it_raises(name: str, entry: Any) -> None:
    found = read("openai", name, entry, "OpenAI")
    assert found is None or (found.lab == "OpenAI" and found.name and found.context >= 0)


@pytest.mark.parametrize("state", ["", "{", "[]", "1", '{"a": {}}', '{"a": []}', '{"a": ["x", 1, 2, "y"]}'])
async def test_a_state_that_cannot_be_read_makes_a_first_poll(catalogue: Catalogue, state: str) -> None:
    catalogue.state = state
    assert await catalogue.items() == []
