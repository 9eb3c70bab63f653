"""Second thoughts: a cause that was told and is another, two incidents that turn out to be one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core import corrections
from bot.core.alerts import AlertBook
from bot.core.cause.causes import Causes
from bot.core.incidents import IncidentBook
from bot.core.market import Market
from bot.core.model import Alert, AlertChange, ChangeKind, Incident, Reading
from bot.core.record import Record
from bot.core.speaker import Speaker


@dataclass(slots=True)
class Revising:
    """Changes what was said of incidents where more is known now."""

    market: Market
    alerts: AlertBook
    incidents: IncidentBook
    speaker: Speaker

    def merge(self, incident: Incident, at: datetime, record: Record) -> Incident:
        """``incident``, or the one it turned out to be one with."""
        while (twin := self.incidents.twin(incident)) is not None:
            whole, closed = self.incidents.merge(incident, twin, at)
            moved = [replace(a, incident=whole.id) for a in map(self.alerts.get, closed.alerts) if a is not None]
            for alert in moved:
                self.alerts.amend(alert)
                record.changes.append(AlertChange(ChangeKind.UPDATED, at, alert))
            record.touched[closed.id] = closed
            record.touched[whole.id] = whole
            self.speaker.merged(closed, moved, whole, at, record)
            incident = whole
        return incident

    def correct(self, read: Sequence[Reading], at: datetime, record: Record, causes: Causes) -> None:
        """Hold what was said of those whom new stories name against what is known now."""
        opened = self.incidents.open() if read else []
        named = corrections.named_by(read) if opened else set()
        for incident in opened:
            better = [
                alert
                for key in incident.alerts
                if (told := self.alerts.get(key)) is not None and told.symbol in named
                if (alert := self._better_explained(told, at, causes)) is not None
            ]
            for alert in better:
                self.alerts.amend(alert)
                record.changes.append(AlertChange(ChangeKind.UPDATED, at, alert))
            if better:
                self.speaker.correct(self.incidents.get(incident.id) or incident, at, record)

    def _better_explained(self, alert: Alert, at: datetime, causes: Causes) -> Alert | None:
        session = corrections.still_open(alert, self.market.of(alert.symbol).timetable, at)
        if session is None or (alert.change or 0.0) >= 0:
            return None
        earlier = None if at <= session.ends_at else session
        return corrections.corrected(alert, causes.explain(alert.symbol, at, session=earlier), at)
