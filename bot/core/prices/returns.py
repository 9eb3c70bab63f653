"""Returns between closes, and what of a move a market model does not expect.

Source: MacKinlay, A. C. (1997), "Event Studies in Economics and Finance", Journal of Economic Literature 35, 13-39:
the market model by ordinary least squares over an estimation window that ends before the event, the abnormal return
as what remains, and the residual standard deviation with n − 2 degrees of freedom as its scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import cast

from bot.core.model import Quote, Reference
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Session

ESTIMATION = 120
"""Returns in the estimation window."""
GAP = 10
"""The window ends so many sessions before the session asked about, so that the event does not explain itself."""
LEAST = 60
"""Below this many returns the model is market-adjusted: α = 0, β = 1."""
LEAST_FOR_SCALE = 20
"""Below this many there is no telling how large ordinary deviations are."""
SLACK = timedelta(minutes=1)
"""One poll brings trades of symbol and benchmark some seconds apart; they are of one moment."""
LEAST_SCALE = 1e-5
"""What never deviates by more than a thousandth of a percent is the same price twice; no move is unusual beside it."""
REMEMBERED = 16
"""Models kept per symbol: a few benchmarks for a session or two."""
REACHES_BACK = ESTIMATION + GAP
"""Sessions before the one asked about whose closes are needed."""


@dataclass(frozen=True, slots=True)
class MarketModel:
    """What a symbol's return is expected to be, given the benchmark's: α + β·r, per session."""

    alpha: float
    beta: float
    sigma: float | None
    """Standard deviation of what the model did not explain, per session; ``None`` where too little is known."""
    returns: int
    """How many returns it was estimated from."""
    adjusted: bool
    """Too few returns for least squares: the benchmark's own return is what is expected."""

    def expected(self, benchmark: float, sessions: int = 1) -> float:
        """The return expected over ``sessions`` in which the benchmark returned ``benchmark``."""
        return self.alpha * sessions + self.beta * benchmark


@dataclass(frozen=True, slots=True)
class AbnormalReturn:
    """A move, and what of it the market model does not expect."""

    value: float
    change: float
    benchmark: float
    expected: float
    z: float | None
    """``value`` in residual standard deviations; ``None`` where there is no telling."""
    reference: Reference
    model: MarketModel


def market_model(prices: SymbolPrices, benchmark: SymbolPrices, session: Session) -> MarketModel:
    """α, β and σ by least squares over ``ESTIMATION`` sessions, the last of them ``GAP`` sessions before ``session``.

    Returns are paired by date; one counts where symbol and benchmark both traded then and in the session before.
    """
    key, versions = (benchmark.symbol, session.date), (prices.version, benchmark.version)
    known = prices.models.get(key)
    if known is not None and known[:2] == versions:
        return cast(MarketModel, known[2])
    pairs = []
    for (before, first), (day, last) in pairwise(_closes(prices, session, ESTIMATION + GAP, GAP)):
        base, level = _close_on(benchmark, before), _close_on(benchmark, day)
        adjacent = benchmark.timetable.between(before, day) == 1
        if first is not None and last is not None and base is not None and level is not None and adjacent:
            pairs.append((level / base - 1, last / first - 1))
    model = fitted(pairs)
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
    """What of the return of ``quote`` over ``sessions`` (1: since the previous close) is abnormal, or why not known.

    The benchmark is measured at the quote's moment, over as many sessions of its own.
    """
    reference = closing_reference(prices, quote, session, sessions)
    if reference is None:
        return "no close known to measure against"
    held = benchmark.last_before(quote.at + SLACK)
    current = benchmark.timetable.current(quote.at)
    if held is None or current is None or benchmark.session_of(held) != current:
        return f"no price of {benchmark.symbol} in this session"
    base = closing_reference(benchmark, held, current, sessions)
    if base is None:
        return f"no close of {benchmark.symbol} known to measure against"
    model = market_model(prices, benchmark, session)
    change, market = quote.price / reference.price - 1, held.price / base.price - 1
    expected = model.expected(market, sessions)
    sigma = model.sigma or 0.0
    scale = sigma * math.sqrt(sessions) if sigma >= LEAST_SCALE else None
    value = change - expected
    return AbnormalReturn(value, change, market, expected, value / scale if scale else None, reference, model)


def closing_reference(prices: SymbolPrices, quote: Quote, session: Session, count: int) -> Reference | None:
    """The official close ``count`` sessions before ``session``; for one, as the vendor may correct it."""
    if count == 1:
        return prices.previous_close(quote, session)
    past = prices.timetable.before(session, count)
    close = prices.close_of(past) if past else None
    return Reference(f"{count} sessions", close, past.close_at, past.date) if past and close else None


def _closes(prices: SymbolPrices, session: Session, oldest: int, newest: int) -> list[tuple[date, float | None]]:
    """Dates and closes of the sessions from ``oldest`` to ``newest`` sessions before ``session``, in that order."""
    past = (prices.timetable.before(session, n) for n in range(oldest, newest - 1, -1))
    return [(p.date, _close_on(prices, p.date)) for p in past if p is not None]


def _close_on(prices: SymbolPrices, day: date) -> float | None:
    bar = prices.bars.get(day)
    return prices.on_basis(bar, bar.close) if bar is not None else None
