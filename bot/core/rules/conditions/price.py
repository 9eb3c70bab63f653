"""Conditions on the prices of one symbol, and the same tests on a benchmark."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import ClassVar

from bot.core.model import Check, Phase, Quote, QuoteKind, Reference
from bot.core.prices.benchmarks import ALONE, Benchmarks
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Session
from bot.core.prices.windows import Since, Span
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions.context import Condition, Context, Reads
from bot.core.rules.conditions.steady import Sample, change_since, check_price, drawdown_from
from bot.core.text.wording import count, price


@dataclass(frozen=True, slots=True)
class Price(Condition):
    """The price has changed this much since a reference, in ``hold`` quotes of strictly later event times."""

    requires_price: ClassVar[bool] = True

    change: Comparison
    since: Since = field(default_factory=lambda: Since("previous close"))

    def __str__(self) -> str:
        return f"price {self.asked[0]} since {self.since}"

    @property
    def asked(self) -> tuple[str, float | None]:
        return f"change {self.change}", self.change.limit

    @property
    def reads(self) -> Reads:
        return reads_since(self.since)

    @property
    def cost(self) -> int:
        """A few look-ups; with ``since: story``, a search for the story first."""
        return 7 if self.since.kind == "story" else 1

    def evaluate(self, context: Context) -> Check:
        return check_price(context, self, change_since(context.prices, self.since, self.change, context))


@dataclass(frozen=True, slots=True)
class Level(Condition):
    """The price is beyond a level that the session before did not close beyond: it is told as it is crossed, not in
    every session that stays there."""

    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 1
    """A few look-ups."""

    below: bool
    level: float
    """In the currency of the stock's prices, on the basis of today's shares."""

    def __str__(self) -> str:
        return f"price {self.asked[0]}"

    @property
    def asked(self) -> tuple[str, float | None]:
        return f"{'below' if self.below else 'above'} {self.level:.12g}", self.level

    @property
    def reads(self) -> Reads:
        return Reads(sessions=1)

    def evaluate(self, context: Context) -> Check:
        prices = context.prices

        def measure(quote: Quote, session: Session) -> Sample | str:
            before = prices.previous_close(quote, session)
            if before is None:
                return "previous close unknown"
            level = prices.rebased(quote)
            crossed = self._is_beyond(level) and not self._is_beyond(before.price)
            words = ""
            if not context.brief:
                now, closed = (price(each, prices.currency) for each in (level, before.price))
                words = f"{now}, and {closed} at the previous close"
            return Sample(level, crossed, words)

        return check_price(context, self, measure)

    def _is_beyond(self, value: float) -> bool:
        return value < self.level if self.below else value > self.level


@dataclass(frozen=True, slots=True)
class Drawdown(Condition):
    """The price has fallen this much from the highest of a lookback; never above 0."""

    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 3
    """Reads every bar of the lookback."""

    drawdown: Comparison
    of: Span

    def __str__(self) -> str:
        return f"price {self.asked[0]} of {self.of}"

    @property
    def asked(self) -> tuple[str, float | None]:
        return f"drawdown {self.drawdown}", self.drawdown.limit

    @property
    def reads(self) -> Reads:
        return Reads(sessions=self.of.sessions or 0, quotes_for=self.of.duration or timedelta())

    def evaluate(self, context: Context) -> Check:
        return check_price(context, self, drawdown_from(context.prices, self.of, self.drawdown, context))


@dataclass(frozen=True, slots=True)
class Extreme(Condition):
    """The price is the lowest (or highest) for at least this many sessions: none of them closed beyond it."""

    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 3
    """Reads closes one by one."""

    lowest: bool
    sessions: int

    def __str__(self) -> str:
        return f"extreme {'lowest' if self.lowest else 'highest'} since {count(self.sessions, 'session')}"

    @property
    def asked(self) -> tuple[str, float | None]:
        return f"at least {count(self.sessions, 'session')}", float(self.sessions)

    @property
    def reads(self) -> Reads:
        return Reads(sessions=self.sessions)

    def evaluate(self, context: Context) -> Check:
        """Compares the current quote with closes, newest first."""
        prices = context.prices
        word, beyond = ("lowest", "lower") if self.lowest else ("highest", "higher")

        def measure(quote: Quote, session: Session) -> Sample | str:
            if prices.bars_before(session, 1) is None:
                return "previous close unknown"
            unmatched = prices.lowest_since if self.lowest else prices.highest_since
            extreme = unmatched(prices.rebased(quote), session.date)
            if extreme.since is None and extreme.sessions < self.sessions:
                return f"not enough history: {extreme.sessions} of {count(self.sessions, 'close')}"
            if extreme.since is None:
                words = f"{word} of all {extreme.sessions} known closes"
            elif extreme.sessions == 0:
                words = f"the previous session closed {beyond}"
            else:
                words = f"{word} since {extreme.since.isoformat()}, {count(extreme.sessions, 'session')}"
            met = extreme.sessions >= self.sessions
            return Sample(float(extreme.sessions), met, f"{price(quote.price, prices.currency)}, {words}")

        return check_price(context, self, measure)


@dataclass(frozen=True, slots=True)
class Gap(Condition):
    """The session opened this far from the previous close.

    The opening print is confirmed by the next ones, as ``hold`` asks; the open of a finished bar by itself.
    """

    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 1
    """A few look-ups."""

    change: Comparison

    def __str__(self) -> str:
        return f"gap {self.change}"

    @property
    def asked(self) -> tuple[str, float | None]:
        return f"open {self.change}", self.change.limit

    @property
    def reads(self) -> Reads:
        return Reads(sessions=1)

    def evaluate(self, context: Context) -> Check:
        prices = context.prices
        standing = context.standing(prices)
        if standing is None:
            return self.check(context, None, "no price yet in this session")
        quote, session = standing
        opened, before = prices.open_of(session), prices.previous_close(quote, session)
        if opened is None or opened.at > quote.at:
            return self.check(context, None, "no open yet in this session")
        if before is None:
            return self.check(context, None, "previous close unknown")
        value = opened.price / before.price - 1
        start, closed = (price(each, prices.currency) for each in (opened.price, before.price))
        words = f"{value * 100:+.1f}% (opened at {start} against {closed})"
        if not self.change.holds(value):
            return self.check(context, False, words, value)
        bar = prices.bars.get(session.date)
        official = bar is not None and bool(bar.open)
        hold = context.hold_in(Phase.REGULAR).quotes
        prints = [opened.price] if official else self._prints(prices, session, opened, hold)
        good = sum(self.change.holds(p / before.price - 1) for p in prints)
        needed = 1 if official else hold
        if not (holds := good == needed == len(prints)):
            words += f"; {good} of {needed} prints so far"
            context.pending = True
        return self.check(context, holds, words, value)

    def _prints(self, prices: SymbolPrices, session: Session, opened: Reference, needed: int) -> list[float]:
        """The open, and the first prices of later event times in the regular phase."""
        found, last = [opened.price], opened.at
        for quote in prices.quotes_between(opened.at, session.close_at):
            if len(found) == needed:
                break
            if quote.at > last and quote.kind is not QuoteKind.HIGH:
                found.append(prices.rebased(quote))
                last = quote.at
        return found


@dataclass(frozen=True, slots=True)
class MarketTest(Condition):
    """A price condition on a benchmark, as a guard against days on which everything falls. One quote suffices.

    The default benchmark means the stock's own market; where a fund does not trade, its future is tested.
    """

    requires_price: ClassVar[bool] = True

    benchmark: str
    of: Condition
    markets: Benchmarks = ALONE

    def __str__(self) -> str:
        return f"market {self.benchmark} {self.of}"

    @property
    def reads(self) -> Reads:
        return self.of.reads | Reads(symbols=self.markets.meant(self.benchmark))

    @property
    def cost(self) -> int:
        return self.of.cost

    def evaluate(self, context: Context) -> Check:
        """What the benchmark shows is no evidence for the symbol."""
        standing = context.standing(context.prices)
        moment = standing[0].at if standing is not None else context.now
        chosen = self.markets.standing_for(self.benchmark, context.prices, moment, context.market)
        check = self.of.evaluate(context.for_benchmark(chosen))
        words = check.measured if chosen == self.benchmark or context.brief else f"{chosen}: {check.measured}"
        return replace(check, condition="" if context.brief else str(self), measured=words)


def reads_since(since: Since) -> Reads:
    """What measuring against ``since`` reads."""
    sessions = since.count if since.kind in ("sessions", "high", "low") else 1
    return Reads(sessions=sessions, quotes_for=since.duration or timedelta(), since_story=since.kind == "story")
