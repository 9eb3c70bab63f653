"""``cause`` and ``group``: what rules ask of an explanation, and of those who fall together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.core.cause.causes import CauseRanking
from bot.core.cause.moves import LOOKBACK
from bot.core.cause.ranking import Explanation
from bot.core.model import Check
from bot.core.prices.windows import Span
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions import Condition, Context, Reads
from bot.core.text.wording import count, listing

APART = 1.0
"""A group moves by itself where its median z is at least so far from that of everybody else."""


@dataclass(frozen=True, slots=True)
class Cause(Condition):
    """The best explanation found for the move is about one of these topics, with such confidence.

    A fall that something else explains better does not hold, however strong the AI news of the day is.
    """

    asks_for_cause: ClassVar[bool] = True
    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 8
    """A ranking of everything that could explain the move."""

    topics: tuple[str, ...]
    within: Span
    confidence: Comparison
    ai_causes: frozenset[str]
    """The topics that tell of AI as a cause: one who falls with others may be explained by stories that reach these."""

    def __str__(self) -> str:
        return f"cause topic {'/'.join(self.topics)}, confidence {self.confidence}, within {self.within}"

    @property
    def reads(self) -> Reads:
        """Stories as far back as asked; any on the topics that name causes may complete it,
        whomever it reaches: others in its group may explain a fall. And how everybody moves."""
        topics = self.ai_causes.union(self.topics)
        return Reads(everyone=True, anywhere=topics, news_for=self.within.longest, sessions=LOOKBACK + 1)

    def evaluate(self, context: Context) -> Check:
        """The ranking's first place, and its arithmetic."""
        asked = f"confidence {self.confidence}"
        if context.causes is None:
            return Check(str(self), None, "causes are not ranked here", asked, limit=self.confidence.limit)
        verdict = context.causes.explain(context.symbol, context.now, within=self.within, session=context.session)
        if verdict is None:
            return Check(str(self), None, "there is no price to explain", asked, limit=self.confidence.limit)
        best = verdict.best
        if best is None:
            return Check(
                str(self), False, f"nothing in the news explains it{_group(verdict)}", asked, 0.0, self.confidence.limit
            )
        holds = best.topic in self.topics and self.confidence.holds(best.confidence)
        if holds and context.cause is None:
            context.cause, context.confidence = best.match, best.confidence
        return Check(str(self), holds, told(verdict, best), asked, best.confidence, self.confidence.limit)


@dataclass(frozen=True, slots=True)
class Group(Condition):
    """Those who live from the same as the symbol (itself left out) move together, beyond their own volatility."""

    about_several: ClassVar[bool] = True
    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 7
    """A measurement of everybody watched."""

    z: Comparison
    """Asked of the median of the members' moves, each over its own everyday scale."""
    members: Comparison | None = None
    """How many of them fall beyond two of their own scales."""
    abnormal: bool = True
    """The group moves by itself: the rest of the watchlist does not move like it."""

    def __str__(self) -> str:
        parts = [f"group z {self.z}"]
        if self.members is not None:
            parts.append(f"members {self.members}")
        return ", ".join([*parts, "beyond the others"] if self.abnormal else parts)

    @property
    def reads(self) -> Reads:
        """How everybody moves, beside half a year of sessions."""
        return Reads(everyone=True, sessions=LOOKBACK + 1)

    def evaluate(self, context: Context) -> Check:
        """The group that falls most clearly with the symbol."""
        found = context.causes.group_of(context.symbol, context.now, context.session) if context.causes else None
        if found is None:
            return Check(str(self), None, "no group of it can be measured", f"z {self.z}", limit=self.z.limit)
        apart = found.others - found.z
        holds = (
            self.z.holds(found.z)
            and (self.members is None or self.members.holds(len(found.falling)))
            and (not self.abnormal or abs(apart) >= APART)
        )
        measured = (
            f"{found.name}: median z {found.z:+.1f} of {len(found.members)}, the others {found.others:+.1f}; falling: "
            f"{listing(list(found.falling)) or 'nobody'}"
        )
        return Check(str(self), holds, measured, f"z {self.z}", found.z, self.z.limit)


def told(verdict: CauseRanking, best: Explanation) -> str:
    """An explanation in one line: topic, confidence, story, addends."""
    story = f"“{best.match.best.title}” ({best.match.best.origin})" if best.match else "no story"
    terms = ", ".join(f"{t.name} {t.weight:+.1f}" for t in best.terms)
    how = " by contagion" if best.contagion else ""
    others = [f"{e.topic} {e.confidence:.2f}" for e in verdict.explanations[1:3]]
    rest = f"; then {', '.join(others)}" if others else ""
    return f"{best.topic} {best.confidence:.2f}{how}: {story}; {terms}{_group(verdict)}{rest}"


def _group(verdict: CauseRanking) -> str:
    group = verdict.group
    if group is None:
        return ""
    return f"; group {group.name}: median z {group.z:+.1f}, {count(len(group.falling), 'member')} falling"
