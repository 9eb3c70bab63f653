"""What stands as the cause of a move: what kind of cause it is, and what AI does in it."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.core.news.clauses.frames import AiRole, CauseKind
from bot.core.news.clauses.marks import (
    AI,
    BECAUSE,
    BESIDE,
    BITS,
    BREAKS,
    COMMA,
    COMPANY,
    FALLS,
    FEARS,
    FELLS,
    ITS,
    LABELS,
    LAUNCHES,
    LINE,
    MADE,
    MAKER,
    OTHER,
    PERHAPS,
    SHARES,
    THREATS,
    Mark,
    bits_of,
)
from bot.core.news.vocabulary import Part

SOLD, SPENDING = BITS[Part.SOLD], BITS[Part.SPENDING]
FINANCE, HURTS, LIFTS = BITS[Part.FINANCE], BITS[Part.HURTS], BITS[Part.LIFTS]
TOOLS, CHEAPER = BITS[Part.TOOLS], BITS[Part.CHEAPER]
PRODUCTS, NEWCOMERS, SPARKS = BITS[Part.PRODUCTS], BITS[Part.NEWCOMERS], BITS[Part.SPARKS]
FAILS = BITS[Part.FAILS]
EASES, WORKS, RESULTS = BITS[Part.EASES], BITS[Part.WORKS], BITS[Part.RESULTS]
_RIVALS = RESULTS | OTHER

NAMED = 1.0
"""A lab or model is named, and what it does."""
NAMED_ALONE = 0.9
"""It is only named: ``Nvidia tumbles on DeepSeek``."""
KIND = 0.8
"""Some AI, and what it does: ``a new AI tool``, ``AI disruption``."""
FEARED = 0.6
"""Only that AI is feared."""
_NEAR = 3
_WITHIN = 14
"""``Google's game-making AI``."""
_WHOSE = 8
"""``Chinese lab's chatbot``."""
APART = 0.6
"""What part counts where cause and move stand side by side with no word that joins them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a cause is."""

    kind: CauseKind = CauseKind.UNKNOWN
    other: str = ""
    role: AiRole = AiRole.NONE
    agents: tuple[str, ...] = ()
    strength: float = 0.0


@dataclass(frozen=True, slots=True)
class _Seen:
    bits: int
    named: tuple[Mark, ...]
    """Labs and models that do not belong to who moves."""
    own: bool
    """Labs and models of who moves."""
    its: bool
    """``its`` speaks of who moves: nobody else has been named before it, and no AI."""
    others: bool
    """Other companies."""
    aimed: bool
    """AI is said to do something to who moves: ``is AI killing Chegg``."""


def judge(
    marks: Sequence[Mark],
    symbols: Collection[str],
    *,
    supplier: bool,
    many: bool,
    apart: bool,
    gerund: bool,
    alone: bool,
) -> Verdict:
    """What ``marks`` say as the cause of a move of ``symbols``.

    ``supplier``: they sell to makers of AI. ``many``: a line or index moves, whose results are not its own. ``apart``:
    no word joins cause and move. ``gerund``: the cause begins with a verb without a subject, ``after launching``: who
    moves did it. ``alone``: of a lab or model it says no more than the name.
    """
    seen = _look(marks, symbols)
    agent = _agent(marks, seen, supplier=supplier, apart=apart, gerund=gerund, alone=alone)
    other, name = _other(marks, seen)
    if agent is not None and (other is None or _outweighs(marks, seen, other, many=many)):
        return agent
    role = _role(seen, gerund=gerund)
    if apart:
        return Verdict(other, role=role) if other is CauseKind.RESULTS else Verdict()
    if other is CauseKind.RESULTS and role is AiRole.OBJECT and not seen.others:
        spent = next((n for n, m in enumerate(marks) if m.bits & SPENDING and not m.bits & LINE), len(marks))
        if many or spent < _first(marks, RESULTS):  # "AI PC demand disappoints"
            other = CauseKind.SPENDING
    if other is not None:
        return Verdict(other, name, role)
    if role is AiRole.OBJECT:
        return Verdict(CauseKind.SPENDING, role=role)
    if role is AiRole.OWN:
        return Verdict(CauseKind.RESULTS, role=role)
    if seen.others and seen.bits & (FALLS | FELLS):
        return Verdict(CauseKind.CONTAGION, role=role)
    return Verdict(CauseKind.UNKNOWN, role=role)


def _look(marks: Sequence[Mark], symbols: Collection[str]) -> _Seen:
    bits, hurts, own, others, its = 0, 0, False, False, False
    named: list[Mark] = []
    before: Mark | None = None
    acting = aimed = told = False
    for number, mark in enumerate(marks):
        near = before is not None and mark.start - before.stop <= _NEAR
        if near and before is not None and before.bits & MAKER and mark.bits & BESIDE:
            if before in named:  # "a ChatGPT rival" is somebody else's
                named.remove(before)
            bits |= mark.bits & ~THREATS
        else:
            bits |= mark.bits
        if mark.bits & HURTS and mark.bits & BECAUSE and not _blamed(marks, number):
            bits &= ~HURTS | hurts
        hurts |= bits & HURTS
        if mark.bits & ITS and not named and not others and not bits & (AI | TOOLS | NEWCOMERS):
            its = True
        if mark.bits & THREATS and before is not None and before.bits & LABELS and not before.bits & SHARES:
            bits |= AI | TOOLS  # "AI firms target data": here they act, and are no kind of share
        if mark.bits & MAKER:
            if (mark.owner and mark.owner in symbols) or (near and before is not None and before.bits & ITS):
                own = True
            else:
                named.append(mark)
        acting = acting or bool(mark.bits & (THREATS | HURTS) and bits & AI)
        whose = any(symbol in symbols for symbol in mark.companies)
        told = told or whose
        others = others or bool(mark.bits & COMPANY and not whose)
        aimed = aimed or (acting and (whose or bool(mark.bits & ITS and told)))
        before = mark
    return _Seen(bits, tuple(named), own, its, others, aimed)


def _agent(
    marks: Sequence[Mark], seen: _Seen, *, supplier: bool, apart: bool, gerund: bool, alone: bool
) -> Verdict | None:
    """AI as what makes who moves fall; ``None`` where it does not."""
    bits = seen.bits
    if not apart and _fails(seen):
        own = tuple(dict.fromkeys(name for m in marks for name in m.makers))
        return _verdict(NAMED if own else KIND, own, apart)
    if bits & EASES or not (seen.named or bits & (AI | TOOLS | PRODUCTS)):
        return None
    if not supplier and not apart and not (seen.own or seen.its or gerund) and _dreaded(marks):
        return _verdict(KIND, tuple(dict.fromkeys(name for m in seen.named for name in m.makers)), apart)
    launched = bool(bits & LAUNCHES and not gerund)
    if apart and seen.others and not seen.named:  # another company's product, told of beside the move
        launched = False
    agents = tuple(dict.fromkeys(name for m in seen.named for name in m.makers))
    # a lab that belongs to a listed company does a hundred other things; what counts is what it makes
    makers = [m for m in seen.named if not m.owner or any(n.startswith("model:") for n in m.makers)]
    models = any(n.startswith("model:") for m in makers for n in m.makers)
    hurt = any(
        m.bits & HURTS and not m.bits & BECAUSE and not (n and marks[n - 1].bits & SPENDING)
        for n, m in enumerate(marks)
    )  # "AI spending eats into profit" is about spending
    bought = bool(bits & (SPENDING | SOLD) and not (bits & CHEAPER or hurt) and not _acts(marks, SPENDING | SOLD))
    if makers:
        makes = models or bool(bits & (TOOLS | PRODUCTS | CHEAPER)) or _ends_in_ai(marks)
        strength = _named_strength(seen, makes=makes, bought=bought, launched=launched, apart=apart, alone=alone)
    else:
        strength = _unnamed_strength(
            marks, seen, supplier=supplier, bought=bought, launched=launched, apart=apart, gerund=gerund, alone=alone
        )
    return _verdict(strength, agents, apart) if strength else None


def _fails(seen: _Seen) -> bool:
    """``its chatbot gives a wrong answer``: the one thing its own model does by which a maker falls because of AI."""
    bits = seen.bits
    business = _RIVALS | FINANCE | SPENDING | SOLD | EASES
    return bool(bits & FAILS and (seen.own or (seen.its and bits & AI and bits & TOOLS)) and not bits & business)


def _named_strength(seen: _Seen, *, makes: bool, bought: bool, launched: bool, apart: bool, alone: bool) -> float:
    """How plainly a named model, or a lab by what it ``makes``, is given as the agent; 0 where it is none."""
    bits = seen.bits
    harm = bits & (THREATS | HURTS | CHEAPER | WORKS)
    shaken = bits & (FEARS | FELLS)
    if seen.its and bits & LAUNCHES and not (harm or shaken):
        return 0.0  # "Baidu launches its answer to ChatGPT"
    if bits & FINANCE and not (harm or (makes and launched)):
        return 0.0
    if bought and not (makes and (bits & THREATS or launched or shaken)):
        return 0.0
    if harm or launched or shaken or (makes and not apart):
        return NAMED
    return NAMED_ALONE if alone and not apart else 0.0


def _unnamed_strength(
    marks: Sequence[Mark],
    seen: _Seen,
    *,
    supplier: bool,
    bought: bool,
    launched: bool,
    apart: bool,
    gerund: bool,
    alone: bool,
) -> float:
    """The same for AI without the name of a model, or with a lab only that does much else."""
    bits = seen.bits
    harm = bits & (THREATS | HURTS | CHEAPER)
    shaken = bits & (FEARS | FELLS)
    business = bits & FINANCE
    if bought or ((seen.own or seen.its or gerund) and not bits & (THREATS | HURTS)):
        return 0.0
    whose = _whose(marks, seen) and not (apart or supplier)
    lets = bool(seen.named and launched and bits & WORKS)  # "DeepMind lets anybody make games from a prompt"
    if (whose or lets) and not (business or bits & _RIVALS):
        return NAMED if seen.named else KIND
    made = bits & TOOLS or (bits & PRODUCTS and bits & (AI | CHEAPER)) or (bits & CHEAPER and seen.named)
    if seen.named and not business and made and (harm or launched or (shaken and not apart) or not apart):
        return NAMED
    undercuts = bits & (TOOLS | AI) and (bits & CHEAPER or _acts(marks, SPENDING | SOLD))
    if undercuts or ((harm or launched or shaken) and not bits & OTHER and _newcomer(marks)):
        return KIND
    if not (supplier or business or bits & _RIVALS) and _worker(marks, seen):
        return KIND if bits & AI else FEARED
    if not bits & AI or (supplier and not (bits & HURTS or (made and bits & THREATS))):
        return 0.0
    if bits & HURTS or (bits & THREATS and (bits & TOOLS or shaken)) or (made and (bits & THREATS or launched)):
        return KIND
    if business:
        return 0.0
    if apart and _feared(marks) == len(marks):
        return KIND if seen.aimed else 0.0
    if bits & (THREATS | TOOLS) or (launched and seen.named):
        return KIND
    if not (bits & (_RIVALS | LIFTS) or apart) and (alone or _will(marks) or _rout(marks)):
        return FEARED
    return FEARED if bits & FEARS or (made and bits & FELLS) else 0.0


def _whose(marks: Sequence[Mark], seen: _Seen) -> bool:
    """``Google's AI conjures worlds``, ``Altruist's AI launch``: somebody else's, known as a maker or not at all."""
    for before, ai in itertools.pairwise(m for m in marks if not m.bits & LINE or m.bits & (COMPANY | AI)):
        if not ai.bits & AI or ai.bits & (FEARS | LABELS):
            continue
        if before in seen.named and ai.start - before.stop <= _WITHIN:
            return True
        if not seen.others and (ai.somebody or (before.somebody and ai.start - before.stop <= _WITHIN)):
            return True
    return False


def _rout(marks: Sequence[Mark]) -> bool:
    """``amid AI rout``, of those who sell nothing for AI."""
    pairs = itertools.pairwise(marks)
    return any(a.bits & AI and b.bits & FALLS and b.start - a.stop <= _NEAR for a, b in pairs)


def _worker(marks: Sequence[Mark], seen: _Seen) -> bool:
    """``an AI agent that books trips``; without a word for AI too, where somebody unknown shows it: ``a start-up's tool
    drafts contracts``. A known company's product is ordinary competition."""
    does = _first(marks, WORKS)
    thing = seen.bits & (TOOLS | PRODUCTS) or (seen.named and seen.bits & AI)  # "Meta's AI makes films by itself"
    made = thing and _first(marks, TOOLS | PRODUCTS | AI) < does < len(marks)
    return bool(made and (seen.bits & AI or (seen.bits & (LAUNCHES | NEWCOMERS) and not seen.others)))


def _dreaded(marks: Sequence[Mark]) -> bool:
    """``fears that AI will shrink demand``: whatever it may do is what people are afraid of, and not spending on it."""
    for number, (ai, will) in enumerate(itertools.pairwise(marks)):
        if ai.bits & (AI | MADE | MAKER) and will.bits & PERHAPS and will.start - ai.stop <= _NEAR:
            feared = _first(marks[:number], FEARS)
            before = marks[feared:number]
            does = marks[number + 2] if number + 2 < len(marks) else None
            paid = does is not None and does.bits & (SPENDING | SOLD | FINANCE | RESULTS | PERHAPS)
            return bool(before) and not paid and not any(m.bits & (SPENDING | SOLD | FINANCE) for m in before)
    return False


def _will(marks: Sequence[Mark]) -> bool:
    """``AI agents could take``, ``AI will create``: what it does, in whatever words."""
    pairs = itertools.pairwise(marks)
    return any(a.bits & AI and b.bits & PERHAPS and b.start - a.stop <= _NEAR for a, b in pairs)


def _ends_in_ai(marks: Sequence[Mark]) -> bool:
    """``Anthropic's bug-hunting AI``: here AI is the thing itself, not what is bought for it."""
    stop = _first(marks, COMMA | BREAKS)
    return stop > 0 and bool(marks[stop - 1].bits & AI) and not marks[stop - 1].bits & (SPENDING | SOLD)


def _first(marks: Sequence[Mark], bits: int) -> int:
    """Which mark is the first with one of ``bits``; the number of marks where none is."""
    return next((n for n, m in enumerate(marks) if m.bits & bits), len(marks))


def _acts(marks: Sequence[Mark], upon: int) -> bool:
    """True where a model, or fear of AI, does something to ``upon``: ``a Chinese model shakes faith in AI spending``,
    ``an algorithm stokes fears for demand``, ``AI worries overshadow results``."""
    what = min(_first(marks, MAKER | TOOLS | PRODUCTS), _feared(marks) + 1)
    for does in range(what, len(marks)):
        after = marks[does + 1 :]
        if marks[does].bits & (FELLS | THREATS | CHEAPER) or (
            marks[does].bits & SPARKS and any(m.bits & FEARS for m in after)
        ):
            return not any(m.bits & upon for m in marks[:does]) and any(m.bits & upon for m in after)
    return False


def _feared(marks: Sequence[Mark]) -> int:
    """Where the worries of ``AI worries`` stand; the number of marks where they do not."""
    pairs = enumerate(itertools.pairwise(marks), 1)
    alike = (n for n, (a, b) in pairs if a.bits & AI and b.bits & FEARS and b.start - a.stop <= _NEAR)
    whole = (n for n, mark in enumerate(marks) if mark.bits & AI and mark.bits & FEARS)  # "AI losers"
    return min(next(alike, len(marks)), next(whole, len(marks)))


def _blamed(marks: Sequence[Mark], number: int) -> bool:
    """True where it is AI that the word at ``number`` blames: ``blames ChatGPT``, ``AI is to blame``."""
    beside = [*marks[max(0, number - 2) : number], *marks[number + 1 : number + 2]]
    if any(m.bits & MAKER for m in marks[:number]):
        return any(m.bits & (AI | MAKER | TOOLS | PRODUCTS) for m in beside)
    return any(m.bits & (AI | MAKER | TOOLS) for m in beside)


def _newcomer(marks: Sequence[Mark]) -> bool:
    """``China's AI``, ``a start-up's model``."""
    pairs = itertools.pairwise(marks)
    return any(a.bits & NEWCOMERS and b.bits & (AI | TOOLS) and b.start - a.stop <= _WHOSE for a, b in pairs)


def _verdict(strength: float, agents: tuple[str, ...], apart: bool) -> Verdict:
    return Verdict(CauseKind.AI, "", AiRole.AGENT, agents, round(strength * (APART if apart else 1.0), 4))


def _other(marks: Sequence[Mark], seen: _Seen) -> tuple[CauseKind | None, str]:
    """The first cause named that is not AI; and its name, where people named it."""
    for mark in marks:
        if mark.bits & _RIVALS and not mark.bits & (AI | MAKER):
            if mark.bits & RESULTS:
                return (CauseKind.CONTAGION if seen.others else CauseKind.RESULTS), ""
            return CauseKind.OTHER, mark.cause
    return None, ""


def _outweighs(marks: Sequence[Mark], seen: _Seen, other: CauseKind, *, many: bool) -> bool:
    """True where AI as the agent is the likelier cause beside ``other``: it is said to do harm, or comes first."""
    if seen.bits & HURTS or _acts(marks, _RIVALS) or _explains(marks):
        return True
    if other is CauseKind.RESULTS and not many:
        return False
    first = next((m.start for m in marks if m.bits & _RIVALS and not m.bits & (AI | MAKER)), 0)
    agent = next((m.start for m in marks if m.bits & (AI | MAKER | TOOLS)), first)
    return agent < first


def _explains(marks: Sequence[Mark]) -> bool:
    """``a profit warning as AI upends its market``: results, and AI as what makes them."""
    told = _first(marks, _RIVALS)
    for why in range(told + 1, len(marks) - 2):
        ai, does, *upon = marks[why + 1 : why + 4]
        if marks[why].bits & BECAUSE and ai.bits & (AI | MAKER) and does.bits & (THREATS | FELLS | HURTS):
            return bool(bits_of(upon) & (ITS | LINE | COMPANY))
    return False


def _role(seen: _Seen, *, gerund: bool) -> AiRole:
    """What AI does where it is no agent."""
    bits = seen.bits
    if not (seen.named or seen.own or bits & (AI | LABELS | SOLD)):
        return AiRole.NONE
    if bits & (SPENDING | SOLD) and bits & (AI | SOLD | MAKER | LABELS):
        return AiRole.OBJECT
    if seen.own or (bits & AI and (gerund or seen.its)):
        return AiRole.OWN
    if bits & LABELS and not bits & AI:
        return AiRole.LABEL
    if bits & RESULTS and bits & AI:
        return AiRole.OBJECT
    return AiRole.NONE
