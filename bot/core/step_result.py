"""What one step has decided so far, in order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.model import (
    Alert,
    AlertChange,
    Announcement,
    ChangeKind,
    Decisions,
    Incident,
    Reading,
    Refused,
)


@dataclass(slots=True)
class StepResult:
    """Collects; ``decisions`` is the frozen result."""

    changes: list[AlertChange] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def mark_told(self, alert: Alert) -> None:
        """Let the alert's last change say when it was told, its figures as they were; add a change where none is."""
        for i in range(len(self.changes) - 1, -1, -1):
            if self.changes[i].alert.id == alert.id:
                figures = self.changes[i].alert
                told = replace(figures, told_at=alert.told_at, told_severity=alert.told_severity)
                self.changes[i] = replace(self.changes[i], alert=told)
                return
        self.changes.append(AlertChange(ChangeKind.UPDATED, alert.updated_at, alert))

    def decisions(self, now: datetime, incidents: tuple[Incident, ...]) -> Decisions:
        """Everything, frozen, with the incidents that changed."""
        return Decisions(
            now,
            tuple(self.changes),
            incidents,
            tuple(self.announcements),
            tuple(self.readings),
            tuple(self.refused),
        )
