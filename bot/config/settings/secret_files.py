"""Secrets in files of their owner's: ``.env``, or a file that holds nothing else. No message here repeats one."""

from __future__ import annotations

import io
import stat
from collections.abc import Iterator
from pathlib import Path

from dotenv.parser import parse_stream

from bot.core.errors import ConfigError, Problem

MAX_BYTES = 65_536


def assigned_values(text: str, variable: str) -> Iterator[tuple[int, str]]:
    """Line, from 1, and value of each place in ``text`` that gives ``variable`` one, as a ``.env`` file does."""
    for binding in parse_stream(io.StringIO(text)):
        if binding.key == variable and (value := (binding.value or "").strip()):
            written = binding.original.string  # with the empty lines before it
            yield binding.original.line + written.count("\n", 0, len(written) - len(written.lstrip())), value


def variable_in(variable: str, env_file: Path) -> str:
    """The value of ``variable`` in ``env_file``; empty where there is none, or the file cannot be read."""
    try:
        text = secret_text(env_file, "secret", "")
    except ConfigError:
        return ""  # the token's reader says what is wrong with the file
    return next((value for _, value in assigned_values(text, variable)), "")


def secret_text(file: Path, what: str, setting: str) -> str:
    """The text of the file that holds ``what`` (a token, a key) and that ``setting`` names, line ends as they are.

    Raises ConfigError, which shows nothing of it.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            message = f"the file is too large to hold a {what}; name another"
        else:
            return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        message = f"there is no such file; write the {what} into it, or remove {setting}"
    except UnicodeDecodeError:
        message = "the file is not UTF-8; save it as UTF-8"
    except OSError as error:
        message = f"the file cannot be read ({error.strerror}); check its name and permissions"
    # outside the "except": the error may carry the bytes it stumbled over
    raise ConfigError([Problem(str(file), 0, 0, "", message)])


def readable_by_others(file: Path) -> bool:
    """Whether anyone but its owner may read the file; no where there is none."""
    try:
        return bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:
        return False
