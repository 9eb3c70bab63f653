"""Incidents: which alerts belong together, and when there is a reason for a new message.

The ``Reason`` is ``first`` at once; ``escalated`` when severity rises; ``widened`` when the breadth doubles, from four
symbols on, or another part of the world joins, at most once an hour. Everything else edits the message already sent.

Only ``Incidents`` changes an incident or its thread, and it keeps track of those that changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from bot.core.incidents import follow_ups
from bot.core.incidents.bonds import Bond, Bonds
from bot.core.incidents.pace import EDIT_AT_MOST_EVERY, MESSAGES_APART, WIDENED_AT_MOST_EVERY, may_message_from
from bot.core.model import (
    NO_STOCK,
    Alert,
    AlertState,
    FollowUpKind,
    FollowUpOutcome,
    Incident,
    IncidentState,
    Reason,
    Together,
)
from bot.core.prices.sessions import Timetable

WIDENED_FROM = 4


class Incidents:
    """Recent incidents, by id.

    Methods that change an incident apply to its stored state, which may be newer than the caller's copy, and return
    the new state.
    """

    def __init__(
        self,
        timetable_of: Callable[[str], Timetable],
        alert_of: Callable[[str], Alert | None],
        ai_causes: Callable[[], frozenset[str]],
        lines_of: Callable[[str], Sequence[str]],
        company_of: Callable[[str], str] = str,
        to_of: Callable[[str], tuple[str, ...]] = lambda rule: (),
    ) -> None:
        """``timetable_of`` takes a symbol, ``alert_of`` an id. ``ai_causes`` are the topics that count as one cause,
        AI; ``lines_of`` gives a symbol's lines of business, the main one first; ``company_of`` is the same for all
        listings of a company; ``to_of`` gives the recipients that a rule names."""
        self._timetable_of = timetable_of
        self._alert_of = alert_of
        self._ai_causes = ai_causes
        self._company_of = company_of
        self._to_of = to_of
        self._bonds = Bonds(lines_of, ai_causes)
        self._incidents: dict[str, Incident] = {}
        self._open: dict[str, Incident] = {}
        """The open ones of these: most of those remembered are closed."""
        self._changed: dict[str, None] = {}

    # ------------------------------------------------------------------------------------------------------- reading

    def get(self, incident_id: str) -> Incident | None:
        """The incident with this id, if it is recent."""
        return self._incidents.get(incident_id)

    def standing_for(self, ids: Iterable[str]) -> list[Incident]:
        """The incidents with these ids, each as the one it was merged into if it was; by id, without repeats."""
        found = {}
        for incident in filter(None, map(self._incidents.get, ids)):
            while incident.merged_into and (into := self._incidents.get(incident.merged_into)) is not None:
                incident = into
            found[incident.id] = incident
        return [found[key] for key in sorted(found)]

    def __iter__(self) -> Iterator[Incident]:
        return iter(tuple(self._incidents.values()))

    def open(self) -> list[Incident]:
        """Open incidents, oldest first."""
        return list(self._open.values())

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

    def reason_for_message(self, incident: Incident, at: datetime) -> Reason | None:
        """The reason for a new message about ``incident`` at ``at``; ``None`` where an edit will do."""
        moving = {a.session for a in self.alerts_of(incident) if a.change is not None}
        return reason_for_message(incident, self._breadth(incident), moving, at, spread=self._spread(incident))

    def _spread(self, incident: Incident) -> bool:
        """Whether stocks of another part of the world have moved since the last message: who was told of Tokyo has not
        been told of New York, however few the stocks. A company that follows itself at another exchange is no news."""
        told_at = incident.thread.told_at
        moved = [a for a in self.alerts_of(incident) if a.change is not None]
        told = [a.symbol for a in moved if told_at is not None and a.fired_at <= told_at]
        companies, places = set(map(self._company_of, told)), set(map(self._part_of_the_world, told))
        others = (a.symbol for a in moved if self._company_of(a.symbol) not in companies)
        return bool(told) and any(self._part_of_the_world(symbol) not in places for symbol in others)

    def _part_of_the_world(self, symbol: str) -> str:
        """``Asia``, ``Europe``, ``America``: the first part of the time zone of its exchange; empty where not known."""
        return str(self._timetable_of(symbol).zone).partition("/")[0]

    def _breadth(self, incident: Incident) -> int:
        """How many companies have moved or, of an incident of news alone, how many it reaches."""
        moved = {self._company_of(a.symbol) for a in self.alerts_of(incident) if a.change is not None}
        return len(moved) or len(set(map(self._company_of, incident.symbols)))

    # ------------------------------------------------------------------------------------------------- the incident

    def restore(self, incidents: Iterable[Incident]) -> None:
        """Load incidents from the history."""
        self._incidents |= {incident.id: incident for incident in incidents}
        self._open = {i.id: i for i in self._incidents.values() if i.state is IncidentState.OPEN}

    def join(self, alert: Alert, at: datetime, together: Together = Together.APART) -> Incident:
        """Add ``alert`` to the incident it is bound to most strongly, else to a new one. Rises and falls never share an
        incident, nor do alerts for different recipients. ``together``: which alerts of its rule are one incident while
        no cause is known.
        """
        incident = self._matching(alert, at, together) or self._new(alert, at)
        grown = replace(
            incident,
            symbols=_distinct(incident.symbols, (alert.symbol,)),
            alerts=(*incident.alerts, alert.id),
            sessions=tuple(sorted({*incident.sessions, alert.session})),
        )
        if incident.sessions and alert.session > incident.sessions[-1]:
            grown = self._continued(grown, alert)
        return self.raise_severity(self._keep(grown), alert, at)

    def raise_severity(self, incident: Incident, alert: Alert, at: datetime) -> Incident:
        """Raise the incident's severity to that of one of its alerts; a new lead is chosen where it is higher. An
        incident without a cause takes on that of the alert."""
        current = self._with_cause_of(self._incidents[incident.id], alert)
        severity, lead = max(current.severity, alert.severity), current.lead
        if not lead or severity > current.severity:
            alerts = [*(a for a in self.alerts_of(current) if a.id != alert.id), alert]
            lead = worst(lead_candidates(current, alerts)).symbol
        return self._keep(replace(current, severity=severity, lead=lead, updated_at=at))

    def resolved(self, incident: Incident, at: datetime) -> Incident:
        """Record that one of the incident's alerts was resolved."""
        return self._change(incident, updated_at=at)

    def twin(self, incident: Incident, alert: Alert) -> Incident | None:
        """Another open incident to merge with: the cause of ``alert``, which has just joined ``incident``, binds it to
        both, or they are one shock to the whole market for AI. A line of business alone does not bind two incidents: a
        company in two lines would join what happens in either."""
        if alert.symbol == NO_STOCK:
            return None
        known = alert.told_cause is not None
        mine = self._of_session(incident, alert.session)
        for other in self.open():
            if other.id == incident.id or NO_STOCK in other.symbols or self._apart(other, alert):
                continue
            if None not in (ways := {self._falls(incident), self._falls(other)}) and len(ways) == 2:
                continue  # news reaches both, and one falls while the other rises
            if known and self._bond(other, alert) >= Bond.AGENT:
                return other
            theirs = self._of_session(other, alert.session)
            if self._bonds.one_shock(mine, theirs, "" if known else alert.rule):
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

    def complete(self, incident: Incident, revised: Collection[str], at: datetime) -> Incident:
        """Show the cause that was found, or a stronger one, for the alerts with the ids ``revised``.

        AI news explains all of an incident published without a cause. One company's own reason does not: where most
        remain unexplained, one of those becomes the lead.
        """
        current = self._incidents[incident.id]
        alerts = self.alerts_of(current)
        lead = lead_alert(current, alerts)
        if lead.told_cause is not None and lead.id not in revised:
            return current  # it already shows a cause
        by_ai = [a for a in alerts if (c := a.told_cause) is not None and c.topic in self._ai_causes()]
        unexplained = [a for a in alerts if a.told_cause is None]
        candidates = by_ai or (unexplained if 2 * len(unexplained) > len(alerts) else [])
        if candidates and lead not in candidates:
            lead = worst(candidates)
        cause = lead.told_cause
        current = self._reopened(current, at)
        return self._change(
            current,
            lead=lead.symbol,
            topic=cause.topic if cause else current.topic,
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

    def record_message(
        self, incident: Incident, reason: Reason, at: datetime, cause: str, direction: int, session: date
    ) -> Incident:
        """Record a new message with the whole summary, which tells the cluster ``cause``, or none, and of moves of
        ``session`` in this ``direction``, or of none."""
        current = self._incidents[incident.id]
        lead = lead_alert(current, self.alerts_of(current))
        return self._change_thread(
            current,
            messages=current.thread.messages + 1,
            main=current.thread.messages + 1,
            main_reason=reason,
            told_at=at,
            told_breadth=self._breadth(current),
            told_severity=current.severity,
            told_change=lead.last_change,
            told_session=session,
            told_direction=direction,
            told_cause=cause,
            known_cause=current.thread.told_cause,
            known_at=current.thread.told_at,
            messaged_at=at,
            edited_at=at,
            edit_due_at=None,
        )

    def edit_soon(self, incident: Incident, at: datetime) -> Incident:
        """Plan an edit: at once, or a minute after the last change of the message; seconds after it where the message
        gives no cause and there is one. Where there is a reason for a new message that would follow too closely upon
        the last, that is due as soon as it may come."""
        current = self._incidents[incident.id]
        thread = current.thread
        if thread.messages == 0:
            return current
        if self.reason_for_message(current, at) is not None and (may := may_message_from(current)) is not None:
            return self._change_thread(incident, edit_due_at=max(at, min(may, thread.edit_due_at or may)))
        first_cause = bool(current.topic) and not thread.told_cause
        apart = MESSAGES_APART if first_cause else EDIT_AT_MOST_EVERY
        due = max(at, (thread.edited_at or at) + apart)
        return self._change_thread(incident, edit_due_at=min(due, thread.edit_due_at or due))

    def record_shown(self, incident: Incident, shown: str) -> Incident:
        """Record what the main message shows."""
        return self._change_thread(incident, shown=shown)

    def record_edit(self, incident: Incident, at: datetime, cause: str, shown: str) -> Incident:
        """Record that the main message was brought up to date: it tells the cluster ``cause``, or none, and shows
        ``shown``. That is an edit only where it showed something else before."""
        current = self._change(incident, updated_at=at)
        change = lead_alert(current, self.alerts_of(current)).last_change
        return self._change_thread(
            current,
            edits=current.thread.edits + (shown != current.thread.shown),
            shown=shown,
            edited_at=at,
            edit_due_at=None,
            told_change=change,
            told_cause=cause,
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
        return self._change_thread(
            current, messages=current.thread.messages + 1, messaged_at=at, corrected_at=at, told_cause=cause.cluster
        )

    def record_follow_up(
        self, incident: Incident, kinds: Collection[FollowUpKind], at: datetime, outcome: FollowUpOutcome
    ) -> Incident:
        """Record one message with these follow-ups."""
        current = self.end_follow_ups(incident, kinds, at, outcome)
        return self._change_thread(current, messages=current.thread.messages + 1, messaged_at=at)

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
        before = self._incidents.get(incident.id)
        if before is not None and before.lead and before.lead != incident.lead:
            moved = follow_ups.retimed(incident, self._timetable_of(incident.lead))
            incident = replace(incident, thread=replace(incident.thread, follow_ups=moved))
        self._incidents[incident.id] = incident
        if incident.state is not IncidentState.OPEN:
            self._open.pop(incident.id, None)
        elif before is None or incident.id in self._open:
            self._open[incident.id] = incident
        else:  # opened again: at its old place
            self._open = {i.id: i for i in self._incidents.values() if i.state is IncidentState.OPEN}
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

    def _with_cause_of(self, incident: Incident, alert: Alert) -> Incident:
        """The incident with the alert's cause among those behind it."""
        if (cause := alert.told_cause) is None:
            return incident
        clusters = _distinct(incident.clusters, (cause.cluster,))
        return replace(incident, topic=incident.topic or cause.topic, clusters=clusters)

    def _matching(self, alert: Alert, at: datetime, together: Together) -> Incident | None:
        """The open incident with the strongest bond, of equals the newest, or a closed one that goes on elsewhere or
        whose cause the alert supplies."""
        return (
            self._strongest(self.open(), alert, together)
            or self._elsewhere(alert, at, together)
            or self._published_without_cause(alert)
        )

    def _strongest(self, incidents: Iterable[Incident], alert: Alert, together: Together) -> Incident | None:
        bonds = [(self._bond(incident, alert, together), incident) for incident in reversed(list(incidents))]
        bond, incident = max(bonds, key=itemgetter(0), default=(Bond.NONE, None))
        return incident if bond else None

    def _elsewhere(self, alert: Alert, at: datetime, together: Together) -> Incident | None:
        """The incident, reopened, that was settled when another exchange closed, while the alert's has its session of
        the same date now."""
        session = self._timetable_of(alert.symbol).on(alert.session)
        if session is None or at > session.ends_at:
            return None
        settled = [
            i
            for i in self.unmerged()
            if i.state is IncidentState.CLOSED and i.session == i.sessions[-1] == alert.session
        ]
        found = self._strongest(settled, alert, together)
        return replace(found, state=IncidentState.OPEN, closed_at=None) if found is not None else None

    def _bond(self, incident: Incident, alert: Alert, together: Together = Together.APART) -> Bond:
        """What binds the alert to an incident; nothing after more than a session without alerts, even where the same
        story is behind both."""
        if not self.has_alerts(incident) or self._gap(incident, alert) > 1 or self._apart(incident, alert):
            return Bond.NONE
        return self._bonds.between(incident, self.alerts_of(incident), alert, together)

    def _continued(self, incident: Incident, alert: Alert) -> Incident:
        """The incident in another session: where that brings a larger move than its lead's, with the new lead."""
        alerts = self.alerts_of(incident)
        if not alerts:
            return incident
        return replace(incident, lead=worst([lead_alert(incident, alerts), alert]).symbol)

    def _published_without_cause(self, alert: Alert) -> Incident | None:
        """The newest incident about this very fall that has no cause yet, reopened, where the alert has one."""
        if alert.told_cause is None or alert.symbol == NO_STOCK:
            return None
        for incident in reversed(self.unmerged()):
            known = alert.session in incident.sessions and alert.symbol in incident.symbols
            if known and not incident.topic and not self._apart(incident, alert):
                return replace(incident, state=IncidentState.OPEN, closed_at=None)
        return None

    def _apart(self, incident: Incident, alert: Alert) -> bool:
        """Whether one falls and the other rises, or they are for different recipients."""
        if incident.to != self._to_of(alert.rule):
            return True
        falls = self._falls(incident)
        return falls is not None and alert.change is not None and falls != (alert.change < 0)

    def _of_session(self, incident: Incident, session: date) -> list[Alert]:
        return [a for a in self.alerts_of(self._incidents[incident.id]) if a.session == session]

    def _gap(self, incident: Incident, alert: Alert) -> int:
        """Sessions from the incident's last alert to this one, on the alert's exchange."""
        return self._timetable_of(alert.symbol).between(incident.sessions[-1], alert.session)

    def _new(self, alert: Alert, at: datetime) -> Incident:
        day = f"{alert.session:%Y%m%d}"
        number = 1 + max((int(i.split("-")[1]) for i in self._incidents if i.startswith(day)), default=0)
        return Incident(
            id=f"{day}-{number}",
            topic="",
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
            to=self._to_of(alert.rule),
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
    """The alerts that may lead: not those corrected to a cause of their own, unless the incident's was too, and those
    that still move as the incident does, where there are some."""
    uncorrected = [a for a in alerts if a.corrected_at is None]
    found = uncorrected if uncorrected and incident.thread.corrected_at is None else alerts
    began = next((a.change for a in alerts if a.change is not None), None) or 0.0
    moving = [a for a in found if (a.last_change or 0.0) * began > 0]  # not what has turned
    return moving or found


def mostly_corrected(alerts: Sequence[Alert]) -> bool:
    """Whether the cause of at least half of ``alerts`` was corrected."""
    return 2 * sum(a.corrected_at is not None for a in alerts) >= len(alerts)


def reason_for_message(
    incident: Incident, breadth: int, moving: Collection[date], at: datetime, *, spread: bool = False
) -> Reason | None:
    """The reason for a new message about ``incident`` at ``at``; ``None`` where an edit will do. ``breadth``: how
    many stocks it counts; ``moving``: the sessions in which alerts about prices fired, because old news is not told
    again on another day; ``spread``: whether another part of the world has joined since the last message."""
    thread = incident.thread
    if thread.messages == 0:
        return Reason.FIRST
    if thread.told_severity is not None and incident.severity > thread.told_severity:
        return Reason.ESCALATED
    if thread.acknowledged_at is not None:
        return None
    if thread.told_session is not None and max(moving, default=thread.told_session) > thread.told_session:
        return Reason.WIDENED  # it continues in another session
    if thread.told_direction == 0 and moving:
        return Reason.WIDENED  # prices react to what was told as news
    if (
        (spread or breadth >= max(WIDENED_FROM, 2 * thread.told_breadth))
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
