"""Joining conditions: all, any, none, and names for them. Three values: holds, does not hold, unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

from bot.core.model import Check, Combination
from bot.core.rules.conditions.context import Condition, Context, Reads


@dataclass(frozen=True, slots=True)
class _Joined(Condition):
    """Several conditions joined into one."""

    of: tuple[Condition, ...]
    cheap: tuple[Condition, ...] = field(init=False, repr=False, compare=False)
    """The same, cheapest first: in brief most observations are settled by one of these."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "cheap", tuple(sorted(self.of, key=lambda c: c.cost)))

    @property
    def children(self) -> tuple[Condition, ...]:
        return self.of

    @property
    def reads(self) -> Reads:
        return reads_of(self.of)

    @property
    def cost(self) -> int:
        """That of the most expensive."""
        return max(c.cost for c in self.of)

    def _evaluated(self, context: Context, decides: Callable[[bool | None], bool]) -> tuple[Check, ...]:
        """The children's checks; in brief up to the first that decides."""
        checks: list[Check] = []
        for condition in self.cheap if context.brief else self.of:
            checks.append(condition.evaluate(context))
            if context.brief and decides(checks[-1].holds):
                break
        return tuple(checks)

    def _joined(self, how: Combination, context: Context, holds: bool | None, children: tuple[Check, ...]) -> Check:
        if context.brief:
            return Check(how, holds, "", children=children)
        values = [c.holds for c in children]
        unknown = f", {values.count(None)} unknown" if None in values else ""
        return Check(how, holds, f"{values.count(True)} of {len(self.of)} hold{unknown}", children=children)


@dataclass(frozen=True, slots=True)
class All(_Joined):
    """Every condition holds. Unknown where none fails but one is unknown."""

    @property
    def requires_price(self) -> bool:
        return any(c.requires_price for c in self.of)

    @property
    def cost(self) -> int:
        """That of the cheapest, with which it mostly ends: the stock's own price comes before a guard on the market."""
        return min(c.cost for c in self.of)

    def evaluate(self, context: Context) -> Check:
        """False beats unknown beats True."""
        children = self._evaluated(context, lambda holds: holds is not True)
        values = [c.holds for c in children]
        holds = False if False in values else None if None in values else True
        return self._joined(Combination.ALL, context, holds, children)


@dataclass(frozen=True, slots=True)
class Any(_Joined):
    """At least one condition holds. Unknown where none holds but one is unknown."""

    @property
    def requires_price(self) -> bool:
        return all(c.requires_price for c in self.of)

    def evaluate(self, context: Context) -> Check:
        """True beats unknown beats False."""
        children = self._evaluated(context, lambda holds: holds is True)
        values = [c.holds for c in children]
        holds = True if True in values else None if None in values else False
        return self._joined(Combination.ANY, context, holds, children)


@dataclass(frozen=True, slots=True)
class NoneOf(_Joined):
    """No condition holds. A guard: one that is unknown does not block, and is shown."""

    requires_price: ClassVar[bool] = False

    def evaluate(self, context: Context) -> Check:
        """Only a condition that is known to hold blocks. What guards find is no evidence for firing."""
        evidence = context.move, context.cause, context.confidence, context.pending
        children = self._evaluated(context, lambda holds: holds is True)
        context.move, context.cause, context.confidence, context.pending = evidence
        return self._joined(Combination.NONE, context, all(c.holds is not True for c in children), children)


@dataclass(frozen=True, slots=True)
class Named(Condition):
    """A condition defined once and used by name."""

    name: str
    of: Condition

    @property
    def children(self) -> tuple[Condition, ...]:
        return (self.of,)

    @property
    def requires_price(self) -> bool:
        return self.of.requires_price

    @property
    def reads(self) -> Reads:
        return self.of.reads

    @property
    def cost(self) -> int:
        return self.of.cost

    def evaluate(self, context: Context) -> Check:
        """The condition's check, under the name."""
        check = self.of.evaluate(context)
        return replace(check, condition=self.name, children=(check,))


def reads_of(conditions: tuple[Condition, ...]) -> Reads:
    """What any of them reads."""
    reads = Reads()
    for condition in conditions:
        reads |= condition.reads
    return reads


def walk(condition: Condition) -> Iterator[Condition]:
    """``condition`` and everything nested in it, outside in, in reading order."""
    yield condition
    for child in condition.children:
        yield from walk(child)


def required(condition: Condition) -> Iterator[Condition]:
    """As ``walk``, without guards: what can speak for firing."""
    yield condition
    if not isinstance(condition, NoneOf):
        for child in condition.children:
            yield from required(child)
