"""Whether a quote is believed. Everything that makes a price nonsense by itself is decided here, and only here.

A refused quote is counted and remembered with its reason; it never reaches a window, a reference or a rule. What
needs a second look at the market rather than at the quote (a single wild print) is the business of ``hold``.

Two things that look wrong and are not refused:

- **Out of order.** Yahoo answers from several machines that lag one another, so a poll may bring a trade older than
  the last one seen. It did happen; windows are ordered by event time and put it in its place, and it cannot confirm
  anything, because confirmation needs a later event time than what it confirms.
- **Repeats.** Outside trading every poll brings the same last trade. ``is_repeat`` recognises it, so that it need not
  be stored again and never confirms.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from bot.core.model import Quote
from bot.core.prices.sessions import Session

NOT_A_NUMBER = "not a number"
ZERO_OR_NEGATIVE = "zero or negative"
FUTURE_DATED = "future-dated"
STALE_DATED = "stale-dated"
ABSURD = "absurd"
OTHER_CURRENCY = "other currency"

FUTURE_ALLOWANCE = timedelta(seconds=60)
"""How far an event time may lie after ``now``: vendors stamp in whole seconds, and this machine's clock may be slow.
A minute is far below what could hide later trades (hours), and above what ordinary clocks disagree by."""

STALE_AFTER = timedelta(days=5)
"""How far before the current session's begin the last trade may lie. The longest ordinary pause of an exchange is
from a Thursday evening over Easter to a Tuesday morning, 4.7 days. After a longer one (Golden Week, Lunar New Year) a
symbol is refused until its first trade, which costs nothing: it has no news to tell."""

ABSURD_RATIO = 1000.0
"""A price more than this many times its reference, or less than one over it, is a mistake of units or of the wire."""

CURRENCY_MEMORY = timedelta(days=4)
"""For how long a symbol's currency is held against it. Pounds among pence are a slip of the vendor's and pass within
polls; a currency that stays different this long is the new truth, and must not be refused for ever."""


def refusal(quote: Quote, *, now: datetime, last: Quote | None, session: Session | None) -> str | None:
    """Why ``quote`` is not believed; ``None`` where it is.

    ``last`` is the symbol's last accepted quote, if any. ``session`` is the one ``now`` lies in or, between sessions,
    the last that began (``Timetable.current``); ``None`` where the calendar does not tell, and age is then measured
    from ``now``. That ``seen_at`` must not lie after ``now`` is the engine's guard, not asked here.

    Reasons, in the order asked: ``not a number``, ``zero or negative``, ``future-dated``, ``stale-dated``,
    ``other currency`` (GBP among GBp), ``absurd``.
    """
    if not math.isfinite(quote.price):
        return NOT_A_NUMBER
    if quote.price <= 0:
        return ZERO_OR_NEGATIVE
    if quote.at > now + FUTURE_ALLOWANCE:
        return FUTURE_DATED
    if quote.at < (session.starts_at if session else now) - STALE_AFTER:
        return STALE_DATED
    if last is not None and _currencies_clash(quote, last):
        return OTHER_CURRENCY
    if _absurd(quote, last):
        return ABSURD
    return None


def is_repeat(quote: Quote, last: Quote | None) -> bool:
    """Whether ``quote`` is the trade ``last`` already told of: same symbol, kind, event time and price.

    Two trades in one second at different prices are two trades, and an official close is news even where its price
    and time are those of the last trade, because it needs no confirmation.
    """
    return (
        last is not None
        and quote.symbol == last.symbol
        and quote.kind is last.kind
        and quote.at == last.at
        and quote.price == last.price
    )


def _currencies_clash(quote: Quote, last: Quote) -> bool:
    return (
        bool(quote.currency)
        and bool(last.currency)
        and quote.currency != last.currency
        and abs(quote.at - last.at) <= CURRENCY_MEMORY
    )


def _absurd(quote: Quote, last: Quote | None) -> bool:
    """Measured against the previous close where the quote states a usable one, else against the last quote.

    The previous close comes first because it is on the quote's own split basis: after a 1-for-2000 reverse split the
    last quote would refuse every price for ever.
    """
    reference = quote.previous_close
    if reference is None or not math.isfinite(reference) or reference <= 0:
        reference = last.price if last is not None else None
    if reference is None or not math.isfinite(reference) or reference <= 0:
        return False
    return not reference / ABSURD_RATIO <= quote.price <= reference * ABSURD_RATIO
