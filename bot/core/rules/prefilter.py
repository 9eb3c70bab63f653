"""Which rules a symbol's price alone keeps from firing.

Most stories concern a thousand symbols of which hardly one has moved. What a rule asks of the symbol's own price
depends on nothing but that price and the session it is of, so it is worked out once for each price, not once for each
story.
"""

from __future__ import annotations

from datetime import date, datetime

from bot.core.news import NewsIndex
from bot.core.prices.market import Market
from bot.core.prices.sessions import Session, Timetable
from bot.core.rules.conditions import All, Condition, Context, Named, Price
from bot.core.rules.rule import Rule, RuleSet

_Key = tuple[str, str, str, bool]
_State = tuple[int, date | None]


class PriceFilter:
    """Remembers, for each rule and symbol, whether the price as it stands lets the rule fire at all."""

    def __init__(self, market: Market, news: NewsIndex) -> None:
        self._market = market
        self._news = news
        self._conditions: dict[tuple[str, str], tuple[Condition, ...]] = {}
        self._shut: dict[_Key, tuple[_State, bool]] = {}
        self._timetables: dict[str, Timetable] = {}
        self._ajar: frozenset[str] = frozenset()
        self._ajar_for: object = None

    def ajar(self, rules: RuleSet, at: datetime) -> frozenset[str]:
        """The symbols for which some rule may hold, of this session or of the one before: only they need to be looked
        at when a story comes. Worked out once for all stories between two prices."""
        if not self._timetables:
            found = (self._market.of(symbol).timetable for symbol in rules.symbols)
            self._timetables = {timetable.exchange: timetable for timetable in found}
        sessions = tuple(s.date if (s := t.current(at)) else None for t in self._timetables.values())
        state = (self._market.revision.number, sessions)
        if self._ajar_for != state:
            self._ajar_for = state
            self._ajar = frozenset(symbol for symbol in rules.symbols if self._any_open(rules, symbol, at))
        return self._ajar

    def _any_open(self, rules: RuleSet, symbol: str, at: datetime) -> bool:
        timetable = self._market.of(symbol).timetable
        current = timetable.current(at)
        before = timetable.before(current) if current else None
        return any(
            not self.shut(rule, symbol, at)
            or (rule.has_cause and before is not None and not self.shut(rule, symbol, at, before))
            for rule in rules.concerning(symbol)
        )

    def shut(self, rule: Rule, symbol: str, at: datetime, session: Session | None = None) -> bool:
        """True where ``rule`` cannot hold for ``symbol`` whatever the news is; ``session`` as for ``Rule.evaluate``."""
        conditions = self._of(rule)
        if not conditions:
            return False
        prices = self._market.of(symbol)
        judged = session or prices.timetable.current(at)
        state = (prices.changes, judged.date if judged else None)
        key = (rule.name, rule.version, symbol, session is None)
        known = self._shut.get(key)
        if known is not None and known[0] == state:
            return known[1]
        context = Context(
            symbol, at, self._market, self._news, hold=rule.hold, brief=True, session=session, hold_for=rule.hold_for
        )
        shut = any(condition.evaluate(context).holds is not True for condition in conditions)
        self._shut[key] = (state, shut)
        return shut

    def _of(self, rule: Rule) -> tuple[Condition, ...]:
        key = (rule.name, rule.version)
        if key not in self._conditions:
            self._conditions[key] = tuple(_gates(rule.when))
        return self._conditions[key]


def _gates(condition: Condition) -> list[Condition]:
    """What must hold and looks at the symbol's own price only."""
    match condition:
        case Named():
            return _gates(condition.of)
        case All():
            return [gate for child in condition.of for gate in _gates(child)]
        case Price() if condition.since.kind != "story":
            return [condition]
        case _:
            return []
