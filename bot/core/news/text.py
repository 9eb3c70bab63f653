"""Text as the news room reads it: folded without moving a single character, so that offsets stay true.

Everything that changes characters lives here.
"""

from __future__ import annotations

import re


class _Folding(dict[int, int]):
    """Characters people type differently for the same thing. Hyphens count as spaces: ``open-source`` is two words."""

    def __missing__(self, code: int) -> int:
        if 0xFF01 <= code <= 0xFF5E:  # full-width forms
            folded = self.get(code - 0xFEE0, code - 0xFEE0)
        elif chr(code).isspace():
            folded = 0x20
        else:
            folded = code
        self[code] = folded
        return folded


_TABLE = _Folding(
    {ord(c): ord(" ") for c in "-‐‑‒–—―−_ \u3000\t\n\r"}
    | {ord(c): ord("'") for c in "‘’‚‛′`´"}
    | {ord(c): ord('"') for c in "“”„‟«»「」『』《》"}
    | {ord("，"): ord(","), ord("。"): ord("."), ord("、"): ord(",")}
)


class Folded:
    """A text in two readings of exactly the same length as the original."""

    __slots__ = ("folded", "lowered", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        if text.isascii():
            folded = text.replace("-", " ").replace("_", " ").replace("`", "'").replace("\n", " ").replace("\t", " ")
        else:
            folded = text.translate(_TABLE)
        self.folded = folded
        """Case kept; hyphens, quotes and wide characters made one."""
        lowered = self.folded.lower()
        if len(lowered) != len(text):  # a few letters grow when lowered
            lowered = "".join(low if len(low := c.lower()) == 1 else c for c in self.folded)
        self.lowered = lowered


def fold(text: str) -> str:
    """``text`` as ``Folded.lowered`` has it; for comparing what people write in files with what stories say."""
    return Folded(text).lowered


def in_word(character: str) -> bool:
    """True where ``character`` continues a word of a script that puts spaces between words.

    Chinese, Japanese, Thai have none, and Korean particles stick to names: there any character is a boundary.
    """
    return character.isalnum() and (character < "\u0e00" or "\u1e00" <= character <= "\u1fff")


_WORD = re.compile(r"[a-z0-9\u00c0-\u0dff\u1e00-\u1fff]+(?:'[a-z]+)?", re.IGNORECASE)
_PUBLISHER = re.compile(r"\s+(?:[|–—]|-{1,2})\s+[^|–—]{2,40}$")
_SPACE = re.compile(r"\s+")

_COMMON = """
a about after again against all also amid an and any are as at be been before behind being but by can could
day days did do does down for from get gets had has have he here here's his how i if in into is it it's its
just know last like make makes may me more most much my need new news no not now of off on one only or other
our out over own says say said see set should so some still than that that's the their them then there these
they this those through to too today two under up us use used uses using want was way we week what what's when
where which while who why will with would year years yet you your der die das und ist für mit von den le la
les des et est pour dans un une el los las de del y en que se por
stock stocks share shares firm firms company companies maker makers
"""
COMMON = frozenset(_COMMON.split())
"""Words that tell nothing about what a story is about."""


def words(lowered: str) -> list[tuple[str, int, int]]:
    """The words of a folded text that carry meaning, each with its start and end. Chinese gives none."""
    found = []
    for match in _WORD.finditer(lowered):
        word = match.group().removesuffix("'s")
        if len(word) > 2 and word not in COMMON:
            found.append((word, match.start(), match.end()))
    return found


def title_key(title: str) -> str:
    """A title reduced to what two copies of it share: folded, its trailing publisher and its punctuation gone."""
    kept = _PUBLISHER.sub("", title)
    if len(kept) < 20:
        kept = title
    lowered = fold(kept)
    return _SPACE.sub(" ", "".join(c if c.isalnum() else " " for c in lowered)).strip()
