"""What the port ``NewsSource`` promises, of every implementation, the example of the docs included."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.feeds.fetch import FetchLimits
from bot.adapters.feeds.session import FeedSession
from bot.adapters.news_sources.edgar import Edgar
from bot.adapters.news_sources.github import GitHub
from bot.adapters.news_sources.huggingface import HuggingFace
from bot.adapters.news_sources.models_dev import ModelsDev
from bot.adapters.news_sources.openrouter import OpenRouter
from bot.app.run.news.sources import Requests
from bot.core.errors import SourceError
from bot.core.ports import NewsSource
from bot.extensions import NewsContext
from tests.extending.packages import installed
from tests.servers.catalogues import Catalogues, catalogued, filing, hub_model, offer, provider, repository
from tests.servers.feed_server import FeedServer

PLACES = ("/api/models", "/api/v1/models", "/catalog.json", "/cgi-bin/browse-edgar", "deepseek-ai")
"""What each list is refused by."""
NOON = datetime(2025, 1, 27, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class World:
    """A source, and what there is for it to see."""

    def __init__(self, source: NewsSource, publish: Callable[[str], None], fail: Callable[[], None]) -> None:
        self.source, self.publish, self.fail = source, publish, fail


def organisations(place: str) -> dict[str, str]:
    return {"deepseek-ai": "DeepSeek"} if place == "github" else {"deepseek-ai": "DeepSeek", "deepseek": "DeepSeek"}


@pytest.fixture(params=["huggingface", "openrouter", "github", "models-dev", "edgar", "example"])
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    async with Catalogues() as lists, FeedServer() as pages, FeedSession() as session:
        fetch = Requests(session, lambda: NOON, FetchLimits())

        def refuse() -> None:
            lists.refuse |= dict.fromkeys(PLACES, (403, {}))
            pages.documents.clear()

        if request.param == "huggingface":
            hub = HuggingFace(fetch, organisations, lists.url)
            yield World(hub, lambda name: lists.models.append(hub_model(f"deepseek-ai/{name}", NOON)), refuse)
        elif request.param == "openrouter":
            router = OpenRouter(fetch, organisations, lists.url)

            def offered(name: str) -> None:
                lists.offers.append(offer(f"deepseek/{name.lower()}", f"DeepSeek: {name}", "0.000001", "0.000002"))

            yield World(router, offered, refuse)
        elif request.param == "models-dev":
            lists.providers["deepseek"] = provider("deepseek", catalogued("DeepSeek-R1", "2025-01-20", 0.55, 2.19))

            def catalogue(name: str) -> None:
                model = catalogued(name, "2025-01-27", 0.1, 0.2)
                lists.providers["deepseek"]["models"][name] = model

            yield World(ModelsDev(fetch, organisations, lists.url), catalogue, refuse)
        elif request.param == "github":
            lists.repositories["deepseek-ai"] = []
            opened = lists.repositories["deepseek-ai"]
            github = GitHub(fetch, organisations, lists.url)
            yield World(github, lambda name: opened.insert(0, repository(name, NOON)), refuse)
        elif request.param == "edgar":
            fetch.identify("Jane Doe jane@example.com")
            companies: dict[str, str] = {}

            def filed(name: str) -> None:
                companies[name.upper()], number = name, len(companies) + 1
                lists.tickers[name.upper()] = number
                lists.filings.insert(0, filing(name, number, f"0000000001-25-{number:06d}", NOON, "2.02"))

            yield World(Edgar(fetch, fetch.feed, lambda: companies, lists.url), filed, refuse)
        else:
            monkeypatch.syspath_prepend(str(installed(tmp_path / "site", "news")))
            listed: list[dict[str, str]] = []
            context = NewsContext(tmp_path, fetch, organisations, fetch.feed, dict, fetch.identify)
            module = importlib.import_module("aftershock_model_list")

            def written(name: str) -> None:
                listed.append({"name": name, "lab": "DeepSeek"})
                pages.publish("list.json", json.dumps(listed))

            yield World(module.make({"url": pages.url("list.json")}, context), written, refuse)
            del sys.modules["aftershock_model_list"]


async def test_what_is_new_is_told_once_with_lab_and_model(world: World) -> None:
    world.publish("DeepSeek-V3")
    first = await world.source.poll("", None, NOON)
    assert first.seen
    assert first.state
    world.publish("DeepSeek-V4")
    second = await world.source.poll(first.state, NOON, NOON + MINUTE)
    (item,) = second.items
    assert "DeepSeek" in item.title
    assert "DeepSeek-V4" in item.title
    assert item.key
    assert item.published_at is not None
    assert item.published_at.utcoffset() == timedelta()
    assert item.published_at <= NOON + MINUTE
    assert not (await world.source.poll(second.state, NOON + MINUTE, NOON + 2 * MINUTE)).items


async def test_a_poll_that_was_not_kept_can_be_made_again(world: World) -> None:
    world.publish("DeepSeek-V3")
    state = (await world.source.poll("", None, NOON)).state
    world.publish("DeepSeek-V4")
    lost = await world.source.poll(state, NOON, NOON + MINUTE)
    again = await world.source.poll(state, NOON, NOON + MINUTE)
    assert [i.key for i in lost.items] == [i.key for i in again.items] != []


async def test_a_source_that_fails_says_so(world: World) -> None:
    world.publish("DeepSeek-V3")
    world.fail()
    with pytest.raises(SourceError) as failed:
        await world.source.poll("", None, NOON)
    assert str(failed.value)


async def test_a_source_says_what_it_is_and_can_be_closed_twice(world: World) -> None:
    source = world.source
    assert isinstance(source, NewsSource)
    assert source.title
    assert source.advice
    assert source.interval > timedelta()
    assert source.stories_per_day >= 1
    source.close()
    source.close()
