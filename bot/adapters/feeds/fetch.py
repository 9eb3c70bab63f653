"""Fetch a feed over HTTP, with limits on time, size and redirects, and a plain error for every way it can fail."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urljoin

import aiohttp

from bot.adapters.feeds.date_text import read_date
from bot.adapters.feeds.dates import FAST_CLOCK
from bot.adapters.feeds.inflate import SUPPORTED, Inflater
from bot.adapters.feeds.session import FeedSession, LocalAddressError, is_local
from bot.core.errors import Obstacle, SourceError
from bot.core.text.links import LinkFault, host_of, link_fault
from bot.core.waiting import retry_after

USER_AGENT = "aftershock/0.1 (news feed reader)"
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml;q=0.9, application/xml;q=0.8, "
    "application/feed+json;q=0.7, */*;q=0.5"
)
_PERMANENT = (301, 308)
_REDIRECTS = (301, 302, 303, 307, 308)

_ADVICE = {
    401: "the feed requires a login; use a public address",
    402: "the feed requires payment; remove it or use a public address",
    403: "access denied; the site may block feed readers: remove the feed or look for another address",
    404: "there is no such page; correct the address or remove the feed",
    410: "the feed is permanently gone; remove it",
    429: "rate-limited by the site; polling slows down automatically",
    451: "not available here for legal reasons; remove the feed",
}

_TO_LOCAL = (
    f"{LocalAddressError()}, and is not fetched; "
    "if that is meant, give the feed `local: true`, else correct its address"
)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Limits on one fetch. Sizes in bytes, compressed and decompressed."""

    body: int = 10_000_000
    redirects: int = 5
    connect: timedelta = timedelta(seconds=10)
    read: timedelta = timedelta(seconds=15)
    """Longest wait for more data."""
    total: timedelta = timedelta(seconds=45)
    """For everything, redirects included."""
    header: int = 64_000
    """The longest header line. A security policy can be longer than aiohttp's 8,190 bytes."""
    headers: int = 400
    """The most header lines; aiohttp's are 128."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A successful response. ``body`` is ``None`` for 304 (not modified)."""

    status: int
    url: str
    """After redirects."""
    body: bytes | None = field(repr=False)
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str = ""
    """The new address, if every redirect was permanent."""

    @property
    def moved_note(self) -> str:
        """What to do about a permanent redirect; empty without one."""
        return f"the feed has permanently moved to {self.moved_to}; change its address" if self.moved_to else ""


class FetchError(SourceError):
    """A feed could not be fetched."""


async def fetch(
    session: FeedSession,
    url: str,
    now: datetime,
    *,
    local: bool = False,
    etag: str | None = None,
    last_modified: str | None = None,
    limits: FetchLimits | None = None,
    user_agent: str = USER_AGENT,
) -> Fetched:
    """Fetch ``url``, conditionally if ``etag`` or ``last_modified`` is known.

    Raises FetchError whatever goes wrong. ``local``: its addresses may be on this machine or its network, as they may
    where ``url`` itself is. ``now`` serves to read ``Retry-After`` and ``Last-Modified``.
    """
    limits = limits or FetchLimits()
    headers = {"User-Agent": user_agent, "Accept": _ACCEPT, "Accept-Encoding": SUPPORTED}
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    try:
        async with asyncio.timeout(limits.total.total_seconds()):
            return await _follow(session, url, headers, now, limits, local=local or is_local(url))
    except FetchError:
        raise
    except LocalAddressError as error:
        raise FetchError(_TO_LOCAL, permanent=True) from error
    except SourceError as error:
        raise FetchError(str(error), permanent=error.permanent, status=200) from error
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError, AssertionError) as error:
        raise _failure(error, host_of(url)) from error


def _failure(error: Exception, host: str) -> FetchError:
    """What went wrong before there was a response that can be read."""
    again = "it is tried again later"
    match error:
        case TimeoutError():  # aiohttp's own time-outs are TimeoutErrors too
            what = "connecting" if isinstance(error, aiohttp.ConnectionTimeoutError) else "waiting for the response"
            return FetchError(f"timed out {what}; {again}", obstacle=Obstacle.TIME)
        case aiohttp.ClientConnectorError(os_error=LocalAddressError()):
            return FetchError(_TO_LOCAL, permanent=True)
        case aiohttp.ClientConnectorDNSError():
            words = f"unknown host {host!r}; check the address and the network"
            return FetchError(words, obstacle=Obstacle.NAME)
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            words = f"the proxy gives no connection to {host!r}: {_line(error)}; {again}"
            return FetchError(words, obstacle=Obstacle.PROXY)
        case aiohttp.ClientSSLError() | ssl.SSLError():
            words = f"no secure connection to {host!r}: {_line(error)}; check the address"
            return FetchError(words, obstacle=Obstacle.TRUST)
        case aiohttp.ClientPayloadError():
            return FetchError(f"the connection broke during the response; {again}")
        case aiohttp.ClientResponseError():  # its status is aiohttp's own
            return FetchError(f"the response of {host!r} cannot be read: {_unreadable(error)}; {again}")
        case aiohttp.InvalidURL():
            return FetchError(
                "the address, or the proxy in the environment, is not a valid URL; correct it", permanent=True
            )
        case aiohttp.ClientError() | OSError():
            words = f"no response from {host!r}: {_line(error)}; {again}"
            return FetchError(words, obstacle=Obstacle.CONNECTION)
        case AssertionError():  # aiohttp's, of a proxy without a port
            return FetchError("the proxy in the environment cannot be used; write it as http://host:port")
        case _:  # a ValueError of yarl or idna: malformed addresses, redirects and proxies
            return FetchError(
                f"the address, or the proxy in the environment, cannot be used: {_line(error)}", permanent=True
            )


async def _follow(
    session: FeedSession, url: str, headers: dict[str, str], now: datetime, limits: FetchLimits, *, local: bool
) -> Fetched:
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=limits.connect.total_seconds(), sock_read=limits.read.total_seconds()
    )
    visited: set[str] = set()
    moved, moved_to = True, ""
    while True:
        _check_address(url, redirected=bool(visited))
        visited.add(url)
        # auto_decompress off: the Inflater enforces the size limit
        async with session.towards(url, local=local).get(
            url,
            headers=headers,
            allow_redirects=False,
            timeout=timeout,
            auto_decompress=False,
            max_line_size=limits.header,
            max_field_size=limits.header,
            max_headers=limits.headers,
        ) as response:
            if response.status not in _REDIRECTS:
                return await _read(response, url, moved_to, headers, now, limits)
            location = response.headers.get("Location", "").strip()
            if not location:
                raise FetchError("redirected without a target; correct the address", status=response.status)
            moved = moved and response.status in _PERMANENT
            url = urljoin(url, location)
            moved_to = url if moved else moved_to
        if url in visited:
            raise FetchError("the address redirects in a loop; correct it", status=response.status)
        if len(visited) > limits.redirects:
            raise FetchError(f"more than {limits.redirects} redirects; use the final address", status=response.status)


async def _read(
    response: aiohttp.ClientResponse,
    url: str,
    moved_to: str,
    headers: dict[str, str],
    now: datetime,
    limits: FetchLimits,
) -> Fetched:
    status = response.status
    if status == 304 and not {"If-None-Match", "If-Modified-Since"} & headers.keys():
        raise FetchError("304 (not modified) to an unconditional request; it is tried again later", status=304)
    if status != 304 and not 200 <= status < 300:
        other = "server error; it is tried again later" if status >= 500 else "check the address"
        raise FetchError(
            f"HTTP {status}: {_ADVICE.get(status, other)}",
            status=status,
            permanent=status in (404, 410, 451),
            retry_after=retry_after(response.headers, now),
        )
    body = None
    if status != 304:
        inflater = Inflater(",".join(response.headers.getall("Content-Encoding", ())), limits.body)
        async for piece in response.content.iter_any():
            inflater.feed(piece)
        body = inflater.finish()
    return Fetched(
        status=status,
        url=url,
        body=body,
        content_type=response.headers.get("Content-Type", "")[:200],
        etag=_validator(response.headers.get("ETag")),
        last_modified=_date_validator(response.headers.get("Last-Modified"), now),
        moved_to=moved_to,
    )


def _check_address(url: str, *, redirected: bool) -> None:
    fault = link_fault(url)
    if fault is LinkFault.UNREADABLE:
        raise FetchError(f"the address cannot be used: it {fault.value}", permanent=True)
    if fault in (LinkFault.SCHEME, LinkFault.HOST):
        how = "redirects to" if redirected else "is"
        message = f"the address {how} {url[:80]!r}, which is not http or https; give the web address of the feed"
        raise FetchError(message, permanent=True)


def _validator(value: str | None) -> str | None:
    """An ETag or date to send back later, if it can be sent unchanged."""
    return value if value and len(value) <= 1000 and value.isprintable() else None


def _date_validator(value: str | None, now: datetime) -> str | None:
    """A ``Last-Modified`` to send back later. One of the future would make a server say "not modified" until then."""
    at = read_date(value or "")
    return _validator(value) if at is not None and at <= now + FAST_CLOCK else None


def _unreadable(error: aiohttp.ClientResponseError) -> str:
    """What is wrong with the head of a response. Nothing of what aiohttp quotes from it: that may be a secret."""
    said = error.message.partition(":")[0].strip().rstrip(".").lower()
    if said.startswith("got more than"):
        return "one of its headers is far too long"
    return f"it is not valid HTTP ({said[:100]})"


def _line(error: BaseException) -> str:
    """An error's text on one line, without addresses: they may contain a private key."""
    text = " ".join(str(getattr(error, "strerror", None) or error or type(error).__name__).split())
    return " ".join("…" if "://" in word else word for word in text.split())[:160]
