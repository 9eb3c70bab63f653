"""Channels and recipients of a run, from settings, token and what the store remembers."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from bot.adapters.apprise import AppriseNotifier, Destination
from bot.adapters.console import ConsoleNotifier
from bot.adapters.webhook import Endpoint, WebhookNotifier
from bot.app.world import World
from bot.config.other_channels import LEAST_SECRET, Format, recipient, secret_of
from bot.config.settings import Settings
from bot.config.telegram_token import FoundToken, find_telegram_token
from bot.core.errors import UsageError
from bot.core.model import Outgoing, Recipient
from bot.core.ports import Clock, Notifier
from bot.core.secret import Secret

if TYPE_CHECKING:
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
        secrets = other_secrets(settings, folder)
        endpoints = {f"webhook:{w.name}": Endpoint(str(w.url), secrets[w.secret_env]) for w in settings.webhooks}
        notifiers["webhook"] = WebhookNotifier(endpoints, clock)
    if settings.apprise:
        secrets = other_secrets(settings, folder)
        notifiers["apprise"] = AppriseNotifier(
            {
                f"apprise:{a.name}": Destination(secrets[a.url_env], a.format is Format.MARKDOWN)
                for a in settings.apprise
            }
        )
    return notifiers


def other_secrets(settings: Settings, folder: Path) -> dict[str, Secret]:
    """The secrets that webhooks and Apprise need, by variable. Raises ConfigError where one is missing."""
    found = {
        w.secret_env: secret_of(w.secret_env, os.environ, folder / ".env", LEAST_SECRET) for w in settings.webhooks
    }
    return found | {a.url_env: secret_of(a.url_env, os.environ, folder / ".env") for a in settings.apprise}


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
