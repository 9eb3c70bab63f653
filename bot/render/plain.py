"""The summary as plain text: for the history, for logs, and for a Telegram message whose markup was refused."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from bot.core.model import Block, BlockKind, Line, Link, Summary
from bot.core.text.links import safe_link
from bot.render.limits import choose, headline_of
from bot.render.table import table_lines
from bot.render.text import clean, code_lines, cut_words, utf16_length

_NOTHING = "Aftershock"
_TABLE_WIDTH = 100

UNBROKEN = "\u2007"
"""Stands for the space before a percent sign while lines are cut: it is no place to cut one."""


def plain(summary: Summary, width: int | None = 100, limit: int | None = None) -> str:
    """The summary without markup; lines wrapped to ``width`` columns, or not at all where it is ``None``.

    Addresses of links are given after their words. With a ``limit`` (UTF-16 code units) whole blocks are left out,
    the lightest first, as in ``html``. Never empty.
    """
    must = headline_of(summary)
    texts = {id(block): block_text(block, width) for block in summary.blocks}
    blocks = [block for block in summary.blocks if texts[id(block)]]

    def fits(chosen: Sequence[Block]) -> bool:
        return limit is None or utf16_length("\n\n".join(texts[id(block)] for block in chosen)) <= limit

    text = "\n\n".join(texts[id(block)] for block in choose(blocks, must, fits))
    text = text or clean(summary.subject).strip() or _NOTHING
    return text if limit is None else cut_words(text, limit)


def block_text(block: Block, width: int | None) -> str:
    """One block as plain lines."""
    lines = [clean(block.title).strip()] if block.title.strip() else []
    bullet = {BlockKind.FACTS: "• ", BlockKind.LINKS: "• ", BlockKind.QUOTES: "  "}.get(block.kind, "")
    if block.kind is BlockKind.CODE:
        lines += code_lines(block)
    for line in block.lines if block.kind is not BlockKind.CODE else ():
        text = line_text(line)
        if text:
            lines += _wrapped(text, bullet, width)
    lines += table_lines(block.rows, width or _TABLE_WIDTH)
    return "\n".join(line for line in lines if line.strip())


def line_text(line: Line) -> str:
    """One line, the address of each link after its words."""
    whole = ""
    for inline in line:
        text = clean(inline if isinstance(inline, str) else inline.text)
        if isinstance(inline, Link) and (url := safe_link(inline.url)) and url != text.strip():
            text = f"{text.rstrip()} ({url})" if text.strip() else url
        whole += text.lstrip() if not whole or whole.endswith(" ") else text
    return whole.strip()


def _wrapped(text: str, bullet: str, width: int | None) -> list[str]:
    if width is None:
        return [bullet + text]
    lines = textwrap.wrap(
        text.replace(" %", f"{UNBROKEN}%"),
        width=max(width, len(bullet) + 1),
        initial_indent=bullet,
        subsequent_indent=" " * len(bullet),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(f"{UNBROKEN}%", " %") for line in lines]
