"""Thin trading: what confirms a price at night, when few people trade and a single order can print any price.

By day two quotes of later event times rule out a wild print. At night one order eats through what little is offered and
prints several, so that time counts as well: the trades that agree must lie apart and last. Somebody else's trades are
the better witness: others of the same line of business, or the market where it is not asleep.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Phase, Quote
from bot.core.news.companies import GROUP_STRENGTH, Companies
from bot.core.prices.market import Market, change
from bot.core.prices.sessions import Session
from bot.core.prices.windows import format_duration, parse_duration
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
class Hold:
    """How long a price condition must have been met before it counts."""

    quotes: int = 2
    """By so many quotes in a row, of later and later event times."""
    lasting: timedelta | None = None
    """From the first to the last of them; by day in place of ``quotes``, at night as well as them."""

    def __str__(self) -> str:
        """As rules write it."""
        if self.lasting is None:
            return str(self.quotes)
        return f"{self.quotes} over {format_duration(self.lasting)}"


BY_DAY = Hold()
"""By default."""
AT_NIGHT = Hold(4, timedelta(minutes=2))
"""The least at night, unless the rule says otherwise."""
HOLDS: Mapping[Phase, Hold] = {Phase.OVERNIGHT: AT_NIGHT}
"""By phase, where it is not that of the rule."""

_BOTH = re.compile(r"([0-9]{1,3})\s+over\s+(.+)\Z")


def parse_hold(text: str) -> Hold:
    """``4 over 2m``: so many trades, over so long. Raises ValueError saying what to write."""
    found = _BOTH.match(" ".join(text.split()))
    if found is None:
        raise ValueError(f"'{text}' is not a hold; write trades and a duration, like 4 over 2m")
    return Hold(int(found[1]), parse_duration(found[2]))


def at_night(by_day: Hold) -> Hold:
    """The hold of the overnight phase of a rule that says only what it is by day: never less."""
    lasting = max(hold.lasting or timedelta() for hold in (by_day, AT_NIGHT))
    return Hold(max(by_day.quotes, AT_NIGHT.quotes), lasting)


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
