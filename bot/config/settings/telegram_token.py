"""Where the Telegram token comes from: the environment, a file that holds nothing else, or ``.env``.

Never from ``config.yaml``, which people share. No message of this module repeats a token, not even a wrong one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.config.settings.secret_files import assigned_values, readable_by_others, secret_text
from bot.core.errors import ConfigError, Problem
from bot.core.secret import Secret

VARIABLE = "TELEGRAM_BOT_TOKEN"
_SHAPE = re.compile(r"[0-9]+:[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True, slots=True)
class FoundToken:
    """The token, where it came from, and what is wrong with the place."""

    token: Secret | None
    """``None`` where there is none anywhere: alerts then go to the console."""
    origin: str = ""
    """For people: ``TELEGRAM_BOT_TOKEN`` or the name of the file."""
    warnings: tuple[str, ...] = ()
    """One line each, for stderr: ``.env can be read by others; chmod 600 .env``."""


def find_telegram_token(environment: Mapping[str, str], token_file: Path | None, env_file: Path) -> FoundToken:
    """The token from the environment, else from ``token_file``, else from ``env_file``; the last need not exist.

    Raises ConfigError where a place is named but holds no usable token.
    """
    if value := environment.get(VARIABLE, "").strip():
        return FoundToken(_token(value, VARIABLE, 0), VARIABLE)
    if token_file is not None:
        file = str(token_file)
        text = secret_text(token_file, "token", "telegram.token_file").removeprefix("\ufeff")
        lines = [line.strip() for line in text.splitlines()]
        numbered = [(number, line) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]
        if not numbered:
            raise ConfigError([Problem(file, 0, 0, "", "the file has no token in it; paste the one from BotFather")])
        if len(numbered) > 1:
            message = "the file has more in it than the token; leave one line"
            raise ConfigError([Problem(file, numbered[1][0], 1, "", message)])
        number, line = numbered[0]
        value = next((value for _, value in assigned_values(line, VARIABLE)), line)
        return FoundToken(_token(value, file, number), file, _warnings(token_file))
    if os.path.isfile(env_file):  # not Path.is_file: that raises where the folder may not be entered
        for number, value in assigned_values(secret_text(env_file, "token", "it"), VARIABLE):
            return FoundToken(_token(value, str(env_file), number), str(env_file), _warnings(env_file))
    return FoundToken(None)


def _token(value: str, place: str, line: int) -> Secret:
    if not _SHAPE.match(value):
        message = "this does not look like a Telegram token (digits, ':', letters and digits); copy it from BotFather"
        raise ConfigError([Problem(place, line, 1 if line else 0, "", message)])
    return Secret(value)


def _warnings(path: Path) -> tuple[str, ...]:
    if readable_by_others(path):
        return (f"{path} holds the Telegram token and can be read by others; run: chmod 600 {path}",)
    return ()
