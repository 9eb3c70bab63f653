"""Answers of the right shape with odd values: waits without end, cookies without end, words that steer a terminal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest

from bot.adapters.notifiers.telegram import TelegramNotifier
from bot.adapters.notifiers.webhook import Endpoint, WebhookNotifier
from bot.adapters.prices.yahoo import Yahoo
from bot.adapters.prices.yahoo.client import MOST_COOKIES
from bot.core.errors import LONGEST_WAIT, DeliveryError, SourceError
from bot.core.model import Outgoing
from bot.core.secret import Secret
from bot.core.text.characters import has_invisible
from tests.delivery.makers import NOW, RealClock, notification
from tests.prices.conftest import make, server  # noqa: F401  - fixtures
from tests.prices.test_quotes_over_the_wire import NOON
from tests.servers.yahoo import Fault, YahooServer
from tests.store.values import SUMMARY

TOKEN = Secret("123456789:AAE-emulated-token-for-tests-only-000")
STEERING = "\x1b[2J\u202e gnihton \u200b\x07"
COOKIES = tuple(f"Set-Cookie: c{{n}}x{i}={'v' * 1000}; Domain={{domain}}; Path=/" for i in range(40))
"""Set by every answer, each time under other names."""


@asynccontextmanager
async def answering(body: object, status: str = "200 OK", *more: str) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers so, over connections that stay open; its address, and the heads of what it was asked."""
    heads: list[bytes] = []
    content = json.dumps(body).encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                heads.append(head)
                lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                await reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0)
                lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(content)}"]
                lines += [line.format(n=len(heads), domain="localhost") for line in more]
                writer.write("\r\n".join([*lines, "", ""]).encode() + content)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield f"http://localhost:{listening.sockets[0].getsockname()[1]}", heads


async def telegram(url: str) -> DeliveryError:
    """How a message to a Bot API server fails there."""
    made = TelegramNotifier(TOKEN, base_url=url, timeout=5)
    try:
        with pytest.raises(DeliveryError) as raised:
            await made.send(Outgoing(notification("a", "telegram:1", NOW, summary=SUMMARY), 1))
        return raised.value
    finally:
        await made.close()


def is_plain(error: object) -> None:
    """An error is a line for people, which can do nothing to a terminal."""
    assert 0 < len(str(error)) < 600
    assert not has_invisible(str(error))


@pytest.mark.parametrize(
    "wait", [10**12, 10**400, 1e300, -5, "soon", [1], None, True, 0.5, {}, ""], ids=lambda w: str(w)[:9]
)
async def test_a_wait_that_telegram_asks_for_is_bounded(wait: Any) -> None:
    refusal = {"ok": False, "error_code": 429, "description": "Too many", "parameters": {"retry_after": wait}}
    async with answering(refusal, "429 Too Many Requests") as (url, _):
        error = await telegram(url)
    is_plain(error)
    assert not error.permanent
    assert error.retry_after is None or timedelta() <= error.retry_after <= LONGEST_WAIT
    NOW + (error.retry_after or timedelta())


@pytest.mark.parametrize("to", [10**400, 2**63, "x", [1], None, True, 1.5, {}, "-100123"], ids=lambda to: str(to)[:9])
async def test_a_chat_moves_to_nowhere_but_a_chat(to: Any) -> None:
    refusal = {"ok": False, "error_code": 400, "description": "moved", "parameters": {"migrate_to_chat_id": to}}
    async with answering(refusal, "400 Bad Request") as (url, _):
        error = await telegram(url)
    is_plain(error)
    assert error.moved_to is None


@pytest.mark.parametrize("status", ["429 Too Many", "400 Bad Request", "403 Forbidden", "500 Oops", "200 OK"])
async def test_words_of_telegram_steer_no_terminal(status: str) -> None:
    refusal = {"ok": False, "error_code": int(status[:3]), "description": f"No {STEERING}", "parameters": [STEERING]}
    async with answering(refusal, status) as (url, _):
        is_plain(await telegram(url))


async def test_words_of_yahoo_steer_no_terminal(server: YahooServer, make: Callable[..., Yahoo]) -> None:  # noqa: F811
    source = make()
    server.set_quote("NVDA", 124.8, NOON)
    await source.quotes(["NVDA"], NOON)
    said = {"result": None, "error": {"code": STEERING, "description": f"No {STEERING}"}}
    for endpoint in ("quote", "chart"):
        server.fault(endpoint, Fault.BODY, body=json.dumps({"quoteResponse": said, "chart": said}))
    with pytest.raises(SourceError) as raised:
        await source.quotes(["NVDA"], NOON)
    is_plain(raised.value)
    with pytest.raises(SourceError) as raised:
        await source.history(["NVDA"], NOON.date(), NOON)
    is_plain(raised.value)


async def test_cookies_of_telegram_and_of_webhooks_are_not_kept() -> None:
    me = {"ok": True, "result": {"id": 5, "is_bot": True, "first_name": "x", "username": "x"}}
    async with answering(me, "200 OK", *COOKIES) as (url, heads):
        made = TelegramNotifier(TOKEN, base_url=url, timeout=5)
        posted = WebhookNotifier({"webhook:d": Endpoint(url, Secret("0123456789abcdef"))}, RealClock())
        for number in range(3):
            await made.check()
            await posted.send(Outgoing(notification(f"a{number}", "webhook:d", NOW, summary=SUMMARY), 1))
        await made.close()
        await posted.close()
    assert len(heads) == 6
    assert not any(b"\r\ncookie:" in head.lower() for head in heads)


async def test_cookies_of_yahoo_do_not_add_up(server: YahooServer, make: Callable[..., Yahoo]) -> None:  # noqa: F811
    source = make()
    server.set_quote("NVDA", 124.8, NOON)
    await source.quotes(["NVDA"], NOON)
    empty = json.dumps({"quoteResponse": {"result": [], "error": None}})
    for number in range(6):
        names = [line.format(n=number, domain=".yahoo.com").partition(": ")[2] for line in COOKIES]
        server.fault("quote", Fault.BODY, body=empty, cookies=names)
        with suppress(SourceError):
            await source.quotes(["NVDA"], NOON + timedelta(minutes=2 * number))
        assert len(source._client._session.cookies.jar) <= MOST_COOKIES + len(COOKIES)
    server.heal()
    assert (await source.quotes(["NVDA"], NOON + timedelta(minutes=30))).quotes, "and it goes on"
