"""The alerts of every fingerprint and session, and how each moves from firing to resolved.

One alert per rule, symbol and session: while it fires its numbers follow the price and its severity may only rise;
a price that bounces over the threshold does not resolve it, the end of its session does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime

from bot.core.model import (
    Alert,
    AlertChange,
    AlertState,
    CauseRef,
    ChangeKind,
    Check,
    ClusterMatch,
    Phase,
)
from bot.core.prices.market import Market
from bot.core.prices.sessions import Session, Timetable
from bot.core.rules.conditions import Move
from bot.core.rules.rule import Evaluation, Rule

WORST_STEP = 0.005
"""How much further a move must go before the alert's record is written again."""


class AlertBook:
    """Every alert of recent sessions, by fingerprint and session."""

    def __init__(self, market: Market, watching_since: datetime) -> None:
        self._market = market
        self._watching_since = watching_since
        self._alerts: dict[tuple[str, date], Alert] = {}
        self._by_id: dict[str, Alert] = {}
        self._written_worst: dict[str, float | None] = {}
        self._firing: dict[str, dict[tuple[str, date], Alert]] = {}
        """Those of ``_alerts`` that fire, by symbol."""
        self.between: tuple[date, date] | None = None
        """First and last session whose moves may raise alerts; any, where not set. A backtest has such bounds."""

    # ------------------------------------------------------------------------------------------------------- reading

    def __iter__(self) -> Iterator[Alert]:
        return iter(self._alerts.values())

    def get(self, alert_id: str) -> Alert | None:
        """The alert called ``alert_id``, if it is recent."""
        return self._by_id.get(alert_id)

    def firing(self) -> list[Alert]:
        """Every alert that fires, by ``fired_at``."""
        found = [alert for alerts in self._firing.values() for alert in alerts.values()]
        return sorted(found, key=lambda a: (a.fired_at, a.id))

    def fires(self, symbol: str) -> bool:
        """Whether an alert of ``symbol`` is firing."""
        return bool(self._firing.get(symbol))

    def last_told(self, fingerprint: str, before: date) -> Alert | None:
        """The newest alert of ``fingerprint`` from an earlier session that people were told of."""
        told = [a for (f, s), a in self._alerts.items() if f == fingerprint and s < before and a.told_at is not None]
        return max(told, key=lambda a: a.session, default=None)

    # ------------------------------------------------------------------------------------------------------ changing

    def restore(self, alerts: Iterable[Alert], at: datetime) -> None:
        """Take alerts from the history; the numbers of those that fire are brought up to the quotes now known."""
        for alert in alerts:
            self._written_worst[alert.id] = alert.worst
            if alert.state is AlertState.FIRING:
                self._put(self._moved(replace(alert, worst=self._furthest(alert)), at))
            else:
                self._put(alert)

    def consider(self, outcome: Evaluation, full: Check | None, at: datetime) -> AlertChange | None:
        """What an outcome that holds does to its alert: fire it, raise it, or move its numbers."""
        session = self._session(outcome, at)
        if session is None or outcome.severity is None:
            return None
        fingerprint = outcome.rule.fingerprint(outcome.symbol)
        alert = self._alerts.get((fingerprint, session.date))
        if alert is None:
            fired = self._fire(outcome, full or outcome.check, fingerprint, session, at)
            return self._put(fired, AlertChange(ChangeKind.FIRED, at, fired))
        if alert.state is not AlertState.FIRING:
            return None
        if outcome.severity > alert.severity:
            raised = replace(
                _measured(alert, outcome.move),
                severity=outcome.severity,
                checks=(full or outcome.check,),
                cause=alert.cause if alert.corrected_at else cause_of(outcome.cause, outcome.confidence) or alert.cause,
                updated_at=at,
            )
            return self._put(raised, AlertChange(ChangeKind.ESCALATED, at, raised))
        return None

    def follow(self, symbol: str, at: datetime) -> list[AlertChange]:
        """Let the numbers of the symbol's firing alerts follow its standing price, whether or not the rule still holds.

        A change is reported only where the move has gone notably further than when it was last written.
        """
        changes = []
        for alert in list(self._firing.get(symbol, {}).values()):
            moved = self._moved(alert, at)
            if moved is alert:
                continue
            self._put(moved)
            written = self._written_worst.get(alert.id)
            if written is not None and moved.worst is not None and abs(moved.worst - written) >= WORST_STEP:
                changes.append(AlertChange(ChangeKind.UPDATED, at, moved))
                self._put(moved, changes[-1])
        return changes

    def exhausted(self, rule: Rule, symbol: str, at: datetime, session: Session | None) -> bool:
        """Whether the rule can do nothing more to its alert in the session judged: it is resolved, or as severe as the
        rule can make it. Saves asking again, at every price, why a stock fell."""
        judged = session or self._market.of(symbol).timetable.current(at)
        alert = self._alerts.get((rule.fingerprint(symbol), judged.date)) if judged else None
        if alert is None:
            return False
        return alert.state is not AlertState.FIRING or alert.severity >= max(s.severity for s in rule.severity)

    def would_change(self, outcome: Evaluation, at: datetime) -> bool:
        """Whether ``consider`` would fire or raise: only then is the full tree of checks worth evaluating."""
        session = self._session(outcome, at)
        if session is None or outcome.severity is None:
            return False
        alert = self._alerts.get((outcome.rule.fingerprint(outcome.symbol), session.date))
        return alert is None or (alert.state is AlertState.FIRING and outcome.severity > alert.severity)

    def amend(self, alert: Alert) -> None:
        """Replace an alert's record without a change of its own (its incident, when it was told)."""
        self._put(alert)

    def ends_at(self, alert: Alert) -> datetime:
        """When the alert resolves: the end of its session or, where it fired after that, the start of the next one."""
        timetable = self._market.of(alert.symbol).timetable
        return ending(timetable, alert.session, alert.fired_at)

    def resolve_due(self, at: datetime) -> list[AlertChange]:
        """Resolve every alert whose session is over at ``at``."""
        changes = []
        for alert in self.firing():
            due = self.ends_at(alert)
            if due <= at:
                resolved = replace(alert, state=AlertState.RESOLVED, resolved_at=due, updated_at=due)
                changes.append(AlertChange(ChangeKind.RESOLVED, due, resolved))
                self._put(resolved, changes[-1])
        return changes

    def next_due(self) -> datetime | None:
        """The earliest moment an alert resolves."""
        return min((self.ends_at(a) for a in self.firing()), default=None)

    def forget(self, before: date, keep: Collection[str] = ()) -> None:
        """Drop resolved alerts of sessions before ``before``, but for those whose ids are in ``keep``."""
        old = (k for k, a in self._alerts.items() if k[1] < before and a.state is AlertState.RESOLVED)
        gone = [k for k in old if self._alerts[k].id not in keep]
        for key in gone:
            alert = self._alerts.pop(key)
            self._by_id.pop(alert.id, None)
            self._written_worst.pop(alert.id, None)

    # ------------------------------------------------------------------------------------------------------- details

    def _session(self, outcome: Evaluation, at: datetime) -> Session | None:
        """The session an alert would be about; ``None`` where there is none, or none that may raise alerts."""
        if outcome.move is not None:
            session: Session | None = outcome.move.session
        else:
            session = self._market.of(outcome.symbol).timetable.current(at)
        if session is not None and self.between and not self.between[0] <= session.date <= self.between[1]:
            return None
        return session

    def _put(self, alert: Alert, change: AlertChange | None = None) -> AlertChange | None:
        key = (alert.fingerprint, alert.session)
        self._alerts[key] = alert
        if alert.state is AlertState.FIRING:
            self._firing.setdefault(alert.symbol, {})[key] = alert
        elif alert.symbol in self._firing:
            self._firing[alert.symbol].pop(key, None)
        self._by_id[alert.id] = alert
        if change is not None:
            self._written_worst[alert.id] = alert.worst
        return change

    def _fire(self, outcome: Evaluation, full: Check, fingerprint: str, session: Session, at: datetime) -> Alert:
        rule, symbol, move = outcome.rule, outcome.symbol, outcome.move
        quote = move.quote if move else self._market.of(symbol).last
        assert outcome.severity is not None
        return Alert(
            id=f"{session.date:%Y%m%d}-{symbol}-{fingerprint[:6]}",
            fingerprint=fingerprint,
            rule=rule.name,
            rule_version=rule.version,
            symbol=symbol,
            session=session.date,
            severity=outcome.severity,
            state=AlertState.FIRING,
            fired_at=at,
            updated_at=at,
            price=quote.price if quote else 0.0,
            price_at=quote.at if quote else at,
            phase=session.phase(quote.at) if quote else Phase.CLOSED,
            change=move.change if move else None,
            reference=move.reference if move else None,
            cause=cause_of(outcome.cause, outcome.confidence),
            checks=(full,),
            late=self._under_way(outcome, session),
            worst=move.change if move else None,
            last_price=quote.price if quote else None,
            last_price_at=quote.at if quote else None,
            last_change=move.change if move else None,
        )

    def _moved(self, alert: Alert, at: datetime) -> Alert:
        """``alert`` with the numbers of the price that stands at ``at``; itself where nothing moved."""
        standing = self._market.of(alert.symbol).standing(at)
        if standing is None or alert.reference is None or alert.worst is None or standing[1].date != alert.session:
            return alert
        quote, _ = standing
        if quote.at == alert.last_price_at and quote.price == alert.last_price:
            return alert
        moved = quote.price / alert.reference.price - 1
        return replace(
            alert,
            last_price=quote.price,
            last_price_at=quote.at,
            last_change=moved,
            worst=min(alert.worst, moved) if alert.worst < 0 else max(alert.worst, moved),
        )

    def _under_way(self, outcome: Evaluation, session: Session) -> bool:
        """The session began before we watched, and the first price we saw of it met the condition already."""
        if outcome.move is None or session.starts_at >= self._watching_since:
            return False
        quotes = self._market.of(outcome.symbol).in_session(session)
        if not quotes or quotes[0].seen_at < self._watching_since:
            return False
        first = quotes[0].price / outcome.move.reference.price - 1
        return first <= outcome.move.change / 2 if outcome.move.change < 0 else first >= outcome.move.change / 2

    def _furthest(self, alert: Alert) -> float | None:
        if alert.worst is None or alert.reference is None:
            return alert.worst
        prices = self._market.of(alert.symbol)
        session = prices.timetable.on(alert.session)
        if session is None:
            return alert.worst
        since, price = alert.last_price_at or alert.price_at, alert.last_price or alert.price
        later = prices.quotes_between(since, session.ends_at)
        # what shares its moment with the price last written down came before it: a session's low before its close
        written = max((i for i, q in enumerate(later) if q.at == since and q.price == price), default=-1)
        later = later[written + 1 :]
        moves = [alert.worst, *(q.price / alert.reference.price - 1 for q in later if q.seen_at >= alert.fired_at)]
        return min(moves) if alert.worst < 0 else max(moves)


def _measured(alert: Alert, move: Move | None) -> Alert:
    """``alert`` with the figures of the move that raised it."""
    if move is None:
        return alert
    return replace(
        alert,
        price=move.quote.price,
        price_at=move.quote.at,
        phase=move.session.phase(move.quote.at),
        change=move.change,
        reference=move.reference,
    )


def ending(timetable: Timetable, day: date, fired_at: datetime) -> datetime:
    """The moment an alert of session ``day`` that fired at ``fired_at`` resolves."""
    session = timetable.on(day)
    if session is None:
        return fired_at
    if fired_at < session.ends_at:
        return session.ends_at
    following = timetable.before(session, -1)
    return max(following.starts_at, fired_at) if following else fired_at


def cause_of(match: ClusterMatch | None, confidence: float | None = None) -> CauseRef | None:
    """What an alert keeps of the cluster that explains it."""
    if match is None:
        return None
    best = match.best
    return CauseRef(
        cluster=match.cluster,
        topic=match.topic,
        title=best.title,
        source=best.origin,
        link=best.link,
        published_at=best.published_at,
        seen_at=best.seen_at,
        score=match.score,
        reach=match.reach,
        exposures=match.exposures,
        story=best.id,
        stories=tuple(s.id for s in match.stories),
        sources=match.sources,
        confidence=confidence,
        first_title=match.first.title,
        first_source=match.first.origin,
        first_link=match.first.link,
        first_seen_at=match.first.seen_at,
    )
