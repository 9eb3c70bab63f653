"""Alerts and prices for tests of outcomes, on real exchanges' sessions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.core.model import Alert, DailyBar, Quote, QuoteKind, Reference, Split
from bot.core.prices.market import SymbolPrices
from tests.core.real_sessions import timetable
from tests.store.values import alert as any_alert

Observed = Quote | DailyBar | Split


def utc(text: str) -> datetime:
    """``2025-01-27 15:00``, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def alert(fired: str, session: str = "", exchange: str = "XNYS", price: float = 80.0, **more: Any) -> Alert:
    """An alert of its session (that of the day it fired), 20 % below the close before, which was 100."""
    at = utc(fired)
    day = date.fromisoformat(session) if session else at.date()
    times = timetable(exchange)
    held = times.on(day)
    assert held is not None, f"{day} is no session of {exchange}"
    before = times.before(held)
    assert before is not None
    given = {
        "session": day,
        "price": price,
        "price_at": at,
        "change": -0.2,
        "reference": Reference("previous close", 100.0, before.close_at, before.date),
    }
    return any_alert(at=at, **(given | more))


def trade(at: str, price: float, kind: QuoteKind = QuoteKind.TRADE, seen: str = "", **more: Any) -> Quote:
    """A quote, seen when it happened."""
    return Quote("NVDA", price, utc(at), utc(seen or at), kind, **more)


def bar(session: str, close: float, exchange: str = "XNYS", seen: str = "", **more: Any) -> DailyBar:
    """A session's bar, seen at its close."""
    day = date.fromisoformat(session)
    held = timetable(exchange).on(day)
    assert held is not None
    return DailyBar("NVDA", day, close, utc(seen) if seen else held.close_at, **more)


def split(session: str, ratio: float, seen: str) -> Split:
    """``ratio`` new shares for one from ``session`` on."""
    return Split("NVDA", date.fromisoformat(session), ratio, utc(seen))


def prices(*observed: Observed, exchange: str = "XNYS") -> SymbolPrices:
    """What was observed, in the order it was seen."""
    made = SymbolPrices("NVDA", timetable(exchange))
    for each in sorted(observed, key=lambda o: o.seen_at):
        if isinstance(each, Quote):
            made.add_quote(each)
        elif isinstance(each, DailyBar):
            made.add_bar(each)
        else:
            made.add_split(each)
    return made


LATER = utc("2025-12-01 00:00")
MINUTE = timedelta(minutes=1)
