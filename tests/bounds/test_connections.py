"""Those who open connections and ask nothing lock nobody out, over real connections on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from bot.bounds.connections import Gate
from tests.waiting import eventually

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Server(asyncio.Protocol):
    """Answers each request; one for /large with more than anybody takes at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.seen = b""

    def data_received(self, data: bytes) -> None:
        self.seen += data
        while b"\r\n\r\n" in self.seen:
            asked, _, self.seen = self.seen.partition(b"\r\n\r\n")
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.write(b"x" * 50_000_000 if b"/large" in asked else PAGE)


@contextlib.asynccontextmanager
async def serving(gate: Gate) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(gate.gated(Server), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def asked(port: int) -> bytes:
    async with connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        return await reader.readexactly(len(PAGE))


async def closed(reader: asyncio.StreamReader) -> bool:
    with contextlib.suppress(ConnectionError):
        await reader.read()
    return True


async def test_hundreds_who_say_nothing_lock_nobody_out() -> None:
    async with serving(Gate(10, ask_within=600)) as port, contextlib.AsyncExitStack() as held:
        idle = [await held.enter_async_context(connected(port)) for _ in range(300)]
        assert await asked(port) == PAGE
        gone = [reader for reader, _ in idle if reader.at_eof() or reader.exception()]
        await eventually(lambda: sum(r.at_eof() or r.exception() is not None for r, _ in idle) >= 290)
        assert gone != [r for r, _ in idle[-len(gone) :]], "the oldest go first"
        assert not idle[-1][0].at_eof()
        assert idle[-1][0].exception() is None


async def test_somebody_who_is_served_stays_while_others_open_connections() -> None:
    async with serving(Gate(10, ask_within=600)) as port, contextlib.AsyncExitStack() as held:
        reader, writer = await held.enter_async_context(connected(port))
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.readexactly(len(PAGE)) == PAGE
        for _ in range(50):
            await held.enter_async_context(connected(port))
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.readexactly(len(PAGE)) == PAGE


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n", b"GET / HTTP/1.1\r\n\r\nGET /"])
async def test_a_request_that_does_not_end_is_closed(begun: bytes) -> None:
    async with serving(Gate(10, ask_within=0.05)) as port, connected(port) as (reader, writer):
        writer.write(begun)
        assert await closed(reader)


async def test_drip_by_drip_is_no_way_around() -> None:
    async with serving(Gate(10, ask_within=0.2)) as port, connected(port) as (reader, writer):

        async def drip() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(b"X: y\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.02)

        writer.write(b"GET / HTTP/1.1\r\n")
        dripping = asyncio.create_task(drip())
        assert await closed(reader)
        dripping.cancel()


async def test_who_takes_nothing_is_closed() -> None:
    async with serving(Gate(10, take_within=0.1)) as port, connected(port) as (reader, writer):
        writer.write(b"GET /large HTTP/1.1\r\n\r\n")
        await asyncio.sleep(0.5)
        got = 0
        with contextlib.suppress(ConnectionError):
            while part := await reader.read(1 << 16):
                got += len(part)
        assert got < 50_000_000


async def test_a_header_cut_anywhere_is_still_a_request() -> None:
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    async with serving(Gate(10, ask_within=5)) as port:
        for at in range(1, len(request)):
            async with connected(port) as (reader, writer):
                writer.write(request[:at])
                await asyncio.sleep(0)
                writer.write(request[at:])
                assert await reader.readexactly(len(PAGE)) == PAGE
