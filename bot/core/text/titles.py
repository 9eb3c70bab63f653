"""Titles of topics and exposures and names of companies: what people read in place of the names and symbols that rules
and the history have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Titles:
    """Titles by name. What has none, as a topic that is no longer defined, is called by its name."""

    topics: Mapping[str, str] = field(default_factory=dict)
    exposures: Mapping[str, str] = field(default_factory=dict)
    companies: Mapping[str, str] = field(default_factory=dict)
    """By symbol."""

    def topic(self, name: str) -> str:
        """A topic's title; ``no topic`` for none."""
        return self.topics.get(name, name or "no topic")

    def exposure(self, name: str) -> str:
        """The title of a line of business."""
        return self.exposures.get(name, name)

    def stock(self, symbol: str) -> str:
        """A stock by name and symbol, as messages have it."""
        return stock_words(self.companies.get(symbol, symbol), symbol)

    def label(self, symbol: str) -> str:
        """A stock in a list, as messages have it."""
        return list_label(self.companies.get(symbol, symbol), symbol)


def stock_words(name: str, symbol: str) -> str:
    """``Nvidia (NVDA)``; the symbol alone where it is all that is known."""
    return f"{name} ({symbol})" if name != symbol else symbol


def list_label(name: str, symbol: str) -> str:
    """A symbol in a list: where it is a number or of an exchange abroad, as ``SU.PA``, the company's name."""
    return name if symbol[:1].isdigit() or "." in symbol else symbol
