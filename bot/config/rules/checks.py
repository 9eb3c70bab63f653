"""Finds what is well-formed but makes no sense: impossible comparisons, contradictions, unreachable severities."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.core.cause.causes import GROUP_LEAST
from bot.core.prices.windows import Since, Span, format_duration
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions import All, Breadth, Condition, Drawdown, During, Named, NoneOf, Price
from bot.core.rules.conditions.cause import Group
from bot.core.rules.rule import SeverityStep

MOST_SESSIONS = 500
"""Daily history and calendars go back two years, which is what a new installation can fill."""
LONGEST_SESSION = timedelta(hours=16)
"""New York from the start of pre to the end of post; no exchange has longer."""
MOST_AVERAGED = 60
MOST_ABNORMAL = 10
"""Sessions an abnormal return may cover: the estimation window ends this many sessions earlier."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers from ``low`` to ``high``; ``with_low`` and ``with_high`` say whether the ends are included."""

    low: float = -math.inf
    high: float = math.inf
    with_low: bool = True
    with_high: bool = True

    @property
    def empty(self) -> bool:
        """It contains no number."""
        return self.low > self.high or (self.low == self.high and not (self.with_low and self.with_high))

    def __and__(self, other: Interval) -> Interval:
        low, high = max(self.low, other.low), min(self.high, other.high)
        with_low = all(i.with_low for i in (self, other) if i.low == low)
        with_high = all(i.with_high for i in (self, other) if i.high == high)
        return Interval(low, high, with_low, with_high)

    def __le__(self, other: Interval) -> bool:
        """Whether ``other`` contains all of it."""
        both = self & other
        return self.empty or both == self

    @staticmethod
    def of(asked: Comparison | None) -> Interval:
        """The numbers that satisfy ``asked``; all where it is ``None``."""
        if asked is None:
            return Interval()
        match asked.op:
            case "<":
                return Interval(high=asked.limit, with_high=False)
            case "<=":
                return Interval(high=asked.limit)
            case ">":
                return Interval(low=asked.limit, with_low=False)
            case ">=":
                return Interval(low=asked.limit)
            case _:
                return Interval(asked.limit, asked.upper)


CHANGES = Interval(low=-1.0, with_low=False)
DRAWDOWNS = Interval(-1.0, 0.0, with_low=False)
SHARES = Interval(0.0, 1.0)
SCORES = Interval(0.0, 1.0, with_low=False)
COUNTS = Interval(low=1.0)
POSITIVE = Interval(low=0.0, with_low=False)
ANY_COUNT = Interval(low=0.0)

_WHY = {
    "change": "a price cannot fall by 100% or more",
    "drawdown": "a drawdown lies between -100% and 0%",
    "score": "a score lies between 0 and 1",
    "strength": "a strength lies between 0 and 1",
    "novelty": "novelty lies between 0 and 1",
    "confidence": "a confidence lies between 0 and 1",
    "share": "a share lies between 0% and 100%",
}


def impossible(asked: Comparison, possible: Interval, what: str) -> str:
    """Why ``asked`` can never hold for ``what``, and what to write; empty if it can."""
    if not (Interval.of(asked) & possible).empty:
        return ""
    why = _WHY.get(what) or f"{what} cannot be that small"
    return f'"{asked}" can never hold: {why}; write a limit that can be reached'


def too_few(asked: Comparison | None, most: int) -> str:
    """Why ``asked`` can never hold of the number of ``most`` stocks; empty if it can."""
    counts = Interval.of(asked) & ANY_COUNT
    if counts.empty or not (counts & Interval(high=most)).empty:
        return ""
    return f'"{asked}" can never hold: there are only {most}'


def out_of_reach(when: Condition, symbols: Collection[str], watched: Collection[str]) -> str:
    """Why a rule for ``symbols`` finds too few stocks beside them among those ``watched``, whichever they are; empty
    where they suffice."""
    others = len(watched) - 1
    for part in required_parts(when):
        if isinstance(part, Breadth) and part.peers is not None:
            most = max((len(part.peers.get(symbol, ())) for symbol in symbols), default=0)
            if not most:
                return "none of its stocks is in a known line of business"
            if too_few(part.count, most):
                return f'breadth of peers asks for "{part.count}", and no line of business has more than {most}'
        elif isinstance(part, Group):
            if others < GROUP_LEAST:
                return f"a group needs at least {GROUP_LEAST} other stocks, not {max(others, 0)}"
            if too_few(part.members, others):
                return f'group asks for members "{part.members}", and no more than {others} others are watched'
    return ""


def fractional(asked: Comparison) -> str:
    """Why ``asked`` does not fit a count; empty if it does."""
    limits = [asked.limit] + ([asked.upper] if asked.op == "between" else [])
    broken = next((n for n in limits if n != int(n)), None)
    return f"'{broken:g}' is not a count; write a whole number" if broken is not None else ""


def unmeasurable(since: Since) -> str:
    """Why nothing can be measured against ``since``; empty if it can."""
    if since.count > MOST_SESSIONS:
        return f"history goes back {MOST_SESSIONS} sessions; write at most {MOST_SESSIONS} sessions"
    if since.duration is not None and since.duration > LONGEST_SESSION:
        return (
            f"'{since}' is longer than any session, and a duration is measured within one; "
            "write a number of sessions, like 3 sessions"
        )
    return ""


def beyond_memory(span: Span, memory: timedelta) -> str:
    """Why stories are not kept for ``span``; empty if they are."""
    if span.longest <= memory:
        return ""
    sessions = max(1, int((memory.days - 4) * 5 / 7))
    at_most = f"{sessions} session{'' if sessions == 1 else 's'}" if span.sessions else format_duration(memory)
    return (
        f"stories are kept for {format_duration(memory)}; write at most {at_most}, "
        "or raise window under news: in config.yaml"
    )


def unreachable(steps: Sequence[SeverityStep], rule: Comparison | None) -> Iterator[tuple[SeverityStep, str]]:
    """Steps of ``severity`` that never apply, each with the reason. ``rule`` is the change the rule itself requires."""
    fires = Interval.of(rule) if rule is not None else CHANGES
    reached: list[SeverityStep] = []
    for step in sorted(steps, key=lambda s: -s.severity):
        where = fires & Interval.of(step.change)
        word = step.severity.word
        if where.empty:
            yield step, f'{word} can never be reached: the rule fires at "{rule}"; write a change within that'
            continue
        above = next((s for s in reached if where <= Interval.of(s.change)), None)
        if above is not None:
            always = "always" if above.change is None else f'at "{above.change}"'
            if above.change and step.change is None and rule is not None and fires <= Interval.of(above.change):
                always = f'wherever the rule fires ("{rule}")'
            yield (
                step,
                f"{word} can never be reached: {above.severity.word} applies {always} and is more severe; "
                f"remove one of the two or move the limit",
            )
            continue
        reached.append(step)


def uncovered(steps: Sequence[SeverityStep], rule: Comparison | None) -> str:
    """Why some changes at which the rule fires have no severity, and what to write; empty where all have one."""
    fires = Interval.of(rule) if rule is not None else CHANGES
    if any(fires <= Interval.of(step.change) for step in steps):
        return ""
    wide = f', or "{rule}", from which the rule fires' if rule is not None else ""
    return f"no severity applies always; give the least of them the value always{wide}"


def contradictions(when: Condition) -> Iterator[tuple[Condition, str]]:
    """Conditions on one price that exclude each other, or that a guard always blocks, each with the reason."""
    met: dict[tuple[object, ...], tuple[Interval, str]] = {}
    for condition in required_parts(when):
        key, asked = _about(condition)
        if key is None or asked is None:
            continue
        interval = Interval.of(asked)
        known = met.get(key)
        if known is not None and (known[0] & interval).empty:
            yield condition, f'"{asked}" and "{known[1]}" can never both hold; change one of them, or use any'
            continue
        met[key] = (interval & known[0], str(asked)) if known else (interval, str(asked))
    for guard in _guards(when):
        key, asked = _about(guard)
        if key is None or asked is None or key not in met:
            continue
        interval, required = met[key]
        if interval <= Interval.of(asked):
            yield guard, f'this blocks whenever "{required}" holds, so the rule never fires; change one of them'


def unmoved(when: Condition) -> tuple[Price, str] | None:
    """The price condition of a rule that holds at once for every stock, and what was meant; ``None`` where it takes a
    move or a story."""
    prices = []
    for part in required_parts(when):
        if isinstance(part, Price) and part.since.kind != "story":
            prices.append(part)
        elif not isinstance(part, During | NoneOf):
            return None
    if not prices or any(not Interval(0.0, 0.0) <= Interval.of(price.change) for price in prices):
        return None
    asked = prices[0].change
    instead = "one like < -5%"
    if asked.op != "between" and asked.limit:
        instead = f'"{replace(asked, limit=-asked.limit)}" for a move'
    return prices[0], f'"{asked}" holds for a price that has not moved; write {instead}'


def _about(condition: Condition) -> tuple[tuple[object, ...] | None, Comparison | None]:
    if isinstance(condition, Price):
        return ("change", condition.since), condition.change
    if isinstance(condition, Drawdown):
        return ("drawdown", condition.of), condition.drawdown
    return None, None


def required_parts(condition: Condition) -> Iterator[Condition]:
    """The conditions that must all hold."""
    if isinstance(condition, All):
        for child in condition.of:
            yield from required_parts(child)
    elif isinstance(condition, Named):
        yield from required_parts(condition.of)
    else:
        yield condition


def _guards(condition: Condition) -> Iterator[Condition]:
    """The conditions that must not hold."""
    for part in required_parts(condition):
        if isinstance(part, NoneOf):
            for child in part.of:
                yield child.of if isinstance(child, Named) else child
