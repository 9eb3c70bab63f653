"""Whether a quote and its previous close are on the same split basis. Pure: the caller fetches the charts.

On the morning of a split Yahoo may quote the new price with the old close, so that a 10-for-1 split looks like a fall
of 90 %. A quote 15 % below or 20 % above its stated previous close (which covers 5-for-4 splits) is therefore checked
against the symbol's daily chart, once in 15 minutes. If a split lies between, the chart's split-adjusted close becomes
the reference for that session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.adapters.prices.yahoo.reading import Item, split_reference
from bot.core.model import Quote

DOUBT_DOWN, DOUBT_UP = 0.85, 1.20
DOUBT_ANEW = timedelta(minutes=15)
"""How long "no split" holds: Yahoo may list a split some time after the new price."""
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


class SplitDoubt:
    """The findings on doubtful previous closes, kept for the session."""

    def __init__(self) -> None:
        self._verdicts: dict[Key, _Verdict] = {}
        self._since: dict[Key, datetime] = {}

    def undecided(self, quotes: Sequence[Quote], days: Mapping[str, date], now: datetime) -> list[str]:
        """The symbols whose chart is needed. ``days`` is the exchange date of each symbol's quotes."""
        self._forget(now)
        doubted = dict.fromkeys(q.symbol for q in quotes if doubtful(q))
        return [symbol for symbol in doubted if not self._decided((symbol, days[symbol]), now)]

    def learn(self, symbol: str, day: date, chart: Item, now: datetime) -> bool:
        """Read a daily chart with split events; whether there was a split since the close before ``day``."""
        reference, split = split_reference(chart, day)
        if not split or reference is not None:
            self._verdicts[symbol, day] = _Verdict(now, reference if split else None)
        return split

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

    def _decided(self, key: Key, now: datetime) -> bool:
        verdict = self._verdicts.get(key)
        return verdict is not None and (verdict.reference is not None or now - verdict.at < DOUBT_ANEW)

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
