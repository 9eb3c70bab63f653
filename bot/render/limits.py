"""What fits: Telegram's limits, and which blocks stay when not all of them do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.core.model import Block, BlockKind, Summary

MESSAGE_LIMIT = 4096
"""UTF-16 code units of a message, counted after its markup is parsed (https://core.telegram.org/bots/api#sendmessage)."""
ENTITY_LIMIT = 100
"""Formatted pieces in a message; Telegram silently drops those beyond."""
MARKUP_LIMIT = 30_000
"""UTF-8 bytes of a message before its markup is parsed; the Bot API refuses somewhat more than this."""
PHONE_WIDTH = 34
"""Fixed-width columns that a phone in portrait shows without wrapping."""


def headline_of(summary: Summary) -> Block | None:
    """The block that must stay: the headline, or else the first block."""
    return next((b for b in summary.blocks if b.kind is BlockKind.HEADLINE), next(iter(summary.blocks), None))


def choose(blocks: Sequence[Block], must: Block | None, fits: Callable[[Sequence[Block]], bool]) -> list[Block]:
    """The blocks that stay, in reading order: whole ones, the heaviest first, as long as ``fits`` says so.

    A block never gives way to a lighter one; of equal weight the earlier stays. ``must`` stays in any case.
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
