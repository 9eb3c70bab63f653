"""Quotations from stories: who said what, word for word, and those that argue the other way."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model import Block, BlockKind, Inline, Line, Link, Story
from bot.core.news.voices.speakers import Speech
from bot.core.news.voices.voices import Voice, choose

MOST = 3


def voices(stories: Sequence[Story], speech: Speech) -> list[Block]:
    """One block of quotations in line with the fall and one of those against it; only those that have any."""
    with_it, against = choose(stories, speech, MOST)
    blocks = []
    if with_it:
        blocks.append(Block("voices", BlockKind.QUOTES, 30, "Voices", tuple(map(_line, with_it))))
    if against:
        blocks.append(Block("the other reading", BlockKind.QUOTES, 32, "The other reading", tuple(map(_line, against))))
    return blocks


def _line(voice: Voice) -> Line:
    who = f" — {voice.speaker}" + (f", {voice.role}" if voice.role else "")
    where: list[Inline] = [f" ({voice.outlet})."]
    if voice.link:
        where = [" (", Link(voice.outlet, voice.link), ")."]
    return (f"“{voice.words}”", who, *where)
