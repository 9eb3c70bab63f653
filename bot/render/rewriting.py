"""A summary with all its words put into a reader's form: the one way through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.core.model import Block, BlockKind, Inline, Line, Link, Moment, Strong, Summary
from bot.core.text.wording import words_of


def _as_written(at: Moment) -> Moment:
    return at


def rewritten(
    summary: Summary,
    *,
    text: Callable[[str], str] = str,
    moment: Callable[[Moment], Moment] = _as_written,
) -> Summary:
    """``summary`` with ``text`` made of every string of our own words and ``moment`` of every time. Links, quotations
    and lines of a file are others' words. The subject goes with the headline, whose words it has."""

    def inline(piece: Inline) -> Inline:
        match piece:
            case str():
                return text(piece)
            case Strong():
                return Strong(text(piece.text))
            case Moment():
                return moment(piece)
            case Link():
                return piece

    def block(each: Block) -> Block:
        if each.kind in (BlockKind.QUOTES, BlockKind.CODE):
            return replace(each, title=text(each.title))
        lines = tuple(tuple(map(inline, line)) for line in each.lines)
        rows = tuple(tuple(map(text, row)) for row in each.rows)
        return replace(each, title=text(each.title), lines=lines, rows=rows)

    first: Line = summary.blocks[0].lines[0] if summary.blocks and summary.blocks[0].lines else ()
    is_headline = words_of(first) == summary.subject
    subject = words_of(tuple(map(inline, first))) if is_headline else text(summary.subject)
    return replace(summary, subject=subject, blocks=tuple(map(block, summary.blocks)))
