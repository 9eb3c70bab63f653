"""A language model on loopback, whose server answers as a test wants."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
from aiohttp import web

from bot.adapters.language_model import LanguageModel
from bot.core.secret import Secret

KEY = "sk-emulated-key-for-tests-only-000"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def said(content: object, **choice: Any) -> dict[str, Any]:
    """An answer as the OpenAI API gives it."""
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}, **choice}]}


def answering(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Handler:
    """Always this answer."""

    async def handle(request: web.Request) -> web.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(body=raw, status=status, headers=headers, content_type="application/json")

    return handle


@asynccontextmanager
async def serving(handle: Handler) -> AsyncIterator[str]:
    """The address of a server that answers with ``handle``, up to ``/v1``."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def served(handle: Handler, within: float = 5.0, key: Secret | None = None) -> AsyncIterator[LanguageModel]:
    """A language model whose server answers with ``handle``."""
    async with serving(handle) as url, aiohttp.ClientSession() as session:
        limit = timedelta(seconds=within)
        yield LanguageModel(session, url, "tiny", key or Secret(KEY), limit, limit)
