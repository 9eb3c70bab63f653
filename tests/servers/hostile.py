"""A server that answers every request as badly as it can, on loopback: for all that the bot asks of servers.

    async with Hostile("gzip bomb") as server:
        ...post something to server.url...
        assert server.sent < 20_000_000

``ANSWERS`` lists how it can answer. ``sent`` counts the bytes that the other side took before it hung up, ``asked`` the
requests. ``payload`` is the JSON that the right answer would have.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import threading
import zlib
from collections.abc import Iterator
from functools import cache
from types import TracebackType
from typing import Self

CHUNK = b"x" * 65_536
MOST = 1_000_000_000
"""Bytes after which an endless answer ends after all, so that a test ends too."""


def _head(status: str = "200 OK", kind: str = "application/json", *more: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *more]
    lines += [f"Content-Length: {length}"] if length is not None else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _whole(body: bytes, status: str = "200 OK", kind: str = "application/json", *more: str) -> bytes:
    return _head(status, kind, *more, length=len(body)) + body


@cache
def packed() -> bytes:
    """Half a gigabyte of the same letter, packed."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    piece = b"a" * 2**20
    return b"".join([packer.compress(piece) for _ in range(512)] + [packer.flush()])


def _bomb(level: int) -> Iterator[bytes]:
    inner = packed()
    for _ in range(level - 1):
        inner = gzip.compress(inner)
    yield _whole(inner, "200 OK", "application/json", f"Content-Encoding: {', '.join(['gzip'] * level)}")


def answer(kind: str, payload: bytes, other: str) -> Iterator[bytes | float]:  # noqa: C901  - a case for each
    """The pieces of an answer; a number is a pause in seconds."""
    match kind:
        case "slow head":
            yield b"HTTP/1.1 200 OK\r\nX-Drip: "
            while True:
                yield from (b"a", 0.05)
        case "slow body":
            yield _head(length=1_000_000)
            while True:
                yield from (b" ", 0.05)
        case "silence":
            yield 3600.0
        case "endless body":
            yield _head()
            yield b'{"a": "'
            yield from (CHUNK for _ in range(MOST // len(CHUNK)))
        case "endless chunks":
            yield _head("200 OK", "application/json", "Transfer-Encoding: chunked")
            yield from (b"10000\r\n" + CHUNK + b"\r\n" for _ in range(MOST // len(CHUNK)))
        case "endless head":
            yield b"HTTP/1.1 200 OK\r\n"
            yield from (b"X-Header-%d: %s\r\n" % (i, b"a" * 1000) for i in range(1_000_000))
        case "endless header line":
            yield b"HTTP/1.1 200 OK\r\nX-Header: "
            yield from (CHUNK for _ in range(MOST // len(CHUNK)))
        case "endless interim":
            yield from (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100 for _ in range(1_000_000))
        case "gzip bomb":
            yield from _bomb(1)
        case "gzip bomb in a gzip bomb":
            yield from _bomb(2)
        case "html":
            yield _whole(b"<html>Please log in to this network</html>", "200 OK", "text/html")
        case "wrong type":
            yield _whole(payload, "200 OK", "image/png")
        case "empty":
            yield _whole(b"")
        case "no content":
            yield b"HTTP/1.1 204 No Content\r\n\r\n"
        case "deep json":
            yield _whole(b"[" * 100_000 + b"]" * 100_000)
        case "deep objects":
            yield _whole(b'{"a":' * 50_000 + b"1" + b"}" * 50_000)
        case "surrogates":
            yield _whole(json.dumps({"\ud800": "\udfff", "ok": "\ud83d"}).encode())
        case "bad utf-8":
            yield _whole(b'{"a": "\xff\xfe\xc3\x28"}')
        case "duplicate keys":
            yield _whole(b'{"a": 1, "a": {"b": 2}, "a": []}')
        case "not numbers":
            yield _whole(b'{"a": NaN, "b": Infinity, "c": -Infinity, "d": 1e999999, "e": ' + b"9" * 5000 + b"}")
        case "many fields":
            yield _whole(json.dumps({f"field{i}": i for i in range(10_000)}).encode())
        case "other shape":
            yield _whole(b'[null, true, "text", 7, {}]')
        case "truncated":
            yield _whole(payload)[: -max(1, len(payload) // 2)]
        case "redirect":
            yield _head("302 Found", "text/html", f"Location: {other}", length=0)
        case "redirect that keeps the method":
            yield _head("307 Temporary Redirect", "text/html", f"Location: {other}", length=0)
        case "redirect to itself":
            yield _head("308 Permanent Redirect", "text/html", "Location: /", length=0)
        case "no http":
            yield b"SSH-2.0-OpenSSH_9.9\r\n" * 10
        case "broken head":
            yield b"HTTP/1.1 200 OK\r\nContent-Length: many\r\nContent-Length: 5\r\n\r\nhello"
        case "status":
            yield _whole(b"{}", "799 Strange")
        case "wait for ever":
            yield _whole(b"{}", "429 Too Many Requests", "application/json", "Retry-After: 99999999999999999999")
        case "wait for thirty thousand years":
            yield _whole(b"{}", "429 Too Many Requests", "application/json", "Retry-After: 1000000000000")
        case "wait until yesterday":
            past = "Retry-After: Mon, 27 Jan 2025 10:00:00 GMT", "Date: Fri, 31 Dec 9999 23:59:59 -1400"
            yield _whole(b"{}", "429 Too Many Requests", "application/json", *past)
        case "redirect to a file":
            yield _head("302 Found", "text/html", "Location: file:///etc/passwd", length=0)
        case "words that steer":
            words = "\x1b[2J\x1b]0;x\x07\u202e\u200b"
            said = {"ok": False, "error_code": 500, "description": words, "error": {"message": words}}
            yield _whole(json.dumps(said).encode(), f"500 {words}", "application/json", f"X-Words: {words}")
        case "huge numbers":
            digits = b"9" * 100_000
            yield _whole(b'{"ok": 1e308, "result": -1e308, "choices": [{"message": {"content": ' + digits + b"}}]}")
        case "two answers":
            yield _whole(payload) + _whole(b'{"ok": false, "error_code": 403}', "403 Forbidden")
        case "length and chunks":
            yield _head("200 OK", "application/json", "Transfer-Encoding: chunked", length=3) + b"2\r\n{}\r\n0\r\n\r\n"
        case "negative length":
            yield _head("200 OK", length=-5) + payload
        case "endless cookies":
            yield b"HTTP/1.1 200 OK\r\n"
            yield from (b"Set-Cookie: c%d=%s\r\n" % (i, b"a" * 4000) for i in range(1_000_000))
        case "packed otherwise":
            yield _whole(b"\x28\xb5\x2f\xfd" + b"\0" * 99, "200 OK", "application/json", "Content-Encoding: zstd, br")
        case "refusal with an endless body":
            yield _head("500 Internal Server Error")
            yield from (CHUNK for _ in range(MOST // len(CHUNK)))
        case "hang up":
            return
        case _:
            raise ValueError(kind)


ANSWERS = (
    *("slow head", "slow body", "silence", "endless body", "endless chunks", "endless head", "endless header line"),
    *("endless interim", "gzip bomb", "gzip bomb in a gzip bomb", "html", "wrong type", "empty", "no content"),
    *("deep json", "deep objects", "surrogates", "bad utf-8", "duplicate keys", "not numbers", "many fields"),
    *("other shape", "truncated", "redirect", "redirect that keeps the method", "redirect to itself", "no http"),
    *("broken head", "status", "wait for ever", "refusal with an endless body", "hang up"),
    *("wait for thirty thousand years", "wait until yesterday", "redirect to a file", "words that steer"),
    *("huge numbers", "two answers", "length and chunks", "negative length", "endless cookies", "packed otherwise"),
)


class Hostile:
    """The server, in a thread of its own: what it does to the other side's event loop, it does over the wire."""

    def __init__(self, kind: str, payload: object = None, other: str = "http://127.0.0.1:9/private") -> None:
        self.kind, self.payload, self.other = kind, json.dumps(payload).encode(), other
        self.sent = 0
        self.asked: list[bytes] = []
        self.port = 0
        self._open: list[asyncio.StreamWriter] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hostile", daemon=True)

    @property
    def url(self) -> str:
        """Its address, without a final slash."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        if "bomb" in self.kind:
            packed()  # it takes seconds
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._ended())
        self._loop.close()

    async def _ended(self) -> None:
        """Every connection closed, and whoever serves one gone."""
        serving = asyncio.all_tasks() - {asyncio.current_task()}
        for task in serving:
            task.cancel()
        for writer in self._open:
            writer.transport.abort()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.append(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(head)
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            if lengths:
                await reader.readexactly(int(lengths[0].split(b":")[1]))
            for piece in answer(self.kind, self.payload, self.other):
                if isinstance(piece, float):
                    await asyncio.sleep(piece)
                    continue
                writer.write(piece)
                await writer.drain()
                self.sent += len(piece)
        with contextlib.suppress(OSError, RuntimeError):
            writer.close()
