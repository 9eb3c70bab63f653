"""What a condition is given, and what it tells of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol

from bot.core.model import Check, ClusterMatch, Quote, Reference
from bot.core.news import NewsIndex
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Session

if TYPE_CHECKING:
    from bot.core.cause.causes import Causes

ANY_TOPIC = ""
"""Stands among the topics of a condition that asks for none: a story on any of them may concern it."""


class Prices(Protocol):
    """Where prices come from: the market as it is, or as it was at some moment."""

    def of(self, symbol: str) -> SymbolPrices:
        """The prices of ``symbol``, empty when nothing was observed yet."""
        ...


@dataclass(frozen=True, slots=True)
class Reads:
    """What a condition looks at, so that rules are found by it and nothing is forgotten that one may need."""

    symbols: frozenset[str] = frozenset()
    """Other symbols than the one it is asked for."""
    everyone: bool = False
    """Every watched symbol: how the others move says how unusual a move is."""
    members: frozenset[str] = frozenset()
    """Those among them of which a quote alone can make it true."""
    topics: frozenset[str] = frozenset()
    """Topics of stories that can make it true where they reach the symbol; ``ANY_TOPIC`` for all."""
    anywhere: frozenset[str] = frozenset()
    """Topics of stories that can make it true whomever they reach; ``ANY_TOPIC`` for all."""
    sessions: int = 0
    """Daily bars before the current session."""
    quotes_for: timedelta = timedelta()
    """How far back quotes, where that is further than the session's begin."""
    news_for: timedelta = timedelta()
    """How far back stories."""
    since_story: bool = False
    """Prices from before those stories: how far back that is, only the whole rule can tell."""

    def __or__(self, other: Reads) -> Reads:
        return Reads(
            self.symbols | other.symbols,
            self.everyone or other.everyone,
            self.members | other.members,
            self.topics | other.topics,
            self.anywhere | other.anywhere,
            max(self.sessions, other.sessions),
            max(self.quotes_for, other.quotes_for),
            max(self.news_for, other.news_for),
            self.since_story or other.since_story,
        )


@dataclass(slots=True)
class Context:
    """What a rule is evaluated against: one symbol at one moment. Collects the evidence as conditions are met."""

    symbol: str
    now: datetime
    market: Prices
    news: NewsIndex
    hold: int = 2
    """How many quotes must meet a price condition, unless the last one is confirmed by itself."""
    needs_fresh_news: bool = False
    """The rule can fire on news alone: stories seeded at a feed's first poll cannot make it."""
    brief: bool = False
    """Stop at the first condition that decides; leave the rest out of the tree."""
    move: Move | None = None
    """The measurement of the first price condition that held; until one does, of the first that was evaluated."""
    causes: Causes | None = None
    """Ranks explanations; ``None`` where nobody does."""
    session: Session | None = None
    """Judge this earlier session, with the news of now: a cause told late belongs to the session of the fall."""
    cause: ClusterMatch | None = None
    """The best cluster of the first news or cause condition that held."""
    confidence: float | None = None
    """How sure the ranking is of it, where a cause condition held."""
    pending: bool = False
    """A price condition is met by the last quote but not yet by ``hold`` of them."""
    hold_for: timedelta | None = None
    """How long a price condition must have been met, in place of ``hold``; an official close needs no wait."""
    explaining: Callable[[Context], ClusterMatch | None] | None = None
    """Finds the cluster that the rule's own news condition points to, for ``since: story``."""

    def said(self, words: object) -> str:
        """``words`` for people; nothing in brief, when nobody reads them."""
        return "" if self.brief else str(words)

    @property
    def prices(self) -> SymbolPrices:
        """The symbol's own prices."""
        return self.market.of(self.symbol)

    def standing(self, prices: SymbolPrices) -> tuple[Quote, Session] | None:
        """The quote to be judged with its session: the one standing now, or at the end of the earlier session."""
        return prices.standing(self.now) if self.session is None else prices.stood(self.session.ends_at)

    @property
    def story_at(self) -> datetime | None:
        """When the first story that could explain the move was seen."""
        cause = self.cause or (self.explaining(self) if self.explaining else None)
        return cause.first.seen_at if cause else None

    def offer(self, move: Move) -> None:
        """Take a price condition's measurement as the rule's, unless a better one is known."""
        if self.move is None or (move.held and not self.move.held):
            self.move = move

    def elsewhere(self, symbol: str, hold: int) -> Context:
        """The same moment seen from another symbol; what is found there is no evidence."""
        return Context(
            symbol,
            self.now,
            self.market,
            self.news,
            hold,
            self.needs_fresh_news,
            self.brief,
            causes=self.causes,
            session=self.session,
            cause=self.cause,
            explaining=self.explaining,
        )

    def before(self, moment: datetime, market: Prices) -> Context:
        """The same question asked at an earlier moment."""
        return replace(
            self,
            now=moment,
            market=market,
            brief=True,
            session=None,
            move=None,
            cause=None,
            confidence=None,
            pending=False,
        )


@dataclass(frozen=True, slots=True)
class Move:
    """A measured price move."""

    quote: Quote
    session: Session
    reference: Reference
    change: float
    confirmed: tuple[float, ...]
    """The changes of all quotes that must agree, newest first."""
    held: bool = True
    """The condition it was measured for held."""


class Condition(ABC):
    """Anything a rule can ask. What a rule must know of its conditions stands here, and nowhere else."""

    __slots__ = ()

    about_several: ClassVar[bool] = False
    """It finds that several stocks move together: what its rule finds for each of them is one happening."""
    asks_for_cause: ClassVar[bool] = False
    """It asks what explains the move, which a story told late may still do."""

    @property
    def children(self) -> tuple[Condition, ...]:
        """The conditions directly inside it, in reading order."""
        return ()

    @property
    @abstractmethod
    def requires_price(self) -> bool:
        """Whether it cannot hold on news and time alone."""

    @property
    @abstractmethod
    def reads(self) -> Reads:
        """What it looks at: whatever changes its outcome, the symbol's own quotes of the session apart."""

    @property
    @abstractmethod
    def cost(self) -> int:
        """How dear it is to evaluate, for asking the cheap ones first: 0 a look at the clock, 9 a walk back in time."""

    @abstractmethod
    def evaluate(self, context: Context) -> Check:
        """What it found for ``context.symbol`` at ``context.now``."""
