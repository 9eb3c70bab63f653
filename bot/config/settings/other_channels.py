"""Settings of the channels other than Telegram: webhooks, Apprise, and notifiers from other packages.

Their credentials (a webhook's secret, an Apprise address with its password) are not written into ``config.yaml``, which
people share: the file names a variable, set in the environment or in ``.env``.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from bot.config.settings.secret_files import variable_in
from bot.config.yaml.document import Document, problem, refusal, repeated
from bot.config.yaml.excerpt import described
from bot.config.yaml.scalars import HttpUrl, Name, Numbers, Symbol, TimeZoneName
from bot.config.yaml.validation import StrictModel
from bot.core.errors import Problem
from bot.core.model import Recipient, Severity
from bot.core.secret import Secret
from bot.render.template import mistakes

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,63}")
_LONG_PIECE = 8
_PLAIN_WORD = re.compile(r"[a-z-]+")
_SECTIONS = {"telegram": "telegram:", "console": "console:", "webhook": "webhooks:", "apprise": "apprise:"}
LEAST_SECRET = 16
"""Minimum length of a webhook's secret: a shorter one can be guessed."""


def _variable(value: str) -> str:
    if _VARIABLE.fullmatch(value) is None:
        # not repeated: it may be the secret itself
        raise ValueError("this is not the name of a variable; write one such as AFTERSHOCK_DESK_SECRET")
    return value


Variable = Annotated[str, AfterValidator(_variable), WithJsonSchema({"type": "string", "pattern": _VARIABLE.pattern})]
"""The name of a variable that holds a secret."""


def _severity(value: object) -> Severity:
    if isinstance(value, Severity):
        return value
    words = ", ".join(s.word for s in Severity)
    try:
        return Severity.parse(str(value))
    except KeyError:
        raise ValueError(f"{described(value)} is not a severity; write one of {words}") from None


LeastSeverity = Annotated[
    Severity,
    BeforeValidator(_severity),
    WithJsonSchema({"type": "string", "enum": [s.word for s in Severity]}),
]


class Format(enum.StrEnum):
    """The format of an Apprise message."""

    TEXT = "text"
    MARKDOWN = "markdown"


class ChannelSettings(StrictModel):
    """What all of these channels have in common."""

    name: Name
    """Short and unique; the recipient is `webhook:NAME`, `apprise:NAME` or `TYPE:NAME`."""
    min_severity: LeastSeverity = Severity.INFO
    """The least severity to send."""
    symbols: tuple[Symbol, ...] = ()
    """Only incidents about one of these; by default all."""
    digest: bool = False
    """Send digests too."""
    operator: bool = False
    """Send operator notices too."""


class WebhookSettings(ChannelSettings):
    """A program that receives alerts as signed JSON, or a service that takes them in a form of its own: see
    docs/webhook.md."""

    url: HttpUrl | None = None
    """Where each message is posted. Redirects are not followed."""
    url_env: Variable | None = None
    """In place of `url`: the variable with the address, where that works like a password."""
    secret_env: Variable | None = None
    """The variable with the signing secret, at least 16 characters. Needed, unless `body` gives the form."""
    body: dict[str, Any] | None = None
    """What is posted, in place of Aftershock's own form: text in it may name `$headline`, `$brief`, `$text`,
    `$severity`, `$reason`, `$incident`, `$page`, `$id` and `$at`. Edits are not posted."""


class AppriseSettings(ChannelSettings):
    """E-mail, Slack, Discord, ntfy and others, by Apprise address. Needs the extra `apprise`."""

    url_env: Variable
    """The variable with the Apprise address, which usually contains a password."""
    format: Format = Format.TEXT
    """`markdown` if the service renders it."""
    time_zone: TimeZoneName | None = None
    """The zone of the times in messages, like Europe/London; by default that of `time_zone:` above."""
    numbers: Numbers | None = None
    """How numbers are written in messages, by example; by default that of `numbers:` above."""


class NotifierSettings(ChannelSettings):
    """A recipient of a notifier from another package: see docs/extending.md."""

    type: Name
    """The notifier's entry-point name in the group `aftershock.notifiers`."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Options of that notifier. Write the names of variables here, not the secrets in them."""


def channel_problems(
    document: Document,
    webhooks: tuple[WebhookSettings, ...],
    apprises: tuple[AppriseSettings, ...],
    notifiers: tuple[NotifierSettings, ...],
) -> list[Problem]:
    """Duplicate names, and built-in channels under ``notifiers``."""
    found = []
    for index, notifier in enumerate(notifiers):
        if notifier.type in _SECTIONS:
            message = f"'{notifier.type}' is built in; write it under {_SECTIONS[notifier.type]}"
            found.append(problem(document, ("notifiers", index, "type"), message))
    for index, webhook in enumerate(webhooks):
        found += _webhook_problems(document, index, webhook)
    for key, channels in (("webhooks", webhooks), ("apprise", apprises), ("notifiers", notifiers)):
        for index, _ in repeated(channel.name for channel in channels):
            found.append(problem(document, (key, index, "name"), "this name is already taken; choose another"))
    return found


def _webhook_problems(document: Document, index: int, webhook: WebhookSettings) -> Iterator[Problem]:
    """An address that is missing or given twice, no secret where the form is ours, and what a body cannot name."""
    path = ("webhooks", index)
    if webhook.url is None and webhook.url_env is None:
        yield problem(document, path, "'url' is missing; add 'url: …', or 'url_env: …' with the variable that holds it")
    if webhook.url is not None and webhook.url_env is not None:
        yield problem(document, (*path, "url_env"), "the address is given twice; remove url or url_env", key=True)
    if webhook.secret_env is None and webhook.body is None:
        yield problem(document, path, "'secret_env' is missing; add 'secret_env: …'")
    for inner, message in mistakes(webhook.body):
        yield problem(document, (*path, "body", *inner), message)


def recipient(channel: str, settings: ChannelSettings) -> Recipient:
    """The recipient for a configured channel."""
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
    """The secret in ``variable``, from the environment or ``.env``.

    Raises ConfigError if there is none or it is shorter than ``least``; the error does not repeat it.
    """
    value = environment.get(variable, "").strip() or variable_in(variable, env_file)
    if not value:
        where = f"in the environment or in {env_file.name}"
        raise refusal(variable, f"{variable} is not set; set it {where}, or remove the channel")
    if len(value) < least:
        advice = f"use at least {least} characters, for example from `openssl rand -hex 32`"
        raise refusal(variable, f"{variable} is too short for a secret; {advice}")
    return Secret(value)


def pieces(address: Secret) -> list[Secret]:
    """The parts of an Apprise address that are secrets in themselves: the password, and every long piece that is
    neither a host name nor a plain word. A library may show these without the rest."""
    rest = address.reveal().partition("://")[2]
    user = re.split(r"[/?]", rest, maxsplit=1)[0].rpartition("@")[0]
    found = {unquote(user.partition(":")[2])}
    for piece in re.split(r"[/:@?&=,\s]+", rest):
        if len(piece) >= _LONG_PIECE and "." not in piece and _PLAIN_WORD.fullmatch(piece) is None:
            found.update((piece, unquote(piece)))
    return [Secret(piece) for piece in sorted(found) if piece]
