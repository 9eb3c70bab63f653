"""Which index, fund or future stands for the market of a stock at a moment: the one of its market that trades then.

A stock in Tokyo is measured against Tokyo's index, not against a fund that last traded in New York the night before.
Where New York sleeps, the future on an index stands for the fund that follows it, measured from its last settlement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from bot.core.prices.market import SymbolPrices

TOGETHER = timedelta(minutes=1)
"""Trades of a stock and its benchmark from one poll are some seconds apart, and count as simultaneous."""

INDICES: Mapping[str, str] = MappingProxyType(
    {
        "XTKS": "^N225",
        "XKRX": "^KS11",
        "XKOS": "^KS11",
        "XTAI": "^TWII",
        "ROCO": "^TWII",
        "XHKG": "^HSI",
        "XSHG": "000300.SS",
        "XSHE": "000300.SS",
        "XNSE": "^NSEI",
        "XBOM": "^NSEI",
        "XASX": "^AXJO",
        "XLON": "^FTSE",
        "XAMS": "^AEX",
        "XPAR": "^FCHI",
        "XETR": "^GDAXI",
        "XSWX": "^SSMI",
        "XMIL": "FTSEMIB.MI",
    }
)
"""The index of each market outside the United States, as Yahoo writes it, by the market identifier code of the
exchanges on which its stocks trade."""


class Prices(Protocol):
    """The prices of all symbols."""

    def of(self, symbol: str) -> SymbolPrices:
        """The prices of ``symbol``, empty when nothing was observed yet."""
        ...


@dataclass(frozen=True, slots=True)
class Benchmarks:
    """What stands for the market, by exchange and by moment."""

    default: str = ""
    """The fund that stands for the market of every exchange without an index of its own; empty: none does."""
    indices: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The index of an exchange (ISO 10383 code), which stands in place of ``default`` for the stocks that trade there.
    """
    futures: Mapping[str, str] = field(default_factory=dict, hash=False)
    """By fund the future on what it follows, which stands for the fund while that does not trade."""

    def home(self, exchange: str) -> str:
        """What stands for the market of an exchange while it is open."""
        return self.indices.get(exchange, self.default)

    def candidates(self, asked: str, exchange: str) -> tuple[str, ...]:
        """What may stand for ``asked`` beside a stock of ``exchange``, the first that trades being the one. Who asks
        for the default means the stock's own market; any other benchmark is meant itself."""
        own = self.indices.get(exchange) if asked == self.default else None
        chain = (own, asked, self.futures.get(asked)) if own else (asked, self.futures.get(asked))
        return tuple(dict.fromkeys(symbol for symbol in chain if symbol))

    def meant(self, asked: str) -> frozenset[str]:
        """Every symbol that may stand for ``asked``, beside whatever stock."""
        future = self.futures.get(asked)
        others = (*self.indices.values(),) if asked == self.default else ()
        return frozenset((asked, *((future,) if future else ()), *others))

    def standing_for(self, asked: str, beside: SymbolPrices, moment: datetime, market: Prices) -> str:
        """The candidate for ``asked`` that has a price at ``moment``, in a session that goes on then; the first where
        none has. ``beside``: the prices of the stock that is measured."""
        candidates = self.candidates(asked, beside.timetable.exchange)
        return next((c for c in candidates if trades(market.of(c), moment)), candidates[0] if candidates else asked)

    def symbols(self, exchanges: Iterable[str]) -> Iterator[str]:
        """The indices and futures that are needed beside the funds, for stocks of ``exchanges``."""
        yield from dict.fromkeys((*(self.indices[e] for e in exchanges if e in self.indices), *self.futures.values()))


ALONE = Benchmarks()
"""Every benchmark stands for itself."""


def trades(prices: SymbolPrices, moment: datetime) -> bool:
    """Whether a symbol has a price at ``moment`` of a session that goes on then, pre- and post-market included."""
    session = prices.timetable.current(moment)
    if session is None or moment > session.ends_at + TOGETHER:
        return False
    held = prices.last_before(moment + TOGETHER)
    return held is not None and prices.session_of(held) == session
