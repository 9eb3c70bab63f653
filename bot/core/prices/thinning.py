"""Which old quotes are kept: references far back need no more than a price every few minutes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from bot.core.model import Quote, QuoteKind

THIN_AFTER = timedelta(hours=3)
"""Trades older than this are kept only every ``THIN_TO``: references far back need no more."""
THIN_TO = timedelta(minutes=5)


def thinned(quotes: Iterable[Quote]) -> list[Quote]:
    """Of the trades the first in each five minutes, and every mark of a bar or session."""
    kept: list[Quote] = []
    last = -1
    for quote in quotes:
        bucket = int(quote.at.timestamp() // THIN_TO.total_seconds())
        if quote.kind is not QuoteKind.TRADE or bucket != last:
            kept.append(quote)
        if quote.kind is QuoteKind.TRADE:
            last = bucket
    return kept
