"""Hands requests to worker processes, and ends those that take too long.

Whatever outsiders ask is worked on in a worker: SQL, facets and filters, searches, the pages made of what was found.
The server itself only passes on bytes, and so is there whatever is asked of it. Each kind of question has workers of
its own, so that SQL keeps nobody from the front page.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from bot.web.guard import Receive, Scope, Send, refuse
from bot.web.nursery import Nursery
from bot.web.worker import SIZE, packed

WAIT = 10.0
"""Seconds a request waits for a worker."""
STALLED = 20.0
"""Seconds in which somebody must take something of an answer that does not fit into the buffer."""
_BUFFER = 1 << 20
"""Bytes of an answer that are taken from the worker whether or not they have been sent on."""
TOO_LONG = "This took too long, or more memory than it may; ask for less."
BUSY = "Too many questions at once. Try again in a few seconds."
_RETRY = ((b"retry-after", b"5"),)


@dataclass(slots=True)
class Lane:
    """Workers for one kind of question."""

    most: int
    """Workers."""
    waiting: int
    """Requests that may wait for one."""
    seconds: float
    """For a whole answer."""
    idle: list[_Worker] = field(default_factory=list)
    free: asyncio.Semaphore = field(init=False)
    asked: int = 0

    def __post_init__(self) -> None:
        self.free = asyncio.Semaphore(self.most)


class EndedError(Exception):
    """The worker ended before its answer did."""


class _Worker:
    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery
        self._number, self._socket = nursery.worker()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> None:
        if self._streams is None:
            self._socket.setblocking(False)
            self._streams = await asyncio.open_connection(sock=self._socket, limit=_BUFFER)
        self._streams[1].write(request)

    async def part(self) -> bytes:
        """The next part of the answer. Raises EndedError."""
        assert self._streams is not None
        try:
            (size,) = SIZE.unpack(await self._streams[0].readexactly(SIZE.size))
            return await self._streams[0].readexactly(size)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise EndedError from error

    def is_alive(self) -> bool:
        return self._streams is None or not (self._streams[0].at_eof() or self._streams[1].is_closing())

    def kill(self) -> None:
        self._nursery.kill(self._number)
        if self._streams is not None:
            self._streams[1].close()
        else:
            self._socket.close()


class Workers:
    """An ASGI application in processes of ``nursery``."""

    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery
        self._pages = Lane(most=2, waiting=32, seconds=20.0)
        self._questions = Lane(most=4, waiting=16, seconds=20.0)
        self._exports = Lane(most=2, waiting=4, seconds=600.0)

    def lane(self, path: str) -> Lane:
        """Which workers answer at ``path``."""
        if path.endswith(".csv"):
            return self._exports
        is_page = path in ("/", "/live") or path.startswith(("/incident/", "/alert/", "/assets/", "/-/static/"))
        return self._pages if is_page else self._questions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request by a worker."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        started = False

        async def noted(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        answer = asyncio.ensure_future(self._answered(scope, noted))
        left = asyncio.ensure_future(_left(receive))
        left.add_done_callback(lambda _: answer.cancel())
        try:
            await answer
        except (EndedError, TimeoutError):
            if started:
                raise ConnectionAbortedError("an answer was cut short") from None
            await refuse(send, scope, 400, TOO_LONG)
        except _BusyError:
            await refuse(send, scope, 503, BUSY, _RETRY)
        except OSError:
            if started:
                raise
            await refuse(send, scope, 503, "The pages have to be started again.")
        except asyncio.CancelledError:
            if not left.done():
                raise  # the server ends; else whoever asked has gone
        finally:
            left.cancel()
            answer.cancel()

    async def _answered(self, scope: Scope, send: Send) -> None:
        lane = self.lane(scope["path"])
        async with _worker(lane, self._nursery) as worker, asyncio.timeout(lane.seconds):
            await worker.ask(packed(scope))
            status, headers = json.loads(await worker.part())
            parts, size = [], 0
            while size < _BUFFER and (part := await worker.part()):
                parts.append(part)
                size += len(part)
            start = {
                "type": "http.response.start",
                "status": status,
                "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers],
            }
            if size >= _BUFFER:
                await send(start)
                for part in parts:
                    await _taken(send, part)
                while part := await worker.part():
                    await _taken(send, part)
                parts = []
        # a worker is free again before a slow reader has the end of a small answer
        if size < _BUFFER:
            await send(start)
        async with asyncio.timeout(STALLED):
            await send({"type": "http.response.body", "body": b"".join(parts)})


async def _taken(send: Send, part: bytes) -> None:
    async with asyncio.timeout(STALLED):
        await send({"type": "http.response.body", "body": part, "more_body": True})


class _BusyError(Exception):
    """No worker is free, and enough wait for one."""


@contextlib.asynccontextmanager
async def _worker(lane: Lane, nursery: Nursery) -> AsyncIterator[_Worker]:
    """A worker for one request. It is kept for the next if it has answered, and killed if not."""
    if lane.asked >= lane.most + lane.waiting:
        raise _BusyError
    lane.asked += 1
    try:
        try:
            async with asyncio.timeout(WAIT):
                await lane.free.acquire()
        except TimeoutError:
            raise _BusyError from None
        try:
            worker = _from(lane) or _Worker(nursery)
            try:
                yield worker
            except BaseException:
                worker.kill()
                raise
            lane.idle.append(worker)
        finally:
            lane.free.release()
    finally:
        lane.asked -= 1


def _from(lane: Lane) -> _Worker | None:
    while lane.idle:
        worker = lane.idle.pop()
        if worker.is_alive():
            return worker
        worker.kill()
    return None


async def _left(receive: Receive) -> None:
    """Returns when whoever asked has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
