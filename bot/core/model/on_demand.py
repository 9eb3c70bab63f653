"""Headlines asked for when they are needed: what is wanted, and the sources that can be asked."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

SYMBOLS, WORDS = "{symbols}", "{words}"
"""What an address has where the symbols, or the words to search for, belong."""


class WantedKind(enum.StrEnum):
    """What headlines are wanted about."""

    COMPANY = "company"
    LINE = "line"
    """A line of business."""
    RELEASE = "release"
    """A model whose release was just told."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Headlines about this are wanted now."""

    kind: WantedKind
    name: str
    """The company's symbol, the line's exposure or the model's name."""
    words: str
    """What to search news for."""
    change: float = 0.0
    """How far it has moved in its session; 0 for a release."""

    @property
    def key(self) -> tuple[WantedKind, str]:
        """What it is, however far it has moved."""
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class OnDemandSpec:
    """A source of headlines that is asked about something."""

    name: str
    """Short and unique, among the feeds too; the ``source`` of its stories."""
    template: str
    """An address with ``{symbols}`` (of several companies, with commas between) or ``{words}`` (of one search)."""
    about: frozenset[WantedKind] = frozenset(WantedKind)
    together: int = 1
    """How many companies one request may ask about."""
    stories_per_day: int = 1000
    local: bool = False
    """It may lead to addresses on this machine or its network although its own address is public."""
    through_prices: bool = False
    """It is asked through the price source, one company at a time; its address is that for people."""

    @property
    def by_symbol(self) -> bool:
        """It is asked by symbol, and so about companies alone."""
        return SYMBOLS in self.template

    def answers(self, wanted: Wanted) -> bool:
        """Whether it can be asked about this."""
        return wanted.kind in self.about and (not self.by_symbol or wanted.kind is WantedKind.COMPANY)

    def url(self, wanted: Sequence[Wanted]) -> str:
        """The address that asks about these: at most ``together``, and one where it searches for words."""
        if self.by_symbol:
            return self.template.replace(SYMBOLS, ",".join(quote(w.name, safe="") for w in wanted))
        return self.template.replace(WORDS, quote_plus(wanted[0].words))
