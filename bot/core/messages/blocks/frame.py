"""The first and last block of every message: its headline and the disclaimer."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.model import Block, BlockKind, Strong, Summary

NOT_ADVICE = "Written by a machine (Aftershock). Not investment advice."


def framed(headline: str, blocks: Iterable[Block], note: str = NOT_ADVICE) -> Summary:
    """A summary of ``blocks`` under ``headline``, which is also its subject; without a last line where ``note`` is
    empty."""
    last = [Block("note", BlockKind.NOTE, 10, lines=((note,),))] if note else []
    first = Block("headline", BlockKind.HEADLINE, 100, lines=((Strong(headline),),))
    return Summary((first, *blocks, *last), headline)
