"""Each list behind a server in trouble: one notice, no story, no more than the limits allow taken; the others go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from aiohttp import web

from bot.adapters.feeds.fetch import FetchLimits
from bot.adapters.feeds.parser import Parser
from bot.adapters.feeds.session import FeedSession
from bot.adapters.news_sources.edgar import Edgar
from bot.adapters.news_sources.github import GitHub
from bot.adapters.news_sources.huggingface import HuggingFace
from bot.adapters.news_sources.models_dev import ModelsDev
from bot.adapters.news_sources.openrouter import OpenRouter
from bot.app.run.news.sources import Requests
from bot.core.health import Health
from bot.core.model import Trouble
from bot.core.ports import NewsSource
from tests.news_sources.test_changed_fields import places
from tests.news_sources.test_polls import Bot
from tests.servers.catalogues import Catalogues, catalogued, filing, hub_model, offer, provider, repository

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LIMITS = FetchLimits(body=2_000_000)
HASTY = replace(LIMITS, read=timedelta(seconds=0.3), total=timedelta(seconds=0.4))
"""For servers that never answer."""
POLLS = 3
"""So many failures in a row are told."""
HUGE = 100_000_000
PAGE = "<!doctype html><html><head><title>Sign in</title></head><body>Please log in to this network</body></html>"


def made(kind: str, requests: Requests, base: str) -> NewsSource:
    """The source of that kind, asking there."""
    match kind:
        case "huggingface-hub":
            return HuggingFace(requests, places, base)
        case "openrouter":
            return OpenRouter(requests, places, base)
        case "github":
            return GitHub(requests, places, base)
        case "models-dev":
            return ModelsDev(requests, places, base)
    return Edgar(requests, requests.feed, lambda: {"NVDA": "Nvidia"}, base)


SOURCES = ("huggingface-hub", "openrouter", "github", "models-dev", "sec-edgar")


@dataclass
class Server:
    """What a server in trouble was asked, and what it handed to the network."""

    asked: int = 0
    sent: int = 0


async def away(request: web.Request, server: Server) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def forbidden(request: web.Request, server: Server) -> web.StreamResponse:
    return web.Response(status=403, text=PAGE, content_type="text/html")


async def too_many(request: web.Request, server: Server) -> web.StreamResponse:
    return web.Response(status=429, headers={"Retry-After": "900"})


async def log_in(request: web.Request, server: Server) -> web.StreamResponse:
    if request.path != "/login":
        raise web.HTTPFound("/login")
    return web.Response(text=PAGE, content_type="text/html")


async def page(request: web.Request, server: Server) -> web.StreamResponse:
    return web.Response(text=PAGE, content_type="text/html")


async def other_shape(request: web.Request, server: Server) -> web.StreamResponse:
    return web.json_response({"error": None, "payload": {"version": 2, "items": [{"slug": "x"}]}})


async def huge(request: web.Request, server: Server) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    with suppress(OSError):
        await response.write(b'[{"id": "deepseek-ai/DeepSeek-V4", "x": "')
        while server.sent < HUGE:
            await response.write(b"x" * 100_000)
            server.sent += 100_000
    return response


async def half_open(request: web.Request, server: Server) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response()


async def slow(request: web.Request, server: Server) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(OSError):
        for _ in range(600):
            await response.write(b" ")
            await asyncio.sleep(0.1)
    return response


TROUBLES: Mapping[str, Callable[[web.Request, Server], Awaitable[web.StreamResponse]]] = {
    "away": away,
    "403": forbidden,
    "429": too_many,
    "a redirect to a log-in page": log_in,
    "a page in place of the list": page,
    "another shape": other_shape,
    "a body of 100 MB": huge,
    "half open": half_open,
    "slow": slow,
}


@asynccontextmanager
async def serving(kind: str) -> AsyncIterator[tuple[str, Server]]:
    """A server in that trouble, whatever it is asked for."""
    server = Server()

    async def answer(request: web.Request) -> web.StreamResponse:
        server.asked += 1
        return await TROUBLES[kind](request, server)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", server
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("kind", SOURCES)
async def test_a_server_in_trouble_is_one_notice_and_nothing_else(kind: str, trouble: str) -> None:
    bot, health, notices = Bot(), Health(), []
    limits = HASTY if trouble in ("half open", "slow") else LIMITS
    parser = Parser()
    async with serving(trouble) as (url, server), FeedSession() as session:
        requests = Requests(session, bot.clock.now, limits, parser=parser, user_agent="Jane Doe jane@example.com")
        bot.source = made(kind, requests, url)  # type: ignore[assignment]
        bot.restart()
        bot.polls.requests = requests
        for _ in range(POLLS):
            bot.clock.advance(bot.clock.now() + timedelta(hours=2))
            wait = await bot.polls.run()
            assert bot.reports[-1].trouble is Trouble.FAILED
            if (notice := health.observe(bot.reports[-1])) is not None:
                notices.append(notice.summary.subject)
        if trouble == "429":
            assert wait >= timedelta(minutes=15)
        assert server.asked <= POLLS * 2, "nothing is asked again within a poll"
        assert server.sent < POLLS * 12_000_000, "no more is taken than the limit and what was on its way"
    await parser.close()
    assert len(notices) == 1
    assert not bot.stories
    assert not bot.learned


def publish(lists: Catalogues, name: str, at: datetime) -> None:
    """A model or filing of that name on every list."""
    lists.models.append(hub_model(f"deepseek-ai/DeepSeek-{name}", at))
    lists.offers.append(offer(f"deepseek/deepseek-{name.lower()}", f"DeepSeek: {name}", "0.000001", "0.000002"))
    lists.repositories.setdefault("deepseek-ai", []).insert(0, repository(f"DeepSeek-{name}", at))
    entry = catalogued(f"DeepSeek {name}", f"{at:%Y-%m-%d}", 1, 2)
    lists.providers.setdefault("deepseek", provider("deepseek"))["models"][entry["id"]] = entry
    lists.filings.insert(0, filing("NVIDIA CORP", 1045810, f"0001045810-25-{len(lists.filings):06d}", at, "2.02"))
    lists.tickers["NVDA"] = 1045810


@pytest.mark.parametrize("kind", SOURCES)
async def test_of_a_source_that_hangs_the_others_notice_nothing(kind: str) -> None:
    """All share one session, as in the running bot."""
    parser = Parser()
    async with serving("half open") as (hanging, _), Catalogues() as lists, FeedSession() as session:
        publish(lists, "V3", Bot().clock.now())
        bots = {}
        for name in SOURCES:
            bot = bots[name] = Bot()
            limits = HASTY if name == kind else LIMITS
            requests = Requests(session, bot.clock.now, limits, parser=parser, user_agent="Jane Doe jane@example.com")
            bot.source = made(name, requests, hanging if name == kind else lists.url)  # type: ignore[assignment]
            bot.restart()
            bot.polls.requests = requests
        for poll in range(2):
            for bot in bots.values():
                bot.clock.advance(bot.clock.now() + timedelta(hours=2))
            if poll:
                publish(lists, "V4", bots[kind].clock.now())
            await asyncio.gather(*(bot.polls.run() for bot in bots.values()))
    await parser.close()
    told = {name for name, bot in bots.items() if any("V4" in s.title or "results" in s.title for s in bot.stories)}
    assert told == set(SOURCES) - {kind}
    assert {name for name, bot in bots.items() if bot.reports[-1].trouble is Trouble.FAILED} == {kind}
