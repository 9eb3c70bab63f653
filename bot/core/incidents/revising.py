"""Second thoughts: a cause that comes late or is another than told, two incidents that turn out to be one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.cause.causes import Causes
from bot.core.incidents import corrections
from bot.core.incidents.alerts import AlertBook
from bot.core.incidents.announcing import Announcer
from bot.core.incidents.incidents import Incidents
from bot.core.model import Alert, AlertChange, ChangeKind, Incident, Reading
from bot.core.prices.market import Market
from bot.core.step_result import StepResult


@dataclass(slots=True)
class Corrections:
    """Changes what was said of incidents where more is known now."""

    market: Market
    alerts: AlertBook
    incidents: Incidents
    announcer: Announcer

    def merge(self, incident: Incident, at: datetime, result: StepResult) -> Incident:
        """``incident``, or the one it turned out to be one with."""
        while (twin := self.incidents.twin(incident)) is not None:
            whole, closed = self.incidents.merge(incident, twin, at)
            for alert in [replace(a, incident=whole.id) for a in self.incidents.alerts_of(closed)]:
                self.alerts.amend(alert)
                result.changes.append(AlertChange(ChangeKind.UPDATED, at, alert))
            self.announcer.merged(closed, whole, at, result)
            incident = whole
        return incident

    def revise(
        self,
        read: Sequence[Reading],
        at: datetime,
        result: StepResult,
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
            told = self.incidents.alerts_of(incident)
            better = [
                alert
                for each in told
                if each.symbol in named or (each.cause is None and each.symbol in near)
                if (alert := self._better_explained(each, at, causes)) is not None
            ]
            for alert in better:
                self.alerts.amend(alert)
                result.changes.append(AlertChange(ChangeKind.UPDATED, at, alert))
            if any(alert.corrected_at is not None for alert in better):
                self.announcer.correct(incident, at, result)
            elif better:
                self.incidents.complete(incident, [alert.id for alert in better], at)

    def _better_explained(self, alert: Alert, at: datetime, causes: Causes) -> Alert | None:
        session = corrections.still_open(alert, self.market.of(alert.symbol).timetable, at)
        if session is None or (alert.change or 0.0) >= 0:
            return None
        verdict = causes.explain(alert.symbol, at, session=None if at <= session.ends_at else session)
        if alert.cause is None:
            return corrections.completed(alert, verdict, at) if alert.change is not None else None
        return corrections.corrected(alert, verdict, at, causes.topics)
