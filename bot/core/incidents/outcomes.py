"""What followed an alert: the price 15 minutes, an hour, at the close and some sessions later, against the alert's.

Time is trading time. 15 minutes and an hour count from when the alert fired, without lunch breaks, and end at the
latest with the session it fired in (post-market included). Closes are official ones, counted in sessions of the alert's
exchange from the alert's own. A horizon that had passed when the alert fired (the close, for an alert at or after it;
15 minutes, for one at night) has no outcome.

Alert, reference and outcome are on one split basis; across a split that was not reported there is no outcome. Nothing
seen later than the moment of evaluation is used.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Alert, Quote, QuoteKind, Reference
from bot.core.prices.basis import SAME
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Session, Timetable

CLOSES_SETTLE = timedelta(days=60)
"""How long after a close its price is looked for: the bot may have been down, and fetches history when it restarts."""
QUOTES_SETTLE = timedelta(days=2)
"""The same for the first hour."""
SESSION_SETTLES = timedelta(hours=1)
"""How long after a session's end its last price may still arrive, for exchanges with delayed prices."""

_PRICES = (QuoteKind.TRADE, QuoteKind.OPEN, QuoteKind.CLOSE)
"""Not a bar's low or high: it is dated to the bar's end, traded earlier, and is never typical."""


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
        """The trading time after the alert; ``None`` for a close."""
        return _WAITS.get(self)

    @property
    def sessions(self) -> int:
        """The close of how many sessions after the alert's own."""
        return _SESSIONS.get(self, 0)


_WAITS = {Horizon.QUARTER: timedelta(minutes=15), Horizon.HOUR: timedelta(hours=1)}
_SESSIONS = {Horizon.SESSION: 1, Horizon.SESSIONS_5: 5, Horizon.SESSIONS_20: 20}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A symbol's price at a horizon, on the newest split basis known then."""

    alert: str
    """The alert's id."""
    horizon: Horizon
    due_at: datetime
    at: datetime
    """When that price was: at or shortly after ``due_at``; earlier only where it was the session's last."""
    price: float
    change: float
    """From the price when the alert fired: 0.02 is 2 % higher. Where that was a bar's low, which traded before anybody
    knew, from the bar's last price."""
    change_from_reference: float | None
    """From the alert's reference, the price before the move; ``None`` without a reference."""


@dataclass(frozen=True, slots=True)
class NoOutcome:
    """A horizon without an outcome: it had passed when the alert fired, or no price arrived in time."""

    alert: str
    horizon: Horizon
    due_at: datetime


def due_at(alert: Alert, horizon: Horizon, timetable: Timetable) -> datetime | None:
    """When ``horizon`` is due; ``None`` where the timetable ends before that.

    At or before ``alert.fired_at`` where it had passed by then.
    """
    wait = horizon.wait
    if wait is None:
        session = timetable.on(alert.session)
        target = timetable.before(session, -horizon.sessions) if session else None
        return target.close_at if target else None
    session = session_then(alert, timetable)
    return min(_after(alert.fired_at, wait, session), session.ends_at) if session else None


def session_then(alert: Alert, timetable: Timetable) -> Session | None:
    """The session in which the alert fired. One about a session just over that fires in the night after it is still of
    that: what trades then is of the next."""
    over = timetable.by_day(alert.fired_at)
    return over if over is not None and over.date == alert.session else timetable.current(alert.fired_at)


def _after(moment: datetime, wait: timedelta, session: Session) -> datetime:
    """``moment`` plus this much trading time: a lunch break does not count."""
    pause, resume = session.break_start_at, session.break_end_at
    later = moment + wait
    if pause is None or resume is None or moment >= resume or later <= pause:
        return later
    return later + (resume - max(moment, pause))


def outcomes_of(alert: Alert, prices: SymbolPrices, at: datetime) -> tuple[Outcome, ...]:
    """The outcomes of horizons passed at ``at`` whose price is known, shortest first.

    ``alert`` must be as it was when it fired: returns are measured from its price at ``price_at``.
    """
    return tuple(_outcomes(alert, prices.seen_by(at), at))


def without_outcome(alert: Alert, timetable: Timetable, at: datetime) -> Iterator[NoOutcome]:
    """The horizons for which it is too late at ``at`` to find an outcome."""
    for horizon in Horizon:
        due = due_at(alert, horizon, timetable)
        settles = CLOSES_SETTLE if horizon.wait is None else QUOTES_SETTLE
        if due is not None and (due <= alert.fired_at or due + settles < at):
            yield NoOutcome(alert.id, horizon, due)


def _outcomes(alert: Alert, prices: SymbolPrices, at: datetime) -> Iterator[Outcome]:
    if alert.price <= 0:  # it fired on news alone, before any price of the symbol was known
        return
    fired = prices.rebased(Quote(alert.symbol, alert.price, alert.price_at, alert.price_at))
    base = _obtainable(alert, prices, fired)
    for horizon in Horizon:
        due = due_at(alert, horizon, prices.timetable)
        if due is None or not alert.fired_at < due <= at:
            continue
        priced = _close(prices, due) if horizon.wait is None else _price(alert, prices, due, horizon.wait, at)
        if priced is None or not _same_basis(alert, prices, priced[1]):
            continue
        price, when = priced
        reference = alert.reference
        left = price / (reference.price * (fired / alert.price)) - 1 if reference and reference.price > 0 else None
        yield Outcome(alert.id, horizon, due, when, price, price / base - 1, left)


def _obtainable(alert: Alert, prices: SymbolPrices, fired: float) -> float:
    """The price that somebody could have had when the alert fired: where it fired on a bar's low, the bar's last."""
    then = _usable(prices, alert.price_at, alert.price_at)
    return prices.rebased(then[-1]) if then else fired


def _close(prices: SymbolPrices, due: datetime) -> tuple[float, datetime] | None:
    session = prices.timetable.at(due)
    close = prices.close_of(session) if session else None
    return (close, due) if close else None


def _price(
    alert: Alert, prices: SymbolPrices, due: datetime, wait: timedelta, at: datetime
) -> tuple[float, datetime] | None:
    """The first price at or after ``due``, at most ``wait`` later; where the session ends first, its last price since
    the alert."""
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
    return [q for q in prices.quotes_between(start, end) if q.kind in _PRICES and prices.believable(q)]


def _same_basis(alert: Alert, prices: SymbolPrices, until: datetime) -> bool:
    """Whether there is no sign of an unreported split between alert and outcome.

    Signs are that the close the alert was measured against has since been adjusted, or that the vendor's previous
    close in a session between differs from ours.
    """
    timetable = prices.timetable
    if alert.reference is not None and _is_close(alert.reference, timetable):
        then = prices.rebased(Quote(alert.symbol, alert.reference.price, alert.price_at, alert.price_at))
        of = timetable.on(alert.reference.session)
        if not _near(prices.close_of(of) if of else None, then):
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
    """Whether it is an official close; highs and lows have a close's time, too."""
    session = timetable.on(reference.session)
    return session is not None and reference.at == session.close_at and not reference.kind.startswith(("high", "low"))


def _near(one: float | None, other: float) -> bool:
    return one is None or abs(one / other - 1) <= SAME
