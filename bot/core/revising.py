"""Second thoughts: a cause that comes late or is another than told, two incidents that turn out to be one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
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

    def revise(
        self,
        read: Sequence[Reading],
        at: datetime,
        record: Record,
        causes: Causes,
        reached: Callable[[str], Collection[str]],
    ) -> None:
        """Hold what was said of those whom new stories name against what is known now; who was told of without a cause
        may get it from any story whose cluster reaches it (``reached``)."""
        named = corrections.named_by(read, causes.topics)
        near = {s for reading in read if any(t.score > 0 for t in reading.topics) for s in reached(reading.cluster)}
        if not named and not near:
            return
        for incident in self.incidents.unmerged():
            told = [a for a in map(self.alerts.get, incident.alerts) if a is not None]
            better = [
                alert
                for each in told
                if each.symbol in named or (each.cause is None and each.symbol in near)
                if (alert := self._better_explained(each, at, causes)) is not None
            ]
            for alert in better:
                self.alerts.amend(alert)
                record.changes.append(AlertChange(ChangeKind.UPDATED, at, alert))
            if any(alert.corrected_at is not None for alert in better):
                self.speaker.correct(self.incidents.get(incident.id) or incident, at, record)
            elif better:
                self.speaker.complete(self.incidents.get(incident.id) or incident, better, at, record)

    def _better_explained(self, alert: Alert, at: datetime, causes: Causes) -> Alert | None:
        session = corrections.still_open(alert, self.market.of(alert.symbol).timetable, at)
        if session is None or (alert.change or 0.0) >= 0:
            return None
        verdict = causes.explain(alert.symbol, at, session=None if at <= session.ends_at else session)
        if alert.cause is None:
            return corrections.completed(alert, verdict, at) if alert.change is not None else None
        return corrections.corrected(alert, verdict, at, causes.topics)
