"""Summaries as plain text: for the history, logs, and Telegram messages whose markup was rejected."""

from __future__ import annotations

from bot.core.model import Block, BlockKind, Line, Link, Summary
from bot.core.text.links import safe_link
from bot.render.limits import laid_out
from bot.render.table import table_lines
from bot.render.text import clean, code_lines, cut_words, utf16_length, wrapped

_NOTHING = "Aftershock"
_TABLE_WIDTH = 100

UNBROKEN = "\u2007"
"""Replaces the space before a percent sign during wrapping, so that lines do not break there."""


def plain(summary: Summary, width: int | None = 100, limit: int | None = None) -> str:
    """The summary without markup, wrapped to ``width`` columns, or not at all if ``None``.

    Link addresses follow their text. With a ``limit`` (UTF-16 code units) whole blocks are dropped, the lightest first,
    as in ``html``. Never empty.
    """
    text = laid_out(
        summary, lambda block: block_text(block, width), lambda text: limit is None or utf16_length(text) <= limit
    )
    text = text or clean(summary.subject).strip() or _NOTHING
    return text if limit is None else cut_words(text, limit)


def block_text(block: Block, width: int | None) -> str:
    """One block as plain lines."""
    lines = [clean(block.title).strip()] if block.title.strip() else []
    bullet = {BlockKind.FACTS: "• ", BlockKind.LINKS: "• ", BlockKind.QUOTES: "  "}.get(block.kind, "")
    if block.kind is BlockKind.CODE:
        lines += code_lines(block)
    for line in block.lines if block.kind is not BlockKind.CODE else ():
        if text := _line(line):
            lines += _wrapped(text, bullet, width)
    lines += table_lines(block.rows, width or _TABLE_WIDTH)
    return "\n".join(line for line in lines if line.strip())


def _line(line: Line) -> str:
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
    lines = wrapped(
        text.replace(" %", f"{UNBROKEN}%"),
        width=max(width, len(bullet) + 1),
        initial_indent=bullet,
        subsequent_indent=" " * len(bullet),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(f"{UNBROKEN}%", " %") for line in lines]
