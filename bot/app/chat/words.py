"""Small pieces that answers are made of."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model import Block, BlockKind, Line, Strong, Summary


def headline(text: str) -> Block:
    """The first line."""
    return Block("headline", BlockKind.HEADLINE, 100, lines=((Strong(text),),))


def facts(lines: Sequence[Line | str], title: str = "", weight: int = 50) -> Block:
    """Lines with bullets."""
    made = tuple((line,) if isinstance(line, str) else line for line in lines)
    return Block(title.lower() or "facts", BlockKind.FACTS, weight, title=title, lines=made)


def plain_lines(lines: Sequence[Line | str], title: str = "", weight: int = 50) -> Block:
    """Lines as they are."""
    made = tuple((line,) if isinstance(line, str) else line for line in lines)
    return Block(title.lower() or "lines", BlockKind.TABLE, weight, title=title, lines=made)


def code(lines: Sequence[str], title: str = "") -> Block:
    """Lines as they stand in a file."""
    return Block(title.lower() or "code", BlockKind.CODE, 50, title=title, lines=tuple((line,) for line in lines))


def rows(cells: Sequence[tuple[str, ...]], title: str = "") -> Block:
    """A table; the first row is the heading."""
    return Block(title.lower() or "table", BlockKind.TABLE, 60, title=title, rows=tuple(cells))


def note(text: str) -> Block:
    """A closing remark."""
    return Block("note", BlockKind.NOTE, 20, lines=((text,),))


def answer(first: str, *blocks: Block) -> Summary:
    """A whole answer."""
    return Summary((headline(first), *(b for b in blocks if b.lines or b.rows)), first)
