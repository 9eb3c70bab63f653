"""Incidents: which alerts a reader sees as one happening, and when there is a reason to speak.

Whether to say something is a pure decision that yields a ``Reason``: ``first`` at once; ``escalated`` when severity
rises; ``widened`` when the breadth doubles, from four symbols on and at most once an hour. Everything else edits the
message that is already there.

``Incidents`` is the only place where an incident or its thread changes, and knows which did.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.core.incidents import follow_ups
from bot.core.model import (
    Alert,
    AlertState,
    FollowUpKind,
    FollowUpOutcome,
    Incident,
    IncidentState,
    Reason,
)
from bot.core.prices.sessions import Timetable

WIDENED_FROM = 4
WIDENED_AT_MOST_EVERY = timedelta(hours=1)
EDIT_AT_MOST_EVERY = timedelta(minutes=1)


class Incidents:
    """Recent incidents, by id.

    What changes one takes it as its caller knows it, changes it as it is now, and returns it as it is then.
    """

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
        self._changed: dict[str, None] = {}

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

    def alerts_of(self, incident: Incident) -> list[Alert]:
        """Its alerts, in order of joining; none where the history has lost them."""
        return [alert for key in incident.alerts if (alert := self._alert_of(key)) is not None]

    def has_alerts(self, incident: Incident) -> bool:
        """Whether its alerts are known; of one whose alerts the history has lost nothing can be said."""
        return any(self._alert_of(key) is not None for key in incident.alerts)

    @property
    def changed(self) -> tuple[Incident, ...]:
        """Every incident that changed since they were last written down, as it now is."""
        return tuple(self._incidents[key] for key in self._changed)

    def written(self) -> None:
        """What has changed was handed over to be written down."""
        self._changed.clear()

    # ------------------------------------------------------------------------------------------------- the happening

    def restore(self, incidents: Iterable[Incident]) -> None:
        """Take incidents from the history."""
        for incident in incidents:
            self._incidents[incident.id] = incident

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
        grown = replace(
            incident,
            topic=incident.topic or (alert.cause.topic if alert.cause else ""),
            symbols=symbols,
            clusters=clusters,
            alerts=(*incident.alerts, alert.id),
            sessions=tuple(sorted({*incident.sessions, alert.session})),
        )
        return self.raise_severity(self._keep(grown), alert, at)

    def raise_severity(self, incident: Incident, alert: Alert, at: datetime) -> Incident:
        """``incident`` with the severity of one of its alerts; where that is higher, the lead is chosen anew."""
        current = self._incidents[incident.id]
        severity, lead = max(current.severity, alert.severity), current.lead
        if not lead or severity > current.severity:
            alerts = [*(a for a in self.alerts_of(current) if a.id != alert.id), alert]
            lead = worst(unless_set_apart(current, alerts)).symbol
        return self._keep(replace(current, severity=severity, lead=lead, updated_at=at))

    def resolved(self, incident: Incident, at: datetime) -> Incident:
        """``incident`` after one of its alerts was resolved."""
        return self._change(incident, updated_at=at)

    def twin(self, incident: Incident) -> Incident | None:
        """Another open incident that turned out to be the same happening: it shares a story's cluster or, explained by
        AI both, a session; and moves the same way."""
        for other in self.open():
            if other.id == incident.id or not self.has_alerts(other):
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
        due = {f.kind: f for f in (*newer.thread.follow_ups, *older.thread.follow_ups)}
        whole = replace(
            older,
            topic=older.topic or newer.topic,
            symbols=tuple(dict.fromkeys((*older.symbols, *newer.symbols))),
            clusters=tuple(dict.fromkeys((*older.clusters, *newer.clusters))),
            alerts=tuple(dict.fromkeys((*older.alerts, *newer.alerts))),
            sessions=tuple(sorted({*older.sessions, *newer.sessions})),
            severity=max(older.severity, newer.severity),
            updated_at=at,
            thread=replace(older.thread, follow_ups=tuple(due.values())),
        )
        if alerts := self.alerts_of(whole):
            whole = replace(whole, lead=worst(unless_set_apart(whole, alerts)).symbol)
        closed = self._close(newer, at, FollowUpOutcome.MERGED, merged_into=older.id)
        return self._keep(whole), closed

    def correct_lead(self, incident: Incident, at: datetime) -> Incident:
        """``incident`` after the cause of some of its alerts turned out to be another than told: where that holds of
        its lead but not of most, it is told by one whom its cause still explains."""
        current = self._reopened(incident, at)
        alerts = self.alerts_of(current)
        lead = current.lead
        if told_by(current, alerts).corrected_at is not None and not mostly_corrected(alerts):
            lead = worst(a for a in alerts if a.corrected_at is None).symbol
        return self._keep(replace(current, lead=lead))

    def complete(self, incident: Incident, found: Collection[str], at: datetime) -> Incident:
        """``incident``, told without a cause, with the one that the alerts of the ids ``found`` have by now.

        One company's own reason says nothing of most others, so one of them leads then; AI news speaks for all.
        """
        alerts = self.alerts_of(incident)
        lead = told_by(incident, alerts)
        if lead.cause is not None and lead.id not in found:
            return incident  # it tells of one already
        by_ai = [a for a in alerts if a.cause is not None and a.cause.topic in self._shared_topics()]
        unexplained = [a for a in alerts if a.cause is None]
        ours = by_ai or (unexplained if 2 * len(unexplained) > len(alerts) else [])
        if ours and lead not in ours:
            lead = worst(ours)
        cause, current = lead.cause, self._reopened(incident, at)
        return self._change(
            current,
            lead=lead.symbol,
            topic=current.topic or (cause.topic if cause else ""),
            clusters=tuple(dict.fromkeys((*current.clusters, *([cause.cluster] if cause else [])))),
        )

    def close_if_settled(self, incident: Incident, at: datetime) -> None:
        """Close it where nothing more will come: every alert is resolved, every follow-up done, and no edit waits."""
        current = self._incidents[incident.id]
        resolved = all(a.state is AlertState.RESOLVED for a in self.alerts_of(current))
        done = all(f.done_at is not None for f in current.thread.follow_ups)
        if resolved and done and current.thread.edit_due_at is None:
            self._change(current, state=IncidentState.CLOSED, closed_at=at, updated_at=at)

    def give_up(self, incident: Incident, at: datetime) -> None:
        """Close an incident of which nothing can be said any more."""
        self._close(self._incidents[incident.id], at, FollowUpOutcome.STALE)

    def forget(self, before: date) -> None:
        """Drop closed incidents whose last session is before ``before``."""
        for key in [
            k for k, i in self._incidents.items() if i.state is IncidentState.CLOSED and i.sessions[-1] < before
        ]:
            del self._incidents[key]
            self._changed.pop(key, None)

    # ---------------------------------------------------------------------------------------------------- the thread

    def acknowledge(self, incident: Incident, at: datetime, by: str) -> Incident:
        """Somebody looks after it."""
        self._change(incident, updated_at=at)
        return self._change_thread(incident, acknowledged_at=at, acknowledged_by=by)

    def plan_follow_ups(self, incident: Incident, kinds: Iterable[FollowUpKind], at: datetime) -> Incident:
        """``incident`` with these follow-ups planned, where it does not have them yet."""
        planned = follow_ups.plan(kinds, self._incidents[incident.id], self._timetable_of(incident.lead), at)
        return self._change_thread(incident, follow_ups=planned)

    def announced(self, incident: Incident, reason: Reason, at: datetime) -> Incident:
        """``incident`` after a new message with the whole summary went out."""
        current = self._incidents[incident.id]
        return self._change_thread(
            current,
            messages=current.thread.messages + 1,
            main=current.thread.messages + 1,
            main_reason=reason,
            told_at=at,
            told_breadth=len(current.symbols),
            told_severity=current.severity,
            told_change=told_by(current, self.alerts_of(current)).last_change,
            told_session=current.sessions[-1],
            edited_at=at,
            edit_due_at=None,
        )

    def edit_soon(self, incident: Incident, at: datetime) -> Incident:
        """``incident`` with an edit planned: at once, or as soon as the last change to the message is a minute old."""
        thread = self._incidents[incident.id].thread
        if thread.edit_due_at is not None or thread.messages == 0:
            return self._incidents[incident.id]
        return self._change_thread(incident, edit_due_at=max(at, (thread.edited_at or at) + EDIT_AT_MOST_EVERY))

    def edited(self, incident: Incident, at: datetime) -> Incident:
        """``incident`` after its message was edited."""
        current = self._change(incident, updated_at=at)
        change = told_by(current, self.alerts_of(current)).last_change
        return self._change_thread(
            current, edits=current.thread.edits + 1, edited_at=at, edit_due_at=None, told_change=change
        )

    def told_merged(self, incident: Incident, at: datetime) -> Incident:
        """``incident``, closed, after its message was edited to say where to read on."""
        return self._change_thread(incident, edits=incident.thread.edits + 1, edited_at=at)

    def told_corrected(self, incident: Incident, at: datetime) -> Incident:
        """``incident`` after a message said that its cause is that of its lead now."""
        current = self._incidents[incident.id]
        cause = told_by(current, self.alerts_of(current)).cause
        assert cause is not None
        clusters = tuple(dict.fromkeys((*current.clusters, cause.cluster)))
        current = self._change(current, topic=cause.topic, clusters=clusters)
        return self._change_thread(current, messages=current.thread.messages + 1, corrected_at=at)

    def followed_up(
        self, incident: Incident, kinds: Collection[FollowUpKind], at: datetime, outcome: FollowUpOutcome
    ) -> Incident:
        """``incident`` after one message with these follow-ups."""
        current = self.end_follow_ups(incident, kinds, at, outcome)
        return self._change_thread(current, messages=current.thread.messages + 1)

    def end_follow_ups(
        self, incident: Incident, kinds: Collection[FollowUpKind], at: datetime, outcome: FollowUpOutcome
    ) -> Incident:
        """``incident`` with the follow-ups of these kinds done."""
        current = self._change(incident, updated_at=at)
        return self._change_thread(
            current,
            follow_ups=tuple(
                replace(f, done_at=at, outcome=outcome) if f.kind in kinds and f.done_at is None else f
                for f in current.thread.follow_ups
            ),
        )

    # ------------------------------------------------------------------------------------------------------- details

    def _keep(self, incident: Incident) -> Incident:
        self._incidents[incident.id] = incident
        self._changed[incident.id] = None
        return incident

    def _change(self, incident: Incident, **changes: Any) -> Incident:
        return self._keep(replace(self._incidents[incident.id], **changes))

    def _change_thread(self, incident: Incident, **changes: Any) -> Incident:
        current = self._incidents[incident.id]
        return self._keep(replace(current, thread=replace(current.thread, **changes)))

    def _reopened(self, incident: Incident, at: datetime) -> Incident:
        """``incident``, open, to be edited soon: there is more to say of it."""
        self.edit_soon(incident, at)
        return self._change(incident, state=IncidentState.OPEN, closed_at=None, updated_at=at)

    def _close(self, incident: Incident, at: datetime, outcome: FollowUpOutcome, merged_into: str = "") -> Incident:
        """``incident``, closed, whatever was still to come."""
        self.end_follow_ups(incident, [f.kind for f in incident.thread.follow_ups], at, outcome)
        self._change_thread(incident, edit_due_at=None)
        return self._change(incident, state=IncidentState.CLOSED, closed_at=at, updated_at=at, merged_into=merged_into)

    def _falls(self, incident: Incident) -> bool | None:
        told = next((a.change for a in self.alerts_of(incident) if a.change is not None), None)
        return None if told is None else told < 0

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
                return replace(incident, state=IncidentState.OPEN, closed_at=None)
        return None

    def _other_way(self, incident: Incident, alert: Alert) -> bool:
        """The incident is of falls and the alert a rise, or the other way round."""
        falls = self._falls(incident)
        return falls is not None and alert.change is not None and falls != (alert.change < 0)

    def _fired_by(self, incident: Incident, rule: str) -> bool:
        return any(a.rule == rule for a in self.alerts_of(incident))

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


def worst(alerts: Iterable[Alert]) -> Alert:
    """The alert to lead with: of the highest severity, the one whose price has moved furthest; of equals the first.

    Raises ValueError where there is none.
    """
    return max(alerts, key=lambda a: (a.severity, abs(a.last_change or 0.0)))


def told_by(incident: Incident, alerts: Sequence[Alert]) -> Alert:
    """The alert an incident is told by, of which ``alerts`` has at least one: its lead's, of the highest severity, the
    incident's first session before the newest."""
    of_lead = [a for a in alerts if a.symbol == incident.lead] or [worst(alerts)]
    return max(of_lead, key=lambda a: (a.severity, a.session == incident.session, a.session))


def began_with(incident: Incident, alerts: Sequence[Alert]) -> Alert:
    """The alert whose reference is the price from before the lead's fall: that of its first session."""
    told = told_by(incident, alerts)
    return min((a for a in alerts if a.symbol == told.symbol), key=lambda a: (a.session, -a.severity))


def unless_set_apart(incident: Incident, alerts: Sequence[Alert]) -> Sequence[Alert]:
    """Those of ``alerts`` that may lead: not one that fell for a reason of its own, while the incident has another."""
    own = [a for a in alerts if a.corrected_at is None]
    return own if own and incident.thread.corrected_at is None else alerts


def mostly_corrected(alerts: Sequence[Alert]) -> bool:
    """Whether at least half of ``alerts`` were told with another cause than they have now."""
    return 2 * sum(a.corrected_at is not None for a in alerts) >= len(alerts)


def reason_to_speak(incident: Incident, at: datetime) -> Reason | None:
    """Why a new message about ``incident`` is due at ``at``; ``None`` where an edit will do."""
    thread = incident.thread
    if thread.messages == 0:
        return Reason.FIRST
    if thread.told_severity is not None and incident.severity > thread.told_severity:
        return Reason.ESCALATED
    if thread.acknowledged_at is not None:
        return None  # somebody looks after it
    if thread.told_session is not None and incident.sessions[-1] > thread.told_session:
        return Reason.WIDENED  # it goes on in another session
    if (
        len(incident.symbols) >= max(WIDENED_FROM, 2 * thread.told_breadth)
        and thread.told_at is not None
        and at - thread.told_at >= WIDENED_AT_MOST_EVERY
    ):
        return Reason.WIDENED
    return None


def message_key(incident: Incident, number: int) -> str:
    """Key of an incident's ``number``-th new message."""
    return f"{incident.id}:{number}"


def edit_key(incident: Incident) -> str:
    """Key of an incident's newest edit."""
    return f"{incident.id}:edit:{incident.thread.edits}"
