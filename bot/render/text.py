"""Makes outside text safe to show, and measures and cuts text."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from typing import Any

from bot.core.model import Block
from bot.core.text.characters import CONTROLS, HIDING, JOINERS, SURROGATE

_SPACE = re.compile(rf"(?:[^\S\xa0\u202f]|[{CONTROLS}])+")
_JOINER = re.compile(f"(?<![^\x00-\x7f])[{JOINERS}]+|[{JOINERS}]{{2,}}|[{JOINERS}]+$")
_MENTION = re.compile(r"(?<![\w@])@(?=\w)")
_PERCENT = re.compile(r"(?<=\d) %")
_NOT_PLAIN = re.compile(r"[^\w '’,!?&-]|_")
_FILL = "\ue000"
"""A private character beside a wide one while lines are broken."""
_MAX_MARKS = 4
_MAX_INDENT = 24
"""The most leading spaces of a code line that are kept."""


def clean(text: str) -> str:
    """``text`` on one line, without characters that hide, reorder or pile up.

    White space and control characters fold into single spaces; no-break spaces stay (``17 %`` must not break).
    Bidirectional controls, zero-width characters (joiners between non-ASCII characters apart: emoji and several
    scripts need them), tag characters and more than four combining marks on one base are removed. Half a surrogate
    pair becomes U+FFFD. Cleaning twice changes nothing.
    """
    text = SURROGATE.sub("\ufffd", text)
    text = _limit_marks(HIDING.sub("", text))
    text = _SPACE.sub(" ", text)
    return _JOINER.sub("", text)


def _code_line(text: str) -> str:
    return " " * min(len(text) - len(text.lstrip(" ")), _MAX_INDENT) + clean(text).strip()


def code_lines(block: Block) -> list[str]:
    """The lines of a code block, cleaned and indented as they were; links as their text."""
    return [_code_line("".join(i if isinstance(i, str) else i.text for i in line)) for line in block.lines]


def unbroken(text: str) -> str:
    """``text`` with percentages that no line breaks apart."""
    return _PERCENT.sub("\xa0%", text)


def unmention(text: str) -> str:
    """``text`` with a word joiner after each ``@`` that would call a Telegram user by name."""
    return _MENTION.sub("@\u2060", text)


def disarmed(text: str) -> str:
    """A stranger's words without anything that a program makes into a link, a mention or a command: letters, digits and
    a little punctuation stay, all else becomes a middle dot."""
    return _NOT_PLAIN.sub("·", clean(text))


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text) + sum(char > "\uffff" for char in text)


def cell_width(text: str) -> int:
    """Columns in a fixed-width font: two for wide East Asian characters and emoji, none for combining marks."""
    return sum(_width(char) for char in text)


def wrapped(text: str, width: int, **options: Any) -> list[str]:
    """``textwrap.wrap`` with its options, by columns of a fixed-width font: an East Asian character takes two."""
    if cell_width(text) == len(text):
        return textwrap.wrap(text, width, **options)
    filled = "".join(char + _FILL * (_width(char) - 1) for char in text)
    lines: list[str] = []
    for columns in (width, width - 1):  # a line can be one too wide, where it ends between a character and its filler
        lines = [line.replace(_FILL, "") for line in textwrap.wrap(filled, max(columns, 1), **options)]
        if all(cell_width(line) <= width for line in lines):
            break
    return lines


def cut_cell(text: str, width: int) -> str:
    """``text`` cut to ``width`` columns, with ``…`` at the end if anything was cut."""
    if cell_width(text) <= width:
        return text
    left = width - 1
    taken: list[str] = []
    for char in text:
        left -= _width(char)
        if left < 0:
            break
        taken.append(char)
    return _JOINER.sub("", "".join(taken).rstrip()) + "…"


def cut_words(text: str, units: int) -> str:
    """``text`` cut to ``units`` UTF-16 code units, between words if possible, with ``…`` at the end."""
    if utf16_length(text) <= units:
        return text
    if units < 1:
        return ""
    left, end = units - 1, 0
    for end, char in enumerate(text):  # noqa: B007 - where the loop stops is the result
        left -= 2 if char > "\uffff" else 1
        if left < 0:
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
