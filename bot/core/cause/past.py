"""What the closes before a session say of a symbol: its daily returns beyond its market's, their usual scale, and which
other symbols move as it does.

In arrays, a row for each symbol: as soon as one stock falls, this is asked of all that are watched.

Scale is 1.4826 times the median absolute deviation, which estimates the standard deviation of a normal distribution and
ignores the rare shocks themselves (Rousseeuw & Croux 1993, J. Am. Stat. Assoc. 88, 1273-1283).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bot.core.prices.benchmarks import Benchmarks
from bot.core.prices.market import History, Market, SymbolPrices

LOOKBACK = 120
"""Sessions from which a symbol's usual volatility is estimated."""
LEAST = 40
"""Least number of returns for an estimate."""
FLOOR = 0.006
"""Least daily scale: 1 % is no shock, even for a stock that hardly moves."""
CONSISTENT = 1.4826
SESSIONS = 3
"""So many are remembered, the last asked about: the present one, the one before it, and another market's."""
DECIMALS = 12
"""To which correlations are compared: further ones depend on the order of summation."""

Floats = NDArray[np.float64]
_Closes = tuple[Sequence[date], Floats]


@dataclass(frozen=True)
class Past:
    """One symbol before one session."""

    history: tuple[History, History | None]
    """The symbol's and its market's, from which this was worked out."""
    days: Sequence[date]
    """The sessions of ``excess``, oldest first."""
    excess: Floats
    """The return of each session less its market's."""
    scale: float | None
    """The usual scale of ``excess``; ``None`` without enough history."""
    standard: Floats | None
    """``excess`` less its mean, scaled to length 1; ``None`` where the market has other sessions."""

    @cached_property
    def by_day(self) -> Mapping[date, float]:
        """``excess`` by session."""
        return dict(zip(self.days, self.excess.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Alike:
    """The symbols of one market that have the same sessions as it."""

    symbols: dict[str, None]
    """In order."""
    standard: Floats
    """A row for each of them."""


@dataclass(frozen=True, slots=True)
class _Session:
    """What was worked out about the sessions of one date."""

    past: dict[str, Past] = field(default_factory=dict)
    alike: list[tuple[tuple[str, ...], int, Mapping[str, _Alike]]] = field(default_factory=list)
    """The universe last asked for, the market's ``revision.history`` at which all of it was worked out, and its symbols
    by market."""


class DailyReturns:
    """Every symbol's past before a session, worked out once for each version of its history."""

    def __init__(self, market: Market, benchmarks: Benchmarks) -> None:
        self._market = market
        self._benchmarks = benchmarks
        self._sessions: dict[date, _Session] = {}

    def home(self, symbol: str) -> str:
        """What stands for the market of ``symbol`` over whole sessions."""
        return self._benchmarks.home(self._market.of(symbol).timetable.exchange)

    def returns(self, symbol: str, day: date) -> Floats:
        """The symbol's daily returns before the session of ``day``, oldest first."""
        return _returns(_closes(self._market.of(symbol), day))[1]

    def before(self, symbol: str, day: date) -> Past:
        """The symbol's past before the session of ``day``."""
        known = self._session(day).past
        found = known.get(symbol)
        if found is None or found.history != self._history(symbol, day):
            self._work_out((symbol,), day, known)
        return known[symbol]

    def scales(self, symbols: tuple[str, ...], day: date) -> Floats:
        """The usual scale of each of these; NaN where it is not known, or was not worked out yet."""
        known = self._session(day).past
        scales = (past.scale if (past := known.get(symbol)) is not None else None for symbol in symbols)
        return np.array([np.nan if scale is None else scale for scale in scales])

    def of_all(self, universe: tuple[str, ...], day: date) -> Mapping[str, _Alike]:
        """Have the past of all of ``universe`` worked out, together; by market those that can be held against one
        another at once."""
        session, history = self._session(day), self._market.revision.history
        worked_out = next((each for each in session.alike if each[0] is universe), None)
        if worked_out is None or worked_out[1] != history:
            known = session.past
            new = [s for s in universe if s not in known or known[s].history != self._history(s, day)]
            if worked_out is not None and not new:
                session.alike[:] = [(universe, history, worked_out[2])]
                return worked_out[2]
            self._work_out(new, day, known)
            rows: dict[str, list[tuple[str, Floats]]] = {}
            for symbol in universe:
                if (standard := known[symbol].standard) is not None:
                    rows.setdefault(self.home(symbol), []).append((symbol, standard))
            alike = {
                h: _Alike(dict.fromkeys(s for s, _ in some), np.stack([row for _, row in some]))
                for h, some in rows.items()
            }
            worked_out = universe, history, alike
            session.alike[:] = [worked_out]
        return worked_out[2]

    def nearest(
        self, symbol: str, universe: tuple[str, ...], day: date, count: int, company_of: Callable[[str], str]
    ) -> tuple[str, ...]:
        """The symbols of other companies whose excess returns correlate most with this one's."""
        alike = self.of_all(universe, day).get(self.home(symbol))
        own, company = self.before(symbol, day), company_of(symbol)
        found: list[tuple[float, str]] = []
        at_once: Mapping[str, None] = {}
        if own.standard is not None and alike is not None:
            at_once, names = alike.symbols, tuple(alike.symbols)
            correlations = np.round(alike.standard @ own.standard, DECIMALS)
            for place in np.argsort(-correlations, kind="stable"):
                if len(found) == count:
                    break
                if company_of(other := names[place]) != company:
                    found.append((-float(correlations[place]), other))
        for other in universe:
            if other not in at_once and company_of(other) != company:
                correlation = correlated(own.by_day, self.before(other, day).by_day)
                if correlation is not None:
                    found.append((-round(correlation, DECIMALS), other))
        return tuple(other for _, other in sorted(found)[:count])

    # ------------------------------------------------------------------------------------------------------- details

    def _history(self, symbol: str, day: date) -> tuple[History, History | None]:
        home = self.home(symbol)
        return self._market.of(symbol).history(day), self._market.of(home).history(day) if home else None

    def _session(self, day: date) -> _Session:
        if day not in self._sessions:
            self._sessions[day] = _Session()
            if len(self._sessions) > SESSIONS:
                del self._sessions[next(iter(self._sessions))]
        return self._sessions[day]

    def _work_out(self, symbols: Iterable[str], day: date, known: dict[str, Past]) -> None:
        """The past of these symbols: of those with the sessions of their market together, of others one by one."""
        homes: dict[str, _Closes | None] = {}
        together: dict[str, list[tuple[str, Floats]]] = {}
        for symbol in symbols:
            home = self.home(symbol)
            if home not in homes:
                homes[home] = _closes(self._market.of(home), day) if home else None
            market, (days, closes) = homes[home], _closes(self._market.of(symbol), day)
            if market is not None and days == market[0] and len(days) > LEAST and (closes > 0).all():
                together.setdefault(home, []).append((symbol, closes))
            else:
                known[symbol] = self._alone(symbol, day, (days, closes), market)
        for home, some in together.items():
            market = homes[home]
            assert market is not None
            if not (market[1] > 0).all():
                for symbol, closes in some:
                    known[symbol] = self._alone(symbol, day, (market[0], closes), market)
                continue
            levels = np.stack([closes for _, closes in some])
            returns = levels[:, 1:] / levels[:, :-1] - 1
            excess = returns - _returns(market)[1]
            scales = _scales(excess, FLOOR).tolist()
            apart = excess - excess.mean(axis=1, keepdims=True)
            lengths = np.sqrt((apart * apart).sum(axis=1))
            for n, (symbol, _) in enumerate(some):
                standard = apart[n] / lengths[n] if lengths[n] > 0 else None
                known[symbol] = Past(self._history(symbol, day), market[0][1:], excess[n], scales[n], standard)

    def _alone(self, symbol: str, day: date, closes: _Closes, market: _Closes | None) -> Past:
        days, returns = _returns(closes)
        level = dict(zip(*_returns(market), strict=True)) if market is not None else {}
        excess = returns - np.array([level.get(each, 0.0) for each in days])
        scale = float(_scales(excess[np.newaxis], FLOOR)[0]) if len(excess) >= LEAST else None
        return Past(self._history(symbol, day), days, excess, scale, None)


def _closes(prices: SymbolPrices, day: date) -> _Closes:
    days, closes = prices.closes_before(day, LOOKBACK + 1)
    return days, np.array(closes)


def _returns(closes: _Closes) -> _Closes:
    """The return of each session but the first, where the close before it is above 0."""
    days, levels = closes
    known = levels[:-1] > 0
    if known.all():
        return days[1:], levels[1:] / levels[:-1] - 1
    return [d for d, k in zip(days[1:], known, strict=True) if k], levels[1:][known] / levels[:-1][known] - 1


def usual_scale(returns: Floats, least: float) -> float:
    """The usual scale of some returns, at least ``least``."""
    return float(_scales(returns[np.newaxis], least)[0])


def _scales(rows: Floats, least: float) -> Floats:
    deviations = np.abs(rows - medians(rows)[:, np.newaxis])
    return np.maximum(CONSISTENT * medians(deviations), least)


def medians(rows: Floats) -> Floats:
    """Of each row; of an even number the mean of the middle two."""
    middle = rows.shape[1] // 2
    ordered = np.partition(rows, (middle - 1, middle) if middle else 0, axis=1)
    if rows.shape[1] % 2:
        return np.asarray(ordered[:, middle])
    return np.asarray((ordered[:, middle - 1] + ordered[:, middle]) / 2)


def correlated(a: Mapping[date, float], b: Mapping[date, float]) -> float | None:
    """The correlation of two symbols over the sessions that both have; ``None`` where they are too few."""
    days = a.keys() & b.keys()
    if len(days) < LEAST:
        return None
    xs, ys = np.array([a[d] for d in days]), np.array([b[d] for d in days])
    xs, ys = xs - xs.mean(), ys - ys.mean()
    square = float((xs * xs).sum() * (ys * ys).sum())
    return float((xs * ys).sum()) / square**0.5 if square > 0 else None
