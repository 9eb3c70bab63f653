"""Summaries as Markdown (CommonMark 0.31)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.core.model import Block, BlockKind, Inline, Line, Link, Strong, Summary
from bot.core.text.links import safe_link
from bot.render.limits import laid_out
from bot.render.table import table_lines
from bot.render.text import clean, code_lines, cut_words

_NOTHING = "Aftershock"
_TABLE_WIDTH = 80
_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&!$])")
_BEGINNING = re.compile(r"^(\d{1,9})([.)])|^([-+=:])")
"""At the start of a line: what would begin a list, a heading underline or a definition."""
_ADDRESS = str.maketrans({"<": "%3C", ">": "%3E", "\\": "%5C", "\n": "", "\r": "", " ": "%20"})


def markdown(summary: Summary, limit: int | None = None) -> str:
    """The summary as Markdown, the headline in bold. With a ``limit`` (characters) whole blocks are dropped, the
    lightest first, as in ``html``. Never empty."""
    text = laid_out(summary, _block, lambda text: limit is None or len(text) <= limit)
    text = text or escaped(summary.subject) or _NOTHING
    if limit is None or len(text) <= limit:
        return text
    return escaped(cut_words(clean(summary.subject).strip(), limit // 2)) or _NOTHING


def escaped(text: str) -> str:
    """Outside text as one line of literal Markdown: every character that could be markup gets a backslash."""
    shown = _MARKUP.sub(r"\\\1", " ".join(clean(text).split()))
    return _BEGINNING.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", shown)


def _block(block: Block) -> str:
    lines = [f"**{title}**"] if (title := escaped(block.title)) else []
    texts = [text for line in block.lines if (text := _line(line))]
    if block.kind in (BlockKind.FACTS, BlockKind.LINKS) and len(texts) + len(lines) > 1:
        body = "\n".join(f"- {text}" for text in texts)
    elif block.kind is BlockKind.QUOTES:
        body = "\n>\n".join(f"> {text}" for text in texts)
    elif block.kind is BlockKind.CODE:
        body = _fenced(code_lines(block))
    elif block.kind is BlockKind.NOTE:
        body = "\n\n".join(f"_{text}_" for text in texts)
    else:
        body = "\n\n".join(texts)
    table = table_lines(block.rows, _TABLE_WIDTH)
    return "\n\n".join(part for part in (*lines, body, _fenced(table)) if part)


def _fenced(lines: Sequence[str]) -> str:
    """Lines in a code fence longer than any run of backticks in them."""
    if not lines:
        return ""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((fence, *lines, fence))


def _line(line: Line) -> str:
    whole = ""
    for inline in line:
        text = _inline(inline)
        lead = " " if _words(inline)[:1].isspace() and whole else ""
        trail = " " if _words(inline)[-1:].isspace() else ""
        if text:
            whole = f"{whole.rstrip() if lead else whole}{lead}{text}{trail}"
    return whole.strip()


def _words(inline: Inline) -> str:
    return inline if isinstance(inline, str) else inline.text


def _inline(inline: Inline) -> str:
    text = escaped(_words(inline))
    if isinstance(inline, Strong):
        return f"**{text}**" if text else ""
    if isinstance(inline, Link) and (url := safe_link(inline.url)):
        return f"[{text or escaped(url)}](<{url.translate(_ADDRESS)}>)"
    return text
