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
    assert item.title == "OpenAI's AI model GPT-6 is new on OpenRouter at $5 / $20 per million tokens"
    assert item.summary == (
        "GPT-6 costs $5 per million input tokens and $20 per million output tokens on OpenRouter. "
        "GPT-6 takes up to 400,000 tokens at once."
    )
    assert await router.items() == []


THINKS = ["temperature", "reasoning"]


async def test_a_new_price_is_compared_with_the_cheapest_rival_stored_before(router: Router) -> None:
    router.server.offers = [
        offer("openai/o1", "OpenAI: o1", "0.000015", "0.00006", supported_parameters=THINKS),
        offer("openai/o1-mini", "OpenAI: o1 mini", "0.000003", "0.000012", supported_parameters=THINKS),
        offer("openai/gpt-4", "OpenAI: GPT-4", "0.000001", "0.000001"),
        offer("deepseek/deepseek-v3", "DeepSeek: V3", "0.0000001", "0.0000001", supported_parameters=THINKS),
    ]
    assert await router.items() == []
    new = offer("deepseek/deepseek-r1", "DeepSeek: R1", "0.00000055", "0.00000219", supported_parameters=THINKS)
    beside = offer("openai/o2", "OpenAI: o2", "0.0000001", "0.0000001", supported_parameters=THINKS)
    router.server.offers += [new, beside]
    first, second = await router.items()
    rival = "DeepSeek R1 costs about a twenty-seventh of the cheapest rival of its class, "
    assert rival.replace("DeepSeek R1", "R1") + "OpenAI's o1 at $15 / $60 on 20 January 2025." in first.summary
    assert "rival" not in second.summary, "what came with it was not stored, and V3 costs as much"


async def test_the_price_of_the_last_poll_counts_also_where_it_was_raised(router: Router) -> None:
    router.server.offers[1] = offer("openai/o1", "OpenAI: o1", "0.000001", "0.000004")
    await router.items()
    router.server.offers[1] = offer("openai/o1", "OpenAI: o1", "0.000015", "0.00006")
    assert await router.items(timedelta(days=3)) == []
    router.source = OpenRouter(*router.arguments)  # a restart
    router.price("0.00000025", "0.0000005")
    (item,) = await router.items()
    assert "DeepSeek V4 costs about a hundredth of the cheapest rival of its class, OpenAI's o1 at $15" in item.summary
    assert "on 23 January 2025." in item.summary


async def test_nothing_dearer_and_nothing_of_another_class_is_compared(router: Router) -> None:
    router.server.offers = router.server.offers[1:]
    await router.items()
    pictures = {"architecture": {"output_modalities": ["image"]}}
    router.server.offers += [
        offer("deepseek/a", "DeepSeek: A1", "0.00001", "0.00006"),
        offer("deepseek/b", "DeepSeek: B1 8B", "0.000001", "0.000002"),
        offer("deepseek/c", "DeepSeek: C1 Flash", "0.000001", "0.000002"),
        offer("deepseek/d", "DeepSeek: D1", "0.000001", "0.000002", supported_parameters=THINKS),
        offer("deepseek/e", "DeepSeek: E1", "0.000001", "0.000002", **pictures),
        offer("deepseek/f", "DeepSeek: F1", "0.000001", "0.000002", architecture=None, supported_parameters="x"),
    ]
    items = await router.items()
    assert len(items) == 6
    assert not any("rival" in item.summary for item in items)


async def test_a_cut_price_is_told_once_with_the_price_before(router: Router) -> None:
    await router.items()
    router.price("0.00000014", "0.00000028")
    (item,) = await router.items(timedelta(days=7))
    assert item.title == "The AI model DeepSeek V4 is 85% cheaper on OpenRouter: $0.14 / $0.28 per million tokens"
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


@pytest.mark.parametrize("state", ["", "{", "[]", "1", '{"a": {}}', '{"a": []}', '{"a": [1, 2, "x"]}'])
async def test_a_state_that_cannot_be_read_makes_a_first_poll(router: Router, state: str) -> None:
    router.state = state
    assert await router.items() == []
