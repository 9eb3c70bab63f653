"""What one step decides, and what one cycle commits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.core.model.decisions import AlertChange, Incident
from bot.core.model.delivery import Notification
from bot.core.model.messages import Announcement
from bot.core.model.news import Reading
from bot.core.model.observations import FeedState, Observation, Refused


@dataclass(frozen=True, slots=True)
class Decisions:
    """What ``engine.step`` decided, in order."""

    now: datetime
    changes: tuple[AlertChange, ...] = ()
    incidents: tuple[Incident, ...] = ()
    """Every incident that changed, in its new state."""
    announcements: tuple[Announcement, ...] = ()
    readings: tuple[Reading, ...] = ()
    """One for each new story."""
    refused: tuple[Refused, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to store or announce."""
        return not (self.changes or self.incidents or self.announcements or self.readings or self.refused)


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything one cycle commits, in one transaction or not at all."""

    now: datetime
    observations: tuple[Observation, ...] = ()
    decisions: tuple[Decisions, ...] = ()
    notifications: tuple[Notification, ...] = ()
    feeds: tuple[FeedState, ...] = ()
    extras: dict[str, str] = field(default_factory=dict)
    """Named values that belong to the transaction, such as the position of a replay."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to commit."""
        decided = any(not d.empty for d in self.decisions)
        return not (self.observations or decided or self.notifications or self.feeds or self.extras)
