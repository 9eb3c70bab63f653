"""The condition on one's own holdings, weighted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from bot.core.model import NO_STOCK, Check, Quote, QuoteKind, Reference
from bot.core.prices.windows import Since
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions.context import Condition, Context, Move, Reads
from bot.core.rules.conditions.price import reads_since
from bot.core.rules.conditions.steady import Measured, change_since, measured
from bot.core.text.wording import listing

LISTED = 8
"""At most this many holdings are listed."""
LEVEL = 100.0
"""The level of a portfolio at its previous close, which an alert has in place of a price."""
_SINCE = Since("previous close")
_ANY = Comparison(">", -2.0)
"""What every change satisfies."""


@dataclass(frozen=True, slots=True)
class Portfolio(Condition):
    """The weighted sum of the holdings' changes since their previous closes. What the weights leave is cash.

    Of each holding the least change counts that its ``hold`` quotes agree on, and none where they are too few yet: one
    bad print of one stock must not move the whole. All are of sessions of one date: a holding without a price in it yet
    counts as unmoved, and is shown.
    """

    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 6
    """A few look-ups for each holding."""

    name: str
    """As messages call it: ``My portfolio``."""
    weights: Mapping[str, float]
    """By symbol, as fractions, together at most 1."""
    change: Comparison

    def __str__(self) -> str:
        return f"portfolio change {self.change} since previous close"

    @property
    def asked(self) -> tuple[str, float | None]:
        return f"change {self.change}", self.change.limit

    @property
    def reads(self) -> Reads:
        members = frozenset(self.weights)
        return reads_since(_SINCE) | Reads(symbols=members, members=members)

    def evaluate(self, context: Context) -> Check:
        """Measures every holding, each under the rule's ``hold``."""
        found: dict[str, Measured] = {}
        for symbol in self.weights:
            prices = context.market.of(symbol)
            one = measured(prices, context, change_since(prices, _SINCE, _ANY, context))
            if not isinstance(one, str):
                found[symbol] = one
        if not found:
            return self.check(context, None, "no price of any holding")
        if any(one.quote.kind in (QuoteKind.LOW, QuoteKind.HIGH) for one in found.values()):
            return self.check(context, None, "a low or high of an interval, which others need not have shared")
        latest = max(one.session.date for one in found.values())
        found = {symbol: one for symbol, one in found.items() if one.session.date == latest}
        moved = {symbol: self._agreed(one) for symbol, one in found.items()}
        change = sum(self.weights[symbol] * value for symbol, value in moved.items())
        holds = self.change.holds(change)
        context.offer(self._move(max(found.values(), key=lambda one: one.quote.at), change, holds))
        return self.check(context, holds, "" if context.brief else self._words(change, moved), change)

    def _agreed(self, one: Measured) -> float:
        """The least change in the direction asked for that all quotes agree on."""
        values = [sample.value for sample in one.samples]
        least = max(values) if self.change.falling else min(values)
        if one.holds:
            return least
        return max(least, 0.0) if self.change.falling else min(least, 0.0)

    def _move(self, newest: Measured, change: float, holds: bool) -> Move:
        at = newest.samples[0].reference
        before = Reference("previous close", LEVEL, newest.quote.at, newest.session.date)
        if at is not None:
            before = replace(before, at=at.at, session=at.session)
        level = LEVEL * (1 + change)
        quote = Quote(NO_STOCK, level, newest.quote.at, newest.quote.seen_at, newest.quote.kind)
        return Move(quote, newest.session, before, change, (change,), held=holds)

    def _words(self, change: float, moved: Mapping[str, float]) -> str:
        parts = sorted(moved, key=lambda s: self.weights[s] * moved[s], reverse=not self.change.falling)
        named = [f"{s} {moved[s] * 100:+.1f}% of {self.weights[s] * 100:g}%" for s in parts]
        words = f"{change * 100:+.1f}%: {listing(named, LISTED)}"
        unknown = [symbol for symbol in self.weights if symbol not in moved]
        return f"{words}; no price: {listing(unknown, LISTED)}" if unknown else words
