"""Conditions on time: when it is, and in which order things happened."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from datetime import datetime, time, tzinfo
from typing import ClassVar

from bot.core.model import Check, Phase
from bot.core.prices.market import SymbolPrices
from bot.core.prices.windows import Span, within_hours
from bot.core.rules.conditions.context import Condition, Context, MarketPrices, Reads
from bot.core.rules.conditions.logic import reads_of, required
from bot.core.rules.conditions.news import News

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class During(Condition):
    """The time is in these phases of the symbol's exchange, these hours and weekdays of a time zone."""

    requires_price: ClassVar[bool] = False
    cost: ClassVar[int] = 0
    """Reads the clock."""

    phases: tuple[Phase, ...] = ()
    start: time | None = None
    """Of the hours, inclusive; they may cross midnight."""
    end: time | None = None
    """Of the hours, exclusive."""
    weekdays: tuple[int, ...] = ()
    """0 is Monday."""
    zone: tzinfo | None = None
    zone_name: str = ""

    def __str__(self) -> str:
        parts = [f"phase {'/'.join(self.phases)}"] if self.phases else []
        if self.start is not None and self.end is not None:
            parts.append(f"hours {self.start:%H:%M}-{self.end:%H:%M}")
        if self.weekdays:
            parts.append("/".join(WEEKDAYS[d] for d in self.weekdays))
        return f"during {', '.join(parts)}" + (f" in {self.zone_name}" if self.zone_name else "")

    @property
    def reads(self) -> Reads:
        return Reads()

    def evaluate(self, context: Context) -> Check:
        """At the moment of evaluation; for an earlier session, at its last quote."""
        moment = context.now
        if context.session is not None and (standing := context.standing(context.prices)) is not None:
            moment = standing[0].at
        phase = context.prices.timetable.phase(moment)
        holds = not self.phases or phase in self.phases
        words = str(phase)
        if self.zone is not None:
            local = moment.astimezone(self.zone)
            holds = holds and self._hour(local) and (not self.weekdays or local.weekday() in self.weekdays)
            words = f"{WEEKDAYS[local.weekday()]} {local:%H:%M} in {self.zone_name}, {phase}"
        return self.check(context, holds, words)

    def _hour(self, local: datetime) -> bool:
        if self.start is None or self.end is None:
            return True
        return within_hours(local.time(), self.start, self.end)


@dataclass(slots=True)
class PastMarket:
    """The market as it was at a moment."""

    market: MarketPrices
    moment: datetime
    _known: dict[str, SymbolPrices] = field(default_factory=dict)

    def of(self, symbol: str) -> SymbolPrices:
        """The prices of ``symbol`` up to the moment."""
        if symbol not in self._known:
            self._known[symbol] = self.market.of(symbol).as_of(self.moment)
        return self._known[symbol]


@dataclass(frozen=True, slots=True)
class Sequence(Condition):
    """Conditions that began to hold one after the other within a time, the last of which still holds.

    Each step counts from the moment it began to hold: for the last its latest beginning, for the one before it the
    latest beginning before that, and so on. What held already at the start of the time, or began at the same moment as
    its successor, does not count. Nothing is remembered: past moments are evaluated again, prices by event time and
    stories by when they were seen.
    """

    cost: ClassVar[int] = 9
    """Evaluates the steps again at many moments."""

    steps: tuple[Condition, ...]
    within: Span

    @property
    def children(self) -> tuple[Condition, ...]:
        return self.steps

    @property
    def requires_price(self) -> bool:
        return any(step.requires_price for step in self.steps)

    def __str__(self) -> str:
        return f"sequence of {len(self.steps)} within {self.within}"

    @property
    def reads(self) -> Reads:
        """What its steps read, from as far back as the sequence may begin."""
        reads = reads_of(self.steps)
        back = self.within.longest
        return replace(
            reads,
            sessions=reads.sessions + (self.within.sessions or back.days + 1),
            quotes_for=reads.quotes_for + back,
            news_for=reads.news_for + back,
        )

    def evaluate(self, context: Context) -> Check:
        """If the last step holds, walks back to where each step began."""
        last = self.steps[-1].evaluate(context)
        if last.holds is not True:
            words = "the last step does not hold" if last.holds is False else "the last step is unknown"
            return self.check(context, last.holds, words, children=() if context.brief else self._now(context, last))
        start = context.since(self.within)
        if start is None:
            return self.check(context, None, "the calendar does not reach back that far", children=(last,))
        moments = self._moments(context, start)
        before = len(moments)
        begun: list[datetime] = []
        checks: list[Check] = [last]
        for number in range(len(self.steps), 0, -1):
            beginning = self._beginning(self.steps[number - 1], context, moments, before, number == len(self.steps))
            if beginning is None:
                words = f"step {number} did not begin within {self.within}" + (" and before the next" if begun else "")
                return self.check(context, False, words, children=tuple(checks))
            before, check = beginning
            begun.insert(0, moments[before])
            if check is not None:
                checks.insert(0, check)
        words = ", then ".join(f"{at:%Y-%m-%d %H:%M:%S}" for at in begun)
        return self.check(context, True, f"began {words} UTC", children=tuple(checks))

    def _now(self, context: Context, last: Check) -> tuple[Check, ...]:
        """All steps as they are now, for the explanation."""
        earlier = (s.evaluate(context.at(context.now, context.market)) for s in self.steps[:-1])
        return (*earlier, last)

    def _moments(self, context: Context, start: datetime) -> list[datetime]:
        """When anything a step reads may have changed: at quotes and stories; and the start of the time, to compare."""
        reads = reads_of(self.steps)
        found = {start, context.now}
        for symbol in {context.symbol, *reads.symbols}:
            found.update(q.at for q in context.market.of(symbol).quotes_between(start, context.now))
        for step in self.steps:
            for part in required(step):
                if isinstance(part, News):
                    matches = context.news.matches(
                        context.symbol,
                        part.topics,
                        reaches=part.reaches,
                        min_score=0.0,
                        since=start,
                        until=context.now,
                    )
                    found.update(s.seen_at for m in matches for s in m.stories)
        moments = sorted(found)
        return moments[bisect_left(moments, start) : bisect_right(moments, context.now)]

    def _beginning(
        self, step: Condition, context: Context, moments: list[datetime], before: int, still: bool
    ) -> tuple[int, Check | None] | None:
        """Index of the latest moment before ``before`` at which ``step`` began to hold, and its check there.

        ``still``: it is known to hold at the last moment, and its evidence is collected already.
        """
        holding: tuple[int, Context, Check] | None = None
        for i in range(before - 1, -1, -1):
            then = context.at(moments[i], PastMarket(context.market, moments[i]))
            check = step.evaluate(then)
            if check.holds is True or (still and i == before - 1):
                holding = (i, then, check)
            elif holding is not None:
                i, then, check = holding
                if still:
                    return i, None
                if context.cause is None:
                    context.cause, context.confidence = then.cause, then.confidence
                context.move = context.move or then.move
                return i, check
        return None
