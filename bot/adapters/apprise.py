"""E-mail, Slack, Discord, ntfy and a hundred more, through Apprise (https://github.com/caronc/apprise), an extra.

Apprise says only whether a message went out, so one that failed is tried again: at least once, where Telegram is at
most once. It cannot edit. Its own log is kept out of ours, for its lines may hold addresses with passwords.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.errors import DeliveryError, UsageError
from bot.core.model import Outgoing
from bot.core.secret import Secret
from bot.core.unsent import CancelledUnsent
from bot.render import plain
from bot.render.markdown import markdown

CHANNEL = "apprise"
LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the messages of one recipient go, and how they are written."""

    url: Secret
    markdown: bool = False


class AppriseNotifier:
    """The channel ``apprise``; its edits are never routed (see ``routing``)."""

    channel = CHANNEL

    def __init__(self, destinations: Mapping[str, Destination]) -> None:
        """``destinations`` by recipient id. Raises UsageError without Apprise, or where it cannot read an address."""
        try:
            import apprise
        except ImportError:
            raise UsageError(
                "this channel needs Apprise, which is not installed; run: make setup EXTRAS=apprise"
            ) from None
        logger = logging.getLogger("apprise")
        logger.handlers, logger.propagate = [logging.NullHandler()], False
        self._formats = (apprise.NotifyFormat.TEXT, apprise.NotifyFormat.MARKDOWN)
        self._destinations: dict[str, tuple[Any, bool]] = {}
        for recipient, destination in destinations.items():
            service = apprise.Apprise()
            if not service.add(destination.url.reveal()):
                raise UsageError(f"Apprise cannot read the address of {recipient}; its documentation lists the forms")
            self._destinations[recipient] = service, destination.markdown

    async def send(self, outgoing: Outgoing) -> str:
        """Send, and return an id of our own: Apprise gives none. Raises DeliveryError."""
        note = outgoing.notification
        known = self._destinations.get(note.recipient)
        if known is None:
            raise DeliveryError(f"{note.recipient} is not in config.yaml any more", permanent=True, forbidden=True)
        service, as_markdown = known
        text = markdown(note.summary) if as_markdown else plain(note.summary)
        begun = False

        def work() -> bool:
            nonlocal begun
            begun = True
            title = note.summary.subject[:LONGEST_SUBJECT]
            return bool(service.notify(body=text, title=title, body_format=self._formats[as_markdown]))

        try:
            went = await asyncio.to_thread(work)
        except asyncio.CancelledError:
            if begun:
                raise
            raise CancelledUnsent from None
        except Exception as error:  # a plug-in's own; its text may hold the address
            raise DeliveryError(f"{note.recipient}: Apprise failed with {type(error).__name__}") from None
        if not went:
            raise DeliveryError(f"{note.recipient}: Apprise could not deliver")
        return f"apprise-{note.id}"

    async def close(self) -> None:
        """Nothing to give back."""
