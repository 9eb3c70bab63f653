"""Telegram's limits, and which blocks to keep when not all fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.core.model import Block, BlockKind, Summary

MESSAGE_LIMIT = 4096
"""UTF-16 code units of a message, counted after its markup is parsed (https://core.telegram.org/bots/api#sendmessage)."""
CAPTION_LIMIT = 1024
"""The same of a picture's caption (https://core.telegram.org/bots/api#sendphoto)."""
ENTITY_LIMIT = 100
"""Formatted entities in a message; Telegram silently drops the rest."""
MARKUP_LIMIT = 30_000
"""UTF-8 bytes of a message with its markup; the Bot API rejects slightly more than this."""
PHONE_WIDTH = 34
"""Fixed-width columns that fit a phone in portrait."""


def headline_of(summary: Summary) -> Block | None:
    """The block that must stay: the headline, else the first."""
    return next((b for b in summary.blocks if b.kind is BlockKind.HEADLINE), next(iter(summary.blocks), None))


def choose(blocks: Sequence[Block], must: Block | None, fits: Callable[[Sequence[Block]], bool]) -> list[Block]:
    """The blocks to keep, in reading order: whole ones, the heaviest first, as long as they fit.

    A block never gives way to a lighter one; of equal weight the earlier is kept. ``must`` is always kept.
    """
    if fits(blocks):
        return list(blocks)
    order = sorted(range(len(blocks)), key=lambda i: (blocks[i] is not must, -blocks[i].weight, i))
    kept: list[int] = []
    for i in order:
        trial = sorted([*kept, i])
        if blocks[i] is must or fits([blocks[k] for k in trial]):
            kept = trial
    return [blocks[i] for i in kept]


def laid_out(summary: Summary, text_of: Callable[[Block], str], fits: Callable[[str], bool]) -> str:
    """The blocks that ``text_of`` renders to something, separated by empty lines, as many as ``fits`` allows."""
    texts = {id(block): text_of(block) for block in summary.blocks}

    def joined(blocks: Sequence[Block]) -> str:
        return "\n\n".join(texts[id(block)] for block in blocks)

    blocks = [block for block in summary.blocks if texts[id(block)]]
    return joined(choose(blocks, headline_of(summary), lambda chosen: fits(joined(chosen))))
