"""Collects what one step decides, in order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.model import Alert, AlertChange, Announcement, ChangeKind, Decisions, Incident, Reading, Refused


@dataclass(slots=True)
class StepResult:
    """The decisions so far; ``decisions`` freezes them."""

    changes: list[AlertChange] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def mark_notified(self, alert: Alert) -> None:
        """Set in the alert's last change when people were notified, keeping its figures; without one, add a change."""
        for i, change in reversed(list(enumerate(self.changes))):
            if change.alert.id == alert.id:
                alert = replace(change.alert, told_at=alert.told_at, told_severity=alert.told_severity)
                self.changes[i] = replace(change, alert=alert)
                return
        self.changes.append(AlertChange(ChangeKind.UPDATED, alert.updated_at, alert))

    def decisions(self, now: datetime, incidents: tuple[Incident, ...]) -> Decisions:
        """Everything decided, with the incidents that changed."""
        changes, announcements = tuple(self.changes), tuple(self.announcements)
        return Decisions(now, changes, incidents, announcements, tuple(self.readings), tuple(self.refused))
