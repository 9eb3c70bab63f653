"""Follow-ups: the later messages of an incident, and when each is due.

``session close`` and ``next session close`` are due at a time; ``rebound X%`` and ``recovered`` at a price of the lead
symbol, and they lapse at the close of the fifth session after the incident's first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.incidents.pace import may_message, may_message_from
from bot.core.model import (
    NEXT_SESSION_CLOSE,
    SESSION_CLOSE,
    Alert,
    FollowUp,
    FollowUpKind,
    FollowUpOutcome,
    Incident,
    Quote,
    QuoteKind,
    Reference,
)
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Session, Timetable

LAPSES_AFTER_SESSIONS = 5
CLOSE_GRACE = timedelta(minutes=25)
"""How long after the regular close (or a later start of the bot) a follow-up waits for the official close before it
uses the last price: prices of some exchanges are delayed by up to 20 minutes."""
STALE_AFTER = timedelta(hours=20)
"""A timed follow-up this late (the bot was down) is dropped: the next one says more."""
LATE_AFTER = timedelta(minutes=30)

TIMED = {SESSION_CLOSE: 0, NEXT_SESSION_CLOSE: 1}
"""Follow-ups due at a close: how many sessions after the incident's first."""


def plan(kinds: Iterable[FollowUpKind], incident: Incident, timetable: Timetable, at: datetime) -> tuple[FollowUp, ...]:
    """The incident's follow-ups, with those of ``kinds`` that it does not have yet and whose time has not passed."""
    have = {f.kind for f in incident.thread.follow_ups}
    session = timetable.on(incident.session)
    planned = list(incident.thread.follow_ups)
    for kind in kinds:
        if kind in have or session is None:
            continue
        due = None
        if kind in TIMED:
            target = timetable.before(session, -TIMED[kind])
            if target is None or target.close_at <= at:
                continue
            due = target.close_at
        planned.append(FollowUp(kind, due))
    return tuple(planned)


def retimed(incident: Incident, timetable: Timetable) -> tuple[FollowUp, ...]:
    """The incident's follow-ups, those still due at a close by the closes of ``timetable``: of the exchange of a new
    lead, where that closes at another hour. One whose close there is over has nothing to wait for."""
    session = timetable.on(incident.session)
    moved = []
    for follow_up in incident.thread.follow_ups:
        target = timetable.before(session, -TIMED[follow_up.kind]) if session and follow_up.kind in TIMED else None
        waits = follow_up.done_at is None and follow_up.due_at is not None and target is not None
        if waits and target is not None:
            follow_up = replace(follow_up, due_at=target.close_at)
            if target.close_at <= incident.updated_at:
                follow_up = replace(follow_up, done_at=incident.updated_at, outcome=FollowUpOutcome.STALE)
        moved.append(follow_up)
    return tuple(moved)


def lapses_at(incident: Incident, timetable: Timetable) -> datetime | None:
    """When price-decided follow-ups lapse: the close of the fifth session after the incident's first."""
    session = timetable.on(incident.session)
    last = timetable.before(session, -LAPSES_AFTER_SESSIONS) if session else None
    return last.close_at if last else None


def level_before(alert: Alert, prices: SymbolPrices) -> Reference | None:
    """The price before the alert's move, on the newest known split basis."""
    reference = alert.reference
    return replace(reference, price=prices.restated(reference.price, alert.price_at)) if reference else None


def before_the_move(alert: Alert, prices: SymbolPrices) -> Reference | None:
    """The price before the move that the alert is a part of: what its rule measured from or the close before its
    session, whichever the move has further to go back to. A rule on the last half-hour of a fall does not make that
    half-hour the fall. Of an alert that asked for no price the last close before it."""
    level, session = level_before(alert, prices), prices.timetable.on(alert.session)
    if session is None:
        return level
    over = alert.fired_at >= session.close_at
    if level is None and over and (last := prices.close_of(session)):
        return Reference("previous close", last, session.close_at, session.date)
    close = prices.close_before(session, 1)
    if level is None or close is None:
        return level or close
    return (max if (alert.change or 0.0) < 0 else min)(close, level, key=lambda reference: reference.price)


def standing(prices: SymbolPrices, at: datetime, closed_at: datetime | None = None) -> tuple[Quote, Session] | None:
    """The latest price for people at ``at`` with its session or, with ``closed_at``, the price at that close: the
    official close where the session had closed by then and it is known, on the newest split basis."""
    if closed_at is None:
        return prices.lately(at)
    session = prices.timetable.current(closed_at)
    if session is None:
        return None
    over = session.close_at <= closed_at
    close = prices.close_of(session) if over else None
    latest = prices.stood(session.close_at if over else closed_at)
    if latest is None and close is None:
        return None
    quote = latest[0] if latest else Quote(prices.symbol, close or 0.0, session.close_at, session.close_at)
    price, when = (close, session.close_at) if close else (prices.rebased(quote), quote.at)
    vendor = None if prices.splits else quote.previous_close  # may be on the split basis before
    return replace(quote, price=price, at=when, previous_close=vendor), session


def close_awaited(due: datetime, prices: SymbolPrices, at: datetime, running_since: datetime) -> bool:
    """Whether the official close of ``due`` is unknown but may still arrive. ``running_since`` is when the bot last
    started: closes of its downtime arrive soon after."""
    session = prices.timetable.at(due)
    known = session is not None and prices.close_of(session) is not None
    return not known and at < max(due, running_since) + CLOSE_GRACE


def lapse_is_stale(lapse: datetime, timetable: Timetable, at: datetime) -> bool:
    """Whether the last message, due at ``lapse``, is too late at ``at``: another session has closed."""
    session = timetable.at(lapse)
    following = timetable.before(session, -1) if session else None
    return following is not None and following.close_at <= at


def due_by_time(incident: Incident, prices: SymbolPrices, at: datetime, running_since: datetime) -> list[FollowUp]:
    """The timed follow-ups that are due and whose closing price is known or no longer waited for; none so soon after
    another message."""
    if not may_message(incident, at):
        return []
    return ended_by(incident, prices, at, running_since)


def ended_by(incident: Incident, prices: SymbolPrices, at: datetime, running_since: datetime) -> list[FollowUp]:
    """The timed follow-ups that any message sent at ``at`` makes superfluous: due, their closing price known."""
    return [
        f
        for f in incident.thread.follow_ups
        if f.done_at is None and f.due_at is not None and f.due_at <= at
        if not close_awaited(f.due_at, prices, at, running_since)
    ]


def due_by_price(incident: Incident, prices: SymbolPrices, began: Alert, at: datetime) -> list[FollowUp]:
    """The follow-ups whose price the lead symbol has reached, in two agreeing quotes or a confirmed one by day.
    Measured from the fall that ``began`` is about."""
    waiting = [f for f in incident.thread.follow_ups if f.waits_for_price]
    first, latest = prices.timetable.on(began.session), prices.standing(at)
    if not waiting or first is None or latest is None or not may_message(incident, at):
        return []
    return [f for f in waiting if _reached(f, prices, first, latest, began)]


def _reached(
    follow_up: FollowUp, prices: SymbolPrices, first: Session, latest: tuple[Quote, Session], began: Alert
) -> bool:
    quote, current = latest
    if current.date <= first.date or current.thin(quote.at):
        return False
    if (rebound := follow_up.kind.rebound) is not None:
        close = prices.close_of(first)
        target = close * (1 + rebound) if close else None
    else:
        before = before_the_move(began, prices)
        target = before.price if before else None
    if target is None or (began.change or 0.0) >= 0:
        return False
    quotes = [quote] if quote.kind.confirmed and quote.kind is not QuoteKind.LOW else prices.distinct(2)
    return (len(quotes) == 2 or quote.kind.confirmed) and all(
        prices.rebased(q) >= target and prices.session_of(q) == current for q in quotes
    )


def next_due(incident: Incident, prices: SymbolPrices, after: datetime, running_since: datetime) -> datetime | None:
    """When something of this incident next falls due by time alone."""
    thread = incident.thread
    closes = [f.due_at for f in thread.follow_ups if f.done_at is None]
    if any(f.waits_for_price for f in thread.follow_ups):
        closes.append(lapses_at(incident, prices.timetable))
    times = [thread.edit_due_at] if thread.edit_due_at is not None else []
    may = may_message_from(incident)
    for due in filter(None, closes):
        waits = due <= after and close_awaited(due, prices, after, running_since)
        falls_due = max(due, running_since) + CLOSE_GRACE if waits else due
        times.append(max(falls_due, may) if may is not None else falls_due)
    return min(times, default=None)
