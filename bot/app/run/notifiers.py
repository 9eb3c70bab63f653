"""The notifiers and recipients of a run, from settings, secrets and the store."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from zoneinfo import ZoneInfo

from bot.adapters.notifiers.apprise import AppriseNotifier, Destination
from bot.adapters.notifiers.console import ConsoleNotifier
from bot.adapters.notifiers.webhook import Endpoint, WebhookNotifier
from bot.app.entry_points import make
from bot.app.project import Project
from bot.config.settings.model import Settings
from bot.config.settings.other_channels import (
    LEAST_SECRET,
    ChannelSettings,
    Format,
    NotifierSettings,
    WebhookSettings,
    pieces,
    recipient,
    secret_of,
)
from bot.config.settings.secret_files import readable_by_others
from bot.config.settings.telegram_token import FoundToken, find_telegram_token
from bot.config.yaml.scalars import parse_http_url
from bot.core.errors import ConfigError, UsageError
from bot.core.model import Notification, NumberForm, Outgoing, Recipient, Style
from bot.core.ports import Clock, Notifier
from bot.core.secret import Secret
from bot.extensions import NOTIFIERS, MakeNotifier, NotifierContext
from bot.render.outside import shell

if TYPE_CHECKING:
    from bot.adapters.notifiers.telegram import TelegramNotifier

CONSOLE = Recipient("console", "console", "console", operator=True)
Pictures = Callable[[Notification], Awaitable[Sequence[bytes]]]
Options = Mapping[str, Mapping[str, Any]]
"""The options of each recipient of a channel, by recipient id."""


class NullNotifier(Notifier):
    """Delivers nowhere and always succeeds, for a replay that only fills a history."""

    channel = "console"

    async def send(self, outgoing: Outgoing) -> str:
        """Acknowledge without showing."""
        return f"nowhere-{outgoing.notification.id}"


# ------------------------------------------------------------------------------------------------------------ notifiers


def _telegram(options: Options, _: NotifierContext) -> Notifier:
    from bot.adapters.notifiers.telegram import (
        TelegramNotifier,  # a third of a second to import, and a replay needs none of it
    )

    (given,) = options.values()
    return TelegramNotifier(**given)


def _console(options: Options, _: NotifierContext) -> Notifier:
    (given,) = options.values()
    return ConsoleNotifier(**given)


def _webhook(options: Options, context: NotifierContext) -> Notifier:
    endpoints = {
        recipient: Endpoint(
            str(given["url"]) if given["url"] else _address(given["url_env"], context),
            context.secret(given["secret_env"]) if given["secret_env"] else None,
            given["body"],
            given["pages"],
        )
        for recipient, given in options.items()
    }
    return WebhookNotifier(endpoints, context.clock)


def _address(variable: str, context: NotifierContext) -> str:
    """The web address in a variable. Raises UsageError, which does not repeat it, where it is none."""
    try:
        return parse_http_url(context.secret(variable).reveal())
    except ValueError:
        raise UsageError(f"{variable} holds no web address; write one like https://hooks.example/…") from None


def _apprise(options: Options, context: NotifierContext) -> Notifier:
    return AppriseNotifier(
        {
            recipient: Destination(
                context.secret(given["url_env"]),
                given["format"] is Format.MARKDOWN,
                _zone(given["time_zone"]),
                given["numbers"],
            )
            for recipient, given in options.items()
        }
    )


def _forms(settings: Settings) -> dict[str, Any]:
    """How the terminal shows times and numbers."""
    return {"zone": _zone(settings.time_zone), "numbers": settings.numbers}


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


BUILT_IN: Mapping[str, MakeNotifier] = {
    "telegram": _telegram,
    "console": _console,
    "webhook": _webhook,
    "apprise": _apprise,
}


def live_notifiers(
    settings: Settings,
    found: FoundToken,
    console: TextIO,
    clock: Clock,
    folder: Path,
    pictures: Pictures | None = None,
    known: Callable[[], Iterable[Recipient]] = tuple,
) -> dict[str, Notifier]:
    """The notifiers of a live run by channel: Telegram if there is a token, the console if wanted, and the configured
    others. ``known`` are the recipients with what was chosen in their chats.

    Raises ConfigError for a missing secret, UsageError for a package that is missing or does not work.
    """
    wanted: dict[str, dict[str, Mapping[str, Any]]] = {}
    if found.token is not None:
        wanted["telegram"] = {"telegram": _telegram_options(settings, found.token, pictures, known)}
    if settings.console == "always" or (settings.console == "auto" and found.token is None):
        wanted["console"] = {CONSOLE.id: {"stream": console, **_forms(settings)}}
    for channel, each in _configured(settings):
        wanted.setdefault(channel, {})[recipient(channel, each).id] = _options(each, settings)
    return {channel: _made(channel, options, clock, folder) for channel, options in wanted.items()}


def telegram_notifier(
    settings: Settings, token: Secret, known: Callable[[], Iterable[Recipient]] = tuple
) -> TelegramNotifier:
    """The Telegram notifier alone, to check it or to send a sample."""
    from bot.adapters.notifiers.telegram import TelegramNotifier

    return TelegramNotifier(**_telegram_options(settings, token, None, known))


def _telegram_options(
    settings: Settings, token: Secret, pictures: Pictures | None, known: Callable[[], Iterable[Recipient]]
) -> dict[str, Any]:
    base = settings.telegram.base_url

    def style(recipient: str) -> Style:
        chosen = next((r.style for r in known() if r.id == recipient), None)
        return chosen or settings.telegram.style

    def numbers(recipient: str) -> NumberForm:
        chosen = next((r.numbers for r in known() if r.id == recipient), None)
        return chosen or settings.numbers

    options: dict[str, Any] = {"token": token, "pictures": pictures, "style": style, "numbers": numbers}
    options["pages"] = settings.web.address or ""
    return options | ({"base_url": base} if base else {})


def _configured(settings: Settings) -> Iterator[tuple[str, ChannelSettings]]:
    """The recipients in ``config.yaml``, each with its channel."""
    yield from (("webhook", webhook) for webhook in settings.webhooks)
    yield from (("apprise", address) for address in settings.apprise)
    yield from ((notifier.type, notifier) for notifier in settings.notifiers)


def _options(channel: ChannelSettings, settings: Settings) -> dict[str, Any]:
    """The options for the notifier itself: all that are not common to every channel."""
    if isinstance(channel, NotifierSettings):
        return channel.options
    common = {*ChannelSettings.model_fields, "type"}
    given = {name: value for name, value in channel if name not in common}
    of_all = {"time_zone": settings.time_zone, "numbers": settings.numbers}
    if isinstance(channel, WebhookSettings):
        given["pages"] = settings.web.address or ""
    return given | {name: given[name] or value for name, value in of_all.items() if name in given}


def _secret(folder: Path, variable: str, least: int = 1) -> Secret:
    return secret_of(variable, os.environ, folder / ".env", least)


def _made(channel: str, options: Options, clock: Clock, folder: Path) -> Notifier:
    least = LEAST_SECRET if channel == WebhookNotifier.channel else 1
    context = NotifierContext(folder, clock, partial(_secret, folder, least=least))
    made: Notifier = make(Notifier, NOTIFIERS, channel, BUILT_IN, options, context)  # type: ignore[type-abstract]
    if made.channel != channel:
        raise UsageError(f"the notifier '{channel}' has the channel '{made.channel}'; the two names must be the same")
    return made


# ------------------------------------------------------------------------------------------------------------- secrets


def token_of(project: Project) -> FoundToken:
    """The Telegram token, if there is one. Raises ConfigError if the configured place holds none."""
    return find_telegram_token(os.environ, project.settings.telegram.token_file, project.folder / ".env")


def _variables(settings: Settings) -> Iterator[str]:
    """The variables that hold secrets of configured channels."""
    for _, each in _configured(settings):
        yield from (str(value) for name, value in _options(each, settings).items() if name.endswith("_env") and value)


def other_secrets(settings: Settings, folder: Path) -> list[Secret]:
    """All secrets of configured channels, for redaction. Raises ConfigError for a missing one."""
    secrets = [_secret(folder, variable) for variable in _variables(settings)]
    named = [*(each.url_env for each in settings.apprise), *(each.url_env for each in settings.webhooks)]
    addresses = [_secret(folder, variable) for variable in named if variable]
    return [*secrets, *(part for address in addresses for part in pieces(address))]


def unsafe_file(settings: Settings, folder: Path) -> list[str]:
    """A warning if others can read the ``.env`` that holds secrets of these channels."""
    file = folder / ".env"
    if all(os.environ.get(v, "").strip() for v in _variables(settings)) or not readable_by_others(file):
        return []
    return [f"{file} holds secrets of webhooks or Apprise and can be read by others; run: {shell('chmod', 600, file)}"]


def channel_states(settings: Settings, folder: Path, clock: Clock) -> list[tuple[str, str]]:
    """Configured recipients by id, each with what is wrong with it, if anything. Sends nothing."""
    states = []
    for channel, each in _configured(settings):
        trouble, name = "", recipient(channel, each).id
        try:
            _made(channel, {name: _options(each, settings)}, clock, folder)
        except (ConfigError, UsageError) as error:
            trouble = str(error)
        states.append((name, trouble))
    return states


# ----------------------------------------------------------------------------------------------------------- recipients


def configured_recipients(settings: Settings, known: Sequence[Recipient]) -> list[Recipient]:
    """The recipients in the configuration; those no longer in it are disabled."""
    now = [recipient(channel, each) for channel, each in _configured(settings)]
    ids = {r.id for r in now}
    gone = [r for r in known if r.channel not in ("telegram", "console") and r.id not in ids and r.enabled]
    return now + [replace(r, enabled=False) for r in gone]


def without_edits(notifiers: Mapping[str, Notifier]) -> frozenset[str]:
    """The channels that cannot edit sent messages."""
    return frozenset(channel for channel, notifier in notifiers.items() if not notifier.edits)


def one_by_one(notifiers: Mapping[str, Notifier]) -> frozenset[str]:
    """The channels that get every message by itself. Those that do not are chats: they say how many messages one
    takes."""
    return frozenset(channel for channel, notifier in notifiers.items() if notifier.limits is None)


async def close_all(notifiers: Iterable[Notifier]) -> None:
    """Close each, ignoring errors."""
    for notifier in notifiers:
        with contextlib.suppress(Exception):
            await notifier.close()


def replay_recipients(
    notify: str, project: Project, stream: TextIO, known: Sequence[Recipient]
) -> tuple[dict[str, Notifier], list[Recipient]]:
    """The notifiers and recipients of a replay. Raises UsageError if nobody would receive it."""
    if notify == "none":
        return {"console": NullNotifier()}, [CONSOLE]
    if notify == "console":
        return {"console": ConsoleNotifier(stream, **_forms(project.settings))}, [CONSOLE]
    telegram, token = project.settings.telegram, token_of(project).token
    if token is None:
        raise UsageError("there is no Telegram token; set TELEGRAM_BOT_TOKEN to the one from BotFather")
    ids = dict.fromkeys((*telegram.admins, *telegram.allow))
    if not ids:
        raise UsageError("nobody would receive this; name chats under telegram: allow: in config.yaml")
    kept = {r.id: r for r in known}
    recipients = [
        kept.get(f"telegram:{i}", Recipient(f"telegram:{i}", "telegram", operator=i in telegram.admins)) for i in ids
    ]
    return {"telegram": telegram_notifier(project.settings, token, lambda: recipients)}, recipients
