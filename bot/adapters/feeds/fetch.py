"""Get one feed over HTTP: bounded in time, size and redirects, with every way it can fail named."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urljoin

import aiohttp

from bot.adapters.feeds.inflate import SUPPORTED, Inflater
from bot.core.errors import SourceError
from bot.core.text.links import LinkFault, host_of, link_fault
from bot.core.waiting import retry_after

USER_AGENT = "aftershock/0.1 (news feed reader)"
_ACCEPT = "application/rss+xml, application/atom+xml, application/rdf+xml;q=0.9, application/xml;q=0.8, */*;q=0.5"
_PERMANENT = (301, 308)
_REDIRECTS = (301, 302, 303, 307, 308)

_ADVICE = {
    401: "the feed wants a login; use a public address",
    402: "the feed wants payment; remove it or use a public address",
    403: "the site refuses us; it may block automatic readers: remove the feed or look for another address",
    404: "there is no such page; correct the address or remove the feed",
    410: "the feed is gone for good; remove it",
    429: "we ask too often for this site; polling slows down by itself",
    451: "the site may not show this here; remove the feed",
}


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much a feed may cost. Sizes in bytes, after decompression as well as before."""

    body: int = 10_000_000
    redirects: int = 5
    connect: timedelta = timedelta(seconds=10)
    read: timedelta = timedelta(seconds=15)
    """Longest wait for the next bytes."""
    total: timedelta = timedelta(seconds=45)
    """From the first connection to the last byte, redirects included."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. ``body`` is ``None`` where the server said that nothing changed (304)."""

    status: int
    url: str
    """Where it came from in the end."""
    body: bytes | None = field(repr=False)
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str = ""
    """The address to use from now on, where every redirect was permanent."""


class FetchError(SourceError):
    """A feed could not be fetched. ``status`` is the HTTP status where there was an answer."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        permanent: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message, permanent=permanent, retry_after=retry_after)
        self.status = status


async def fetch(
    session: aiohttp.ClientSession,
    url: str,
    now: datetime,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    limits: FetchLimits | None = None,
) -> Fetched:
    """The feed at ``url``, or the word that it has not changed since ``etag`` and ``last_modified``.

    Raises FetchError for everything that can go wrong. ``now`` is only used to understand a ``Retry-After`` date.
    """
    limits = limits or FetchLimits()
    headers = {"User-Agent": USER_AGENT, "Accept": _ACCEPT, "Accept-Encoding": SUPPORTED}
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    try:
        async with asyncio.timeout(limits.total.total_seconds()):
            return await _follow(session, url, headers, now, limits)
    except FetchError:
        raise
    except SourceError as error:
        raise FetchError(str(error), permanent=error.permanent, status=200) from error
    except TimeoutError as error:  # aiohttp's own time-outs are TimeoutErrors too
        what = "connect" if isinstance(error, aiohttp.ConnectionTimeoutError) else "answer in time"
        raise FetchError(f"the server did not {what}; it is tried again later") from error
    except aiohttp.ClientConnectorDNSError as error:
        raise FetchError(f"the host name {host_of(url)!r} is not known; check the address, or the network") from error
    except (aiohttp.ClientSSLError, ssl.SSLError) as error:
        raise FetchError(f"no secure connection to {host_of(url)!r}: {_line(error)}; check the address") from error
    except aiohttp.ClientPayloadError as error:
        raise FetchError("the connection broke in the middle of the answer; it is tried again later") from error
    except aiohttp.InvalidURL as error:
        raise FetchError("the address is not a valid URL; correct it", permanent=True) from error
    except (aiohttp.ClientError, OSError) as error:
        raise FetchError(f"no answer from {host_of(url)!r}: {_line(error)}; it is tried again later") from error
    except ValueError as error:  # yarl and idna: addresses and redirects that are none
        raise FetchError(f"the address cannot be used: {_line(error)}", permanent=True) from error


async def _follow(
    session: aiohttp.ClientSession, url: str, headers: dict[str, str], now: datetime, limits: FetchLimits
) -> Fetched:
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=limits.connect.total_seconds(), sock_read=limits.read.total_seconds()
    )
    visited: set[str] = set()
    moved, moved_to = True, ""
    while True:
        _check_address(url, redirected=bool(visited))
        visited.add(url)
        # auto_decompress off: only the Inflater knows the cap
        async with session.get(
            url, headers=headers, allow_redirects=False, timeout=timeout, auto_decompress=False
        ) as response:
            if response.status not in _REDIRECTS:
                return await _read(response, url, moved_to, headers, now, limits)
            location = response.headers.get("Location", "").strip()
            if not location:
                raise FetchError("the server redirects to nowhere; correct the address", status=response.status)
            moved = moved and response.status in _PERMANENT
            url = urljoin(url, location)
            moved_to = url if moved else moved_to
        if url in visited:
            raise FetchError("the address redirects in a circle; correct it", status=response.status)
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
        raise FetchError("the server says 'not modified' though nothing was known; it is tried again later", status=304)
    if status != 304 and not 200 <= status < 300:
        advice = _ADVICE.get(status) or (
            "the site has trouble; it is tried again later" if status >= 500 else "check the address"
        )
        raise FetchError(
            f"HTTP {status}: {advice}",
            status=status,
            permanent=status in (404, 410, 451),
            retry_after=retry_after(response.headers, now),
        )
    body = None
    if status != 304:
        inflater = Inflater(response.headers.get("Content-Encoding", ""), limits.body)
        async for piece in response.content.iter_any():
            inflater.feed(piece)
        body = inflater.finish()
    return Fetched(
        status=status,
        url=url,
        body=body,
        content_type=response.headers.get("Content-Type", "")[:200],
        etag=_validator(response.headers.get("ETag")),
        last_modified=_validator(response.headers.get("Last-Modified")),
        moved_to=moved_to,
    )


def _check_address(url: str, *, redirected: bool) -> None:
    fault = link_fault(url)
    if fault is LinkFault.UNREADABLE:
        raise FetchError(f"the address cannot be used: it {fault.value}", permanent=True)
    if fault in (LinkFault.SCHEME, LinkFault.HOST):
        how = "redirects to" if redirected else "is"
        raise FetchError(
            f"the address {how} {url[:80]!r}, which is not http or https; give the web address of the feed",
            permanent=True,
        )


def _validator(value: str | None) -> str | None:
    """An ETag or date to send back later; none where it could not be sent again as it is."""
    return value if value and len(value) <= 1000 and value.isprintable() else None


def _line(error: BaseException) -> str:
    """What an error says, on one line; without addresses, which may hold a private key of a feed."""
    text = " ".join(str(getattr(error, "strerror", None) or error or type(error).__name__).split())
    return " ".join("…" if "://" in word else word for word in text.split())[:160]
