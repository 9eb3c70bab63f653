"""Blocks that answers are made of."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model import Block, BlockKind, Inline, Line, Strong, Summary
from bot.core.text.wording import words_of


def _block(kind: BlockKind, lines: Sequence[Line | str], title: str, weight: int) -> Block:
    made = tuple((line,) if isinstance(line, str) else line for line in lines)
    return Block(title.lower() or kind.value, kind, weight, title=title, lines=made)


def facts(lines: Sequence[Line | str], title: str = "", weight: int = 50) -> Block:
    """Lines with bullets."""
    return _block(BlockKind.FACTS, lines, title, weight)


def plain_lines(lines: Sequence[Line | str], title: str = "", weight: int = 50) -> Block:
    """Lines without bullets."""
    return _block(BlockKind.TABLE, lines, title, weight)


def code(lines: Sequence[str], title: str = "") -> Block:
    """Lines of a file."""
    return _block(BlockKind.CODE, lines, title, 50)


def note(text: str) -> Block:
    """A closing remark."""
    return _block(BlockKind.NOTE, [text], "", 20)


def said(*line: Inline) -> Summary:
    """An answer of one line, which has a time in it; without one a string will do."""
    return Summary((_block(BlockKind.TABLE, [line], "", 100),), words_of(line))


def answer(first: str, *blocks: Block) -> Summary:
    """A whole answer, with ``first`` as its headline."""
    headline = _block(BlockKind.HEADLINE, [(Strong(first),)], "", 100)
    return Summary((headline, *(b for b in blocks if b.lines)), first)
