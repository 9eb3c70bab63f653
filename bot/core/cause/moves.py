"""How unusual a move is: of a symbol against its own volatility and its market, and of a group as a whole.

A group may trade on several exchanges. Each member is measured against the index of its own market and its own scale,
in the session of one date; a market that has not opened on it says nothing, and one that has closed says nothing where
its part of the group did not fall, for the news may have come later.

Scale is 1.4826 times the median absolute deviation, which estimates the standard deviation of a normal distribution and
ignores the rare shocks themselves (Rousseeuw & Croux 1993, J. Am. Stat. Assoc. 88, 1273-1283).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from operator import mul
from statistics import median

from bot.core.prices.benchmarks import Benchmarks, trades
from bot.core.prices.market import Market, SymbolPrices
from bot.core.prices.sessions import Session, Timetable

LOOKBACK = 120
"""Sessions from which a symbol's usual volatility is estimated."""
LEAST = 40
"""Least number of returns for an estimate."""
FLOOR = 0.006
"""Least daily scale: 1 % is no shock, even for a stock that hardly moves."""
CONSISTENT = 1.4826
FALLS = -2.0
"""A move of so many of its own scales is a fall."""

_Key = tuple[str, date, int, int]


@dataclass(frozen=True, slots=True)
class UnusualMove:
    """A symbol's move in a session against what is usual for it."""

    symbol: str
    session: Session
    change: float
    """Since the previous close."""
    excess: float
    """Change less that of its market."""
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
        return tuple(m.symbol for m in sorted(self.members, key=lambda m: m.z) if m.z < FALLS)

    @property
    def strength(self) -> float:
        """How clearly the group falls, 0 to 1: nothing from a median z of −1, all at −4; less where others fall too."""
        depth = min(max((-self.z - 1.0) / 3.0, 0.0), 1.0)
        share = len(self.falling) / len(self.members) if self.members else 0.0
        apart = min(max((self.others - self.z) / 2.0, 0.0), 1.0)
        return depth * min(1.0, share / 0.6) * apart


@dataclass(frozen=True, slots=True)
class _Spread:
    """The moves of one exchange's symbols in one session."""

    exchange: str
    ends_at: datetime
    z_of: Mapping[str, float]
    ordered: tuple[float, ...]
    """All of them, from the lowest z."""

    @classmethod
    def of(cls, moves: Sequence[UnusualMove]) -> _Spread:
        """Of moves in one session."""
        session = moves[0].session
        z_of = {move.symbol: move.z for move in moves}
        return cls(session.exchange, session.ends_at, z_of, tuple(sorted(z_of.values())))

    def without(self, members: Set[str]) -> list[float]:
        """In order, without those of ``members``."""
        left = list(self.ordered)
        for symbol in members & self.z_of.keys():
            del left[bisect_left(left, self.z_of[symbol])]
        return left


@dataclass(frozen=True, slots=True)
class _Measured:
    """What was measured on the same prices."""

    moves: dict[tuple[str, date], UnusualMove | None] = field(default_factory=dict)
    spreads: dict[tuple[tuple[str, ...], date], Mapping[str, _Spread]] = field(default_factory=dict)


class MoveMeasures:
    """Measures moves; caches what depends only on closed sessions."""

    def __init__(
        self, market: Market, benchmarks: Benchmarks, company_of: Callable[[str], str] = lambda symbol: symbol
    ) -> None:
        """``company_of`` is the same for all listings of a company."""
        self._market = market
        self._benchmarks = benchmarks
        self._company_of = company_of
        self._scales: dict[_Key, float | None] = {}
        self._returns: dict[_Key, dict[date, float]] = {}
        self._excesses: dict[_Key, dict[date, float]] = {}
        self._standards: dict[tuple[str, date], list[float] | None] = {}
        self._revision = -1
        self._measured: dict[object, _Measured] = {}
        """Moves by ``stamp``, all of one revision of the market."""
        self._asked: tuple[int, datetime, int] | None = None
        """Revision, moment and number of exchanges that ``_found`` is for."""
        self._found = _Measured()
        self._timetables: dict[str, Timetable] = {}
        self._universe: tuple[str, ...] = ()
        """The last one asked for, whose exchanges are all among ``_timetables``."""

    def of(self, symbol: str, now: datetime) -> UnusualMove | None:
        """The move of ``symbol`` in its latest session at ``now``; ``None`` where it cannot be measured."""
        session = self._market.of(symbol).timetable.current(now)
        return self.on(symbol, session.date, now) if session is not None else None

    def on(self, symbol: str, day: date, now: datetime) -> UnusualMove | None:
        """The move of ``symbol`` in its session of ``day`` as of ``now``; ``None`` where that has not begun, or cannot
        be measured."""
        prices = self._market.of(symbol)
        if prices.timetable.exchange not in self._timetables:
            self._timetables[prices.timetable.exchange] = prices.timetable
            self._measured.clear()
        known, key = self._known(now).moves, (symbol, day)
        if key not in known:
            session = prices.timetable.on(day)
            begun = session is not None and session.starts_at <= now
            known[key] = self._measure(prices, session, now) if session is not None and begun else None
        return known[key]

    def stamp(self, now: datetime) -> object:
        """Equal for two moments between which no move can have changed: after the latest quote, only the start or the
        end of a session changes moves."""
        revision = self._market.revision
        if revision.latest_at is None or revision.latest_at <= now:
            sessions = tuple((s.date, now <= s.ends_at) if (s := t.current(now)) else None for t in self._all())
            return (revision.number, sessions)
        return (revision.number, now)

    def _all(self) -> Iterable[Timetable]:
        return self._timetables.values()

    def _known(self, now: datetime) -> _Measured:
        """The moves measured for ``now``: explaining one fall takes those of the whole universe."""
        revision = self._market.revision.number
        asked = revision, now, len(self._timetables)
        if asked != self._asked:
            if revision != self._revision:
                self._revision = revision
                self._measured.clear()
            self._asked, self._found = asked, self._measured.setdefault(self.stamp(now), _Measured())
        return self._found

    def _measure(self, prices: SymbolPrices, session: Session, now: datetime) -> UnusualMove | None:
        at = _last_of(prices.timetable, session, now)
        latest = prices.stood(at)
        change = self._change(prices.symbol, at)
        scale = self.scale(prices.symbol, session) if latest is not None and change is not None else None
        if latest is None or change is None or scale is None or latest[1] != session:
            return None
        excess = change - (self._market_change(prices, latest[0].at, at) or 0.0)
        return UnusualMove(prices.symbol, session, change, excess, excess / scale)

    def _market_change(self, prices: SymbolPrices, quoted_at: datetime, at: datetime) -> float | None:
        """The change by ``at`` of what stands for the market of a stock quoted at ``quoted_at``; ``None`` where nothing
        that does was trading then."""
        chosen = self._benchmarks.standing_for(self._benchmarks.default, prices, quoted_at, self._market)
        return self._market_level(chosen, at) if chosen and trades(self._market.of(chosen), quoted_at) else None

    def market(self, symbol: str, now: datetime) -> tuple[float, float] | None:
        """The change of what stands for the market of ``symbol``, and its z; ``None`` where there is no price."""
        prices = self._market.of(symbol)
        latest = prices.stood(now)
        chosen = self._benchmarks.standing_for(
            self._benchmarks.default, prices, latest[0].at if latest else now, self._market
        )
        change = self._market_level(chosen, now) if chosen else None
        session = self._market.of(chosen).timetable.current(now) if chosen else None
        if change is None or session is None:
            return None
        returns = list(self._daily(chosen, session).values())
        return (change, change / _scale(returns, FLOOR / 2)) if len(returns) >= LEAST else (change, 0.0)

    def group(
        self, name: str, members: Collection[str], universe: tuple[str, ...], session: Session, now: datetime
    ) -> GroupMove | None:
        """How ``members`` move against the rest of ``universe`` beside a stock in ``session``, as of ``now``; ``None``
        where none of them can be measured.

        Of those whose market trades then or, where it has closed, whose part of the group fell. A company counts once,
        by the listing that is nearest to its regular hours.
        """
        at = min(now, session.ends_at)
        for symbol in (*members, *(universe if universe != self._universe else ())):
            # may add an exchange, which clears what was measured
            self._timetables.setdefault((table := self._market.of(symbol).timetable).exchange, table)
        self._universe = universe
        measured = self._once(filter(None, (self.on(s, session.date, now) for s in members)), at)
        by_exchange: dict[str, list[UnusualMove]] = {}
        for move in measured:
            by_exchange.setdefault(move.session.exchange, []).append(move)
        silent = {e for e, moves in by_exchange.items() if not _heard(moves, at)}
        inside = [m for m in measured if m.session.exchange not in silent]
        if not inside:
            return None
        heard = by_exchange.keys() - silent
        others: list[float] = []
        for of_exchange in self._spread(universe, session.date, now).values():
            if at <= of_exchange.ends_at or of_exchange.exchange in heard:
                others += of_exchange.without(set(members))
        return GroupMove(name, tuple(inside), median(m.z for m in inside), median(others) if others else 0.0)

    def _spread(self, universe: tuple[str, ...], day: date, now: datetime) -> Mapping[str, _Spread]:
        """The moves of the whole universe in its sessions of ``day``, by exchange: the same for every group."""
        known = self._known(now).spreads
        if (universe, day) not in known:
            found: dict[str, list[UnusualMove]] = {}
            for symbol in universe:
                if (move := self.on(symbol, day, now)) is not None:
                    found.setdefault(move.session.exchange, []).append(move)
            known[universe, day] = {exchange: _Spread.of(moves) for exchange, moves in found.items()}
        return known[universe, day]

    def _once(self, moves: Iterable[UnusualMove], at: datetime) -> list[UnusualMove]:
        """One move a company, in the order of ``moves``."""
        found: dict[str, UnusualMove] = {}
        for move in moves:
            company = self._company_of(move.symbol)
            if company not in found or move.session.nearness(at) > found[company].session.nearness(at):
                found[company] = move
        return list(found.values())

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
        company, exchange_index = self._company_of(symbol), self._home(symbol)
        for other in universe:
            if self._company_of(other) != company:
                alike = self._home(other) == exchange_index
                theirs = self._standard(other, session) if standard and alike else None
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
        return (prices.settled(*latest) or latest[0]).price / reference.price - 1

    def _market_level(self, symbol: str, now: datetime) -> float | None:
        """The change of what stands for a market; ``None`` where it has not settled in thin trading, as one odd print
        of it would be a move of every stock."""
        prices = self._market.of(symbol)
        latest = prices.stood(now)
        return self._change(symbol, now) if latest is not None and prices.settled(*latest) is not None else None

    def _key(self, symbol: str, session: Session) -> _Key:
        """The cache key of a figure from closed sessions; late history changes it."""
        home = self._home(symbol)
        return symbol, session.date, self._market.of(symbol).version, self._market.of(home).version if home else 0

    def _home(self, symbol: str) -> str:
        """What stands for the market of ``symbol`` over whole sessions."""
        return self._benchmarks.home(self._market.of(symbol).timetable.exchange)

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
            home = self._home(symbol)
            market = self._daily(home, session) if home else {}
            self._excesses[key] = {day: r - market.get(day, 0.0) for day, r in self._daily(symbol, session).items()}
        return self._excesses[key]

    def _standard(self, symbol: str, session: Session) -> list[float] | None:
        """The symbol's excess returns less their mean, scaled to length 1; ``None`` where the benchmark has other
        sessions."""
        key = (symbol, session.date)
        if key not in self._standards:
            home = self._home(symbol)
            days, own = self._daily(home, session) if home else {}, self._excess(symbol, session)
            self._standards[key] = None
            if len(days) >= LEAST and own.keys() >= days.keys() and len(own) == len(days):
                mean = sum(own.values()) / len(days)
                length = sum((r - mean) ** 2 for r in own.values()) ** 0.5
                if length > 0:
                    self._standards[key] = [(own[day] - mean) / length for day in days]
        return self._standards[key]


def _last_of(timetable: Timetable, session: Session, now: datetime) -> datetime:
    """``now``, but not beyond ``session`` and what follows it up to the next."""
    after = timetable.before(session, -1)
    return now if after is None else min(now, after.starts_at - timedelta(microseconds=1))


def _heard(moves: Sequence[UnusualMove], at: datetime) -> bool:
    """Whether one market's part of a group says anything at ``at``: a market that trades does, and one that has closed
    where that part fell; else it may have closed before the news."""
    return at <= moves[0].session.ends_at or median(m.z for m in moves) < FALLS


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
