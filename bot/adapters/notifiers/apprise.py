"""E-mail, Slack, Discord, ntfy and a hundred more, through Apprise (https://github.com/caronc/apprise), an extra.

Apprise says only whether a message went out. Why it did not is in its log, which is read here and shown nowhere, for
its lines may hold addresses with passwords. What may have arrived is in doubt and not sent again, as on Telegram; what
the service refused for good is given up; everything else is tried again. There are no edits.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from bot.core.errors import DeliveryError, UsageError
from bot.core.model import Outgoing, Summary
from bot.core.model.unsent import CancelledUnsent
from bot.core.ports import Notifier
from bot.core.secret import Secret
from bot.render import plain
from bot.render.markdown import markdown
from bot.render.text import clean, cut_words

CHANNEL = "apprise"
LONGEST_SUBJECT = 200
READ_TIMEOUT = 15.0
"""Seconds a service has for its answer where its address does not say; Apprise's own 4 leave too many in doubt."""
LONGEST = 60.0
"""Seconds after which a delivery is in doubt, whatever Apprise still does."""
_LEAST_TEXT = 40
_TITLE_EXTRA = 24
"""Characters some services need around a title that they put into the text."""
_AGAIN = frozenset({408, 425, 429})
_STATUS = re.compile(r"\berror=(\d{3})\b")
_WENT_OUT = re.compile(r"Read timed out|Connection aborted|Connection reset|Connection broken")
_MENTION = re.compile(r"@(?=(?:everyone|here|channel|all|room)\b)|<(?=[@!#])", re.IGNORECASE)
_UNSEEN = "\u200b"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the messages of one recipient go, and how they are written."""

    url: Secret
    markdown: bool = False


class AppriseNotifier(Notifier):
    """The channel ``apprise``."""

    channel = CHANNEL
    apart = True
    edits = False

    def __init__(self, destinations: Mapping[str, Destination], *, longest: float = LONGEST) -> None:
        """``destinations`` by recipient id. Raises UsageError without Apprise, or where it cannot read an address."""
        _quiet()
        try:
            import apprise
        except ImportError:
            raise UsageError(
                "this channel needs Apprise, which is not installed; run: make setup EXTRAS=apprise"
            ) from None
        self._formats = (apprise.NotifyFormat.TEXT, apprise.NotifyFormat.MARKDOWN)
        self._longest = longest
        self._destinations = {r: (_service(apprise, r, d), d.markdown) for r, d in destinations.items()}

    async def send(self, outgoing: Outgoing) -> str:
        """Send, and return an id of our own: Apprise gives none. Raises DeliveryError."""
        note = outgoing.notification
        known = self._destinations.get(note.recipient)
        if known is None:
            raise DeliveryError(f"{note.recipient} is not in config.yaml any more", permanent=True, forbidden=True)
        service, as_markdown = known
        title, text = written(note.summary, service[0], as_markdown)
        heard = _Heard()

        def notify() -> bool:
            return bool(
                service.notify(
                    body=text,
                    title=title,
                    body_format=self._formats[as_markdown],
                    log_callback=heard,
                    log_level=logging.DEBUG,
                )
            )

        try:
            async with asyncio.timeout(self._longest):
                went = await _aside(notify)
        except TimeoutError:
            raise DeliveryError(f"{note.recipient}: no answer in time; it may have arrived", unknown=True) from None
        except _BrokenError as error:
            raise DeliveryError(f"{note.recipient}: Apprise failed with {error}") from None
        if not went:
            raise heard.verdict(note.recipient)
        return f"apprise-{note.id}"


def written(summary: Summary, server: Any, as_markdown: bool) -> tuple[str, str]:
    """Title and text as the service takes them: no title where it has no place for one, and whole blocks left out
    where not all fit. What would call a whole room's attention is disarmed: headlines are from outside."""
    room = min(int(server.title_maxlen), LONGEST_SUBJECT)
    title = _disarmed(cut_words(" ".join(clean(summary.subject).split()), room)) if room > 0 else ""
    limit = int(server.body_maxlen) - (len(title) + _TITLE_EXTRA + int(server.overflow_buffer) if title else 0)
    limit = max(limit, _LEAST_TEXT)
    text = markdown(summary, limit) if as_markdown else plain(summary, None, limit)
    return title, _disarmed(text)


def _disarmed(text: str) -> str:
    return _MENTION.sub(lambda m: m[0] + _UNSEEN, text)


class _Heard:
    """What Apprise's log says of one attempt. Only findings are kept."""

    def __init__(self) -> None:
        self.status = 0
        self.doubtful = False

    def __call__(self, entry: Any, _service: object) -> None:
        """Take one entry of the log."""
        said = str(entry.message)
        if entry.level == "WARNING" and (found := _STATUS.search(said)) is not None:
            self.status = int(found[1])
        if said.startswith("Socket Exception") and _WENT_OUT.search(said) is not None:
            self.doubtful = True

    def verdict(self, recipient: str) -> DeliveryError:
        """What follows from a failure."""
        if self.doubtful:
            return DeliveryError(f"{recipient}: cut off before the answer; it may have arrived", unknown=True)
        if 300 <= self.status < 500 and self.status not in _AGAIN:
            return DeliveryError(f"{recipient}: the service refuses the message ({self.status})", permanent=True)
        said = f" ({self.status})" if self.status else ""
        return DeliveryError(f"{recipient}: Apprise could not deliver{said}")


class _BrokenError(Exception):
    """Apprise raised. The text is the kind of its error only: the error's own may hold the address."""


async def _aside(work: Any) -> bool:
    """What ``work`` gives, run in a thread that keeps nobody waiting: not a cancellation, nor the program's end."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[bool | str] = loop.create_future()
    begun = threading.Lock()  # whoever takes it first: the work begins, or is called off before

    def settle(outcome: bool | str) -> None:
        if not ended.done():
            ended.set_result(outcome)

    def run() -> None:
        if not begun.acquire(blocking=False):
            return
        outcome: bool | str
        try:
            outcome = work()
        except Exception as error:
            outcome = type(error).__name__
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=run, daemon=True, name="apprise").start()
    try:
        outcome = await ended
    except asyncio.CancelledError:
        if begun.acquire(blocking=False):
            raise CancelledUnsent from None
        raise
    if isinstance(outcome, str):
        raise _BrokenError(outcome)
    return outcome


def _service(apprise: ModuleType, recipient: str, destination: Destination) -> Any:
    """Apprise with the one service that the address names."""
    asset = apprise.AppriseAsset(
        app_id="Aftershock",
        app_desc="Aftershock",
        image_url_mask="",  # theirs are Apprise's pictures
        image_url_logo="",
        async_mode=False,
        http_redirects=False,  # a POST that is redirected becomes a GET: answered well, and lost
    )
    service = apprise.Apprise(asset=asset)
    if not service.add(destination.url.reveal()) or len(service) == 0:
        raise UsageError(f"Apprise cannot read the address of {recipient}; its documentation lists the forms")
    if len(service) > 1:  # when one of them fails, a second try would reach the others again
        raise UsageError(
            f"the address of {recipient} names several services; give each a name and a variable of its own"
        )
    server = service[0]
    if server.socket_read_timeout == type(server).socket_read_timeout:
        server.socket_read_timeout = READ_TIMEOUT
    if server.overflow_mode == apprise.OverflowMode.UPSTREAM:
        server.overflow_mode = apprise.OverflowMode.SPLIT
    return service


def _quiet() -> None:
    """Keep what Apprise and the libraries below it log out of ours: at any level it may show an address."""
    logger = logging.getLogger("apprise")
    logger.handlers, logger.propagate = [logging.NullHandler()], False
    logger.setLevel(logging.DEBUG)  # for _Heard alone
    for name in ("urllib3", "requests", "requests_oauthlib", "oauthlib", "paho", "slixmpp"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
