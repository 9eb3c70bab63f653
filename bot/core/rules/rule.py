"""Compiled rules: evaluating one for a symbol at a moment, and finding those an observation concerns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from bot.core.model import (
    NO_STOCK,
    Check,
    ClusterMatch,
    Combination,
    FollowUpKind,
    Phase,
    Severity,
    Together,
    stable_id,
)
from bot.core.news import NewsIndex
from bot.core.news.asked import Question
from bot.core.prices.hold import HOLDS, Hold, longest
from bot.core.prices.market import Market
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
    Portfolio,
    Price,
    Reads,
    required,
    walk,
)
from bot.core.rules.thin import Witnesses

if TYPE_CHECKING:
    from bot.core.cause.causes import Causes


MOST_AT_NIGHT = Severity.HIGH
"""The severity of a move in thin trading, at most: more only once the pre-market confirms it."""


_fingerprint = lru_cache(maxsize=20_000)(stable_id)
"""It is asked for at every evaluation."""


@dataclass(frozen=True, slots=True)
class SeverityStep:
    """``severity`` where the rule's move satisfies ``change`` (always, where that is ``None``)."""

    severity: Severity
    change: Comparison | None = None


@dataclass(frozen=True)
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
    idle: str = ""
    """``cannot fire with this watchlist: …``, where it cannot."""
    quiets: frozenset[str] = frozenset()
    """Rules that say nothing new while an alert of this one fires."""
    hold_for: timedelta | None = None
    """How long a price condition must have been met, in place of ``hold``."""
    holds: Mapping[Phase, Hold] = field(default_factory=lambda: HOLDS, hash=False)
    """The hold of single phases, in place of ``hold`` and ``hold_for``: the night's, where few trade, is longer."""
    to: tuple[str, ...] = ()
    """Ids of the recipients that its incidents are for; empty for all."""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    """By name, what people call it by in other programs; its alerts carry them."""
    per_happening: bool = False
    """It is about no stock: it fires once for each happening in the news that it asks for."""

    @cached_property
    def has_price(self) -> bool:
        """False for a rule that can fire on news alone."""
        return self.when.requires_price

    @cached_property
    def has_cause(self) -> bool:
        """It asks for a cause, which may turn up late."""
        return any(c.asks_for_cause for c in walk(self.when))

    @cached_property
    def together(self) -> Together:
        """Which of its alerts are one incident while no cause is known."""
        several = [c for c in required(self.when) if c.about_several]
        if any(c.across_lines for c in several):
            return Together.ALL
        return Together.BY_LINE if several else Together.APART

    @cached_property
    def about_no_stock(self) -> bool:
        """Its alerts have no symbol: it is about happenings in the news, or about a portfolio."""
        return self.per_happening or NO_STOCK in self.symbols

    @cached_property
    def portfolio(self) -> Portfolio | None:
        """The holdings that it is about, where it is about some."""
        return next((c for c in required(self.when) if isinstance(c, Portfolio)), None)

    @cached_property
    def _news(self) -> News | None:
        """Its first news condition."""
        return next((c for c in required(self.when) if isinstance(c, News)), None)

    @property
    def reads(self) -> Reads:
        """What its conditions read, prices from before the story it means, and its own move."""
        reads = self.when.reads
        if reads.since_story:
            back = reads.news_for + LONGEST_PAUSE
            reads |= Reads(sessions=back.days + 1, quotes_for=back)
        return reads | Reads(sessions=int(self.has_price), quotes_for=self.hold_for or timedelta())

    def hold_in(self, phase: Phase) -> Hold:
        """How long a price of ``phase`` must have met a condition."""
        return self.holds.get(phase) or Hold(self.hold, self.hold_for)

    def fingerprint(self, subject: str) -> str:
        """Stable hash of rule and symbol or, of a rule about no stock, rule and happening."""
        return _fingerprint(self.name, subject)

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
        witnesses: Witnesses | None = None,
        happening: str = "",
    ) -> Evaluation:
        """The rule for ``symbol`` at ``now``. ``brief`` stops at the first condition that decides.

        ``session`` evaluates an earlier session's move with the news known now. ``witnesses`` find who else moves,
        where trading is thin. A rule about no stock is evaluated for one ``happening``, and for no symbol.
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
            news_condition=self._news,
            holds=self.holds,
            witnesses=witnesses.confirm if witnesses else None,
            happening=happening,
        )
        check = self.when.evaluate(context)
        holds = check.holds is True
        if holds and context.move is None and self.has_price:
            context.move = context.group_move or context.plain_move
            if context.with_group is False and self.together is not Together.APART:
                check, holds = _but_for_itself(check, context), False
        severity = self.severity_of(context.move) if holds else None
        measured = (context.move, context.cause, context.pending, context.confidence)
        return Evaluation(self, symbol, check, holds, severity, *measured, happening)

    def severity_of(self, move: Move | None) -> Severity:
        """The highest step that the move satisfies in every quote of its hold; without any, the lowest. In thin trading
        no more than ``MOST_AT_NIGHT``."""
        reached = [
            step.severity
            for step in self.severity
            if step.change is None or (move is not None and all(step.change.holds(c) for c in move.confirmed))
        ]
        found = max(reached, default=min(step.severity for step in self.severity))
        thin = move is not None and move.session.thin(move.quote.at)
        return min(found, MOST_AT_NIGHT) if thin else found


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
    """In ``cause``, where the rule asks for one."""
    happening: str = ""
    """What it was evaluated for, where the rule is about no stock."""

    @property
    def fingerprint(self) -> str:
        """Of the alert that it may fire."""
        return self.rule.fingerprint(self.happening or self.symbol)


class RuleSet:
    """Rules indexed by name, symbol and topic, so that an observation costs only the rules it concerns."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._by_name = {rule.name: rule for rule in reversed(self._rules)}
        self._places = {id(rule): place for place, rule in enumerate(self._rules)}
        """In file order."""
        self._by_symbol: dict[str, list[Rule]] = {}
        self._by_topic: dict[str, dict[str, list[Rule]]] = {}
        self._anywhere: dict[str, dict[str, list[Rule]]] = {}
        self._by_member: dict[str, list[Rule]] = {}
        self.questions: dict[Question, None] = {}
        """What the enabled rules ask of stories on no topic."""
        self.reads = Reads()
        """What all enabled rules together read: market and news index need remember no more."""
        for rule in self._rules:
            if rule.enabled:
                self._index(rule)
        self.per_happening = tuple(rule for rule in self._rules if rule.enabled and rule.per_happening)
        """The enabled rules about no stock."""
        self.symbols = frozenset(self._by_symbol) - {NO_STOCK}
        """Every symbol some enabled rule applies to."""
        self.holds = {p: longest(rule.hold_in(p) for rule in self._rules if rule.enabled) for p in Phase}
        """By phase, what satisfies the hold of every enabled rule."""

    def _index(self, rule: Rule) -> None:
        reads = rule.when.reads
        self.reads |= rule.reads
        asked = (c.question for c in walk(rule.when) if isinstance(c, News))
        self.questions |= dict.fromkeys(question for question in asked if question is not None)
        indexes = (self._by_topic, reads.topics), (self._anywhere, reads.anywhere)
        for member in reads.members:
            self._by_member.setdefault(member, []).append(rule)
        for symbol in rule.symbols:
            self._by_symbol.setdefault(symbol, []).append(rule)
            for index, keys in indexes:
                for key in keys:
                    index.setdefault(key, {}).setdefault(symbol, []).append(rule)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def concerning(self, symbol: str) -> list[Rule]:
        """The enabled rules that apply to ``symbol``, in file order."""
        return self._by_symbol.get(symbol, [])

    def for_news(self, topics: Iterable[str], reached: Set[str] | None = None) -> Mapping[str, list[Rule]]:
        """By symbol, the enabled rules that a story on one of ``topics`` may concern, in file order.

        ``reached`` are the symbols it reaches, by itself or with others; ``None`` where that is unknown.
        """
        asked = sorted({*topics, ANY_TOPIC})
        found: list[Mapping[str, list[Rule]]] = [index for t in asked if (index := self._anywhere.get(t))]
        for index in filter(None, map(self._by_topic.get, asked)):
            if reached is None:
                found.append(index)
            elif len(index) <= len(reached):
                found.append({s: r for s, r in index.items() if s in reached})
            else:
                found.append({s: index[s] for s in reached if s in index})
        return found[0] if len(found) == 1 else _merged(found)

    def to_evaluate(
        self, moved: Iterable[str], by_news: Mapping[str, list[Rule]], at_rest: Set[str] = frozenset()
    ) -> Mapping[str, list[Rule]]:
        """By symbol, every rule of the symbols that ``moved``, the rules that read how one of them moves within a
        group, and those ``by_news`` (from ``for_news``). Symbols ``at_rest`` moved too, so little that none of their
        own rules can hold: these are left out."""
        symbols = sorted(set(moved))
        if not symbols and not at_rest:
            return by_news
        every = {s: self.concerning(s) for s in symbols}
        members = (*symbols, *at_rest) if self._by_member else ()
        within = {id(rule): rule for s in members for rule in self._by_member.get(s, ())}
        by_member: dict[str, list[Rule]] = {}
        for rule in sorted(within.values(), key=lambda rule: self._places[id(rule)]):
            for symbol in rule.symbols - every.keys() - at_rest:
                by_member.setdefault(symbol, []).append(rule)
        return _merged([by_member, by_news], every.keys()) | every

    def named(self, name: str) -> Rule | None:
        """The rule called ``name``."""
        return self._by_name.get(name)

    @property
    def versions(self) -> Mapping[str, tuple[str, str]]:
        """Name to (version, text) of every rule."""
        return {r.name: (r.version, r.text) for r in self._rules}


def _merged(indexes: list[Mapping[str, list[Rule]]], but: Set[str] = frozenset()) -> dict[str, list[Rule]]:
    """The rules of several indexes, each once; without the symbols ``but``."""
    merged: dict[str, list[Rule]] = {}
    for index in indexes:
        for symbol, rules in index.items():
            if symbol in but:
                continue
            known = merged.setdefault(symbol, rules)
            if known is not rules:
                ids = {id(r) for r in known}
                merged[symbol] = [*known, *(r for r in rules if id(r) not in ids)]
    return merged


def _but_for_itself(check: Check, context: Context) -> Check:
    """``check``, which holds for a group, for one of it that does not move as the others do."""
    moved = f"{context.move.change * 100:+.1f}%" if context.move else "no price yet in this session"
    itself = Check("moves as its group does", False, moved)
    return Check(Combination.ALL, False, "1 of 2 hold", children=(check, itself))


def first_price(condition: Condition) -> Price | Drawdown | Portfolio | None:
    """The price condition whose change is the rule's move, guards left out."""
    return next((c for c in required(condition) if isinstance(c, Price | Drawdown | Portfolio)), None)
