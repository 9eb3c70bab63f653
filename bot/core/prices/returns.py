"""The market model, and the abnormal return: the part of a move the model does not expect.

Source: MacKinlay, A. C. (1997), "Event Studies in Economics and Finance", Journal of Economic Literature 35, 13-39:
the market model by ordinary least squares over an estimation window that ends before the event, the abnormal return
as what remains, and the residual standard deviation with n − 2 degrees of freedom as its scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from bot.core.model import Quote, Reference
from bot.core.prices.benchmarks import TOGETHER
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Session

ESTIMATION = 120
"""Returns in the estimation window."""
GAP = 10
"""The window ends this many sessions before the session measured, so that the event does not explain itself."""
LEAST = 60
"""Below this many returns the model is market-adjusted: α = 0, β = 1."""
LEAST_FOR_SCALE = 20
"""Below this many returns volatility is unknown."""
LEAST_SCALE = 1e-5
"""A symbol that never deviates by more than a thousandth of a percent is the benchmark itself: no z for it."""
REMEMBERED = 16
"""Models kept per symbol: a few benchmarks for a session or two."""
REACHES_BACK = ESTIMATION + GAP
"""How many sessions before the one measured have closes that are needed."""


@dataclass(frozen=True, slots=True)
class MarketModel:
    """A symbol's expected return given the benchmark's: α + β·r, per session."""

    alpha: float
    beta: float
    sigma: float | None
    """Standard deviation of the residuals, per session; ``None`` with too few returns."""
    returns: int
    """How many returns it was estimated from."""
    adjusted: bool
    """Market-adjusted for want of returns: the benchmark's own return is expected."""

    def expected(self, benchmark: float, sessions: int = 1) -> float:
        """The return expected over ``sessions`` in which the benchmark returned ``benchmark``."""
        return self.alpha * sessions + self.beta * benchmark


@dataclass(frozen=True, slots=True)
class AbnormalReturn:
    """A move, and the part of it the market model does not expect."""

    value: float
    change: float
    benchmark: float
    expected: float
    z: float | None
    """``value`` in residual standard deviations; ``None`` where those are unknown."""
    model: MarketModel


def market_model(prices: SymbolPrices, benchmark: SymbolPrices, session: Session) -> MarketModel:
    """α, β and σ by least squares over ``ESTIMATION`` sessions, the last of them ``GAP`` sessions before ``session``.

    Returns are paired by date; both symbol and benchmark must have closes of that and the previous session.
    """
    key, versions = (benchmark.symbol, session.date), (prices.history(session.date), benchmark.history(session.date))
    known = prices.models.get(key)
    if known is not None and known[:2] == versions:
        return cast(MarketModel, known[2])
    model = fitted(_pairs(prices, benchmark, session))
    if len(prices.models) >= REMEMBERED:
        prices.models.clear()
    prices.models[key] = (*versions, model)
    return model


def fitted(pairs: Sequence[tuple[float, float]]) -> MarketModel:
    """The model of (benchmark return, symbol return) pairs."""
    n = len(pairs)
    mean_x, mean_y = math.fsum(x for x, _ in pairs) / max(n, 1), math.fsum(y for _, y in pairs) / max(n, 1)
    spread = math.fsum((x - mean_x) ** 2 for x, _ in pairs)
    if n < LEAST or spread == 0:
        squares = math.fsum((y - x) ** 2 for x, y in pairs)
        return MarketModel(0.0, 1.0, math.sqrt(squares / n) if n >= LEAST_FOR_SCALE else None, n, adjusted=True)
    beta = math.fsum((x - mean_x) * (y - mean_y) for x, y in pairs) / spread
    alpha = mean_y - beta * mean_x
    squares = math.fsum((y - alpha - beta * x) ** 2 for x, y in pairs)
    return MarketModel(alpha, beta, math.sqrt(squares / (n - 2)), n, adjusted=False)


def abnormal_return(
    prices: SymbolPrices, benchmark: SymbolPrices, quote: Quote, session: Session, sessions: int = 1
) -> AbnormalReturn | str:
    """The abnormal return of ``quote`` over ``sessions`` (1: since the previous close), or why it is unknown.

    The benchmark is measured at the quote's moment, over as many of its own sessions; in thin trading where it has
    settled, as an odd print of its would be a move of every stock.
    """
    reference = closing_reference(prices, quote, session, sessions)
    if reference is None:
        return "reference close unknown"
    last = benchmark.last_before(quote.at + TOGETHER)
    current = benchmark.timetable.current(quote.at)
    if last is None or current is None or benchmark.session_of(last) != current:
        return f"no price for {benchmark.symbol} in this session"
    held = benchmark.settled(last, current)
    if held is None:
        return f"too few trades of {benchmark.symbol} to say where it is"
    base = closing_reference(benchmark, held, current, sessions)
    if base is None:
        return f"reference close of {benchmark.symbol} unknown"
    model = market_model(prices, benchmark, session)
    change, market = quote.price / reference.price - 1, held.price / base.price - 1
    expected = model.expected(market, sessions)
    sigma = model.sigma or 0.0
    scale = sigma * math.sqrt(sessions) if sigma >= LEAST_SCALE else None
    value = change - expected
    return AbnormalReturn(value, change, market, expected, value / scale if scale else None, model)


def closing_reference(prices: SymbolPrices, quote: Quote, session: Session, count: int) -> Reference | None:
    """The official close ``count`` sessions before ``session``; for one session, with the vendor's correction."""
    return prices.previous_close(quote, session) if count == 1 else prices.close_before(session, count)


def _pairs(prices: SymbolPrices, benchmark: SymbolPrices, session: Session) -> list[tuple[float, float]]:
    """The returns of both in each session of the estimation window that follows the one before it for both."""
    days = [s.date for s in prices.timetable.window(session, ESTIMATION + GAP, GAP)]
    alike = benchmark.timetable is prices.timetable
    closes = zip(days, prices.closes_on(days), benchmark.closes_on(days), strict=True)
    return [
        (level / base - 1, last / first - 1)
        for (before, first, base), (day, last, level) in pairwise(closes)
        if first is not None and last is not None and base is not None and level is not None
        if alike or benchmark.timetable.between(before, day) == 1
    ]
