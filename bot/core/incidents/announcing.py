"""When a message, an edit or a follow-up about an incident goes out, and which message it edits or replies to.

``incidents`` decides whether there is a reason for a new message, ``messages.summary`` what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from operator import itemgetter

from bot.core.incidents import follow_ups
from bot.core.incidents.alerts import AlertBook
from bot.core.incidents.incidents import (
    Incidents,
    edit_key,
    first_alert,
    lead_alert,
    message_key,
    mostly_corrected,
)
from bot.core.incidents.pace import may_message
from bot.core.messages.shown import shown_by
from bot.core.messages.summary import MessageBuilder
from bot.core.model import (
    LAPSED,
    NO_STOCK,
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
"""A message is edited when its lead's change differs by this much from the one last published."""


class Announcer:
    """Turns changes of incidents into announcements."""

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
        self.running_since = datetime.min.replace(tzinfo=UTC)
        """When the bot last started."""

    # ----------------------------------------------------------------------------------------- alerts and causes

    def tell(self, ids: Collection[str], at: datetime, result: StepResult) -> None:
        """Announce changed incidents: with a new message where there is a reason for one, otherwise by an edit."""
        for incident in self.incidents.standing_for(ids):
            if incident.state is IncidentState.CLOSED or not self.incidents.has_alerts(incident):
                continue
            reason = self.incidents.reason_for_message(incident, at)
            if reason is None or not may_message(incident, at):
                self.incidents.edit_soon(incident, at)
            else:
                self._new_message(incident, reason, at, result)

    def _new_message(self, incident: Incident, reason: Reason, at: datetime, result: StepResult) -> None:
        alerts = self.incidents.alerts_of(incident)
        suppressed = self._inhibited(incident, alerts)
        if not suppressed and reason is Reason.FIRST and all(self._cooling(a) or self._old_news(a) for a in alerts):
            suppressed = Suppression(SuppressionReason.COOLDOWN)
        seen = self.messages.snapshot(incident, alerts, at, self._others(incident))
        due = follow_ups.ended_by(incident, self.market.of(incident.lead), at, self.running_since)
        told_by_it = [f.kind for f in due if seen.moves and seen.moves[0].at == f.due_at]  # the closing price itself
        self.incidents.end_follow_ups(incident, told_by_it, at, FollowUpOutcome.SENT)
        told = seen.told_cause.cluster if seen.told_cause else ""
        current = self.incidents.record_message(incident, reason, at, told, seen.direction, seen.session)
        summary = self.messages.incident(seen, current, incident, self._watched, reason)
        plain = summary  # as an edit words it: without what ties it to the messages before
        if reason is not Reason.FIRST:
            plain = self.messages.incident(seen, current, incident, self._watched, Reason.FIRST)
        current = self.incidents.record_shown(current, shown_by(plain))
        self._send(current, reason, summary, at, result, suppressed)
        if not suppressed:
            self._mark_notified(alerts, at, result)

    def correct(self, incident: Incident, at: datetime, result: StepResult) -> None:
        """Edit the message after causes were corrected. Where the lead and most of the alerts are affected, a new
        message says so, once."""
        alerts = self.incidents.alerts_of(incident)
        announce = lead_alert(incident, alerts).corrected_at is not None and mostly_corrected(alerts)
        current = self.incidents.correct_lead(incident, at)
        if announce and current.thread.corrected_at is None and current.thread.messages:
            current = self.incidents.record_correction(current, at)
            summary = self.messages.correction(current, alerts)
            self._send(current, Reason.CORRECTED, summary, at, result, _never_sent(alerts))

    def merged(self, closed: Incident, into: Incident, at: datetime, result: StepResult) -> None:
        """Edit the message of an incident that was merged into another, for the last time: it says where to read on."""
        if closed.thread.messages:
            current = self.incidents.record_merge(closed, at)
            summary = self.messages.merged(current, self.incidents.alerts_of(current), into, at)
            self._edit(current, summary, at, result)

    # --------------------------------------------------------------------------------------------- price and time

    def follow_lead_price(self, incident: Incident, at: datetime, result: StepResult) -> None:
        """After a new price of the lead: send the follow-ups it triggers, and plan an edit where it moved enough."""
        alerts = self.incidents.alerts_of(incident)
        if not alerts:
            return
        current = self._timed_follow_ups(incident, at, result, after_due=True)
        due = follow_ups.due_by_price(current, self.market.of(current.lead), first_alert(current, alerts), at)
        if due:
            timed = follow_ups.ended_by(current, self.market.of(current.lead), at, self.running_since)
            current = self._follow_up(current, [f.kind for f in (*timed, *due)], at, result)
        published, change = current.thread.told_change, lead_alert(current, alerts).last_change
        if published is not None and change is not None and abs(change - published) >= EDIT_WORTH:
            self.incidents.edit_soon(current, at)

    def send_due(self, incident: Incident, at: datetime, result: StepResult) -> None:
        """Send what is due, and close the incident once it is settled."""
        if not self.incidents.has_alerts(incident):
            self.incidents.close_lost(incident, at)
            return
        current = self._timed_follow_ups(incident, at, result)
        lapse = follow_ups.lapses_at(current, self.market.of(current.lead).timetable)
        waiting = [f.kind for f in current.thread.follow_ups if f.waits_for_price]
        if waiting and lapse is not None and lapse <= at:
            current = self._lapse(current, waiting, lapse, at, result)
        if current.thread.edit_due_at is not None and current.thread.edit_due_at <= at:
            if may_message(current, at) and (reason := self.incidents.reason_for_message(current, at)) is not None:
                self._new_message(current, reason, at, result)
            else:
                current = self._update(current, at, result)
        self.incidents.close_if_settled(current, at)

    def _update(self, incident: Incident, at: datetime, result: StepResult) -> Incident:
        """Bring the main message up to date; where that changes nothing it shows, no edit is sent."""
        alerts = self.incidents.alerts_of(incident)
        seen = self.messages.snapshot(incident, alerts, at, self._others(incident))
        summary = self.messages.incident(seen, incident, incident, self._watched, Reason.FIRST)
        told = seen.told_cause.cluster if seen.told_cause else ""
        edited = self.incidents.record_edit(incident, at, told, shown_by(summary))
        if edited.thread.edits != incident.thread.edits:
            self._edit(edited, summary, at, result)
        if not _never_sent(alerts):
            self._mark_notified(alerts, at, result)
        return edited

    def _timed_follow_ups(
        self, incident: Incident, at: datetime, result: StepResult, *, after_due: bool = False
    ) -> Incident:
        """Send the timed follow-ups that are due. ``after_due`` leaves out those due at this very moment: they wait
        until all quotes of the moment are in."""
        current, due = incident, []
        for follow_up in follow_ups.due_by_time(incident, self.market.of(incident.lead), at, self.running_since):
            assert follow_up.due_at is not None
            overdue = at - follow_up.due_at
            if after_due and not overdue:
                continue
            if overdue > follow_ups.STALE_AFTER:
                current = self.incidents.end_follow_ups(current, [follow_up.kind], at, FollowUpOutcome.STALE)
            else:
                due.append((follow_up.due_at, follow_up.kind))
        if due:
            due.sort(key=itemgetter(0), reverse=True)  # one message; the latest says more than those before
            late = at - due[0][0] > follow_ups.LATE_AFTER
            kinds = [kind for _, kind in due]
            current = self._follow_up(current, kinds, at, result, closed_at=due[0][0], late=late)
        return current

    def _lapse(
        self, incident: Incident, waiting: Sequence[FollowUpKind], lapse: datetime, at: datetime, result: StepResult
    ) -> Incident:
        """Five sessions on, end the follow-ups that wait for a price; a missing recovery is reported once."""
        prices = self.market.of(incident.lead)
        if follow_ups.close_awaited(lapse, prices, at, self.running_since):
            return incident
        stale = follow_ups.lapse_is_stale(lapse, prices.timetable, at)
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
        """``closed_at``: the close whose prices it reports; ``None`` for current prices."""
        alerts = self.incidents.alerts_of(incident)
        outcome = FollowUpOutcome.LATE if late else FollowUpOutcome.SENT
        current = self.incidents.record_follow_up(incident, kinds, at, outcome)
        summary = self.messages.follow_up(current, alerts, kinds, at, closed_at, late)
        self._send(current, Reason.FOLLOW_UP, summary, at, result, _never_sent(alerts))
        return current

    # ----------------------------------------------------------------------------------------------- announcements

    def _send(
        self,
        incident: Incident,
        reason: Reason,
        summary: Summary,
        at: datetime,
        result: StepResult,
        suppressed: Suppression | None,
    ) -> None:
        """A new message, in reply to the incident's first."""
        number = incident.thread.messages
        announcement = self._announcement(incident, message_key(incident, number), reason, summary, at)
        first = message_key(incident, 1) if number > 1 else ""
        result.announcements.append(replace(announcement, replies_to=first, suppressed_by=suppressed))

    def _edit(self, incident: Incident, summary: Summary, at: datetime, result: StepResult) -> None:
        """An edit of the incident's main message."""
        announcement = self._announcement(incident, edit_key(incident), incident.thread.main_reason, summary, at)
        result.announcements.append(replace(announcement, edits=message_key(incident, incident.thread.main)))

    def _announcement(
        self, incident: Incident, key: str, reason: Reason, summary: Summary, at: datetime
    ) -> Announcement:
        alerts = self.incidents.alerts_of(incident)
        return Announcement(
            key=key,
            at=at,
            reason=reason,
            severity=incident.severity,
            summary=replace(summary, labels=_labels_of(alerts)),
            incident=incident.id,
            symbols=tuple(s for s in incident.symbols if s != NO_STOCK),
            to=incident.to,
            rules=tuple(sorted({alert.rule for alert in alerts})),
        )

    # ------------------------------------------------------------------------------------------------ suppression

    def _inhibited(self, incident: Incident, alerts: Sequence[Alert]) -> Suppression | None:
        """Set where a rule with a firing alert inhibits the rules of all these alerts."""
        firing = {a.rule for a in self.alerts.firing() if a.incident != incident.id}
        names = {a.rule for a in alerts}
        for rule in map(self._rules().named, sorted(firing)):
            if rule is not None and names and names <= rule.quiets:
                return Suppression(SuppressionReason.INHIBITED, rule.name)
        return None

    def _cooling(self, alert: Alert) -> bool:
        """Whether the alert repeats one that was sent within its rule's cooldown at no lower severity."""
        rule = self._rules().named(alert.rule)
        before = self.alerts.last_notified(alert.fingerprint, alert.session)
        if rule is None or rule.cooldown is None or before is None or before.told_at is None:
            return False
        if before.told_severity is not None and alert.severity > before.told_severity:
            return False
        if rule.cooldown.duration is not None:
            return alert.fired_at - before.told_at < rule.cooldown.duration
        timetable = self.market.of(alert.symbol).timetable
        return timetable.between(before.session, alert.session) < (rule.cooldown.sessions or 0)

    def _old_news(self, alert: Alert) -> bool:
        """Whether the alert, of a rule that asks for no price, rests on stories that an earlier incident told of the
        same stock: that it is another day makes no news of them."""
        if alert.change is not None or alert.cause is None:
            return False
        own = self.incidents.get(alert.incident)
        return any(
            incident.id != alert.incident
            and alert.cause.cluster in incident.clusters
            and alert.symbol in incident.symbols
            and incident.thread.messages > 0
            and incident.to in {(), own.to if own is not None else ()}
            for incident in self.incidents
        )

    def _mark_notified(self, alerts: Sequence[Alert], at: datetime, result: StepResult) -> None:
        for alert in alerts:
            if alert.told_severity is None or alert.severity > alert.told_severity:
                marked = replace(alert, told_at=at, told_severity=alert.severity)
                self.alerts.amend(marked)
                result.mark_notified(marked)

    def _others(self, incident: Incident) -> list[Alert]:
        """Alerts of other incidents that may have told its recipients the cause of this one's fall: those about its
        stocks, one of which will head the message, and where its lead stands for the whole market those about the leads
        of all that are open."""
        symbols = [symbol for symbol in incident.symbols if symbol != NO_STOCK]
        if self.messages.is_market(incident.lead):
            symbols = list(dict.fromkeys((*symbols, *(i.lead for i in self.incidents.open()))))
        others = [a for symbol in symbols for a in self.alerts.about(symbol) if a.incident != incident.id]
        of = {a.incident: self.incidents.get(a.incident) for a in others}
        return [a for a in others if (one := of[a.incident]) is not None and one.to in {(), incident.to}]

    @property
    def _watched(self) -> list[str]:
        return sorted(self._rules().symbols)


def _labels_of(alerts: Sequence[Alert]) -> dict[str, tuple[str, ...]]:
    """By name, what the labels of these alerts say, each value once."""
    found: dict[str, set[str]] = {}
    for alert in alerts:
        for name, value in alert.labels.items():
            found.setdefault(name, set()).add(value)
    return {name: tuple(sorted(found[name])) for name in sorted(found)}


def _never_sent(alerts: Sequence[Alert]) -> Suppression | None:
    """Set where every message about these was suppressed: nobody received what this one would reply to."""
    return Suppression(SuppressionReason.NEVER_TOLD) if all(a.told_at is None for a in alerts) else None
