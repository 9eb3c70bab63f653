"""Where the key of the language model comes from: the environment, or a file that holds nothing else.

Never from ``config.yaml``, which people share. No message of this module repeats a key.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path

from bot.core.errors import ConfigError, Problem
from bot.core.secret import Secret

VARIABLE = "AFTERSHOCK_LANGUAGE_MODEL_KEY"
_MAX_BYTES = 65_536
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
    try:
        if key_file.stat().st_size > _MAX_BYTES:
            raise ConfigError([Problem(place, 0, 0, "", "the file is too large to hold a key; name another")])
        text = key_file.read_text(encoding="utf-8-sig")
        readable = key_file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    except FileNotFoundError:
        message = "there is no such file; write the key into it, or remove language_model.key_file"
        raise ConfigError([Problem(place, 0, 0, "", message)]) from None
    except UnicodeDecodeError:
        # "from None": the error carries the bytes it stumbled over.
        raise ConfigError([Problem(place, 0, 0, "", "the file is not UTF-8 text; save it as such")]) from None
    except OSError as error:
        message = f"the file cannot be read ({error.strerror}); check its name and permissions"
        raise ConfigError([Problem(place, 0, 0, "", message)]) from error
    warning = f"{place} holds the language model's key and can be read by others; run: chmod 600 {place}"
    return _key(text.strip(), place), warning if readable else ""


def _key(value: str, place: str) -> Secret:
    if not _USABLE.match(value):
        message = "this is not a key (one word of letters, digits and signs); write nothing else there"
        raise ConfigError([Problem(place, 0, 0, "", message)])
    return Secret(value)
