"""Quotes that come in columns, a thousand at once, and are made only for who reads them.

A recording brings every price of every stock, and hardly any of them is ever looked at by itself. Columns are kept as
they came; a symbol takes its quotes out of them when somebody reads its prices.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.core.model import QuoteColumn


class Columns:
    """The columns of the last days, in order, and between them the moments before which quotes were forgotten."""

    def __init__(self) -> None:
        self.number = 0
        """How many there have been of both."""
        self.count = 0
        """How many columns there have been."""
        self._entries: list[QuoteColumn | datetime] = []

    def add(self, entry: QuoteColumn | datetime) -> None:
        """Add a column, or from when on quotes are kept now."""
        self._entries.append(entry)
        self.number += 1
        self.count += isinstance(entry, QuoteColumn)

    def since(self, number: int) -> Iterator[QuoteColumn | datetime]:
        """What came after the first ``number``."""
        return iter(self._entries[max(0, len(self._entries) - (self.number - number)) :])

    def outdated(self, before: datetime, keep: int) -> tuple[int, list[str]]:
        """How many of the first entries have only quotes from before ``before``, and the symbols that must take theirs
        out of these first, as they have fewer than ``keep`` later ones."""
        count = 0
        for entry in self._entries:
            if (entry if isinstance(entry, datetime) else entry.at) >= before:
                break
            count += 1
        old = [entry for entry in self._entries[:count] if isinstance(entry, QuoteColumn)]
        sparse: dict[str, None] = {}
        for places in {id(column.places): column.places for column in old}.values():
            later = [e for e in self._entries[count:] if isinstance(e, QuoteColumn) and e.places is places]
            known = sum(column.prices == column.prices for column in later)  # NaN, where there is no price, is not
            few = (known < keep).tolist() if later else [True] * len(places)
            sparse |= dict.fromkeys(symbol for symbol, place in places.items() if few[place])
        return count, list(sparse)

    def drop(self, count: int) -> None:
        """Drop the first ``count`` entries."""
        del self._entries[:count]
