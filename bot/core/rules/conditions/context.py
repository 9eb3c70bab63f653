"""What every condition is: the base class, the context it is evaluated in, and what it declares it reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol

from bot.core.model import Check, ClusterMatch, Phase, Quote, Reference
from bot.core.news import NewsIndex
from bot.core.prices.hold import HOLDS, Hold
from bot.core.prices.market import SymbolPrices, change
from bot.core.prices.sessions import Session
from bot.core.prices.windows import Span

if TYPE_CHECKING:
    from bot.core.cause.causes import Causes
    from bot.core.rules.conditions.news import News

ANY_TOPIC = ""
"""Among the topics a condition reads: it asks for none, so a story on any topic may concern it."""


class MarketPrices(Protocol):
    """The prices of all symbols: the market as it is, or as it was at some moment."""

    def of(self, symbol: str) -> SymbolPrices:
        """The prices of ``symbol``, empty when nothing was observed yet."""
        ...


@dataclass(frozen=True, slots=True)
class Reads:
    """What a condition reads: by this rules are indexed, and what no rule reads may be forgotten."""

    symbols: frozenset[str] = frozenset()
    """Symbols other than the one it is evaluated for."""
    everyone: bool = False
    """Every watched symbol: a move is unusual compared with how the others move."""
    members: frozenset[str] = frozenset()
    """Those of ``symbols`` whose quotes alone can make it true."""
    topics: frozenset[str] = frozenset()
    """Topics of stories that can make it true where they reach the symbol; ``ANY_TOPIC`` for all."""
    anywhere: frozenset[str] = frozenset()
    """Topics of stories that can make it true whichever symbol they reach; ``ANY_TOPIC`` for all."""
    sessions: int = 0
    """Daily bars before the current session."""
    quotes_for: timedelta = timedelta()
    """Quotes, where further back than the start of the session."""
    news_for: timedelta = timedelta()
    """Stories."""
    since_story: bool = False
    """Prices from before those stories; how far back, only the whole rule can tell."""

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
    """One symbol at one moment, against which a rule is evaluated. Collects the evidence as conditions are met."""

    symbol: str
    now: datetime
    market: MarketPrices
    news: NewsIndex
    hold: int = 2
    """How many quotes must meet a price condition, unless the last one is confirmed by itself."""
    needs_fresh_news: bool = False
    """The rule can fire on news alone: stories that are evidence only do not count."""
    brief: bool = False
    """Stop at the first condition that decides, and write no texts."""
    move: Move | None = None
    """The measurement of the first price condition that held; until one does, of the first that was evaluated."""
    causes: Causes | None = None
    """Ranks explanations, where there is a ranking."""
    session: Session | None = None
    """Evaluate this earlier session with today's news: a late cause belongs to the session of the fall."""
    cause: ClusterMatch | None = None
    """The best cluster of the first news or cause condition that held."""
    confidence: float | None = None
    """Confidence in ``cause``, where a cause condition held."""
    pending: bool = False
    """A price condition is met by the last quote but not yet by ``hold`` of them."""
    hold_for: timedelta | None = None
    """How long a price condition must have been met, in place of ``hold``; an official close needs no wait."""
    news_condition: News | None = None
    """The rule's own, which finds the story for ``since: story``."""
    holds: Mapping[Phase, Hold] = field(default_factory=lambda: HOLDS)
    """The hold of single phases, in place of ``hold`` and ``hold_for``."""
    happening: str = ""
    """Of a rule about no stock: the cluster that it is evaluated for, and no other counts."""
    with_group: bool | None = None
    """Whether the symbol itself moves as a condition found its group to move; ``None`` where it is of no such group."""
    group_move: Move | None = None
    """The symbol's move as one of that group, for a rule that has no price condition of its own."""
    witnesses: Callable[[Quote, Session], str] | None = None
    """Who else moves as a quote does, in words: in thin trading they stand for a longer hold."""

    @property
    def prices(self) -> SymbolPrices:
        """The symbol's own prices."""
        return self.market.of(self.symbol)

    def standing(self, prices: SymbolPrices) -> tuple[Quote, Session] | None:
        """The current quote with its session; for an earlier session, its last quote."""
        return prices.standing(self.now) if self.session is None else prices.stood(self.session.ends_at)

    def since(self, within: Span) -> datetime | None:
        """The start of a window of stories. At night, for the session just over, that session's own."""
        timetable = self.prices.timetable
        if self.session is not None and within.sessions and timetable.by_day(self.now) == self.session:
            return timetable.window_start(self.session, within.sessions)
        return within.start(self.now, timetable)

    def hold_in(self, phase: Phase) -> Hold:
        """How long a price of ``phase`` must have met a condition."""
        return self.holds.get(phase) or Hold(self.hold, self.hold_for)

    @property
    def story_at(self) -> datetime | None:
        """When the first story that could explain the move was seen."""
        cause = self.cause or (self.news_condition.best(self) if self.news_condition else None)
        return cause.first.seen_at if cause else None

    @property
    def plain_move(self) -> Move | None:
        """The symbol's move since the previous close, for rules on prices that measure no change themselves. Confirmed
        by the quotes that the hold counts; where there are not so many, by none."""
        standing = self.standing(self.prices)
        if standing is None:
            return None
        quote, session = standing
        reference = self.prices.previous_close(quote, session)
        moved = change(quote.price, reference)
        if reference is None or moved is None:
            return None
        needed = 1 if quote.kind.confirmed else self.hold_in(session.phase(quote.at)).quotes
        counted = [q for q in self.prices.distinct(needed, quote.at) if self.prices.session_of(q) == session]
        changes = [change(q.price, reference) or 0.0 for q in counted]
        return Move(quote, session, reference, moved, (*changes, *[0.0] * (needed - len(changes))))

    def offer(self, move: Move) -> None:
        """Take a price condition's measurement as the rule's, unless a better one is known."""
        if self.move is None or (move.held and not self.move.held):
            self.move = move

    def for_benchmark(self, symbol: str) -> Context:
        """The same moment for a benchmark, where one quote suffices; what is found there is no evidence."""
        return replace(
            self,
            symbol=symbol,
            hold=1,
            hold_for=None,
            holds={},
            move=None,
            with_group=None,
            group_move=None,
            confidence=None,
            pending=False,
        )

    def at(self, moment: datetime, market: MarketPrices) -> Context:
        """The same question at an earlier moment."""
        return replace(
            self,
            now=moment,
            market=market,
            brief=True,
            session=None,
            move=None,
            with_group=None,
            group_move=None,
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
    """Anything a rule can ask. What a rule must know about its conditions is declared here and nowhere else.

    ``str`` is the condition as the rule writes it.
    """

    __slots__ = ()

    about_several: ClassVar[bool] = False
    """It finds that several stocks move together: the alerts of its rule in one line of business are one incident."""
    asks_for_cause: ClassVar[bool] = False
    """It asks what explains the move, which a late story may still do."""

    @property
    def across_lines(self) -> bool:
        """Where it is about several stocks: they belong together whatever their lines of business."""
        return False

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
        """Whatever can change its outcome, apart from the symbol's own quotes of the session."""

    @property
    @abstractmethod
    def cost(self) -> int:
        """How expensive it is to evaluate, so that cheap ones come first: 0 reads the clock, 9 replays the past."""

    @property
    def asked(self) -> tuple[str, float | None]:
        """What is asked, in short, and the number that the measured one is compared with."""
        return "", None

    @abstractmethod
    def evaluate(self, context: Context) -> Check:
        """What it finds for ``context.symbol`` at ``context.now``."""

    def check(
        self,
        context: Context,
        holds: bool | None,
        measured: str,
        value: float | None = None,
        limit: float | None = None,
        children: tuple[Check, ...] = (),
    ) -> Check:
        """What was measured, beside what is asked; in brief without what only people read."""
        if context.brief:
            return Check("", holds, measured, value=value, children=children)
        threshold, compared = self.asked
        return Check(str(self), holds, measured, threshold, value, compared if limit is None else limit, children)
