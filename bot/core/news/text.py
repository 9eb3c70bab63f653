"""Story text folded for matching, character by character, so that offsets stay true."""

from __future__ import annotations

import re

from bot.core.text.characters import SURROGATE


class _Folding(dict[int, int]):
    """One character for each group of look-alikes. Hyphens become spaces: ``open-source`` is two words."""

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


def encodable(text: str) -> str:
    """``text`` with ``\ufffd`` for each half of a surrogate pair, which broken feeds have and nothing can encode."""
    if text.isascii():
        return text
    try:
        text.encode()  # in a tenth of the time that a search takes
    except UnicodeEncodeError:
        return SURROGATE.sub("\ufffd", text)
    return text


class Folded:
    """A text, made ``encodable``, with two folded forms of exactly the same length."""

    __slots__ = ("folded", "lowered", "text")

    def __init__(self, text: str) -> None:
        text = encodable(text)
        self.text = text
        if text.isascii():
            folded = text.replace("-", " ").replace("_", " ").replace("`", "'").replace("\n", " ").replace("\t", " ")
        else:
            folded = text.translate(_TABLE)
        self.folded = folded
        """Hyphens, quotes and full-width characters unified; case kept."""
        lowered = self.folded.lower()
        if len(lowered) != len(text):  # a few letters become two in lower case
            lowered = "".join(low if len(low := c.lower()) == 1 else c for c in self.folded)
        self.lowered = lowered


def fold(text: str) -> str:
    """``Folded(text).lowered``: for comparing words in files with words in stories."""
    return Folded(text).lowered


def in_word(character: str) -> bool:
    """Whether ``character`` continues a word of a script that puts spaces between words.

    Chinese, Japanese and Thai have none, and Korean attaches particles to names: there every character is a boundary.
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
"""Words that say nothing about a story's subject."""


def words(lowered: str) -> list[tuple[str, int, int]]:
    """The words of a folded text that are not ``COMMON``, each with its start and end. None for Chinese."""
    found = []
    for match in _WORD.finditer(lowered):
        word = match.group().removesuffix("'s")
        if len(word) > 2 and word not in COMMON:
            found.append((word, match.start(), match.end()))
    return found


def title_key(title: str) -> str:
    """What two copies of a title have in common: folded, without trailing publisher and punctuation."""
    kept = _PUBLISHER.sub("", title)
    if len(kept) < 20:
        kept = title
    lowered = fold(kept)
    return _SPACE.sub(" ", "".join(c if c.isalnum() else " " for c in lowered)).strip()
