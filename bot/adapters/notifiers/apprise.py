"""E-mail, Slack, Discord, ntfy and a hundred more, through Apprise (https://github.com/caronc/apprise), an extra.

Apprise returns only whether it sent a message. The reason for a failure is in its log, which is read here but never
shown, as it may contain addresses with passwords. A message that may have arrived is in doubt and not repeated; one
the service rejects has failed; everything else is retried. There are no edits.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from types import ModuleType
from typing import Any, TypeVar

from bot.core.errors import DeliveryError, UsageError
from bot.core.model import Outgoing, Summary
from bot.core.model.unsent import CancelledUnsent
from bot.core.ports import Notifier
from bot.core.secret import Secret
from bot.render import plain
from bot.render.markdown import markdown
from bot.render.text import clean, cut_words
from bot.render.zones import in_zone
from bot.threads import in_thread

T = TypeVar("T")

CHANNEL = "apprise"
LONGEST_SUBJECT = 200
READ_TIMEOUT = 15.0
"""Seconds to wait for a response unless the address says otherwise; Apprise's default of 4 leaves too many in doubt."""
LONGEST = 60.0
"""Seconds after which a delivery is in doubt."""
_LEAST_TEXT = 40
_TITLE_EXTRA = 24
"""Characters some services add around a title in the text."""
_AGAIN = frozenset({408, 425, 429})
_STATUS = re.compile(r"\berror=(\d{3})\b")
_WENT_OUT = re.compile(r"Read timed out|Connection aborted|Connection reset|Connection broken")
_MENTION = re.compile(r"@(?=(?:everyone|here|channel|all|room)\b)|<(?=[@!#])", re.IGNORECASE)
_UNSEEN = "\u200b"


@dataclass(frozen=True, slots=True)
class Destination:
    """The address for one recipient's messages, their format, and the zone of their times."""

    url: Secret
    markdown: bool = False
    zone: tzinfo = UTC


class AppriseNotifier(Notifier):
    """The channel ``apprise``."""

    channel = CHANNEL
    separate_services = True
    edits = False

    def __init__(self, destinations: Mapping[str, Destination], *, longest: float = LONGEST) -> None:
        """``destinations`` by recipient id. Raises UsageError without Apprise, or if it cannot read an address."""
        _quiet()
        try:
            import apprise
        except ImportError:
            raise UsageError(
                "this channel needs Apprise, which is not installed; run: make setup EXTRAS=apprise"
            ) from None
        self._formats = (apprise.NotifyFormat.TEXT, apprise.NotifyFormat.MARKDOWN)
        self._longest = longest
        self._destinations = {r: (_service(apprise, r, d), d.markdown, d.zone) for r, d in destinations.items()}

    async def send(self, outgoing: Outgoing) -> str:
        """Send, and return an id of our own, as Apprise has none. Raises DeliveryError."""
        note = outgoing.notification
        destination = self._destinations.get(note.recipient)
        if destination is None:
            raise DeliveryError(f"{note.recipient} is no longer in config.yaml", permanent=True, forbidden=True)
        service, as_markdown, zone = destination
        title, text = written(in_zone(note.summary, zone), service[0], as_markdown)
        log = _LogReader()

        def notify() -> bool | str:
            format_ = self._formats[as_markdown]
            try:
                return bool(
                    service.notify(
                        body=text, title=title, body_format=format_, log_callback=log, log_level=logging.DEBUG
                    )
                )
            except Exception as error:
                return type(error).__name__  # not its text, which may contain the address

        try:
            async with asyncio.timeout(self._longest):
                sent = await _aside(notify)
        except TimeoutError:
            raise DeliveryError(f"{note.recipient}: timed out; it may have arrived", unknown=True) from None
        if isinstance(sent, str):
            raise DeliveryError(f"{note.recipient}: Apprise failed with {sent}")
        if not sent:
            raise log.error(note.recipient)
        return f"apprise-{note.id}"


def written(summary: Summary, server: Any, as_markdown: bool) -> tuple[str, str]:
    """Title and text within the service's limits, by leaving out whole blocks; no title if it has no place for one.
    Mentions such as ``@everyone`` are disarmed, because headlines are untrusted."""
    longest = min(int(server.title_maxlen), LONGEST_SUBJECT)
    title = _disarmed(cut_words(" ".join(clean(summary.subject).split()), longest)) if longest > 0 else ""
    limit = int(server.body_maxlen) - (len(title) + _TITLE_EXTRA + int(server.overflow_buffer) if title else 0)
    limit = max(limit, _LEAST_TEXT)
    text = markdown(summary, limit) if as_markdown else plain(summary, None, limit)
    return title, _disarmed(text)


def _disarmed(text: str) -> str:
    return _MENTION.sub(lambda m: m[0] + _UNSEEN, text)


class _LogReader:
    """What Apprise's log says about one attempt, without its text."""

    def __init__(self) -> None:
        self.status = 0
        self.doubtful = False

    def __call__(self, entry: Any, _service: object) -> None:
        """Read one log entry."""
        text = str(entry.message)
        if entry.level == "WARNING" and (status := _STATUS.search(text)) is not None:
            self.status = int(status[1])
        if text.startswith("Socket Exception") and _WENT_OUT.search(text) is not None:
            self.doubtful = True

    def error(self, recipient: str) -> DeliveryError:
        """The error for a failed attempt."""
        if self.doubtful:
            return DeliveryError(f"{recipient}: cut off before the response; it may have arrived", unknown=True)
        if 300 <= self.status < 500 and self.status not in _AGAIN:
            return DeliveryError(f"{recipient}: the service rejects the message ({self.status})", permanent=True)
        status = f" ({self.status})" if self.status else ""
        return DeliveryError(f"{recipient}: Apprise could not deliver{status}", status=self.status or None)


async def _aside(work: Callable[[], T]) -> T:
    """The result of ``work`` in a daemon thread. Cancelled before it began, it raises CancelledUnsent."""
    future = in_thread(work, "apprise")
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        if future.cancel():
            raise CancelledUnsent from None
        raise


def _service(apprise: ModuleType, recipient: str, destination: Destination) -> Any:
    """Apprise with the one service of this address."""
    asset = apprise.AppriseAsset(
        app_id="Aftershock",
        app_desc="Aftershock",
        image_url_mask="",  # Apprise's own pictures
        image_url_logo="",
        async_mode=False,
        http_redirects=False,  # a redirected POST becomes a GET, and the message is lost without an error
    )
    service = apprise.Apprise(asset=asset)
    if not service.add(destination.url.reveal()) or len(service) == 0:
        raise UsageError(f"Apprise cannot read the address of {recipient}; its documentation lists the formats")
    if len(service) > 1:  # if one of them failed, a retry would repeat the message to the others
        message = f"the address of {recipient} names several services; give each a name and a variable of its own"
        raise UsageError(message)
    server = service[0]
    if server.socket_read_timeout == type(server).socket_read_timeout:
        server.socket_read_timeout = READ_TIMEOUT
    if server.overflow_mode == apprise.OverflowMode.UPSTREAM:
        server.overflow_mode = apprise.OverflowMode.SPLIT
    return service


def _quiet() -> None:
    """Keep the logs of Apprise and its libraries out of ours: they may contain addresses at any level."""
    logger = logging.getLogger("apprise")
    logger.handlers, logger.propagate = [logging.NullHandler()], False
    logger.setLevel(logging.DEBUG)  # for _LogReader alone
    for name in ("urllib3", "requests", "requests_oauthlib", "oauthlib", "paho", "slixmpp"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
