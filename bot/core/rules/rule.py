"""Rules, compiled: which symbols each concerns, and what it finds for one of them at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.model import Check, ClusterMatch, FollowUpKind, Severity, stable_id
from bot.core.news import NewsIndex
from bot.core.prices.market import Market, change
from bot.core.prices.sessions import Session
from bot.core.prices.windows import LONGEST_PAUSE, Span
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions import (
    ANY_TOPIC,
    Condition,
    Context,
    Drawdown,
    Move,
    News,
    Price,
    Reads,
    required,
    walk,
)

if TYPE_CHECKING:
    from bot.core.cause.causes import Causes


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
    follow_up: tuple[FollowUpKind, ...] = ()
    version: str = ""
    """Hash of the rule as written; changes when its text does."""
    text: str = ""
    """The rule as written, for the history."""
    enabled: bool = True
    quiets: frozenset[str] = field(default=frozenset())
    """Rules that say nothing new while an alert of this one fires."""
    hold_for: timedelta | None = None
    """How long a price condition must have been met, in place of ``hold``."""
    topics: frozenset[str] = field(init=False)
    """Topics of stories that may make it fire; ``ANY_TOPIC`` among them where it asks for none in particular."""
    has_price: bool = field(init=False)
    """False for a rule that can fire on news alone."""
    has_cause: bool = field(init=False)
    """It asks for a cause, which may be told late."""
    about_several: bool = field(init=False)
    """It asks that several stocks move together: what it finds is one happening."""

    def __post_init__(self) -> None:
        """Takes from the conditions what is asked of the rule with every observation."""
        reads = self.when.reads
        object.__setattr__(self, "topics", reads.topics | reads.anywhere)
        object.__setattr__(self, "has_price", self.when.requires_price)
        object.__setattr__(self, "has_cause", any(c.asks_for_cause for c in walk(self.when)))
        object.__setattr__(self, "about_several", any(c.about_several for c in required(self.when)))

    @property
    def reads(self) -> Reads:
        """What it looks at: all its conditions do, prices from before the story it means, and its own move."""
        found = self.when.reads
        if found.since_story:
            back = found.news_for + LONGEST_PAUSE
            found |= Reads(sessions=back.days + 1, quotes_for=back)
        return found | Reads(sessions=int(self.has_price), quotes_for=self.hold_for or timedelta())

    def fingerprint(self, symbol: str) -> str:
        """Stable hash of rule and symbol: from identity, never from values."""
        return stable_id(self.name, symbol)

    def evaluate(
        self,
        symbol: str,
        now: datetime,
        market: Market,
        news: NewsIndex,
        *,
        causes: Causes | None = None,
        session: Session | None = None,
        brief: bool = False,
    ) -> Evaluation:
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
            hold_for=self.hold_for,
            explaining=self._explaining,
        )
        check = self.when.evaluate(context)
        holds = check.holds is True
        if holds and context.move is None and self.has_price:
            context.move = plain_move(context)
        severity = self.severity_of(context.move) if holds else None
        return Evaluation(
            self, symbol, check, holds, severity, context.move, context.cause, context.pending, context.confidence
        )

    def _explaining(self, context: Context) -> ClusterMatch | None:
        """The cluster that the rule's first news condition points to."""
        news = next((c for c in required(self.when) if isinstance(c, News)), None)
        return news.best(context) if news else None

    def severity_of(self, move: Move | None) -> Severity:
        """The highest step that the move satisfies, under the same hold as the price condition."""
        reached = [
            step.severity
            for step in self.severity
            if step.change is None or (move is not None and all(step.change.holds(c) for c in move.confirmed))
        ]
        return max(reached, default=min(step.severity for step in self.severity))


@dataclass(frozen=True, slots=True)
class Evaluation:
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
    """Rules by name, by symbol and by topic, so that an observation costs only the rules it concerns."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._by_name = {rule.name: rule for rule in reversed(self._rules)}
        self._by_symbol: dict[str, list[Rule]] = {}
        self._by_topic: dict[str, dict[str, list[Rule]]] = {}
        self._anywhere: dict[str, dict[str, list[Rule]]] = {}
        self._by_member: dict[str, dict[str, list[Rule]]] = {}
        self.reads = Reads()
        """What all enabled rules together look at: the market and the news room need remember no more."""
        for rule in self._rules:
            if rule.enabled:
                self._index(rule)
        self.symbols = frozenset(self._by_symbol)
        """Every symbol some enabled rule applies to."""

    def _index(self, rule: Rule) -> None:
        reads = rule.when.reads
        self.reads |= rule.reads
        for symbol in rule.symbols:
            self._by_symbol.setdefault(symbol, []).append(rule)
            for index, topics in ((self._by_topic, reads.topics), (self._anywhere, reads.anywhere)):
                for topic in topics:
                    index.setdefault(topic, {}).setdefault(symbol, []).append(rule)
        for member in reads.members:
            concerned = self._by_member.setdefault(member, {})
            for symbol in rule.symbols:
                concerned.setdefault(symbol, []).append(rule)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def concerning(self, symbol: str) -> list[Rule]:
        """The enabled rules that apply to ``symbol``, in file order."""
        return self._by_symbol.get(symbol, [])

    def waiting_for(self, topics: Iterable[str], reached: Set[str] | None = None) -> Mapping[str, list[Rule]]:
        """By symbol, the enabled rules that a story on one of ``topics`` may concern, in file order.

        ``reached`` are the symbols it may reach, by itself or with others; all of them where that is not known.
        """
        asked = sorted({*topics, ANY_TOPIC})
        found: list[Mapping[str, list[Rule]]] = [index for t in asked if (index := self._anywhere.get(t))]
        for index in filter(None, map(self._by_topic.get, asked)):
            if reached is None or len(index) <= len(reached):
                found.append({s: r for s, r in index.items() if s in reached} if reached is not None else index)
            else:
                found.append({s: index[s] for s in reached if s in index})
        return found[0] if len(found) == 1 else _merged(found)

    def concerned(self, moved: Iterable[str], told: Mapping[str, list[Rule]]) -> Mapping[str, list[Rule]]:
        """What is to be judged, by symbol: every rule of the symbols that ``moved``, the rules that look at how one of
        them moves within a group, and what ``told`` (of ``waiting_for``) says."""
        symbols = sorted(set(moved))
        indexes: list[Mapping[str, list[Rule]]] = [found for s in symbols if (found := self._by_member.get(s))]
        if not symbols and not indexes:
            return told
        merged = _merged([*indexes, told] if told else indexes)
        merged.update((s, self.concerning(s)) for s in symbols)
        return merged

    def named(self, name: str) -> Rule | None:
        """The rule called ``name``."""
        return self._by_name.get(name)

    @property
    def versions(self) -> Mapping[str, tuple[str, str]]:
        """Name to (version, text) of every rule."""
        return {r.name: (r.version, r.text) for r in self._rules}


def _merged(found: list[Mapping[str, list[Rule]]]) -> dict[str, list[Rule]]:
    """The rules of several indexes, each once."""
    merged: dict[str, list[Rule]] = {}
    for by_symbol in found:
        for symbol, rules in by_symbol.items():
            known = merged.get(symbol)
            if known is None:
                merged[symbol] = rules
            elif known is not rules:
                ids = {id(r) for r in known}
                merged[symbol] = [*known, *(r for r in rules if id(r) not in ids)]
    return merged


def plain_move(context: Context) -> Move | None:
    """The symbol's move since the previous close, for rules that ask for none but rest on prices."""
    standing = context.standing(context.prices)
    reference = context.prices.previous_close(*standing) if standing else None
    moved = change(standing[0].price, reference) if standing else None
    if standing is None or reference is None or moved is None:
        return None
    return Move(*standing, reference, moved, (moved,))


def first_price(condition: Condition) -> Price | Drawdown | None:
    """The price condition whose change stands for the rule's, guards apart."""
    return next((c for c in required(condition) if isinstance(c, Price | Drawdown)), None)
