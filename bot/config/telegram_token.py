"""Where the Telegram token comes from: the environment, a file that holds nothing else, or ``.env``.

Never from ``config.yaml``, which people share. No message of this module repeats a token, not even a wrong one.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import ConfigError, Problem
from bot.core.secret import Secret

VARIABLE = "TELEGRAM_BOT_TOKEN"
_SHAPE = re.compile(r"[0-9]+:[A-Za-z0-9_-]+\Z")
_LINE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*?)\s*\Z")
_MAX_BYTES = 65_536


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
        lines = [line.strip() for line in _text(token_file).splitlines()]
        numbered = [(number, line) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]
        if not numbered:
            raise ConfigError([Problem(file, 0, 0, "", "the file holds no token; paste the one BotFather gave you")])
        if len(numbered) > 1:
            message = "the file holds more than the token; leave one line"
            raise ConfigError([Problem(file, numbered[1][0], 1, "", message)])
        number, line = numbered[0]
        assigned = _assigned(line)
        return FoundToken(_token(line if assigned is None else assigned, file, number), file, _warnings(token_file))
    if os.path.isfile(env_file):  # not Path.is_file: that raises where the folder may not be entered
        for number, line in enumerate(_text(env_file).splitlines(), 1):
            if value := _assigned(line) or "":
                return FoundToken(_token(value, str(env_file), number), str(env_file), _warnings(env_file))
    return FoundToken(None)


def _assigned(line: str) -> str | None:
    """The value where ``line`` assigns our variable; ``None`` otherwise."""
    found = _LINE.match(line)
    if found is None or found["name"] != VARIABLE:
        return None
    value = found["value"]
    if value[:1] in ("'", '"'):
        return value[1:].split(value[0], 1)[0].strip()
    return re.split(r"\s#", value, maxsplit=1)[0].strip()


def _token(value: str, place: str, line: int) -> Secret:
    if not _SHAPE.match(value):
        message = "this does not look like a Telegram token (digits, ':', letters and digits); copy it from BotFather"
        raise ConfigError([Problem(place, line, 1 if line else 0, "", message)])
    return Secret(value)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigError([Problem(str(path), 0, 0, "", "the file is too large to hold a token; name another")])
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        message = "there is no such file; write the token into it, or remove telegram.token_file"
        raise ConfigError([Problem(str(path), 0, 0, "", message)]) from error
    except UnicodeDecodeError:
        # "from None": the error carries the bytes it stumbled over.
        raise ConfigError([Problem(str(path), 0, 0, "", "the file is not UTF-8 text; save it as such")]) from None
    except OSError as error:
        message = f"the file cannot be read ({error.strerror}); check its name and permissions"
        raise ConfigError([Problem(str(path), 0, 0, "", message)]) from error


def _warnings(path: Path) -> tuple[str, ...]:
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return (f"{path} holds the Telegram token and can be read by others; run: chmod 600 {path}",)
    return ()
