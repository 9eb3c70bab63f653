"""Parting a text into clauses with one move each: who moves stands on one side of the move, the cause on the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.core.news.clauses.frames import Move
from bot.core.news.clauses.marks import (
    AI,
    BECAUSE,
    BESIDE,
    BOUNDARY,
    BREAKS,
    BY,
    COMMA,
    COMPANY,
    DESPITE,
    DOWNS,
    FALLS,
    FEARS,
    FELLS,
    GROUP,
    HALVES,
    HARD,
    INDEXES,
    INVESTORS,
    ITS,
    LABELS,
    LEADS,
    LIFTS,
    LINE,
    MAKER,
    MONEY,
    MOVES,
    PERHAPS,
    RISES,
    SENDS,
    SHARES,
    SPARKS,
    THREATS,
    WHO,
    Mark,
    bits_of,
    is_sentence,
)
from bot.core.news.text import Folded

_NEAR = 14
"""``hit hard by``: so many characters may stand between a verb and its ``by``."""
_MODAL = 14
"""``could soon fall``, ``should not have been hit``."""
_SIZE = 8
"""``over 17 %``."""
_CURRENCIES = frozenset("$€£¥₹")
_BESIDE = 3
"""``Nvidia's supplier``, ``Google-backed``."""


_NAME = 3
"""``Robert Half International``."""


@dataclass(slots=True)
class Clause:
    """A move with who moves and what is given as the cause."""

    move: Move
    who: list[Mark]
    head: Mark
    """The word that tells of the move."""
    cause: list[Mark] = field(default_factory=list)
    connective: Mark | None = None
    beside: list[Mark] = field(default_factory=list)
    """What stands next to the move without any word that joins them: a cause only where it speaks for itself."""
    after: list[Mark] = field(default_factory=list)
    """The same behind a comma."""
    around: list[Mark] = field(default_factory=list)
    """Other words with who moves."""
    active: bool = False
    """The cause stands before the move: ``fears hit …``."""
    bare: bool = False
    """Only ``shares`` are said to move: of whom, earlier words tell."""
    stop: int = 0
    """Where its words end."""
    halves: list[Mark] = field(default_factory=list)
    """``half of its value``."""
    size_stop: int = 0
    """Where the words end that may tell how far."""


@dataclass(slots=True)
class Stretch:
    """The marks between two marks that part sentences or their halves."""

    marks: list[Mark]
    sentence: bool
    """What comes before is another sentence."""
    listed: bool = False
    """What comes before ends in a semicolon."""
    start: int = 0
    stop: int = 0
    """Where its words begin and end."""
    asked: bool = False
    """A question whether something will move: ``Will agents sink software stocks?``"""


def stretches(text: Folded, marks: Sequence[Mark]) -> list[Stretch]:
    """``marks`` parted at full stops, colons, dashes; the parting marks left out."""
    found = [Stretch([], True)]
    for mark in marks:
        if mark.bits & HARD:
            found[-1].stop = mark.start
            found[-1].asked = text.text[mark.start] in "?？" and bool(bits_of(found[-1].marks[:1]) & PERHAPS)
            found.append(Stretch([], is_sentence(text.text, mark), text.text[mark.start] in ";；"))
            found[-1].start = mark.stop
        else:
            found[-1].marks.append(mark)
    found[-1].stop = len(text.text)
    return [stretch for stretch in found if stretch.marks]


@dataclass(slots=True)
class _Head:
    at: int
    """Which mark."""
    move: Move
    active: bool
    """What is before it is the cause, what is after it moves."""
    last: int
    """The last mark that belongs to it: ``tumbling`` of ``sends … tumbling``."""
    real: bool = True
    """It has happened."""


def clauses(text: Folded, stretch: Stretch, context: int) -> Iterator[Clause]:
    """The clauses of one stretch. ``context``: the bits of the whole text."""
    marks = stretch.marks
    heads = list(_heads(text, marks, context))
    start = 0
    for number, head in enumerate(heads):
        before = heads[number - 1] if number else None
        if before is not None:
            begin = _begins(text, marks, before, head)
            if begin is None or (marks[begin].bits & (BECAUSE | COMMA) and _frightens(marks, head)):
                continue  # another word for the move told already: "falls, wiping off"
            start = begin
        end = len(marks)
        for later in heads[number + 1 :]:
            begin = _begins(text, marks, head, later)
            if begin is None or (marks[begin].bits & COMMA and _frightens(marks, later)):
                continue
            if not marks[begin].bits & BECAUSE:
                end = begin
                break
        clause = _clause(text, marks, start, head, end, stretch.start)
        if stretch.asked:
            clause.move = Move.NONE
        breaks = _until(marks, head.last + 1, end, BREAKS)
        clause.stop = marks[breaks].start if breaks < len(marks) else stretch.stop
        comma = _until(marks, head.last + 1, breaks, COMMA)
        clause.size_stop = marks[comma].start if comma < breaks else clause.stop
        clause.halves = [m for m in marks[head.last + 1 : end] if m.bits & HALVES]
        yield clause


def _heads(text: Folded, marks: list[Mark], context: int) -> Iterator[_Head]:
    taken = -1
    for at, mark in enumerate(marks):
        if at <= taken:
            continue
        found: _Head | None = None
        if mark.bits & (SENDS | SPARKS):
            found = _sending(text, marks, at)
        if mark.bits & LEADS:
            found = _leading(marks, at)
        if found is None and mark.bits & (FELLS | LIFTS):
            found = _transitive(text, marks, at, context)
        if found is None and mark.bits & FALLS and _sunk(marks, taken + 1, at):
            found = _Head(at, Move.FALL, True, at)
        if found is None and mark.bits & (FALLS | RISES):
            found = _Head(at, _way(mark), False, at)
        if found is None:
            continue
        taken = found.last
        found.real = not _perhaps(text, marks, at)
        yield found


def _way(mark: Mark) -> Move:
    return Move.FALL if mark.bits & (FALLS | FELLS) else Move.RISE


def _perhaps(text: Folded, marks: list[Mark], at: int) -> bool:
    """True where the word before says that the move has not happened; ``dragged to a low`` and ``the latest to fall``
    have."""
    if not at:
        return False
    before = marks[at - 1]
    if not before.bits & PERHAPS or marks[at].start - before.stop > _MODAL:
        return False
    if text.lowered[before.start : before.stop] != "to":
        return True
    moved = at > 1 and marks[at - 2].bits & (MOVES | SENDS)
    return not moved and not text.lowered[: before.start].rstrip().endswith("latest")


def _leading(marks: list[Mark], at: int) -> _Head | None:
    """``leads chip stocks lower``: who leads moves."""
    for number in range(at + 1, min(at + 5, len(marks))):
        mark = marks[number]
        if mark.bits & (FALLS | RISES | DOWNS):
            return _Head(at, Move.RISE if mark.bits & RISES else Move.FALL, False, number)
        if not mark.bits & (WHO | SHARES):
            return None
    return None


def _sending(text: Folded, marks: list[Mark], at: int) -> _Head | None:
    """``sends Y tumbling``, ``sparks a rout in Y``, ``drags Y down``, ``drives down Y``."""
    for number in range(at + 1, min(at + 9, len(marks))):
        mark = marks[number]
        if mark.bits & DOWNS and marks[at].bits & SENDS and _sent(text, marks, at, number):
            return _Head(at, Move.FALL, True, number)
        if mark.bits & (BREAKS | BECAUSE) and not mark.bits & (FALLS | RISES):
            return None
        if mark.bits & (FALLS | RISES):
            between = bits_of(marks[at + 1 : number])
            word = text.text[mark.start : mark.stop]
            if between & COMMA and word.isascii() and not word.lower().endswith("ing"):
                return None  # "knocks Adobe shares, Toyota rises"
            who = between & (WHO | SHARES)
            if marks[at].bits & SPARKS or who:
                return _Head(at, _way(mark), True, number)
            return None
    return None


def _sent(text: Folded, marks: list[Mark], at: int, down: int) -> bool:
    """True where what moves stands between ``sends`` and ``down``, or right after both."""
    if bits_of(marks[at + 1 : down]) & (WHO | SHARES):
        return not bits_of(marks[at + 1 : down]) & COMMA
    close = marks[down].start - marks[at].stop <= _BESIDE
    return close and bool(bits_of(marks[down + 1 : down + 4]) & (WHO | SHARES))


def _transitive(text: Folded, marks: list[Mark], at: int, context: int) -> _Head | None:
    """``fears hit Y``, ``Y hit by fears``."""
    mark = marks[at]
    priced = context & (SHARES | INDEXES | INVESTORS | FEARS | MONEY) or "$" in text.text or "%" in text.text
    move = _way(mark) if not mark.bits & LIFTS else Move.RISE
    following = marks[at + 1] if at + 1 < len(marks) else None
    if following is not None and following.bits & BY and following.start - mark.stop <= _NEAR:
        return _Head(at, move, False, at)
    if following is not None and following.bits & RISES and not following.bits & WHO:
        return None  # hits a record high
    for later in marks[at + 1 : at + 9]:
        if later.bits & (WHO | SHARES | INVESTORS) and priced:
            return _Head(at, move, True, at)
        if later.bits & (BECAUSE | BREAKS | COMMA | PERHAPS):
            break
    word = text.lowered[mark.start : mark.stop]
    ends = following is None or following.bits & (BOUNDARY | BECAUSE | DOWNS)
    before = marks[max(0, at - 3) : at]
    if ends and word.split()[0].endswith(("ed", "en", "hit")) and any(m.bits & (WHO | MONEY) for m in before):
        return _Head(at, move, False, at)  # "B pummelled"
    sums = text.lowered[mark.stop : mark.stop + _SIZE].split("%")[0]
    if move is Move.FALL and any(c in _CURRENCIES for c in sums):
        worth = following is not None and following.bits & MONEY
        if any(m.bits & (SHARES | GROUP) or (worth and m.bits & COMPANY and not m.bits & MAKER) for m in before):
            return _Head(at, move, False, at)  # "stocks wipe out $50 billion"
    return None


def _sunk(marks: list[Mark], start: int, at: int) -> bool:
    """``a chatbot sank Nvidia``: AI before it and nobody who could have fallen, and right after it who fell."""
    before = bits_of(marks[start:at])
    if not before & (MAKER | AI | FEARS) or before & (GROUP | INDEXES | SHARES | INVESTORS | BECAUSE):
        return False
    if any(m.bits & COMPANY and not m.bits & MAKER for m in marks[start:at]):
        return False
    fell = marks[at + 1] if at + 1 < len(marks) else None
    return fell is not None and bool(fell.bits & (COMPANY | GROUP)) and fell.start - marks[at].stop <= _BESIDE


def _begins(text: Folded, marks: list[Mark], before: _Head, head: _Head) -> int | None:
    """Which mark begins the clause of ``head``; ``None`` where it only goes on about what ``before`` told of."""
    moving = COMPANY | GROUP | INDEXES | SHARES | (MAKER | FEARS | AI if head.active else 0)
    at = head.at - 1
    seen = 0
    begin: int | None = None
    while at > before.last:
        mark = marks[at]
        if mark.bits & BOUNDARY and not mark.bits & (WHO | MAKER):
            if seen & moving:
                begin = at
                if not _lists(marks, before.last + 1, at):
                    return begin
            elif mark.bits & BREAKS or text.text[mark.stop : marks[head.at].start].strip():
                return None  # "…, gold climbs": nobody we know, and what is before belongs to the clause before
            elif begin is not None:
                return begin
        elif mark.bits & (BECAUSE | DESPITE) and seen & moving and begin is None:
            return at
        else:
            seen |= mark.bits
        at -= 1
    return begin


def _frightens(marks: list[Mark], head: _Head) -> bool:
    """``spooks investors``: another word for the cause, no move of its own."""
    stop = _until(marks, head.at + 1, min(head.at + 4, len(marks)), COMMA)
    return head.active and all(m.bits & INVESTORS for m in _who(marks[head.at + 1 : stop]))


def _lists(marks: list[Mark], start: int, stop: int) -> bool:
    """True where what stands before the boundary at ``stop`` is one more of a list: ``AMD, Intel and Arm``."""
    at = stop - 1
    seen = 0
    while at >= start and not marks[at].bits & (BOUNDARY | BECAUSE | DESPITE):
        seen |= marks[at].bits
        at -= 1
    return at >= start and bool(marks[at].bits & BOUNDARY) and bool(seen & WHO) and not seen & ~_PURE


_NAMING = MAKER | AI | FEARS | THREATS
_BOUND = frozenset({"on", "over", "with", "under", "upon", "in", "for", "when", "where"})
_PURE = WHO | SHARES | MAKER | BESIDE | INVESTORS
"""What may stand in a list of those who move."""


def _clause(text: Folded, marks: list[Mark], start: int, head: _Head, end: int, begin: int) -> Clause:
    move = head.move if head.real else Move.NONE
    mark = marks[head.at]
    if head.active:
        clause = _acted(marks, start, head, end)
    else:
        clause = _moved(text, marks, start, head, end, begin)
    clause.move, clause.head, clause.active = move, mark, head.active
    return clause


def _acted(marks: list[Mark], start: int, head: _Head, end: int) -> Clause:
    """``[cause] sends [who] tumbling [because …]``."""
    clause = Clause(Move.NONE, [], marks[head.at])
    after = _until(marks, head.at + 1, end, BECAUSE | DESPITE | BREAKS)
    clause.who = _who(marks[head.at + 1 : after])
    if not clause.who and bits_of(marks[start : head.at]) & INVESTORS:  # "investors dump IT services"
        clause.who = [m for m in marks[head.at + 1 : after] if m.bits & LINE]
    clause.around = [m for m in marks[head.at + 1 : after] if m.bits & LABELS]
    clause.bare = not clause.who and any(m.bits & SHARES for m in marks[head.at + 1 : after])
    clause.cause = marks[start : head.at]
    clause.connective = marks[head.at]
    if after < end and marks[after].bits & BECAUSE:
        clause.cause = [*clause.cause, *marks[after : _until(marks, after + 1, end, DESPITE | BREAKS)]]
    return clause


def _moved(text: Folded, marks: list[Mark], start: int, head: _Head, end: int, begin: int) -> Clause:
    """``[because …,] [who] tumbles [because …]``."""
    clause = Clause(Move.NONE, [], marks[head.at])
    mark = clause.head
    first = start + 1 if start < head.at and marks[start].bits & (BOUNDARY | BECAUSE) else start
    leading: list[Mark] = []
    last = head.at
    nested = bool(start and marks[start].bits & BECAUSE)
    because = next((n for n in range(start + nested, head.at) if marks[n].bits & BECAUSE), None)
    if because is not None and not marks[because].bits & WHO:
        comma = next((n for n in range(because + 1, head.at) if marks[n].bits & COMMA), None)
        whose = [n for n in range((comma or because) + 1, head.at) if marks[n].bits & (WHO | SHARES)]
        if comma is not None and _leads(text, marks, because, comma, begin):
            leading, first = marks[min(because, _chunk(marks, first, because)) : comma], comma + 1
        elif comma is None and whose and because <= start + 1:
            feared = because > start and marks[because].bits & FEARS and marks[because - 1].bits & AI
            leading, first = marks[because - bool(feared) : whose[-1]], whose[-1]
        elif comma is None and not whose and not text.text[marks[because].start].isascii():  # 英伟达因…下跌
            leading, last = marks[because : head.at], because
    _subjects(text, clause, marks, first, last)
    if mark.bits & LEADS:
        led = marks[head.at + 1 : head.last]
        clause.who = _who([*clause.who, *(m for m in led if not m.bits & LABELS)])
        clause.around += [m for m in led if m.bits & LABELS]
    clause.bare = clause.bare or (not clause.who and bool(mark.bits & SHARES))  # "stock down"
    if not clause.who and clause.head.bits & LINE:  # "software sell-off"
        clause.who = [clause.head]
    if not clause.who:  # "rout in chip stocks", "sell-off hits": what moves stands after a noun
        stop = _until(marks, head.last + 1, end, BECAUSE | BREAKS | COMMA)
        clause.who = _who(marks[head.last + 1 : stop])
    at = _given(text, marks, head.last + 1, end)
    if at < end and not marks[at].bits & DESPITE:
        clause.connective = marks[at]
        stop = _until(marks, at + 1, end, DESPITE | BREAKS)
        clause.cause = marks[at:stop]
    elif (named := _names_the_fall(marks, head.last + 1, end)) is not None:
        start, at = named
        clause.cause = [*marks[start:at], replace(marks[at], bits=marks[at].bits | FEARS)]
        clause.connective = marks[at]
    elif at == end:
        spaced = not text.text[mark.start].isascii()  # a Chinese headline has a space for a comma: "软件股走低 AI工具…"
        comma = head.last + 1 if spaced else _until(marks, head.last + 1, end, COMMA)
        clause.after = marks[comma : _until(marks, head.last + 1, end, BREAKS)]
    if leading:
        clause.cause = [*leading, *clause.cause]
        clause.connective = clause.connective or leading[0]
    return clause


def _names_the_fall(marks: list[Mark], start: int, end: int) -> tuple[int, int] | None:
    """``sinks in DeepSeek-driven rout``, ``in DeepSeek fallout``: where what names the fall begins, and the fall;
    ``None`` where nothing does."""
    at = _until(marks, start, end, FALLS | FEARS)
    first = at
    while at < end and first > start and marks[first - 1].bits & _NAMING:
        first -= 1
    bits = bits_of(marks[first:at])
    drives = bool(bits & AI and at < end and marks[at].bits & FALLS)  # "in AI-driven rout", "in latest AI sell-off"
    if not bits & MAKER and not (bits & AI and bits & (FEARS | THREATS)) and not drives:
        return None
    return (first, at) if marks[at].start - marks[at - 1].stop <= _NEAR else None


def _given(text: Folded, marks: list[Mark], start: int, end: int) -> int:
    """Where the cause begins, past sizes, and past what the move was in spite of where a cause follows it: ``falls
    despite a profit beat as AI worries mount``. ``end`` where none is given."""
    at = _until(marks, start, end, BECAUSE | BY | DESPITE)
    while at < end and _measures(text, marks[at]):
        at = _until(marks, at + 1, end, BECAUSE | BY | DESPITE)
    if at == end or not marks[at].bits & DESPITE:
        return at
    stop = _until(marks, at + 1, end, BREAKS)
    again = (n for n in range(at + 1, stop) if marks[n].bits & BECAUSE and _opens(text, marks[n]))
    return next(again, at)


def _opens(text: Folded, mark: Mark) -> bool:
    """True for what begins a cause wherever it stands; ``on`` and the like may belong to the noun before."""
    return text.lowered[mark.start : mark.stop] not in _BOUND


def _leads(text: Folded, marks: list[Mark], because: int, comma: int, begin: int) -> bool:
    """True where the words up to ``comma`` give the cause of what follows it: they begin with ``after`` or the like.
    Chinese puts such words anywhere. ``begin``: where the text of the stretch begins."""
    if comma + 1 < len(marks) and marks[comma + 1].bits & BREAKS:
        return False
    before = marks[because - 1].stop if because and marks[because - 1].bits & BOUNDARY else begin
    written = text.text[before : marks[because].start]
    return not written.strip() or not text.text[marks[because].start].isascii()


def _chunk(marks: list[Mark], first: int, at: int) -> int:
    """Where the words between two commas begin that the mark ``at`` stands in."""
    return max((n + 1 for n in range(first, at) if marks[n].bits & BOUNDARY), default=first)


def _measures(text: Folded, mark: Mark) -> bool:
    """``over 17 %``, ``by 5 %``: a size follows, not a cause."""
    following = text.lowered[mark.stop : mark.stop + _SIZE]
    return following.lstrip()[:1].isdigit() and "%" in following


def _until(marks: list[Mark], start: int, end: int, bits: int) -> int:
    """The first mark from ``start`` on with one of ``bits``; ``end`` where there is none."""
    return next((n for n in range(start, end) if marks[n].bits & bits), end)


def _listed(text: Folded, who: Mark, boundary: Mark) -> bool:
    """True where ``who`` stands right before ``boundary``, as in a list; only a ticker may stand between."""
    between = text.lowered[who.stop : boundary.start].strip()
    return not between or between[0] in "(["


def _subjects(text: Folded, clause: Clause, marks: list[Mark], first: int, head: int) -> None:
    """Who moves, from the words before the move; what stands further before it goes to ``beside``."""
    stop = head
    while stop > first:
        at = stop - 1
        while at >= first and not (marks[at].bits & BOUNDARY and not marks[at].bits & (WHO | MAKER)):
            at -= 1
        chunk = marks[at + 1 : stop]
        if clause.who and not chunk and at >= first and _a_name(text.text[marks[at].stop : marks[stop].start]):
            stop = at  # one more of the list that we do not know
            continue
        who = sorted(_who(chunk), key=lambda m: m.start)
        others = [m for m in chunk if m.bits & LABELS or not m.bits & (WHO | SHARES)]
        if clause.who and (not who or _told(others) or not _listed(text, who[-1], marks[stop])):
            clause.beside = marks[first : stop + 1]
            return
        if not clause.who and not who and _told(others):
            clause.beside = marks[first : min(stop + 1, head)]
            return
        clause.who = [*who, *clause.who]
        clause.around = [*others, *clause.around]
        if not clause.who and any(m.bits & SHARES for m in chunk):
            clause.bare = True
            clause.beside = marks[first : max(at + 1, first)]
            return
        stop = at


def _a_name(written: str) -> bool:
    """True for a few words that all begin with a capital."""
    words = written.split()
    return 0 < len(words) <= _NAME and all(word[0].isupper() for word in words)


def _told(others: list[Mark]) -> bool:
    """True where words beside names make a statement of their own."""
    return any(not m.bits & (BESIDE | PERHAPS | INVESTORS | LABELS | ITS) for m in others)


def _who(marks: list[Mark]) -> list[Mark]:
    """Companies that move themselves; lines and indexes where no company does, or beside one where they are many."""
    companies = []
    for number, mark in enumerate(marks):
        if not mark.bits & COMPANY:
            continue
        following = marks[number + 1] if number + 1 < len(marks) else None
        if following is not None and following.bits & BESIDE and following.start - mark.stop <= _BESIDE:
            continue
        companies.append(mark)
    if companies:
        return companies + [m for m in marks if m.bits & GROUP and m.bits & SHARES and not m.bits & COMPANY]
    shares = any(m.bits & SHARES for m in marks)
    lines = [m for m in marks if m.bits & GROUP or (m.bits & LINE and shares)]
    return lines or [m for m in marks if m.bits & INDEXES]
