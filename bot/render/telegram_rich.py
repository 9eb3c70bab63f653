"""Summaries as rich messages of the Bot API (https://core.telegram.org/bots/api#inputrichmessage).

A rich message is a tree of blocks in JSON instead of marked-up text: there is nothing to escape, and nothing in a
headline can become markup. Blocks, and tables cut to Telegram's limits, are decided here; sending is the channel's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.model import Block, BlockKind, Inline, Line, Link, Moment, Strong, Summary
from bot.core.text.links import safe_link
from bot.render.limits import choose, headline_of
from bot.render.table import numeric_columns
from bot.render.telegram_html import TIME_FORMAT, unix_of
from bot.render.text import clean, code_lines, cut_words, unbroken, unmention, utf16_length

TEXT_LIMIT = 32_768
"""Characters of all texts together (https://core.telegram.org/bots/api#rich-message-formatting-options)."""
BLOCK_LIMIT = 500
"""Blocks, nested ones, items of lists and rows of tables included."""
DEPTH_LIMIT = 16
MEDIA_LIMIT = 50
COLUMN_LIMIT = 20
_HEADLINE_SIZE, _TITLE_SIZE = 3, 5
_NOTHING = "Aftershock"

Rich = dict[str, Any]
"""A block, as the Bot API takes it."""


@dataclass(frozen=True, slots=True)
class Size:
    """What Telegram counts in a rich message."""

    text: int
    blocks: int

    @property
    def fits(self) -> bool:
        """Whether Telegram takes it."""
        return self.text <= TEXT_LIMIT and self.blocks <= BLOCK_LIMIT


def rich(summary: Summary, pictures: Sequence[str] = ()) -> Rich:
    """The summary as an ``InputRichMessage``, its ``pictures`` (file ids or ``attach://`` names) below the headline.

    Folded blocks are details that the reader opens. If too long, whole blocks are dropped, the lightest first; only a
    headline too long by itself is cut, between words. Telegram is asked to look for no names or addresses of its own
    in the texts.
    """
    must = headline_of(summary)
    made = {id(block): _blocks(block, folded=block.folded and block is not must) for block in summary.blocks}
    shown = [_picture(media) for media in pictures[:MEDIA_LIMIT]]

    def fits(chosen: Sequence[Block]) -> bool:
        return size([*shown, *(each for block in chosen for each in made[id(block)])]).fits

    if must is not None and not fits([must]):
        words = clean(" ".join((must.title, *map(_words, must.lines)))).strip() or _NOTHING
        made[id(must)] = [_heading(unmention(cut_words(words, TEXT_LIMIT // 2)), _HEADLINE_SIZE)]
    chosen = choose([block for block in summary.blocks if made[id(block)]], must, fits)
    first = [each for block in chosen if block is must for each in made[id(block)]]
    blocks = [each for block in chosen if block is not must for each in made[id(block)]]
    if not (first or blocks):
        first = [_paragraph(unmention(clean(summary.subject).strip() or _NOTHING))]
    return {"blocks": [*first, *shown, *blocks], "skip_entity_detection": True}


def size(blocks: Sequence[Rich]) -> Size:
    """How much of Telegram's limits ``blocks`` use."""
    return Size(sum(map(utf16_length, _texts(list(blocks)))), sum(1 for _ in _counted(list(blocks))))


# --------------------------------------------------------------------------------------------------------------- blocks


def _blocks(block: Block, *, folded: bool) -> list[Rich]:
    title = unmention(clean(block.title).strip())
    body = _body(block, folded=folded)
    if not folded:
        return [*([_heading(title, _TITLE_SIZE)] if title else []), *body]
    name = title or unmention(clean(block.name).strip()).capitalize() or "Details"
    return [{"type": "details", "summary": name, "blocks": body}] if body else []


def _body(block: Block, *, folded: bool) -> list[Rich]:
    if block.kind is BlockKind.CODE:
        lines = code_lines(block)
        return [{"type": "pre", "text": "\n".join(lines)}] if any(line.strip() for line in lines) else []
    texts = [text for line in block.lines if (text := _text(line))]
    if block.kind is BlockKind.HEADLINE:
        body = [_heading(text, _HEADLINE_SIZE) for text in texts[:1]] + [_paragraph(text) for text in texts[1:]]
    elif block.kind is BlockKind.NOTE and not folded:
        body = [{"type": "footer", "text": text} for text in texts]
    elif block.kind in (BlockKind.FACTS, BlockKind.LINKS) and texts:
        body = [{"type": "list", "items": [{"blocks": [_paragraph(text)]} for text in texts]}]
    elif block.kind is BlockKind.QUOTES and texts:
        body = [{"type": "blockquote", "blocks": [_paragraph(text)]} for text in texts]
    else:
        body = [_paragraph(text) for text in texts]
    return [*body, *_table(block.rows)]


def _heading(text: Any, size: int) -> Rich:
    return {"type": "heading", "text": text, "size": size}


def _paragraph(text: Any) -> Rich:
    return {"type": "paragraph", "text": text}


def _picture(media: str) -> Rich:
    return {"type": "photo", "photo": {"type": "photo", "media": media}}


def _table(rows: Sequence[Sequence[str]]) -> list[Rich]:
    """The rows as a table; the first is its heading, and a row with only a first cell heads those below it."""
    cells = [[unmention(clean(cell).strip()) for cell in row[:COLUMN_LIMIT]] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return []
    count = max(map(len, cells))
    cells = [row + [""] * (count - len(row)) for row in cells]
    numeric = numeric_columns(cells)
    return [
        {
            "type": "table",
            "cells": [
                _group(row[0], count)
                if count > 1 and not any(row[1:])
                else [_cell(text, numeric[i], header=not number) for i, text in enumerate(row)]
                for number, row in enumerate(cells)
            ],
            "is_striped": True,
        }
    ]


def _cell(text: str, number: bool, *, header: bool) -> Rich:
    cell = {"align": "right" if number else "left", "valign": "middle"}
    return cell | ({"text": text} if text else {}) | ({"is_header": True} if header else {})


def _group(text: str, columns: int) -> list[Rich]:
    return [{"text": text, "align": "left", "valign": "middle", "is_header": True, "colspan": columns}]


# ----------------------------------------------------------------------------------------------------------------- text


def _text(line: Line) -> Any:
    """One line as rich text, with white space folded across its pieces and trimmed; empty if it shows nothing."""
    pieces: list[Any] = []
    last = " "
    for inline in line:
        text = unbroken(unmention(clean(inline if isinstance(inline, str) else inline.text)))
        if last.endswith(" "):
            text = text.lstrip()
        if piece := _piece(inline, text):
            pieces.append(piece)
            last = text or last
    if not any(text.strip() for text in _texts(pieces)):
        return ""
    return pieces[0] if len(pieces) == 1 else pieces


def _piece(inline: Inline, text: str) -> Any:
    if isinstance(inline, Link) and (url := safe_link(inline.url)):
        return {"type": "url", "text": text if text.strip() else url, "url": url}
    if isinstance(inline, Strong) and text.strip():
        return {"type": "bold", "text": text}
    if isinstance(inline, Moment) and text.strip() and (unix := unix_of(inline.at)):
        return {"type": "date_time", "text": text, "unix_time": unix, "date_time_format": TIME_FORMAT}
    return text


def _words(line: Line) -> str:
    return clean("".join(i if isinstance(i, str) else i.text for i in line))


# -------------------------------------------------------------------------------------------------------------- counted


def _texts(node: Any) -> Iterator[str]:
    """Every text in blocks, cells and rich text."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for each in node:
            yield from _texts(each)
    else:
        for name in ("text", "summary", "blocks", "items", "cells"):
            yield from _texts(node.get(name, ""))


def _counted(blocks: Sequence[Rich]) -> Iterator[Rich]:
    """Every block, item of a list and row of a table."""
    for block in blocks:
        yield block
        for item in block.get("items", ()):
            yield item
            yield from _counted(item["blocks"])
        yield from ({"row": row} for row in block.get("cells", ()))
        yield from _counted(block.get("blocks", ()))
