"""Channels and recipients of a run, from settings, token and what the store remembers."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from bot.adapters.apprise import AppriseNotifier, Destination
from bot.adapters.console import ConsoleNotifier
from bot.adapters.webhook import Endpoint, WebhookNotifier
from bot.app.world import World
from bot.config.settings.other_channels import (
    LEAST_SECRET,
    AppriseSettings,
    Format,
    WebhookSettings,
    pieces,
    recipient,
    secret_of,
)
from bot.config.settings.secret_files import readable_by_others
from bot.config.settings.settings_file import Settings
from bot.config.settings.telegram_token import FoundToken, find_telegram_token
from bot.core.errors import ConfigError, UsageError
from bot.core.model import Outgoing, Recipient
from bot.core.ports import Clock, Notifier
from bot.core.secret import Secret

if TYPE_CHECKING:
    from bot.adapters.store import SqliteStore
    from bot.adapters.telegram import TelegramNotifier

CONSOLE = Recipient("console", "console", "console", operator=True)


class Nobody:
    """A channel that delivers nowhere and always succeeds: a replay for its history alone."""

    channel = "console"

    async def send(self, outgoing: Outgoing) -> str:
        """Acknowledge without showing."""
        return f"nowhere-{outgoing.notification.id}"


def token_of(world: World) -> FoundToken:
    """The Telegram token, if there is one. Raises ConfigError where a place named for it holds none."""
    return find_telegram_token(os.environ, world.settings.telegram.token_file, world.folder / ".env")


def telegram_notifier(world: World, found: FoundToken) -> TelegramNotifier:
    """The Telegram channel. Raises UsageError without a token."""
    if found.token is None:
        raise UsageError("there is no Telegram token; set TELEGRAM_BOT_TOKEN to the one BotFather gave you")
    return _telegram(world.settings, found.token)


def _telegram(settings: Settings, token: Secret) -> TelegramNotifier:
    from bot.adapters.telegram import TelegramNotifier  # a third of a second to import, and a replay needs none of it

    base = settings.telegram.base_url
    return TelegramNotifier(token, base_url=base) if base else TelegramNotifier(token)


def live_notifiers(
    settings: Settings, found: FoundToken, console: TextIO, clock: Clock, folder: Path
) -> dict[str, Notifier]:
    """The channels of a live run, by name: Telegram where there is a token, the console where that is wanted, and what
    the configuration names besides.

    Raises ConfigError where a secret is missing, UsageError where Apprise is.
    """
    notifiers: dict[str, Notifier] = {}
    if found.token is not None:
        notifiers["telegram"] = _telegram(settings, found.token)
    if settings.console == "always" or (settings.console == "auto" and found.token is None):
        notifiers["console"] = ConsoleNotifier(console)
    if settings.webhooks:
        notifiers["webhook"] = WebhookNotifier(
            {f"webhook:{w.name}": _endpoint(w, folder) for w in settings.webhooks}, clock
        )
    if settings.apprise:
        notifiers["apprise"] = AppriseNotifier({f"apprise:{a.name}": _destination(a, folder) for a in settings.apprise})
    return notifiers


def _endpoint(webhook: WebhookSettings, folder: Path) -> Endpoint:
    secret = secret_of(webhook.secret_env, os.environ, folder / ".env", LEAST_SECRET)
    return Endpoint(str(webhook.url), secret)


def _destination(address: AppriseSettings, folder: Path) -> Destination:
    return Destination(secret_of(address.url_env, os.environ, folder / ".env"), address.format is Format.MARKDOWN)


def other_secrets(settings: Settings, folder: Path) -> list[Secret]:
    """Everything of webhooks and Apprise addresses that no log may show. Raises ConfigError where one is missing."""
    addresses = [_destination(a, folder).url for a in settings.apprise]
    parts = [part for address in addresses for part in pieces(address)]
    return [*(_endpoint(w, folder).secret for w in settings.webhooks), *addresses, *parts]


def unsafe_file(settings: Settings, folder: Path) -> list[str]:
    """A warning where others can read the ``.env`` that holds a secret of these channels."""
    file = folder / ".env"
    variables = [*(w.secret_env for w in settings.webhooks), *(a.url_env for a in settings.apprise)]
    if all(os.environ.get(v, "").strip() for v in variables) or not readable_by_others(file):
        return []
    return [f"{file} holds secrets of webhooks or Apprise and can be read by others; run: chmod 600 {file}"]


def channel_states(settings: Settings, folder: Path) -> list[tuple[str, str]]:
    """Webhooks and Apprise addresses by recipient, each with what keeps it from working, or nothing. Sends nothing."""
    states = []
    for webhook in settings.webhooks:
        states.append((f"webhook:{webhook.name}", _trouble(partial(_endpoint, webhook, folder))))
    for address in settings.apprise:
        name = f"apprise:{address.name}"
        states.append((name, _trouble(partial(_only, name, address, folder))))
    return states


def _only(name: str, address: AppriseSettings, folder: Path) -> AppriseNotifier:
    return AppriseNotifier({name: _destination(address, folder)})


def _trouble(made: Callable[[], object]) -> str:
    try:
        made()
    except (ConfigError, UsageError) as error:
        return str(error)
    return ""


def ask_again(store: SqliteStore, now: datetime) -> int:
    """Queue anew what was on its way to a webhook when the last run ended, for its id shows a repeat; how many."""
    doubtful = [d for d in store.doubtful() if d.recipient.startswith("webhook:")]
    return sum(store.resolve(d.id, "again", "the start", now) for d in doubtful)


def configured_recipients(settings: Settings, known: Sequence[Recipient]) -> list[Recipient]:
    """The recipients that stand in the configuration; those that stood there once are switched off."""
    now = [recipient("webhook", w) for w in settings.webhooks] + [recipient("apprise", a) for a in settings.apprise]
    ids = {r.id for r in now}
    gone = [r for r in known if r.channel in ("webhook", "apprise") and r.id not in ids and r.enabled]
    return now + [replace(r, enabled=False) for r in gone]


def replay_recipients(
    notify: str, world: World, stream: TextIO, known: Sequence[Recipient]
) -> tuple[dict[str, Notifier], list[Recipient], Callable[[], Awaitable[None]]]:
    """The channels of a replay, who receives, and what to call at the end."""

    async def nothing() -> None:
        return

    if notify == "none":
        return {"console": Nobody()}, [CONSOLE], nothing
    if notify == "console":
        return {"console": ConsoleNotifier(stream)}, [CONSOLE], nothing
    notifier = telegram_notifier(world, token_of(world))
    ids = dict.fromkeys((*world.settings.telegram.admins, *world.settings.telegram.allow))
    if not ids:
        raise UsageError("nobody would receive this; name chats under telegram: allow: in config.yaml")
    kept = {r.id: r for r in known}
    recipients = [
        kept.get(f"telegram:{i}", Recipient(f"telegram:{i}", "telegram", operator=i in world.settings.telegram.admins))
        for i in ids
    ]
    return {"telegram": notifier}, recipients, notifier.close
