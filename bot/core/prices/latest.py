"""What is asked of all symbols of a column at once: is the price a step from the one before, how far is it from the
previous close.

It may be said of a price that it is odd where it is not, and it is then looked at by itself; never the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.core.model import Quote, QuoteColumn
from bot.core.prices.basis import SMALLEST

if TYPE_CHECKING:
    from bot.core.prices.market import SymbolPrices
    from bot.core.prices.sessions import Session, Timetable

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Latest:
    """The newest prices of the symbols of columns, in arrays."""

    def __init__(self, places: Mapping[str, int], prices: list[SymbolPrices]) -> None:
        self.places = places
        self.symbols = tuple(places)
        self._prices = prices
        self._price = np.full(len(places), np.nan)
        """Of each symbol's newest quote; NaN where the next one must be looked at by itself."""
        self._plain = np.ones(len(places), bool)
        """Without a split: prices are compared as they are."""
        self._newest = np.zeros(len(places), bool)
        """Whose newest quote is of the last column."""
        self.at: datetime | None = None
        """Of the last column."""
        self._history = 0
        timetables = dict.fromkeys(each.timetable for each in prices)
        self.of_timetable = {t: np.array([each.timetable is t for each in prices], bool) for t in timetables}
        self._references: tuple[object, Floats] = (None, np.empty(0))
        for place, each in enumerate(prices):
            each.place = self, place
            if each.splits:
                self._plain[place] = False

    def set(self, place: int, price: float = np.nan) -> None:
        """The newest quote of a symbol came by itself; without a ``price``, so should the next."""
        self._price[place] = price
        self._newest[place] = False

    def split(self, place: int) -> None:
        """A symbol has been split: its prices are looked at one by one from now on."""
        self._plain[place] = False

    def admit(self, column: QuoteColumn, now: datetime, history: int) -> tuple[QuoteColumn, list[Quote]]:
        """The quotes whose price is one that ``refusal`` and ``SymbolPrices.doubt`` would let pass at ``now``: in the
        session of ``now``, and no larger step from the price before than moves are. These are the newest from now on.
        And the others. ``history`` counts the changes of bars."""
        regular = np.zeros(len(self.places), bool)
        for timetable, its in self.of_timetable.items():
            session = timetable.current(column.at)
            if session is not None and session is timetable.current(now) and not session.thin(column.at):
                regular |= its
        step = column.prices / self._price
        fine: Mask = regular & self._plain & (column.prices > 0) & (step > 1 / SMALLEST) & (step < SMALLEST)
        self._price = np.where(fine, column.prices, self._price)
        self._newest, self.at, self._history = fine, column.at, history
        odd = np.flatnonzero(~(fine | np.isnan(column.prices)))
        return column.only(fine), [q for place in odd if (q := column.quote(self.symbols[place])) is not None]

    def changes(self) -> Floats:
        """The change of each symbol's price in the last column since the previous close; NaN where its price came by
        itself or that close is not known from a bar."""
        return np.where(self._newest, self._price, np.nan) / self._before() - 1

    def _before(self) -> Floats:
        """The previous close of each symbol."""
        sessions = {t: t.current(self.at) if self.at is not None else None for t in self.of_timetable}
        key = (self._history, tuple(session.date if session else None for session in sessions.values()))
        if self._references[0] != key:
            found = np.full(len(self.places), np.nan)
            for timetable, its in self.of_timetable.items():
                self._fill(found, its, timetable, sessions[timetable])
            self._references = key, found
        return self._references[1]

    def _fill(self, found: Floats, its: Mask, timetable: Timetable, session: Session | None) -> None:
        before = timetable.before(session) if session is not None else None
        if before is None:
            return
        for place in np.flatnonzero(its):
            close = self._prices[place].bar_close(before.date)
            found[place] = close if close else np.nan
