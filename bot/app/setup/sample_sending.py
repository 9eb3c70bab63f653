"""Sends the sample alert to every configured recipient, or to one, and reports each result.

It works while the bot runs: it does not poll Telegram, reads the history without its lock, and writes nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TextIO

from bot.adapters.notifiers.telegram import CHANNEL, Permissions, chat_of
from bot.app.chat.access import AccessLists
from bot.app.run.notifiers import CONSOLE, close_all, configured_recipients, live_notifiers
from bot.app.setup.sample import sample_for
from bot.app.stores import Place, exists, read_store
from bot.clock import SystemClock
from bot.config.settings.model import load_settings
from bot.config.settings.telegram_token import FoundToken, find_telegram_token
from bot.core.errors import DeliveryError, UsageError
from bot.core.model import Recipient
from bot.core.ports import Notifier
from bot.render.outside import command
from bot.render.text import clean

LONGEST_WAIT = 60.0
"""Seconds that a channel may ask us to wait before a retry; beyond that, sending has failed."""


@dataclass(frozen=True, slots=True)
class SampleDelivery:
    """The result for one recipient."""

    recipient: str
    name: str
    ok: bool
    words: str
    """``sent``, or what went wrong and what to do."""


@dataclass(frozen=True, slots=True)
class SampleRun:
    """What is about to be sent: the notifiers of a live run and the recipients."""

    notifiers: Mapping[str, Notifier]
    recipients: tuple[Recipient, ...]
    spared: tuple[Recipient, ...] = ()
    """Those who unsubscribed: they get the sample only if named."""

    async def send(self, now: datetime) -> AsyncIterator[SampleDelivery]:
        """Send to one after the other, and close the channels."""
        try:
            for recipient in self.recipients:
                yield await _sent(self.notifiers[recipient.channel], recipient, now)
        finally:
            await close_all(self.notifiers.values())


def prepare(config: Path, database: Place | None, only: str | None, now: datetime, console: TextIO) -> SampleRun:
    """The recipients by configuration and history, or ``only`` one of them, by id or name.

    Raises ConfigError, StoreError, and UsageError if nobody is configured or ``only`` is unknown.
    """
    settings = load_settings(config)
    found = find_telegram_token(os.environ, settings.telegram.token_file, config.parent / ".env")
    listed = Permissions(frozenset(settings.telegram.admins), frozenset(settings.telegram.allow))
    known, access = _kept(database or settings.storage.place, listed)
    notifiers = live_notifiers(settings, found, console, SystemClock(), config.parent, known=lambda: known)
    people = configured(access, [*known, *configured_recipients(settings, ())], notifiers)
    if only is not None:
        return SampleRun(notifiers, (_named(only, people, found),))
    awake, spared = [r for r in people if r.enabled], [r for r in people if not r.enabled]
    if not awake:
        raise UsageError(f"nobody is configured to receive alerts; run: {command('setup')}")
    return SampleRun(notifiers, tuple(awake), tuple(spared))


def configured(access: Permissions, known: Iterable[Recipient], channels: Iterable[str]) -> list[Recipient]:
    """Everyone who may receive on ``channels``: admins, allowed chats, and their topics known from the history.

    ``known`` are the stored recipients, with their names and whether they unsubscribed.
    """
    channels, stored = tuple(channels), list(known)
    people: dict[str, Recipient] = {}
    if CHANNEL in channels:
        at_home = {r.id: r for r in stored}
        in_topics = {chat_of(r) for r in stored if "/" in r.id}
        for chat in (*sorted(access.admins), *sorted(access.allow - access.admins)):
            recipient = at_home.get(f"telegram:{chat}")
            if recipient is not None or chat not in in_topics:  # who receives in a topic follows below
                people[f"telegram:{chat}"] = recipient or Recipient(f"telegram:{chat}", CHANNEL)
    for recipient in stored:
        if recipient.channel == CONSOLE.channel or recipient.channel not in channels:
            continue
        number = chat_of(recipient)
        if number is None or number in access.admins | access.allow:
            people.setdefault(recipient.id, recipient)
    if CONSOLE.channel in channels:
        people[CONSOLE.id] = CONSOLE
    return [replace(r, name=clean(r.name).strip()) for r in people.values()]


def _kept(file: Place, listed: Permissions) -> tuple[Sequence[Recipient], Permissions]:
    """What the history there knows: its recipients, and ``listed`` with what was allowed and denied since."""
    if not exists(file):
        return (), listed
    with read_store(file) as store:
        return store.recipients(), AccessLists(store, SystemClock(), listed).access


def _named(only: str, people: Sequence[Recipient], found: FoundToken) -> Recipient:
    wanted = only.strip()
    ids = (wanted, f"telegram:{wanted}")
    fitting = [r for r in people if r.id in ids] or [r for r in people if r.name and r.name.lower() == wanted.lower()]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise UsageError(f"several recipients are called {wanted}; use an id: {', '.join(r.id for r in fitting)}")
    if found.token is None and (wanted.removeprefix("telegram:").lstrip("-").partition("/")[0]).isdigit():
        raise UsageError(f"there is no Telegram token; run: {command('setup')}")
    listed = ", ".join(f"{r.id} ({r.name})" if r.name else r.id for r in people[:10]) or "nobody"
    raise UsageError(f"{wanted} is not configured; name one of: {listed}")


async def _sent(notifier: Notifier, recipient: Recipient, now: datetime) -> SampleDelivery:
    """One attempt, and a second if the channel asks to wait a little."""
    outgoing = sample_for(recipient, now)
    for last in (False, True):
        try:
            await notifier.send(outgoing)
        except DeliveryError as error:
            wait = error.retry_after.total_seconds() if error.retry_after is not None else None
            if not last and wait is not None and wait <= LONGEST_WAIT:
                await asyncio.sleep(wait)
                continue
            return SampleDelivery(recipient.id, recipient.name, False, clean(f"{error}{_advice(error, recipient)}"))
        break
    return SampleDelivery(recipient.id, recipient.name, True, "sent")


def _advice(error: DeliveryError, recipient: Recipient) -> str:
    if error.moved_to:
        new = error.moved_to.partition(":")[2].partition("/")[0]
        return f"; replace {chat_of(recipient)} by {new} under telegram: in config.yaml"
    if error.forbidden:
        return "; send /start to the bot from there (in a group, add the bot first)"
    return ""
