"""The Hugging Face hub's, OpenRouter's and models.dev's public lists on loopback, as those answer; bodies are our own.

The hub answers ``/api/models`` with a list of what ``author`` has, newest first, and with everything by likes for
``sort=trendingScore``; OpenRouter ``/api/v1/models`` with ``{"data": […]}``; models.dev ``/catalog.json`` with
providers and their models by id, and models by lab and id. All send ETags and answer 304.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
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


def catalogued(name: str, released: str, prompt: float | None, completion: float | None, **more: Any) -> dict[str, Any]:
    """A model of a provider in models.dev's catalogue; prices are dollars per million tokens."""
    entry: dict[str, Any] = {
        "id": name.lower().replace(" ", "-"),
        "name": name,
        "family": "made",
        "attachment": False,
        "reasoning": True,
        "reasoning_options": [{"type": "toggle"}],
        "tool_call": True,
        "temperature": True,
        "knowledge": "2024-07",
        "release_date": released,
        "last_updated": released,
        "modalities": {"input": ["text"], "output": ["text"]},
        "open_weights": True,
        "limit": {"context": 163_840, "output": 8_192},
    }
    if prompt is not None:
        entry["cost"] = {"input": prompt, "output": completion, "cache_read": 0.01}
    return entry | more


def provider(name: str, *models: dict[str, Any]) -> dict[str, Any]:
    """A provider in models.dev's catalogue."""
    about = {"id": name, "env": [f"{name.upper()}_API_KEY"], "npm": "made", "name": name, "doc": "https://made.example"}
    return {**about, "models": {model["id"]: model for model in models}}


def filing(company: str, cik: int, accession: str, at: datetime, *items: str, form: str = "8-K") -> str:
    """An entry of EDGAR's feed of current filings, as of 2026."""
    number = accession.replace("-", "")
    listed = "".join(f"\n&lt;br&gt;Item {item}: As the form names it" for item in items)
    return f"""<entry>
<title>{form} - {company} ({cik:010d}) (Filer)</title>
<link rel="alternate" type="text/html"
 href="https://www.sec.gov/Archives/edgar/data/{cik}/{number}/{accession}-index.htm"/>
<summary type="html">
 &lt;b&gt;Filed:&lt;/b&gt; {at:%Y-%m-%d} &lt;b&gt;AccNo:&lt;/b&gt; {accession} &lt;b&gt;Size:&lt;/b&gt; 2 MB{listed}
</summary>
<updated>{at.astimezone(timezone(timedelta(hours=-5))).isoformat(timespec="seconds")}</updated>
<category scheme="https://www.sec.gov/" label="form type" term="{form}"/>
<id>urn:tag:sec.gov,2008:accession-number={accession}</id>
</entry>"""


def repository(name: str, created_at: datetime, **more: Any) -> dict[str, Any]:
    """An entry of GitHub's list of an organisation's repositories."""
    return {
        "id": 1,
        "name": name,
        "full_name": f"some/{name}",
        "html_url": f"https://github.com/some/{name}",
        "description": "An open model.",
        "created_at": created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "fork": False,
        "archived": False,
        "license": {"key": "mit", "name": "MIT License", "spdx_id": "MIT"},
        **more,
    }


@dataclass
class Catalogues:
    """All lists. An asynchronous context manager; ``url`` is the address of all."""

    models: list[dict[str, Any]] = field(default_factory=list)
    offers: list[dict[str, Any]] = field(default_factory=list)
    providers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Those of models.dev, by id."""
    described: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Its models whoever serves them, by ``LAB/MODEL``."""
    filings: list[str] = field(default_factory=list)
    """Entries of EDGAR's feed, newest first."""
    tickers: dict[str, int] = field(default_factory=dict)
    """CIKs by ticker."""
    repositories: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Those of GitHub's organisations, newest first."""
    agents: set[str] = field(default_factory=set)
    """The User-Agents of those who asked EDGAR."""
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
        app.router.add_get("/catalog.json", self._providers)
        app.router.add_get("/orgs/{name}/repos", self._repositories)
        app.router.add_get("/cgi-bin/browse-edgar", self._filings)
        app.router.add_get("/files/company_tickers.json", self._tickers)
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

    async def _providers(self, request: web.Request) -> web.Response:
        return self._answer(request, "", {"models": self.described, "providers": self.providers})

    async def _repositories(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.repositories and name not in self.refuse:
            return web.Response(status=404, text='{"message":"Not Found"}')
        return self._answer(request, name, self.repositories.get(name, [])[: int(request.query["per_page"])])

    async def _tickers(self, request: web.Request) -> web.Response:
        listed = {
            str(n): {"cik_str": cik, "ticker": ticker, "title": ticker}
            for n, (ticker, cik) in enumerate(self.tickers.items())
        }
        return self._undeclared(request) or web.json_response(listed)

    async def _filings(self, request: web.Request) -> web.Response:
        assert request.query["action"] == "getcurrent"
        start, count = int(request.query.get("start", "0")), int(request.query["count"])
        entries = "\n".join(self.filings[start : start + count])
        text = f'<?xml version="1.0" encoding="ISO-8859-1" ?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n{entries}\n</feed>'
        if (refused := self._undeclared(request)) is not None:
            return refused
        if self.instead is not None:
            return web.Response(text=str(self.instead), content_type="application/atom+xml")
        return web.Response(text=text, content_type="application/atom+xml")

    def _undeclared(self, request: web.Request) -> web.Response | None:
        """EDGAR's answer to who does not say how to be reached, and to what ``refuse`` says."""
        agent = request.headers.get("User-Agent", "")
        self.agents.add(agent)
        self.asked.append((request.path, ""))
        if "@" not in agent:
            return web.Response(status=403, text="Undeclared Automated Tool")
        if request.path in self.refuse:
            status, headers = self.refuse[request.path]
            return web.Response(status=status, headers=headers, text="no")
        return None

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
