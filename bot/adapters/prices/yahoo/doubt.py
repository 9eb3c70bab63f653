"""Whether a quote and its previous close are on the same basis. Pure: the caller fetches the charts.

On the morning of a split Yahoo may quote the new price with the old close, so that a 10-for-1 split looks like a fall
of 90 %; and it never takes a dividend off the previous close, so that one of 12 % looks like a fall of 12 %. A quote
far from its stated previous close is therefore checked against the symbol's daily chart. If a split or a large dividend
lies between, the chart's close becomes the reference for that session.

A split that the chart does not list either is for the core to doubt, which also knows our own bars
(``bot/core/prices/basis.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.adapters.prices.yahoo.reading import Item, basis_changes
from bot.core.model import Quote, Split
from bot.core.prices.basis import split_between

DOUBT_DOWN, DOUBT_UP = 0.85, 1.20
"""Covers 5-for-4 splits."""
DIVIDEND_FROM = 0.92
"""Below this part of the previous close, a dividend is looked for. Rules ask for falls of 10 % and more."""
AT_ONCE = 8
"""More symbols than this between the two do not all pay a dividend: it is the market that falls, and a chart for each
would get us rate-limited just then."""
DOUBT_ANEW = timedelta(minutes=15)
"""How long "no split" holds: Yahoo may list a split some time after the new price."""
SPLIT_ANEW = timedelta(minutes=2)
"""The same for a price that a usual split would explain, which the core holds back meanwhile."""
DOUBT_LASTS = timedelta(minutes=2)
"""How long a doubtful quote is held back while no chart is available. A real fall late is better than never."""
KEEP = timedelta(days=10)

Key = tuple[str, date]
"""A symbol and the exchange date of its quote."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    at: datetime
    reference: float | None
    """The close to use instead; ``None`` if the stated one is right."""


class BasisDoubt:
    """The findings on doubtful previous closes, kept for the session."""

    def __init__(self) -> None:
        self._verdicts: dict[Key, _Verdict] = {}
        self._since: dict[Key, datetime] = {}

    def undecided(self, quotes: Sequence[Quote], days: Mapping[str, date], now: datetime) -> list[str]:
        """The symbols whose chart is needed. ``days`` is the exchange date of each symbol's quotes."""
        self._forget(now)
        wanted: dict[str, None] = {}
        dividends: dict[str, None] = {}
        for quote in quotes:
            if not self._decided(quote, days[quote.symbol], now):
                if doubtful(quote):
                    wanted[quote.symbol] = None
                elif quote.previous_close and 0 < quote.price <= quote.previous_close * DIVIDEND_FROM:
                    dividends[quote.symbol] = None
        return list(wanted | dividends if len(dividends) <= AT_ONCE else wanted)

    def learn(self, symbol: str, day: date, chart: Item, now: datetime) -> list[Split]:
        """Read a daily chart with its events; returns the splits and dividends since the close before ``day``."""
        close, changes = basis_changes(chart, day)
        if not changes:
            self._verdicts[symbol, day] = _Verdict(now, None)
        elif close is not None:
            self._verdicts[symbol, day] = _Verdict(now, close)
        return [Split(symbol, c.day, c.ratio, now, c.cash) for c in changes if c.ratio is not None]

    def settle(self, quotes: Sequence[Quote], days: Mapping[str, date], now: datetime) -> tuple[list[Quote], list[str]]:
        """The quotes with the right reference, and the symbols of those held back until there is a chart."""
        released: list[Quote] = []
        held: dict[str, None] = {}
        doubted = {q.symbol for q in quotes if doubtful(q)}
        for quote in quotes:
            key = quote.symbol, days[quote.symbol]
            verdict = self._verdicts.get(key)
            if verdict is not None and verdict.reference is not None:
                released.append(replace(quote, previous_close=verdict.reference))
            elif verdict is not None or quote.symbol not in doubted or self._waited(key, now):
                released.append(quote)
            else:
                held[quote.symbol] = None
        return released, list(held)

    def _decided(self, quote: Quote, day: date, now: datetime) -> bool:
        verdict = self._verdicts.get((quote.symbol, day))
        if verdict is None:
            return False
        close = quote.previous_close
        anew = SPLIT_ANEW if close and split_between(close, quote.price) else DOUBT_ANEW
        return verdict.reference is not None or now - verdict.at < anew

    def _waited(self, key: Key, now: datetime) -> bool:
        return now - self._since.setdefault(key, now) >= DOUBT_LASTS

    def _forget(self, now: datetime) -> None:
        oldest = (now - KEEP).date()
        self._verdicts = {key: verdict for key, verdict in self._verdicts.items() if key[1] >= oldest}
        self._since = {key: at for key, at in self._since.items() if key[1] >= oldest}


def doubtful(quote: Quote) -> bool:
    """Whether the quote is so far from its previous close that there may be a split between them."""
    reference = quote.previous_close
    return reference is not None and quote.price > 0 and not DOUBT_DOWN < quote.price / reference < DOUBT_UP
