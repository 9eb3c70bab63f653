"""Announces what happens to incidents: when a message, an edit or a follow-up goes out, and how it is addressed.

What the words are is ``summary``'s; when a reason exists, and what an incident is, ``incidents``'.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.core.incidents import follow_ups
from bot.core.incidents.alerts import AlertBook
from bot.core.incidents.incidents import (
    Incidents,
    began_with,
    edit_key,
    message_key,
    mostly_corrected,
    reason_to_speak,
    told_by,
)
from bot.core.messages.summary import MessageBuilder
from bot.core.model import (
    LAPSED,
    RECOVERED,
    Alert,
    Announcement,
    FollowUpKind,
    FollowUpOutcome,
    Incident,
    IncidentState,
    Reason,
    Summary,
    Suppression,
    SuppressionReason,
)
from bot.core.prices.market import Market
from bot.core.rules.rule import RuleSet
from bot.core.step_result import StepResult

EDIT_WORTH = 0.01
"""A message is edited when its lead's move is this much further than when it was last told."""


class Announcer:
    """Turns what happened to incidents into announcements."""

    def __init__(
        self,
        market: Market,
        alerts: AlertBook,
        incidents: Incidents,
        messages: MessageBuilder,
        rules: Callable[[], RuleSet],
    ) -> None:
        self.market = market
        self.alerts = alerts
        self.incidents = incidents
        self.messages = messages
        self._rules = rules
        self.here_since = datetime.min.replace(tzinfo=UTC)
        """Since when we know what happens: after a restart, since then."""

    # ------------------------------------------------------------------------------------------- what has happened

    def tell(self, ids: Collection[str], at: datetime, result: StepResult) -> None:
        """Say what changed: a new message where there is a reason for one, else an edit soon."""
        for incident_id in sorted(ids):
            incident = self.incidents.get(incident_id)
            if incident is None or incident.state is IncidentState.CLOSED or not self.incidents.has_alerts(incident):
                continue
            reason = reason_to_speak(incident, at)
            if reason is None:
                self.incidents.edit_soon(incident, at)
            else:
                self._tell(incident, reason, at, result)

    def _tell(self, incident: Incident, reason: Reason, at: datetime, result: StepResult) -> None:
        alerts = self.incidents.alerts_of(incident)
        held_back = self._quieted(incident, alerts)
        if not held_back and reason is Reason.FIRST:
            held_back = self._held_back(alerts)
        told = self.incidents.announced(incident, reason, at)
        summary = self.messages.incident(told, alerts, self._watched, at, reason)
        self._send(told, reason, summary, at, result, held_back)
        if not held_back:
            self._mark_told(alerts, at, result)

    def correct(self, incident: Incident, at: datetime, result: StepResult) -> None:
        """Say once that the cause is another than first told, where that holds of the lead and of most who fell; the
        message itself is edited in any case."""
        alerts = self.incidents.alerts_of(incident)
        of_all = told_by(incident, alerts).corrected_at is not None and mostly_corrected(alerts)
        current = self.incidents.correct_lead(incident, at)
        if of_all and current.thread.corrected_at is None and current.thread.messages:
            told = self.incidents.told_corrected(current, at)
            self._send(told, Reason.CORRECTED, self.messages.correction(told, alerts), at, result, _unheard(alerts))

    def merged(self, closed: Incident, into: Incident, at: datetime, result: StepResult) -> None:
        """Let the message of an incident that turned out to be part of another say so, and say no more."""
        if closed.thread.messages:
            told = self.incidents.told_merged(closed, at)
            self._edit(told, self.messages.merged(told, self.incidents.alerts_of(told), into), at, result)

    # --------------------------------------------------------------------------------------------- price and time

    def watch_lead(self, incident: Incident, at: datetime, result: StepResult) -> None:
        """What the lead symbol's newest price brings about: a follow-up, or an edit when it has gone further."""
        alerts = self.incidents.alerts_of(incident)
        if not alerts:
            return
        current = self._timed_follow_ups(incident, at, result, after_due=True)
        due = follow_ups.due_by_price(current, self.market.of(current.lead), began_with(current, alerts), at)
        if due:
            current = self._follow_up(current, [f.kind for f in due], at, result)
        told, change = current.thread.told_change, told_by(current, alerts).last_change
        if told is not None and change is not None and abs(change - told) >= EDIT_WORTH:
            self.incidents.edit_soon(current, at)

    def tend(self, incident: Incident, at: datetime, result: StepResult) -> None:
        """Say what has fallen due, and close an incident of which nothing more is to come."""
        if not self.incidents.has_alerts(incident):
            self.incidents.give_up(incident, at)
            return
        current = self._timed_follow_ups(incident, at, result)
        lapse = follow_ups.lapses_at(current, self.market.of(current.lead).timetable)
        waiting = [f.kind for f in current.thread.follow_ups if f.waits_for_price]
        if waiting and lapse is not None and lapse <= at:
            current = self._lapse(current, waiting, lapse, at, result)
        if current.thread.edit_due_at is not None and current.thread.edit_due_at <= at:
            current = self._update(current, at, result)
        self.incidents.close_if_settled(current, at)

    def _update(self, incident: Incident, at: datetime, result: StepResult) -> Incident:
        """Edit the main message: it shows things as they are now."""
        alerts = self.incidents.alerts_of(incident)
        edited = self.incidents.edited(incident, at)
        self._edit(edited, self.messages.incident(edited, alerts, self._watched, at, Reason.FIRST), at, result)
        if not _unheard(alerts):
            self._mark_told(alerts, at, result)
        return edited

    def _timed_follow_ups(
        self, incident: Incident, at: datetime, result: StepResult, *, after_due: bool = False
    ) -> Incident:
        """Send what is due. ``after_due`` leaves a follow-up due this very moment to the clock, which comes after all
        quotes of the moment are in."""
        current = incident
        for follow_up in follow_ups.due_by_time(incident, self.market.of(incident.lead), at, self.here_since):
            assert follow_up.due_at is not None
            overdue = at - follow_up.due_at
            if after_due and not overdue:
                continue
            if overdue > follow_ups.STALE_AFTER:
                current = self.incidents.end_follow_ups(current, [follow_up.kind], at, FollowUpOutcome.STALE)
            else:
                late = overdue > follow_ups.LATE_AFTER
                current = self._follow_up(current, [follow_up.kind], at, result, closed_at=follow_up.due_at, late=late)
        return current

    def _lapse(
        self, incident: Incident, waiting: Sequence[FollowUpKind], lapse: datetime, at: datetime, result: StepResult
    ) -> Incident:
        """Five sessions on: what has not come back is said once, and the waiting ends."""
        prices = self.market.of(incident.lead)
        if follow_ups.waited_for(lapse, prices, at, self.here_since):
            return incident
        stale = follow_ups.end_is_stale(lapse, prices.timetable, at)
        outcome = FollowUpOutcome.STALE if stale else FollowUpOutcome.EXPIRED
        incident = self.incidents.end_follow_ups(incident, waiting, at, outcome)
        if RECOVERED in waiting and not stale:
            late = at - lapse > follow_ups.LATE_AFTER
            return self._follow_up(incident, [LAPSED], at, result, closed_at=lapse, late=late)
        return incident

    def _follow_up(
        self,
        incident: Incident,
        kinds: Sequence[FollowUpKind],
        at: datetime,
        result: StepResult,
        *,
        closed_at: datetime | None = None,
        late: bool = False,
    ) -> Incident:
        """``closed_at``: the close this is about, whose prices it gives; the prices of now, where it is about none."""
        alerts = self.incidents.alerts_of(incident)
        outcome = FollowUpOutcome.LATE if late else FollowUpOutcome.SENT
        told = self.incidents.followed_up(incident, kinds, at, outcome)
        summary = self.messages.follow_up(told, alerts, kinds, at, closed_at, late)
        self._send(told, Reason.FOLLOW_UP, summary, at, result, _unheard(alerts))
        return told

    # ----------------------------------------------------------------------------------------------- announcements

    def _send(
        self,
        incident: Incident,
        reason: Reason,
        summary: Summary,
        at: datetime,
        result: StepResult,
        held_back: Suppression | None,
    ) -> None:
        """A new message: the incident's newest, which answers its first."""
        number = incident.thread.messages
        made = self._announcement(incident, message_key(incident, number), reason, summary, at)
        first = message_key(incident, 1) if number > 1 else ""
        result.announcements.append(replace(made, replies_to=first, suppressed_by=held_back))

    def _edit(self, incident: Incident, summary: Summary, at: datetime, result: StepResult) -> None:
        """An edit of the incident's main message."""
        made = self._announcement(incident, edit_key(incident), incident.thread.main_reason, summary, at)
        result.announcements.append(replace(made, edits=message_key(incident, incident.thread.main)))

    def _announcement(
        self, incident: Incident, key: str, reason: Reason, summary: Summary, at: datetime
    ) -> Announcement:
        return Announcement(
            key=key,
            at=at,
            reason=reason,
            severity=incident.severity,
            summary=summary,
            incident=incident.id,
            symbols=incident.symbols,
            rules=tuple(sorted({alert.rule for alert in self.incidents.alerts_of(incident)})),
        )

    # ------------------------------------------------------------------------------------------------ held back

    def _quieted(self, incident: Incident, alerts: Sequence[Alert]) -> Suppression | None:
        """The rule that keeps these quiet while an alert of it fires; ``None`` where one of them speaks all the
        same."""
        firing = {a.rule for a in self.alerts.firing() if a.incident != incident.id}
        louder = [rule for name in sorted(firing) if (rule := self._rules().named(name)) is not None and rule.quiets]
        names = {a.rule for a in alerts}
        quieting = next((rule for rule in louder if names and names <= rule.quiets), None)
        return Suppression(SuppressionReason.INHIBITED, quieting.name) if quieting else None

    def _held_back(self, alerts: Sequence[Alert]) -> Suppression | None:
        """A cooldown, where every alert of a new incident repeats one told too recently at no lower severity."""
        return Suppression(SuppressionReason.COOLDOWN) if all(self._cooling(a) for a in alerts) else None

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

    def _mark_told(self, alerts: Sequence[Alert], at: datetime, result: StepResult) -> None:
        for alert in alerts:
            if alert.told_severity is None or alert.severity > alert.told_severity:
                told = replace(alert, told_at=at, told_severity=alert.severity)
                self.alerts.amend(told)
                result.mark_told(told)

    @property
    def _watched(self) -> list[str]:
        return sorted(self._rules().symbols)


def _unheard(alerts: Sequence[Alert]) -> Suppression | None:
    """Where every message about these was held back: nothing answers what nobody got."""
    return Suppression(SuppressionReason.NEVER_TOLD) if all(a.told_at is None for a in alerts) else None
