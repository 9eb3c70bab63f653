"""Finding thousands of names in a text in one pass.

One Aho-Corasick automaton holds every phrase of every file. A hit counts only as a whole word, in the right case where
case matters, and where the words around it allow it. A pattern (``GPT-{n}``) is found by its fixed beginning, then
matched by a linear-time expression. Features (a word list, a lab, a model) are bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import ahocorasick
import re2

from bot.core.model import Field
from bot.core.news.text import COMMON, Folded, fold, in_word


@dataclass(frozen=True, slots=True)
class Name:
    """One spelling of a name.

    ``text`` may end in ``*`` (any ending) and, for models, contain ``{n}`` (4, 4.5, 4o), ``{letter}``, ``{word}`` or
    ``{size}`` (180, as in 180B); a hyphen in it also matches a space or nothing.
    """

    text: str
    exact: bool = False
    """Whether case must match, or be all capitals."""
    needs: tuple[str, ...] = ()
    """Counts only if one of these is in the story: words, or ``@list``."""
    unless: tuple[str, ...] = ()
    """Does not count if one of these is in the same part of the story: words, or ``@list``."""
    followed_by: tuple[str, ...] = ()
    """Counts, whatever ``needs`` says, right before one of these words: ``Target cuts``, ``Gap shares``. Without
    ``needs`` it counts only there."""
    preceded_by: tuple[str, ...] = ()
    """The same right after one of these words: ``retailer Target``, ``shares of Gap``."""


@dataclass(frozen=True, slots=True)
class Term:
    """A compiled name: what it stands for, and when a hit counts."""

    kind: str
    name: str
    features: int
    length: int
    left: bool
    right: bool
    exact: str | None = None
    needs: int = 0
    unless: int = 0
    pattern: Any = None
    beside: Neighbours | None = None


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The words next to a name that make it count, compiled."""

    after: Any
    before: Any
    required: bool
    """Whether the name counts only next to one of them."""

    def holds(self, lowered: str, start: int, stop: int) -> bool:
        """Whether one of them is next to ``lowered[start:stop]``."""
        if self.after is not None and self.after.match(lowered[stop : stop + _BESIDE]) is not None:
            return True
        return self.before is not None and self.before.search(lowered[max(0, start - _BESIDE) : start]) is not None


class Hit(NamedTuple):
    """A term found in a part of a story. A tuple, because thousands are made per second."""

    term: Term
    where: Field
    start: int
    stop: int
    text: str
    name: str
    """The term's name; for a pattern with the version."""
    sure: bool = False
    """Whether the words next to it make it count, whatever its term needs."""


class Features:
    """Assigns a bit to each feature name."""

    def __init__(self) -> None:
        self._bits: dict[str, int] = {}

    def copy(self) -> Features:
        """The same bits; those assigned from now on are the copy's own."""
        other = Features()
        other._bits.update(self._bits)
        return other

    def bit(self, name: str) -> int:
        """The bit of ``name``, assigned on first use."""
        return self._bits.setdefault(name, 1 << len(self._bits))

    def mask(self, names: Iterable[str]) -> int:
        """The bits of all ``names``, combined."""
        mask = 0
        for name in names:
            mask |= self.bit(name)
        return mask

    def __contains__(self, name: str) -> bool:
        return name in self._bits


_PLACES = {
    "n": r"[0-9]{1,2}(?:\.[0-9]{1,2})?[a-z]?",
    "letter": r"[a-z]",
    "word": r"[a-z]{2,12}",
    "size": r"[0-9]{1,4}(?:\.[0-9]{1,2})?",
}
_VARIANT = (
    r"(?: ?(?:mini|nano|micro|pro|max|ultra|plus|lite|flash|turbo|preview|instruct|thinking|zero|large|small|medium|"
    r"air|coder|vision|vl|omni|exp|high|deep think))*"
)
_AI = re.compile(r"(?<![A-Za-z0-9.])AI(?![A-Za-z0-9.])")
_LONGEST = 48
"""Characters of the longest name with version."""
_BESIDE = 32
"""Characters searched on each side of a name."""


class PatternError(ValueError):
    """An invalid pattern. The message reads ``what is wrong; what to write instead``."""


def compile_pattern(text: str) -> tuple[tuple[str, ...], Any]:
    """The fixed beginnings to search for, and the expression to match there.

    Group 1 is the version: what the placeholders match, and what is in parentheses before them: with ``(Opus) {n}`` a
    bare ``Opus 5`` is the version ``opus 5``. Raises PatternError.
    """
    lowered = fold(text)
    beginning = lowered.split("{", 1)[0].replace("(", "").replace(")", "").rstrip(" ")
    expression, rest = "", lowered
    while "{" in rest:
        fixed, _, rest = rest.partition("{")
        place, closed, rest = rest.partition("}")
        if not closed or place not in _PLACES:
            raise PatternError(
                f"unknown placeholder {{{place}}}; write one of {', '.join(f'{{{p}}}' for p in _PLACES)}"
            )
        if not expression:  # the version begins here; a single letter before the number is part of it: R1, V3
            before, _, own = fixed.partition("(")
            own = own.replace(")", "")
            letter = before[-1:] if not own and re.search(r"(?:^| )[a-z]$", before) else ""
            expression = f"{_fixed(before.removesuffix(letter))}({_fixed(letter + own)}{_PLACES[place]}"
        else:
            expression += _fixed(fixed) + _PLACES[place]
    if not expression:
        raise PatternError("no placeholder in a pattern; write one of {n}, {letter}, {word}, or list it under names")
    expression += f"){_fixed(rest)}{_VARIANT}"
    if len(beginning) >= 3:
        return (beginning,), re2.compile(expression)
    first = lowered.replace("(", "").replace(")", "")[len(beginning) :].lstrip(" ")
    if not beginning or not first.startswith("{n}"):
        raise PatternError(f"'{text}' starts with too few letters to search for; start with a name")
    keys = tuple(f"{beginning}{gap}{digit}" for gap in ("", " ") for digit in "123456789")
    return keys, re2.compile(expression)


def _either(written: Iterable[str]) -> str:
    """An expression for any of these words; ``*`` at the end of one allows any ending."""
    return "|".join(
        re2.escape(fold(word.rstrip("*"))) + ("[a-z0-9]*" if word.endswith("*") else "") for word in written
    )


@cache  # hundreds of names share a few lists
def compile_beside(followed_by: tuple[str, ...], preceded_by: tuple[str, ...], *, required: bool) -> Neighbours | None:
    """The words next to a name, compiled; ``None`` where there are none. ``'s`` may come in between."""
    after, before = _either(followed_by), _either(preceded_by)
    if not after and not before:
        return None
    return Neighbours(
        re2.compile(rf"(?:'s? ?|[ ,:(]*)(?:{after})(?:[^a-z0-9]|$)") if after else None,
        re2.compile(rf"(?:^|[^a-z0-9])(?:{before})[ :,]*$") if before else None,
        required,
    )


def _spellings(text: str) -> tuple[str, ...]:
    """``text`` and, where it has the word AI, the same with A.I., as some papers write it."""
    dotted = _AI.sub("A.I.", text)
    return (text,) if dotted == text else (text, dotted)


def _fixed(text: str) -> str:
    return "".join(" ?" if c == " " else re2.escape(c) for c in text)


class Lexicon:
    """All terms in one automaton."""

    def __init__(self, features: Features) -> None:
        self.features = features
        self._terms: dict[str, list[Term]] = {}
        self._automaton: Any = None

    def add(self, kind: str, name: str, names: Iterable[Name], features: int) -> None:
        """Make each of ``names`` mean ``name`` of ``kind``, and give stories with it these ``features``."""
        for written, spelled in ((name, spelled) for name in names for spelled in _spellings(name.text)):
            text = fold(spelled).strip()
            prefix = text.endswith("*")
            key = text.rstrip("*").rstrip()
            if not key:
                continue
            term = Term(
                kind=kind,
                name=name,
                features=features,
                length=len(key),
                left=in_word(key[0]),
                right=in_word(key[-1]) and not prefix,
                exact=Folded(spelled.rstrip("*").strip()).folded if written.exact else None,
                needs=self._condition(written.needs),
                unless=self._condition(written.unless),
                beside=compile_beside(written.followed_by, written.preceded_by, required=not written.needs),
            )
            self._put(key, term)

    def add_pattern(self, kind: str, name: str, written: Name, features: int) -> None:
        """``add`` for a name with placeholders. Raises PatternError."""
        keys, pattern = compile_pattern(written.text)
        needs, unless = self._condition(written.needs), self._condition(written.unless)
        for key in keys:
            self._put(key, Term(kind, name, features, len(key), True, True, None, needs, unless, pattern))

    def _put(self, key: str, term: Term) -> None:
        self._terms.setdefault(key, []).append(term)
        self._automaton = None

    def _condition(self, conditions: Sequence[str]) -> int:
        """The bits of ``@lists`` and of single words, which become terms."""
        mask = 0
        for condition in conditions:
            if condition.startswith("@"):
                mask |= self.features.bit(condition[1:])
                continue
            feature = f"word:{fold(condition)}"
            known = feature in self.features
            bit = self.features.bit(feature)
            if not known:
                self.add("context", feature, [Name(condition)], bit)
            mask |= bit
        return mask

    def _built(self) -> Any:
        if self._automaton is None:
            automaton = ahocorasick.Automaton()
            for key, terms in self._terms.items():
                automaton.add_word(key, tuple(terms))
            automaton.make_automaton()
            self._automaton = automaton
        return self._automaton

    def scan(self, text: Folded, where: Field) -> list[Hit]:
        """Every term in ``text``, whole words only; ``settle`` then checks ``needs`` and ``unless``."""
        if not self._terms or not text.lowered:
            return []
        automaton = self._automaton or self._built()
        lowered = text.lowered
        size = len(lowered)
        hits = []
        for end, terms in automaton.iter(lowered):
            after = end + 1
            goes_on = after < size and in_word(lowered[after])
            for term in terms:
                if goes_on and term.right and term.pattern is None:
                    continue
                start = after - term.length
                if term.left and start and in_word(lowered[start - 1]):
                    continue
                if term.pattern is not None:
                    hit = self._versioned(term, text, where, start)
                else:
                    hit = _written(term, text, where, start, _word_end(lowered, after) if goes_on else after)
                if hit is not None:
                    hits.append(hit)
        return hits

    def _versioned(self, term: Term, text: Folded, where: Field, start: int) -> Hit | None:
        """The hit of a pattern whose fixed beginning is at ``start``: ``GPT-5.1``, named ``GPT 5.1``."""
        lowered = text.lowered
        match = term.pattern.match(lowered[start : start + _LONGEST])
        if match is None:
            return None
        version = _version(match.group(1))
        stop = start + match.end()
        if (stop < len(lowered) and in_word(lowered[stop])) or any(map(self._ordinary, version.split())):
            return None
        return Hit(term, where, start, stop, text.text[start:stop], f"{term.name} {version}")

    def _ordinary(self, word: str) -> bool:
        """Whether ``word`` cannot be a model's version: "Claude in 2 weeks", "DeepSeek releases V9"."""
        return word in COMMON or any(term.kind == "words" for term in self._terms.get(word.lower(), ()))


def _written(term: Term, text: Folded, where: Field, start: int, stop: int) -> Hit | None:
    """The hit of a name; ``None`` where its case or the words next to it are wrong."""
    if term.exact is not None:
        written = text.folded[start:stop]
        if written != term.exact and written != term.exact.upper():
            return None
    beside = term.beside
    sure = beside is not None and beside.holds(text.lowered, start, stop)
    if beside is not None and beside.required and not sure:
        return None
    return Hit(term, where, start, stop, text.text[start:stop], term.name, sure)


def _word_end(lowered: str, stop: int) -> int:
    """The end of the word that was matched up to ``stop``."""
    if in_word(lowered[stop - 1]):
        while stop < len(lowered) and in_word(lowered[stop]):
            stop += 1
    return stop


def _version(text: str) -> str:
    """One spelling for each version: ``r1`` as ``R1``, ``sonnet 4.5`` unchanged."""
    version = " ".join(text.split())
    return version.upper() if len(version) < 4 and version[:1].isalpha() and version[1:2].isdigit() else version


def settle(parts: Sequence[list[Hit]]) -> tuple[list[list[Hit]], list[int]]:
    """Drop the hits whose ``needs`` or ``unless`` is not met. ``parts``: the hits of each part of one story.

    Returns the remaining hits and the features of each part. Hits without conditions are decided first, then those with
    ``unless`` alone, then those with ``needs``, so the order of terms does not matter.
    """
    plain = [0] * len(parts)
    conditional = False
    for number, hits in enumerate(parts):
        for hit in hits:
            if hit.term.needs or hit.term.unless:
                conditional = True
            else:
                plain[number] |= hit.term.features
    if not conditional:
        return list(parts), plain
    masks = list(plain)
    for number, hits in enumerate(parts):
        for hit in hits:
            if (hit.sure or not hit.term.needs) and not hit.term.unless & plain[number]:
                masks[number] |= hit.term.features
    everywhere = 0
    for mask in masks:
        everywhere |= mask
    kept = []
    for number, hits in enumerate(parts):
        allowed = []
        for hit in hits:
            term = hit.term
            if (term.needs and not hit.sure and not term.needs & everywhere) or term.unless & plain[number]:
                continue
            allowed.append(hit)
            masks[number] |= term.features
        kept.append(allowed)
    return kept, masks
