"""Asks a language model about the stories in doubt, one after another, and gives its answers to the engine.

Nothing waits for it: alerts go out at once, and an answer that comes later completes or corrects them like any late
story.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.errors import SourceError
from bot.core.model import Observation, SecondReading, SourceReport, Story, ToldMove, Trouble
from bot.core.ports import Clock
from bot.core.view import View
from bot.core.waiting import back_off

log = logging.getLogger(__name__)

Read = Callable[[Story], Awaitable[Sequence[ToldMove]]]
"""The moves in a story. Raises SourceError."""

SOURCE = "second reader"
LOOK_EVERY = timedelta(seconds=5)
MOST_A_LOOK = 3
"""Stories asked about in one look, which must not take longer than a job may."""
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(slots=True)
class Budget:
    """How many questions may be asked within any hour and any day, answered or not."""

    an_hour: int
    a_day: int
    _asked_at: deque[datetime] = field(default_factory=deque)

    def spend(self, at: Iterable[datetime]) -> None:
        """Count questions asked at these times, in order."""
        self._asked_at.extend(at)

    def allows(self, now: datetime) -> bool:
        """Whether another may be asked."""
        while self._asked_at and self._asked_at[0] <= now - DAY:
            self._asked_at.popleft()
        within_hour = sum(at > now - HOUR for at in self._asked_at)
        return len(self._asked_at) < self.a_day and within_hour < self.an_hour


@dataclass(slots=True)
class SecondReader:
    """Finds the questions, asks them within the budget, and reports how each went. ``turn`` takes what was seen."""

    read: Read
    view: Callable[[], View]
    clock: Clock
    turn: Callable[[Sequence[Observation]], object]
    budget: Budget
    model: str = ""
    _unanswerable: dict[str, datetime] = field(default_factory=dict)
    """Stories about which the same question would fail again, and since when."""
    _failures: int = 0
    """In a row."""
    _not_before: datetime | None = None

    async def look(self) -> None:
        """Ask about the stories that are most in doubt now."""
        if self._not_before is not None and self.clock.now() < self._not_before:
            return
        asked = 0
        for fall in self.view().falls(self.clock.now()):
            for story in self.view().stories_in_doubt(fall, self.clock.now()):
                if story.id in self._unanswerable:
                    continue
                if asked >= MOST_A_LOOK or not self.budget.allows(self.clock.now()):
                    return
                asked += 1
                if not await self._ask(story):
                    return
            await asyncio.sleep(0)  # explaining many falls takes a while, and alerts come first

    async def _ask(self, story: Story) -> bool:
        """Ask about one story; whether there was an answer."""
        self.budget.spend([self.clock.now()])
        try:
            moves = tuple(await self.read(story))
        except SourceError as error:
            self._failed(story, error)
            return False
        now = self.clock.now()
        self._failures, self._not_before = 0, None
        answer = SecondReading(story.id, now, moves, self.model)
        self.turn([answer, SourceReport(SOURCE, now, items=1, fresh=1)])
        return True

    def _failed(self, story: Story, error: SourceError) -> None:
        now = self.clock.now()
        self._failures += 1
        if error.permanent:
            self._unanswerable = dict(self._recent(now)) | {story.id: now}
        pause = back_off(self._failures, FIRST_RETRY, LONGEST_RETRY)
        self._not_before = now + max(pause, error.retry_after or timedelta())
        log.warning("no answer from the second reader: %s", error)
        self.turn([SourceReport(SOURCE, now, Trouble.FAILED, str(error))])

    def _recent(self, now: datetime) -> Iterator[tuple[str, datetime]]:
        return ((story, at) for story, at in self._unanswerable.items() if at > now - 14 * DAY)
