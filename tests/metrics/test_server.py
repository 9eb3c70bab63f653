"""The server over real HTTP on loopback: what it answers, and what it does not let through."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.adapters.metrics.ping import HeartbeatSender
from bot.adapters.metrics.server import AT_ONCE, MetricsServer
from bot.core.errors import SourceError, UsageError
from bot.core.secret import Secret
from tests.metrics.parsed import parsed
from tests.waiting import PATIENCE, eventually


class Told(Collector):
    """What the server is to say."""

    def __init__(self) -> None:
        self.well = True
        self.broken = False

    def registry(self) -> CollectorRegistry:
        registry = CollectorRegistry()
        registry.register(self)
        return registry

    def collect(self) -> Iterable[Metric]:
        if self.broken:
            raise RuntimeError("the inside of it")
        up = GaugeMetricFamily("aftershock_up", "Up.", labels=["title"])
        up.add_metric(["Ünïcode"], 1)
        yield up

    def health(self) -> tuple[bool, Mapping[str, Any]]:
        if self.broken:
            raise RuntimeError("the inside of it")
        return self.well, {"status": "ok" if self.well else "unwell", "reasons": [] if self.well else ["prices"]}


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[tuple[Told, str, aiohttp.ClientSession]]:
    told = Told()
    server = MetricsServer(told.registry(), told.health)
    await server.start("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession() as session:
            yield told, f"http://127.0.0.1:{server.port}", session
    finally:
        await server.close()


async def test_metrics_are_given_out_as_prometheus_asks_for_them() -> None:
    async with served() as (_, base, session), session.get(base + "/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert parsed(await answer.text()).samples == [("aftershock_up", {"title": "Ünïcode"}, 1.0)]


async def test_health_is_200_while_well_and_503_with_the_reason_when_not() -> None:
    async with served() as (told, base, session):
        async with session.get(base + "/healthz") as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ok", "reasons": []})
        told.well = False
        async with session.get(base + "/healthz") as answer:
            assert (answer.status, await answer.json()) == (503, {"status": "unwell", "reasons": ["prices"]})
            assert answer.headers["Cache-Control"] == "no-store"
        async with session.head(base + "/healthz") as answer:
            assert answer.status == 503


async def test_what_breaks_inside_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    async with served() as (told, base, session):
        told.broken = True
        for path, status in (("/metrics", 500), ("/healthz", 503)):
            async with session.get(base + path) as answer:
                assert answer.status == status
                assert "inside" not in await answer.text()
    assert caplog.text.count("the inside of it") >= 2


async def test_nothing_else_is_there_and_nothing_is_taken() -> None:
    async with served() as (_, base, session):
        for method, path, status in (
            ("GET", "/", 200), ("GET", "/../config.yaml", 404), ("POST", "/metrics", 405), ("DELETE", "/healthz", 405),
        ):  # fmt: skip
            async with session.request(method, base + path) as answer:
                assert answer.status == status


async def test_garbage_is_refused_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with served() as (_, base, session):
        port = int(base.rsplit(":", 1)[1])
        for garbage in (
            b"\x16\x03\x01 hello\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\nA: b\r\nB\x00: c\r\n\r\n",
            b"x" * 70_000,
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(garbage)
            with contextlib.suppress(ConnectionError):
                assert b" 400 " in (await asyncio.wait_for(reader.read(10_000), PATIENCE)).split(b"\r\n")[0]
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        async with session.get(base + "/healthz") as answer:
            assert answer.status == 200
    assert [r for r in caplog.records if r.name.startswith(("aiohttp", "metrics"))] == []


async def test_an_address_that_is_taken_is_said_in_one_line_and_the_port_is_free_afterwards() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = MetricsServer(Told().registry(), Told().health)
        with pytest.raises(UsageError, match=rf"127.0.0.1 port {port}: .*in use"):
            await server.start("127.0.0.1", port)
        await server.close()
    again = MetricsServer(Told().registry(), Told().health)
    await again.start("127.0.0.1", port)
    await again.close()


# ------------------------------------------------------------------------------------------------------- the heartbeat


@contextlib.asynccontextmanager
async def switch(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A dead-man's switch that answers so, and what it was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ping/hidden-part", asked


async def test_a_beat_asks_the_whole_address_once() -> None:
    async with switch(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK") as (url, asked):
        async with aiohttp.ClientSession() as session:
            pulse = HeartbeatSender(session, Secret(url))
            await pulse.beat()
            assert pulse.where == "127.0.0.1"
        assert [a.split(b"\r\n")[0] for a in asked] == [b"GET /ping/hidden-part HTTP/1.1"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "127.0.0.1 answered 404"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/hidden-part\r\nContent-Length: 0\r\n\r\n", "302"),
        (b"nonsense\r\n\r\n", "127.0.0.1 cannot be reached"),
        (b"", "127.0.0.1 cannot be reached"),
    ],
)
async def test_a_beat_that_fails_says_so_without_the_address(answer: bytes, words: str) -> None:
    async with switch(answer) as (url, _), aiohttp.ClientSession() as session:
        with pytest.raises(SourceError, match=words) as told:
            await HeartbeatSender(session, Secret(url)).beat()
        assert "hidden-part" not in "".join(map(str, (told.value, told.value.__cause__)))


async def test_a_switch_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    async with aiohttp.ClientSession() as session:
        with pytest.raises(SourceError, match=r"cannot be reached \(ClientConnectorError\)"):
            await HeartbeatSender(session, Secret(f"http://127.0.0.1:{port}/hidden-part")).beat()


async def test_those_who_connect_and_ask_nothing_take_neither_the_port_nor_the_files() -> None:
    async with served() as (_, base, session), contextlib.AsyncExitStack() as held:
        port = int(base.rpartition(":")[2])
        silent = []
        for _ in range(300):
            silent.append(held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)))
            silent[-1].setblocking(False)
            await asyncio.sleep(0)
        async with session.get(base + "/healthz") as answer:
            assert answer.status == 200
        await eventually(lambda: sum(map(is_closed, silent)) >= 300 - AT_ONCE)


def is_closed(one: socket.socket) -> bool:
    """Whether the server has closed the connection."""
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
