"""Writing the Telegram token to where it is kept: ``.env``, or the file that ``telegram: token_file:`` names."""

from __future__ import annotations

import os
import re
from pathlib import Path

from bot.config.settings.replacing import OWNER_ONLY, replace_file
from bot.config.settings.secret_files import readable_by_others, secret_text
from bot.config.settings.telegram_token import VARIABLE, find_telegram_token
from bot.core.errors import ConfigError, Problem
from bot.core.secret import Secret

_ASSIGNS = re.compile(rf"\s*(?P<export>export\s+)?{VARIABLE}\s*=")
_MARK = "\ufeff"


def token_from(text: str) -> Secret:
    """The token in what a person pasted: bare, in quotes, or with ``TELEGRAM_BOT_TOKEN=`` before it.

    Raises ConfigError, which does not repeat it.
    """
    bare = _ASSIGNS.sub("", text, count=1).strip().strip("'\"").strip()
    found = find_telegram_token({VARIABLE: bare}, None, Path(os.devnull)).token
    if found is None:
        raise ConfigError([Problem(VARIABLE, 0, 0, "", "no token was given; paste the one from BotFather")])
    return found


def keep_token(token: Secret, token_file: Path | None, env_file: Path) -> Path:
    """Write ``token`` to ``token_file`` where one is configured, else to ``env_file``, and return which.

    Only the owner can read the file afterwards. What else ``env_file`` holds stays as it is. Raises ConfigError.
    """
    if token_file is not None:
        try:
            token_file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"the folder cannot be created ({error.strerror}); create it, or correct telegram.token_file"
            raise ConfigError([Problem(str(token_file), 0, 0, "", message)]) from error
        replace_file(token_file, f"{token.reveal()}\n".encode(), OWNER_ONLY)
        return token_file
    text = secret_text(env_file, "token", "it") if os.path.exists(env_file) else ""
    replace_file(env_file, _with_token(text, token).encode(), OWNER_ONLY)
    return env_file


def owner_only(file: Path) -> bool:
    """See to it that only the owner can read ``file``; true where that was not so. Raises ConfigError."""
    if not readable_by_others(file):
        return False
    try:
        file.chmod(OWNER_ONLY)
    except OSError as error:
        message = f"its permissions cannot be changed ({error.strerror}); run: chmod 600 {file}"
        raise ConfigError([Problem(str(file), 0, 0, "", message)]) from error
    return True


def _with_token(text: str, token: Secret) -> str:
    """``text`` with the first line that sets the token set anew; others that set it go, for a shell takes the last."""
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
