"""Earnings dates of the watchlist: asked for once a day, and told to the engine where they say something new."""

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
"""Results out so long ago may still be what a late story is about."""
AHEAD = timedelta(days=35)
"""Less than between two reports, so that the next is listed once and a moved date is seen to be one."""


@dataclass(slots=True)
class EarningsDates:
    """Asks for the dates. ``turn`` is the live bot's: it takes what is new."""

    source: EarningsSource
    known: Callable[[EarningsDate], bool]
    clock: Clock
    turn: Callable[[Sequence[Observation]], object]

    async def run(self, symbols: Sequence[str]) -> timedelta:
        """Ask once; how long to wait before the next time. A failure is reported and tried again within the hour."""
        today = self.clock.now().date()
        try:
            dates = await self.source.earnings(symbols, today - BACK, today + AHEAD, self.clock.now())
        except SourceError as error:
            self.turn([SourceReport("earnings", self.clock.now(), Trouble.FAILED, str(error))])
            return max(RETRY, error.retry_after or timedelta())
        fresh = [told for told in dates if not self.known(told)]
        self.turn([*fresh, SourceReport("earnings", self.clock.now(), items=len(dates), fresh=len(fresh))])
        return EVERY
