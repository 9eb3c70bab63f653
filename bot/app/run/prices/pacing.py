"""Which symbols to ask prices of, and when: those that move every few seconds, the rest less often.

The budget is what asking everybody at the configured interval would cost, counted in requests. While nothing moves,
everybody is asked a little less often than that, and what is saved is spent when something moves. A request has a
fixed number of places and goes out full: those that move first, on at most half of the places while others are due,
then whoever was asked the longest time ago, so that nobody starves.

Nothing here reads a clock or asks anybody: ``now`` is any time that only passes.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.core.model import Quote

CALM = 4 / 3
"""How much longer than the interval a symbol waits while nothing about it moves."""
CALM_UP_TO = timedelta(minutes=1)
"""Longer intervals, those of closed markets, are kept as they are."""
MOVING_PART, MOVING_LEAST = 5, timedelta(seconds=3)
"""A symbol that moves is asked for this many times as often, but at most once in so long."""
AT_ONCE_LEAST = timedelta(seconds=1)
"""Between two requests for a symbol that somebody asks for at once."""
SAVED = 200
"""The most rounds of requests that can be saved up."""
AT_FIRST = 15
"""Rounds that may be asked for at the start, which is when nothing is saved yet."""
RESERVE = 10
"""Rounds that are left for what somebody asks for at once."""
NEVER = datetime.min.replace(tzinfo=UTC)

MOVED = 0.015
"""A price this far from where it was makes its symbol one that moves."""
MOVED_ALREADY = 0.05
"""The same for the first price seen, against its previous close."""
MOVED_WITHIN = timedelta(minutes=10)
"""Since when it must have moved so far."""
MOVES_FOR = timedelta(minutes=5)
"""How long it counts as one that moves, after it did."""
LINE_MOVES = 3
"""A line of business moves when so many of its stocks do, and half of them where it is smaller."""


@dataclass(slots=True)
class Movement:
    """Which symbols move, or are of a line of business that moves. ``lines``: symbols by line."""

    lines: Mapping[str, Collection[str]]
    _from: dict[str, tuple[float, datetime]] = field(default_factory=dict)
    """The price that a move is measured from, and when it was seen."""
    _until: dict[str, datetime] = field(default_factory=dict)
    """Until when each symbol counts as moving."""

    def take(self, quotes: Iterable[Quote], now: datetime) -> None:
        """Take new quotes, polled or streamed."""
        for quote in quotes:
            if not 0 < quote.price < math.inf:
                continue
            known = self._from.get(quote.symbol)
            if known is None:
                close = quote.previous_close
                self._from[quote.symbol] = quote.price, now
                if close and abs(quote.price / close - 1) >= MOVED_ALREADY:
                    self._until[quote.symbol] = now + MOVES_FOR
            elif abs(quote.price / known[0] - 1) >= MOVED:
                self._from[quote.symbol] = quote.price, now
                self._until[quote.symbol] = now + MOVES_FOR
            elif now - known[1] > MOVED_WITHIN:
                self._from[quote.symbol] = quote.price, now

    def at(self, now: datetime) -> set[str]:
        """The symbols to be asked often."""
        self._until = {symbol: until for symbol, until in self._until.items() if until > now}
        moving = set(self._until)
        for members in self.lines.values():
            count = len(self._until.keys() & set(members))
            if count >= min(LINE_MOVES, max(2, math.ceil(len(members) / 2))):
                moving.update(members)
        return moving


@dataclass(slots=True)
class Pace:
    """Plans requests for prices. ``batch`` is the number of places in one."""

    batch: int
    _asked_at: dict[str, datetime] = field(default_factory=dict)
    _at_once: set[str] = field(default_factory=set)
    _left: float | None = None
    """How many requests may be sent now."""
    _counted_at: datetime = NEVER

    def at_once(self, symbols: Iterable[str]) -> None:
        """Ask for these as soon as the budget allows."""
        self._at_once.update(symbols)

    def failed(self, symbols: Iterable[str]) -> None:
        """The request for these failed: what was saved is given up, and they are asked for with the next."""
        self._left = min(self._left or 0.0, 0.0)
        self.at_once(symbols)

    def ask(self, symbols: Sequence[str], moving: Collection[str], interval: timedelta, now: datetime) -> Sequence[str]:
        """The symbols to ask for now, each once; none where nothing is due, or the budget is spent."""
        left = self._refill(symbols, interval, now)
        self._asked_at = {s: at for s in symbols if (at := self._asked_at.get(s)) is not None}
        often = self._often(symbols, interval)
        due = [s for s in symbols if self._due_at(s, moving, interval, often) <= now]
        requests = min(math.ceil(len(due) / self.batch), math.floor(left + 1e-9))
        if requests < 1:
            return ()
        places = requests * self.batch
        urgent = [s for s in due if s in moving or s in self._at_once]
        rest = self._longest_ago(s for s in due if s not in moving and s not in self._at_once)
        share = max(places - len(rest), math.ceil(places / 2))
        chosen = dict.fromkeys([*self._longest_ago(urgent)[:share], *rest])
        spare = self._longest_ago(s for s in symbols if s not in chosen)
        asked = list(dict.fromkeys([*chosen, *spare]))[:places]
        self._left = left - requests
        for symbol in asked:
            self._asked_at[symbol] = now
        self._at_once.difference_update(asked)
        return asked

    def wait(self, symbols: Sequence[str], moving: Collection[str], interval: timedelta, now: datetime) -> timedelta:
        """How long until ``ask`` has something."""
        left = self._refill(symbols, interval, now)
        often = self._often(symbols, interval)
        due = min((self._due_at(s, moving, interval, often) for s in symbols), default=now + interval)
        saved = now + interval * max(0.0, 1 - left) / self._round(symbols)
        return max(due, saved) - now if max(due, saved) > now else timedelta()

    def _round(self, symbols: Sequence[str]) -> int:
        """How many requests everybody takes."""
        return max(1, math.ceil(len(symbols) / self.batch))

    def _refill(self, symbols: Sequence[str], interval: timedelta, now: datetime) -> float:
        requests = self._round(symbols)
        if self._left is None:
            self._left, self._counted_at = float(AT_FIRST * requests), now
        passed = max(timedelta(), now - self._counted_at)
        self._left = min(self._left + requests * (passed / interval), float(SAVED * requests))
        self._counted_at = max(now, self._counted_at)
        return self._left

    def _often(self, symbols: Sequence[str], interval: timedelta) -> timedelta:
        """How long a symbol that moves waits: not long, while more is left than what is kept in reserve."""
        if (self._left or 0.0) < 1 + RESERVE * self._round(symbols):
            return interval
        return min(interval, max(MOVING_LEAST, interval / MOVING_PART))

    def _due_at(self, symbol: str, moving: Collection[str], interval: timedelta, often: timedelta) -> datetime:
        asked_at = self._asked_at.get(symbol)
        if asked_at is None:
            return NEVER
        if symbol in self._at_once:
            return asked_at + min(AT_ONCE_LEAST, interval)
        if symbol in moving:
            return asked_at + often
        return asked_at + (interval * CALM if interval <= CALM_UP_TO else interval)

    def _longest_ago(self, symbols: Iterable[str]) -> list[str]:
        """These symbols, the one not asked for the longest time first."""
        return sorted(symbols, key=lambda s: self._asked_at.get(s, NEVER))
