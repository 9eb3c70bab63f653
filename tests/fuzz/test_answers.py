"""Whatever bytes come back over the wire, whoever asked has an answer or an error of ours, soon, and asks once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.feeds.fetch import FetchLimits, fetch
from bot.adapters.feeds.session import FeedSession, open_session
from bot.adapters.language_model import LanguageModel
from bot.adapters.metrics.ping import HeartbeatSender
from bot.adapters.notifiers.apprise import worker
from bot.adapters.notifiers.telegram import TelegramNotifier
from bot.adapters.notifiers.webhook import Endpoint, WebhookNotifier
from bot.app.setup.checkup import _health
from bot.core.errors import LONGEST_WAIT, AftershockError
from bot.core.model import Outgoing, Story
from bot.core.secret import Secret
from bot.core.text.characters import CONTROL
from tests.delivery.makers import NOW, RealClock, notification
from tests.fuzz.strategies import SETTINGS, changed, mangled
from tests.store.values import SUMMARY

TOKEN = Secret("123456789:AAE-emulated-token-for-tests-only-000")
BODY = b'{"ok": true, "status": "ok", "choices": [{"message": {"content": "x"}}], "result": {"id": 5, "is_bot": true}}'
ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
    b"HTTP/1.1 429 Too Many\r\nRetry-After: 120\r\nDate: Mon, 27 Jan 2025 10:05:00 GMT\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 503 Busy\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/a\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nETag: W/\"x\"\r\nContent-Length: 9\r\n\r\n\x1f\x8b\x08" + b"\0" * 6,
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\nand more",
]  # fmt: skip
SHORT = 0.5
"""Seconds that each waits."""


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers everything with these bytes and hangs up; its address, and what it was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


async def webhook(url: str) -> None:
    made = WebhookNotifier({"webhook:d": Endpoint(url, Secret("0123456789abcdef"))}, RealClock(), timeout=SHORT)
    try:
        await made.send(Outgoing(notification("a", "webhook:d", NOW, summary=SUMMARY), 1))
    finally:
        await made.close()


async def language_model(url: str) -> None:
    short = timedelta(seconds=SHORT)
    async with open_session() as session:
        model = LanguageModel(session, f"{url}/v1", "m", Secret("a-key-of-ours"), short, short)
        await model.read(Story("1", "s", "Chips fall", NOW))


async def heartbeat(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        await HeartbeatSender(session, Secret(f"{url}/ping-0123")).beat()


async def health(url: str) -> None:
    assert await _health(f"{url}/healthz") in ("", "ok", "unwell")


async def feed(url: str) -> None:
    limits = FetchLimits(total=timedelta(seconds=SHORT))
    async with FeedSession() as session:
        fetched = await fetch(session, f"{url}/rss", datetime.now(UTC), local=True, limits=limits)
        assert fetched.body is None or len(fetched.body) < 1_000_000


async def message(url: str) -> None:
    made = TelegramNotifier(TOKEN, base_url=url, timeout=SHORT)
    try:
        await made.send(Outgoing(notification("a", "telegram:1", NOW, summary=SUMMARY), 1))
    finally:
        await made.close()


async def bot_api(url: str) -> None:
    made = TelegramNotifier(TOKEN, base_url=url, timeout=SHORT)
    try:
        await made.check()
    finally:
        await made.close()


ASKERS: dict[str, tuple[Callable[[str], Awaitable[None]], int]] = {
    "webhook": (webhook, 1),
    "language model": (language_model, 1),
    "heartbeat": (heartbeat, 2),
    "health": (health, 2),
    "feed": (feed, 11),
    "Bot API": (bot_api, 1),
    "Bot API, a message": (message, 2),
}
"""Who asks, and how often at most: a feed's redirects are followed, and aiohttp repeats a GET that was hung up on."""


@pytest.mark.parametrize("name", ASKERS)
def test_an_answer_over_the_wire(name: str) -> None:
    ask, most = ASKERS[name]

    @settings(SETTINGS)
    @given(st.one_of(mangled(ANSWERS), st.binary(max_size=200)))
    def test(answer: bytes) -> None:
        asyncio.run(_asked(ask, most, answer))

    test()


async def _asked(ask: Callable[[str], Awaitable[None]], most: int, answer: bytes) -> None:
    said: AftershockError | None = None
    async with answering(answer) as (url, asked):
        try:
            async with asyncio.timeout(30):
                await ask(url)
        except AftershockError as error:
            said = error
        assert len(asked) <= most
    if said is not None:
        assert CONTROL.search(str(said)) is None
        assert len(str(said)) < 600
        wait = getattr(said, "retry_after", None)
        assert wait is None or timedelta() <= wait <= LONGEST_WAIT
        assert (getattr(said, "moved_to", None) or "telegram:-100").startswith("telegram:")


DOCUMENTS: dict[str, list[Any]] = {
    "Bot API, a message": [
        {"ok": False, "error_code": 429, "description": "Too many", "parameters": {"retry_after": 7}},
        {"ok": False, "error_code": 400, "description": "moved", "parameters": {"migrate_to_chat_id": -100123}},
        {"ok": False, "error_code": 403, "description": "Forbidden: bot was kicked"},
        {"ok": True, "result": {"message_id": 5, "date": 1737990000, "chat": {"id": 1, "type": "private"}}},
    ],
    "Bot API": [{"ok": True, "result": {"id": 5, "is_bot": True, "first_name": "x", "username": "x"}}],
    "language model": [{"choices": [{"message": {"content": '{"moves": []}'}, "finish_reason": "stop"}]}],
    "health": [{"status": "ok"}],
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_answer_of_other_values(name: str) -> None:
    ask, most = ASKERS[name]

    @settings(SETTINGS)
    @given(changed(DOCUMENTS[name]), st.sampled_from(["200 OK", "400 Bad", "403 No", "429 Later", "500 Oops"]))
    def test(document: Any, status: str) -> None:
        body = json.dumps(document, default=str).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        asyncio.run(_asked(ask, most, head.encode() + body))

    test()


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::PendingDeprecationWarning", "ignore::ResourceWarning"
)
def test_an_answer_to_apprise() -> None:
    apprise = pytest.importorskip("apprise")
    worker.quiet()

    @settings(SETTINGS)
    @given(st.one_of(mangled(ANSWERS), st.binary(max_size=200)))
    def test(answer: bytes) -> None:
        async def scenario() -> None:
            async with answering(answer) as (url, asked):
                request = {"title": "t", "body": "b", "markdown": False}
                address = f"{url.replace('http:', 'json:')}/?rto={SHORT}&cto={SHORT}"
                said = await asyncio.to_thread(worker._sent, apprise, {**request, "url": address})
                assert set(said) <= {"sent", "status", "doubtful", "failed"}
                assert len(asked) == 1, "nothing is sent twice"

        asyncio.run(scenario())

    test()
