"""What each message must let its reader have in a form of the own: times and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.model import Block, BlockKind, Link, Moment, NumberForm, Summary
from bot.core.text.wording import bare
from bot.render import plain
from bot.render.numbers import in_form

_CLOCK = re.compile(r"\b\d{1,2}:\d\d\b")
_OTHERS = re.compile(r"“[^”]*(?:”|$)|\(\d\d:\d\d in [A-Z][A-Za-z ]+\)")
"""Quotations, and the time at an exchange beside the reader's, which is that of its place for everybody."""


def stray_times(summary: Summary) -> list[str]:
    """The texts of a summary with a time of day that is no ``Moment``: no reader's program can put it into a zone."""
    return [text for text in (summary.subject, *_texts(summary.blocks)) if _CLOCK.search(_OTHERS.sub("", text))]


def _texts(blocks: tuple[Block, ...]) -> Iterator[str]:
    """Our own words: without times, links, quotations and lines of a file."""
    for block in blocks:
        yield block.title
        yield from (cell for row in block.rows for cell in row)
        if block.kind not in (BlockKind.QUOTES, BlockKind.CODE):
            for line in block.lines:
                yield "".join(i if isinstance(i, str) else "" if isinstance(i, Moment | Link) else i.text for i in line)


def in_commas(summary: Summary) -> str:
    """All that a reader of decimal commas sees."""
    shown = in_form(summary, NumberForm.COMMA)
    return f"{bare(shown.subject)}\n{plain(shown, None)}"
