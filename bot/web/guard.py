"""Access control and security headers around the whole application.

- Only GET and HEAD: nothing can be changed from a page.
- Without a password only requests whose ``Host`` is this machine's own are answered (DNS rebinding: another site could
  point its own name to 127.0.0.1 and read the history through a visitor's browser).
- With a password every request must carry it (HTTP Basic, any user name). Wrong ones are answered after a second, and
  only a few at a time.
- The content security policy runs no scripts but ours and loads nothing from elsewhere, whatever text gets into a page.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from bot.core.secret import Secret

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

NONCE = "aftershock.nonce"
"""Key in the scope of the nonce that our scripts carry."""
WRONG_AFTER = 1.0
"""Seconds before a wrong password is answered."""
MOST_WAITING = 8
"""Wrong passwords that may wait at once."""
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class Guard:
    """An ASGI application around ``app``."""

    def __init__(self, app: App, password: Secret | None, *, wrong_after: float = WRONG_AFTER) -> None:
        self._app = app
        self._password = password
        self._wrong_after = wrong_after
        self._waiting = 0

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

        refused = await self._refused(scope, headers)
        if refused is not None:
            await _answer(send_guarded, *refused)
            return
        # Datasette would take credentials for its own users'
        passed = [(n, v) for n, v in scope["headers"] if n.lower() not in (b"authorization", b"cookie")]
        await self._app({**scope, "headers": passed, NONCE: nonce}, receive, send_guarded)

    async def _refused(
        self, scope: Scope, headers: dict[bytes, bytes]
    ) -> tuple[int, str, tuple[tuple[bytes, bytes], ...]] | None:
        if scope["method"] not in ("GET", "HEAD"):
            return 405, "Nothing can be changed here.", ((b"allow", b"GET, HEAD"),)
        if self._password is None:
            host = headers.get(b"host", b"").decode("latin-1")
            if not own_name(host):
                text = f"Without a password only this machine's own addresses are answered, not {host[:100]!r}."
                return 403, text, ()
            return None
        password = _password_in(headers.get(b"authorization", b""))
        if password is not None and password == self._password:
            return None
        ask = ((b"www-authenticate", b'Basic realm="Aftershock", charset="UTF-8"'),)
        if password is not None:
            if self._waiting >= MOST_WAITING:
                return 429, "Too many wrong passwords at once. Try again in a second.", ((b"retry-after", b"1"),)
            self._waiting += 1
            try:
                await asyncio.sleep(self._wrong_after)
            finally:
                self._waiting -= 1
        return 401, "Password required: any user name, and the value of AFTERSHOCK_WEB_PASSWORD.", ask


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


async def _answer(send: Send, status: int, text: str, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    body = f"{text}\n".encode()
    start = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
