"""GitHub's lists of repositories as a news source, against a server that answers as it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.feeds.fetch import FetchLimits
from bot.adapters.feeds.session import FeedSession
from bot.adapters.news_sources.github.source import AT_ONCE, LISTED, GitHub
from bot.app.run.news.sources import Requests
from bot.core.errors import SourceError
from bot.core.model import NewsItem
from tests.news.stories import read
from tests.servers.catalogues import Catalogues, repository

NOW = datetime(2025, 1, 20, 12, 0, tzinfo=UTC)
LABS = {"deepseek-ai": "DeepSeek", "QwenLM": "Alibaba"}


class Hub:
    """The source over several polls, its state kept from one to the next."""

    def __init__(self, server: Catalogues, session: FeedSession) -> None:
        self.server, self.now, self.state = server, NOW, ""
        self.requests = Requests(session, lambda: self.now, FetchLimits())
        self.source = GitHub(self.requests, lambda place: LABS if place == "github" else {}, server.url)

    async def items(self, polls: int = 2) -> list[NewsItem]:
        """What so many polls bring; two ask for both organisations."""
        found: list[NewsItem] = []
        for _ in range(polls):
            self.now += self.source.interval
            polled = await self.source.poll(self.state, None, self.now)
            self.state = polled.state
            found += polled.items
        return found

    def open(self, name: str, **more: object) -> None:
        self.server.repositories["deepseek-ai"].insert(0, repository(name, self.now, **more))


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with Catalogues() as server, FeedSession() as session:
        server.repositories = {"deepseek-ai": [repository("DeepSeek-V3", NOW)], "QwenLM": []}
        yield Hub(server, session)


async def test_an_opened_repository_is_told_once_and_is_evidence_only(hub: Hub) -> None:
    assert await hub.items() == []
    hub.open("DeepSeek-V4")
    (item,) = await hub.items()
    assert (item.title, item.evidence_only) == ("DeepSeek opens DeepSeek-V4 on GitHub", True)
    assert item.summary == "DeepSeek-V4 is on GitHub under the MIT licence. An open model."
    assert item.published_at == NOW + 2 * hub.source.interval
    assert "DeepSeek V4" in {mention.name for mention in read(item.title).mentions}
    assert await hub.items() == []


async def test_all_organisations_are_asked_by_turns_within_sixty_requests_an_hour(hub: Hub) -> None:
    await hub.items(polls=4)
    assert [hub.server.count(f"/orgs/{name}/repos") for name in ("deepseek-ai", "QwenLM")] == [2, 2]
    assert timedelta(hours=1) / hub.source.interval < 60


async def test_forks_archives_and_what_cannot_be_read_are_not_told(hub: Hub) -> None:
    await hub.items()
    hub.open("a-fork", fork=True)
    hub.open("old", archived=True)
    hub.open(".github")
    hub.server.repositories["deepseek-ai"][:0] = [{}, {"name": 5}, {"name": "a b"}, {"name": "x" * 200}]  # type: ignore[list-item]
    assert await hub.items() == []
    hub.open("bare", description=None, license=None, html_url=7)
    hub.server.repositories["deepseek-ai"][0]["created_at"] = "soon"
    (item,) = await hub.items()
    assert (item.summary, item.link, item.published_at) == ("bare is on GitHub.", "", None)


async def test_what_moves_up_from_below_the_list_is_not_new(hub: Hub) -> None:
    hub.server.repositories["deepseek-ai"] = [repository(f"r{n}", NOW - timedelta(days=n)) for n in range(LISTED + 10)]
    await hub.items()
    del hub.server.repositories["deepseek-ai"][3:6]
    assert await hub.items() == []


async def test_an_archive_that_is_opened_is_no_release(hub: Hub) -> None:
    await hub.items()
    for number in range(10_000):
        hub.open(f"r{number}")
    assert await hub.items() == []
    for number in range(AT_ONCE):
        hub.open(f"s{number}")
    assert len(await hub.items()) == AT_ONCE
    assert len(hub.state) < 20_000


async def test_after_floods_that_were_taken_away_nothing_old_is_new(hub: Hub) -> None:
    await hub.items()
    for flood in range(4):
        old = list(hub.server.repositories["deepseek-ai"])
        for number in range(100):
            hub.open(f"flood{flood}-{number}")
        assert await hub.items() == []
        hub.server.repositories["deepseek-ai"] = old
        assert await hub.items() == []
    hub.open("DeepSeek-V4")
    assert [item.title for item in await hub.items()] == ["DeepSeek opens DeepSeek-V4 on GitHub"]


async def test_an_organisation_that_is_gone_does_not_hold_up_the_others(hub: Hub) -> None:
    await hub.items()
    del hub.server.repositories["QwenLM"]
    hub.open("DeepSeek-V4")
    assert len(await hub.items()) == 1


@pytest.mark.parametrize("status", [403, 429, 500])
async def test_a_refusal_is_a_failure_and_what_was_known_stays(hub: Hub, status: int) -> None:
    await hub.items()
    hub.server.refuse |= dict.fromkeys(LABS, (status, {"Retry-After": "120"}))
    with pytest.raises(SourceError) as refused:
        await hub.items()
    assert refused.value.status == status
    assert refused.value.retry_after == (timedelta(minutes=2) if status in (429, 503) else refused.value.retry_after)
    hub.server.refuse.clear()
    hub.open("DeepSeek-V4")
    assert len(await hub.items()) == 1


@pytest.mark.parametrize("shape", [{"message": "x"}, "x", 5, [{"id": 1}], [5]])
async def test_another_shape_is_a_failure(hub: Hub, shape: object) -> None:
    await hub.items()
    hub.server.instead = shape
    with pytest.raises(SourceError, match="changed its shape"):
        await hub.items()


@pytest.mark.parametrize(
    "state", ["", "x", "[]", "{}", '{"last":1,"known":[]}', '{"last":"","known":{"QwenLM":["x"]}}']
)
async def test_any_state_is_met(hub: Hub, state: str) -> None:
    hub.state = state
    assert await hub.items() == []
