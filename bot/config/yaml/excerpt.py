"""Quoting a file in a message: short, on one line, without secrets."""

from __future__ import annotations

import re

from bot.core.secret import redacted
from bot.core.text.characters import without_invisible

_SURELY_TOKEN = re.compile(r"(?<![0-9])[0-9]{6,12}:[A-Za-z0-9_-]{30,}")
"""The exact shape BotFather issues: narrow enough to refuse a file for it."""


def find_token(text: str) -> int | None:
    """The index in ``text`` of what is certainly a Telegram token; ``None`` if there is none."""
    found = _SURELY_TOKEN.search(text)
    return found.start() if found else None


def shown(text: str, limit: int = 60) -> str:
    """``text`` on one line, redacted, cut to ``limit`` characters."""
    flat = without_invisible(redacted(text))
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def described(value: object) -> str:
    """A value read from YAML, as messages name it: ``number 5``, ``text 'abc'``, ``a list``, ``nothing``."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"number {value}"
    if isinstance(value, str):
        return f"text '{shown(value)}'"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple | set | frozenset):
        return "a list"
    return shown(str(value))
