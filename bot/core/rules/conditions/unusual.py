"""Conditions on how unusual a move or a volume is for the symbol itself."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

from bot.core.model import Check, Quote
from bot.core.prices.returns import REACHES_BACK, AbnormalReturn, abnormal_return
from bot.core.prices.sessions import Session
from bot.core.prices.volumes import VolumeRatio, volume_ratio
from bot.core.prices.windows import Since, Span
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions.context import Condition, Context, Reads
from bot.core.rules.conditions.steady import Sample, look


@dataclass(frozen=True, slots=True)
class Abnormal(Condition):
    """What of the symbol's move the market model does not expect, as a fraction, in standard deviations, or both.

    See ``bot.core.prices.returns`` for the model and its source.
    """

    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 4
    """A regression, once a session."""

    benchmark: str
    change: Comparison | None = None
    z: Comparison | None = None
    since: Since = field(default_factory=lambda: Since("previous close"))

    def __str__(self) -> str:
        return f"abnormal {' and '.join(self._asked())} against {self.benchmark} since {self.since}"

    def _asked(self) -> list[str]:
        tests = (("change", self.change), ("z", self.z))
        return [f"{name} {test}" for name, test in tests if test is not None]

    @property
    def reads(self) -> Reads:
        """Closes of the estimation window, of symbol and benchmark."""
        return Reads(symbols=frozenset({self.benchmark}), sessions=REACHES_BACK + 1)

    def evaluate(self, context: Context) -> Check:
        """Measure the standing quote beside the benchmark; a wild print alone does not hold."""
        prices, benchmark = context.prices, context.market.of(self.benchmark)
        sessions = self.since.count or 1

        def take(quote: Quote, session: Session) -> Sample | str:
            found = abnormal_return(prices, benchmark, quote, session, sessions)
            if isinstance(found, str):
                return found
            if self.z is not None and found.z is None:
                return f"no telling what is usual: {found.model.returns} earlier returns known"
            return Sample(found.value, "" if context.brief else self._words(found), found.reference, found.z)

        def meets(sample: Sample) -> bool:
            z = math.nan if sample.second is None else sample.second
            return (self.change is None or self.change.holds(sample.value)) and (self.z is None or self.z.holds(z))

        asked = f"abnormal {', '.join(self._asked())}"
        limit = self.change.limit if self.change else self.z.limit if self.z else None
        found = look(prices, context, take, meets, context.hold, context.hold_for)
        if isinstance(found, str):
            return Check(context.said(self), None, found, asked, limit=limit)
        context.pending |= found.met and not found.holds
        value = found.sample.value if self.change else found.sample.second
        return Check(context.said(self), found.holds, found.words, asked, value, limit)

    def _words(self, found: AbnormalReturn) -> str:
        z = f", z {found.z:+.1f}" if found.z is not None else ""
        how = (
            f"market-adjusted, {found.model.returns} returns known"
            if found.model.adjusted
            else f"beta {found.model.beta:.2f}"
        )
        return (
            f"{found.value * 100:+.1f}% abnormal{z} (moved {found.change * 100:+.1f}%, {self.benchmark} "
            f"{found.benchmark * 100:+.1f}%, expected {found.expected * 100:+.1f}%; {how})"
        )


@dataclass(frozen=True, slots=True)
class Volume(Condition):
    """The session's volume so far against what is usual at this time."""

    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 4
    """A look into every session averaged."""

    ratio: Comparison
    over: int = 20
    """The average is of so many sessions before."""

    def __str__(self) -> str:
        return f"volume {self.ratio} times the average of {self.over} sessions"

    @property
    def reads(self) -> Reads:
        """Volumes of quotes and bars over the sessions averaged."""
        return Reads(sessions=self.over, quotes_for=Span(sessions=self.over).longest)

    def evaluate(self, context: Context) -> Check:
        """Compare volumes. A session under way beside whole ones gives the least it can be: enough to hold, not to
        fail."""
        asked, limit = f"{self.ratio} times", self.ratio.limit
        standing = context.standing(context.prices)
        if standing is None:
            return Check(context.said(self), None, "no price yet in this session", asked, limit=limit)
        found = volume_ratio(context.prices, *standing, self.over)
        if isinstance(found, str):
            return Check(context.said(self), None, found, asked, limit=limit)
        return Check(context.said(self), self._holds(found), _volume_words(found), asked, found.value, limit)

    def _holds(self, found: VolumeRatio) -> bool | None:
        if found.exact:
            return self.ratio.holds(found.value)
        if self.ratio.op in (">", ">="):
            return True if self.ratio.holds(found.value) else None
        highest = self.ratio.upper if self.ratio.op == "between" else self.ratio.limit
        too_high = found.value >= highest if self.ratio.op == "<" else found.value > highest
        return False if too_high else None


def _volume_words(found: VolumeRatio) -> str:
    figures = f"({found.shares:,.0f} against {found.usual:,.0f})"
    if found.same_time:
        return f"{found.value:.1f} times the average of {found.sessions} sessions at the same time {figures}"
    whole = f"{found.value:.1f} times the average of {found.sessions} whole sessions {figures}"
    return whole if found.exact else f"at least {whole}; volumes at this time of earlier sessions are not known"
