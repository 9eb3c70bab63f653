"""Moves of a symbol and of a group of them, and what several symbols' moves are held against."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

import numpy as np

from bot.core.cause.past import Floats
from bot.core.prices.sessions import Session

FALLS = -2.0
"""A move of so many of its own scales is a fall."""


@dataclass(frozen=True, slots=True)
class UnusualMove:
    """A symbol's move in a session against what is usual for it."""

    symbol: str
    session: Session
    change: float
    """Since the previous close."""
    excess: float
    """Change less that of its market."""
    z: float
    """Excess divided by the symbol's usual scale."""


@dataclass(frozen=True, slots=True)
class GroupMove:
    """How a group moved in a session, without the symbol it is compared with."""

    name: str
    members: tuple[UnusualMove, ...]
    z: float
    """Median of the members' z."""
    others: float
    """Median z of the watched symbols outside the group."""
    fell: int
    """How many members fall by more than two of their own scales."""

    @property
    def falling(self) -> tuple[str, ...]:
        """Those members, worst first."""
        return tuple(m.symbol for m in sorted((m for m in self.members if m.z < FALLS), key=attrgetter("z")))

    @property
    def strength(self) -> float:
        """How clearly the group falls, 0 to 1: nothing from a median z of −1, all at −4; less where others fall too."""
        depth = min(max((-self.z - 1.0) / 3.0, 0.0), 1.0)
        share = self.fell / len(self.members) if self.members and depth else 0.0
        apart = min(max((self.others - self.z) / 2.0, 0.0), 1.0)
        return depth * min(1.0, share / 0.6) * apart


@dataclass(frozen=True, slots=True)
class Spread:
    """The moves of one exchange's symbols in one session."""

    exchange: str
    ends_at: datetime
    place_of: Mapping[str, int]
    """Of each symbol in ``ordered``."""
    ordered: Floats
    """Every z, the lowest first."""

    @classmethod
    def of(cls, session: Session, of_symbol: Mapping[str, float]) -> Spread:
        """Of z by symbol in one session."""
        z = np.array(list(of_symbol.values()))
        order, symbols = np.argsort(z, kind="stable"), tuple(of_symbol)
        places = {symbols[n]: place for place, n in enumerate(order.tolist())}
        return cls(session.exchange, session.ends_at, places, z[order])

    def within(self, members: Collection[str]) -> list[int]:
        """The places of those of ``members``."""
        return [place for symbol in members if (place := self.place_of.get(symbol)) is not None]

    def without(self, members: Collection[str]) -> Floats:
        """In order, without those of ``members``."""
        left = np.ones(len(self.ordered), bool)
        left[self.within(members)] = False
        return self.ordered[left]


@dataclass(frozen=True, slots=True)
class WholeGroup:
    """A group in a session in which all its exchanges trade: each of its companies is held against the others."""

    members: Sequence[str]
    moves: tuple[UnusualMove, ...]
    place_of: Mapping[str, int]
    """By company, in ``moves``."""
    ordered: Floats
    """The z of these, the lowest first."""
    listings: Mapping[str, list[float]]
    """By company, the z of those of its listings that are members."""
    others: Floats
    """The z of the watched symbols outside the group, the lowest first."""

    def without(self, company: str, name: str) -> GroupMove | None:
        """The group without one company, which is among the others then."""
        place = self.place_of.get(company)
        inside, moves = self.ordered, self.moves
        if place is not None:
            inside = np.delete(inside, np.searchsorted(inside, moves[place].z))
            moves = moves[:place] + moves[place + 1 :]
        if not moves:
            return None
        own = self.listings.get(company, [])
        others = np.insert(self.others, np.searchsorted(self.others, own), own) if own else self.others
        return GroupMove(name, moves, _middle(inside), _middle(others), int(np.searchsorted(inside, FALLS)))


def _middle(ordered: Floats) -> float:
    """The median of what is in order; 0 of nothing."""
    if not len(ordered):
        return 0.0
    low, high = float(ordered[(len(ordered) - 1) // 2]), float(ordered[len(ordered) // 2])
    return low if len(ordered) % 2 else (low + high) / 2
