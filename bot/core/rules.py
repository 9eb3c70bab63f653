"""Rules, compiled: which symbols each concerns, and what it finds for one of them at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.comparison import Comparison
from bot.core.conditions import All, Any, Condition, Context, MarketMove, Move, News, NoneOf, Price
from bot.core.market import Market
from bot.core.model import Check, ClusterMatch, Severity, stable_id
from bot.core.news import NewsRoom
from bot.core.sessions import Session
from bot.core.windows import Span

if TYPE_CHECKING:
    from bot.core.cause.causes import Causes


CAUSE_TOPICS = ("ai-market", "ai-model")
"""Stories on these may complete a rule that asks for a cause."""


@dataclass(frozen=True, slots=True)
class SeverityStep:
    """``severity`` when the rule's first price change satisfies ``change`` (always, where that is ``None``)."""

    severity: Severity
    change: Comparison | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, ready to evaluate."""

    name: str
    description: str
    symbols: frozenset[str]
    when: Condition
    severity: tuple[SeverityStep, ...]
    cooldown: Span | None
    hold: int
    follow_up: tuple[str, ...] = ()
    version: str = ""
    """Hash of the rule as written; changes when its text does."""
    text: str = ""
    """The rule as written, for the history."""
    enabled: bool = True
    topics: frozenset[str] = field(default=frozenset())
    has_price: bool = True
    """False for a rule on news alone."""
    has_cause: bool = False
    """It asks for a cause, which may be told late."""

    def fingerprint(self, symbol: str) -> str:
        """Stable hash of rule and symbol: from identity, never from values."""
        return stable_id(self.name, symbol)

    def evaluate(
        self,
        symbol: str,
        now: datetime,
        market: Market,
        news: NewsRoom,
        *,
        causes: Causes | None = None,
        session: Session | None = None,
        brief: bool = False,
    ) -> Outcome:
        """What this rule finds for ``symbol`` at ``now``. ``brief`` stops at the first thing that decides.

        ``session`` judges an earlier session's move by the news of now.
        """
        context = Context(
            symbol,
            now,
            market,
            news,
            hold=self.hold,
            needs_fresh_news=not self.has_price,
            brief=brief,
            causes=causes,
            session=session,
        )
        check = self.when.evaluate(context)
        holds = check.holds is True
        severity = self.severity_of(context.move) if holds else None
        return Outcome(
            self, symbol, check, holds, severity, context.move, context.cause, context.pending, context.confidence
        )

    def severity_of(self, move: Move | None) -> Severity:
        """The highest step that the move satisfies, under the same hold as the price condition."""
        reached = [
            step.severity
            for step in self.severity
            if step.change is None or (move is not None and all(step.change.holds(c) for c in move.confirmed))
        ]
        return max(reached, default=min(step.severity for step in self.severity))


@dataclass(frozen=True, slots=True)
class Outcome:
    """A rule evaluated for one symbol."""

    rule: Rule
    symbol: str
    check: Check
    holds: bool
    severity: Severity | None
    move: Move | None
    cause: ClusterMatch | None
    pending: bool
    confidence: float | None = None
    """How sure the ranking is of ``cause``, where the rule asks for one."""


class RuleSet:
    """Rules by name and by symbol, so that an observation costs only the rules it concerns."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._by_symbol: dict[str, list[Rule]] = {}
        for rule in self._rules:
            if rule.enabled:
                for symbol in rule.symbols:
                    self._by_symbol.setdefault(symbol, []).append(rule)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def concerning(self, symbol: str) -> list[Rule]:
        """The enabled rules that apply to ``symbol``, in file order."""
        return self._by_symbol.get(symbol, [])

    def named(self, name: str) -> Rule | None:
        """The rule called ``name``."""
        return next((r for r in self._rules if r.name == name), None)

    @property
    def symbols(self) -> frozenset[str]:
        """Every symbol some enabled rule applies to."""
        return frozenset(self._by_symbol)

    @property
    def versions(self) -> Mapping[str, tuple[str, str]]:
        """Name to (version, text) of every rule."""
        return {r.name: (r.version, r.text) for r in self._rules}


def walk(condition: Condition) -> Iterator[Condition]:
    """``condition`` and everything nested in it, outside in, in reading order."""
    yield condition
    if isinstance(condition, All | Any | NoneOf):
        for child in condition.of:
            yield from walk(child)


def topics_of(condition: Condition) -> frozenset[str]:
    """Every topic a condition tree asks about."""
    topics = {t for c in walk(condition) if isinstance(c, News) for t in c.topics}
    if asks_for_cause(condition):
        topics.update(CAUSE_TOPICS)
    return frozenset(topics)


def asks_for_cause(condition: Condition) -> bool:
    """Whether a condition tree asks what explains the move: then a late story may still complete it."""
    return any(hasattr(c, "confidence") for c in walk(condition))


def benchmarks_of(condition: Condition) -> frozenset[str]:
    """Every benchmark a condition tree measures."""
    return frozenset(c.benchmark for c in walk(condition) if isinstance(c, MarketMove))


def has_price(condition: Condition) -> bool:
    """Whether a price condition of the symbol itself is among the requirements."""
    return any(isinstance(c, Price) for c in walk(condition))
