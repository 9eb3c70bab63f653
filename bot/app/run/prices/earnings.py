"""Earnings dates of the watchlist: fetched once a day; new ones go to the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.core.errors import SourceError
from bot.core.model import EarningsDate, Observation, SourceReport, Trouble
from bot.core.ports import Clock, EarningsSource

EVERY = timedelta(days=1)
RETRY = timedelta(hours=1)
BACK = timedelta(days=5)
"""Results this old may still be the subject of a late story."""
AHEAD = timedelta(days=35)
"""Less than between two reports, so that the next is listed once and a moved date is recognised."""


@dataclass(slots=True)
class EarningsDates:
    """Fetches the dates. ``turn`` is the live bot's and takes new ones."""

    source: EarningsSource
    known: Callable[[EarningsDate], bool]
    clock: Clock
    turn: Callable[[Sequence[Observation]], object]

    async def run(self, symbols: Sequence[str]) -> timedelta:
        """Fetch once; returns how long to wait before the next time. A failure is reported, retried in an hour."""
        today = self.clock.now().date()
        try:
            dates = await self.source.earnings(symbols, today - BACK, today + AHEAD, self.clock.now())
        except SourceError as error:
            self.turn([SourceReport("earnings", self.clock.now(), Trouble.FAILED, str(error))])
            return max(RETRY, error.retry_after or timedelta())
        fresh = [date for date in dates if not self.known(date)]
        self.turn([*fresh, SourceReport("earnings", self.clock.now(), items=len(dates), fresh=len(fresh))])
        return EVERY
