"""Quotations whose marks pair without doubt, and the words around them.

Marks are paired paragraph by paragraph. From the first mark that does not fit, the rest of the paragraph has no
quotations: the words after a lost mark may be anybody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PAIRS = {"“": "”", "„": "“”", "«": "»", "»": "«", "「": "」", "『": "』", "‚": "‘", '"': '"'}
_STRAY = frozenset('”」』»«"')
_SINGLES = {"‘": "’", "'": "'"}
_BEFORE_OPENING = frozenset("([{—–:/,;>：，。（“")
_CLIPPED = ("em ", "tis ", "twas ", "til ", "cause ", "n ", "n' ", "n’ ", "bout ")  # 'em, 'tis: no quotation

_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_WORD = re.compile(r"[^\W_]+(?:['’&.‐‑-][^\W_]+)*")
_ABBREVIATIONS = frozenset(
    ["mr", "mrs", "ms", "dr", "prof", "sir", "st", "inc", "corp", "co", "ltd", "jr", "sr", "gov", "sen", "rep", "gen"]
)

SENTENCE_ENDS = frozenset(".!?…;。！？；")


@dataclass(frozen=True, slots=True)
class Quotation:
    """One outermost pair of marks: its offsets in the paragraph, and the words between."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Token:
    """A word, one mark, or a whole quotation."""

    text: str
    start: int
    end: int
    quotation: Quotation | None = None

    @property
    def low(self) -> str:
        """In lower case, as word lists are."""
        return self.text.lower()

    @property
    def is_word(self) -> bool:
        """Whether this is a word outside quotations."""
        return self.quotation is None and self.text[0].isalnum()

    @property
    def is_capital(self) -> bool:
        """Whether this may be part of a name: ``Ives``, ``OpenAI``, ``xAI``."""
        return self.is_word and any(c.isupper() for c in self.text) and not self.text[0].isdigit()


def paragraphs(text: str) -> list[str]:
    """The parts of ``text`` between line breaks; each is a substring of it."""
    return [part for part in _BREAK.split(text) if part]


def quotations(text: str) -> list[Quotation]:
    """The quotations of one paragraph in order, up to the first mark that does not pair."""
    found: list[Quotation] = []
    at = 0
    while at < len(text):
        if _opens(text, at):
            close = _close(text, at)
            if close is None:
                break
            found.append(Quotation(at, close + 1, text[at + 1 : close].strip()))
            at = close
        elif text[at] in _STRAY:
            break
        at += 1
    return found


def _opens(text: str, at: int) -> bool:
    """Whether a quotation begins with the character at ``at``."""
    mark = text[at]
    if mark in "“„«「『":
        return True
    if mark not in "»‚\"'‘":
        return False
    free_before = at == 0 or text[at - 1].isspace() or text[at - 1] in _BEFORE_OPENING
    after = text[at + 1 : at + 8]
    if not free_before or not after or after[0].isspace():
        return False
    return mark not in _SINGLES or not (after[0].isdigit() or after.lower().startswith(_CLIPPED))


def _close(text: str, opening: int) -> int | None:
    """Offset of the mark that closes the one at ``opening``; ``None`` where it is missing or doubtful."""
    mark = text[opening]
    if mark in _SINGLES:
        return _close_single(text, opening)
    for at in range(opening + 1, len(text)):
        if text[at] in _PAIRS[mark]:
            fits = mark != '"' or not (text[at - 1].isspace() or text[at + 1 : at + 2].isalnum())
            return at if fits else None
        if text[at] == mark or (mark in '“„"' and text[at] in '“”"'):
            return None
    return None


def _close_single(text: str, opening: int) -> int | None:
    """A single mark closes where it is no apostrophe; after a plural's s only if it is the only candidate."""
    closing = _SINGLES[text[opening]]
    doubtful: list[int] = []
    at = opening + 1
    while at < len(text):
        if text[at] in _PAIRS:
            inner = next((i for i in range(at + 1, len(text)) if text[i] in _PAIRS[text[at]]), None)
            if inner is None:
                return None
            at = inner
        elif text[at] == closing and not text[at - 1].isspace() and not text[at + 1 : at + 2].isalnum():
            if not (text[at - 1] in "sSzZxXn" and text[at + 1 : at + 2] == " " and text[at + 2 : at + 3].isalnum()):
                return at
            doubtful.append(at)
        elif text[at] in _SINGLES and _opens(text, at):
            return None
        at += 1
    return doubtful[0] if len(doubtful) == 1 else None


def tokens(text: str, quoted: list[Quotation]) -> list[Token]:
    """Words and marks of one paragraph in order, each quotation as one token."""
    found: list[Token] = []
    at = 0
    for quotation in quoted:
        found.extend(_plain(text, at, quotation.start))
        found.append(Token(text[quotation.start], quotation.start, quotation.end, quotation))
        at = quotation.end
    found.extend(_plain(text, at, len(text)))
    return found


def _plain(text: str, start: int, end: int) -> Iterator[Token]:
    at = start
    while at < end:
        match = _WORD.match(text, at, end)
        if match is None:
            if not text[at].isspace():
                yield Token(text[at], at, at + 1)
            at += 1
            continue
        stop = match.end()
        if text[stop : stop + 1] == "." and stop < end and _abbreviated(match.group(), text[stop + 1 : stop + 3]):
            stop += 1
        yield Token(text[at:stop], at, stop)
        at = stop


def _abbreviated(word: str, after: str) -> bool:
    """Whether the full stop after ``word`` belongs to it: ``Mr.``, ``U.S.``, a name's ``J.``; not in ``on X.``"""
    if word.lower() in _ABBREVIATIONS or (len(word) > 2 and all(len(part) == 1 for part in word.split("."))):
        return True
    return len(word) == 1 and word.isupper() and word not in "XI" and after[:1] == " " and after[1:].isupper()


def in_title_case(found: list[Token]) -> bool:
    """Whether capitals mean nothing here, because most longer words of the paragraph begin with one."""
    capitals = [token.is_capital for token in found if token.is_word and len(token.text) > 3]
    return sum(capitals) > 0.75 * len(capitals)
