"""Plays a tape through the cycle: the same engine, store and sender as live, with a simulated clock.

An interrupted replay resumes after its last transaction: the state is rebuilt from the store as after a live restart,
and the tape is advanced to that point.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.clock import SimulatedClock
from bot.core.engine import Engine
from bot.core.model import Observation
from bot.core.ports import Journal, Outbox
from bot.cycle import Cycle, CycleResult

POSITION = "replay_position"
"""The store's key for the time up to which the tape has been committed."""


class Playable(Protocol):
    """A ``Tape``, or one made while it is played."""

    @property
    def first_at(self) -> datetime | None:
        """When the first observation was seen; ``None`` if there is none."""
        ...

    @property
    def last_at(self) -> datetime | None:
        """When the last observation was seen, as far as known; ``None`` if there is none."""
        ...

    def steps(self, after: datetime | None = None) -> Iterator[tuple[datetime, tuple[Observation, ...]]]:
        """Each time after ``after`` with everything seen at it, oldest first."""
        ...

    def position(self, after: datetime | None) -> int:
        """How many steps are at or before ``after``, if they are counted."""
        ...


@dataclass(slots=True)
class Replay:
    """One tape, played through one cycle."""

    tape: Playable
    engine: Engine
    cycle: Cycle
    clock: SimulatedClock
    drain: Callable[[], Awaitable[None]]
    """Send everything in the outbox."""
    warm_until: datetime | None = None
    """Everything seen before this only fills references and is taken in one cycle."""
    speed: float | None = None
    """Simulated seconds per second; ``None`` is as fast as possible."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _position: datetime | None = field(default=None)

    def resume(self, journal: Journal, outbox: Outbox) -> datetime | None:
        """Rebuild the state from the store; the time to continue after, or ``None`` if nothing was stored."""
        written = journal.extra(POSITION)
        if written is None:
            return None
        position = datetime.fromisoformat(written)
        outbox.recover(position)
        first = self.tape.first_at or position
        self.engine.restore(
            journal.observations(first - timedelta(seconds=1), position),
            journal.alerts_since(first.date()),
            journal.incidents_since(first.date()),
            position,
        )
        self.clock.advance(position)
        self._position = position
        return position

    async def run(self) -> AsyncIterator[tuple[int, CycleResult]]:
        """Play to the end; yields the tape's step number and each cycle's result."""
        if self._position is not None:
            await self.drain()
        number = self.tape.position(self._position)
        if (result := await self._warm_up()) is not None:
            number = self.tape.position(self._position)
            yield number, result
        for now, observations in self.tape.steps(self._position):
            async for result in self._time_until(now):
                yield number, result
            await self._wait(now)
            yield number, await self._turn(observations, now)
            number += 1
        if self.tape.last_at is not None:
            async for result in self._time_until(self.tape.last_at + timedelta(days=1)):
                yield number, result

    async def _warm_up(self) -> CycleResult | None:
        """Take everything before ``warm_until`` in one cycle; ``None`` if there is nothing (left)."""
        early: list[Observation] = []
        last: datetime | None = None
        for now, observations in self.tape.steps(self._position):
            if self.warm_until is None or now >= self.warm_until:
                break
            early += observations
            last = now
        if last is None:
            return None
        result = await self._turn(tuple(early), last)
        self._position = last
        return result

    async def _time_until(self, now: datetime) -> AsyncIterator[CycleResult]:
        """The cycles due before ``now`` without any observation."""
        while (due := self.cycle.next_due()) is not None and due < now:
            due = max(due, self.clock.now())
            await self._wait(due)
            yield await self._turn((), due)

    async def _turn(self, observations: tuple[Observation, ...], now: datetime) -> CycleResult:
        self.clock.advance(now)
        result = self.cycle.run(observations, now, extras=lambda: {POSITION: now.isoformat()} if observations else {})
        if result.error is not None:
            raise result.error
        if result.notifications:
            await self.drain()
        return result

    async def _wait(self, until: datetime) -> None:
        if self.speed:
            gap = (until - self.clock.now()).total_seconds()
            if gap > 0:
                await self.sleep(gap / self.speed)
                return
        await asyncio.sleep(0)  # nothing else lets the event loop cancel this, as it does upon Ctrl-C
