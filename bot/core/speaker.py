"""Speaks for incidents: when a message, an edit or a follow-up goes out, and what becomes of an incident afterwards.

Everything an incident says lives here; what the words are is ``summary``'s, when a reason exists ``incidents``'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.core import followups, incidents
from bot.core.alerts import AlertBook
from bot.core.incidents import IncidentBook
from bot.core.market import Market
from bot.core.model import Alert, Announcement, Incident, IncidentState, Reason
from bot.core.record import Record
from bot.core.rules import RuleSet
from bot.core.summary import Teller, lead_alert

NEVER_TOLD = "never told"
EDIT_WORTH = 0.01
"""A message is edited when its lead's move is this much further than when it was last told."""


class Speaker:
    """Turns what happened to incidents into announcements."""

    def __init__(
        self, market: Market, alerts: AlertBook, book: IncidentBook, teller: Teller, rules: Callable[[], RuleSet]
    ) -> None:
        self.market = market
        self.alerts = alerts
        self.incidents = book
        self.teller = teller
        self._rules = rules
        self.here_since = datetime.min.replace(tzinfo=UTC)
        """Since when we know what happens: after a restart, since then."""

    def speak(self, ids: set[str], at: datetime, record: Record) -> None:
        """Say what changed: a new message where there is a reason for one, else an edit soon."""
        for incident_id in sorted(ids - {""}):
            incident = self.incidents.get(incident_id)
            if incident is None or incident.state is IncidentState.CLOSED:
                continue
            reason = incidents.reason_to_speak(incident, at)
            if reason is None:
                self.keep(incidents.needs_edit(incident, at), record)
            else:
                self._announce(incident, reason, at, record)

    def _announce(self, incident: Incident, reason: Reason, at: datetime, record: Record) -> None:
        alerts = self._alerts_of(incident)
        held_back = self._quieted(incident, alerts)
        if not held_back and reason is Reason.FIRST:
            held_back = self._held_back(alerts)
        told = replace(incidents.told(incident, reason, at), told_change=lead_alert(incident, alerts).last_change)
        spoken = self.keep(told, record)
        summary = self.teller.incident(spoken, alerts, self._watched, at, reason)
        record.announcements.append(
            Announcement(
                key=incidents.message_key(spoken, spoken.messages),
                at=at,
                reason=reason,
                severity=spoken.severity,
                summary=summary,
                incident=spoken.id,
                symbols=spoken.symbols,
                rules=rules_of(alerts),
                replies_to="" if spoken.messages == 1 else incidents.message_key(spoken, 1),
                suppressed_by=held_back,
            )
        )
        if not held_back:
            self._mark_told(alerts, at, record)

    def _edit(self, incident: Incident, at: datetime, record: Record) -> None:
        alerts = self._alerts_of(incident)
        edited = self.keep(
            replace(
                incident,
                edits=incident.edits + 1,
                edited_at=at,
                edit_due_at=None,
                updated_at=at,
                told_change=lead_alert(incident, alerts).last_change,
            ),
            record,
        )
        record.announcements.append(
            Announcement(
                key=incidents.edit_key(edited),
                at=at,
                reason=edited.main_reason,
                severity=edited.severity,
                summary=self.teller.incident(edited, alerts, self._watched, at, Reason.FIRST),
                incident=edited.id,
                symbols=edited.symbols,
                rules=rules_of(alerts),
                edits=incidents.message_key(edited, edited.main),
            )
        )
        if not _unheard(alerts):
            self._mark_told(alerts, at, record)

    def _follow(
        self,
        incident: Incident,
        kinds: Sequence[str],
        at: datetime,
        record: Record,
        *,
        closed_at: datetime | None = None,
        late: bool = False,
    ) -> None:
        """``closed_at``: the close this is about, whose prices it gives; the prices of now, where it is about none."""
        alerts = self._alerts_of(incident)
        marked = followups.done(incident, kinds, at, "late" if late else "sent")
        spoken = self.keep(replace(marked, messages=marked.messages + 1), record)
        record.announcements.append(
            Announcement(
                key=incidents.message_key(spoken, spoken.messages),
                at=at,
                reason=Reason.FOLLOW_UP,
                severity=spoken.severity,
                summary=self.teller.follow_up(spoken, alerts, kinds, at, closed_at, late),
                incident=spoken.id,
                symbols=spoken.symbols,
                rules=rules_of(alerts),
                replies_to=incidents.message_key(spoken, 1),
                suppressed_by=_unheard(alerts),
            )
        )

    def merged(self, closed: Incident, alerts: Sequence[Alert], into: Incident, at: datetime, record: Record) -> None:
        """Let the message of an incident that turned out to be part of another say so, and say no more."""
        if closed.messages == 0:
            return
        edited = self.keep(replace(closed, edits=closed.edits + 1, edited_at=at), record)
        record.announcements.append(
            Announcement(
                key=incidents.edit_key(edited),
                at=at,
                reason=edited.main_reason,
                severity=edited.severity,
                summary=self.teller.merged(edited, alerts, into),
                incident=edited.id,
                symbols=edited.symbols,
                rules=rules_of(alerts),
                edits=incidents.message_key(edited, edited.main),
            )
        )

    def correct(self, incident: Incident, at: datetime, record: Record) -> None:
        """Say once that the cause is another than first told, where that holds of the lead and of most who fell; the
        message itself is edited in any case."""
        alerts = self._alerts_of(incident)
        lead = lead_alert(incident, alerts)
        changed = sum(a.corrected_at is not None for a in alerts)
        current = replace(incidents.reopened(incidents.needs_edit(incident, at)), updated_at=at)
        if lead.corrected_at is not None and 2 * changed < len(alerts):  # it is told by one whom it still explains
            others = [a for a in alerts if a.corrected_at is None]
            current = replace(current, lead=max(others, key=lambda a: (a.severity, -(a.change or 0.0))).symbol)
        current = self.keep(current, record)
        if lead.corrected_at is None or 2 * changed < len(alerts) or current.corrected_at or not current.messages:
            return
        assert lead.cause is not None
        spoken = self.keep(
            replace(
                current,
                messages=current.messages + 1,
                corrected_at=at,
                topic=lead.cause.topic,
                clusters=tuple(dict.fromkeys((*current.clusters, lead.cause.cluster))),
            ),
            record,
        )
        record.announcements.append(
            Announcement(
                key=incidents.message_key(spoken, spoken.messages),
                at=at,
                reason=Reason.CORRECTED,
                severity=spoken.severity,
                summary=self.teller.correction(spoken, alerts),
                incident=spoken.id,
                symbols=spoken.symbols,
                rules=rules_of(alerts),
                replies_to=incidents.message_key(spoken, 1),
                suppressed_by=_unheard(alerts),
            )
        )

    def complete(self, incident: Incident, found: Sequence[Alert], at: datetime, record: Record) -> None:
        """Let the message of an incident without a cause tell the one that some of its alerts have ``found`` by now.

        One company's own reason says nothing of most others, so one of them leads then; AI news speaks for all.
        """
        alerts = self._alerts_of(incident)
        lead = lead_alert(incident, alerts)
        if lead.cause is not None and all(a.id != lead.id for a in found):
            return  # it tells of one already
        by_ai = [a for a in alerts if a.cause is not None and a.cause.topic in self.teller.topics.ai_causes]
        unexplained = [a for a in alerts if a.cause is None]
        ours = by_ai or (unexplained if 2 * len(unexplained) > len(alerts) else [])
        if ours and lead not in ours:
            lead = max(ours, key=lambda a: (a.severity, -(a.change or 0.0)))
        cause = lead.cause
        current = replace(
            incidents.reopened(incidents.needs_edit(incident, at)),
            lead=lead.symbol,
            topic=incident.topic or (cause.topic if cause else ""),
            clusters=tuple(dict.fromkeys((*incident.clusters, *([cause.cluster] if cause else [])))),
            updated_at=at,
        )
        self.keep(current, record)

    def watch_lead(self, incident: Incident, at: datetime, record: Record) -> None:
        """What the lead symbol's newest price brings about: a follow-up, or an edit when it has gone further."""
        current = self.incidents.get(incident.id)
        if current is None or not current.alerts:
            return
        lead = lead_alert(current, self._alerts_of(current))
        self._timed_follow_ups(current, at, record, after_due=True)
        current = self.incidents.get(incident.id) or current
        due = followups.due_by_price(current, self.market.of(current.lead), lead, at)
        if due:
            self._follow(current, [f.kind for f in due], at, record)
            current = self.incidents.get(incident.id) or current
        told = current.told_change
        if told is not None and lead.last_change is not None and abs(lead.last_change - told) >= EDIT_WORTH:
            self.keep(incidents.needs_edit(current, at), record)

    def _quieted(self, incident: Incident, alerts: Sequence[Alert]) -> str:
        """The rule that keeps these quiet while an alert of it fires; empty where one of them speaks all the same."""
        firing = {a.rule for a in self.alerts.firing() if a.incident != incident.id}
        louder = [rule for name in sorted(firing) if (rule := self._rules().named(name)) is not None and rule.quiets]
        names = {a.rule for a in alerts}
        return next((f"inhibited by {rule.name}" for rule in louder if names and names <= rule.quiets), "")

    def _held_back(self, alerts: Sequence[Alert]) -> str:
        """``cooldown`` where every alert of a new incident repeats one told too recently at no lower severity."""
        return "cooldown" if all(self._cooling(a) for a in alerts) else ""

    def _cooling(self, alert: Alert) -> bool:
        rule = self._rules().named(alert.rule)
        before = self.alerts.last_told(alert.fingerprint, alert.session)
        if rule is None or rule.cooldown is None or before is None or before.told_at is None:
            return False
        if before.told_severity is not None and alert.severity > before.told_severity:
            return False
        if rule.cooldown.duration is not None:
            return alert.fired_at - before.told_at < rule.cooldown.duration
        timetable = self.market.of(alert.symbol).timetable
        return timetable.between(before.session, alert.session) < (rule.cooldown.sessions or 0)

    def _mark_told(self, alerts: Sequence[Alert], at: datetime, record: Record) -> None:
        for alert in alerts:
            if alert.told_severity is None or alert.severity > alert.told_severity:
                told = replace(alert, told_at=at, told_severity=alert.severity)
                self.alerts.amend(told)
                record.mark_told(told)

    def tend(self, incident: Incident, at: datetime, record: Record) -> None:
        prices = self.market.of(incident.lead)
        self._timed_follow_ups(incident, at, record)
        current = self.incidents.get(incident.id) or incident
        lapse = followups.lapses_at(current, prices.timetable)
        waiting = [f.kind for f in current.follow_ups if f.done_at is None and f.due_at is None]
        if waiting and lapse is not None and lapse <= at:
            self._lapse(current, waiting, lapse, at, record)
            current = self.incidents.get(incident.id) or current
        if current.edit_due_at is not None and current.edit_due_at <= at:
            self._edit(current, at, record)
            current = self.incidents.get(incident.id) or current
        if incidents.settled(current, self._alerts_of(current)):
            self.keep(replace(current, state=IncidentState.CLOSED, closed_at=at, updated_at=at), record)

    def _timed_follow_ups(self, incident: Incident, at: datetime, record: Record, *, after_due: bool = False) -> None:
        """Send what is due. ``after_due`` leaves a follow-up due this very moment to the clock, which comes after all
        quotes of the moment are in."""
        for follow_up in followups.due_by_time(incident, self.market.of(incident.lead), at, self.here_since):
            assert follow_up.due_at is not None
            overdue = at - follow_up.due_at
            if after_due and not overdue:
                continue
            current = self.incidents.get(incident.id) or incident
            if overdue > followups.STALE_AFTER:
                self.keep(followups.done(current, [follow_up.kind], at, "stale"), record)
            else:
                late = overdue > followups.LATE_AFTER
                self._follow(current, [follow_up.kind], at, record, closed_at=follow_up.due_at, late=late)

    def _lapse(self, incident: Incident, waiting: list[str], lapse: datetime, at: datetime, record: Record) -> None:
        """Five sessions on: what has not come back is said once, and the waiting ends."""
        prices = self.market.of(incident.lead)
        if followups.waited_for(lapse, prices, at, self.here_since):
            return
        stale = followups.end_is_stale(lapse, prices.timetable, at)
        incident = self.keep(followups.done(incident, waiting, at, "stale" if stale else "expired"), record)
        if "recovered" in waiting and not stale:
            late = at - lapse > followups.LATE_AFTER
            self._follow(incident, ["lapsed"], at, record, closed_at=lapse, late=late)

    @property
    def _watched(self) -> list[str]:
        return sorted(self._rules().symbols)

    def _alerts_of(self, incident: Incident) -> list[Alert]:
        return [a for a in map(self.alerts.get, incident.alerts) if a is not None]

    def keep(self, incident: Incident, record: Record) -> Incident:
        record.touched[incident.id] = self.incidents.put(incident)
        return incident


def _unheard(alerts: Sequence[Alert]) -> str:
    """``never told`` where every message about these was held back: nothing answers what nobody got."""
    return NEVER_TOLD if all(a.told_at is None for a in alerts) else ""


def rules_of(alerts: Sequence[Alert]) -> tuple[str, ...]:
    """The rules these alerts are of, in order of name."""
    return tuple(sorted({alert.rule for alert in alerts}))
