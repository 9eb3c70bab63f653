"""How messages show a story's title."""

from __future__ import annotations

from bot.core.model import Link
from bot.core.text.scripts import language_note
from bot.core.text.wording import LONGEST_TITLE, quotation, shortened


def titled(title: str, link: str, most: int = LONGEST_TITLE) -> tuple[str | Link, ...]:
    """The title as a link, or in quotation marks where there is none to follow; its language where few can read it."""
    words = shortened(title, most)
    shown: str | Link = Link(words, link) if link else quotation(words)
    note = language_note(title)
    return (shown, note) if note else (shown,)
