"""Reads secrets from ``.env`` or a file of their own. No message of this module repeats one."""

from __future__ import annotations

import io
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from dotenv.parser import parse_stream

from bot.config.yaml.document import refusal
from bot.core.errors import ConfigError
from bot.core.secret import Secret
from bot.render.outside import shell

LANGUAGE_MODEL_KEY = "AFTERSHOCK_LANGUAGE_MODEL_KEY"
MAX_BYTES = 65_536
_ONE_WORD = re.compile(r"[!-~]+\Z")


def assigned_values(text: str, variable: str) -> Iterator[tuple[int, str]]:
    """Line, from 1, and value of each non-empty assignment of ``variable`` in ``text``, the text of a ``.env`` file."""
    for binding in parse_stream(io.StringIO(text)):
        if binding.key == variable and (value := (binding.value or "").strip()):
            written = binding.original.string  # with the empty lines before it
            yield binding.original.line + written.count("\n", 0, len(written) - len(written.lstrip())), value


def variable_in(variable: str, env_file: Path) -> str:
    """The value of ``variable`` in ``env_file``; empty if it is not set or the file cannot be read."""
    try:
        text = secret_text(env_file, "secret", "")
    except ConfigError:
        return ""  # reading the token reports what is wrong with the file
    return next((value for _, value in assigned_values(text, variable)), "")


def secret_text(file: Path, what: str, setting: str) -> str:
    """The text, with its line ends, of the file with ``what`` (a token, a key) that ``setting`` names.

    Raises ConfigError, which shows nothing of it.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            message = f"the file is too large for a {what}; name another"
        else:
            return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        message = f"there is no such file; write the {what} into it, or remove {setting}"
    except UnicodeDecodeError:
        message = "the file is not UTF-8; save it as UTF-8"
    except OSError as error:
        message = f"the file cannot be read ({error.strerror}); check its name and permissions"
    # outside the "except": the error may carry the bytes it failed on
    raise refusal(file, message)


def readable_by_others(file: Path) -> bool:
    """Whether anyone but its owner may read the file; false if there is none."""
    try:
        return bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:
        return False


def find_language_model_key(environment: Mapping[str, str], key_file: Path | None) -> tuple[Secret | None, str]:
    """The key from the environment, else from ``key_file``, and a warning about the file (or nothing).

    Many local servers need no key: without either place it is ``None``. Raises ConfigError if a place is configured but
    has no usable key.
    """
    place, warning = LANGUAGE_MODEL_KEY, ""
    value = environment.get(LANGUAGE_MODEL_KEY, "").strip()
    if not value:
        if key_file is None:
            return None, ""
        place = str(key_file)
        value = secret_text(key_file, "key", "language_model.key_file").removeprefix("\ufeff").strip()
        if readable_by_others(key_file):
            warning = (
                f"{place} holds the language model's key and can be read by others; run: {shell('chmod', 600, place)}"
            )
    if not _ONE_WORD.match(value):
        raise refusal(place, "this is not a key (one word without spaces); write nothing else there")
    return Secret(value), warning
