"""What followed an alert: the price 15 minutes, an hour, a close and some sessions later, against where it stood.

Time is trading time. 15 minutes and an hour are counted from when the alert fired, a lunch break left out, and end at
the latest with the session it fired in (its post phase included); closes are official ones, counted in sessions of the
alert's exchange from the session the alert is about. A horizon that was over when the alert fired (the close, for an
alert that came with it or after it; a quarter of an hour, for one in the night) has no outcome.

Alert, reference and outcome are put on one split basis; where the basis changed by a split nobody told of, there is no
outcome. Nothing seen after the moment asked about is used.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Alert, Quote, QuoteKind, Reference
from bot.core.prices.market import BASIS_TOLERANCE, SymbolPrices
from bot.core.prices.sessions import Session, Timetable

CLOSES_SETTLE = timedelta(days=60)
"""So long after a close its price is looked for: the bot may have been off, and history is fetched when it is back."""
QUOTES_SETTLE = timedelta(days=2)
"""As much for the first hour: what was not observed then will not be."""
SESSION_SETTLES = timedelta(hours=1)
"""Exchanges abroad are told with a delay: so long after a session's end its last price may still come."""

_PRICES = (QuoteKind.TRADE, QuoteKind.OPEN, QuoteKind.CLOSE)
"""A bar's low or high is dated to the bar's end but was the price some time before, and is never a typical one."""


class Horizon(enum.StrEnum):
    """How long after an alert its outcome is measured."""

    QUARTER = "15 min"
    HOUR = "1 hour"
    CLOSE = "close"
    SESSION = "1 session"
    SESSIONS_5 = "5 sessions"
    SESSIONS_20 = "20 sessions"

    @property
    def wait(self) -> timedelta | None:
        """The trading time it counts; ``None`` for a close."""
        return _WAITS.get(self)

    @property
    def sessions(self) -> int:
        """How many sessions after the alert's own the close is; 0 for its own."""
        return _SESSIONS.get(self, 0)


_WAITS = {Horizon.QUARTER: timedelta(minutes=15), Horizon.HOUR: timedelta(hours=1)}
_SESSIONS = {Horizon.SESSION: 1, Horizon.SESSIONS_5: 5, Horizon.SESSIONS_20: 20}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a symbol's price had become at a horizon. Prices are on the newest split basis known then."""

    alert: str
    """The alert's id."""
    horizon: Horizon
    due_at: datetime
    at: datetime
    """When that price was: at or a little after ``due_at``; before it only where the session ended without another."""
    price: float
    change: float
    """Against the price the alert fired on: 0.02 is 2 % higher."""
    change_from_reference: float | None
    """Against the alert's reference, the level before the move: what is left of it. ``None`` without a reference."""


@dataclass(frozen=True, slots=True)
class NoOutcome:
    """A horizon that will have no outcome: it was over when the alert fired, or no price became known in time."""

    alert: str
    horizon: Horizon
    due_at: datetime


def due_at(alert: Alert, horizon: Horizon, timetable: Timetable) -> datetime | None:
    """When ``horizon`` is due; ``None`` where the timetable does not reach so far.

    At or before ``alert.fired_at`` where it was over by then.
    """
    wait = horizon.wait
    if wait is None:
        held = timetable.on(alert.session)
        target = timetable.before(held, -horizon.sessions) if held else None
        return target.close_at if target else None
    session = timetable.current(alert.fired_at)
    return min(_after(alert.fired_at, wait, session), session.ends_at) if session else None


def _after(moment: datetime, wait: timedelta, session: Session) -> datetime:
    """``moment`` and so much trading time: a lunch break does not count."""
    pause, resume = session.break_start_at, session.break_end_at
    later = moment + wait
    if pause is None or resume is None or moment >= resume or later <= pause:
        return later
    return later + (resume - max(moment, pause))


def outcomes_of(alert: Alert, prices: SymbolPrices, at: datetime) -> tuple[Outcome, ...]:
    """The outcomes whose horizon has passed at ``at`` and whose price is known, shortest horizon first.

    ``alert`` is as it was when it fired: its ``price`` and ``price_at`` are what returns are measured from.
    """
    return tuple(_outcomes(alert, prices.seen_by(at), at))


def without_outcome(alert: Alert, timetable: Timetable, at: datetime) -> Iterator[NoOutcome]:
    """The horizons that need not be looked at again, as far as time tells, whatever ``outcomes_of`` does not find."""
    for horizon in Horizon:
        due = due_at(alert, horizon, timetable)
        settles = CLOSES_SETTLE if horizon.wait is None else QUOTES_SETTLE
        if due is not None and (due <= alert.fired_at or due + settles < at):
            yield NoOutcome(alert.id, horizon, due)


def _outcomes(alert: Alert, prices: SymbolPrices, at: datetime) -> Iterator[Outcome]:
    if alert.price <= 0:  # it fired on news alone, before any price of the symbol was known
        return
    fired_on = Quote(alert.symbol, alert.price, alert.price_at, alert.price_at)
    base = prices.rebased(fired_on)
    for horizon in Horizon:
        due = due_at(alert, horizon, prices.timetable)
        if due is None or not alert.fired_at < due <= at:
            continue
        found = _close(prices, due) if horizon.wait is None else _price(alert, prices, due, horizon.wait, at)
        if found is None or not _same_basis(alert, prices, found[1]):
            continue
        price, when = found
        reference = alert.reference
        left = price / (reference.price * (base / alert.price)) - 1 if reference and reference.price > 0 else None
        yield Outcome(alert.id, horizon, due, when, price, price / base - 1, left)


def _close(prices: SymbolPrices, due: datetime) -> tuple[float, datetime] | None:
    session = prices.timetable.at(due)
    close = prices.close_of(session) if session else None
    return (close, due) if close else None


def _price(
    alert: Alert, prices: SymbolPrices, due: datetime, wait: timedelta, at: datetime
) -> tuple[float, datetime] | None:
    """The first price from ``due`` on, no later than ``wait`` again: what came later says something of another time.

    Where the session ends first, its last price since the alert.
    """
    session = prices.timetable.at(alert.fired_at)
    if session is None:
        return None
    last = _after(due, wait, session)
    after = _usable(prices, due, min(last, session.ends_at))
    if after:
        return prices.rebased(after[0]), after[0].at
    if last < session.ends_at or at < session.ends_at + SESSION_SETTLES:
        return None
    since = max(alert.fired_at, alert.price_at)
    before = [q for q in _usable(prices, since, due) if q.at > since]
    return (prices.rebased(before[-1]), before[-1].at) if before else None


def _usable(prices: SymbolPrices, start: datetime, end: datetime) -> list[Quote]:
    return [q for q in prices.quotes_between(start, end) if q.kind in _PRICES]


def _same_basis(alert: Alert, prices: SymbolPrices, until: datetime) -> bool:
    """Whether nothing tells of a split between alert and outcome that was not told of itself.

    Where closes were re-based, the close the alert was measured against is another now; where only quotes are, the
    vendor's previous close in one of the sessions between is not ours.
    """
    timetable = prices.timetable
    if alert.reference is not None and _is_close(alert.reference, timetable):
        told = prices.rebased(Quote(alert.symbol, alert.reference.price, alert.price_at, alert.price_at))
        held = timetable.on(alert.reference.session)
        if not _near(prices.close_of(held) if held else None, told):
            return False
    session = timetable.current(alert.price_at)
    while session is not None:
        following = timetable.before(session, -1)
        if following is None or following.starts_at > until:
            return True
        quote = next((q for q in prices.in_session(following) if q.previous_close), None)
        if quote is not None and quote.previous_close:
            vendor = quote.previous_close * prices.rebased(quote) / quote.price
            if not _near(prices.close_of(session), vendor):
                return False
        session = following
    return True


def _is_close(reference: Reference, timetable: Timetable) -> bool:
    """Whether it is the official close of its session, as the previous close is; highs and lows are dated like one."""
    held = timetable.on(reference.session)
    return held is not None and reference.at == held.close_at and not reference.kind.startswith(("high", "low"))


def _near(one: float | None, other: float) -> bool:
    return one is None or abs(one / other - 1) <= BASIS_TOLERANCE
