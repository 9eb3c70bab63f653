"""Thin trading: what confirms a price at night, when few people trade and a single order can print any price.

By day two quotes of later event times rule out a wild print. At night one order eats through what little is offered and
prints several, so that time counts as well: the trades that agree must lie apart and last. Somebody else's trades are
the better witness: others of the same line of business, or the market where it is not asleep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Quote
from bot.core.news.companies import GROUP_STRENGTH, Companies
from bot.core.prices.market import Market, change
from bot.core.prices.sessions import Session
from bot.core.text.wording import listing, percent

LEAST_TRADES = 2
"""Of the symbol itself, however many others agree."""
OTHERS = 2
"""So many of its line of business have to move with it."""
AS_FAR = 0.5
"""And at least so far, as a fraction of its own move."""
MARKET_MOVES = 0.015
"""Or a benchmark this far the same way: on a night like others, none does."""
RECENT = timedelta(minutes=30)
"""A witness has traded within so long."""


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Finds who else trades as a symbol does."""

    market: Market
    companies: Companies
    benchmarks: Sequence[str] = ()
    """Symbols that stand for the market. One that trades its regular hours while stocks trade their night, as futures
    do, is believed at once; any other as a stock would be."""

    def confirm(self, quote: Quote, session: Session) -> str:
        """Who moves as ``quote`` does, in words; empty where nobody does."""
        prices = self.market.of(quote.symbol)
        moved = change(prices.rebased(quote), prices.previous_close(quote, session))
        if not moved:
            return ""
        others = self._others(quote, moved)
        if len(others) >= OTHERS:
            return f"{listing(others, 3)} too"
        for symbol in self.benchmarks:
            if symbol == quote.symbol:
                continue
            theirs = self._moved(symbol, quote.at)
            if theirs is not None and theirs * moved > 0 and abs(theirs) >= MARKET_MOVES:
                return f"{symbol} {percent(theirs)}"
        return ""

    def _others(self, quote: Quote, moved: float) -> list[str]:
        known = frozenset(self.market)
        lines = self.companies.lines_of(quote.symbol)
        near = dict.fromkeys(s for line in lines for s in self.companies.exposed_to(line, GROUP_STRENGTH))
        found = []
        for symbol in near:
            if symbol == quote.symbol or symbol not in known:
                continue
            theirs = self._moved(symbol, quote.at)
            if theirs is not None and theirs * moved > 0 and abs(theirs) >= abs(moved) * AS_FAR:
                found.append(symbol)
            if len(found) > OTHERS:
                break
        return found

    def _moved(self, symbol: str, at: datetime) -> float | None:
        """How far ``symbol`` has moved since its previous close by its latest prices up to ``at``, the least of those
        that have to agree; ``None`` where it has none in its session, or none lately."""
        prices = self.market.of(symbol)
        latest = prices.stood(at)
        if latest is None or at - latest[0].at > RECENT:
            return None
        quote, session = latest
        reference = prices.previous_close(quote, session)
        needed = LEAST_TRADES if session.thin(quote.at) else 1
        quotes = prices.apart(quote, session, needed) if needed > 1 else [quote]
        moves = [m for q in quotes if (m := change(prices.rebased(q), reference)) is not None]
        if len(moves) < needed:
            return None
        return min(moves, key=abs) if all(m * moves[0] > 0 for m in moves) else 0.0
