"""Incidents: which alerts a reader sees as one happening, and when there is a reason to speak.

Whether to say something is a pure decision that yields a ``Reason``: ``first`` at once; ``escalated`` when severity
rises; ``widened`` when the breadth doubles, from four symbols on and at most once an hour. Everything else edits the
message that is already there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.core.model import Alert, AlertState, Incident, IncidentState, Reason
from bot.core.sessions import Timetable

WIDENED_FROM = 4
WIDENED_AT_MOST_EVERY = timedelta(hours=1)
EDIT_AT_MOST_EVERY = timedelta(minutes=1)


class IncidentBook:
    """Recent incidents, by id."""

    def __init__(
        self,
        timetable_of: Callable[[str], Timetable],
        alert_of: Callable[[str], Alert | None],
        shared_topics: Callable[[], frozenset[str]],
    ) -> None:
        """``timetable_of`` a symbol, the ``alert_of`` an id, and the ``shared_topics``: falls in one session that these
        explain are one happening; two companies' earnings are not."""
        self._timetable_of = timetable_of
        self._alert_of = alert_of
        self._shared_topics = shared_topics
        self._incidents: dict[str, Incident] = {}

    # ------------------------------------------------------------------------------------------------------- reading

    def get(self, incident_id: str) -> Incident | None:
        """The incident called ``incident_id``, if it is recent."""
        return self._incidents.get(incident_id)

    def __iter__(self) -> Iterator[Incident]:
        return iter(tuple(self._incidents.values()))

    def open(self) -> list[Incident]:
        """Open incidents, oldest first."""
        return [i for i in self._incidents.values() if i.state is IncidentState.OPEN]

    def unmerged(self) -> list[Incident]:
        """All that stand for themselves, those that are over included, oldest first."""
        return [i for i in self._incidents.values() if not i.merged_into]

    # ------------------------------------------------------------------------------------------------------ changing

    def restore(self, incidents: Iterable[Incident]) -> None:
        """Take incidents from the history."""
        for incident in incidents:
            self._incidents[incident.id] = incident

    def put(self, incident: Incident) -> Incident:
        """Record ``incident`` as it now is."""
        self._incidents[incident.id] = incident
        return incident

    def join(self, alert: Alert, at: datetime, *, together: bool = False) -> Incident:
        """The incident ``alert`` belongs to, with it in: one that shares its cause cluster, or its topic and session;
        else a new one. Rises and falls are never one happening.

        An alert without a cause shares nothing but its symbol and, where its rule is about stocks that move
        ``together``, that rule. What has no cause yet takes on that of an alert for one of its symbols.
        """
        incident = self._matching(alert, together) or self._new(alert, at)
        symbols = incident.symbols if alert.symbol in incident.symbols else (*incident.symbols, alert.symbol)
        clusters = incident.clusters
        if alert.cause and alert.cause.cluster not in clusters:
            clusters = (*clusters, alert.cause.cluster)
        lead = alert.symbol if not incident.lead else incident.lead
        return self.put(
            replace(
                incident,
                topic=incident.topic or (alert.cause.topic if alert.cause else ""),
                symbols=symbols,
                clusters=clusters,
                alerts=(*incident.alerts, alert.id),
                sessions=tuple(sorted({*incident.sessions, alert.session})),
                severity=max(incident.severity, alert.severity),
                lead=lead,
                updated_at=at,
            )
        )

    def raise_to(self, incident: Incident, alert: Alert, at: datetime) -> Incident:
        """``incident`` after one of its alerts rose."""
        return self.put(replace(incident, severity=max(incident.severity, alert.severity), updated_at=at))

    def twin(self, incident: Incident) -> Incident | None:
        """Another open incident that turned out to be the same happening: it shares a story's cluster or, explained by
        AI both, a session; and moves the same way."""
        for other in self.open():
            if other.id == incident.id or not other.alerts:
                continue
            shared = set(other.clusters) & set(incident.clusters)
            same_day = set(other.sessions) & set(incident.sessions)
            by_ai = {other.topic, incident.topic} <= self._shared_topics()
            if (shared or (same_day and by_ai)) and self._falls(other) == self._falls(incident):
                return other
        return None

    def merge(self, one: Incident, other: Incident, at: datetime) -> tuple[Incident, Incident]:
        """The older of the two with all that the newer has, and the newer, closed. What it said stays its own."""
        older, newer = sorted((one, other), key=lambda i: (i.started_at, i.id))
        due = {f.kind: f for f in (*newer.follow_ups, *older.follow_ups)}
        whole = replace(
            older,
            topic=older.topic or newer.topic,
            symbols=tuple(dict.fromkeys((*older.symbols, *newer.symbols))),
            clusters=tuple(dict.fromkeys((*older.clusters, *newer.clusters))),
            alerts=tuple(dict.fromkeys((*older.alerts, *newer.alerts))),
            sessions=tuple(sorted({*older.sessions, *newer.sessions})),
            severity=max(older.severity, newer.severity),
            follow_ups=tuple(due.values()),
            updated_at=at,
        )
        rest = tuple(f if f.done_at else replace(f, done_at=at, outcome="merged") for f in newer.follow_ups)
        closed = replace(
            newer,
            state=IncidentState.CLOSED,
            closed_at=at,
            updated_at=at,
            merged_into=older.id,
            follow_ups=rest,
            edit_due_at=None,
        )
        self.put(closed)
        return self.put(whole), closed

    def _falls(self, incident: Incident) -> bool | None:
        told = next((a.change for a in self._alerts_of(incident) if a.change is not None), None)
        return None if told is None else told < 0

    def forget(self, before: date) -> None:
        """Drop closed incidents whose last session is before ``before``."""
        for key in [
            k for k, i in self._incidents.items() if i.state is IncidentState.CLOSED and i.sessions[-1] < before
        ]:
            del self._incidents[key]

    # ------------------------------------------------------------------------------------------------------- details

    def _matching(self, alert: Alert, together: bool) -> Incident | None:
        """The newest open incident it belongs to.

        One that fell silent for more than a session is another happening, even where the same story is behind both.
        """
        shared = self._shared_topics()
        for incident in reversed(self.open()):
            if self._gap(incident, alert) > 1 or self._other_way(incident, alert):
                continue
            now = alert.session in incident.sessions
            known = now and alert.symbol in incident.symbols
            if alert.cause is None:
                open_to = not incident.topic or incident.topic in shared
                if known or (now and together and open_to and self._fired_by(incident, alert.rule)):
                    return incident
            elif (
                alert.cause.cluster in incident.clusters
                or (known and not incident.topic)
                or (now and {alert.cause.topic, incident.topic} <= shared)
            ):
                return incident
        return self._told_without_cause(alert)

    def _told_without_cause(self, alert: Alert) -> Incident | None:
        """The newest incident that is over and told of this very fall without a cause: the alert brings it."""
        if alert.cause is None:
            return None
        for incident in reversed(self.unmerged()):
            known = alert.session in incident.sessions and alert.symbol in incident.symbols
            if known and not incident.topic and not self._other_way(incident, alert):
                return reopened(incident)
        return None

    def _alerts_of(self, incident: Incident) -> Iterator[Alert]:
        return (alert for key in incident.alerts if (alert := self._alert_of(key)) is not None)

    def _other_way(self, incident: Incident, alert: Alert) -> bool:
        """The incident is of falls and the alert a rise, or the other way round."""
        falls = self._falls(incident)
        return falls is not None and alert.change is not None and falls != (alert.change < 0)

    def _fired_by(self, incident: Incident, rule: str) -> bool:
        return any(a.rule == rule for a in self._alerts_of(incident))

    def _gap(self, incident: Incident, alert: Alert) -> int:
        """How many sessions lie between the incident's last alert and this one, on the alert's exchange."""
        return self._timetable_of(alert.symbol).between(incident.sessions[-1], alert.session)

    def _new(self, alert: Alert, at: datetime) -> Incident:
        day = f"{alert.session:%Y%m%d}"
        number = 1 + max((int(i.split("-")[1]) for i in self._incidents if i.startswith(day)), default=0)
        return Incident(
            id=f"{day}-{number}",
            topic=alert.cause.topic if alert.cause else "",
            clusters=(),
            session=alert.session,
            sessions=(),
            started_at=at,
            updated_at=at,
            severity=alert.severity,
            state=IncidentState.OPEN,
            lead="",
            symbols=(),
            alerts=(),
        )


def reopened(incident: Incident) -> Incident:
    """``incident``, open: there is more to say of it."""
    return replace(incident, state=IncidentState.OPEN, closed_at=None)


def reason_to_speak(incident: Incident, at: datetime) -> Reason | None:
    """Why a new message about ``incident`` is due at ``at``; ``None`` where an edit will do."""
    if incident.messages == 0:
        return Reason.FIRST
    if incident.told_severity is not None and incident.severity > incident.told_severity:
        return Reason.ESCALATED
    if incident.acknowledged_at is not None:
        return None  # somebody looks after it
    if incident.told_session is not None and incident.sessions[-1] > incident.told_session:
        return Reason.WIDENED  # it goes on in another session
    if (
        len(incident.symbols) >= max(WIDENED_FROM, 2 * incident.told_breadth)
        and incident.told_at is not None
        and at - incident.told_at >= WIDENED_AT_MOST_EVERY
    ):
        return Reason.WIDENED
    return None


def told(incident: Incident, reason: Reason, at: datetime) -> Incident:
    """``incident`` after a new message with the whole summary went out."""
    return replace(
        incident,
        messages=incident.messages + 1,
        main=incident.messages + 1,
        main_reason=reason,
        told_at=at,
        told_breadth=len(incident.symbols),
        told_severity=incident.severity,
        told_session=incident.sessions[-1],
        edited_at=at,
        edit_due_at=None,
    )


def needs_edit(incident: Incident, at: datetime) -> Incident:
    """``incident`` with an edit planned: at once, or as soon as the last change to the message is a minute old."""
    if incident.edit_due_at is not None or incident.messages == 0:
        return incident
    last = incident.edited_at or at
    return replace(incident, edit_due_at=max(at, last + EDIT_AT_MOST_EVERY))


def message_key(incident: Incident, number: int) -> str:
    """Key of an incident's ``number``-th new message."""
    return f"{incident.id}:{number}"


def edit_key(incident: Incident) -> str:
    """Key of an incident's newest edit."""
    return f"{incident.id}:edit:{incident.edits}"


def settled(incident: Incident, alerts: Sequence[Alert]) -> bool:
    """Nothing more will come: every alert is resolved, every follow-up done, and no edit waits."""
    return (
        all(a.state is AlertState.RESOLVED for a in alerts)
        and all(f.done_at is not None for f in incident.follow_ups)
        and incident.edit_due_at is None
    )
