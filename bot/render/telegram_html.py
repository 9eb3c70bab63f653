"""Summaries as Telegram HTML (https://core.telegram.org/bots/api#html-style)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.model import Block, BlockKind, Inline, Line, Link, Moment, Strong, Summary
from bot.core.text.links import safe_link
from bot.render.limits import ENTITY_LIMIT, MARKUP_LIMIT, MESSAGE_LIMIT, PHONE_WIDTH, choose, headline_of
from bot.render.table import table_lines
from bot.render.text import clean, code_lines, cut_words, unbroken, unmention, utf16_length

_LONG_LINES = 4
_LONG_UNITS = 420
_NOTHING = "Aftershock"
TIME_FORMAT = "dt"
"""A short date and time, in the form and zone of who reads it."""
_LAST_UNIX = 2**31 - 1
"""Telegram takes times after 1970 that fit 32 bits."""


@dataclass(frozen=True, slots=True)
class Markup:
    """Finished markup, the text it shows (which Telegram's limits count) and its number of entities."""

    markup: str = ""
    shown: str = ""
    entities: int = 0

    def __add__(self, other: Markup) -> Markup:
        return Markup(self.markup + other.markup, self.shown + other.shown, self.entities + other.entities)

    def __bool__(self) -> bool:
        return bool(self.shown.strip())

    def within(self, tag: str, attributes: str = "") -> Markup:
        """This piece inside an element; unchanged if empty."""
        if not self:
            return self
        return Markup(f"<{tag}{attributes}>{self.markup}</{tag}>", self.shown, self.entities + 1)


def html(summary: Summary, limit: int = MESSAGE_LIMIT) -> str:
    """The summary as valid Telegram HTML of at most ``limit`` shown UTF-16 code units; never empty.

    Folded blocks stand together in one quotation that the reader can expand, where the first of them stood.
    Of more times than Telegram marks in one message none is marked. If too long, whole blocks are dropped, the lightest
    first; only a headline too long by itself is cut, between words.
    ``limit`` is 4096 for a message, 1024 for a caption.
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    must = headline_of(summary)
    folded = {id(block) for block in summary.blocks if block.folded and block is not must}
    pieces = {id(block): _block(block, folded=id(block) in folded) for block in summary.blocks}
    if sum(piece.entities for piece in pieces.values()) > ENTITY_LIMIT:
        pieces = {id(b): _block(_without_times(b), folded=id(b) in folded) for b in summary.blocks}
    blocks = [block for block in summary.blocks if pieces[id(block)]]

    def fits(chosen: Sequence[Block]) -> bool:
        return _fits(laid_out(chosen), limit)

    def laid_out(chosen: Sequence[Block]) -> Markup:
        fold = _join(pieces[id(block)] for block in chosen if id(block) in folded).within("blockquote", " expandable")
        first = next((block for block in chosen if id(block) in folded), None)
        shown = [block for block in chosen if block is first or id(block) not in folded]
        return _join(fold if block is first else pieces[id(block)] for block in shown)

    if must is not None and pieces[id(must)] and not fits([must]):
        return _cut(must, limit)
    whole = laid_out(choose(blocks, must, fits))
    if not whole:
        subject = clean(summary.subject).strip() or _NOTHING
        return _leaf(cut_words(subject, limit)).markup
    return whole.markup


def inline_html(text: str) -> str:
    """A single line of outside text, cleaned and escaped."""
    return _leaf(clean(text).strip()).markup


def _fits(piece: Markup, limit: int) -> bool:
    return (
        utf16_length(piece.shown) <= limit
        and piece.entities <= ENTITY_LIMIT
        and len(piece.markup.encode()) <= MARKUP_LIMIT
    )


def _without_times(block: Block) -> Block:
    """``block`` with its times as text, so that they count as no entities."""
    lines = (tuple(i.text if isinstance(i, Moment) else i for i in line) for line in block.lines)
    return replace(block, lines=tuple(lines))


def _block(block: Block, *, folded: bool = False) -> Markup:
    """``folded`` blocks stand in a quotation, which cannot hold another."""
    title = _leaf(clean(block.title).strip()).within("b")
    style = {BlockKind.HEADLINE: "b", BlockKind.NOTE: "i"}.get(block.kind, "")
    lines = [piece for line in block.lines if (piece := _trimmed(line, style))]
    parts = [title]
    if style:
        parts += lines
    elif block.kind is BlockKind.QUOTES and not folded:
        whole = _join(lines, "\n")
        parts.append(whole.within("blockquote", " expandable" if _long(whole, lines) else ""))
    elif block.kind is BlockKind.CODE:
        parts.append(_leaf("\n".join(code_lines(block)), mentions=True).within("pre"))
    elif block.kind in (BlockKind.FACTS, BlockKind.LINKS):
        bullets = [Markup("• ", "• ") + piece for piece in lines]
        whole = _join(bullets, "\n")
        long = block.kind is BlockKind.LINKS and not folded and _long(whole, bullets)
        parts += [whole.within("blockquote", " expandable")] if long else bullets
    else:
        parts += lines
    if block.rows:
        table = "\n".join(table_lines(block.rows, PHONE_WIDTH))
        parts.append(_leaf(table, mentions=True).within("pre"))
    return _join([part for part in parts if part], "\n")


def _long(whole: Markup, lines: Sequence[Markup]) -> bool:
    return len(lines) > _LONG_LINES or utf16_length(whole.shown) > _LONG_UNITS


def _trimmed(line: Line, style: str = "") -> Markup:
    """One line, with white space folded across its pieces and trimmed; ``style`` is the element of the whole line.

    A time can stand in no style: Telegram removes the style around it, so it is not put there.
    """
    whole, styled = Markup(), Markup()
    for inline in line:
        text = clean(inline if isinstance(inline, str) else inline.text)
        before = styled.shown or whole.shown
        if not before or before.endswith(" "):
            text = text.lstrip()
        if isinstance(inline, Moment) and text.strip() and (unix := unix_of(inline.at)):
            whole += _within(style, styled) + _leaf(text).within("tg-time", f' unix="{unix}" format="{TIME_FORMAT}"')
            styled = Markup()
        else:
            styled += _inline(inline, text, strong_within=style != "b")
    return whole + _within(style, styled)


def unix_of(at: datetime) -> int:
    """``at`` in seconds since 1970, 0 where Telegram cannot hold it."""
    seconds = int(at.timestamp())
    return seconds if 0 < seconds <= _LAST_UNIX else 0


def _within(style: str, piece: Markup) -> Markup:
    return piece.within(style) if style else piece


def _inline(inline: Inline, text: str, *, strong_within: bool) -> Markup:
    if isinstance(inline, Strong):
        return _leaf(text).within("b") if strong_within and text.strip() else _leaf(text)
    if isinstance(inline, Link) and (url := safe_link(inline.url)):
        return _leaf(text if text.strip() else url).within("a", f' href="{_escape(url, quotes=True)}"')
    return _leaf(text)


def _leaf(text: str, *, mentions: bool = False) -> Markup:
    """Cleaned text, escaped: the only place that escapes."""
    shown = text if mentions else unbroken(unmention(text))
    return Markup(_escape(shown), shown)


def _escape(text: str, *, quotes: bool = False) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;") if quotes else text


def _join(pieces: Iterable[Markup], separator: str = "\n\n") -> Markup:
    whole = Markup()
    for piece in pieces:
        whole = whole + Markup(separator, separator) + piece if whole.markup else piece
    return whole


def _cut(block: Block, limit: int) -> str:
    """The headline alone, cut between words, all bold and without links."""
    words = [clean(block.title)] + [
        clean("".join(i if isinstance(i, str) else i.text for i in ln)) for ln in block.lines
    ]
    words += table_lines(block.rows, PHONE_WIDTH)
    text = unmention(clean(" ".join(words)).strip())
    return Markup(_escape(cut := cut_words(text, limit)), cut).within("b").markup
