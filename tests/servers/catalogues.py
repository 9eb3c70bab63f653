"""The Hugging Face hub's and OpenRouter's public lists on loopback, as those answer; bodies are our own.

The hub answers ``/api/models`` with a list of what ``author`` has, newest first, and with everything by likes for
``sort=trendingScore``; OpenRouter ``/api/v1/models`` with ``{"data": […]}``. Both send ETags and answer 304.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from aiohttp import web


def hub_model(name: str, created_at: datetime, **more: Any) -> dict[str, Any]:
    """An entry of the hub's list, with weights under the MIT licence."""
    parameters = more.pop("parameters", 671_000_000_000)
    entry: dict[str, Any] = {
        "_id": hashlib.sha256(name.encode()).hexdigest()[:24],
        "id": name,
        "createdAt": created_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "private": False,
        "gated": False,
        "likes": 0,
        "downloads": 0,
        "pipeline_tag": "text-generation",
        "tags": ["transformers", "safetensors", "text-generation", "license:mit", "region:us"],
    }
    if parameters:
        entry["safetensors"] = {"parameters": {"F8_E4M3": parameters}, "total": parameters}
    return entry | more


def offer(name: str, title: str, prompt: str, completion: str, **more: Any) -> dict[str, Any]:
    """An entry of OpenRouter's list; prices are dollars per token, as text."""
    return {
        "id": name,
        "canonical_slug": name,
        "hugging_face_id": None,
        "name": title,
        "created": 1738000000,
        "description": "A model.",
        "context_length": 163840,
        "architecture": {"modality": "text->text", "input_modalities": ["text"], "output_modalities": ["text"]},
        "pricing": {"prompt": prompt, "completion": completion, "request": "0", "image": "0"},
        "top_provider": {"context_length": 163840, "max_completion_tokens": None, "is_moderated": False},
        "per_request_limits": None,
        "supported_parameters": ["temperature", "tools"],
        **more,
    }


@dataclass
class Catalogues:
    """Both lists. An asynchronous context manager; ``url`` is the address of both."""

    models: list[dict[str, Any]] = field(default_factory=list)
    offers: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Paths with their authors or sort orders, and the ETags sent."""
    refuse: dict[str, tuple[int, Mapping[str, str]]] = field(default_factory=dict)
    """Statuses and headers by path, or by author."""
    instead: Any = None
    """What is answered in place of any list, as a changed shape."""
    ignore_limit: bool = False
    _runner: web.AppRunner | None = None
    url: str = ""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application()
        app.router.add_get("/api/models", self._models)
        app.router.add_get("/api/v1/models", self._offers)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Listen no more."""
        assert self._runner is not None
        await self._runner.cleanup()

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(asked.startswith(path) for asked, _ in self.asked)

    async def _models(self, request: web.Request) -> web.Response:
        author = request.query.get("author", "")
        if author:
            assert request.query["sort"] == "createdAt"
            found = [m for m in self.models if m["id"].startswith(f"{author}/")]
            found.sort(key=lambda m: m["createdAt"], reverse=True)
        else:
            assert request.query["sort"] == "trendingScore"
            found = sorted(self.models, key=lambda m: -m["likes"])
        limit = len(found) if self.ignore_limit else int(request.query["limit"])
        return self._answer(request, author or "trending", found[:limit])

    async def _offers(self, request: web.Request) -> web.Response:
        return self._answer(request, "", {"data": self.offers})

    def _answer(self, request: web.Request, what: str, body: Any) -> web.Response:
        sent = request.headers.get("If-None-Match", "")
        self.asked.append((f"{request.path} {what}".strip(), sent))
        for key in (request.path, what):
            if key in self.refuse:
                status, headers = self.refuse[key]
                return web.Response(status=status, headers=headers, text="no")
        text = json.dumps(body if self.instead is None else self.instead)
        etag = f'W/"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
        if sent == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text=text, content_type="application/json", headers={"ETag": etag})
