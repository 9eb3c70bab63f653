"""Which rules a symbol's price alone keeps from firing.

Most stories concern a thousand symbols of which hardly one has moved. A test of the symbol's own price depends on that
price and its session alone, so it is evaluated once for each price, not once for each story. And of most prices the
change since the previous close alone says that no rule holds, before anything is built to evaluate one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from bot.core.model import QuoteColumn
from bot.core.news import NewsIndex
from bot.core.prices.latest import Floats
from bot.core.prices.market import Market
from bot.core.prices.sessions import Session, Timetable
from bot.core.prices.windows import LONGEST_PAUSE
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions import All, Condition, Context, Level, Named, News, Price
from bot.core.rules.rule import Rule, RuleSet

_Key = tuple[str, str, str, bool]
_State = tuple[int, date | None]
_OfChange = tuple[Sequence[Comparison], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Calm:
    """Between which changes the rules of a symbol cannot hold."""

    all: tuple[float, float]
    but_by_news: tuple[float, float]
    """All but those ``by_news``."""
    by_news: Mapping[int, Rule]
    """By ``id``, the rules that ask for no change, but for stories."""


class PriceFilter:
    """Remembers, for each rule and symbol, whether the current price excludes that the rule fires."""

    def __init__(self, market: Market, news: NewsIndex, rules: RuleSet) -> None:
        self._market = market
        self._news = news
        self._rules = rules
        self._tests: dict[tuple[str, str], list[Condition]] = {}
        self._asked: dict[int, tuple[Rule, _OfChange]] = {}
        self._calm: dict[str, _Calm] = {}
        self._stories: dict[int, tuple[Rule, list[News]]] = {}
        self._excluded: dict[_Key, tuple[_State, bool]] = {}
        self._may: dict[str, tuple[tuple[int, date | None, bool], bool]] = {}
        self._timetables: dict[str, Timetable] = {}
        self._bounds: tuple[Mapping[str, int], tuple[str, ...], Floats, Floats] | None = None
        """Of the symbols of columns: between which changes no rule of theirs can hold."""
        self._candidates: frozenset[str] = frozenset()
        self._candidates_of: object = None

    def candidates(self, at: datetime) -> frozenset[str]:
        """The symbols for which some rule may hold, for this session or the one before: only they need a look when a
        story comes. Evaluated once for all stories between two prices."""
        if not self._timetables:
            timetables = (self._market.of(symbol).timetable for symbol in self._rules.symbols)
            self._timetables = {timetable.exchange: timetable for timetable in timetables}
        revision, sessions = self._market.revision, [t.current(at) for t in self._timetables.values()]
        state = (revision.columns.count, [(s.date, at < s.pre_at) if s is not None else None for s in sessions])
        stirred = revision.stirred & self._rules.symbols if self._candidates_of == state else self._rules.symbols
        if stirred:
            may_fire = {symbol for symbol in stirred if self._may_fire(symbol, at)}
            self._candidates = self._candidates - stirred | may_fire
        self._candidates_of = state
        revision.stirred.clear()
        return self._candidates

    def _may_fire(self, symbol: str, at: datetime) -> bool:
        """Worked out again only where a price of the symbol, or the time, has changed what it stands on."""
        prices = self._market.of(symbol)
        current = prices.timetable.current(at)
        state = prices.changes, current.date if current else None, current is not None and at < current.pre_at
        known = self._may.get(symbol)
        if known is None or known[0] != state:
            known = self._may[symbol] = state, self._some_may_hold(symbol, at, prices.timetable, current)
        return known[1]

    def _some_may_hold(self, symbol: str, at: datetime, timetable: Timetable, current: Session | None) -> bool:
        before = timetable.before(current) if current else None
        rules = self._rules.concerning(symbol)
        if not self.is_calm(symbol, self.change(symbol, at)) and any(not self.excludes(r, symbol, at) for r in rules):
            return True
        if before is None or self.is_calm(symbol, self.change(symbol, at, before)):
            return False
        late = (rule for rule in rules if rule.has_cause or before == timetable.by_day(at))
        return any(not self.excludes(rule, symbol, at, before) for rule in late)

    def change(self, symbol: str, at: datetime, session: Session | None = None) -> float | None:
        """The change of the current quote, or of the last one of an earlier ``session``, since the previous close;
        ``None`` in thin trading, where more than one quote tells how a price stands, and where there is no such quote
        or close."""
        prices = self._market.of(symbol)
        standing = prices.standing(at) if session is None else prices.stood(session.ends_at)
        if standing is None or standing[1].thin(standing[0].at) or (session is None and at < standing[1].pre_at):
            return None
        reference = prices.previous_close_price(*standing)
        return standing[0].price / reference - 1 if reference else None

    def possible(self, symbol: str, rules: Sequence[Rule], moved: float | None, at: datetime) -> Sequence[Rule]:
        """Those of ``rules`` that may hold for ``symbol`` at this ``change``."""
        if moved is None:
            return rules
        calm = self._calm_between(symbol)
        low, high = calm.but_by_news
        if low < moved < high:
            if not calm.by_news:
                return ()
            rules = [rule for rule in rules if id(rule) in calm.by_news]
        return [rule for rule in rules if not self.too_little(rule, moved) and self._is_told(rule, symbol, at)]

    def _is_told(self, rule: Rule, symbol: str, at: datetime) -> bool:
        """False where ``rule`` cannot hold for want of stories on its topics that reach ``symbol``."""
        asked = self._stories.get(id(rule))
        if asked is None or asked[0] is not rule:
            asked = self._stories[id(rule)] = rule, _stories_asked(rule.when)
        return all(self._news.reaches(symbol, n.reaches, at - n.within.longest - LONGEST_PAUSE) for n in asked[1])

    def is_calm(self, symbol: str, moved: float | None) -> bool:
        """Whether no rule can hold for ``symbol`` at this ``change``, as each asks for a larger one."""
        if moved is None:
            return False
        low, high = self._calm_between(symbol).all
        return low < moved < high

    def _calm_between(self, symbol: str) -> _Calm:
        calm = self._calm.get(symbol)
        if calm is None:
            rules = self._rules.concerning(symbol)
            by_news = {id(rule): rule for rule in rules if self._asks_for_news_alone(rule)}
            others = (rule for rule in rules if id(rule) not in by_news)
            calm = self._calm[symbol] = _Calm(self._common(rules), self._common(others), by_news)
        return calm

    def at_rest(self, column: QuoteColumn) -> frozenset[str]:
        """The symbols of a column, just admitted, for which no rule can hold at the change of its price: as
        ``is_calm``, of all at once."""
        latest = self._market.in_columns
        if latest is None or latest.places is not column.places:
            return frozenset()
        moved = latest.changes()
        if self._bounds is None or self._bounds[0] is not column.places:
            calm = np.array([self._calm_between(symbol).but_by_news for symbol in column.places])
            self._bounds = column.places, tuple(column.places), calm[:, 0], calm[:, 1]
        _, symbols, low, high = self._bounds
        quiet = (symbols[place] for place in np.flatnonzero((low < moved) & (moved < high)))
        return frozenset(s for s in quiet if not self._some_are_told(s, column.at))

    def _some_are_told(self, symbol: str, at: datetime) -> bool:
        return any(self._is_told(rule, symbol, at) for rule in self._calm_between(symbol).by_news.values())

    def _common(self, rules: Iterable[Rule]) -> tuple[float, float]:
        """Between which changes none of these can hold."""
        several = [self._of_change(rule)[1] for rule in rules]
        return max((low for low, _ in several), default=-math.inf), min((high for _, high in several), default=math.inf)

    def _asks_for_news_alone(self, rule: Rule) -> bool:
        low, high = self._of_change(rule)[1]
        return low >= high and bool(_stories_asked(rule.when))

    def _of_change(self, rule: Rule) -> _OfChange:
        """What ``rule`` asks of the change since the previous close, each of which must hold; and between which changes
        it cannot."""
        known = self._asked.get(id(rule))
        if known is None or known[0] is not rule:
            tests = _price_tests(rule.when)
            asked = [t.change for t in tests if isinstance(t, Price) and t.since.kind == "previous close"]
            known = self._asked[id(rule)] = rule, (asked, _at_rest(asked))
        return known[1]

    def too_little(self, rule: Rule, moved: float) -> bool:
        """True where ``rule`` cannot hold for a stock of this ``change``: it asks for another one."""
        asked, at_rest = self._of_change(rule)
        return at_rest[0] < moved < at_rest[1] or not all(comparison.holds(moved) for comparison in asked)

    def excludes(self, rule: Rule, symbol: str, at: datetime, session: Session | None = None) -> bool:
        """True where ``rule`` cannot hold for ``symbol`` whatever the news; ``session`` as for ``Rule.evaluate``."""
        tests = self._tests.get((rule.name, rule.version))
        if tests is None:
            tests = self._tests[(rule.name, rule.version)] = _price_tests(rule.when)
        if not tests:
            return False
        prices = self._market.of(symbol)
        if prices.last is None:
            return True  # as each of these tests finds
        evaluated = session or prices.timetable.current(at)
        state = (prices.changes, evaluated.date if evaluated else None)
        key = (rule.name, rule.version, symbol, session is None)
        known = self._excluded.get(key)
        if known is not None and known[0] == state:
            return known[1]
        context = Context(
            *(symbol, at, self._market, self._news),
            hold=rule.hold,
            brief=True,
            session=session,
            hold_for=rule.hold_for,
            holds=rule.holds,
        )
        # what waits for more trades at night, others may confirm whose prices change meanwhile
        thin = evaluated is not None and evaluated.thin(at)
        excluded = any(not (test.evaluate(context).holds or (thin and context.pending)) for test in tests)
        self._excluded[key] = (state, excluded)
        return excluded


def _at_rest(asked: Sequence[Comparison]) -> tuple[float, float]:
    """Between which changes not all of these can hold; nowhere, where nothing is asked."""
    unmet = [comparison.unmet_around(0.0) for comparison in asked]
    return min((low for low, _ in unmet), default=0.0), max((high for _, high in unmet), default=0.0)


def _stories_asked(condition: Condition) -> list[News]:
    """The conditions on stories on some topic that must hold."""
    match condition:
        case Named():
            return _stories_asked(condition.of)
        case All():
            return [asked for child in condition.of for asked in _stories_asked(child)]
        case News(topics=topics) if topics:
            return [condition]
        case _:
            return []


def _price_tests(condition: Condition) -> list[Condition]:
    """The tests that must hold and read the symbol's own price only."""
    match condition:
        case Named():
            return _price_tests(condition.of)
        case All():
            return [test for child in condition.of for test in _price_tests(child)]
        case Level():
            return [condition]
        case Price() if condition.since.kind != "story":
            return [condition]
        case _:
            return []
