"""Reference prices: for each kind of ``since``, and the peak of a drawdown."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from bot.core.model import Quote, QuoteKind, Reference
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import THIN_PHASES, Session
from bot.core.prices.windows import Since, Span

SPARSE = timedelta(hours=1)
"""What is measured since a time ago is measured from a price at most this much older than that, or once more as old:
bars of an hour are that far apart, and of hours long past no more is remembered where symbols are many."""

MOMENTARY = frozenset({QuoteKind.OPEN, QuoteKind.TRADE, QuoteKind.CLOSE})
"""Prices of a moment. A low or high belongs to the interval that ends with it."""


def span_of(prices: SymbolPrices, session: Session, quote: Quote) -> tuple[datetime, datetime]:
    """Between which moments the price of ``quote`` was: for a low or high since the interval before it ended or, where
    there is none, since the open; for the low or high of a whole session since its open. Trades within the interval do
    not bound it: the price may have been before them."""
    if quote.kind in MOMENTARY:
        return quote.at, quote.at
    bar = prices.bars.get(session.date)
    if bar is not None and quote.at == session.close_at and quote.price in (bar.low, bar.high):
        return session.open_at, quote.at
    earlier = [q for q in prices.quotes_between(session.starts_at, quote.at) if q.at < quote.at]
    ends = [q.at for q in earlier if q.kind not in MOMENTARY]
    opens = [q.at for q in earlier if q.kind is QuoteKind.OPEN]
    return (ends or opens or [session.starts_at])[-1], quote.at


def resolve(
    prices: SymbolPrices, quote: Quote, session: Session, since: Since, story_at: datetime | None = None
) -> Reference | None:
    """The reference price for ``quote`` of ``session``; ``None`` where it is unknown.

    ``story_at`` is when the first story that could explain the move was seen, for ``since: story``.
    """
    match since.kind:
        case "previous close":
            return prices.previous_close(quote, session)
        case "open":
            opened = prices.open_of(session)
            return opened if opened and opened.at <= quote.at else None
        case "duration":
            assert since.duration is not None
            last = prices.last_before(quote.at - since.duration)
            if last is None or prices.session_of(last) != session:
                return None
            earlier = prices.settled(last, session)
            if earlier is None or quote.at - since.duration - earlier.at > max(since.duration, SPARSE):
                return None
            return Reference(str(since), prices.rebased(earlier), earlier.at, session.date)
        case "sessions":
            return prices.close_before(session, since.count)
        case "high":
            return prices.highest(session, since.count)
        case "low":
            return prices.lowest(session, since.count)
        case _:
            return before_story(prices, story_at) if story_at is not None else None


def before_story(prices: SymbolPrices, seen_at: datetime) -> Reference | None:
    """The last price before ``seen_at``: a quote, or the official close where that is later."""
    earlier = prices.last_before(seen_at)
    held = prices.session_of(earlier) if earlier else None
    if earlier is not None and held is not None and (earlier := prices.settled(earlier, held)) is None:
        # too few trades that night to say where the price was
        earlier = prices.last_before(held.starts_at - datetime.resolution)
        held = prices.session_of(earlier) if earlier else None
    over = prices.timetable.current(seen_at)
    if over is not None and over.close_at > seen_at:
        over = prices.timetable.before(over)
    close = prices.close_of(over) if over else None
    if over and close and (earlier is None or earlier.at < over.close_at):
        return Reference("story", close, over.close_at, over.date)
    return Reference("story", prices.rebased(earlier), earlier.at, held.date) if earlier and held else None


def peak(prices: SymbolPrices, quote: Quote, session: Session, lookback: Span) -> Reference | None:
    """The highest price in ``lookback`` up to ``quote``, itself included, so that a drawdown is never above 0.

    ``N sessions``: the bars of the N sessions before and this session's quotes so far. A duration: its quotes alone.
    A single print above those around it is no peak, nor is a price of thin trading; the high of a bar is. ``None``
    where no price is known.
    """
    name = f"high of {lookback}"
    if lookback.duration is not None:
        recent = prices.quotes_between(quote.at - lookback.duration, quote.at)
        best = None
    else:
        recent = prices.quotes_between(session.starts_at, quote.at)
        best = prices.highest(session, lookback.sessions or 0)
        if best is None:
            return None
    for level, at in _levels(prices, recent):
        if best is None or level > best.price:
            best = Reference(name, level, at, session.date)
    now = prices.rebased(quote)
    if best is not None and now > best.price:
        return Reference(name, now, quote.at, session.date)
    return best


def _levels(prices: SymbolPrices, quotes: list[Quote]) -> list[tuple[float, datetime]]:
    """Prices that held: confirmed ones, and the lower of each two consecutive prints; none of thin trading."""
    quotes = [q for q in quotes if prices.timetable.phase(q.at) not in THIN_PHASES]
    found = [(prices.rebased(q), q.at) for q in quotes if q.kind.confirmed and q.kind is not QuoteKind.LOW]
    for earlier, later in pairwise(quotes):
        if earlier.at < later.at:
            found.append((min(prices.rebased(earlier), prices.rebased(later)), later.at))
    return found
