"""A news site on loopback over real HTTP: documents with ETag and Last-Modified, and a fault for every path below.

``publish`` puts a document at a path; ``searches`` answer by the query. Of the paths below ``/fault/``, each misbehaves
in the way its name says.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web

BOMB_SIZE = 300_000_000
"""What the bombs unpack to, in bytes; some 300 kB over the wire."""


@dataclass
class Document:
    """What a path answers with."""

    body: bytes
    content_type: str = "application/rss+xml"
    validators: bool = True
    """Whether ETag and Last-Modified are sent, and 304 is answered."""
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    coding: str = ""
    """``gzip``, ``deflate`` (zlib) or ``raw-deflate``: compress with it."""
    chunk: int = 0
    """Send in chunks of this many bytes, without a length."""
    fixed_etag: str = ""
    """An ETag that stays whatever the body."""
    last_modified: str = ""
    """Sent alone, without an ETag; a request with it is answered with 304."""

    @property
    def etag(self) -> str:
        return self.fixed_etag or f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


@dataclass(frozen=True)
class Seen:
    """A request the server got."""

    path: str
    headers: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    at: float = field(default_factory=time.monotonic)
    """When, on the monotonic clock."""


class FeedServer:
    """An asynchronous context manager; ``url`` gives the addresses."""

    LAST_MODIFIED = "Mon, 27 Jan 2025 10:00:00 GMT"

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.searches: dict[str, Callable[[Mapping[str, str]], Document]] = {}
        """Paths whose answer depends on the query."""
        self.requests: list[Seen] = []
        self.bomb_sent = 0
        """Compressed bytes of a bomb handed to the network."""
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/fault/{fault}", self._fault)
        app.router.add_get("/{path:.*}", self._document)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def url(self, path: str) -> str:
        """The address of ``path``."""
        return f"http://127.0.0.1:{self._port}/{path.lstrip('/')}"

    def publish(self, path: str, document: Document | bytes | str) -> str:
        """Put a document at ``path``, in place of what was there; returns its address."""
        if isinstance(document, str):
            document = document.encode()
        if isinstance(document, bytes):
            document = Document(document)
        self.documents[path.lstrip("/")] = document
        return self.url(path)

    def asked(self, path: str) -> list[Seen]:
        """The requests for ``path``, oldest first."""
        return [seen for seen in self.requests if seen.path == "/" + path.lstrip("/")]

    async def _document(self, request: web.Request) -> web.StreamResponse:
        headers = {k.lower(): v for k, v in request.headers.items()}
        self.requests.append(Seen(request.path, headers, dict(request.query)))
        path = request.match_info["path"]
        search = self.searches.get(path)
        document = search(request.query) if search is not None else self.documents.get(path)
        if document is None:
            return web.Response(status=404, text="no such page")
        headers = {"Content-Type": document.content_type} if document.content_type else {}
        headers |= document.headers
        if document.validators and document.status == 200:
            if document.last_modified:
                headers |= {"Last-Modified": document.last_modified}
                if request.headers.get("If-Modified-Since") == document.last_modified:
                    return web.Response(status=304)
            else:
                headers |= {"ETag": document.etag, "Last-Modified": self.LAST_MODIFIED}
            if request.headers.get("If-None-Match") == document.etag:
                return web.Response(status=304, headers={"ETag": document.etag})
        body = document.body
        if document.coding == "gzip":
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        elif document.coding == "deflate":
            body, headers["Content-Encoding"] = zlib.compress(body), "deflate"
        elif document.coding == "raw-deflate":
            raw = zlib.compressobj(wbits=-15)
            body, headers["Content-Encoding"] = raw.compress(body) + raw.flush(), "deflate"
        response = web.StreamResponse(status=document.status, headers=headers)
        if document.chunk:
            response.enable_chunked_encoding()
        else:
            response.content_length = len(body)
        await response.prepare(request)
        step = document.chunk or 65_536
        for start in range(0, len(body), step):
            await response.write(body[start : start + step])
        await response.write_eof()
        return response

    async def _fault(self, request: web.Request) -> web.StreamResponse:  # noqa: C901  - a case for each fault
        self.requests.append(Seen(request.path, {k.lower(): v for k, v in request.headers.items()}))
        fault = request.match_info["fault"]
        if fault == "slow-headers":
            await asyncio.sleep(60)
        if fault == "slow-body":  # a byte at a time: never silent for long, never done
            response = web.StreamResponse(headers={"Content-Type": "application/rss+xml"})
            await response.prepare(request)
            for _ in range(600):
                await response.write(b" ")
                await asyncio.sleep(0.1)
            return response
        if fault == "stalled-body":
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b"<rss>")
            await asyncio.sleep(60)
        if fault == "reset":
            response = web.StreamResponse(headers={"Content-Length": "100000"})
            await response.prepare(request)
            await response.write(b"<?xml version='1.0'?><rss version='2.0'><channel><item><title>Half")
            await asyncio.sleep(0.05)
            assert request.transport is not None
            request.transport.abort()
            return response
        if fault == "hang-up":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault == "not-http":
            assert request.transport is not None
            request.transport.write(b"220 mail.example ESMTP ready\r\n\r\n")
            request.transport.close()
            return web.Response()
        if fault in ("gzip-bomb", "unannounced-bomb", "huge"):
            return await self._bomb(request, fault)
        if fault == "loop":
            return web.Response(status=302, headers={"Location": "/fault/loop-back"})
        if fault == "loop-back":
            return web.Response(status=302, headers={"Location": "/fault/loop"})
        if fault.startswith("endless"):
            return web.Response(status=302, headers={"Location": f"/fault/{fault}x"})
        if fault == "nowhere":
            return web.Response(status=302)
        if fault == "to-file":
            return web.Response(status=301, headers={"Location": "file:///etc/passwd"})
        if fault == "to-nonsense":
            return web.Response(status=301, headers={"Location": "http://[::1"})
        if fault == "not-modified":
            return web.Response(status=304)
        if fault == "brotli":
            return web.Response(body=b"\x0b\x02\x80", headers={"Content-Encoding": "br"})
        return web.Response(status=404)

    async def _bomb(self, request: web.Request, fault: str) -> web.StreamResponse:
        """Zeros without end, made as they are sent; until the other side hangs up."""
        headers = {"Content-Type": "application/rss+xml"}
        if fault == "gzip-bomb":
            headers["Content-Encoding"] = "gzip"
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        block = b"\0" * 1_000_000
        pack = zlib.compressobj(9, wbits=31)
        try:
            for _ in range(BOMB_SIZE // len(block)):
                piece = block if fault == "huge" else pack.compress(block)
                self.bomb_sent += len(piece)
                if piece:
                    await response.write(piece)
                await asyncio.sleep(0)
            if fault != "huge":
                await response.write(pack.flush())
        except ConnectionResetError:
            return response
        await response.write_eof()
        return response
