"""The summary as Markdown (CommonMark 0.31): for channels and tools that show headings, lists, quotations, links."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.core.model import Block, BlockKind, Inline, Line, Link, Strong, Summary
from bot.core.text.links import safe_link
from bot.render.limits import choose, headline_of
from bot.render.table import table_lines
from bot.render.text import clean, code_lines, cut_words

_NOTHING = "Aftershock"
_TABLE_WIDTH = 80
_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&!$])")
_BEGINNING = re.compile(r"^(\d{1,9})([.)])|^([-+=:])")
"""What would begin a list, a heading's underline or a definition where a line begins with it."""
_ADDRESS = str.maketrans({"<": "%3C", ">": "%3E", "\\": "%5C", "\n": "", "\r": "", " ": "%20"})


def markdown(summary: Summary, limit: int | None = None) -> str:
    """The summary as Markdown, the headline in bold. With a ``limit`` (characters) whole blocks are left out, the
    lightest first, as in ``html``. Never empty."""
    must = headline_of(summary)
    texts = {id(block): _block(block) for block in summary.blocks}
    blocks = [block for block in summary.blocks if texts[id(block)]]

    def fits(chosen: Sequence[Block]) -> bool:
        return limit is None or len("\n\n".join(texts[id(block)] for block in chosen)) <= limit

    text = "\n\n".join(texts[id(block)] for block in choose(blocks, must, fits))
    text = text or escaped(summary.subject) or _NOTHING
    if limit is None or len(text) <= limit:
        return text
    return escaped(cut_words(clean(summary.subject).strip(), limit // 2)) or _NOTHING


def escaped(text: str) -> str:
    """Outside text as one line that Markdown shows as it is: every character that could be markup has a backslash."""
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
    """Lines in which nothing is markup: the fence is longer than any run of its marks within."""
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
