"""A feed does not lead the bot to addresses on its own machine or network."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.adapters.feeds.fetch import FetchError, fetch
from bot.adapters.feeds.reader import FeedReader
from bot.adapters.feeds.session import FeedSession, LocalAddressError, _public_socket, is_local
from bot.core.model import Trouble
from tests.feeds.conftest import NOW, SeenSet, item, rss, watch
from tests.servers.feed_server import Document, FeedServer

LOCAL = (
    *("http://localhost/feed", "http://localhost./", "http://a.localhost/", "http://router/", "http://router.lan/"),
    *("http://printer.local/", "http://rss.internal/", "http://nas.home.arpa/"),
    *("http://127.0.0.1/", "http://127.1/", "http://0x7f000001/", "http://2130706433/", "http://0177.0.0.1/"),
    *("http://0.0.0.0/", "http://10.0.0.1/", "http://172.16.3.4/", "http://192.168.1.1/", "http://100.64.0.1/"),
    *("http://169.254.169.254/latest/meta-data", "http://224.0.0.1/", "http://255.255.255.255/"),
    *("http://[::1]/", "http://[::]/", "http://[fe80::1]/", "http://[fd00::1]/", "http://[ff02::1]/"),
    *("http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/"),
    *("http://[fec0::1]/", "http://[::127.0.0.1]/", "http://[::ffff:0:127.0.0.1]/", "http://[64:ff9b:1::a00:1]/"),
)
PUBLIC = (
    *("http://news.example/", "https://news.example:8443/feed", "http://local.example/", "http://0xdead.example/"),
    *("http://163.com/", "http://1e100.net/", "http://8.8.8.8/", "http://[2606:4700::1111]/"),
    "http://198.18.0.7/",  # what a VPN hands out for a public name
)


@pytest.mark.parametrize("url", LOCAL)
def test_an_address_here_is_local_however_it_is_written(url: str) -> None:
    assert is_local(url)


@pytest.mark.parametrize("url", PUBLIC)
def test_other_addresses_are_not(url: str) -> None:
    assert not is_local(url)


class Pointing(AbstractResolver):
    """A name server that answers every name with these addresses, one for each question; the last for ever."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0),
        ]

    async def close(self) -> None:
        return None


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


async def test_a_public_name_that_points_here_is_not_connected_to(site: FeedServer) -> None:
    url = site.publish("admin", rss(item("Secret"))).replace("127.0.0.1", "feed.example")
    async with FeedSession(Pointing("127.0.0.1")) as session:
        with pytest.raises(FetchError, match="leads to an address on this machine or its network") as caught:
            await fetch(session, url, NOW)
    assert site.requests == []
    assert "local: true" in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


async def test_a_feed_that_is_marked_local_may_have_such_a_name(site: FeedServer, seen: SeenSet) -> None:
    url = site.publish("feed", rss(item("A story"))).replace("127.0.0.1", "feed.example")
    async with FeedSession(Pointing("127.0.0.1")) as session:
        poll = await watch(FeedReader(session, seen.known), seen, url, local=True).poll()
        assert [s.title for s in poll.stories] == ["A story"]


async def test_a_local_feed_needs_no_mark_and_may_redirect_here(
    reader: FeedReader, site: FeedServer, seen: SeenSet
) -> None:
    site.publish("feed", rss(item("A story")))
    url = site.publish("moved", Document(b"", status=302, headers={"Location": site.url("feed")}))
    assert len((await watch(reader, seen, url).poll()).stories) == 1


async def test_a_public_feed_does_not_redirect_here_behind_a_proxy_either(
    site: FeedServer, seen: SeenSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy stands for the public internet: what it is asked for comes from there."""
    admin = site.publish("admin", rss(item("Secret")))

    async def public(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {admin}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    async with await asyncio.start_server(public, "127.0.0.1", 0) as proxy, FeedSession() as session:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "")
        poll = await watch(FeedReader(session, seen.known), seen, "http://feed.example/feed").poll()
    assert (poll.report.trouble, poll.stories, site.requests) == (Trouble.FAILED, (), [])
    assert "leads to an address on this machine or its network" in poll.report.detail


def test_the_address_is_checked_where_the_socket_is_made() -> None:
    """After all names are resolved, so that a name that resolves differently the next time gains nothing."""

    def found(address: str) -> tuple[Any, ...]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return (family, socket.SOCK_STREAM, 6, "", (address, 80))

    for address in ("127.0.0.1", "192.168.0.1", "::1", "fe80::1%eth0", "::ffff:10.0.0.1", "169.254.169.254"):
        with pytest.raises(LocalAddressError):
            _public_socket(found(address))
    for address in ("8.8.8.8", "2606:4700::1111"):
        _public_socket(found(address)).close()
