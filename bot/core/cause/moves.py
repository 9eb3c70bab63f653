"""How unusual a move is: of a symbol against its own volatility and its market, and of a group as a whole.

A group may trade on several exchanges. Each member is measured against the index of its own market and its own scale,
in the session of one date; a market that has not opened on it says nothing, and one that has closed says nothing where
its part of the group did not fall, for the news may have come later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import attrgetter
from statistics import median

import numpy as np

from bot.core.cause.groups import FALLS, GroupMove, Spread, UnusualMove, WholeGroup
from bot.core.cause.past import FLOOR, LEAST, DailyReturns, medians, usual_scale
from bot.core.model import Quote
from bot.core.prices.benchmarks import Benchmarks, trades
from bot.core.prices.market import Market, SymbolPrices
from bot.core.prices.sessions import Session, Timetable


@dataclass(frozen=True, slots=True)
class _Measured:
    """What was measured on the same prices."""

    moves: dict[date, dict[str, UnusualMove | None]] = field(default_factory=dict)
    """By session and symbol."""
    spreads: dict[date, Mapping[str, Spread]] = field(default_factory=dict)
    """Of the whole universe, by session and exchange."""
    groups: dict[tuple[str, date, datetime], WholeGroup | None] = field(default_factory=dict)
    """By name, session, and moment by which they are measured; ``None`` where one of its exchanges does not trade."""
    markets: dict[tuple[str, datetime, datetime], float | None] = field(default_factory=dict)
    """By exchange, moment of a quote, and moment by which it is measured."""


class MoveMeasures:
    """Measures moves."""

    def __init__(
        self, market: Market, benchmarks: Benchmarks, company_of: Callable[[str], str] = lambda symbol: symbol
    ) -> None:
        """``company_of`` is the same for all listings of a company."""
        self._market = market
        self._benchmarks = benchmarks
        self._company_of = company_of
        self._returns = DailyReturns(market, benchmarks)
        self._revision = -1
        self._measured: dict[object, _Measured] = {}
        """Moves by ``stamp``, all of one revision of the market."""
        self._asked: tuple[int, datetime, int] | None = None
        """Revision, moment and number of exchanges that ``_found`` is for."""
        self._found = _Measured()
        self._timetables: dict[str, Timetable] = {}
        self._universe: tuple[str, ...] = ()
        """The last one asked for, whose exchanges are all among ``_timetables``."""
        self._within: set[str] = set()
        """The same as a set."""

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
        known = self._known(now).moves.setdefault(day, {})
        if symbol not in known:
            session = prices.timetable.on(day)
            begun = session is not None and session.starts_at <= now
            known[symbol] = self._measure(prices, session, now) if session is not None and begun else None
        return known[symbol]

    def _all_on(self, symbols: Iterable[str], day: date, now: datetime) -> list[UnusualMove]:
        """As ``on``, those that can be measured; most are known."""
        known = self._known(now).moves.setdefault(day, {})
        return [m for s in symbols if (m := known[s] if s in known else self.on(s, day, now)) is not None]

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
        if latest is None or latest[1] != session:
            return None
        change, scale = _change(prices, latest), self.scale(prices.symbol, session)
        if change is None or scale is None:
            return None
        excess = change - self._moved_market(prices, session, latest[0].at, at)
        return UnusualMove(prices.symbol, session, change, excess, excess / scale)

    def _moved_market(self, prices: SymbolPrices, session: Session, quoted_at: datetime, at: datetime) -> float:
        """``_market_change``, once for each exchange and moment; 0 where it is unknown."""
        known, key = self._found.markets, (session.exchange, quoted_at, at)
        if key not in known:
            known[key] = self._market_change(prices, quoted_at, at)
        return known[key] or 0.0

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
        returns = self._returns.returns(chosen, session.date)
        return (change, change / usual_scale(returns, FLOOR / 2)) if len(returns) >= LEAST else (change, 0.0)

    def group(
        self, name: str, members: Collection[str], universe: tuple[str, ...], session: Session, now: datetime
    ) -> GroupMove | None:
        """How ``members`` move against the rest of ``universe`` beside a stock in ``session``, as of ``now``; ``None``
        where none of them can be measured.

        Of those whose market trades then or, where it has closed, whose part of the group fell. A company counts once,
        by the listing that is nearest to its regular hours.
        """
        at = min(now, session.ends_at)
        self._watch(universe, members)
        measured = self._once(self._all_on(members, session.date, now), at)
        by_exchange: dict[str, list[UnusualMove]] = {}
        for move in measured:
            by_exchange.setdefault(move.session.exchange, []).append(move)
        silent = {e for e, moves in by_exchange.items() if not _heard(moves, at)}
        inside = [m for m in measured if m.session.exchange not in silent]
        if not inside:
            return None
        heard = by_exchange.keys() - silent
        others = [
            of_exchange.without(members)
            for of_exchange in self._spread(universe, session.date, now).values()
            if at <= of_exchange.ends_at or of_exchange.exchange in heard
        ]
        apart = np.concatenate(others) if len(others) > 1 else others[0] if others else np.empty(0)
        beside = float(medians(apart[np.newaxis])[0]) if len(apart) else 0.0
        fell = sum(m.z < FALLS for m in inside)
        return GroupMove(name, tuple(inside), median(m.z for m in inside), beside, fell)

    def group_without(
        self,
        company: str,
        name: str,
        members: Sequence[str],
        universe: tuple[str, ...],
        session: Session,
        now: datetime,
    ) -> GroupMove | None:
        """As ``group``, of those of ``members`` that are listings of other companies than ``company``. When a whole
        group falls, this is asked of each of them: they are measured once for all. No two groups have one ``name``."""
        self._watch(universe, members)
        at = min(now, session.ends_at)
        known, key = self._known(now).groups, (name, session.date, at)
        if key not in known or ((found := known[key]) is not None and found.members is not members):
            whole = self._whole(members, session.date, now, at)
            known = self._known(now).groups
            known[key] = whole
        if (found := known[key]) is not None:
            return found.without(company, name)
        return self.group(name, [m for m in members if self._company_of(m) != company], universe, session, now)

    def _whole(self, members: Sequence[str], day: date, now: datetime, at: datetime) -> WholeGroup | None:
        every = self._all_on(members, day, now)
        moves = self._once(every, at)
        spreads = [s for s in self._spread(self._universe, day, now).values() if at <= s.ends_at]
        if any(move.session.ends_at < at for move in every):
            return None
        listings: dict[str, list[float]] = {}
        for spread in spreads:
            for symbol in members:
                if (place := spread.place_of.get(symbol)) is not None:
                    listings.setdefault(self._company_of(symbol), []).append(float(spread.ordered[place]))
        others = np.sort(np.concatenate([np.empty(0), *(spread.without(members) for spread in spreads)]))
        places = {self._company_of(move.symbol): place for place, move in enumerate(moves)}
        return WholeGroup(members, tuple(moves), places, np.sort([move.z for move in moves]), listings, others)

    def _watch(self, universe: tuple[str, ...], members: Collection[str]) -> None:
        """Know the exchanges of these symbols, and against which ones groups are held."""
        if universe is not self._universe:
            self._universe, self._within = universe, set(universe)
            self._measured.clear()
            self._asked = None
            self._meet(universe)
        if not self._within.issuperset(members):
            self._meet(members)

    def _meet(self, symbols: Iterable[str]) -> None:
        """Know the exchanges of these symbols; a new one clears what was measured."""
        for symbol in symbols:
            self._timetables.setdefault((table := self._market.of(symbol).timetable).exchange, table)

    def _spread(self, universe: tuple[str, ...], day: date, now: datetime) -> Mapping[str, Spread]:
        """The moves of the whole universe in its sessions of ``day``, by exchange: the same for every group."""
        known = self._known(now).spreads
        if day not in known:
            self._returns.of_all(universe, day)
            found = self._at_once(universe, day, now)
            measured = set().union(*found.values())
            for move in self._all_on([s for s in universe if s not in measured], day, now):
                found.setdefault(move.session, {})[move.symbol] = move.z
            known[day] = {session.exchange: Spread.of(session, z) for session, z in found.items()}
        return known[day]

    def _at_once(self, universe: tuple[str, ...], day: date, now: datetime) -> dict[Session, dict[str, float]]:
        """The z of the symbols of ``universe`` whose price came with the last column, by session: as ``on``, of all at
        once. Such a price is no trade of the night and none that may stand out: it is where the price is."""
        latest, found = self._market.in_columns, dict[Session, dict[str, float]]()
        if latest is None or latest.at is None or latest.at > now:
            return found
        changes, scales = latest.changes(), self._returns.scales(latest.symbols, day)
        watched = np.array([symbol in self._within for symbol in latest.symbols], bool)
        for timetable, its in latest.of_timetable.items():
            session = timetable.on(day)
            if session is None or timetable.current(latest.at) is not session:
                continue
            first = self._market.of(latest.symbols[int(its.argmax())])
            moved = self._moved_market(first, session, latest.at, _last_of(timetable, session, now))
            z = (changes - moved) / scales
            places = np.flatnonzero(its & watched & ~np.isnan(z))
            found[session] = dict(zip((latest.symbols[n] for n in places), z[places].tolist(), strict=True))
        return {session: z for session, z in found.items() if z}

    def _once(self, moves: list[UnusualMove], at: datetime) -> list[UnusualMove]:
        """One move a company, in the order of ``moves``."""
        if len(set(map(self._company_of, map(attrgetter("symbol"), moves)))) == len(moves):
            return moves
        found: dict[str, UnusualMove] = {}
        for move in moves:
            company = self._company_of(move.symbol)
            if company not in found or move.session.nearness(at) > found[company].session.nearness(at):
                found[company] = move
        return list(found.values())

    def scale(self, symbol: str, session: Session) -> float | None:
        """The usual scale of the symbol's daily excess returns before ``session``; ``None`` without enough history."""
        return self._returns.before(symbol, session.date).scale

    def nearest(self, symbol: str, universe: tuple[str, ...], session: Session, count: int) -> tuple[str, ...]:
        """The symbols of other companies whose daily excess returns correlate most with this one's over the
        ``LOOKBACK`` sessions before ``session``."""
        return self._returns.nearest(symbol, universe, session.date, count, self._company_of)

    def change_in(self, symbol: str, session: Session, now: datetime) -> float | None:
        """The change since the previous close in ``session`` up to ``now``; ``None`` where it has no price."""
        prices = self._market.of(symbol)
        latest = prices.stood(min(now, session.ends_at))
        return _change(prices, latest) if latest is not None and latest[1].date == session.date else None

    def _market_level(self, symbol: str, now: datetime) -> float | None:
        """The change of what stands for a market; ``None`` where it has not settled in thin trading, as one odd print
        of it would be a move of every stock."""
        prices = self._market.of(symbol)
        latest = prices.stood(now)
        return _change(prices, latest) if latest is not None and prices.settled(*latest) is not None else None


def _change(prices: SymbolPrices, latest: tuple[Quote, Session]) -> float | None:
    """Where the price is at the latest quote of a session, against the previous close."""
    reference = prices.previous_close_price(*latest)
    return (prices.settled(*latest) or latest[0]).price / reference - 1 if reference else None


def _last_of(timetable: Timetable, session: Session, now: datetime) -> datetime:
    """``now``, but not beyond ``session`` and what follows it up to the next."""
    after = timetable.before(session, -1)
    return now if after is None else min(now, after.starts_at - timedelta(microseconds=1))


def _heard(moves: Sequence[UnusualMove], at: datetime) -> bool:
    """Whether one market's part of a group says anything at ``at``: a market that trades does, and one that has closed
    where that part fell; else it may have closed before the news."""
    return at <= moves[0].session.ends_at or median(m.z for m in moves) < FALLS
