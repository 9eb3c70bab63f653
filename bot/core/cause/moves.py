"""How unusual a move is: of a symbol against its own volatility and the benchmark, and of a group as a whole.

Scale is 1.4826 times the median absolute deviation, which estimates the standard deviation of a normal distribution and
ignores the rare shocks themselves (Rousseeuw & Croux 1993, J. Am. Stat. Assoc. 88, 1273-1283).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from operator import mul
from statistics import median

from bot.core.prices.market import Market
from bot.core.prices.sessions import Session, Timetable

LOOKBACK = 120
"""Sessions from which a symbol's usual volatility is estimated."""
LEAST = 40
"""Least number of returns for an estimate."""
FLOOR = 0.006
"""Least daily scale: 1 % is no shock, even for a stock that hardly moves."""
CONSISTENT = 1.4826

_Key = tuple[str, date, int, int]


@dataclass(frozen=True, slots=True)
class UnusualMove:
    """A symbol's move in a session against what is usual for it."""

    symbol: str
    session: Session
    change: float
    """Since the previous close."""
    excess: float
    """Change less the benchmark's."""
    z: float
    """Excess divided by the symbol's usual scale."""


@dataclass(frozen=True, slots=True)
class GroupMove:
    """How a group moved in a session, without the symbol it is compared with."""

    name: str
    members: tuple[UnusualMove, ...]
    z: float
    """Median of the members' z."""
    others: float
    """Median z of the watched symbols outside the group."""

    @property
    def falling(self) -> tuple[str, ...]:
        """Members that fall by more than two of their own scales, worst first."""
        return tuple(m.symbol for m in sorted(self.members, key=lambda m: m.z) if m.z < -2)

    @property
    def strength(self) -> float:
        """How clearly the group falls, 0 to 1: nothing from a median z of −1, all at −4; less where others fall too."""
        depth = min(max((-self.z - 1.0) / 3.0, 0.0), 1.0)
        share = len(self.falling) / len(self.members) if self.members else 0.0
        apart = min(max((self.others - self.z) / 2.0, 0.0), 1.0)
        return depth * min(1.0, share / 0.6) * apart


class MoveMeasures:
    """Measures moves; caches what depends only on closed sessions."""

    def __init__(self, market: Market, benchmark: str) -> None:
        self._market = market
        self._benchmark = benchmark
        self._scales: dict[_Key, float | None] = {}
        self._returns: dict[_Key, dict[date, float]] = {}
        self._excesses: dict[_Key, dict[date, float]] = {}
        self._standards: dict[tuple[str, date], list[float] | None] = {}
        self._revision = -1
        self._measured: dict[object, dict[str, UnusualMove | None]] = {}
        """Moves by ``stamp``, all of one revision of the market."""
        self._timetables: dict[str, Timetable] = {}

    def of(self, symbol: str, now: datetime) -> UnusualMove | None:
        """The move of ``symbol`` in its latest session at ``now``; ``None`` where it cannot be measured."""
        return self._of(symbol, now, self._known(now))

    def _of(self, symbol: str, now: datetime, known: dict[str, UnusualMove | None]) -> UnusualMove | None:
        if symbol not in known:
            known[symbol] = self._measure(symbol, now)
        return known[symbol]

    def stamp(self, now: datetime) -> object:
        """Equal for two moments between which no move can have changed: after the latest quote, only the start of
        another session changes moves."""
        revision = self._market.revision
        if revision.latest_at is None or revision.latest_at <= now:
            sessions = tuple(s.date if (s := t.current(now)) else None for t in self._timetables.values())
            return (revision.number, sessions)
        return (revision.number, now)

    def _known(self, now: datetime) -> dict[str, UnusualMove | None]:
        """The moves measured for ``now``: explaining one fall takes those of the whole universe."""
        revision = self._market.revision.number
        if revision != self._revision:
            self._revision = revision
            self._measured.clear()
        return self._measured.setdefault(self.stamp(now), {})

    def _measure(self, symbol: str, now: datetime) -> UnusualMove | None:
        prices = self._market.of(symbol)
        for timetable in (prices.timetable, self._market.of(self._benchmark).timetable):
            if timetable.exchange not in self._timetables:
                self._timetables[timetable.exchange] = timetable
                self._measured.clear()
        latest, change = prices.stood(now), self._change(symbol, now)
        if latest is None or change is None:
            return None
        scale = self.scale(symbol, latest[1])
        if scale is None:
            return None
        excess = change - (self._change(self._benchmark, now) or 0.0)
        return UnusualMove(symbol, latest[1], change, excess, excess / scale)

    def market(self, now: datetime) -> tuple[float, float] | None:
        """The benchmark's change and its z; ``None`` where there is no price."""
        change = self._change(self._benchmark, now)
        session = self._market.of(self._benchmark).timetable.current(now)
        if change is None or session is None:
            return None
        returns = list(self._daily(self._benchmark, session).values())
        return (change, change / _scale(returns, FLOOR / 2)) if len(returns) >= LEAST else (change, 0.0)

    def group(self, name: str, members: Collection[str], universe: Collection[str], now: datetime) -> GroupMove | None:
        """How ``members`` move against the rest of ``universe``; ``None`` where none of them can be measured."""
        self._of(self._benchmark, now, self._known(now))  # may add an exchange, which clears the cache
        known = self._known(now)
        inside = [m for m in (self._of(s, now, known) for s in members) if m is not None]
        if not inside:
            return None
        named = set(members)
        outside = [m.z for m in (self._of(s, now, known) for s in universe if s not in named) if m is not None]
        return GroupMove(name, tuple(inside), median(m.z for m in inside), median(outside) if outside else 0.0)

    def scale(self, symbol: str, session: Session) -> float | None:
        """The usual scale of the symbol's daily excess returns before ``session``; ``None`` without enough history."""
        key = self._key(symbol, session)
        if key not in self._scales:
            excess = list(self._excess(symbol, session).values())
            self._scales[key] = _scale(excess, FLOOR) if len(excess) >= LEAST else None
        return self._scales[key]

    def nearest(self, symbol: str, universe: Collection[str], session: Session, count: int) -> tuple[str, ...]:
        """The symbols whose daily excess returns correlate most with this one's over the ``LOOKBACK`` sessions before
        ``session``."""
        own, standard = self._excess(symbol, session), self._standard(symbol, session)
        correlations = []
        for other in universe:
            if other != symbol:
                theirs = self._standard(other, session) if standard else None
                if standard and theirs:  # both traded in every session: faster by the standardised returns
                    correlation: float | None = sum(map(mul, standard, theirs))
                else:
                    correlation = _correlation(own, self._excess(other, session))
                if correlation is not None:
                    correlations.append((-correlation, other))
        return tuple(other for _, other in sorted(correlations)[:count])

    def forget(self, before: date) -> None:
        """Drop what is cached for sessions before ``before``."""
        self._scales = {k: v for k, v in self._scales.items() if k[1] >= before}
        self._returns = {k: v for k, v in self._returns.items() if k[1] >= before}
        self._excesses = {k: v for k, v in self._excesses.items() if k[1] >= before}
        self._standards = {k: v for k, v in self._standards.items() if k[1] >= before}

    def change_in(self, symbol: str, session: Session, now: datetime) -> float | None:
        """The change since the previous close in ``session`` up to ``now``; ``None`` where it has no price."""
        at = min(now, session.ends_at)
        latest = self._market.of(symbol).stood(at)
        return self._change(symbol, at) if latest is not None and latest[1].date == session.date else None

    def _change(self, symbol: str, now: datetime) -> float | None:
        prices = self._market.of(symbol)
        latest = prices.stood(now)
        reference = prices.previous_close(*latest) if latest else None
        if latest is None or reference is None:
            return None
        settled = prices.settled(*latest)
        if settled is None and symbol == self._benchmark:
            return None  # one odd print of it would be a move of every stock
        return (settled or latest[0]).price / reference.price - 1

    def _key(self, symbol: str, session: Session) -> _Key:
        """The cache key of a figure from closed sessions; late history changes it."""
        return symbol, session.date, self._market.of(symbol).version, self._market.of(self._benchmark).version

    def _daily(self, symbol: str, session: Session) -> dict[date, float]:
        key = self._key(symbol, session)
        if key not in self._returns:
            closes = self._market.of(symbol).closes(session.date, LOOKBACK + 1)
            self._returns[key] = {
                day: close / before - 1 for (day, close), (_, before) in pairwise(closes) if before > 0
            }
        return self._returns[key]

    def _excess(self, symbol: str, session: Session) -> dict[date, float]:
        key = self._key(symbol, session)
        if key not in self._excesses:
            market = self._daily(self._benchmark, session)
            self._excesses[key] = {day: r - market.get(day, 0.0) for day, r in self._daily(symbol, session).items()}
        return self._excesses[key]

    def _standard(self, symbol: str, session: Session) -> list[float] | None:
        """The symbol's excess returns less their mean, scaled to length 1; ``None`` where the benchmark has other
        sessions."""
        key = (symbol, session.date)
        if key not in self._standards:
            days, own = self._daily(self._benchmark, session), self._excess(symbol, session)
            self._standards[key] = None
            if len(days) >= LEAST and own.keys() >= days.keys() and len(own) == len(days):
                mean = sum(own.values()) / len(days)
                length = sum((r - mean) ** 2 for r in own.values()) ** 0.5
                if length > 0:
                    self._standards[key] = [(own[day] - mean) / length for day in days]
        return self._standards[key]


def _scale(returns: Sequence[float], least: float) -> float:
    middle = median(returns)
    return max(CONSISTENT * median(abs(r - middle) for r in returns), least)


def _correlation(a: dict[date, float], b: dict[date, float]) -> float | None:
    days = a.keys() & b.keys()
    if len(days) < LEAST:
        return None
    xs, ys = [a[d] for d in days], [b[d] for d in days]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    sxy = sum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True))
    sxx, syy = sum((x - mx) ** 2 for x in xs), sum((y - my) ** 2 for y in ys)
    return sxy / (sxx * syy) ** 0.5 if sxx > 0 and syy > 0 else None
