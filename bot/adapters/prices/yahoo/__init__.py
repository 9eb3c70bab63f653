"""Prices from Yahoo Finance, by unmodified yfinance. ``Yahoo`` implements the port ``PriceSource``.

- ``source``: which requests to make, and what to do when one fails.
- ``reading``: Yahoo's JSON as quotes; pure.
- ``doubt``: whether a quote and its previous close are on the same split basis; pure.
- ``stream``: the websocket of trades; ``frames``: its messages as trades; pure.
- ``articles``: its articles about a company as headlines; pure.
- ``client``: the only module that uses yfinance, its internals included.
- ``workers``: daemon threads for blocking calls.
"""

from bot.adapters.prices.yahoo.source import Yahoo

__all__ = ["Yahoo"]
