"""Strangers' text in a prompt: marked as data, and unable to look like the marks."""

from __future__ import annotations

import re

from bot.core.text.characters import without_invisible

_BEGIN, _END = "=== BEGIN ===", "=== END ==="


def defused(text: str) -> str:
    """``text`` on one line, without invisible characters and without anything like our marks."""
    return re.sub(r"={2,}", "=", without_invisible(text))


def between_marks(data: str) -> str:
    """``data``, already defused, between the lines BEGIN and END."""
    return f"{_BEGIN}\n{data}\n{_END}\n"
