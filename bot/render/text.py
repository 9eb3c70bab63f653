"""Leaves: one piece of text from outside, made harmless; and the measures of text that the layouts need."""

from __future__ import annotations

import re
import unicodedata

from bot.core.model import Block
from bot.core.text.characters import CONTROLS, HIDING, JOINERS, SURROGATE

_SPACE = re.compile(rf"(?:[^\S\xa0\u202f]|[{CONTROLS}])+")
_JOINER = re.compile(f"(?<![^\x00-\x7f])[{JOINERS}]+|[{JOINERS}]{{2,}}|[{JOINERS}]+$")
_MENTION = re.compile(r"(?<![\w@])@(?=\w)")
_MAX_MARKS = 4


DEEPEST = 24
"""Spaces at the beginning of a line of code that are kept."""


def clean(text: str) -> str:
    """``text`` on one line, without anything that hides, reorders or floods.

    White space and control characters fold into single spaces; no-break spaces stay (``17 %`` must not break).
    Bidirectional controls, zero-width characters (joiners between non-ASCII characters apart: emoji and several
    scripts need them), tag characters and more than four combining marks on one base are removed. Half a surrogate
    pair becomes U+FFFD. Cleaning twice changes nothing.
    """
    text = SURROGATE.sub("\ufffd", text)
    text = _limit_marks(HIDING.sub("", text))
    text = _SPACE.sub(" ", text)
    return _JOINER.sub("", text)


def code_line(text: str) -> str:
    """``text`` cleaned as one line, the spaces at its beginning kept: for what stands so in a file."""
    return " " * min(len(text) - len(text.lstrip(" ")), DEEPEST) + clean(text).strip()


def code_lines(block: Block) -> list[str]:
    """The lines of a block of code, cleaned; links as their words."""
    return [code_line("".join(i if isinstance(i, str) else i.text for i in line)) for line in block.lines]


def unmention(text: str) -> str:
    """``text`` with a word joiner after each ``@`` that would call a Telegram user by name."""
    return _MENTION.sub("@\u2060", text)


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text) + sum(char > "\uffff" for char in text)


def cell_width(text: str) -> int:
    """Columns the text takes in a fixed-width font: wide East Asian characters and emoji two, combining marks none."""
    return sum(_width(char) for char in text)


def cut_cell(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns, ending in ``…`` where something was left out."""
    if cell_width(text) <= width:
        return text
    room = width - 1
    taken: list[str] = []
    for char in text:
        room -= _width(char)
        if room < 0:
            break
        taken.append(char)
    return _JOINER.sub("", "".join(taken).rstrip()) + "…"


def cut_words(text: str, units: int) -> str:
    """``text`` in at most ``units`` UTF-16 code units, cut between words and ended with ``…``; a long word is cut."""
    if utf16_length(text) <= units:
        return text
    if units < 1:
        return ""
    room, end = units - 1, 0
    for end, char in enumerate(text):  # noqa: B007 - where the loop stops is the result
        room -= 2 if char > "\uffff" else 1
        if room < 0:
            break
    head = text[:end]
    space = head.rfind(" ") if not text[end].isspace() else len(head)
    if space > end // 2:
        head = head[:space]
    return _JOINER.sub("", head.rstrip(" ,;:–—-")) + "…"


def _width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def _limit_marks(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= _MAX_MARKS:
            kept.append(char)
    return "".join(kept)
