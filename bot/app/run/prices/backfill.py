"""Daily bars for references: over a year at the first start, then those of each finished session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core.errors import SourceError
from bot.core.model import Absence, Missing, Observation, SourceReport, Trouble
from bot.core.ports import Clock, PriceSource
from bot.core.view import Prices
from bot.core.waiting import back_off

CHUNK = 12
"""Symbols requested and committed at a time, so that prices are not held up."""
AT_FIRST = timedelta(days=430)
AFTERWARDS = timedelta(days=10)
LOOK_EVERY = timedelta(minutes=30)
ASK_AGAIN = timedelta(hours=2)
"""A symbol whose newest bar is still missing is requested again after this."""
SETTLED_AFTER = timedelta(minutes=20)
"""How long after the close a session's bar is final."""
FIRST_RETRY = timedelta(minutes=1)


@dataclass(slots=True)
class Backfill:
    """Requests missing bars. ``turn`` is the live bot's and takes the observations."""

    prices: PriceSource
    known: Callable[[str], Prices]
    """The known prices of a symbol."""
    clock: Clock
    turn: Callable[[Sequence[Observation]], object]
    _asked: dict[str, datetime] = field(default_factory=dict)
    _failures: int = 0

    async def run(self, symbols: Sequence[str]) -> timedelta:
        """Fetch the missing bars of ``symbols``; returns how long to wait before the next run.

        If the price source fails altogether or asks for a wait, the rest is skipped. What could not be read is
        requested again sooner.
        """
        now = self.clock.now()
        wanted: dict[datetime, list[str]] = {}
        for symbol in symbols:
            first = self._wanted(symbol, now)
            if first is not None:
                wanted.setdefault(first, []).append(symbol)
        chunks = [(f, s[i : i + CHUNK]) for f, s in sorted(wanted.items()) for i in range(0, len(s), CHUNK)]
        unread: dict[str, Missing] = {}
        read = 0
        for first, chunk in chunks:
            try:
                poll = await self.prices.history(chunk, first.date(), self.clock.now())
            except SourceError as error:
                if error.permanent:  # these symbols are unknown; the next may not be
                    self._asked |= dict.fromkeys(chunk, now)
                    continue
                return self._failed(str(error), error.retry_after, asked=error.asked)
            failed = {s: m for s, m in poll.missing.items() if m.why is not Absence.UNKNOWN}
            unread |= failed
            self._asked |= {symbol: now for symbol in chunk if symbol not in failed}
            read += len(poll.bars)
            at = self.clock.now()
            self.turn([*(replace(o, seen_at=at) for o in poll.splits), *(replace(o, seen_at=at) for o in poll.bars)])
            if poll.retry_after is not None:
                refused = any(missing.why is Absence.NOT_ANSWERED for missing in failed.values())
                return self._failed(poll.note, poll.retry_after, asked=refused)
            await asyncio.sleep(0)
        if unread:
            symbol, missing = next(iter(unread.items()))
            why = f"{symbol}: {missing.why}, {missing.detail}"
            return self._failed(
                f"no history of {len(unread)} of {sum(map(len, wanted.values()))} symbols yet; {why}", None
            )
        self._failures = 0
        if chunks:
            self.turn([SourceReport("history", self.clock.now(), items=read)])
        return LOOK_EVERY

    def _failed(self, why: str, retry_after: timedelta | None, *, asked: bool = True) -> timedelta:
        """Report what could not be read; returns how long to wait before it is requested again.

        Not ``asked``: the source rests after something else, and the operator has been told of that wait.
        """
        at = self.clock.now()
        self._failures += 1
        wait = max(back_off(self._failures, FIRST_RETRY, LOOK_EVERY), retry_after or timedelta())
        until = at + wait if retry_after is not None and asked else None
        self.turn([SourceReport("history", at, Trouble.FAILED, why, until=until)])
        return wait

    def _wanted(self, symbol: str, now: datetime) -> datetime | None:
        """The time from which bars of ``symbol`` are missing; ``None`` if the last finished session is known.

        All are read again after a split that became known later than they did: the vendor may have had them on the old
        basis until then.
        """
        prices = self.known(symbol)
        session = prices.timetable.current(now)
        if session is not None and now < session.close_at + SETTLED_AFTER:
            session = prices.timetable.before(session)
        read_at = prices.bars.seen_at or now
        split_at = max((s.seen_at for s in prices.splits if not s.cash and s.seen_at > read_at), default=None)
        if session is None or (session.date in prices.bars and split_at is None):
            return None
        asked = self._asked.get(symbol)
        if asked is not None and now - asked < ASK_AGAIN and (split_at is None or asked >= split_at):
            return None
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - (AFTERWARDS if len(prices.bars) > 100 and split_at is None else AT_FIRST)
