"""Joining conditions: all, any, none, and names for them. Three values: holds, does not, unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.core.model import Check, Joined
from bot.core.rules.conditions.context import Condition, Context, Reads


@dataclass(frozen=True, slots=True)
class _Joined(Condition):
    """Several conditions joined into one."""

    of: tuple[Condition, ...]
    cheap: tuple[Condition, ...] = field(init=False, repr=False, compare=False)
    """The same, cheapest first: in brief most observations are settled by one of these."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "cheap", cheapest_first(self.of))

    @property
    def children(self) -> tuple[Condition, ...]:
        """What is joined."""
        return self.of

    @property
    def reads(self) -> Reads:
        """What any of them looks at."""
        return together(self.of)

    @property
    def cost(self) -> int:
        """The dearest."""
        return max(c.cost for c in self.of)

    def _found(
        self, context: Context, stop: Callable[[bool | None], bool]
    ) -> tuple[tuple[Check, ...], list[bool | None]]:
        """What each finds; in brief up to the first that ``stop`` says decides."""
        checks: list[Check] = []
        for condition in self.cheap if context.brief else self.of:
            checks.append(condition.evaluate(context))
            if context.brief and stop(checks[-1].holds):
                break
        return tuple(checks), [c.holds for c in checks]


@dataclass(frozen=True, slots=True)
class All(_Joined):
    """Every condition holds. Unknown where none fails but one is unknown."""

    @property
    def requires_price(self) -> bool:
        """Where one of them does."""
        return any(c.requires_price for c in self.of)

    def evaluate(self, context: Context) -> Check:
        """False beats unknown beats True."""
        children, values = self._found(context, stop=lambda v: v is not True)
        holds = False if False in values else None if None in values else True
        return Check(Joined.ALL, holds, context.said(_Tally(values, len(self.of))), children=children)


@dataclass(frozen=True, slots=True)
class Any(_Joined):
    """At least one condition holds. Unknown where none holds but one is unknown."""

    @property
    def requires_price(self) -> bool:
        """Where each of them does."""
        return all(c.requires_price for c in self.of)

    def evaluate(self, context: Context) -> Check:
        """True beats unknown beats False."""
        children, values = self._found(context, stop=lambda v: v is True)
        holds = True if True in values else None if None in values else False
        return Check(Joined.ANY, holds, context.said(_Tally(values, len(self.of))), children=children)


@dataclass(frozen=True, slots=True)
class NoneOf(_Joined):
    """No condition holds. A guard: one that is unknown does not block, and is shown."""

    requires_price: ClassVar[bool] = False

    def evaluate(self, context: Context) -> Check:
        """Only a condition that is known to hold blocks. What guards find is no evidence for firing."""
        evidence = context.move, context.cause, context.confidence, context.pending
        children, values = self._found(context, stop=lambda v: v is True)
        context.move, context.cause, context.confidence, context.pending = evidence
        return Check(Joined.NONE, True not in values, context.said(_Tally(values, len(self.of))), children=children)


@dataclass(frozen=True, slots=True)
class Named(Condition):
    """A condition defined once and used by name."""

    name: str
    of: Condition

    @property
    def children(self) -> tuple[Condition, ...]:
        """The condition that is named."""
        return (self.of,)

    @property
    def requires_price(self) -> bool:
        """As the condition itself."""
        return self.of.requires_price

    @property
    def reads(self) -> Reads:
        """What it looks at."""
        return self.of.reads

    @property
    def cost(self) -> int:
        """As the condition itself."""
        return self.of.cost

    def evaluate(self, context: Context) -> Check:
        """What the condition finds, under its name."""
        found = self.of.evaluate(context)
        return Check(
            f"{self.name}", found.holds, found.measured, found.threshold, found.value, found.limit, children=(found,)
        )


def together(conditions: tuple[Condition, ...]) -> Reads:
    """What any of them looks at."""
    reads = Reads()
    for condition in conditions:
        reads |= condition.reads
    return reads


@dataclass(frozen=True, slots=True)
class _Tally:
    """How many hold, in words."""

    values: list[bool | None]
    total: int

    def __str__(self) -> str:
        unknown = sum(v is None for v in self.values)
        text = f"{sum(v is True for v in self.values)} of {self.total} hold"
        return f"{text}, {unknown} unknown" if unknown else text


def cheapest_first(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """The conditions by cost; those of equal cost in the order written."""
    return tuple(sorted(conditions, key=lambda c: c.cost))


def walk(condition: Condition) -> Iterator[Condition]:
    """``condition`` and everything nested in it, outside in, in reading order."""
    yield condition
    for child in condition.children:
        yield from walk(child)


def required(condition: Condition) -> Iterator[Condition]:
    """As ``walk``, less guards: what can speak for firing."""
    yield condition
    if not isinstance(condition, NoneOf):
        for child in condition.children:
            yield from required(child)
