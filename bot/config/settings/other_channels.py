"""Channels beside Telegram: programs by signed webhook, people by whatever Apprise reaches.

What gives access to them (a webhook's secret, an Apprise address with its password) is not written into
``config.yaml``, which people share: the file names a variable, of the environment or of ``.env``.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from bot.config.settings.secret_files import variable_in
from bot.config.yaml.document import Document, problem
from bot.config.yaml.excerpt import described
from bot.config.yaml.scalars import HttpUrl, Name, Symbol
from bot.config.yaml.validation import StrictModel
from bot.core.errors import ConfigError, Problem
from bot.core.model import Recipient, Severity
from bot.core.secret import Secret

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,63}")
_LONG_PIECE = 8
_PLAIN_WORD = re.compile(r"[a-z-]+")
_SECTIONS = {"telegram": "telegram:", "console": "console:", "webhook": "webhooks:", "apprise": "apprise:"}
LEAST_SECRET = 16
"""Characters of a webhook's secret: one that is shorter can be guessed."""


def _variable(value: str) -> str:
    if _VARIABLE.fullmatch(value) is None:
        # not repeated: somebody may have written the secret itself here
        raise ValueError("this is not the name of a variable; write one such as AFTERSHOCK_DESK_SECRET")
    return value


Variable = Annotated[str, AfterValidator(_variable), WithJsonSchema({"type": "string", "pattern": _VARIABLE.pattern})]
"""The name of a variable that holds a secret."""


def _severity(value: object) -> Severity:
    if isinstance(value, Severity):
        return value
    words = ", ".join(s.word for s in Severity)
    try:
        return Severity.parse(value) if isinstance(value, str) else Severity.parse("")
    except KeyError:
        raise ValueError(f"{described(value)} is not a severity; write one of {words}") from None


LeastSeverity = Annotated[
    Severity,
    BeforeValidator(_severity),
    WithJsonSchema({"type": "string", "enum": [s.word for s in Severity]}),
]


class Format(enum.StrEnum):
    """How an Apprise message is written."""

    TEXT = "text"
    MARKDOWN = "markdown"


class ChannelSettings(StrictModel):
    """What any of them wants to hear."""

    name: Name
    """Short and unique; its recipient is `webhook:NAME`, `apprise:NAME` or `TYPE:NAME`."""
    min_severity: LeastSeverity = Severity.INFO
    """Nothing less severe is sent there."""
    symbols: tuple[Symbol, ...] = ()
    """Only incidents that touch one of these; all where left out."""
    digest: bool = False
    """Send the digests, too."""
    operator: bool = False
    """Send notices of troubles, too."""


class WebhookSettings(ChannelSettings):
    """A program that takes alerts as signed JSON: see docs/webhook.md."""

    url: HttpUrl
    """Where each message is posted. Redirects are not followed."""
    secret_env: Variable
    """The variable that holds the secret the signature is made with, 16 characters at least."""


class AppriseSettings(ChannelSettings):
    """E-mail, Slack, Discord, ntfy and the rest, by an Apprise address. Needs `make setup EXTRAS=apprise`."""

    url_env: Variable
    """The variable that holds the Apprise address: it mostly contains a password."""
    format: Format = Format.TEXT
    """`markdown` where the service shows it."""


class NotifierSettings(ChannelSettings):
    """A recipient of a notifier that another package brings: see docs/extending.md."""

    type: Name
    """The notifier, by the name of its entry point in the group `aftershock.notifiers`."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What that notifier asks for. Secrets are not written here, but the variables that hold them."""


def channel_problems(
    document: Document,
    webhooks: tuple[WebhookSettings, ...],
    apprises: tuple[AppriseSettings, ...],
    notifiers: tuple[NotifierSettings, ...],
) -> list[Problem]:
    """Names that are there twice, and built-in channels in the place of others."""
    found = []
    for index, notifier in enumerate(notifiers):
        if notifier.type in _SECTIONS:
            message = f"'{notifier.type}' is built in; write it under {_SECTIONS[notifier.type]}"
            found.append(problem(document, ("notifiers", index, "type"), message))
    for key, channels in (("webhooks", webhooks), ("apprise", apprises), ("notifiers", notifiers)):
        names: set[str] = set()
        for index, channel in enumerate(channels):
            if channel.name in names:
                where: tuple[Any, ...] = (key, index, "name")
                found.append(problem(document, where, "this name is already taken; choose another"))
            names.add(channel.name)
    return found


def recipient(channel: str, settings: ChannelSettings) -> Recipient:
    """The recipient that a channel of the configuration is."""
    return Recipient(
        f"{channel}:{settings.name}",
        channel,
        settings.name,
        operator=settings.operator,
        min_severity=settings.min_severity,
        symbols=settings.symbols,
        digest=settings.digest,
    )


def secret_of(variable: str, environment: Mapping[str, str], env_file: Path, least: int = 1) -> Secret:
    """The secret in ``variable``, of the environment or of ``.env``.

    Raises ConfigError, which does not repeat it, where there is none or it is shorter than ``least``.
    """
    value = environment.get(variable, "").strip() or variable_in(variable, env_file)
    if not value:
        message = f"{variable} is not set; set it in the environment or in {env_file.name}, or remove the channel"
        raise ConfigError([Problem(variable, 0, 0, "", message)])
    if len(value) < least:
        message = f"{variable} is too short for a secret; use at least {least} characters, from `openssl rand -hex 32` for example"
        raise ConfigError([Problem(variable, 0, 0, "", message)])
    return Secret(value)


def pieces(address: Secret) -> list[Secret]:
    """What in an Apprise address gives access by itself: the password, and every long piece that is neither a host's
    name nor a plain word. A library may show these without the rest."""
    rest = address.reveal().partition("://")[2]
    user = re.split(r"[/?]", rest, maxsplit=1)[0].rpartition("@")[0]
    found = {unquote(user.partition(":")[2])}
    for piece in re.split(r"[/:@?&=,\s]+", rest):
        if len(piece) >= _LONG_PIECE and "." not in piece and _PLAIN_WORD.fullmatch(piece) is None:
            found.update((piece, unquote(piece)))
    return [Secret(piece) for piece in sorted(found) if piece]
