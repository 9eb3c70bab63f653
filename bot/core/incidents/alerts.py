"""The life of an alert, from firing to resolved.

There is one alert per rule, symbol and session. While it fires, its figures follow the price and its severity can only
rise. It resolves when its session ends, not when the price crosses back over the threshold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime

from bot.core.model import (
    NO_STOCK,
    Alert,
    AlertChange,
    AlertState,
    CauseRef,
    ChangeKind,
    Check,
    Claim,
    ClusterMatch,
    Phase,
    Severity,
)
from bot.core.prices.basis import beyond_moves
from bot.core.prices.market import Market
from bot.core.prices.sessions import Session
from bot.core.rules.conditions import Move
from bot.core.rules.rule import Evaluation, Rule

WORST_STEP = 0.005
"""An alert is stored again once its move has grown by this much."""
AHEAD = 0.1
"""By how much the confidence of a cause must exceed that of one already told to take its place."""


class AlertBook:
    """The alerts of recent sessions, by fingerprint and session."""

    def __init__(self, market: Market, watching_since: datetime) -> None:
        self._market = market
        self._watching_since = watching_since
        self._alerts: dict[tuple[str, date], Alert] = {}
        self._by_id: dict[str, Alert] = {}
        self._written_worst: dict[str, float | None] = {}
        self._firing: dict[str, dict[tuple[str, date], Alert]] = {}
        """The firing ones of ``_alerts``, by symbol."""
        self._of_symbol: dict[str, dict[tuple[str, date], Alert]] = {}
        """All of ``_alerts``, by symbol."""
        self.between: tuple[date, date] | None = None
        """First and last session in which alerts may fire, for backtests; ``None`` for no bounds."""

    # ------------------------------------------------------------------------------------------------------- reading

    def __iter__(self) -> Iterator[Alert]:
        return iter(self._alerts.values())

    def get(self, alert_id: str) -> Alert | None:
        """The alert with this id, if it is recent."""
        return self._by_id.get(alert_id)

    def firing(self) -> list[Alert]:
        """All firing alerts, by ``fired_at``."""
        alerts = [alert for of_symbol in self._firing.values() for alert in of_symbol.values()]
        return sorted(alerts, key=lambda a: (a.fired_at, a.id))

    def about(self, symbol: str) -> list[Alert]:
        """All recent alerts for ``symbol``, firing or resolved."""
        return list(self._of_symbol.get(symbol, {}).values())

    def fires(self, symbol: str) -> bool:
        """Whether an alert for ``symbol`` is firing."""
        return bool(self._firing.get(symbol))

    def fires_for(self) -> Collection[str]:
        """The symbols for which an alert is firing."""
        return self._firing.keys()

    def has_fired(self, fingerprint: str) -> bool:
        """Whether an alert of ``fingerprint`` has fired in any session."""
        return any(known == fingerprint for known, _ in self._alerts)

    def last_notified(self, fingerprint: str, before: date) -> Alert | None:
        """The newest alert of ``fingerprint`` from an earlier session that was sent to people."""
        sent = [a for (f, s), a in self._alerts.items() if f == fingerprint and s < before and a.told_at is not None]
        return max(sent, key=lambda a: a.session, default=None)

    # ------------------------------------------------------------------------------------------------------ changing

    def restore(self, alerts: Iterable[Alert], at: datetime) -> None:
        """Load alerts from the history; firing ones are brought up to date with the quotes now known."""
        for alert in alerts:
            self._written_worst[alert.id] = alert.worst
            if alert.state is AlertState.FIRING:
                self._put(self._moved(replace(alert, worst=self._furthest(alert)), at))
            else:
                self._put(alert)

    def consider(self, outcome: Evaluation, full: Check | None, at: datetime) -> AlertChange | None:
        """Fire the alert of a rule that holds, or raise its severity; ``None`` where neither is due."""
        session = self._session(outcome, at)
        if session is None or outcome.severity is None:
            return None
        fingerprint = outcome.fingerprint
        alert = self._alerts.get((fingerprint, session.date))
        if alert is None:
            fired = self._fire(outcome, full or outcome.check, fingerprint, session, at)
            return self._put(fired, AlertChange(ChangeKind.FIRED, at, fired))
        if not _raises(alert, outcome.severity):
            return None
        raised = replace(
            _with_cause(_measured(alert, outcome.move), cause_of(outcome.cause, outcome.confidence)),
            severity=outcome.severity,
            checks=(full or outcome.check,),
            updated_at=at,
        )
        return self._put(raised, AlertChange(ChangeKind.ESCALATED, at, raised))

    def follow(self, symbol: str, at: datetime) -> list[AlertChange]:
        """Update the symbol's firing alerts to its latest price, whether or not their rules still hold.

        Returns only changes worth storing: moves that have grown by ``WORST_STEP``.
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

    def is_final(self, rule: Rule, symbol: str, at: datetime, session: Session | None) -> bool:
        """Whether the rule cannot change its alert of ``session`` any more: it is resolved, or at the rule's highest
        severity. Saves ranking causes again at every price."""
        session = session or self._market.of(symbol).timetable.current(at)
        alert = self._alerts.get((rule.fingerprint(symbol), session.date)) if session else None
        return alert is not None and not _raises(alert, max(s.severity for s in rule.severity))

    def would_change(self, outcome: Evaluation, at: datetime) -> bool:
        """Whether ``consider`` would fire or raise the alert: only then is the full tree of checks worth evaluating."""
        session = self._session(outcome, at)
        if session is None or outcome.severity is None:
            return False
        alert = self._alerts.get((outcome.fingerprint, session.date))
        return alert is None or _raises(alert, outcome.severity)

    def amend(self, alert: Alert) -> None:
        """Replace an alert where something other than its price or severity changed: incident, cause, ``told_at``."""
        self._put(alert)

    def ends_at(self, alert: Alert) -> datetime:
        """When the alert resolves: the end of its session or, where it fired after that, the next pre-market."""
        timetable = self._market.of(alert.symbol).timetable
        session = timetable.on(alert.session)
        if session is None:
            return alert.fired_at
        if alert.fired_at < session.ends_at:
            return session.ends_at
        following = timetable.before(session, -1)
        return max(following.pre_at, alert.fired_at) if following else alert.fired_at

    def resolve_due(self, at: datetime) -> list[AlertChange]:
        """Resolve the alerts whose session is over at ``at``."""
        changes = []
        for alert in self.firing():
            if (due := self.ends_at(alert)) <= at:
                resolved = replace(alert, state=AlertState.RESOLVED, resolved_at=due, updated_at=due)
                changes.append(AlertChange(ChangeKind.RESOLVED, due, resolved))
                self._put(resolved, changes[-1])
        return changes

    def next_due(self) -> datetime | None:
        """When the next alert resolves."""
        return min((self.ends_at(a) for a in self.firing()), default=None)

    def forget(self, before: date, keep: Collection[str] = ()) -> None:
        """Drop resolved alerts of sessions before ``before``, except those with an id in ``keep``."""
        for key, alert in list(self._alerts.items()):
            if key[1] < before and alert.state is AlertState.RESOLVED and alert.id not in keep:
                del self._alerts[key]
                self._by_id.pop(alert.id, None)
                of_symbol = self._of_symbol[alert.symbol]
                del of_symbol[key]
                if not of_symbol:
                    del self._of_symbol[alert.symbol]
                self._written_worst.pop(alert.id, None)

    # ------------------------------------------------------------------------------------------------------- details

    def _session(self, outcome: Evaluation, at: datetime) -> Session | None:
        """The session the alert is about; ``None`` outside sessions and outside ``between``."""
        session = outcome.move.session if outcome.move else self._market.of(outcome.symbol).timetable.current(at)
        if session is not None and self.between and not self.between[0] <= session.date <= self.between[1]:
            return None
        return session

    def _put(self, alert: Alert, change: AlertChange | None = None) -> AlertChange | None:
        key = (alert.fingerprint, alert.session)
        self._alerts[key] = alert
        self._of_symbol.setdefault(alert.symbol, {})[key] = alert
        if alert.state is AlertState.FIRING:
            self._firing.setdefault(alert.symbol, {})[key] = alert
        elif (firing := self._firing.get(alert.symbol)) is not None:
            firing.pop(key, None)
            if not firing:
                del self._firing[alert.symbol]
        self._by_id[alert.id] = alert
        if change is not None:
            self._written_worst[alert.id] = alert.worst
        return change

    def _fire(self, outcome: Evaluation, full: Check, fingerprint: str, session: Session, at: datetime) -> Alert:
        rule, symbol, move = outcome.rule, outcome.symbol, outcome.move
        quote = move.quote if move else self._market.of(symbol).last
        assert outcome.severity is not None
        return Alert(
            id=f"{session.date:%Y%m%d}-{symbol or ('news' if outcome.happening else 'portfolio')}-{fingerprint[:6]}",
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
            phase=self._market.phase(symbol, quote.at) if quote else Phase.CLOSED,
            change=move.change if move else None,
            reference=move.reference if move else None,
            cause=cause_of(outcome.cause, outcome.confidence),
            checks=(full,),
            late=self._under_way(outcome, session),
            doubt=self._doubt(symbol, move),
            worst=move.change if move else None,
            last_price=quote.price if quote else None,
            last_price_at=quote.at if quote else None,
            last_change=move.change if move else None,
            labels=rule.labels,
        )

    def _moved(self, alert: Alert, at: datetime) -> Alert:
        """``alert`` with the figures of the latest price at ``at``; ``alert`` itself where the price is the same."""
        standing = self._market.of(alert.symbol).standing(at)
        if standing is None or alert.reference is None or alert.worst is None or standing[1].date != alert.session:
            return alert
        quote, _ = standing
        if quote.at == alert.last_price_at and quote.price == alert.last_price:
            return alert
        if not self._market.of(alert.symbol).believable(quote):
            return alert
        moved = quote.price / alert.reference.price - 1
        return replace(
            alert,
            last_price=quote.price,
            last_price_at=quote.at,
            last_change=moved,
            worst=min(alert.worst, moved) if alert.worst < 0 else max(alert.worst, moved),
        )

    def _doubt(self, symbol: str, move: Move | None) -> str:
        """What the price looks like besides a move, where it counts though nothing has decided that."""
        if move is None or not beyond_moves(move.reference.price, move.quote.price):
            return ""
        return self._market.of(symbol).unconfirmed(move.session)

    def _under_way(self, outcome: Evaluation, session: Session) -> bool:
        """Whether the bot started during the session and the first price it saw was already half way there."""
        if outcome.move is None or session.starts_at >= self._watching_since:
            return False
        quotes = self._market.of(outcome.symbol).in_session(session)
        if not quotes or quotes[0].seen_at < self._watching_since:
            return False
        if quotes[0].at >= session.pre_at >= self._watching_since:
            return False  # started in a night that had no price
        first = quotes[0].price / outcome.move.reference.price - 1
        return first <= outcome.move.change / 2 if outcome.move.change < 0 else first >= outcome.move.change / 2

    def _furthest(self, alert: Alert) -> float | None:
        """The alert's ``worst`` with the quotes that came after it was stored."""
        if alert.worst is None or alert.reference is None:
            return alert.worst
        prices = self._market.of(alert.symbol)
        session = prices.timetable.on(alert.session)
        if session is None:
            return alert.worst
        since, price = alert.last_price_at or alert.price_at, alert.last_price or alert.price
        quotes = prices.quotes_between(since, session.ends_at)
        # quotes of the same moment as the stored one precede it: a session's low comes before its close
        stored = max((i for i, q in enumerate(quotes) if q.at == since and q.price == price), default=-1)
        later = [q for q in quotes[stored + 1 :] if q.seen_at >= alert.fired_at and prices.believable(q)]
        moves = [alert.worst, *(q.price / alert.reference.price - 1 for q in later)]
        return min(moves) if alert.worst < 0 else max(moves)


def _raises(alert: Alert, severity: Severity) -> bool:
    return alert.state is AlertState.FIRING and severity > alert.severity


def _measured(alert: Alert, move: Move | None) -> Alert:
    """``alert`` with the figures of the move that raised it."""
    if move is None:
        return alert
    raised = replace(
        alert,
        worst=_rebased(alert, move),
        price=move.quote.price,
        price_at=move.quote.at,
        phase=move.session.phase(move.quote.at),
        change=move.change,
        reference=move.reference,
    )
    if alert.symbol != NO_STOCK:
        return raised
    # a portfolio has no quotes of its own that would bring these up to date
    furthest = move.change if alert.worst is None or abs(move.change) > abs(alert.worst) else alert.worst
    raised = replace(raised, last_price=raised.price, last_price_at=raised.price_at, last_change=raised.change)
    return replace(raised, worst=furthest)


def _rebased(alert: Alert, move: Move) -> float | None:
    """The furthest change so far as measured from what ``move`` is, which may be another price than before."""
    if alert.worst is None or alert.reference is None:
        return alert.worst
    return alert.reference.price * (1 + alert.worst) / move.reference.price - 1


def _with_cause(alert: Alert, cause: CauseRef | None) -> Alert:
    """``alert``, raised, with the cause found for it now; a cause it was told with gives way only to a stronger one."""
    if cause is None or alert.corrected_at is not None:
        return alert
    if alert.cause is None or alert.cause.cluster == cause.cluster:
        return replace(alert, cause=cause)
    return strengthened(alert, cause) or alert


def strengthened(alert: Alert, cause: CauseRef | None) -> Alert | None:
    """``alert`` with a stronger ``cause`` than the one it was published with, which is kept; once.

    ``None`` where the published one stands. The same stories are a stronger cause where they were told as no more than
    possible; others, where they are clearly likelier.
    """
    before = alert.cause
    if before is None or cause is None or cause.claim is not Claim.STATED:
        return None
    if before.cluster == cause.cluster:
        return replace(alert, cause=cause) if before.claim is Claim.POSSIBLE else None
    if alert.corrected_from is not None or (cause.confidence or 0.0) < (before.confidence or 0.0) + AHEAD:
        return None
    return replace(alert, cause=cause, corrected_from=before)


def cause_of(match: ClusterMatch | None, confidence: float | None = None) -> CauseRef | None:
    """The reference to a cluster that an alert keeps as its cause."""
    if match is None:
        return None
    best, first = match.best, match.first
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
        first_title=first.title,
        first_source=first.origin,
        first_link=first.link,
        first_seen_at=first.seen_at,
        agents=match.attributed.agents if match.attributed else (),
        release=match.release,
    )
