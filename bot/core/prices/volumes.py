"""How much a symbol trades, against the average at this time of its session."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Quote
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Session

LEAST_SESSIONS = 5
"""An average needs at least this many sessions."""
FRESH = timedelta(minutes=30)
"""How old a past session's volume may be at the moment it is taken for."""


@dataclass(frozen=True, slots=True)
class VolumeRatio:
    """Shares traded so far over the average."""

    value: float
    shares: float
    usual: float
    sessions: int
    """How many sessions are averaged."""
    same_time: bool
    """Against the same time of those sessions; otherwise against whole sessions."""
    exact: bool
    """False where a session under way is measured against whole ones: ``value`` is then a lower bound."""


def volume_ratio(prices: SymbolPrices, quote: Quote, session: Session, over: int) -> VolumeRatio | str:
    """The session's volume at ``quote`` over the average of the ``over`` sessions before, or why it is unknown.

    Against volumes at the same time where enough sessions of the same length have them (``LEAST_SESSIONS``); else
    against whole sessions, which is exact after the close and a lower bound before it.
    """
    shares = volume_at(prices, session, quote.at)
    if shares is None:
        return "no volume yet in this session"
    past = prices.timetable.window(session, over, 1)
    least = min(LEAST_SESSIONS, over)
    closed = quote.at >= session.close_at
    if not closed:
        remembered = (p for p in past if p.ends_at >= prices.quotes[0].at)
        known = [v for p in remembered if (v := _same_time(prices, p, session, quote.at)) is not None]
        if len(known) >= least:
            usual = math.fsum(known) / len(known)
            return VolumeRatio(shares / usual, shares, usual, len(known), same_time=True, exact=True)
    whole = [v for v in prices.volumes_on([p.date for p in past]) if v]
    if len(whole) < least:
        return f"not enough history: volumes of {len(whole)} of {least} sessions"
    usual = math.fsum(whole) / len(whole)
    return VolumeRatio(shares / usual, shares, usual, len(whole), same_time=False, exact=closed)


def volume_of(prices: SymbolPrices, session: Session) -> float | None:
    """The volume of a whole session from its bar; ``None`` where that is unknown or 0."""
    return prices.volumes_on([session.date])[0] or None


def volume_at(prices: SymbolPrices, session: Session, moment: datetime) -> float | None:
    """The latest volume of ``session`` up to ``moment``; the bar's once the session has closed."""
    if moment >= session.close_at and (whole := volume_of(prices, session)) is not None:
        return whole
    quote = _with_volume(prices, session, moment)
    return prices.shares(quote) if quote is not None else None


def _same_time(prices: SymbolPrices, past: Session, session: Session, moment: datetime) -> float | None:
    if past.close_at - past.open_at != session.close_at - session.open_at:
        return None
    then = past.open_at + (moment - session.open_at)
    quote = _with_volume(prices, past, then)
    return prices.shares(quote) or None if quote is not None and then - quote.at <= FRESH else None


def _with_volume(prices: SymbolPrices, session: Session, moment: datetime) -> Quote | None:
    i = bisect_right(prices.quotes, moment, key=lambda q: q.at)
    while i and (quote := prices.quotes[i - 1]).at >= session.starts_at:
        if quote.volume is not None:
            return quote
        i -= 1
    return None
