"""Follow-ups: what an incident still owes its readers, and when each falls due.

``session close`` and ``next session close`` are due at a time; ``rebound X%`` and ``recovered`` when the lead
symbol's price says so, and lapse at the close of the fifth session after the incident's first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.model import (
    NEXT_SESSION_CLOSE,
    SESSION_CLOSE,
    Alert,
    FollowUp,
    FollowUpKind,
    Incident,
    Quote,
    QuoteKind,
    Reference,
)
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Session, Timetable

LAPSES_AFTER_SESSIONS = 5
CLOSE_GRACE = timedelta(minutes=25)
"""How long after the regular close (or a start after it) a follow-up waits for the official close before it uses the
last price: exchanges abroad are told with a delay of up to 20 minutes."""
STALE_AFTER = timedelta(hours=20)
"""A timed follow-up that could not be sent for so long (the bot was down) is dropped: the next one says more."""
LATE_AFTER = timedelta(minutes=30)

TIMED = {SESSION_CLOSE: 0, NEXT_SESSION_CLOSE: 1}
"""How many sessions after the incident's first the close is that a follow-up is due at."""


def plan(kinds: Iterable[FollowUpKind], incident: Incident, timetable: Timetable, at: datetime) -> tuple[FollowUp, ...]:
    """The incident's follow-ups with those that its newest alert's rule asks for and it does not have yet."""
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


def lapses_at(incident: Incident, timetable: Timetable) -> datetime | None:
    """When price-decided follow-ups lapse: the close of the fifth session after the incident's first."""
    session = timetable.on(incident.session)
    last = timetable.before(session, -LAPSES_AFTER_SESSIONS) if session else None
    return last.close_at if last else None


def level_before(alert: Alert, prices: SymbolPrices) -> Reference | None:
    """The level before the alert's move, on the newest known split basis."""
    reference = alert.reference
    return replace(reference, price=prices.restated(reference.price, alert.price_at)) if reference else None


def standing(prices: SymbolPrices, at: datetime, closed_at: datetime | None = None) -> tuple[Quote, Session] | None:
    """The price that stands at ``at``, or stood at the close ``closed_at``, with its session: the official close where
    that session had closed by then and it is known, on the newest split basis."""
    if closed_at is None:
        return prices.standing(at)
    session = prices.timetable.current(closed_at)
    if session is None:
        return None
    over = session.close_at <= closed_at
    close = prices.close_of(session) if over else None
    held = prices.stood(session.close_at if over else closed_at)
    if held is None and close is None:
        return None
    quote = held[0] if held else Quote(prices.symbol, close or 0.0, session.close_at, session.close_at)
    price, when = (close, session.close_at) if close else (prices.rebased(quote), quote.at)
    vendor = None if prices.splits else quote.previous_close  # which may be on the basis before
    return replace(quote, price=price, at=when, previous_close=vendor), session


def waited_for(due: datetime, prices: SymbolPrices, at: datetime, here_since: datetime) -> bool:
    """Whether the official close that was due at ``due`` may still become known: what happened while the bot was away
    (it is back since ``here_since``) is heard of soon after."""
    session = prices.timetable.at(due)
    known = session is not None and prices.close_of(session) is not None
    return not known and at < max(due, here_since) + CLOSE_GRACE


def end_is_stale(lapse: datetime, timetable: Timetable, at: datetime) -> bool:
    """Whether at ``at`` it is too late for the last word that was due at ``lapse``: another session has closed."""
    session = timetable.at(lapse)
    following = timetable.before(session, -1) if session else None
    return following is not None and following.close_at <= at


def due_by_time(incident: Incident, prices: SymbolPrices, at: datetime, here_since: datetime) -> list[FollowUp]:
    """The timed follow-ups whose moment has come and whose closing price is known (or no longer waited for)."""
    found = []
    for follow_up in incident.thread.follow_ups:
        if follow_up.done_at is not None or follow_up.due_at is None or follow_up.due_at > at:
            continue
        if not waited_for(follow_up.due_at, prices, at, here_since):
            found.append(follow_up)
    return found


def due_by_price(incident: Incident, prices: SymbolPrices, began: Alert, at: datetime) -> list[FollowUp]:
    """The follow-ups that the lead symbol's price brings about now, in two agreeing quotes or a confirmed one: as
    measured from the fall it ``began`` with."""
    opened = [f for f in incident.thread.follow_ups if f.waits_for_price]
    session = prices.timetable.on(began.session)
    standing = prices.standing(at)
    if not opened or session is None or standing is None:
        return []
    return [f for f in opened if _reached(f, prices, session, standing, began)]


def _reached(
    follow_up: FollowUp, prices: SymbolPrices, first: Session, standing: tuple[Quote, Session], began: Alert
) -> bool:
    quote, now_in = standing
    if now_in.date <= first.date:
        return False
    if (rebound := follow_up.kind.rebound) is not None:
        close = prices.close_of(first)
        target = close * (1 + rebound) if close else None
    else:
        before = level_before(began, prices)
        target = before.price if before else None
    if target is None or (began.change or 0.0) >= 0:
        return False
    quotes = [quote] if quote.kind.confirmed and quote.kind is not QuoteKind.LOW else prices.distinct(2)
    return (len(quotes) == 2 or quote.kind.confirmed) and all(
        prices.rebased(q) >= target and prices.session_of(q) == now_in for q in quotes
    )


def next_due(incident: Incident, prices: SymbolPrices, after: datetime, here_since: datetime) -> datetime | None:
    """The next moment at which time alone can make something of this incident due."""

    def look(due: datetime) -> datetime:
        waits = due <= after and waited_for(due, prices, after, here_since)
        return max(due, here_since) + CLOSE_GRACE if waits else due

    times: list[datetime] = []
    for follow_up in incident.thread.follow_ups:
        if follow_up.done_at is None and follow_up.due_at is not None:
            times.append(look(follow_up.due_at))
    if any(f.waits_for_price for f in incident.thread.follow_ups):
        lapse = lapses_at(incident, prices.timetable)
        if lapse is not None:
            times.append(look(lapse))
    if incident.thread.edit_due_at is not None:
        times.append(incident.thread.edit_due_at)
    return min(times, default=None)
