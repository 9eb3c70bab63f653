"""Plays a tape through the cycle without a store and returns the decisions: for rule tests and trials."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.clock import SimulatedClock
from bot.core.engine import Engine
from bot.core.model import AlertChange, Announcement, Batch, DailyBar, Notification, Recipient, Refused
from bot.cycle import Cycle, CycleResult
from bot.replay.runner import Replay
from bot.replay.tape import Tape

_RECIPIENT = Recipient("console", "console", "console", operator=True)


class DiscardingRecorder:
    """A ``Recorder`` that discards everything."""

    def commit(self, batch: Batch) -> None:
        """Nothing is written."""


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A message that would have been sent, or was suppressed."""

    announcement: Announcement
    notification: Notification


@dataclass(slots=True)
class Played:
    """The engine's decisions, in order."""

    changes: list[AlertChange] = field(default_factory=list)
    told: list[PlannedMessage] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def take(self, result: CycleResult) -> None:
        """Add the decisions of one cycle."""
        self.changes += result.decisions.changes
        self.refused += result.decisions.refused
        routed = {n.announcement: n for n in result.notifications}
        self.told += [PlannedMessage(a, routed[a.key]) for a in result.decisions.announcements if a.key in routed]


OnTurn = Callable[[datetime, int], None]
"""Called after each cycle with its time and the number of the tape's step."""


def play(engine: Engine, tape: Tape, *, until: datetime | None = None, on_turn: OnTurn | None = None) -> Played:
    """The decisions while ``tape`` is played up to ``until``, by default to a day after its end.

    Daily bars before the first other observation only fill references. Must not be called from a running event loop.
    """
    return asyncio.run(_play(engine, tape, until, on_turn))


async def _play(engine: Engine, tape: Tape, until: datetime | None, on_turn: OnTurn | None) -> Played:
    played = Played()
    if until is not None:
        tape = Tape(o for o in tape.observations if o.seen_at <= until)
    first = tape.first_at
    if first is None:
        return played
    clock = SimulatedClock(first)
    cycle = Cycle(engine, DiscardingRecorder(), lambda: (_RECIPIENT,))
    live_from = min((o.seen_at for o in tape.observations if not isinstance(o, DailyBar)), default=None)
    replay = Replay(tape, engine, cycle, clock, _nothing_to_send, warm_until=live_from)
    async for number, result in replay.run():
        if until is not None and result.decisions.now > until:
            break
        played.take(result)
        if on_turn is not None:
            on_turn(result.decisions.now, number)
    return played


async def _nothing_to_send() -> None:
    """Messages are compared, not sent."""
