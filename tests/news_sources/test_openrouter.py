"""OpenRouter's list as a news source, against a server that answers as it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.feeds.fetch import FetchLimits
from bot.adapters.feeds.session import FeedSession
from bot.adapters.news_sources.openrouter.source import KNOWN, OpenRouter, _read
from bot.app.run.news.sources import Requests
from bot.core.errors import SourceError
from bot.core.model import NewsItem
from tests.servers.catalogues import Catalogues, offer

NOW = datetime(2025, 1, 20, 12, 0, tzinfo=UTC)
LABS = {"deepseek": "DeepSeek", "openai": "OpenAI"}


class Router:
    """The source over several polls, its state kept from one to the next."""

    def __init__(self, server: Catalogues, session: FeedSession) -> None:
        self.server, self.now, self.state = server, NOW, ""
        self.since: datetime | None = None
        requests = Requests(session, lambda: self.now, FetchLimits())
        self.arguments = requests, (lambda place: LABS if place == "openrouter" else {}), server.url
        self.source = OpenRouter(*self.arguments)

    async def items(self, after: timedelta = timedelta(minutes=2)) -> list[NewsItem]:
        self.now += after
        polled = await self.source.poll(self.state, self.since, self.now)
        assert polled.seen
        self.state, self.since = polled.state, self.now
        return list(polled.items)

    def price(self, prompt: str, completion: str) -> None:
        self.server.offers[0] = offer("deepseek/deepseek-v4", "DeepSeek: DeepSeek V4", prompt, completion)


@pytest.fixture
async def router() -> AsyncIterator[Router]:
    async with Catalogues() as server, FeedSession() as session:
        server.offers = [
            offer("deepseek/deepseek-v4", "DeepSeek: DeepSeek V4", "0.00000055", "0.00000219"),
            offer("openai/o1", "OpenAI: o1", "0.000015", "0.00006"),
        ]
        yield Router(server, session)


async def test_a_new_model_comes_with_its_price_and_context(router: Router) -> None:
    assert await router.items() == []
    router.server.offers.append(offer("openai/gpt-6", "OpenAI: GPT-6", "0.000005", "0.00002", context_length=400000))
    (item,) = await router.items()
    assert item.title == "OpenAI's GPT-6 is new on OpenRouter at $5 / $20 per million tokens"
    assert item.summary == (
        "GPT-6 costs $5 per million input tokens and $20 per million output tokens on OpenRouter. "
        "GPT-6 takes up to 400,000 tokens at once."
    )
    assert await router.items() == []


async def test_a_cut_price_is_told_once_with_the_price_before(router: Router) -> None:
    await router.items()
    router.price("0.00000014", "0.00000028")
    (item,) = await router.items(timedelta(days=7))
    assert item.title == "DeepSeek V4 is 85% cheaper on OpenRouter: $0.14 / $0.28 per million tokens"
    assert "On 20 January 2025 it was $0.55 / $2.19 there." in item.summary
    assert await router.items() == []


@pytest.mark.parametrize(
    ("prompt", "completion"),
    [("0.00000052", "0.0000021"), ("0.0000011", "0.00000055"), ("0.000002", "0.000009"), ("0", "0"), ("-1", "-1")],
)
async def test_what_is_no_cut_is_not_told(router: Router, prompt: str, completion: str) -> None:
    """A few per cent; cheaper answers for dearer questions; dearer; free, which is a variant; unknown."""
    await router.items()
    router.price(prompt, completion)
    assert await router.items() == []


async def test_a_price_that_only_comes_back_is_no_cut(router: Router) -> None:
    await router.items()
    for _ in range(3):
        router.price("0.0000011", "0.0000044")
        assert await router.items() == []
        router.price("0.00000055", "0.00000219")
        assert await router.items() == []


async def test_a_price_cut_in_small_steps_is_told_when_they_add_up(router: Router) -> None:
    await router.items()
    told = []
    for percent in range(99, 79, -1):
        router.price(f"{0.55e-6 * percent / 100:.12f}", f"{2.19e-6 * percent / 100:.12f}")
        told += await router.items()
    assert len(told) == 2


async def test_of_others_variants_and_what_cannot_be_read_nothing_is_told(router: Router) -> None:
    await router.items()
    router.server.offers += [
        offer("somebody/else", "Somebody: Else", "0.000001", "0.000001"),
        offer("deepseek/deepseek-v4:free", "DeepSeek: DeepSeek V4 (free)", "0.000001", "0.000001"),
        offer("deepseek/broken", "DeepSeek: Broken", "cheap", "0.000001"),
        {"id": "deepseek/without-a-price"},
        {},
    ]
    assert await router.items() == []


async def test_a_flood_fires_nothing_and_is_not_remembered_for_ever(router: Router) -> None:
    await router.items()
    router.server.offers += [offer(f"openai/m{n}", f"OpenAI: M{n}", "0.000001", "0.000001") for n in range(10_000)]
    items = await router.items()
    assert all(item.evidence_only for item in items)
    assert router.state.count("openai/") <= KNOWN


@pytest.mark.parametrize("shape", [[], {"models": []}, {"data": {}}, {"data": [{"slug": "x"}]}, 1])
async def test_a_changed_shape_is_a_failure(router: Router, shape: Any) -> None:
    await router.items()
    router.server.instead = shape
    with pytest.raises(SourceError, match="changed its shape"):
        await router.items()


async def test_a_longer_list_goes_on_at_the_next_page_of_the_same_site_only(router: Router) -> None:
    router.server.instead = {"data": [], "links": {"next": "http://127.0.0.2:1/api/v1/models"}}
    with pytest.raises(SourceError, match="another site"):
        await router.items()


async def test_what_has_not_changed_is_not_sent_again(router: Router) -> None:
    await router.items()
    await router.items()
    assert [bool(etag) for _, etag in router.server.asked] == [False, True]


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.lists(st.text())


@given(
    st.fixed_dictionaries(
        {"id": st.just("openai/x") | ANYTHING},
        optional={
            "name": ANYTHING,
            "created": ANYTHING,
            "context_length": ANYTHING,
            "pricing": ANYTHING | st.fixed_dictionaries({"prompt": ANYTHING, "completion": ANYTHING}),
        },
    )
)
def test_no_field_whatever_is_in_it_raises(entry: Any) -> None:
    found = _read(entry, LABS)
    assert found is None or (found.lab == "OpenAI" and found.price.prompt > 0 and found.name)
