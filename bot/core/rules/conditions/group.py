"""Conditions on how many of a group move together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from bot.core.model import Check
from bot.core.prices.windows import Since
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions.context import Condition, Context, Reads
from bot.core.rules.conditions.price import reads_since
from bot.core.rules.conditions.steady import change_since, look
from bot.core.text.wording import listing

NAMED = 8
"""So many members are named."""


@dataclass(frozen=True, slots=True)
class Breadth(Condition):
    """At least so many, or such a share, of a group have moved beyond a change.

    Members whose change is not known do not count, neither as moving nor for the share, but are shown.
    """

    about_several: ClassVar[bool] = True
    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 6
    """Some look-ups for each member."""

    group: str
    """As the rule says it."""
    change: Comparison
    members: tuple[str, ...] = ()
    since: Since = field(default_factory=lambda: Since("previous close"))
    count: Comparison | None = None
    share: Comparison | None = None
    peers: Mapping[str, tuple[str, ...]] | None = None
    """For each symbol its own group, in place of ``members``."""

    def __str__(self) -> str:
        asked = self._asked()
        return f"breadth {asked} of {self.group} change {self.change} since {self.since}"

    def _asked(self) -> str:
        parts = [f"{self.count} members" if self.count else "", f"{self.share}" if self.share else ""]
        return " and ".join(filter(None, parts))

    @property
    def reads(self) -> Reads:
        """Prices of every member."""
        everyone = frozenset(self.members)
        if self.peers is not None:
            everyone = frozenset(m for members in self.peers.values() for m in members)
        return reads_since(self.since) | Reads(symbols=everyone, members=everyone)

    def evaluate(self, context: Context) -> Check:
        """Measure every member, each under the rule's ``hold``."""
        members = self.members if self.peers is None else self.peers.get(context.symbol, ())
        moving: list[tuple[float, str]] = []
        unknown: list[str] = []
        for member in members:
            prices = context.market.of(member)
            take = change_since(prices, self.since, context)
            found = look(prices, context, take, lambda s: self.change.holds(s.value), context.hold, context.hold_for)
            if isinstance(found, str):
                unknown.append(member)
            elif found.holds:
                moving.append((found.sample.value, member))
        known = len(members) - len(unknown)
        main = self.count or self.share
        limit = main.limit if main else None
        if not known:
            why = "nobody is in it" if not members else f"no price of {listing(unknown, NAMED)}"
            return Check(context.said(self), None, why, self._asked(), limit=limit)
        moving.sort(reverse=not self.change.falling)
        share = len(moving) / known
        holds = (self.count is None or self.count.holds(len(moving))) and (
            self.share is None or self.share.holds(share)
        )
        words = f"{len(moving)} of {known} known"
        if moving:
            words += f": {listing([f'{m} {v * 100:+.1f}%' for v, m in moving], NAMED)}"
        if unknown:
            words += f"; unknown: {listing(unknown, NAMED)}"
        return Check(
            context.said(self), holds, words, self._asked(), float(len(moving)) if self.count else share, limit
        )
