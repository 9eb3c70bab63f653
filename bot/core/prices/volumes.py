"""How much a symbol trades beside what is usual at this time of its session."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Quote
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Session

LEAST_SESSIONS = 5
"""Fewer sessions than this make no average."""
FRESH = timedelta(minutes=30)
"""A past session's volume counts for a moment where it was told no longer than this before."""


@dataclass(frozen=True, slots=True)
class VolumeRatio:
    """Shares traded so far over the usual number."""

    value: float
    shares: float
    usual: float
    sessions: int
    """How many sessions the average is of."""
    same_time: bool
    """Measured against the same time of those sessions; otherwise against whole sessions."""
    exact: bool
    """False where a session under way is measured against whole ones: ``value`` is then the least it can be."""


def volume_ratio(prices: SymbolPrices, quote: Quote, session: Session, over: int) -> VolumeRatio | str:
    """The session's volume at ``quote`` beside the average of the ``over`` sessions before, or why it is not known.

    Same-time volumes where enough sessions (``LEAST_SESSIONS``, of the same length) have them; else whole sessions,
    which are exact after the close and a lower bound before it.
    """
    shares = volume_at(prices, session, quote.at)
    if shares is None:
        return "no volume known in this session"
    past = [p for n in range(1, over + 1) if (p := prices.timetable.before(session, n)) is not None]
    least = min(LEAST_SESSIONS, over)
    closed = quote.at >= session.close_at
    if not closed:
        known = [v for p in past if (v := _same_time(prices, p, session, quote.at)) is not None]
        if len(known) >= least:
            usual = math.fsum(known) / len(known)
            return VolumeRatio(shares / usual, shares, usual, len(known), same_time=True, exact=True)
    whole = [v for p in past if (v := volume_of(prices, p)) is not None]
    if len(whole) < least:
        return f"volumes of {len(whole)} earlier sessions known, {least} needed"
    usual = math.fsum(whole) / len(whole)
    return VolumeRatio(shares / usual, shares, usual, len(whole), same_time=False, exact=closed)


def volume_of(prices: SymbolPrices, session: Session) -> float | None:
    """The volume of a whole session as its bar has it; ``None`` where it is not known, or nothing traded."""
    bar = prices.bars.get(session.date)
    return (prices.shares(bar) or None) if bar is not None else None


def volume_at(prices: SymbolPrices, session: Session, moment: datetime) -> float | None:
    """The volume told last in ``session`` up to ``moment``; the bar's once the session has closed."""
    if moment >= session.close_at and (whole := volume_of(prices, session)) is not None:
        return whole
    told = _told(prices, session, moment)
    return prices.shares(told) if told is not None else None


def _same_time(prices: SymbolPrices, past: Session, session: Session, moment: datetime) -> float | None:
    if past.close_at - past.open_at != session.close_at - session.open_at:
        return None
    then = past.open_at + (moment - session.open_at)
    told = _told(prices, past, then)
    if told is None or then - told.at > FRESH:
        return None
    return prices.shares(told) or None


def _told(prices: SymbolPrices, session: Session, moment: datetime) -> Quote | None:
    i = bisect_right(prices.quotes, moment, key=lambda q: q.at)
    while i and (quote := prices.quotes[i - 1]).at >= session.starts_at:
        if quote.volume is not None:
            return quote
        i -= 1
    return None
