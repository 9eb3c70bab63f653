"""A worker: answers the requests that come on a socket, one after the other, until there are no more or it is killed.

On the socket a request is one line, a JSON object of what ASGI's scope needs. An answer is a part with status and
headers, parts of the body, and an empty one; each begins with its size.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import socket
import struct
import warnings
from collections.abc import MutableMapping
from typing import Any

from bot.bounds.child import confine, confine_sqlite
from bot.core.text.formulas import harmless
from bot.web.guard import NONCE, App

SIZE = struct.Struct(">I")
HEAP = 128 << 20
"""Bytes SQLite may take for all it does."""
MEMORY = 320 << 20
"""Bytes a worker may take beyond what it has when it starts: SQLite's, the rows, and the page made of them."""
FILES = 16 << 20
"""Bytes of a file; only the index of SQLite's log is ever written, and no temporary files."""
LONGEST = 256 << 10
"""Bytes of a request."""
_PART = 64 << 10
_NUMBER = re.compile(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?")


def packed(scope: MutableMapping[str, Any]) -> bytes:
    """A request as a line."""
    kept = {name: scope.get(name) for name in ("method", "path", "scheme", "http_version", "client", "server", NONCE)}
    raw = {name: bytes(scope.get(name) or b"").decode("latin-1") for name in ("raw_path", "query_string")}
    headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in scope["headers"]]
    return json.dumps({**kept, **raw, "headers": headers}).encode() + b"\n"


def _unpacked(line: bytes) -> dict[str, Any]:
    scope: dict[str, Any] = json.loads(line)
    scope.update((name, scope[name].encode("latin-1")) for name in ("raw_path", "query_string"))
    scope["headers"] = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in scope["headers"]]
    return {**scope, "type": "http", "asgi": {"version": "3.0"}, "root_path": ""}


def serve(application: App, requests: socket.socket) -> None:
    """Limit this process for good, and answer."""
    os.environ["SQLITE_TMPDIR"] = os.devnull
    confine_sqlite(HEAP)
    confine(MEMORY, FILES)
    warnings.filterwarnings("ignore", category=RuntimeWarning)  # Datasette forgets coroutines where a value is wrong
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with requests.makefile("rb") as lines:
        while line := lines.readline(LONGEST):
            scope = _unpacked(line)
            out = _Defused(requests) if scope["path"].endswith(".csv") else _Out(requests)
            try:
                loop.run_until_complete(application(scope, _receive, out.send))
                out.end()
            except (MemoryError, OSError):
                return  # what is left of this process is not worth keeping; or nobody waits any more


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


class _Out:
    """Where an answer goes: in parts of a size that is worth a message."""

    def __init__(self, to: socket.socket) -> None:
        self._to = to
        self._waiting = bytearray()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """ASGI's ``send``."""
        if message["type"] == "http.response.start":
            self.start(message)
        elif message["type"] == "http.response.body":
            self.put(bytes(message.get("body", b"")))

    def start(self, message: MutableMapping[str, Any]) -> None:
        """Status and headers."""
        headers = [(bytes(n).decode("latin-1"), bytes(v).decode("latin-1")) for n, v in message.get("headers", [])]
        self._write(json.dumps([message["status"], headers]).encode())

    def put(self, body: bytes) -> None:
        """More of the body."""
        self._waiting += body
        if len(self._waiting) >= _PART:
            self._flush()

    def end(self) -> None:
        """There is no more of it."""
        if self._waiting:
            self._flush()
        self._write(b"")

    def _flush(self) -> None:
        self._write(bytes(self._waiting))
        self._waiting.clear()

    def _write(self, part: bytes) -> None:
        self._to.sendall(SIZE.pack(len(part)))
        self._to.sendall(part)


class _Defused(_Out):
    """CSV of which no cell is a formula to a spreadsheet. Datasette writes a row at a time."""

    _is_csv = False

    def start(self, message: MutableMapping[str, Any]) -> None:
        """As its base; an error is a page of HTML."""
        kind = next((v for n, v in message.get("headers", []) if n.lower() == b"content-type"), b"")
        self._is_csv = kind.startswith((b"text/plain", b"text/csv"))
        super().start(message)

    def put(self, body: bytes) -> None:
        """A row."""
        super().put(defused(body) if self._is_csv else body)


def defused(row: bytes) -> bytes:
    """A row of CSV without formulas; a number stays one."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for cells in csv.reader(io.StringIO(row.decode("utf-8"), newline="")):
        writer.writerow([cell if _NUMBER.fullmatch(cell) else harmless(cell) for cell in cells])
    return out.getvalue().encode("utf-8")
