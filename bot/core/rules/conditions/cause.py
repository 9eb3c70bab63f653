"""``cause`` and ``group``: what a rule asks of the explanation of a move, and of peers that move with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.core.cause.causes import CauseRanking
from bot.core.cause.past import LOOKBACK
from bot.core.cause.ranking import Explanation
from bot.core.model import Check
from bot.core.prices.windows import Span
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions import Condition, Context, Reads
from bot.core.text.wording import count, listing

APART = 1.0
"""A group moves by itself where its median z differs at least this much from that of the rest of the watchlist."""


UNMEASURED = "too few daily bars: how far the stock usually moves is not known"
"""What is said of a move whose cause cannot be weighed."""


@dataclass(frozen=True, slots=True)
class Cause(Condition):
    """The best explanation of the move is about one of these topics, with this confidence.

    It does not hold where something else explains the fall better, however strong the AI news of the day is.
    """

    asks_for_cause: ClassVar[bool] = True
    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 8
    """Ranks everything that could explain the move."""

    topics: tuple[str, ...]
    within: Span
    confidence: Comparison
    ai_causes: frozenset[str]
    """Topics that mark AI as a cause: stories on them about a peer may explain the symbol's own fall."""

    def __str__(self) -> str:
        return f"cause topic {'/'.join(self.topics)}, {self.asked[0]}, within {self.within}"

    @property
    def asked(self) -> tuple[str, float | None]:
        return f"confidence {self.confidence}", self.confidence.limit

    @property
    def _counted(self) -> frozenset[str]:
        """The topics asked for; with one that marks AI as a cause all of them, for a fall that a release caused is
        mostly explained by stories that tie it to AI."""
        asked = frozenset(self.topics)
        return asked | self.ai_causes if asked & self.ai_causes else asked

    @property
    def reads(self) -> Reads:
        """Stories on the topics whichever symbol they reach, as news about its peers may explain a fall; and how
        everyone moves."""
        topics = self.ai_causes.union(self.topics)
        return Reads(everyone=True, anywhere=topics, news_for=self.within.longest, sessions=LOOKBACK + 1)

    def evaluate(self, context: Context) -> Check:
        """The best explanation, with its arithmetic."""
        if context.causes is None:
            return self.check(context, None, "causes are not ranked here")
        ranking = context.causes.explain(context.symbol, context.now, within=self.within, session=context.session)
        if ranking is None:
            priced = context.plain_move is not None
            return self.check(context, None, UNMEASURED if priced else "no price move to explain")
        best = ranking.best
        if best is None:
            return self.check(context, False, f"nothing in the news explains it{_group(ranking)}", 0.0)
        holds = best.topic in self._counted and self.confidence.holds(best.confidence)
        if holds and context.cause is None:
            context.cause, context.confidence = best.match, best.confidence
        return self.check(context, holds, described(ranking, best), best.confidence)


@dataclass(frozen=True, slots=True)
class Group(Condition):
    """The symbol's peers in a line of business (itself left out) move together, beyond their own volatility."""

    about_several: ClassVar[bool] = True
    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 7
    """Measures every watched symbol."""

    z: Comparison
    """For the median of the members' moves, each over its own everyday scale."""
    members: Comparison | None = None
    """How many of them fall beyond two of their own scales."""
    abnormal: bool = True
    """The group moves by itself: the rest of the watchlist does not move like it."""

    def __str__(self) -> str:
        members = f", members {self.members}" if self.members else ""
        return f"group z {self.z}{members}{', beyond the others' if self.abnormal else ''}"

    @property
    def asked(self) -> tuple[str, float | None]:
        return f"z {self.z}", self.z.limit

    @property
    def reads(self) -> Reads:
        return Reads(everyone=True, sessions=LOOKBACK + 1)

    def evaluate(self, context: Context) -> Check:
        """Looks at the group that falls most clearly with the symbol."""
        group = context.causes.group_of(context.symbol, context.now, context.session) if context.causes else None
        if group is None:
            return self.check(context, None, "no group of peers can be measured")
        holds = (
            self.z.holds(group.z)
            and (self.members is None or self.members.holds(len(group.falling)))
            and (not self.abnormal or abs(group.others - group.z) >= APART)
        )
        own = context.plain_move
        context.with_group = own is not None and (own.change < 0) == self.z.falling and own.change != 0
        words = (
            f"{group.name}: median z {group.z:+.1f} of {count(len(group.members), 'member')}, others "
            f"{group.others:+.1f}; falling: {listing(list(group.falling)) or 'none'}"
        )
        return self.check(context, holds, words, group.z)


def described(ranking: CauseRanking, best: Explanation) -> str:
    """An explanation in one line: topic, confidence, story, addends."""
    story = f"“{best.match.best.title}” ({best.match.best.origin})" if best.match else "no story"
    terms = ", ".join(f"{t.name} {t.weight:+.1f}" for t in best.terms)
    how = " by contagion" if best.contagion else ""
    others = [f"{e.topic} {e.confidence:.2f}" for e in ranking.explanations[1:3]]
    rest = f"; then {', '.join(others)}" if others else ""
    return f"{best.topic} {best.confidence:.2f}{how}: {story}; {terms}{_group(ranking)}{rest}"


def _group(ranking: CauseRanking) -> str:
    group = ranking.group
    if group is None:
        return ""
    return f"; group {group.name}: median z {group.z:+.1f}, {count(len(group.falling), 'member')} falling"
