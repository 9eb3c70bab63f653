"""Incidents: which alerts belong together, and when there is a reason for a new message.

The ``Reason`` is ``first`` at once; ``escalated`` when severity rises; ``widened`` when the breadth doubles, from four
symbols on and at most once an hour. Everything else edits the message already sent.

Only ``Incidents`` changes an incident or its thread, and it keeps track of those that changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.core.incidents import follow_ups
from bot.core.model import Alert, AlertState, FollowUpKind, FollowUpOutcome, Incident, IncidentState, Reason
from bot.core.prices.sessions import Timetable

WIDENED_FROM = 4
WIDENED_AT_MOST_EVERY = timedelta(hours=1)
EDIT_AT_MOST_EVERY = timedelta(minutes=1)


class Incidents:
    """Recent incidents, by id.

    Methods that change an incident apply to its stored state, which may be newer than the caller's copy, and return
    the new state.
    """

    def __init__(
        self,
        timetable_of: Callable[[str], Timetable],
        alert_of: Callable[[str], Alert | None],
        shared_topics: Callable[[], frozenset[str]],
    ) -> None:
        """``timetable_of`` takes a symbol, ``alert_of`` an id. Falls in one session explained by ``shared_topics`` are
        one incident; falls on two companies' earnings are not."""
        self._timetable_of = timetable_of
        self._alert_of = alert_of
        self._shared_topics = shared_topics
        self._incidents: dict[str, Incident] = {}
        self._changed: dict[str, None] = {}

    # ------------------------------------------------------------------------------------------------------- reading

    def get(self, incident_id: str) -> Incident | None:
        """The incident with this id, if it is recent."""
        return self._incidents.get(incident_id)

    def __iter__(self) -> Iterator[Incident]:
        return iter(tuple(self._incidents.values()))

    def open(self) -> list[Incident]:
        """Open incidents, oldest first."""
        return [i for i in self._incidents.values() if i.state is IncidentState.OPEN]

    def unmerged(self) -> list[Incident]:
        """All incidents, open and closed, except those merged into another; oldest first."""
        return [i for i in self._incidents.values() if not i.merged_into]

    def alerts_of(self, incident: Incident) -> list[Alert]:
        """Its alerts, in order of joining; those missing from the history are left out."""
        return [alert for key in incident.alerts if (alert := self._alert_of(key)) is not None]

    def has_alerts(self, incident: Incident) -> bool:
        """Whether any of its alerts is known; without one there is nothing to publish."""
        return any(self._alert_of(key) is not None for key in incident.alerts)

    @property
    def changed(self) -> tuple[Incident, ...]:
        """The incidents that changed since the last ``written``, in their current state."""
        return tuple(self._incidents[key] for key in self._changed)

    def written(self) -> None:
        """Note that the changed incidents have been handed over for storing."""
        self._changed.clear()

    # ------------------------------------------------------------------------------------------------- the incident

    def restore(self, incidents: Iterable[Incident]) -> None:
        """Load incidents from the history."""
        self._incidents |= {incident.id: incident for incident in incidents}

    def join(self, alert: Alert, at: datetime, *, together: bool = False) -> Incident:
        """Add ``alert`` to the incident that shares its cause cluster, or its topic and session; else to a new one.
        Rises and falls never share an incident.

        An alert without a cause joins only by its symbol or, where its rule is about stocks that move ``together``, by
        that rule. An incident without a cause takes on the cause of an alert for one of its symbols.
        """
        incident = self._matching(alert, together) or self._new(alert, at)
        grown = replace(
            incident,
            topic=incident.topic or (alert.cause.topic if alert.cause else ""),
            symbols=_distinct(incident.symbols, (alert.symbol,)),
            clusters=_distinct(incident.clusters, (alert.cause.cluster,) if alert.cause else ()),
            alerts=(*incident.alerts, alert.id),
            sessions=tuple(sorted({*incident.sessions, alert.session})),
        )
        return self.raise_severity(self._keep(grown), alert, at)

    def raise_severity(self, incident: Incident, alert: Alert, at: datetime) -> Incident:
        """Raise the incident's severity to that of one of its alerts; a new lead is chosen where it is higher."""
        current = self._incidents[incident.id]
        severity, lead = max(current.severity, alert.severity), current.lead
        if not lead or severity > current.severity:
            alerts = [*(a for a in self.alerts_of(current) if a.id != alert.id), alert]
            lead = worst(lead_candidates(current, alerts)).symbol
        return self._keep(replace(current, severity=severity, lead=lead, updated_at=at))

    def resolved(self, incident: Incident, at: datetime) -> Incident:
        """Record that one of the incident's alerts was resolved."""
        return self._change(incident, updated_at=at)

    def twin(self, incident: Incident) -> Incident | None:
        """Another open incident to merge with: it moves the same way and shares a cluster or, where AI explains both, a
        session."""
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
        """Move everything but the messages of the newer incident into the older; returns the older, and the newer,
        closed."""
        older, newer = sorted((one, other), key=lambda i: (i.started_at, i.id))
        due = {f.kind: f for f in (*newer.thread.follow_ups, *older.thread.follow_ups)}
        whole = replace(
            older,
            topic=older.topic or newer.topic,
            symbols=_distinct(older.symbols, newer.symbols),
            clusters=_distinct(older.clusters, newer.clusters),
            alerts=_distinct(older.alerts, newer.alerts),
            sessions=tuple(sorted({*older.sessions, *newer.sessions})),
            severity=max(older.severity, newer.severity),
            updated_at=at,
            thread=replace(older.thread, follow_ups=tuple(due.values())),
        )
        if alerts := self.alerts_of(whole):
            whole = replace(whole, lead=worst(lead_candidates(whole, alerts)).symbol)
        closed = self._close(newer, at, FollowUpOutcome.MERGED, merged_into=older.id)
        return self._keep(whole), closed

    def correct_lead(self, incident: Incident, at: datetime) -> Incident:
        """Reopen the incident after some of its alerts' causes were corrected. Where the lead's was but most were not,
        the lead passes to an alert the incident's cause still explains."""
        current = self._reopened(incident, at)
        alerts = self.alerts_of(current)
        lead = current.lead
        if lead_alert(current, alerts).corrected_at is not None and not mostly_corrected(alerts):
            lead = worst(a for a in alerts if a.corrected_at is None).symbol
        return self._keep(replace(current, lead=lead))

    def complete(self, incident: Incident, completed: Collection[str], at: datetime) -> Incident:
        """Give an incident published without a cause the one its alerts with the ids ``completed`` now have.

        AI news explains all of them. One company's own reason does not: where most remain unexplained, one of those
        becomes the lead.
        """
        alerts = self.alerts_of(incident)
        lead = lead_alert(incident, alerts)
        if lead.cause is not None and lead.id not in completed:
            return incident  # it already shows a cause
        by_ai = [a for a in alerts if a.cause is not None and a.cause.topic in self._shared_topics()]
        unexplained = [a for a in alerts if a.cause is None]
        candidates = by_ai or (unexplained if 2 * len(unexplained) > len(alerts) else [])
        if candidates and lead not in candidates:
            lead = worst(candidates)
        cause, current = lead.cause, self._reopened(incident, at)
        return self._change(
            current,
            lead=lead.symbol,
            topic=current.topic or (cause.topic if cause else ""),
            clusters=_distinct(current.clusters, (cause.cluster,) if cause else ()),
        )

    def close_if_settled(self, incident: Incident, at: datetime) -> None:
        """Close the incident once all alerts are resolved, all follow-ups done, and no edit is planned."""
        current = self._incidents[incident.id]
        resolved = all(a.state is AlertState.RESOLVED for a in self.alerts_of(current))
        done = all(f.done_at is not None for f in current.thread.follow_ups)
        if resolved and done and current.thread.edit_due_at is None:
            self._change(current, state=IncidentState.CLOSED, closed_at=at, updated_at=at)

    def close_lost(self, incident: Incident, at: datetime) -> None:
        """Close an incident whose alerts are missing from the history."""
        self._close(self._incidents[incident.id], at, FollowUpOutcome.STALE)

    def forget(self, before: date) -> None:
        """Drop closed incidents whose last session is before ``before``."""
        for key, incident in list(self._incidents.items()):
            if incident.state is IncidentState.CLOSED and incident.sessions[-1] < before:
                del self._incidents[key]
                self._changed.pop(key, None)

    # ---------------------------------------------------------------------------------------------------- the thread

    def acknowledge(self, incident: Incident, at: datetime, by: str) -> Incident:
        """Record who acknowledged the incident."""
        self._change(incident, updated_at=at)
        return self._change_thread(incident, acknowledged_at=at, acknowledged_by=by)

    def plan_follow_ups(self, incident: Incident, kinds: Iterable[FollowUpKind], at: datetime) -> Incident:
        """Plan those of these follow-ups that the incident does not have yet."""
        planned = follow_ups.plan(kinds, self._incidents[incident.id], self._timetable_of(incident.lead), at)
        return self._change_thread(incident, follow_ups=planned)

    def record_message(self, incident: Incident, reason: Reason, at: datetime) -> Incident:
        """Record a new message with the whole summary."""
        current = self._incidents[incident.id]
        return self._change_thread(
            current,
            messages=current.thread.messages + 1,
            main=current.thread.messages + 1,
            main_reason=reason,
            told_at=at,
            told_breadth=len(current.symbols),
            told_severity=current.severity,
            told_change=lead_alert(current, self.alerts_of(current)).last_change,
            told_session=current.sessions[-1],
            edited_at=at,
            edit_due_at=None,
        )

    def edit_soon(self, incident: Incident, at: datetime) -> Incident:
        """Plan an edit: at once, or a minute after the last change of the message."""
        thread = self._incidents[incident.id].thread
        if thread.edit_due_at is not None or thread.messages == 0:
            return self._incidents[incident.id]
        return self._change_thread(incident, edit_due_at=max(at, (thread.edited_at or at) + EDIT_AT_MOST_EVERY))

    def record_edit(self, incident: Incident, at: datetime) -> Incident:
        """Record an edit of the main message."""
        current = self._change(incident, updated_at=at)
        change = lead_alert(current, self.alerts_of(current)).last_change
        return self._change_thread(
            current, edits=current.thread.edits + 1, edited_at=at, edit_due_at=None, told_change=change
        )

    def record_merge(self, incident: Incident, at: datetime) -> Incident:
        """Record the last edit of an incident that was merged into another."""
        return self._change_thread(incident, edits=incident.thread.edits + 1, edited_at=at)

    def record_correction(self, incident: Incident, at: datetime) -> Incident:
        """Record a message that corrected the cause to the one its lead now has."""
        current = self._incidents[incident.id]
        cause = lead_alert(current, self.alerts_of(current)).cause
        assert cause is not None
        current = self._change(current, topic=cause.topic, clusters=_distinct(current.clusters, (cause.cluster,)))
        return self._change_thread(current, messages=current.thread.messages + 1, corrected_at=at)

    def record_follow_up(
        self, incident: Incident, kinds: Collection[FollowUpKind], at: datetime, outcome: FollowUpOutcome
    ) -> Incident:
        """Record one message with these follow-ups."""
        current = self.end_follow_ups(incident, kinds, at, outcome)
        return self._change_thread(current, messages=current.thread.messages + 1)

    def end_follow_ups(
        self, incident: Incident, kinds: Collection[FollowUpKind], at: datetime, outcome: FollowUpOutcome
    ) -> Incident:
        """Mark the open follow-ups of these kinds as done."""
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
        """Open the incident again and plan an edit of its message."""
        self.edit_soon(incident, at)
        return self._change(incident, state=IncidentState.OPEN, closed_at=None, updated_at=at)

    def _close(self, incident: Incident, at: datetime, outcome: FollowUpOutcome, merged_into: str = "") -> Incident:
        """Close the incident and drop what was still planned."""
        self.end_follow_ups(incident, [f.kind for f in incident.thread.follow_ups], at, outcome)
        self._change_thread(incident, edit_due_at=None)
        return self._change(incident, state=IncidentState.CLOSED, closed_at=at, updated_at=at, merged_into=merged_into)

    def _falls(self, incident: Incident) -> bool | None:
        change = next((a.change for a in self.alerts_of(incident) if a.change is not None), None)
        return None if change is None else change < 0

    def _matching(self, alert: Alert, together: bool) -> Incident | None:
        """The newest open incident the alert belongs to, or a closed one it supplies the cause of.

        After more than a session without alerts it is a new incident, even where the same story is behind both.
        """
        shared = self._shared_topics()
        for incident in reversed(self.open()):
            if self._gap(incident, alert) > 1 or self._opposed(incident, alert):
                continue
            same_session = alert.session in incident.sessions
            known = same_session and alert.symbol in incident.symbols
            if alert.cause is None:
                open_to = not incident.topic or incident.topic in shared
                if known or (same_session and together and open_to and self._fired_by(incident, alert.rule)):
                    return incident
            elif (
                alert.cause.cluster in incident.clusters
                or (known and not incident.topic)
                or (same_session and {alert.cause.topic, incident.topic} <= shared)
            ):
                return incident
        return self._published_without_cause(alert)

    def _published_without_cause(self, alert: Alert) -> Incident | None:
        """The newest incident about this very fall that has no cause yet, reopened, where the alert has one."""
        if alert.cause is None:
            return None
        for incident in reversed(self.unmerged()):
            known = alert.session in incident.sessions and alert.symbol in incident.symbols
            if known and not incident.topic and not self._opposed(incident, alert):
                return replace(incident, state=IncidentState.OPEN, closed_at=None)
        return None

    def _opposed(self, incident: Incident, alert: Alert) -> bool:
        """Whether one falls and the other rises."""
        falls = self._falls(incident)
        return falls is not None and alert.change is not None and falls != (alert.change < 0)

    def _fired_by(self, incident: Incident, rule: str) -> bool:
        return any(a.rule == rule for a in self.alerts_of(incident))

    def _gap(self, incident: Incident, alert: Alert) -> int:
        """Sessions from the incident's last alert to this one, on the alert's exchange."""
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


def _distinct(names: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    """Both in order, without repeats."""
    return tuple(dict.fromkeys((*names, *more)))


def worst(alerts: Iterable[Alert]) -> Alert:
    """The alert of the highest severity and, among those, the largest latest move; the first of equals.

    Raises ValueError where there is none.
    """
    return max(alerts, key=lambda a: (a.severity, abs(a.last_change or 0.0)))


def lead_alert(incident: Incident, alerts: Sequence[Alert]) -> Alert:
    """The alert an incident's messages are headed by: of its lead's alerts the most severe, preferring the incident's
    first session, then the newest. ``alerts`` must not be empty."""
    of_lead = [a for a in alerts if a.symbol == incident.lead] or [worst(alerts)]
    return max(of_lead, key=lambda a: (a.severity, a.session == incident.session, a.session))


def first_alert(incident: Incident, alerts: Sequence[Alert]) -> Alert:
    """The lead's alert of its first session, whose reference is the price before the fall."""
    lead = lead_alert(incident, alerts)
    return min((a for a in alerts if a.symbol == lead.symbol), key=lambda a: (a.session, -a.severity))


def lead_candidates(incident: Incident, alerts: Sequence[Alert]) -> Sequence[Alert]:
    """The alerts that may lead: not those corrected to a cause of their own, unless the incident's was too."""
    uncorrected = [a for a in alerts if a.corrected_at is None]
    return uncorrected if uncorrected and incident.thread.corrected_at is None else alerts


def mostly_corrected(alerts: Sequence[Alert]) -> bool:
    """Whether the cause of at least half of ``alerts`` was corrected."""
    return 2 * sum(a.corrected_at is not None for a in alerts) >= len(alerts)


def reason_for_message(incident: Incident, at: datetime) -> Reason | None:
    """The reason for a new message about ``incident`` at ``at``; ``None`` where an edit will do."""
    thread = incident.thread
    if thread.messages == 0:
        return Reason.FIRST
    if thread.told_severity is not None and incident.severity > thread.told_severity:
        return Reason.ESCALATED
    if thread.acknowledged_at is not None:
        return None
    if thread.told_session is not None and incident.sessions[-1] > thread.told_session:
        return Reason.WIDENED  # it continues in another session
    if (
        len(incident.symbols) >= max(WIDENED_FROM, 2 * thread.told_breadth)
        and thread.told_at is not None
        and at - thread.told_at >= WIDENED_AT_MOST_EVERY
    ):
        return Reason.WIDENED
    return None


def message_key(incident: Incident, number: int) -> str:
    """The key of an incident's ``number``-th new message."""
    return f"{incident.id}:{number}"


def edit_key(incident: Incident) -> str:
    """The key of an incident's newest edit."""
    return f"{incident.id}:edit:{incident.thread.edits}"
