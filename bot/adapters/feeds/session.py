"""HTTP sessions for feeds, and where they may connect to.

Whoever runs a feed can redirect it, or point its name, to an address on this machine or its network: a router's page, a
cloud's metadata service. So what a feed leads to is checked where the socket is made, by the address it is made for;
a check of the name before would be undone by a name that resolves differently the second time (DNS rebinding). A feed
whose own address is local, or is marked ``local`` in the configuration, may lead anywhere.
"""

from __future__ import annotations

import ipaddress
import socket
from types import TracebackType
from typing import Any, Self
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.abc import AbstractResolver

from bot.core.text.links import host_of

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: IPv4 addresses as seen through a translator, in the last 32 bits."""
_NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("fec0::/10", "::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48")))
"""Site-local addresses (RFC 3879), ways of writing an IPv4 address (RFC 4291, 2765), and translators within a network
(RFC 8215): Python takes them for global."""
_STAND_INS = ipaddress.ip_network("198.18.0.0/15")
"""RFC 2544's range, which VPN programs hand out as stand-ins for the addresses of public names."""
_LOCAL_SUFFIXES = (".localhost", ".local", ".lan", ".internal", ".home.arpa", ".home", ".intranet", ".test")
"""Names that no public server has (RFC 6761, 6762, 8375, and what home routers use)."""


class LocalAddressError(OSError):
    """A feed leads to an address that is not on the public internet. The text does not name it."""

    def __init__(self) -> None:
        super().__init__("it leads to an address on this machine or its network")


class FeedSession:
    """The sessions through which feeds are fetched; an asynchronous context manager.

    They keep no cookies (a site can set so many that it refuses the next request for being too large), and use the
    proxy that the environment names. ``resolver`` is for tests.
    """

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver

    async def __aenter__(self) -> Self:
        self._public = open_session(aiohttp.TCPConnector(socket_factory=_public_socket, resolver=self._resolver))
        self._any = open_session(aiohttp.TCPConnector(resolver=self._resolver))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._public.close()
        await self._any.close()

    def towards(self, url: str, *, local: bool) -> aiohttp.ClientSession:
        """The session for a request to ``url``; ``local``: it may be on this machine or its network.

        Raises LocalAddressError where it is and may not. Behind a proxy only the address as written can be checked:
        the proxy resolves names, and connects.
        """
        if local:
            return self._any
        if is_local(url):
            raise LocalAddressError
        return self._any if _is_proxied(url) else self._public


def is_local(url: str) -> bool:
    """Whether the host of ``url``, as written, is on this machine or its network."""
    host = host_of(url).rstrip(".")
    try:
        return not _is_public(host)
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_SUFFIXES)


def open_session(connector: aiohttp.TCPConnector | None = None) -> aiohttp.ClientSession:
    """A session without cookies that uses the proxy of the environment.

    Without a ``connector`` each request has a connection of its own. That is for servers that are asked now and then:
    a kept connection would often be one that they are closing, and a POST that meets its end is not sent again.
    """
    connector = connector or aiohttp.TCPConnector(force_close=True)
    return aiohttp.ClientSession(connector=connector, trust_env=True, cookie_jar=aiohttp.DummyCookieJar())


def _public_socket(found: tuple[Any, ...]) -> socket.socket:
    """A socket for a resolved address. Raises LocalAddressError for one that is not public."""
    family, kind, protocol, _, address = found
    if not _is_public(address[0]):
        raise LocalAddressError
    return socket.socket(family=family, type=kind, proto=protocol)


def _is_public(host: str) -> bool:
    """Whether an IP address is on the public internet, also one written as another. Raises ValueError for a name."""
    try:
        address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        # "127.1", "0x7f000001" and "2130706433" are the same address to the C library
        address = ipaddress.IPv4Address(socket.inet_aton(host)) if _is_numeric(host) else ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if any(address in network for network in _NOT_PUBLIC):
            return False
        address = inner or address
    stands_in = address.version == 4 and address in _STAND_INS
    return stands_in or (address.is_global and not address.is_multicast)


def _is_numeric(host: str) -> bool:
    """Whether the C library takes ``host`` for an IPv4 address."""
    if not host or not host[0].isdigit():
        return False
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


def _is_proxied(url: str) -> bool:
    return url.partition(":")[0].lower() in getproxies() and not proxy_bypass(host_of(url))
