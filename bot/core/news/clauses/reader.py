"""Title and summary to frames."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import re2

from bot.core.model import Field, Subject, SubjectKind
from bot.core.news.clauses.causes import APART, Verdict, judge
from bot.core.news.clauses.frames import SUMMARY_WEIGHT, AiRole, CauseKind, Frame, Move
from bot.core.news.clauses.marks import (
    AI,
    BECAUSE,
    BITS,
    BREAKS,
    COMMA,
    COMPANY,
    FEARS,
    FELLS,
    GROUP,
    HALVES,
    HARD,
    INDEXES,
    INVESTORS,
    LABELS,
    LAUNCHES,
    LINE,
    MAKER,
    OTHER,
    SENDS,
    SHARES,
    SPARKS,
    Mark,
    Marker,
    bits_of,
)
from bot.core.news.clauses.parsing import Clause, Stretch, clauses, stretches
from bot.core.news.companies import Companies
from bot.core.news.lexicon import Features, Hit
from bot.core.news.text import Folded
from bot.core.news.vocabulary import Part, Topics

_OLD, _ROUNDUPS = BITS[Part.OLD], BITS[Part.ROUNDUPS]
_RESULTS, _HURTS, _MONEY = BITS[Part.RESULTS], BITS[Part.HURTS], BITS[Part.MONEY]
_FELT = FEARS | FELLS | _HURTS
_CHEAPER, _BOUGHT = BITS[Part.CHEAPER], BITS[Part.SOLD] | BITS[Part.SPENDING]
_HARMS = _FELT | BITS[Part.THREATS] | _CHEAPER
_FIRST = 2
"""The cause stands in the first words of a summary."""
_WHY = ("why ", "here's why", "what's behind", "what is behind", "what happened")
_REFERS = ("the ", "it ", "its ", "shares", "stock ", "they ")
_SIZE = re2.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?) ?(?:%|％|per cent|percent|pct|pc\b)")
_NEAR = 48
"""The size stands within so many characters of the move."""
_PARTED = 3
"""A text parted so often tells several matters: side by side, one is no cause of another."""
_BEFORE = 8
"""``DeepSeek-led rout``."""
_WHOSE = 12
"""``Nvidia's $589B DeepSeek rout``."""
_REST = 16
"""``DeepSeek's release``."""
_BECAUSE = 160
"""So much of a cause's words is kept."""
_NAMES = COMPANY | MAKER | LINE | COMMA | BITS[Part.JOINS]
_BARE = AI | BECAUSE | COMMA | FELLS | SENDS | SPARKS | INVESTORS | COMPANY | LINE | GROUP | SHARES
"""``dump brokers over AI``: no more than that."""
_UNKNOWN = Subject(SubjectKind.UNKNOWN)


class ClauseReader:
    """The vocabulary of clauses, compiled. ``features``: those of the hits that ``frames`` is given."""

    def __init__(self, topics: Topics, companies: Companies, features: Features) -> None:
        self._marker = Marker(topics, features)
        self._suppliers = topics.clauses.suppliers
        self._supplying = frozenset(c.symbol for c in companies if c.main_exposure in self._suppliers)

    def frames(self, title: Folded, summary: Folded, parts: Sequence[Sequence[Hit]]) -> tuple[Frame, ...]:
        """The frames of a story, in order. ``parts``: what has been found in title and summary. Any text will do."""
        spoken: list[Mark] = []
        marks = self._marker.read(title, parts[0]) if title.lowered else []
        if marks:
            found = self._read(title, marks, Field.TITLE, spoken)
        else:
            found = []
            names = (h for h in parts[0] if h.term.kind == "company")
            spoken += [Mark(h.start, h.stop, COMPANY, companies=(h.name,)) for h in names][:1]
        if summary.lowered:
            found += self._below(title, summary, parts[1], found, marks, spoken)
        return tuple(found)

    def _below(
        self,
        title: Folded,
        summary: Folded,
        hits: Sequence[Hit],
        above: Sequence[Frame],
        marks: Sequence[Mark],
        spoken: list[Mark],
    ) -> list[Frame]:
        """The frames of the summary. ``above``: those of the title; ``marks``: its marks."""
        asked = above[0] if len(above) == 1 and _unexplained(above[0], marks) else None
        told = self._marker.read(summary, hits, still=asked is not None)
        if not told:
            return []
        retold = _OLD if self._marker.advises(title) else 0
        known = [frame for frame in above if not _nobody(frame)]
        fell = bool(known) and all(frame.move is Move.FALL for frame in known)
        below = self._read(summary, told, Field.SUMMARY, spoken, retold, fell=fell)
        answer = self._answer(summary, told, asked, below) if asked is not None and not retold else None
        return [*below, answer] if answer is not None else below

    def _answer(self, text: Folded, marks: Sequence[Mark], asked: Frame, below: Sequence[Frame]) -> Frame | None:
        """The frame ``asked`` of a title that gives no cause, with the cause that the summary gives: ``Why X falls``,
        and then ``A lab showed a tool that threatens …``. ``None`` where it gives none, or several."""
        if any(f.ties or f.cause is not CauseKind.UNKNOWN or f.move is Move.RISE for f in below):
            return None
        bits = bits_of(marks)
        if bits & (_RESULTS | OTHER | _OLD) or (bits & _BOUGHT and not bits & _CHEAPER):
            return None
        symbols = {s.name for s in asked.subjects if s.kind is SubjectKind.COMPANY}
        for stretch in stretches(text, marks)[:_FIRST]:
            bits = bits_of(stretch.marks)
            others = any(m.bits & COMPANY and not symbols.intersection(m.companies) for m in _named_by(stretch.marks))
            harmed = any(m.bits & _HARMS and not (m.bits & BECAUSE and m.bits & _HURTS) for m in stretch.marks)
            if others or stretch.asked or not harmed or _brings(stretch.marks, symbols):
                continue
            supplier = all(self._supplies(subject) for subject in asked.subjects)
            verdict = judge(
                stretch.marks, symbols, supplier=supplier, many=not symbols, apart=True, gerund=False, alone=False
            )
            if verdict.role is AiRole.AGENT and (verdict.agents or bits & _FELT):
                return replace(
                    asked,
                    cause=verdict.kind,
                    role=verdict.role,
                    agents=verdict.agents,
                    strength=verdict.strength,  # for standing apart, which in a summary is not counted twice
                    because=text.text[stretch.marks[0].start : stretch.marks[-1].stop][:_BECAUSE],
                    where=Field.SUMMARY,
                )
        return None

    def _read(
        self,
        text: Folded,
        marks: list[Mark],
        where: Field,
        spoken: list[Mark],
        retold: int = 0,
        *,
        fell: bool = False,
    ) -> list[Frame]:
        """The frames of one part. ``spoken``: whom the story spoke of last, kept for what comes after. ``retold``: the
        bits of every stretch, besides its own. ``fell``: that fell, by what the story has told."""
        context = bits_of(marks)
        found: list[Frame] = []
        parted = stretches(text, marks)
        many = bool(context & _ROUNDUPS) or sum(bool(m.bits & HARD) for m in marks) >= _PARTED
        results = _of_results(text, parted)
        for number, stretch in enumerate(parted):
            parsed = list(clauses(text, stretch, context))
            head = [] if stretch.sentence or not number else parted[number - 1].marks
            retelling = retold | (bits_of(head) & _OLD)
            last: list[Mark] = []
            struck: Frame | None = None
            since = stretch.start
            for clause in parsed:
                if not clause.who and len(head) > 1 and not bits_of(head) & ~_NAMES:  # "Nvidia, AMD: chip giants fall"
                    clause.who = [m for m in head if m.bits & COMPANY]
                if not clause.who and _asks(text, clause, stretch):
                    clause.who = _first(head)
                if clause.bare:
                    clause.who = _first(clause.beside) or last or spoken[-1:]
                elif not clause.who and fell and _goes_on(text, clause, stretch):
                    clause.who = spoken[-1:]
                last = clause.who
                clause.beside = _after_break(clause.beside)
                frame = self._frame(text, clause, where, bits_of(stretch.marks) | retelling)
                if frame.cause is CauseKind.UNKNOWN and frame.move is Move.FALL and not many and len(parsed) == 1:
                    frame = self._joined(text, clause, frame, parted, number, context)
                if struck is not None and not _caused(clause) and not _breaks(stretch, since, clause):
                    frame = _as(struck, frame)
                since = clause.head.stop
                struck = frame if clause.active and frame.role is AiRole.AGENT and not _single(frame) else None
                if frame.cause is CauseKind.UNKNOWN and results:
                    frame = replace(frame, cause=CauseKind.RESULTS)
                found.append(frame)
            named = [m for m in stretch.marks if m.bits & (COMPANY | LINE)]
            spoken += named[:1]
            if found:
                fell = _fell(found[-1])
        return found

    def _frame(self, text: Folded, clause: Clause, where: Field, bits: int) -> Frame:
        subjects = _subjects(clause)
        verdict = Verdict()
        if clause.cause:
            told = clause.cause
            if clause.active:  # what sends a share lower has felled it, whatever the verb
                felling = FELLS if clause.move is Move.FALL else 0
                told = [*told, replace(clause.head, bits=clause.head.bits | felling)]
            verdict = self._judge(text, clause, subjects, told, apart=False)
        if verdict.kind is CauseKind.UNKNOWN and verdict.role is AiRole.NONE and clause.around:
            around = self._judge(text, clause, subjects, clause.around, apart=False)
            if around.role in (AiRole.LABEL, AiRole.OBJECT) or (around.role is AiRole.AGENT and _feared(text, clause)):
                verdict = around
        if verdict.kind is CauseKind.UNKNOWN and clause.beside and not _caused(clause):
            beside = self._judge(text, clause, subjects, clause.beside, apart=True)
            if beside.kind is not CauseKind.UNKNOWN:
                verdict = beside
        if verdict.kind is CauseKind.UNKNOWN and clause.after:
            after = self._judge(text, clause, subjects, clause.after, apart=True)
            if after.role is AiRole.AGENT:
                verdict = after
        if verdict.kind is CauseKind.UNKNOWN and (sold := _before(clause)) is not None:
            verdict = self._judge(text, clause, subjects, [sold], apart=False)
        if verdict.role is AiRole.NONE and bits_of(clause.around) & LABELS:
            verdict = replace(verdict, role=AiRole.LABEL)
        words = clause.cause or (clause.beside if verdict.kind is CauseKind.AI else [])
        connective = text.text[clause.connective.start : clause.connective.stop] if clause.connective else ""
        return Frame(
            subjects=subjects,
            move=clause.move,
            size=_size(text, clause),
            connective=connective,
            cause=verdict.kind,
            other=verdict.other,
            role=verdict.role,
            agents=verdict.agents,
            because=text.text[words[0].start : words[-1].stop][:_BECAUSE] if words else "",
            strength=round(verdict.strength * (SUMMARY_WEIGHT if where is Field.SUMMARY else 1.0), 4),
            where=where,
            old=bool(bits & _OLD),
        )

    def _judge(
        self, text: Folded, clause: Clause, subjects: Sequence[Subject], marks: Sequence[Mark], *, apart: bool
    ) -> Verdict:
        symbols = {s.name for s in subjects if s.kind is SubjectKind.COMPANY}
        return judge(
            marks,
            symbols,
            supplier=all(self._supplies(subject) for subject in subjects),
            many=not symbols,
            apart=apart,
            gerund=_gerund(text, clause, marks),
            alone=_alone(text, clause, marks),
        )

    def _supplies(self, subject: Subject) -> bool:
        """True for who sells to makers of AI, and for whole markets, where these weigh most."""
        if subject.kind is SubjectKind.COMPANY:
            return subject.name in self._supplying
        return subject.kind is not SubjectKind.LINE or subject.name in self._suppliers

    def _joined(
        self, text: Folded, clause: Clause, frame: Frame, parted: Sequence[Stretch], number: int, context: int
    ) -> Frame:
        """``frame`` with the cause that the words across a colon, dash or semicolon give, if AI is the agent there."""
        for other in (number - 1, number + 1):
            if not 0 <= other < len(parted):
                continue
            sentence = parted[max(number, other)].sentence
            marks = parted[other].marks
            moved = next((told for told in clauses(text, parted[other], context) if _named(told)), None)
            if moved is not None:
                marks = _opening(marks, moved) if sentence and other > number else []
            harmed = bool(bits_of(marks) & _HARMS)
            answers = other > number and _asks(text, clause, parted[number], begins=True)
            if sentence and not (frame.where is Field.TITLE and (harmed or answers)):
                continue
            if not marks or (parted[max(number, other)].listed and len(parted) > 2):
                continue  # of several matters one is no cause of the next
            verdict = self._judge(text, clause, frame.subjects, marks, apart=not answers)
            if verdict.role is AiRole.AGENT and not _caused(clause):
                weight = SUMMARY_WEIGHT if frame.where is Field.SUMMARY else 1.0
                because = text.text[marks[0].start : marks[-1].stop][:_BECAUSE]
                return replace(
                    frame,
                    cause=verdict.kind,
                    role=verdict.role,
                    agents=verdict.agents,
                    strength=round(verdict.strength * weight, 4),
                    because=because,
                    old=frame.old or any(m.bits & _OLD for m in marks),
                )
        return frame


def _fell(frame: Frame) -> bool:
    """True where somebody known falls."""
    return frame.move is Move.FALL and not _nobody(frame)


def _single(frame: Frame) -> bool:
    """True where companies or lines move, rather than a whole market or nobody known."""
    return any(subject.kind in (SubjectKind.COMPANY, SubjectKind.LINE) for subject in frame.subjects)


def _nobody(frame: Frame) -> bool:
    return all(subject.kind is SubjectKind.UNKNOWN for subject in frame.subjects)


def _breaks(stretch: Stretch, since: int, clause: Clause) -> bool:
    """True where ``but`` or ``while`` stands between ``since`` and the move: another matter."""
    return any(m.bits & BREAKS for m in stretch.marks if since <= m.start < clause.head.start)


def _as(told: Frame, frame: Frame) -> Frame:
    """``frame`` with the cause of the clause before it, which names none in particular: ``A tool rocks the market, X
    falls``."""
    if frame.cause is not CauseKind.UNKNOWN or not _fell(frame):
        return frame
    return replace(
        frame,
        cause=told.cause,
        role=told.role,
        agents=told.agents,
        because=told.because,
        strength=round(told.strength * APART, 4),
    )


def _unexplained(frame: Frame, marks: Sequence[Mark]) -> bool:
    """True for the fall of somebody known, today, of which nothing says why."""
    told = frame.connective or frame.role is not AiRole.NONE or frame.cause is not CauseKind.UNKNOWN or frame.old
    return _fell(frame) and not told and not bits_of(marks) & _ROUNDUPS


def _named_by(marks: Sequence[Mark]) -> list[Mark]:
    """``marks`` without the companies that stand there as makers of AI."""
    makers = {(m.start, m.stop) for m in marks if m.bits & MAKER}
    return [m for m in marks if (m.start, m.stop) not in makers]


def _goes_on(text: Folded, clause: Clause, stretch: Stretch) -> bool:
    """True where the words before the move name nobody else than whom the text spoke of: ``The stock fell``, or after
    a colon ``a new tool sparks its worst day``."""
    if not stretch.sentence:
        return clause.active
    before = [m for m in stretch.marks if m.start < clause.head.start]
    if before and before[0].bits & _MONEY:
        return True  # "₹2 lakh crore wiped out"
    return text.lowered[stretch.start : clause.head.start].lstrip().startswith(_REFERS)


def _opening(marks: list[Mark], moved: Clause) -> list[Mark]:
    """What a sentence says before it turns to somebody's move: ``DeepSeek is why, while gold climbs``."""
    end = next((n for n, mark in enumerate(marks) if mark.bits & (COMMA | BREAKS)), 0)
    apart = all(marks[end].start < mark.start for mark in [moved.head, *moved.who])
    return marks[:end] if apart else []


def _brings(marks: Sequence[Mark], symbols: Collection[str]) -> bool:
    """``[X] unveiled its answer to ChatGPT``, told of the X that moves."""
    launched = next((n for n, m in enumerate(marks) if m.bits & LAUNCHES), 0)
    return any(symbol in symbols for m in marks[:launched] for symbol in m.companies)


def _asks(text: Folded, clause: Clause, stretch: Stretch, *, begins: bool = False) -> bool:
    """``[X]: why is it down today?``; where it ``begins`` the text, ``Why X is down: …``"""
    asked = text.lowered[stretch.start : clause.head.start].lstrip()
    return (begins or not stretch.sentence) and asked.startswith(_WHY)


def _of_results(text: Folded, parted: Sequence[Stretch]) -> bool:
    """True where the words before a colon say that what follows is of results: ``Earnings live: …``."""
    if len(parted) < 2 or parted[1].sentence or not bits_of(parted[0].marks) & _RESULTS:
        return False
    return not any(True for _ in clauses(text, parted[0], 0))


def _gerund(text: Folded, clause: Clause, marks: Sequence[Mark]) -> bool:
    """``after launching its tool``: who moves did it."""
    if clause.connective is None or not marks or marks[0] is not clause.connective:
        return False
    return (
        len(marks) > 1
        and text.lowered[marks[1].start : marks[1].stop].endswith("ing")
        and not marks[1].bits & (MAKER | COMPANY | FEARS | AI)
    )


def _after_break(marks: list[Mark]) -> list[Mark]:
    """What stands after ``but`` or ``while``: what is before it is another matter."""
    last = max((n for n, mark in enumerate(marks) if mark.bits & BREAKS), default=-1)
    return marks[last + 1 :]


def _caused(clause: Clause) -> bool:
    """True where the clause gives a cause of its own, known or not; ``on Monday`` is none."""
    return len(clause.cause) > 1 or clause.active


def _named(clause: Clause) -> bool:
    """True where the clause tells of somebody's own move; ``DeepSeek spooked the market`` only gives a cause."""
    return clause.move is not Move.FALL or not clause.active or any(m.bits & (COMPANY | LINE) for m in clause.who)


def _before(clause: Clause) -> Mark | None:
    """The lab or model right before a noun that moves: ``Nvidia's DeepSeek rout``."""
    last = clause.around[-1] if clause.around else None
    if last is None or not last.bits & MAKER or not 0 <= clause.head.start - last.stop <= _BEFORE:
        return None
    beside = not clause.who or any(0 <= last.start - mark.stop <= _WHOSE for mark in clause.who)
    return last if beside else None


def _alone(text: Folded, clause: Clause, marks: Sequence[Mark]) -> bool:
    """True where the clause says no more of a lab or model than its name: ``tumbles on DeepSeek``."""
    named = any(m.bits & MAKER for m in marks)
    last = max((m.stop for m in marks if m.bits & (MAKER if named else AI)), default=0)
    stop = clause.head.start if last <= clause.head.start else clause.stop
    rest = text.lowered[last:stop]
    if not named:
        return bool(last) and not rest.strip(" .!,") and not bits_of(marks) & ~_BARE
    return len(rest) <= _REST and len(rest.removeprefix("'s").split()) <= 1


def _feared(text: Folded, clause: Clause) -> bool:
    """True where words with who moves tell of fear; Chinese may tell there of any harm: no comma need part them."""
    told = FEARS if text.text[clause.head.start].isascii() else _HARMS
    return bool(bits_of(clause.around) & told)


def _first(marks: Sequence[Mark]) -> list[Mark]:
    """The first company among ``marks``, or else the first line."""
    return [m for m in marks if m.bits & COMPANY][:1] or [m for m in marks if m.bits & LINE][:1]


def _subjects(clause: Clause) -> tuple[Subject, ...]:
    found: dict[Subject, None] = {}
    for mark in clause.who:
        for symbol in mark.companies:
            found[Subject(SubjectKind.COMPANY, symbol)] = None
        if not mark.companies:
            for line in mark.lines:
                found[Subject(SubjectKind.LINE, line)] = None
        if mark.bits & INDEXES and not (mark.companies or mark.lines):
            found[Subject(SubjectKind.INDEX)] = None
    return tuple(found) or (_UNKNOWN,)


def _size(text: Folded, clause: Clause) -> float | None:
    start, stop = clause.head.start, min(clause.size_stop, clause.head.stop + _NEAR)
    match = _SIZE.search(text.lowered[start:stop])
    if match:
        return float(match.group(1))
    halved = clause.head.bits & HALVES or any(start <= m.start < stop for m in clause.halves)
    return 50.0 if halved else None
