"""The line on trading volume, compared with the usual."""

from __future__ import annotations

from bot.core.model import Line, Quote
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Session
from bot.core.prices.volumes import volume_ratio

OVER = 20
NOTABLE = 1.5
"""Least ratio to the usual volume that is worth a line."""


def volume_lines(prices: SymbolPrices, quote: Quote, session: Session) -> list[Line]:
    """The session's volume at ``quote``; empty where it is unknown or not notable."""
    ratio = volume_ratio(prices, quote, session, OVER)
    if isinstance(ratio, str) or ratio.value < NOTABLE:
        return []
    so_far = " so far" if quote.at < session.close_at else ""
    return [(f"Volume{so_far}: {_shares(ratio.shares)} shares, {ratio.value:.1f} times the usual.",)]


def _shares(number: float) -> str:
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if number >= size:
            return f"{number / size:.{1 if number < 10 * size else 0}f}{word}"
    return f"{number:,.0f}"
