"""Whether a quote and its previous close are on one split basis. Pure: the charts are fetched by others.

On the morning of a split Yahoo may quote the new price beside the old close, and a 10-for-1 split looks like a fall of
90 %. So a quote far from its stated previous close is doubted, and the symbol's daily chart with its split events
tells whether a split lies between; then the chart's close, on the new basis, is the reference for that session. The
doubt begins at 15 % down and 20 % up, which catches splits of 5-for-4 and larger, and costs one chart per symbol and
quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.adapters.prices.yahoo.reading import Item, split_reference
from bot.core.model import Quote

DOUBT_DOWN, DOUBT_UP = 0.85, 1.20
DOUBT_ANEW = timedelta(minutes=15)
"""How long "no split" is believed: Yahoo may list a split only some time after the new price."""
DOUBT_LASTS = timedelta(minutes=2)
"""How long a doubted quote is held back while no chart can be had. A real fall told late beats one never told."""
KEEP = timedelta(days=10)

Key = tuple[str, date]
"""A symbol and the exchange date of its quote."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    at: datetime
    reference: float | None
    """The close to use instead; ``None`` where the stated one is right."""


class SplitDoubt:
    """What charts have said of doubted references, remembered for the session."""

    def __init__(self) -> None:
        self._verdicts: dict[Key, _Verdict] = {}
        self._since: dict[Key, datetime] = {}

    def undecided(self, quotes: Sequence[Quote], days: Mapping[str, date], now: datetime) -> list[str]:
        """The symbols whose chart is needed. ``days``: the exchange date of each symbol's quotes."""
        self._forget(now)
        doubted = dict.fromkeys(q.symbol for q in quotes if doubtful(q))
        return [symbol for symbol in doubted if not self._decided((symbol, days[symbol]), now)]

    def learn(self, symbol: str, day: date, chart: Item, now: datetime) -> bool:
        """Take in a daily chart with split events; whether a split lies before ``day``'s session."""
        reference, split = split_reference(chart, day)
        if not split:
            self._verdicts[symbol, day] = _Verdict(now, None)
        elif reference is not None:
            self._verdicts[symbol, day] = _Verdict(now, reference)
        return split

    def settle(self, quotes: Sequence[Quote], days: Mapping[str, date], now: datetime) -> tuple[list[Quote], list[str]]:
        """The quotes with references on their own basis, and the symbols of those that must wait for a chart."""
        told: list[Quote] = []
        held: dict[str, None] = {}
        doubted = {q.symbol for q in quotes if doubtful(q)}
        for quote in quotes:
            key = quote.symbol, days[quote.symbol]
            verdict = self._verdicts.get(key)
            if verdict is not None and verdict.reference is not None:
                told.append(replace(quote, previous_close=verdict.reference))
            elif verdict is not None or quote.symbol not in doubted or self._waited(key, now):
                told.append(quote)
            else:
                held[quote.symbol] = None
        return told, list(held)

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
    """Whether the quote is so far from its stated previous close that a split could be the reason."""
    reference = quote.previous_close
    return reference is not None and quote.price > 0 and not DOUBT_DOWN < quote.price / reference < DOUBT_UP
