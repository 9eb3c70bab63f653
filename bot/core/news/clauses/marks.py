"""The words of a text that matter to clauses, in order: what has been found already, and the words of clauses."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import re2

from bot.core.model import Field
from bot.core.news.lexicon import Features, Hit, Lexicon, settle
from bot.core.news.text import Folded
from bot.core.news.vocabulary import Part, Topics

BITS = {part: 1 << number for number, part in enumerate(Part)}
_NEXT = len(BITS)
COMPANY, LINE, GROUP, MAKER, OTHER, COMMA, HARD = (1 << (_NEXT + number) for number in range(7))
"""A company; words of an exposure, and those that name who is exposed to it; a lab or model; a cause that people name;
the marks within and between sentences."""

FALLS, RISES, FELLS, LIFTS = BITS[Part.FALLS], BITS[Part.RISES], BITS[Part.FELLS], BITS[Part.LIFTS]
SENDS, SPARKS = BITS[Part.SENDS], BITS[Part.SPARKS]
LEADS, DOWNS = BITS[Part.LEADS], BITS[Part.DOWNS]
BECAUSE, BY, DESPITE = BITS[Part.BECAUSE], BITS[Part.BY], BITS[Part.DESPITE]
BREAKS, JOINS, PERHAPS = BITS[Part.BREAKS], BITS[Part.JOINS], BITS[Part.PERHAPS]
SHARES, INDEXES, INVESTORS = BITS[Part.SHARES], BITS[Part.INDEXES], BITS[Part.INVESTORS]
ITS = BITS[Part.ITS]
BESIDE, FEARS, LABELS, MONEY = BITS[Part.BESIDE], BITS[Part.FEARS], BITS[Part.LABELS], BITS[Part.MONEY]
AI, MADE = BITS[Part.AI], BITS[Part.TOOLS] | BITS[Part.PRODUCTS]
HALVES, THREATS, LAUNCHES = BITS[Part.HALVES], BITS[Part.THREATS], BITS[Part.LAUNCHES]
MOVES = FALLS | RISES | FELLS | LIFTS
WHO = COMPANY | LINE | INDEXES
BOUNDARY = COMMA | BREAKS | JOINS


@dataclass(slots=True)
class Mark:
    """A word or phrase, with the parts it can play."""

    start: int
    stop: int
    bits: int
    phrase: bool = False
    """Words of clauses: it means what it says as a whole, whatever the words inside it mean."""
    companies: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    makers: tuple[str, ...] = ()
    """``lab:Anthropic``, ``model:GPT 5``."""
    cause: str = ""
    """Of a cause that people name."""
    somebody: bool = False
    """Of AI or a word for a release: it is by somebody named before it whom we do not know: ``Altruist's AI``,
    ``Altruist unveils``."""
    owner: str = ""
    """Of a lab or model: the symbol of the listed company behind it."""


MOST = 200
"""So many marks of a text are read: a title has some fifteen, the summaries that are read some eighty."""
SIGNS = 800
"""A text is read up to so many commas, brackets and the like: no title or summary is as long in characters."""


def bits_of(marks: Sequence[Mark]) -> int:
    """The bits of all ``marks`` together."""
    bits = 0
    for mark in marks:
        bits |= mark.bits
    return bits


_ACTOR = re2.compile(r"^ (?:[A-Z][\w.&]* ?){1,3}$")
_OWNER = re2.compile(r"^ (?:[A-Z][\w.&]* ?){1,3}['’]s (?:\w+ )?$")
_HAN = r"[\u3400-\u9fff]"
_SEPARATORS = re.compile(rf"[()\[\],;:?!|，。；：、！？｜丨…]|\.(?:\s|$)| [-–—|/] |—|{_HAN} {_HAN}")
"""Nothing in it repeats: ``re`` is safe on any text, and gives a match in a tenth of the time that ``re2`` takes."""
_SENTENCE = frozenset(".?!|。！？｜丨…")
_SHORT = frozenset({"inc", "corp", "co", "ltd", "vs", "mr", "no", "st", "plc", "jr", "dr", "u.s", "s", "n.v", "est"})
_BRACKETS = {"(": 1, "[": 1, ")": -1, "]": -1}


class Marker:
    """The vocabulary of clauses, compiled. ``features``: those of the hits that ``read`` is given."""

    def __init__(self, topics: Topics, features: Features) -> None:
        self._moves = Lexicon(Features())
        """Words of moves stand apart: most texts have none, and are not read any further."""
        self._words = Lexicon(Features())
        self._listed: list[tuple[int, int, str]] = []
        """Features of word lists, the bits their words have, and the cause they name."""
        vocabulary = topics.clauses
        for part, words in vocabulary.words.items():
            lexicon = self._moves if BITS[part] & (MOVES | DOWNS) else self._words
            lexicon.add("part", part.value, words.names, 0)
            if words.lists:
                self._listed.append((features.mask(words.lists), BITS[part], ""))
        for cause, words in vocabulary.causes.items():
            self._words.add("cause", cause, words.names, 0)
            if words.lists:
                self._listed.append((features.mask(words.lists), OTHER, cause))
        for exposure, names in vocabulary.lines.items():
            self._words.add("line", exposure, names, 0)
        companies = {lab.name: lab.company for lab in topics.labs}
        self._owners = {f"lab:{name}": company for name, company in companies.items()}
        self._families = {family.name: family.company or companies.get(family.lab, "") for family in topics.families}

    def read(self, text: Folded, hits: Iterable[Hit], *, still: bool = False) -> list[Mark]:
        """The marks of ``text`` in order; none where nothing moves in it, unless ``still``. ``hits``: what is known of
        it already."""
        moves = settle([self._moves.scan(text, Field.TITLE)])[0][0]
        if not moves and not still:
            return []
        words = settle([self._words.scan(text, Field.TITLE)])[0][0]
        found: dict[tuple[int, int], Mark] = {}
        for hit in (*moves, *words):
            mark = _at(found, hit)
            mark.phrase = True
            if hit.term.kind == "part":
                mark.bits |= BITS[Part(hit.name)]
            elif hit.term.kind == "cause":
                mark.bits |= OTHER
                mark.cause = mark.cause or hit.name
            elif hit.term.kind == "line":
                mark.bits |= LINE | GROUP
                mark.lines = (*mark.lines, hit.name)
        for hit in hits:
            self._add(found, hit, text)
        marks = _longest(sorted((mark for mark in found.values() if mark.bits), key=lambda m: (m.start, -m.stop)))
        parting, end = separators(text)
        marks = sorted((mark for mark in (*marks, *parting) if mark.start < end), key=lambda m: m.start)
        del marks[MOST:]
        for before, mark in itertools.pairwise(marks):
            if mark.bits & (AI | LAUNCHES) and before.bits & BECAUSE and not before.bits & AI:
                written = _OWNER if mark.bits & AI else _ACTOR
                mark.somebody = written.match(text.text[before.stop : mark.start]) is not None
        return marks

    def advises(self, title: Folded) -> bool:
        """True for advice on shares, whose summary retells what moved them."""
        return any(hit.name == Part.ADVICE for hit in self._words.scan(title, Field.TITLE))

    def _add(self, found: dict[tuple[int, int], Mark], hit: Hit, text: Folded) -> None:
        term = hit.term
        if term.kind == "company":
            mark = _at(found, hit)
            mark.bits |= COMPANY
            mark.companies = (*mark.companies, hit.name)
        elif term.kind in ("lab", "model"):
            mark = _at(found, hit)
            mark.bits |= MAKER
            name = f"{term.kind}:{hit.name}"
            mark.makers = (*mark.makers, name)
            mark.owner = self._owners.get(name, "") or self._families.get(term.name, "") or mark.owner
        elif term.kind == "exposure":
            mark = _at(found, hit)
            mark.bits |= LINE
            mark.lines = (*mark.lines, hit.name)
        elif term.kind == "words":
            for mask, bits, cause in self._listed:
                if term.features & mask:
                    mark = _at(found, hit)
                    mark.bits |= bits
                    mark.cause = mark.cause or cause


def _at(found: dict[tuple[int, int], Mark], hit: Hit) -> Mark:
    span = (hit.start, hit.stop)
    mark = found.get(span)
    if mark is None:
        mark = found[span] = Mark(hit.start, hit.stop, 0)
    return mark


def _longest(marks: list[Mark]) -> list[Mark]:
    """Without what stands inside something longer, companies and makers apart."""
    kept: list[Mark] = []
    outer: Mark | None = None
    for mark in marks:
        if outer is not None and mark.stop <= outer.stop:
            if not outer.phrase:
                outer.bits |= mark.bits & ~(COMPANY | MAKER)
                outer.lines = (*outer.lines, *mark.lines)
                outer.cause = outer.cause or mark.cause
            else:
                outer.bits |= mark.bits & (SHARES | AI if outer.bits & (MADE | BITS[Part.SPENDING]) else SHARES)
            if not mark.bits & (COMPANY | MAKER):
                continue
            if outer.bits & (COMPANY | MAKER) and mark.companies == outer.companies:
                continue  # ``Google`` in ``Google Cloud``
        else:
            if outer is not None and mark.start < outer.stop and outer.bits & COMPANY:
                mark.bits &= ~(LINE | GROUP)  # "TAL [Education shares]"
                mark.lines, mark.phrase = (), True
            outer = mark
        kept.append(mark)
    return kept


def separators(text: Folded) -> tuple[list[Mark], int]:
    """Commas and what parts sentences, and where the text that was read for them ends. What stands in brackets parts
    nothing."""
    written = text.text
    found: list[Mark] = []
    depth = 0
    for number, match in enumerate(_SEPARATORS.finditer(written)):
        if number == SIGNS:
            return found, match.start()
        start, sign = match.start(), match.group().strip() or " "
        if len(sign) > 1:  # a space between Chinese words is a comma
            found.append(Mark(start + 1, start + 2, COMMA))
            continue
        sign = sign[0]
        if sign in _BRACKETS:
            depth = min(1, max(0, depth + _BRACKETS[sign]))
            continue
        after = written[start + 1 : start + 2]
        if depth or (sign in ",:" and after.isdigit() and written[start - 1 : start].isdigit()):
            continue
        if sign == "." and _shortened(text.lowered, start):
            continue
        found.append(Mark(start, match.end(), COMMA if sign in ",，、" else HARD))
    return found, len(written)


def _shortened(lowered: str, stop: int) -> bool:
    """True where the full stop at ``stop`` ends ``Inc.`` or ``U.S.``, not a sentence."""
    word = lowered[max(0, stop - 6) : stop].rpartition(" ")[2]
    return word in _SHORT or (word[-1:].isalpha() and word[-2:-1] in ("", "."))


def is_sentence(written: str, mark: Mark) -> bool:
    """True where a full stop or the like parts what is before from what is after; false for a colon or dash."""
    return written[mark.start : mark.stop].strip()[:1] in _SENTENCE
