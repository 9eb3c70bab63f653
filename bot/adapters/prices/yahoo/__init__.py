"""Prices from Yahoo Finance, by unmodified yfinance. ``Yahoo`` implements the port ``PriceSource``.

- ``source``: what is asked when, and what is done when an answer is wanting.
- ``reading``: Yahoo's documents as quotes; pure.
- ``doubt``: whether a quote and its reference are on one split basis; pure.
- ``wire``: the only place that touches yfinance, its internals included.
- ``workers``: threads that never hold up the end of the program.
"""

from bot.adapters.prices.yahoo.source import Yahoo

__all__ = ["Yahoo"]
