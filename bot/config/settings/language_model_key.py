"""Where the key of the language model comes from: the environment, or a file that holds nothing else.

Never from ``config.yaml``, which people share. No message of this module repeats a key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from bot.config.settings.secret_files import readable_by_others, secret_text
from bot.core.errors import ConfigError, Problem
from bot.core.secret import Secret

VARIABLE = "AFTERSHOCK_LANGUAGE_MODEL_KEY"
_USABLE = re.compile(r"[!-~]+\Z")


def find_language_model_key(environment: Mapping[str, str], key_file: Path | None) -> tuple[Secret | None, str]:
    """The key from the environment, else from ``key_file``, and a warning about the file (or nothing).

    Many servers on one's own machine need none: without either place there is none. Raises ConfigError where a place
    is named but holds no usable key.
    """
    if value := environment.get(VARIABLE, "").strip():
        return _key(value, VARIABLE), ""
    if key_file is None:
        return None, ""
    place = str(key_file)
    text = secret_text(key_file, "key", "language_model.key_file").removeprefix("\ufeff")
    warning = f"{place} holds the language model's key and can be read by others; run: chmod 600 {place}"
    return _key(text.strip(), place), warning if readable_by_others(key_file) else ""


def _key(value: str, place: str) -> Secret:
    if not _USABLE.match(value):
        message = "this is not a key (one word without spaces); write nothing else there"
        raise ConfigError([Problem(place, 0, 0, "", message)])
    return Secret(value)
