"""``cause``: what rules ask of an explanation."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.cause.causes import Verdict
from bot.core.cause.ranking import Explanation
from bot.core.comparison import Comparison
from bot.core.conditions import Context, Reads
from bot.core.model import Check
from bot.core.windows import Span
from bot.core.wording import count

CAUSE_TOPICS = ("ai-market", "ai-model")
"""Stories on these may complete a rule that asks for a cause."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The best explanation found for the move is about one of these topics, with such confidence.

    A fall that something else explains better does not hold, however strong the AI news of the day is.
    """

    topics: tuple[str, ...]
    within: Span
    confidence: Comparison

    def __str__(self) -> str:
        return f"cause topic {'/'.join(self.topics)}, confidence {self.confidence}, within {self.within}"

    @property
    def reads(self) -> Reads:
        """Stories as far back as asked; any on the topics that name causes may complete it,
        whomever it reaches: others in its group may explain a fall."""
        return Reads(anywhere=frozenset({*CAUSE_TOPICS, *self.topics}), news_for=self.within.longest)

    @property
    def cost(self) -> int:
        """A ranking of everything that could explain the move."""
        return 8

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


def told(verdict: Verdict, best: Explanation) -> str:
    """An explanation in one line: topic, confidence, story, addends."""
    story = f"“{best.match.best.title}” ({best.match.best.origin})" if best.match else "no story"
    terms = ", ".join(f"{t.name} {t.weight:+.1f}" for t in best.terms)
    how = " by contagion" if best.contagion else ""
    others = [f"{e.topic} {e.confidence:.2f}" for e in verdict.explanations[1:3]]
    rest = f"; then {', '.join(others)}" if others else ""
    return f"{best.topic} {best.confidence:.2f}{how}: {story}; {terms}{_group(verdict)}{rest}"


def _group(verdict: Verdict) -> str:
    group = verdict.group
    if group is None:
        return ""
    return f"; group {group.name}: median z {group.z:+.1f}, {count(len(group.falling), 'member')} falling"
