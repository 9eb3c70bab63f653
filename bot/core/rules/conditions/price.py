"""Conditions on the prices of one symbol, and the same tests on a benchmark."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.core.model import Check, Quote, QuoteKind, Reference
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Session
from bot.core.prices.windows import Since, Span
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions.context import Condition, Context, Reads
from bot.core.rules.conditions.steady import Sample, change_since, drawdown_from, look, measure

_PREVIOUS_CLOSE = Since("previous close")


@dataclass(frozen=True, slots=True)
class Price(Condition):
    """The symbol's price has moved so far since a reference, in ``hold`` quotes of strictly later event times."""

    requires_price: ClassVar[bool] = True

    change: Comparison
    since: Since = field(default_factory=lambda: _PREVIOUS_CLOSE)

    def __str__(self) -> str:
        return f"price change {self.change} since {self.since}"

    @property
    def reads(self) -> Reads:
        """Quotes, and bars as far back as the reference."""
        return reads_since(self.since)

    @property
    def cost(self) -> int:
        """A few look-ups; where the story is looked for first, as much as that."""
        return 7 if self.since.kind == "story" else 1

    def evaluate(self, context: Context) -> Check:
        """Measure the standing quote; a wild print alone does not hold."""
        take = change_since(context.prices, self.since, context)
        check, move, met = measure(context, context.prices, self.change, take, self, "change")
        if move is not None:
            context.offer(move)
        context.pending |= met and check.holds is False
        return check


@dataclass(frozen=True, slots=True)
class Drawdown(Condition):
    """The price has fallen so far from the highest of a lookback; never above 0."""

    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 3
    """As many bars as the lookback has."""

    drawdown: Comparison
    of: Span

    def __str__(self) -> str:
        return f"price drawdown {self.drawdown} of {self.of}"

    @property
    def reads(self) -> Reads:
        """Quotes or bars of the lookback."""
        return Reads(sessions=self.of.sessions or 0, quotes_for=self.of.duration or timedelta())

    def evaluate(self, context: Context) -> Check:
        """Measure the standing quote against the peak."""
        take = drawdown_from(context.prices, self.of, context)
        check, move, met = measure(context, context.prices, self.drawdown, take, self, "drawdown")
        if move is not None:
            context.offer(move)
        context.pending |= met and check.holds is False
        return check


@dataclass(frozen=True, slots=True)
class Extreme(Condition):
    """The price is the lowest (or highest) since at least so many sessions: none of their closes lies beyond it."""

    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 3
    """A walk over closes."""

    lowest: bool
    sessions: int

    def __str__(self) -> str:
        plural = "" if self.sessions == 1 else "s"
        return f"extreme {'lowest' if self.lowest else 'highest'} since {self.sessions} session{plural}"

    @property
    def reads(self) -> Reads:
        """Closes."""
        return Reads(sessions=self.sessions)

    def evaluate(self, context: Context) -> Check:
        """Compare the standing quote with closes, newest first."""
        prices = context.prices
        word, beyond = ("lowest", "lower") if self.lowest else ("highest", "higher")

        def take(quote: Quote, session: Session) -> Sample | str:
            if prices.bars_before(session, 1) is None:
                return "the previous session's close is not known"
            unmatched = prices.lowest_since if self.lowest else prices.highest_since
            extreme = unmatched(prices.rebased(quote), session.date)
            if extreme.since is not None:
                words = f"{word} since {extreme.since.isoformat()}, {extreme.sessions} sessions"
                if extreme.sessions == 0:
                    words = f"the previous session closed {beyond}"
            elif extreme.sessions < self.sessions:
                return f"only {extreme.sessions} closes known"
            else:
                words = f"{word} of the {extreme.sessions} closes known"
            return Sample(float(extreme.sessions), f"{quote.price:.2f}, {words}")

        found = look(prices, context, take, lambda s: s.value >= self.sessions, context.hold, context.hold_for)
        asked = f"at least {self.sessions} sessions"
        if isinstance(found, str):
            return Check(context.said(self), None, found, asked, limit=float(self.sessions))
        context.pending |= found.met and not found.holds
        return Check(context.said(self), found.holds, found.words, asked, found.sample.value, float(self.sessions))


@dataclass(frozen=True, slots=True)
class Gap(Condition):
    """The session opened so far from the previous close.

    One print like any other is confirmed by the next ones, as ``hold`` asks; the open of a finished bar by itself.
    """

    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 1
    """A few look-ups."""

    change: Comparison

    def __str__(self) -> str:
        return f"gap {self.change}"

    @property
    def reads(self) -> Reads:
        """The session's own quotes."""
        return Reads(sessions=1)

    def evaluate(self, context: Context) -> Check:
        """Measure the open against the previous close."""
        asked, limit = f"open {self.change}", self.change.limit
        prices = context.prices
        standing = context.standing(prices)
        if standing is None:
            return Check(context.said(self), None, "no price yet in this session", asked, limit=limit)
        quote, session = standing
        opened, before = prices.open_of(session), prices.previous_close(quote, session)
        if opened is None or opened.at > quote.at:
            return Check(context.said(self), None, "no open yet in this session", asked, limit=limit)
        if before is None:
            return Check(context.said(self), None, "no previous close known to measure against", asked, limit=limit)
        value = opened.price / before.price - 1
        words = f"{value * 100:+.1f}% (opened at {opened.price:.2f} against {before.price:.2f})"
        if not self.change.holds(value):
            return Check(context.said(self), False, words, asked, value, limit)
        prints = self._prints(prices, session, opened, context.hold)
        good = sum(self.change.holds(p / before.price - 1) for p in prints)
        needed = len(prints) if self._official(prices, session) else context.hold
        holds = good == needed and good == len(prints)
        if not holds:
            words += f"; {good} of {needed} prints so far"
            context.pending = True
        return Check(context.said(self), holds, words, asked, value, limit)

    def _official(self, prices: SymbolPrices, session: Session) -> bool:
        bar = prices.bars.get(session.date)
        return bar is not None and bool(bar.open)

    def _prints(self, prices: SymbolPrices, session: Session, opened: Reference, count: int) -> list[float]:
        """The open, and the first prices of later event times in the regular phase."""
        if self._official(prices, session):
            return [opened.price]
        found, last = [opened.price], opened.at
        for quote in prices.quotes_between(opened.at, session.close_at):
            if len(found) == count:
                break
            if quote.at > last and quote.kind is not QuoteKind.HIGH:
                found.append(prices.rebased(quote))
                last = quote.at
        return found


@dataclass(frozen=True, slots=True)
class MarketMove(Condition):
    """A benchmark has moved so far: for guards against days on which everything falls."""

    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 1
    """A few look-ups."""

    benchmark: str
    change: Comparison
    since: Since = field(default_factory=lambda: _PREVIOUS_CLOSE)

    def __str__(self) -> str:
        return f"market {self.benchmark} change {self.change} since {self.since}"

    @property
    def reads(self) -> Reads:
        """The benchmark's prices."""
        return reads_since(self.since) | Reads(symbols=frozenset({self.benchmark}))

    def evaluate(self, context: Context) -> Check:
        """Measure the benchmark's standing quote; one quote suffices."""
        there = context.elsewhere(self.benchmark, hold=1)
        take = change_since(there.prices, self.since, there)
        return measure(there, there.prices, self.change, take, self, "change")[0]


@dataclass(frozen=True, slots=True)
class MarketTest(Condition):
    """Another test on a benchmark: its drawdown, gap, extreme or volume. One quote suffices."""

    requires_price: ClassVar[bool] = True

    benchmark: str
    of: Condition

    def __str__(self) -> str:
        return f"market {self.benchmark} {self.of}"

    @property
    def reads(self) -> Reads:
        """The benchmark's prices."""
        return self.of.reads | Reads(symbols=frozenset({self.benchmark}))

    @property
    def cost(self) -> int:
        """What the test costs."""
        return self.of.cost

    def evaluate(self, context: Context) -> Check:
        """Ask the benchmark; what it shows is no evidence."""
        found = self.of.evaluate(context.elsewhere(self.benchmark, hold=1))
        return Check(
            context.said(self), found.holds, found.measured, found.threshold, found.value, found.limit, found.children
        )


def reads_since(since: Since) -> Reads:
    """What measuring against ``since`` looks at."""
    sessions = since.count if since.kind in ("sessions", "high", "low") else 1
    return Reads(sessions=sessions, quotes_for=since.duration or timedelta(), since_story=since.kind == "story")
