"""Corrections: a cause found late, a better explanation than the one published, and incidents that turn out to be one.

The first message gives what is known. Results, an outage or a deal may be reported later, as may the story that ties a
fall to AI, or the one that tells what it really was. Until the next session's close a cause may be completed, give way
to a stronger one of the same kind once, and be corrected to another explanation once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.cause.causes import CauseRanking, Causes
from bot.core.incidents.alerts import AHEAD, AlertBook, cause_of, strengthened
from bot.core.incidents.announcing import Announcer
from bot.core.incidents.bonds import same_kind
from bot.core.incidents.incidents import Incidents
from bot.core.model import STATED_FROM, Alert, AlertChange, ChangeKind, Claim, Incident, IncidentState, Reading
from bot.core.news import Topics
from bot.core.prices.market import Market
from bot.core.prices.sessions import Session, Timetable
from bot.core.step_result import StepResult

LEAST_CONFIDENCE = 0.3
"""Least confidence of an explanation that completes an alert published without a cause."""


@dataclass(slots=True)
class Corrections:
    """Completes and corrects the causes of published alerts, and merges incidents."""

    market: Market
    alerts: AlertBook
    incidents: Incidents
    announcer: Announcer

    def merge(self, incident: Incident, alert: Alert, at: datetime, result: StepResult) -> Incident:
        """``incident``, which ``alert`` has just joined, or the one it was merged into."""
        while (twin := self.incidents.twin(incident, alert)) is not None:
            kept, closed = self.incidents.merge(incident, twin, at)
            self._amend([replace(a, incident=kept.id) for a in self.incidents.alerts_of(closed)], at, result)
            self.announcer.merged(closed, kept, at, result)
            incident = kept
        return incident

    def revise(
        self,
        readings: Sequence[Reading],
        at: datetime,
        result: StepResult,
        causes: Causes,
        reached: Callable[[str], Collection[str]],
    ) -> None:
        """Rank the causes of published alerts again where new stories name their symbols. An alert whose cause is not
        known is ranked again for any story whose cluster reaches its symbol (``reached``)."""
        named = _named_by(readings, causes.topics)
        near = {s for reading in readings if any(t.score > 0 for t in reading.topics) for s in reached(reading.cluster)}
        if not named and not near:
            return
        for incident in self.incidents.unmerged():
            if (current := self.incidents.get(incident.id)) is None or current.merged_into:
                continue  # one of this turn's causes made it part of another
            revised = [
                alert
                for published in self.incidents.alerts_of(current)
                if published.symbol in named or (published.told_cause is None and published.symbol in near)
                if (alert := self._better_explained(published, at, causes)) is not None
            ]
            self._amend(revised, at, result)
            completed = [alert.id for alert in revised if alert.corrected_at is None]
            if len(completed) < len(revised):
                self.announcer.correct(current, at, result)
            if completed:
                self.incidents.complete(current, completed, at)
            self._join(current.id, revised, at, result)

    def _join(self, incident_id: str, revised: Iterable[Alert], at: datetime, result: StepResult) -> None:
        """Merge an open incident with those that the causes found for ``revised`` bind it to."""
        for alert in revised:
            incident = self.incidents.get(incident_id)
            if incident is None or incident.state is not IncidentState.OPEN:
                return
            incident_id = self.merge(incident, alert, at, result).id

    def _amend(self, alerts: Iterable[Alert], at: datetime, result: StepResult) -> None:
        for alert in alerts:
            self.alerts.amend(alert)
            result.changes.append(AlertChange(ChangeKind.UPDATED, at, alert))

    def _better_explained(self, alert: Alert, at: datetime, causes: Causes) -> Alert | None:
        session = _correctable_session(alert, self.market.of(alert.symbol).timetable, at)
        if session is None or alert.change is None or alert.change >= 0:
            return None
        ranking = causes.explain(alert.symbol, at, session=None if at <= session.ends_at else session)
        if ranking is None:
            return None
        if alert.cause is None:
            return _completed(alert, ranking, at)
        return _strengthened(alert, ranking, at, causes.topics) or _corrected(alert, ranking, at, causes.topics)


def _named_by(readings: Iterable[Reading], topics: Topics) -> set[str]:
    """The companies named by stories on a topic that can explain a fall."""
    return {
        mention.name
        for reading in readings
        if any(score.topic in topics.causes and score.score > 0 for score in reading.topics)
        for mention in reading.mentions
        if mention.kind == "company"
    }


def _correctable_session(alert: Alert, timetable: Timetable, at: datetime) -> Session | None:
    """The alert's session; ``None`` where the alert has been corrected already or the next session has closed."""
    session = timetable.on(alert.session)
    if session is None or alert.corrected_at is not None:
        return None
    following = timetable.before(session, -1)
    return session if following is None or at <= following.close_at else None


def _completed(alert: Alert, ranking: CauseRanking, at: datetime) -> Alert | None:
    """``alert``, published without a cause, with the one now known; ``None`` where there still is none."""
    best = ranking.best
    if best is None or best.match is None or best.confidence < LEAST_CONFIDENCE:
        return None
    return replace(alert, cause=cause_of(best.match, best.confidence), updated_at=at)


def _strengthened(alert: Alert, ranking: CauseRanking, at: datetime, topics: Topics) -> Alert | None:
    """``alert`` with a stronger cause of the published one's kind or, where that was told as no more than possible, of
    any; ``None`` where there is none."""
    best, published = ranking.best, alert.cause
    if best is None or best.match is None or published is None:
        return None
    if published.claim is not Claim.POSSIBLE and not same_kind(best.topic, published.topic, topics.ai_causes):
        return None
    stronger = strengthened(alert, cause_of(best.match, best.confidence))
    return replace(stronger, updated_at=at) if stronger is not None else None


def _corrected(alert: Alert, ranking: CauseRanking, at: datetime, topics: Topics) -> Alert | None:
    """``alert`` with a better explanation of another kind; ``None`` where the published one is still the best."""
    best, published = ranking.best, alert.cause
    if best is None or best.match is None or published is None or published.claim is Claim.POSSIBLE:
        return None
    same = [e for e in ranking.explanations if same_kind(e.topic, published.topic, topics.ai_causes)]
    if best in same or best.confidence < STATED_FROM:
        return None
    still = max((e.confidence for e in same), default=0.0)
    if best.confidence < still + AHEAD:
        return None
    cause = cause_of(best.match, best.confidence)
    return replace(alert, cause=cause, corrected_from=published, corrected_at=at, updated_at=at)
