"""The news itself, where a message is about no stock: the story, where it comes from, and how many tell it."""

from __future__ import annotations

from collections.abc import Callable

from bot.core.messages.blocks.why import first_told, story_line
from bot.core.messages.snapshot import Snapshot
from bot.core.model import Block, BlockKind
from bot.core.text.scripts import language_note
from bot.core.text.wording import quotation, shortened


def headline_of(seen: Snapshot, topic: Callable[[str], str]) -> str:
    """``AI-model news: “DeepSeek-R2 is out”``."""
    if seen.cause is None:
        return "News"
    words = topic(seen.cause.topic)
    return f"{words[:1].upper()}{words[1:]}: {quotation(shortened(seen.cause.title))}"


def the_story(seen: Snapshot) -> list[Block]:
    """The block; empty where the story is not known."""
    if seen.cause is None:
        return []
    whole = shortened(seen.cause.title) == seen.cause.title and not language_note(seen.cause.title)
    lines = (story_line(seen.cause, titled_above=whole), *first_told(seen.cause, seen))
    return [Block("what happened", BlockKind.LINKS, 90, "What happened", lines)]
