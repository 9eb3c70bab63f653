"""Summaries with their numbers in the form in which a reader writes them.

Our own words hold numbers in one form (``bot.core.text.wording``): ``1,234.50``, ``−11.7 %``. Outside text keeps its
own: titles, which are links or stand in quotation marks, quotations, and what a rule's file says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bot.core.model import Block, BlockKind, Inline, NumberForm, Strong, Summary

_NUMBER = re.compile(
    r"""(?P<quoted>“[^”]*(?:”|$))
    | (?<![\w.,’/-])              # no part of a name, a version or a range: GPT-4.10, v1.25
      (?: \d{1,3}(?:,\d{3})+(?:\.\d+)?      # 1,234 and 1,234.50
        | \d+\.\d{2,}                       # 0.81, 118.42
        | (?<=[+−¥₩])\d+\.\d                # −11.7, ¥856.5
        | \d+\.\d(?=[ \xa0]%|\ (?:times|million|billion|trillion|points)\b|\ ?×)
      )
      (?!(?!p\b)\w|[.,]\d)                 # pence: 2,214.00p""",
    re.VERBOSE,
)
"""A number by itself. One with a single decimal and neither sign nor unit may be a model's: ``Claude 3.5``."""


def in_form(summary: Summary, form: NumberForm) -> Summary:
    """``summary`` with the numbers of our own words in ``form``. In the form they have it stays as it is."""
    if form is NumberForm.POINT:
        return summary
    marks = str.maketrans({",": form.thousands, ".": form.decimal})

    def number(found: re.Match[str]) -> str:
        return found[0] if found["quoted"] else found[0].translate(marks)

    def text(words: str) -> str:
        return _NUMBER.sub(number, words)

    return replace(summary, subject=text(summary.subject), blocks=tuple(_block(b, text) for b in summary.blocks))


def _block(block: Block, text: Callable[[str], str]) -> Block:
    if block.kind in (BlockKind.QUOTES, BlockKind.CODE):
        return replace(block, title=text(block.title))

    def inline(piece: Inline) -> Inline:
        if isinstance(piece, str):
            return text(piece)
        return Strong(text(piece.text)) if isinstance(piece, Strong) else piece

    return replace(
        block,
        title=text(block.title),
        lines=tuple(tuple(map(inline, line)) for line in block.lines),
        rows=tuple(tuple(map(text, row)) for row in block.rows),
    )
