"""``step(observations, now) → decisions``: the only entrance to what decides.

Time moves inside a step as it moved outside: observations are taken in groups of equal ``seen_at``, and what time
alone brings about (an alert that resolves, a follow-up that falls due) happens at its own moment between them. So it
does not matter how a stretch of observations is cut into steps: live with its polls, and a replay with its tape, come
to the same decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from bot.core import followups, incidents
from bot.core.alerts import AlertBook
from bot.core.errors import LookAheadError
from bot.core.health import Freshness, Health
from bot.core.market import Market
from bot.core.model import (
    Alert,
    AlertChange,
    Announcement,
    ChangeKind,
    DailyBar,
    Decisions,
    Incident,
    IncidentState,
    Observation,
    Phase,
    Quote,
    Reading,
    Reason,
    Refused,
    SourceReport,
    Split,
    Story,
    Trouble,
)
from bot.core.news import NewsRoom, Topics
from bot.core.news.companies import Companies
from bot.core.rules import Outcome, RuleSet
from bot.core.summary import Teller, lead_alert

FRESHNESS_EVERY = timedelta(minutes=5)
HOUSEKEEPING_EVERY = timedelta(hours=6)
REMEMBER_ALERTS = timedelta(days=30)
EDIT_WORTH = 0.01
"""A message is edited when its lead's move is this much further than when it was last told."""


@dataclass(slots=True)
class _Record:
    """What one step has decided so far."""

    changes: list[AlertChange] = field(default_factory=list)
    touched: dict[str, Incident] = field(default_factory=dict)
    announcements: list[Announcement] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class Engine:
    """Everything that decides, with its state. One writer, no threads; ``now`` never goes back."""

    def __init__(
        self,
        rules: RuleSet,
        companies: Companies,
        topics: Topics,
        news: NewsRoom,
        market: Market,
        *,
        watching_since: datetime,
        news_window: timedelta = timedelta(days=14),
    ) -> None:
        self.rules = rules
        self.companies = companies
        self.news = news
        self.market = market
        self.health = Health()
        self.alerts = AlertBook(market, watching_since)
        self.incidents = incidents.IncidentBook()
        self._teller = Teller(market, companies, topics)
        self._freshness = Freshness()
        self._news_window = news_window
        self._time = watching_since
        self._tended = watching_since
        self._next_check: datetime | None = None
        self._next_housekeeping = watching_since + HOUSEKEEPING_EVERY

    # --------------------------------------------------------------------------------------------------------- steps

    def step(self, observations: Iterable[Observation], now: datetime) -> Decisions:
        """Take what was seen up to ``now`` and decide what follows.

        Raises LookAheadError, and takes nothing, when an observation's ``seen_at`` lies after ``now``.
        """
        batch = list(observations)
        for observation in batch:
            if observation.seen_at > now:
                raise LookAheadError(
                    f"{type(observation).__name__} {_name(observation)}, seen at {observation.seen_at.isoformat()}, "
                    f"reached the engine at {now.isoformat()}"
                )
        record = _Record()
        batch.sort(key=lambda o: o.seen_at)
        for seen_at, group in groupby(batch, key=lambda o: o.seen_at):
            at = max(seen_at, self._time)
            self._pass_time(at, record, inclusive=False)
            self._time = at
            self._take(list(group), at, record)
        self._pass_time(max(now, self._time), record, inclusive=True)
        self._time = max(now, self._time)
        return Decisions(
            now,
            tuple(record.changes),
            tuple(record.touched.values()),
            tuple(record.announcements),
            tuple(record.readings),
            tuple(record.refused),
        )

    def restore(
        self, observations: Iterable[Observation], alerts: Sequence[Alert], known: Sequence[Incident], until: datetime
    ) -> None:
        """Rebuild the state from history: prices and stories from observations, alerts and incidents as recorded.

        Nothing is decided or said. Afterwards the engine is where an uninterrupted one would be at ``until``.
        """
        for observation in observations:
            self._absorb(observation, None)
        self.incidents.restore(known)
        self._time = self._tended = max(self._time, until)
        self.alerts.restore(alerts, self._time)
        self._next_housekeeping = self._time + HOUSEKEEPING_EVERY

    def reload(self, rules: RuleSet) -> None:
        """Use other rules from now on. Alerts that fire keep the version they fired with."""
        self.rules = rules

    def evaluate(self, symbol: str, at: datetime) -> list[Outcome]:
        """Every rule that concerns ``symbol``, with its whole tree, as things stand; decides nothing."""
        return [r.evaluate(symbol, at, self.market, self.news) for r in self.rules.concerning(symbol)]

    # --------------------------------------------------------------------------------------------------- observations

    def _take(self, group: list[Observation], at: datetime, record: _Record) -> None:
        """One group of equal ``seen_at``: stories and bars first, then the quotes in waves, so that a batch of prices
        is judged as a whole and yet every quote of a symbol is judged in its turn."""
        quotes = [o for o in group if isinstance(o, Quote)]
        others = [o for o in group if not isinstance(o, Quote)]
        topics: set[str] = set()
        for observation in sorted(others, key=_canonical):
            topics |= self._absorb(observation, record)
        waves = _waves(quotes)
        symbols = self._symbols_for(topics)
        for number, wave in enumerate(waves or [[]]):
            touched = set(symbols) if number == 0 else set()
            for quote in wave:
                if self._admit(quote, at, record):
                    touched.add(quote.symbol)
            self._judge(touched, at, record)

    def _admit(self, quote: Quote, at: datetime, record: _Record) -> bool:
        """Take a quote or refuse it; a symbol refused several times in a row is the operator's business."""
        why = self.market.admit(quote, at)
        if why is not None:
            record.refused.append(Refused(quote, why, at))
            detail = f"{quote.price} at {quote.at.isoformat()}: {why}"
            self._heard(SourceReport("prices", at, Trouble.REFUSED, detail, subject=quote.symbol), record)
        elif self.health.troubled("prices", quote.symbol) is Trouble.REFUSED:
            self._heard(SourceReport("prices", at, subject=quote.symbol), record)
        return why is None

    def _absorb(self, observation: Observation, record: _Record | None) -> set[str]:
        """Take one observation into the state; the topics of a new story, for whoever waits for them."""
        if isinstance(observation, Story):
            reading = self.news.add(observation)
            if reading is not None and record is not None:
                record.readings.append(reading)
                return {t.topic for t in reading.topics if t.score > 0}
        elif isinstance(observation, Quote):
            self.market.admit(observation, max(observation.seen_at, self._time))
        elif isinstance(observation, DailyBar | Split):
            self.market.apply(observation)
        elif isinstance(observation, SourceReport):
            self._heard(observation, record)
        return set()

    def _heard(self, report: SourceReport, record: _Record | None) -> None:
        notice = self.health.observe(report)
        if notice is not None and record is not None:
            record.announcements.append(notice)
        if report.source == "prices" and not report.subject and report.trouble is Trouble.NONE:
            self._next_check = self._next_check or report.seen_at + FRESHNESS_EVERY

    def _symbols_for(self, topics: set[str]) -> set[str]:
        if not topics:
            return set()
        return {s for r in self.rules if r.enabled and r.topics & topics for s in r.symbols}

    # --------------------------------------------------------------------------------------------------------- rules

    def _judge(self, symbols: set[str], at: datetime, record: _Record) -> None:
        changed: list[AlertChange] = []
        for symbol in sorted(symbols):
            changed += self.alerts.follow(symbol, at)
            for rule in self.rules.concerning(symbol):
                outcome = rule.evaluate(symbol, at, self.market, self.news, brief=True)
                if not outcome.holds:
                    continue
                full = None
                if self.alerts.would_change(outcome, at):
                    full = rule.evaluate(symbol, at, self.market, self.news).check
                if change := self.alerts.consider(outcome, full, at):
                    changed.append(change)
        entered = [self._enter(change, at, record) for change in _most_telling(changed)]
        self._speak(set(entered), at, record)
        for incident in self.incidents.open():
            if incident.lead in symbols:
                self._watch_lead(incident, at, record)

    def _enter(self, change: AlertChange, at: datetime, record: _Record) -> str:
        """Give a changed alert its incident, and record both; the incident's id."""
        alert = self.alerts.get(change.alert.id) or change.alert
        if change.kind is ChangeKind.FIRED:
            incident = self.incidents.join(alert, at)
            alert = replace(alert, incident=incident.id)
            self.alerts.amend(alert)
            rule = self.rules.named(alert.rule)
            timetable = self.market.of(incident.lead).timetable
            planned = followups.plan(rule.follow_up if rule else (), incident, timetable, at)
            incident = self.incidents.put(replace(incident, follow_ups=planned))
        else:
            found = self.incidents.get(alert.incident)
            if found is None:
                record.changes.append(AlertChange(change.kind, change.at, alert))
                return ""
            incident = self.incidents.raise_to(found, alert, at)
        record.touched[incident.id] = incident
        record.changes.append(AlertChange(change.kind, change.at, alert))
        return incident.id

    # ------------------------------------------------------------------------------------------------------ speaking

    def _speak(self, ids: set[str], at: datetime, record: _Record) -> None:
        """Say what changed: a new message where there is a reason for one, else an edit soon."""
        for incident_id in sorted(ids - {""}):
            incident = self.incidents.get(incident_id)
            if incident is None or incident.state is IncidentState.CLOSED:
                continue
            reason = incidents.reason_to_speak(incident, at)
            if reason is None:
                self._keep(incidents.needs_edit(incident, at), record)
            else:
                self._announce(incident, reason, at, record)

    def _announce(self, incident: Incident, reason: Reason, at: datetime, record: _Record) -> None:
        alerts = self._alerts_of(incident)
        held_back = self._held_back(alerts) if reason is Reason.FIRST else ""
        told = replace(incidents.told(incident, reason, at), told_change=lead_alert(incident, alerts).change)
        spoken = self._keep(told, record)
        summary = self._teller.incident(spoken, alerts, self._watched, at, reason)
        record.announcements.append(
            Announcement(
                key=incidents.message_key(spoken, spoken.messages),
                at=at,
                reason=reason,
                severity=spoken.severity,
                summary=summary,
                incident=spoken.id,
                symbols=spoken.symbols,
                replies_to="" if spoken.messages == 1 else incidents.message_key(spoken, 1),
                suppressed_by=held_back,
            )
        )
        if not held_back:
            self._mark_told(alerts, at, record)

    def _edit(self, incident: Incident, at: datetime, record: _Record) -> None:
        alerts = self._alerts_of(incident)
        edited = self._keep(
            replace(
                incident,
                edits=incident.edits + 1,
                edited_at=at,
                edit_due_at=None,
                updated_at=at,
                told_change=lead_alert(incident, alerts).change,
            ),
            record,
        )
        record.announcements.append(
            Announcement(
                key=incidents.edit_key(edited),
                at=at,
                reason=edited.main_reason,
                severity=edited.severity,
                summary=self._teller.incident(edited, alerts, self._watched, at, Reason.FIRST),
                incident=edited.id,
                symbols=edited.symbols,
                edits=incidents.message_key(edited, edited.main),
            )
        )
        self._mark_told(alerts, at, record)

    def _follow(
        self, incident: Incident, kinds: Sequence[str], at: datetime, record: _Record, *, late: bool = False
    ) -> None:
        alerts = self._alerts_of(incident)
        marked = followups.done(incident, kinds, at, "late" if late else "sent")
        spoken = self._keep(replace(marked, messages=marked.messages + 1), record)
        record.announcements.append(
            Announcement(
                key=incidents.message_key(spoken, spoken.messages),
                at=at,
                reason=Reason.FOLLOW_UP,
                severity=spoken.severity,
                summary=self._teller.follow_up(spoken, alerts, self._watched, kinds, at, late),
                incident=spoken.id,
                symbols=spoken.symbols,
                replies_to=incidents.message_key(spoken, 1),
            )
        )

    def _watch_lead(self, incident: Incident, at: datetime, record: _Record) -> None:
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
        if told is not None and lead.change is not None and abs(lead.change - told) >= EDIT_WORTH:
            self._keep(incidents.needs_edit(current, at), record)

    def _held_back(self, alerts: Sequence[Alert]) -> str:
        """``cooldown`` where every alert of a new incident repeats one told too recently at no lower severity."""
        return "cooldown" if all(self._cooling(a) for a in alerts) else ""

    def _cooling(self, alert: Alert) -> bool:
        rule = self.rules.named(alert.rule)
        before = self.alerts.last_told(alert.fingerprint, alert.session)
        if rule is None or rule.cooldown is None or before is None or before.told_at is None:
            return False
        if before.told_severity is not None and alert.severity > before.told_severity:
            return False
        if rule.cooldown.duration is not None:
            return alert.fired_at - before.told_at < rule.cooldown.duration
        timetable = self.market.of(alert.symbol).timetable
        return timetable.between(before.session, alert.session) < (rule.cooldown.sessions or 0)

    def _mark_told(self, alerts: Sequence[Alert], at: datetime, record: _Record) -> None:
        for alert in alerts:
            if alert.told_severity is None or alert.severity > alert.told_severity:
                told = replace(alert, told_at=at, told_severity=alert.severity)
                self.alerts.amend(told)
                _replace_alert(record.changes, told)

    # ---------------------------------------------------------------------------------------------------------- time

    def _pass_time(self, until: datetime, record: _Record, *, inclusive: bool) -> None:
        """Let everything happen that time alone brings about before ``until`` (or up to it)."""
        while (due := self.next_due()) is not None and (due < until or (inclusive and due == until)):
            self._time = max(self._time, due)
            self._at(self._time, record)

    def next_due(self) -> datetime | None:
        """The next moment at which time alone brings something about; ``None`` where nothing waits."""
        times = [self.alerts.next_due(), self._next_check, self._next_housekeeping]
        times += [followups.next_due(i, self.market.of(i.lead), self._tended) for i in self.incidents.open() if i.lead]
        return min((t for t in times if t is not None), default=None)

    def _at(self, at: datetime, record: _Record) -> None:
        self._tended = at
        for change in self.alerts.resolve_due(at):
            record.changes.append(change)
            if incident := self.incidents.get(change.alert.incident):
                self._keep(replace(incident, updated_at=at), record)
        for incident in self.incidents.open():
            self._tend(incident, at, record)
        if self._next_check is not None and self._next_check <= at:
            self._next_check = at + FRESHNESS_EVERY
            for report in self._freshness.check(self._ages(at), at):
                self._heard(report, record)
        if self._next_housekeeping <= at:
            self._next_housekeeping = at + HOUSEKEEPING_EVERY
            self._forget(at)

    def _tend(self, incident: Incident, at: datetime, record: _Record) -> None:
        prices = self.market.of(incident.lead)
        self._timed_follow_ups(incident, at, record)
        current = self.incidents.get(incident.id) or incident
        lapse = followups.lapses_at(current, prices.timetable)
        waiting = [f.kind for f in current.follow_ups if f.done_at is None and f.due_at is None]
        if waiting and lapse is not None and lapse <= at:
            self._lapse(current, waiting, at, record)
            current = self.incidents.get(incident.id) or current
        if current.edit_due_at is not None and current.edit_due_at <= at:
            self._edit(current, at, record)
            current = self.incidents.get(incident.id) or current
        if incidents.settled(current, self._alerts_of(current)):
            self._keep(replace(current, state=IncidentState.CLOSED, closed_at=at, updated_at=at), record)

    def _timed_follow_ups(self, incident: Incident, at: datetime, record: _Record, *, after_due: bool = False) -> None:
        """Send what is due. ``after_due`` leaves a follow-up due this very moment to the clock, which comes after all
        quotes of the moment are in."""
        for follow_up in followups.due_by_time(incident, self.market.of(incident.lead), at):
            assert follow_up.due_at is not None
            overdue = at - follow_up.due_at
            if after_due and not overdue:
                continue
            current = self.incidents.get(incident.id) or incident
            if overdue > followups.STALE_AFTER:
                self._keep(followups.done(current, [follow_up.kind], at, "stale"), record)
            else:
                self._follow(current, [follow_up.kind], at, record, late=overdue > followups.LATE_AFTER)

    def _lapse(self, incident: Incident, waiting: list[str], at: datetime, record: _Record) -> None:
        """Five sessions on: what has not come back is said once, and the waiting ends."""
        prices = self.market.of(incident.lead)
        timetable = prices.timetable
        lapse = followups.lapses_at(incident, timetable)
        session = timetable.at(lapse) if lapse else None
        known = session is not None and prices.close_of(session) is not None
        if lapse is not None and not known and at < lapse + followups.CLOSE_GRACE:
            return
        if "recovered" in waiting:
            self._follow(incident, ["lapsed"], at, record)
            incident = self.incidents.get(incident.id) or incident
        self._keep(followups.done(incident, waiting, at, "expired"), record)

    def _ages(self, at: datetime) -> dict[str, timedelta | None]:
        ages: dict[str, timedelta | None] = {}
        for symbol in self.rules.symbols:
            prices = self.market.of(symbol)
            session = prices.timetable.at(at)
            if (
                session is None
                or session.phase(at) is not Phase.REGULAR
                or at - session.open_at < self._freshness.after
            ):
                continue
            if session.break_start_at and session.break_end_at:
                resumed = session.break_end_at + self._freshness.after
                if session.break_start_at <= at <= resumed:
                    continue
            last = prices.last
            ages[symbol] = at - last.at if last and last.at >= session.starts_at else None
        return ages

    def _forget(self, at: datetime) -> None:
        self.market.forget(at)
        self.news.forget(at - self._news_window)
        self.alerts.forget((at - REMEMBER_ALERTS).date())
        self.incidents.forget((at - REMEMBER_ALERTS).date())

    # -------------------------------------------------------------------------------------------------------- details

    @property
    def _watched(self) -> list[str]:
        return sorted(self.rules.symbols)

    def _alerts_of(self, incident: Incident) -> list[Alert]:
        return [a for a in map(self.alerts.get, incident.alerts) if a is not None]

    def _keep(self, incident: Incident, record: _Record) -> Incident:
        record.touched[incident.id] = self.incidents.put(incident)
        return incident


def _waves(quotes: list[Quote]) -> list[list[Quote]]:
    """Quotes cut so that each wave has at most one per symbol, each symbol's in the order of event time."""
    waves: list[list[Quote]] = []
    position: dict[str, int] = {}
    for quote in sorted(quotes, key=lambda q: (q.at, q.kind.rank, q.symbol)):
        number = position.get(quote.symbol, 0)
        position[quote.symbol] = number + 1
        if number == len(waves):
            waves.append([])
        waves[number].append(quote)
    return waves


def _canonical(observation: Observation) -> tuple[int, str, str]:
    """An order of equal ``seen_at`` that does not depend on who asked first: splits and bars before stories."""
    if isinstance(observation, Story):
        return (2, observation.source, observation.id)
    if isinstance(observation, DailyBar):
        return (1, observation.symbol, observation.session.isoformat())
    if isinstance(observation, Split):
        return (0, observation.symbol, observation.session.isoformat())
    return (3, _name(observation), "")


def _name(observation: Observation) -> str:
    if isinstance(observation, Story | SourceReport):
        return observation.source
    return observation.symbol


def _most_telling(changes: list[AlertChange]) -> list[AlertChange]:
    """Changes of one moment with the most severe and furthest first: the first of a new incident leads it."""
    return sorted(changes, key=lambda c: (-c.alert.severity, -abs(c.alert.change or 0.0), c.alert.symbol, c.alert.rule))


def _replace_alert(changes: list[AlertChange], alert: Alert) -> None:
    """Let the last change of ``alert`` carry its newest record; add one where this step had none."""
    for i in range(len(changes) - 1, -1, -1):
        if changes[i].alert.id == alert.id:
            changes[i] = replace(changes[i], alert=alert)
            return
    changes.append(AlertChange(ChangeKind.UPDATED, alert.updated_at, alert))
