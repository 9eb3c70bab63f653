"""How much was traded, beside what is usual."""

from __future__ import annotations

from bot.core.model import Line, Quote
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Session
from bot.core.prices.volumes import volume_ratio

OVER = 20
NOTABLE = 1.5
"""Less than so many times the usual is not worth a line."""


def volume_lines(prices: SymbolPrices, quote: Quote, session: Session) -> list[Line]:
    """The session's volume at ``quote`` where it is known and notable."""
    found = volume_ratio(prices, quote, session, OVER)
    if isinstance(found, str) or found.value < NOTABLE:
        return []
    so_far = " so far" if quote.at < session.close_at else ""
    return [(f"Volume{so_far}: {_shares(found.shares)} shares, {found.value:.1f} times the usual.",)]


def _shares(number: float) -> str:
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if number >= size:
            return f"{number / size:.{1 if number < 10 * size else 0}f}{word}"
    return f"{number:,.0f}"
