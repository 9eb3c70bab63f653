"""Which quotes are refused: everything that makes a price implausible by itself is decided here, and only here.

A refused quote is counted and stored with its reason; it never reaches a window, a reference or a rule. A single wild
print only shows against later quotes, which is what ``hold`` is for.

Two odd things are not refused:

- **Out of order.** Yahoo answers from several machines that lag one another, so a poll may bring a trade older than
  the last one seen. It did happen: windows are ordered by event time and put it in its place. It confirms nothing, as
  confirmation needs a later event time.
- **Repeats.** Outside trading every poll brings the same last trade. ``is_repeat`` recognises it, so that it is
  neither stored again nor counted as a confirmation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model import Quote, QuoteKind
from bot.core.prices.sessions import Session

FUTURE_ALLOWANCE = timedelta(seconds=60)
"""How far an event time may lie after ``now``: vendors stamp in whole seconds, and this machine's clock may be slow."""

STALE_AFTER = timedelta(days=5)
"""How long before the start of the current session the last trade may lie. The longest ordinary pause of an exchange,
Thursday evening to Tuesday morning over Easter, is 4.7 days. After longer ones (Golden Week, Lunar New Year) a symbol
is refused until its first trade, which costs nothing."""

ABSURD_RATIO = 1000.0
"""A price this many times its reference, or a fraction as small, is an error of units or transmission."""

CURRENCY_MEMORY = timedelta(days=4)
"""How long a symbol's last currency counts. Pounds among pence are a vendor's slip that lasts some polls; a currency
that stays different for this long is real and must not be refused for ever."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a quote does not count."""

    why: str
    held: bool = False
    """It is doubtful rather than wrong (``basis``), and counts if it stands for long enough."""


def refusal(quote: Quote, *, now: datetime, last: Quote | None, session: Session | None) -> str | None:
    """Why ``quote`` is refused; ``None`` where it is accepted.

    ``last`` is the symbol's last accepted quote, if any. ``session`` is the one of ``now`` (``Timetable.current``);
    where the calendar has none, age is measured from ``now``. That ``seen_at`` is not after ``now`` the engine checks.
    """
    if not math.isfinite(quote.price):
        return "not a number"
    if quote.price <= 0:
        return "zero or negative"
    if quote.at > now + FUTURE_ALLOWANCE:
        return "future-dated"
    if quote.at < (session.starts_at if session else now) - STALE_AFTER:
        return "stale-dated"
    if last is not None and _currencies_clash(quote, last):
        return "other currency"  # GBP among GBp
    if _absurd(quote, last):
        return "absurd"
    return None


def is_repeat(quote: Quote, last: Quote | None) -> bool:
    """Whether ``quote`` repeats ``last``: same symbol, kind, event time and price.

    Two trades in one second at different prices are two trades, and an official close is new even at the price and time
    of the last trade, because it needs no confirmation.
    """
    return last is not None and _identity(quote) == _identity(last)


def _identity(quote: Quote) -> tuple[str, QuoteKind, datetime, float]:
    return quote.symbol, quote.kind, quote.at, quote.price


def _currencies_clash(quote: Quote, last: Quote) -> bool:
    return (
        bool(quote.currency)
        and bool(last.currency)
        and quote.currency != last.currency
        and abs(quote.at - last.at) <= CURRENCY_MEMORY
    )


def _absurd(quote: Quote, last: Quote | None) -> bool:
    """Against the previous close where the quote has a usable one, else against the last quote.

    The previous close is on the quote's own split basis: after a 1-for-2000 reverse split the last quote would refuse
    every price for ever.
    """
    for reference in (quote.previous_close, last.price if last is not None else None):
        if reference is not None and math.isfinite(reference) and reference > 0:
            return not reference / ABSURD_RATIO <= quote.price <= reference * ABSURD_RATIO
    return False
