"""Conditions on how many of a group move together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from bot.core.model import Check, Quote
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Session
from bot.core.prices.windows import Since
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions.context import Condition, Context, Move, Reads
from bot.core.rules.conditions.price import reads_since
from bot.core.rules.conditions.steady import Measured, change_since, measured
from bot.core.text.wording import listing

LISTED = 8
"""At most this many members are listed."""


@dataclass(frozen=True, slots=True)
class Breadth(Condition):
    """At least this many, or this share, of a group have moved beyond a change.

    Members whose change is unknown count neither as moving nor for the share, but are shown. So are those whose market
    has no session of the same date yet, and those that had not moved when theirs closed. A company counts once.
    """

    about_several: ClassVar[bool] = True
    requires_price: ClassVar[bool] = True
    cost: ClassVar[int] = 6
    """A few look-ups for each member."""

    group: str
    """As the rule names it."""
    change: Comparison
    members: tuple[str, ...] = ()
    since: Since = field(default_factory=lambda: Since("previous close"))
    count: Comparison | None = None
    share: Comparison | None = None
    peers: Mapping[str, tuple[str, ...]] | None = None
    """For each symbol its own group, in place of ``members``."""
    listings: Mapping[str, str] = field(default_factory=dict)
    """Of second listings the main one of the same company."""

    def __str__(self) -> str:
        return f"breadth {self.asked[0]} of {self.group} change {self.change} since {self.since}"

    @property
    def across_lines(self) -> bool:
        """Unless each symbol has a group of its own."""
        return self.peers is None

    @property
    def asked(self) -> tuple[str, float | None]:
        parts = [f"{self.count} members" if self.count else "", f"{self.share}" if self.share else ""]
        main = self.count or self.share
        return " and ".join(filter(None, parts)), main.limit if main else None

    @property
    def reads(self) -> Reads:
        everyone = frozenset(self.members)
        if self.peers is not None:
            everyone = frozenset(m for members in self.peers.values() for m in members)
        return reads_since(self.since) | Reads(symbols=everyone, members=everyone)

    def evaluate(self, context: Context) -> Check:
        """Measures every member, each under the rule's ``hold``."""
        members = self.members if self.peers is None else self.peers.get(context.symbol, ())
        own = context.standing(context.prices)
        moving: dict[str, tuple[float, str]] = {}
        still: set[str] = set()
        unknown: list[str] = []
        for member in members:
            prices, company = context.market.of(member), self.listings.get(member, member)
            brief = context.brief and member != context.symbol
            found = (self._unmet(prices, context) if brief else None) or measured(
                prices, context, change_since(prices, self.since, self.change, context)
            )
            if member == context.symbol:
                self._as_member(found, context)
            if isinstance(found, str) or _asleep(found, own):
                unknown.append(member)
            elif found.holds:
                moving[company] = max(moving.get(company, (0.0, "")), (found.samples[0].value, member), key=_size)
            else:
                still.add(company)
        still -= moving.keys()
        unknown = [m for m in unknown if self.listings.get(m, m) not in moving.keys() | still]
        return self._counted(context, members, list(moving.values()), len(moving) + len(still), unknown)

    def _unmet(self, prices: SymbolPrices, context: Context) -> Measured | None:
        """That a member has not moved so far by its current quote, as ``measured`` would find; ``None`` where it may
        have. Most have not, and nothing is said of them."""
        standing = context.standing(prices) if self.since.kind == "previous close" else None
        reference = prices.previous_close_price(*standing) if standing is not None else None
        if standing is None or not reference or reference < 0 or self.change.holds(standing[0].price / reference - 1):
            return None
        return Measured(*standing, (), holds=False)

    def _as_member(self, found: Measured | str, context: Context) -> None:
        """The symbol's own move beside those of the others."""
        context.with_group = not isinstance(found, str) and found.holds
        if isinstance(found, str) or (reference := found.samples[0].reference) is None:
            return
        values = tuple(sample.value for sample in found.samples)
        context.group_move = Move(found.quote, found.session, reference, values[0], values, held=found.holds)

    def _counted(
        self,
        context: Context,
        members: tuple[str, ...],
        moving: list[tuple[float, str]],
        known: int,
        unknown: list[str],
    ) -> Check:
        if not known:
            why = "the group is empty" if not members else f"no price for {listing(unknown, LISTED)}"
            return self.check(context, None, why)
        moving.sort(reverse=not self.change.falling)
        share = len(moving) / known
        enough = self.count is None or self.count.holds(len(moving))
        holds = enough and (self.share is None or self.share.holds(share))
        words = f"{len(moving)} of {known} known"
        if moving:
            words += f": {listing([f'{m} {v * 100:+.1f}%' for v, m in moving], LISTED)}"
        if unknown:
            words += f"; unknown: {listing(unknown, LISTED)}"
        return self.check(context, holds, words, float(len(moving)) if self.count else share)


def _size(found: tuple[float, str]) -> float:
    return abs(found[0])


def _asleep(found: Measured, beside: tuple[Quote, Session] | None) -> bool:
    """Whether the market of what was measured says nothing beside a stock with this quote: its session is of another
    date, or was over without the move, which the news may have followed."""
    if beside is None:
        return False
    quote, session = beside
    return found.session.date != session.date or (not found.holds and quote.at > found.session.ends_at)
