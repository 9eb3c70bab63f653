"""Finds the Telegram token (in the environment, a file of its own, or ``.env``) and saves it.

It is never in ``config.yaml``, which people share. No message of this module repeats a token, not even a wrong one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.config.settings.replacing import OWNER_ONLY, replace_file
from bot.config.settings.secret_files import assigned_values, readable_by_others, secret_text
from bot.config.yaml.document import refusal
from bot.core.secret import Secret
from bot.render.outside import shell

VARIABLE = "TELEGRAM_BOT_TOKEN"
_SHAPE = re.compile(r"[0-9]+:[A-Za-z0-9_-]+\Z")
_ASSIGNS = re.compile(rf"\s*(?P<export>export\s+)?{VARIABLE}\s*=")
_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class FoundToken:
    """The token, where it was found, and what is unsafe about that place."""

    token: Secret | None
    """``None`` if there is none: alerts then go to the console."""
    origin: str = ""
    """As shown to people: ``TELEGRAM_BOT_TOKEN`` or the file's name."""
    warnings: tuple[str, ...] = ()
    """One line each, for stderr: ``.env can be read by others; chmod 600 .env``."""


def find_telegram_token(environment: Mapping[str, str], token_file: Path | None, env_file: Path) -> FoundToken:
    """The token from the environment, else from ``token_file``, else from ``env_file``; the last need not exist.

    Raises ConfigError if a place is configured but has no usable token.
    """
    if value := environment.get(VARIABLE, "").strip():
        return FoundToken(_token(value, VARIABLE, 0), VARIABLE)
    if token_file is not None:
        text = secret_text(token_file, "token", "telegram.token_file").removeprefix("\ufeff")
        lines = [line.strip() for line in text.splitlines()]
        numbered = [(number, line) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]
        if not numbered:
            raise refusal(token_file, "the file has no token in it; paste the one from BotFather")
        if len(numbered) > 1:
            raise refusal(token_file, "the file has more in it than the token; leave one line", numbered[1][0], 1)
        number, line = numbered[0]
        value = next((value for _, value in assigned_values(line, VARIABLE)), line)
        return FoundToken(_token(value, str(token_file), number), str(token_file), _warnings(token_file))
    if os.path.isfile(env_file):  # not Path.is_file: that raises where the folder may not be entered
        for number, value in assigned_values(secret_text(env_file, "token", "it"), VARIABLE):
            return FoundToken(_token(value, str(env_file), number), str(env_file), _warnings(env_file))
    return FoundToken(None)


def _token(value: str, place: str, line: int) -> Secret:
    if not _SHAPE.match(value):
        message = "this does not look like a Telegram token (digits, ':', letters and digits); copy it from BotFather"
        raise refusal(place, message, line, 1 if line else 0)
    return Secret(value)


def _warnings(path: Path) -> tuple[str, ...]:
    if readable_by_others(path):
        return (f"{path} holds the Telegram token and can be read by others; run: {shell('chmod', 600, path)}",)
    return ()


# ------------------------------------------------------------------------------------------------------------- saving


def token_from(text: str) -> Secret:
    """The token in pasted text: bare, in quotes, or after ``TELEGRAM_BOT_TOKEN=``. Raises ConfigError."""
    bare = _ASSIGNS.sub("", text, count=1).strip().strip("'\"").strip()
    found = find_telegram_token({VARIABLE: bare}, None, Path(os.devnull)).token
    if found is None:
        raise refusal(VARIABLE, "no token was given; paste the one from BotFather")
    return found


def keep_token(token: Secret, token_file: Path | None, env_file: Path) -> Path:
    """Write ``token`` to ``token_file`` if one is configured, else to ``env_file``, and return which.

    Only the owner can read the file afterwards; the rest of ``env_file`` is kept. Raises ConfigError.
    """
    if token_file is not None:
        try:
            token_file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"the folder cannot be created ({error.strerror}); create it, or correct telegram.token_file"
            raise refusal(token_file, message) from error
        replace_file(token_file, f"{token.reveal()}\n".encode(), OWNER_ONLY)
        return token_file
    text = secret_text(env_file, "token", "it") if os.path.exists(env_file) else ""
    replace_file(env_file, _with_token(text, token).encode(), OWNER_ONLY)
    return env_file


def restrict_to_owner(file: Path) -> bool:
    """Let only the owner read ``file``; true if that was not so. Raises ConfigError."""
    if not readable_by_others(file):
        return False
    try:
        file.chmod(OWNER_ONLY)
    except OSError as error:
        raise refusal(
            file, f"its permissions cannot be changed ({error.strerror}); run: {shell('chmod', 600, file)}"
        ) from error
    return True


def _with_token(text: str, token: Secret) -> str:
    """``text`` with the first assignment of the token replaced and the others removed: a shell would take the last."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines: list[str] = []
    written = False
    for line in text.removeprefix(_MARK).splitlines(keepends=True):
        assigns = _ASSIGNS.match(line)
        if assigns is None:
            lines.append(line)
        elif not written:
            lines.append(f"{assigns['export'] or ''}{VARIABLE}={token.reveal()}{newline}")
            written = True
    if not written:
        if lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += newline
        lines.append(f"{VARIABLE}={token.reveal()}{newline}")
    return (_MARK if text.startswith(_MARK) else "") + "".join(lines)
