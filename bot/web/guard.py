"""Access control and security headers around the whole application.

- Only GET and HEAD: nothing can be changed from a page.
- Without a password only requests whose ``Host`` is this machine's own are answered (DNS rebinding: another site could
  point its own name to 127.0.0.1 and read the history through a visitor's browser).
- What another site makes a visitor's browser ask (``Sec-Fetch-Site``) is answered only where it opens a page in a
  window, and then no SQL, JSON or CSV.
- With a password every request must carry it (HTTP Basic, any user name). Guesses have a budget, for each address and
  in all; while it is spent, none is compared.
- The content security policy runs no scripts but ours and loads nothing from elsewhere, whatever text gets into a page.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import logging
import secrets
from asyncio import get_running_loop
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from bot.core.secret import Secret

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

NONCE = "aftershock.nonce"
"""Key in the scope of the nonce that our scripts carry."""
GUESSES, GUESS_EVERY = 5, 30.0
"""Wrong passwords from one address at once, and seconds until it has one more."""
ALL_GUESSES, ANY_GUESS_EVERY = 50, 3.0
"""The same for all addresses together that have never had the right one."""
_ADDRESSES = 4096
"""Addresses remembered."""
_HARMLESS = frozenset({"_sort", "_sort_desc", "_search", "_facet", "_next", "_size", "_nofacet"})
"""Datasette's own parameters that another site's link may have."""
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class Guard:
    """An ASGI application around ``app``."""

    def __init__(
        self, app: App, password: Secret | None, *, seconds: Callable[[], float] = lambda: get_running_loop().time()
    ) -> None:
        self._app = app
        self._password = password
        self._guesses = Guesses(seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # a web socket: refused by not accepting it
        nonce = secrets.token_urlsafe(12)
        headers = {name.lower(): value for name, value in scope["headers"]}

        async def send_guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                policy = (
                    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; img-src 'self'"
                    f" data:; connect-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'nonce-{nonce}'"
                )
                extra = (*_HEADERS, (b"content-security-policy", policy.encode()))
                taken = {name for name, _ in extra}
                kept = [(n, v) for n, v in message.get("headers", []) if n.lower() not in taken]
                message = {**message, "headers": [*kept, *extra]}
            await send(message)

        refused = self._refused(scope, headers)
        if refused is not None:
            await refuse(send_guarded, scope, *refused)
            return
        # Datasette would take credentials for its own users'
        passed = [(n, v) for n, v in scope["headers"] if n.lower() not in (b"authorization", b"cookie")]
        await self._app({**scope, "headers": passed, NONCE: nonce}, receive, send_guarded)

    def _refused(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[int, str, Headers] | None:
        if scope["method"] not in ("GET", "HEAD"):
            return 405, "Nothing can be changed here.", ((b"allow", b"GET, HEAD"),)
        if self._password is None:
            host = headers.get(b"host", b"").decode("latin-1")
            if not own_name(host):
                text = f"Without a password only this machine's own addresses are answered, not {host[:100]!r}."
                return 403, text, ()
        if is_foreign(headers) and not (is_opened(headers) and is_page(scope)):
            text = "Another site asked for this. To see it, open the page itself: type its address, or use a bookmark."
            return 403, text, ()
        if self._password is not None and (refused := self._unless_known(self._password, scope, headers)):
            return refused
        if scope["path"].startswith("/-/") and not scope["path"].startswith("/-/static/"):
            return 404, "There is no such page.", ()  # Datasette's pages about itself, with paths and settings
        return None

    def _unless_known(
        self, right: Secret, scope: Scope, headers: dict[bytes, bytes]
    ) -> tuple[int, str, Headers] | None:
        ask = ((b"www-authenticate", b'Basic realm="Aftershock", charset="UTF-8"'),)
        text = "Password required: any user name, and the value of AFTERSHOCK_WEB_PASSWORD."
        password = _password_in(headers.get(b"authorization", b""))
        if password is None:
            return 401, text, ask
        address = address_of(scope, headers)
        wait = self._guesses.begin(address)
        if wait > 0:
            again = ((b"retry-after", str(int(wait) + 1).encode()),)
            return 429, f"Too many wrong passwords. Try again in {int(wait) + 1} seconds.", again
        if password != right:
            log.warning("a wrong password from %s", address)
            return 401, text, ask
        self._guesses.was_right(address)
        return None


class _Budget:
    """``most`` at once, and one more every so many seconds."""

    __slots__ = ("_at", "_every", "_left", "_most")

    def __init__(self, most: int, every: float) -> None:
        self._most, self._every = most, every
        self._left, self._at = float(most), 0.0

    def wait(self, now: float) -> float:
        """Seconds until there is one."""
        self._left = min(self._most, self._left + (now - self._at) / self._every)
        self._at = now
        return max(0.0, (1 - self._left) * self._every)

    def take(self) -> None:
        """One less."""
        self._left -= 1

    def give_back(self) -> None:
        """One more."""
        self._left = min(self._most, self._left + 1)


class Guesses:
    """Who may try a password, and when. Each try is paid for before anything is compared; the right one is paid back.

    An address that has had the right one depends on its own budget alone: others' guesses do not lock it out.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._all = _Budget(ALL_GUESSES, ANY_GUESS_EVERY)
        self._of: dict[str, _Budget] = {}
        self._known: dict[str, None] = {}

    def begin(self, address: str) -> float:
        """Begin a try, and return 0; or the seconds until there may be one."""
        now = self._seconds()
        own = self._of.pop(address, None) or _Budget(GUESSES, GUESS_EVERY)
        self._of[address] = own
        if len(self._of) > _ADDRESSES:
            self._of.pop(next(iter(self._of)))
        budgets = [own] if address in self._known else [own, self._all]
        wait = max(budget.wait(now) for budget in budgets)
        if wait <= 0:
            for budget in budgets:
                budget.take()
        return wait

    def was_right(self, address: str) -> None:
        """The try just begun had the right password."""
        self._of[address].give_back()
        if address not in self._known:
            self._all.give_back()
        self._known.pop(address, None)
        self._known[address] = None
        if len(self._known) > _ADDRESSES:
            self._known.pop(next(iter(self._known)))


def address_of(scope: Scope, headers: dict[bytes, bytes]) -> str:
    """Whose guesses count together: an IPv4 address, or a network of IPv6 (/64), of which anybody has a whole one.

    From a proxy on this machine it is what that says last in ``X-Forwarded-For``.
    """
    peer = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
        if address.is_loopback and (said := headers.get(b"x-forwarded-for")):
            address = ipaddress.ip_address(said.decode("latin-1").rpartition(",")[2].strip())
    except ValueError:
        return str(peer)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def is_foreign(headers: dict[bytes, bytes]) -> bool:
    """Whether a browser says that another site made it ask (W3C Fetch Metadata). Another port is another site here.

    An older one says where a script comes from that asks (``Origin``), and nothing of pictures and links.
    """
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is None and origin is not None:
        return origin.partition(b"://")[2] != headers.get(b"host")
    return site not in (None, b"none", b"same-origin")


def is_opened(headers: dict[bytes, bytes]) -> bool:
    """Whether what is asked for is to be opened in a window of its own: then the other site cannot look at it."""
    return (headers.get(b"sec-fetch-mode"), headers.get(b"sec-fetch-dest")) == (b"navigate", b"document")


def is_page(scope: Scope) -> bool:
    """Whether this asks for a page of HTML, without SQL from the address."""
    query = bytes(scope.get("query_string", b"")).decode("latin-1")
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    has_sql = any(name == "sql" or (name.startswith("_") and name not in _HARMLESS) for name in names)
    return not has_sql and ("." not in scope["path"] or scope["path"].startswith(("/incident/", "/alert/")))


def own_name(host: str) -> bool:
    """Whether ``host``, with or without port, is ``localhost`` or a loopback address.

    Another site controls where its own name points, but not these.
    """
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _password_in(header: bytes) -> Secret | None:
    """The password of HTTP Basic (RFC 7617); ``None`` where the header has none."""
    kind, _, coded = header.partition(b" ")
    if kind.lower() != b"basic":
        return None
    try:
        text = base64.b64decode(coded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return Secret("")
    return Secret(text.partition(":")[2])


async def refuse(send: Send, scope: Scope, status: int, text: str, headers: Headers = ()) -> None:
    """Answer with a line of text, or what a program expects."""
    kind, body = "text/plain; charset=utf-8", f"{text}\n"
    if scope["path"].endswith(".json"):
        kind, body = "application/json; charset=utf-8", json.dumps({"ok": False, "error": text, "status": status})
    coded = body.encode()
    start = [(b"content-type", kind.encode()), (b"content-length", str(len(coded)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": coded})
