"""The conditions a rule is made of, each evaluated for one symbol into a ``Check``.

A condition holds (True), does not (False), or is unknown (None) where there is no data to tell. Conditions are
values: what they need of the world comes in a ``Context``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.core.comparison import Comparison
from bot.core.market import Market, SymbolPrices, change, renamed
from bot.core.model import Check, ClusterMatch, Quote, Reach, Reference
from bot.core.news import NewsRoom
from bot.core.sessions import Session
from bot.core.windows import Since, Span

if TYPE_CHECKING:
    from bot.core.cause.causes import Causes


@dataclass(slots=True)
class Context:
    """What a rule is evaluated against: one symbol at one moment. Collects the evidence as conditions are met."""

    symbol: str
    now: datetime
    market: Market
    news: NewsRoom
    hold: int = 2
    """How many quotes must meet a price condition, unless the last one is confirmed by itself."""
    needs_fresh_news: bool = False
    """The rule has no price condition: stories seeded at a feed's first poll cannot fire it."""
    brief: bool = False
    """Stop at the first condition that decides; leave the rest out of the tree."""
    move: Move | None = None
    """The first price condition's measurement, once evaluated."""
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

    @property
    def prices(self) -> SymbolPrices:
        """The symbol's own prices."""
        return self.market.of(self.symbol)


@dataclass(frozen=True, slots=True)
class Move:
    """A measured price move."""

    quote: Quote
    session: Session
    reference: Reference
    change: float
    confirmed: tuple[float, ...]
    """The changes of all quotes that must agree, newest first."""


STRONG_ENOUGH = Comparison(">=", 0.5)
"""A weaker reach by exposure (a new model is weakly about every chip maker) explains nothing by itself."""


class Condition(Protocol):
    """Anything a rule can ask."""

    def evaluate(self, context: Context) -> Check:
        """What it found for ``context.symbol`` at ``context.now``."""
        ...


@dataclass(frozen=True, slots=True)
class Price:
    """The symbol's price has moved so far since a reference, in ``hold`` quotes of strictly later event times."""

    change: Comparison
    since: Since = field(default_factory=lambda: Since("previous close"))

    def __str__(self) -> str:
        return f"price change {self.change} since {self.since}"

    def evaluate(self, context: Context) -> Check:
        """Measure the standing quote; a wild print alone does not hold."""
        check, move, met = measure(context, context.prices, self.change, self.since, context.hold, str(self))
        if context.move is None and move is not None:
            context.move = move
        if met and check.holds is False:
            context.pending = True
        return check


@dataclass(frozen=True, slots=True)
class MarketMove:
    """A benchmark has moved so far: for guards against days on which everything falls."""

    benchmark: str
    change: Comparison
    since: Since = field(default_factory=lambda: Since("previous close"))

    def __str__(self) -> str:
        return f"market {self.benchmark} change {self.change} since {self.since}"

    def evaluate(self, context: Context) -> Check:
        """Measure the benchmark's standing quote; one quote suffices."""
        prices = context.market.of(self.benchmark)
        return measure(context, prices, self.change, self.since, 1, str(self))[0]


@dataclass(frozen=True, slots=True)
class News:
    """A cluster of stories on a topic reaches the symbol. Score, reach and sources hold for one cluster together."""

    topics: tuple[str, ...]
    reaches: tuple[Reach, ...]
    within: Span
    score: Comparison
    sources: Comparison | None = None
    stories: Comparison | None = None
    strength: Comparison = STRONG_ENOUGH
    """How strongly the cluster reaches the symbol: what the stories say times what the company lives from."""

    def __str__(self) -> str:
        words = [f"news topic {'/'.join(self.topics)}", f"reach {'/'.join(self.reaches)}", f"score {self.score}"]
        if self.sources:
            words.append(f"sources {self.sources}")
        if self.stories:
            words.append(f"stories {self.stories}")
        return ", ".join([*words, f"within {self.within}"])

    def evaluate(self, context: Context) -> Check:
        """The best cluster that meets everything, or how close the best one came."""
        start = self.within.start(context.now, context.prices.timetable)
        if start is None:
            return Check(str(self), None, "the calendar does not reach back that far")
        found = self._matches(context, start, self.score)
        for match in found:
            if self._meets(match, context):
                if context.cause is None:
                    context.cause = match
                return Check(str(self), True, told(match), self._asked(), match.score, self.score.limit)
        return Check(str(self), False, self._nearest(context, start, found), self._asked(), limit=self.score.limit)

    def _asked(self) -> str:
        parts = [f"score {self.score}", f"strength {self.strength}"]
        parts += [f"sources {self.sources}"] if self.sources else []
        parts += [f"stories {self.stories}"] if self.stories else []
        return ", ".join(parts)

    def _matches(self, context: Context, start: datetime, score: Comparison) -> list[ClusterMatch]:
        matches = context.news.matches(
            context.symbol,
            self.topics,
            reaches=self.reaches,
            min_score=score.limit if not score.falling else 0.0,
            since=start,
            until=context.now,
        )
        return [m for m in matches if score.holds(m.score)]

    def _meets(self, match: ClusterMatch, context: Context) -> bool:
        if context.needs_fresh_news and match.seeded:
            return False
        if match.reach is Reach.EXPOSURE and not self.strength.holds(match.strength):
            return False
        if self.sources and not self.sources.holds(len(match.sources)):
            return False
        return not (self.stories and not self.stories.holds(len(match.stories)))

    def _nearest(self, context: Context, start: datetime, found: list[ClusterMatch]) -> str:
        if found:
            best = found[0]
            note = " (seen at a feed's first poll only)" if context.needs_fresh_news and best.seeded else ""
            return f"nearest: {told(best)}{note}"
        if context.brief:
            return "no such story"
        weaker = context.news.matches(
            context.symbol, self.topics, reaches=tuple(Reach)[:2], min_score=0.01, since=start, until=context.now
        )
        return f"nearest: {told(weaker[0])}" if weaker else "no story on the topic reaches it"


@dataclass(frozen=True, slots=True)
class All:
    """Every condition holds. Unknown where none fails but one is unknown."""

    of: tuple[Condition, ...]

    def evaluate(self, context: Context) -> Check:
        """False beats unknown beats True."""
        children, values = _children(self.of, context, stop=lambda v: v is not True)
        holds = False if False in values else None if None in values else True
        return Check("all of", holds, _tally(values, len(self.of)), children=children)


@dataclass(frozen=True, slots=True)
class Any:
    """At least one condition holds. Unknown where none holds but one is unknown."""

    of: tuple[Condition, ...]

    def evaluate(self, context: Context) -> Check:
        """True beats unknown beats False."""
        children, values = _children(self.of, context, stop=lambda v: v is True)
        holds = True if True in values else None if None in values else False
        return Check("any of", holds, _tally(values, len(self.of)), children=children)


@dataclass(frozen=True, slots=True)
class NoneOf:
    """No condition holds. A guard: one that is unknown does not block, and is shown."""

    of: tuple[Condition, ...]

    def evaluate(self, context: Context) -> Check:
        """Only a condition that is known to hold blocks. What guards find is no evidence for firing."""
        move, cause = context.move, context.cause
        children, values = _children(self.of, context, stop=lambda v: v is True)
        context.move, context.cause = move, cause
        return Check("none of", True not in values, _tally(values, len(self.of)), children=children)


def measure(
    context: Context, prices: SymbolPrices, asked: Comparison, since: Since, hold: int, label: str
) -> tuple[Check, Move | None, bool]:
    """Measure ``prices`` against a reference: the check, the move (if any), and whether the last quote met it."""
    threshold = f"change {asked}"
    standing = prices.standing(context.now) if context.session is None else prices.stood(context.session.ends_at)
    if standing is None:
        why = "no price yet in this session" if prices.last else "no price known"
        return Check(label, None, why, threshold, limit=asked.limit), None, False
    quote, session = standing
    reference = resolve(prices, quote, session, since, context)
    moved = change(quote.price, reference)
    if reference is None or moved is None:
        return Check(label, None, f"no {since} known to measure against", threshold, limit=asked.limit), None, False
    agreeing = [moved]
    needed = 1 if quote.kind.confirmed else hold
    for earlier in prices.distinct(needed, quote.at)[1:]:
        at_session = prices.session_of(earlier)
        then = resolve(prices, earlier, at_session, since, context) if at_session == session and at_session else None
        value = change(earlier.price, then)
        if value is None:
            break
        agreeing.append(value)
    met = asked.holds(moved)
    holds = met and len(agreeing) >= needed and all(asked.holds(v) for v in agreeing)
    measured = f"{moved * 100:+.1f}% ({quote.price:.2f} against {reference.price:.2f}, {reference.kind})"
    if met and not holds:
        measured += f"; {sum(asked.holds(v) for v in agreeing)} of {needed} quotes so far"
    check = Check(label, holds, measured, threshold, moved, asked.limit)
    return check, Move(quote, session, reference, moved, tuple(agreeing)), met


def resolve(prices: SymbolPrices, quote: Quote, session: Session, since: Since, context: Context) -> Reference | None:
    """The price ``since`` stands for, as seen from ``quote``; ``None`` where it is not known."""
    match since.kind:
        case "previous close":
            return prices.previous_close(quote, session)
        case "open":
            opened = prices.open_of(session)
            return opened if opened and opened.at <= quote.at else None
        case "duration":
            assert since.duration is not None
            earlier = prices.last_before(quote.at - since.duration)
            if earlier is None or prices.session_of(earlier) != session:
                return None
            return Reference(str(since), prices.rebased(earlier), earlier.at, session.date)
        case "sessions":
            past = prices.timetable.before(session, since.count)
            close = prices.close_of(past) if past else None
            return Reference(str(since), close, past.close_at, past.date) if past and close else None
        case "high":
            return prices.highest(session, since.count)
        case "low":
            return prices.lowest(session, since.count)
        case _:
            return before_story(prices, context)


def before_story(prices: SymbolPrices, context: Context) -> Reference | None:
    """The last price before the first story that could explain the move was seen (``since: story``)."""
    if context.cause is None:
        return None
    first = context.cause.first.seen_at
    earlier = prices.last_before(first)
    if earlier is not None:
        held = prices.session_of(earlier)
        return Reference("story", prices.rebased(earlier), earlier.at, held.date) if held else None
    before = prices.timetable.current(first)
    if before and first < before.close_at:
        before = prices.timetable.before(before)
    close = prices.close_of(before) if before else None
    return renamed(Reference("story", close, before.close_at, before.date), "story") if before and close else None


def told(match: ClusterMatch) -> str:
    """A cluster in one line: its best title, score, reach, sources."""
    via = f" {match.strength:.2f} via {', '.join(match.exposures[:3])}" if match.exposures else ""
    count = len(match.sources)
    return (
        f"“{match.best.title}” ({match.best.origin}), score {match.score:.2f}, {match.reach}{via}, "
        f"{count} source{'' if count == 1 else 's'}"
    )


def _children(
    conditions: tuple[Condition, ...], context: Context, stop: Callable[[bool | None], bool]
) -> tuple[tuple[Check, ...], list[bool | None]]:
    checks: list[Check] = []
    for condition in conditions:
        checks.append(condition.evaluate(context))
        if context.brief and stop(checks[-1].holds):
            break
    return tuple(checks), [c.holds for c in checks]


def _tally(values: list[bool | None], total: int) -> str:
    unknown = sum(v is None for v in values)
    text = f"{sum(v is True for v in values)} of {total} hold"
    return f"{text}, {unknown} unknown" if unknown else text
