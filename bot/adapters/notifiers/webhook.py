"""Alerts for programs: each message is posted as signed JSON. ``docs/webhook.md`` documents the format."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp

from bot.core.errors import DeliveryError
from bot.core.model import Outgoing
from bot.core.model.unsent import CancelledUnsent
from bot.core.ports import Clock, Notifier
from bot.core.secret import Secret
from bot.core.waiting import retry_after
from bot.render.objects import objects
from bot.render.template import fields_of, filled, page_of

CHANNEL = "webhook"
VERSION = 1
TIMEOUT = 10.0
DELIVERY, TIMESTAMP, SIGNATURE = "X-Aftershock-Delivery", "X-Aftershock-Timestamp", "X-Aftershock-Signature"
LONGEST_WAIT = timedelta(hours=1)
"""The longest ``Retry-After`` respected."""
_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address for one recipient's messages, the secret that signs them, and their form."""

    url: str
    secret: Secret | None
    body: Mapping[str, Any] | None = None
    """A template for what is posted; ``None``: the form that ``docs/webhook.md`` documents, signed and with edits."""
    pages: str = ""
    """Where the pages of the history begin, if anywhere."""


def body(outgoing: Outgoing, endpoint: Endpoint | None = None) -> bytes:
    """The message as UTF-8 JSON; the same bytes for every attempt."""
    note = outgoing.notification
    if endpoint is not None and endpoint.body is not None:
        form = filled(endpoint.body, fields_of(note, endpoint.pages))
        return json.dumps(form, ensure_ascii=False).encode("utf-8", "replace")
    content: dict[str, Any] = {
        "version": VERSION,
        "id": note.id,
        "kind": "edit" if note.edits else "message",
        "created_at": f"{note.created_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "reason": note.reason.value,
        "severity": note.severity.word,
        "incident": note.incident or None,
        "edits": note.edits or None,
        "replies_to": note.replies_to or None,
        "labels": {name: list(values) for name, values in note.summary.labels.items()},
        "page": page_of(note, endpoint.pages if endpoint is not None else "") or None,
        "text": note.text,
        "summary": objects(note.summary),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def signature(secret: Secret, timestamp: str, content: bytes) -> str:
    """``v1=`` and the HMAC-SHA256 (RFC 2104), in hex, of the timestamp, a full stop and the body."""
    key = secret.reveal().encode()
    return "v1=" + hmac.new(key, timestamp.encode() + b"." + content, hashlib.sha256).hexdigest()


class WebhookNotifier(Notifier):
    """The channel ``webhook``. Attempts may be repeated, as each carries the delivery's id; none is in doubt."""

    channel = CHANNEL
    separate_services = True
    repeatable = True

    def __init__(self, endpoints: Mapping[str, Endpoint], clock: Clock, *, timeout: float = TIMEOUT) -> None:
        """``endpoints`` by recipient id."""
        self._endpoints = dict(endpoints)
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, outgoing: Outgoing) -> str:
        """Post, and return the notification's id, which later edits refer to. Raises DeliveryError."""
        note = outgoing.notification
        endpoint = self._endpoints.get(note.recipient)
        if endpoint is None:
            raise DeliveryError(f"{note.recipient} is no longer in config.yaml", permanent=True, forbidden=True)
        if endpoint.body is not None and note.edits:
            return note.id  # a service that takes a form of its own would show it as another message
        content = body(outgoing, endpoint)
        stamp = str(int(self._clock.now().timestamp()))
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Aftershock", DELIVERY: note.id}
        if endpoint.secret is not None:
            headers |= {TIMESTAMP: stamp, SIGNATURE: signature(endpoint.secret, stamp, content)}
        if self._session is None:
            # without cookies, which would add up
            jar = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(timeout=self._timeout, trust_env=True, cookie_jar=jar)
        try:
            # the body of the response is not read, and nothing of it unpacked
            async with self._session.post(
                endpoint.url, data=content, headers=headers, allow_redirects=False, auto_decompress=False
            ) as response:
                self._judge(note.recipient, response.status, retry_after(response.headers, self._clock.now()))
        except asyncio.CancelledError:
            raise CancelledUnsent("stopped while sending; a repeat is recognised by its id") from None
        except TimeoutError:
            raise DeliveryError(f"{note.recipient} timed out") from None
        except (aiohttp.ClientError, OSError, ValueError, AssertionError) as error:
            # not its text, which contains the address and perhaps a key
            raise DeliveryError(f"{note.recipient} cannot be reached: {type(error).__name__}") from None
        return note.id

    @staticmethod
    def _judge(recipient: str, status: int, wait: timedelta | None) -> None:
        if 200 <= status < 300:
            return
        answer = f"{recipient} answered {status}"
        if status == 410:
            raise DeliveryError(f"{answer}: it wants no more messages", permanent=True, forbidden=True)
        if 300 <= status < 400:
            raise DeliveryError(f"{answer}: redirects are not followed; use the final address", permanent=True)
        if status < 500 and status not in _AGAIN:
            raise DeliveryError(f"{answer}: it rejects the message", permanent=True)
        wait = min(wait, LONGEST_WAIT) if wait is not None else None
        raise DeliveryError(answer, retry_after=wait, status=status)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
