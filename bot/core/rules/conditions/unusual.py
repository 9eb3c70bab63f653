"""Conditions on how unusual a move or a volume is for the symbol itself."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

from bot.core.model import Check, Quote
from bot.core.prices.benchmarks import ALONE, Benchmarks
from bot.core.prices.returns import LEAST_FOR_SCALE, REACHES_BACK, AbnormalReturn, abnormal_return
from bot.core.prices.sessions import Session
from bot.core.prices.volumes import VolumeRatio, volume_ratio
from bot.core.prices.windows import Since, Span
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions.context import Condition, Context, Reads
from bot.core.rules.conditions.steady import Sample, check_price
from bot.core.text.wording import count


@dataclass(frozen=True, slots=True)
class Abnormal(Condition):
    """The part of the move that the market model does not expect, as a fraction, in standard deviations, or both.

    See ``bot.core.prices.returns`` for the model and its source.
    """

    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 4
    """A regression, once a session."""

    benchmark: str
    change: Comparison | None = None
    z: Comparison | None = None
    since: Since = field(default_factory=lambda: Since("previous close"))
    markets: Benchmarks = ALONE
    """What stands for the benchmark beside a stock of another market, and while it does not trade."""

    def __str__(self) -> str:
        return f"abnormal {self._asked(' and ')} against {self.benchmark} since {self.since}"

    def _asked(self, joint: str) -> str:
        tests = (("change", self.change), ("z", self.z))
        return joint.join(f"{name} {test}" for name, test in tests if test is not None)

    @property
    def asked(self) -> tuple[str, float | None]:
        main = self.change or self.z
        return f"abnormal {self._asked(', ')}", main.limit if main else None

    @property
    def reads(self) -> Reads:
        """Closes of the estimation window, of symbol and benchmark."""
        return Reads(symbols=self.markets.meant(self.benchmark), sessions=REACHES_BACK + 1)

    def evaluate(self, context: Context) -> Check:
        """Measures the current quote beside the benchmark's."""
        prices = context.prices

        def measure(quote: Quote, session: Session) -> Sample | str:
            chosen = self.markets.standing_for(self.benchmark, prices, quote.at, context.market)
            benchmark = context.market.of(chosen)
            found = abnormal_return(prices, benchmark, quote, session, self.since.count or 1)
            if isinstance(found, str):
                return found
            if self.z is not None and found.z is None:
                if found.model.sigma is None:
                    return f"not enough history: {found.model.returns} of {LEAST_FOR_SCALE} returns"
                return "no volatility to measure against"
            z = found.z if found.z is not None else math.nan
            met = (self.change is None or self.change.holds(found.value)) and (self.z is None or self.z.holds(z))
            words = "" if context.brief else _abnormal_words(found, chosen)
            return Sample(found.value if self.change else z, met, words)

        return check_price(context, self, measure)


@dataclass(frozen=True, slots=True)
class Volume(Condition):
    """The session's volume so far against the average at this time of the session."""

    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 4
    """Reads every session averaged."""

    ratio: Comparison
    over: int = 20
    """How many earlier sessions are averaged."""

    def __str__(self) -> str:
        return f"volume {self.ratio} times the average of {self.over} sessions"

    @property
    def asked(self) -> tuple[str, float | None]:
        return f"{self.ratio} times", self.ratio.limit

    @property
    def reads(self) -> Reads:
        """Volumes of quotes and bars over the sessions averaged."""
        return Reads(sessions=self.over, quotes_for=Span(sessions=self.over).longest)

    def evaluate(self, context: Context) -> Check:
        """Against whole sessions, a session under way gives a lower bound: enough to hold, not to fail."""
        standing = context.standing(context.prices)
        if standing is None:
            return self.check(context, None, "no price yet in this session")
        found = volume_ratio(context.prices, *standing, self.over)
        if isinstance(found, str):
            return self.check(context, None, found)
        return self.check(context, self._holds(found), "" if context.brief else _words(found), found.value)

    def _holds(self, found: VolumeRatio) -> bool | None:
        if found.exact:
            return self.ratio.holds(found.value)
        if self.ratio.op in (">", ">="):
            return True if self.ratio.holds(found.value) else None
        highest = self.ratio.upper if self.ratio.op == "between" else self.ratio.limit
        too_high = found.value >= highest if self.ratio.op == "<" else found.value > highest
        return False if too_high else None


def _abnormal_words(found: AbnormalReturn, benchmark: str) -> str:
    z = f", z {found.z:+.1f}" if found.z is not None else ""
    model = f"beta {found.model.beta:.2f}"
    if found.model.adjusted:
        model = f"market-adjusted, only {count(found.model.returns, 'return')} known"
    return (
        f"{found.value * 100:+.1f}% abnormal{z} (moved {found.change * 100:+.1f}%, {benchmark} "
        f"{found.benchmark * 100:+.1f}%, expected {found.expected * 100:+.1f}%; {model})"
    )


def _words(found: VolumeRatio) -> str:
    least = "" if found.exact else "at least "
    compared = "sessions at the same time" if found.same_time else "whole sessions"
    note = "" if found.exact else "; no earlier volumes at this time of the session"
    return (
        f"{least}{found.value:.1f} times the average of {found.sessions} {compared} "
        f"({found.shares:,.0f} against {found.usual:,.0f}){note}"
    )
