"""Companies: symbols, names, listings and exposures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.core.news.lexicon import Name
from bot.core.text.titles import list_label, stock_words

GROUP_STRENGTH = 0.3
"""The least exposure of a company in the group that an exposure gives its name to."""


@dataclass(frozen=True, slots=True)
class Company:
    """A listed company (or fund)."""

    symbol: str
    """As Yahoo writes it: ``NVDA``, ``BRK-B``, ``REL.L``."""
    name: str
    """Shown to people, and looked for in stories, unless an alias with the same text has conditions."""
    aliases: tuple[Name, ...] = ()
    exchange: str = ""
    """ISO 10383 code: ``XNAS``, ``XNYS``, ``XLON``; empty where unknown."""
    exposures: Mapping[str, float] = field(default_factory=dict)
    """Lines of business that AI news can move, each with how much the company depends on it, 0 to 1."""
    tracks: str = ""
    """Of a fund that messages give as the market: what it follows (``S&P 500``)."""
    same_as: str = ""
    """Of a second listing: the symbol of the main one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "exposures", MappingProxyType(dict(self.exposures)))

    @property
    def names(self) -> tuple[Name, ...]:
        """All its names in stories."""
        if any(alias.text.rstrip("*") == self.name for alias in self.aliases) or not self.name:
            return self.aliases
        return (Name(self.name), *self.aliases)

    @property
    def main_exposure(self) -> str:
        """Its strongest exposure; of equally strong ones the last by name. Empty without exposures."""
        return max(self.exposures, key=lambda name: (self.exposures[name], name), default="")


@dataclass(frozen=True, slots=True)
class TickerWords:
    """What makes a word in capitals a ticker."""

    words: tuple[str, ...] = ()
    """Tickers that are words or abbreviations first: ``NOW``, ``AI``."""
    followed_by: tuple[str, ...] = ()
    """Words right after a ticker: ``CHGG sinks``."""
    preceded_by: tuple[str, ...] = ()
    """Words right before one: ``shares of CHGG``."""


class Companies:
    """All known companies by symbol, and groups of symbols."""

    def __init__(
        self,
        companies: Iterable[Company] = (),
        groups: Mapping[str, Collection[str]] | None = None,
        tickers: TickerWords | None = None,
    ) -> None:
        self.tickers = tickers or TickerWords()
        """When a bare ticker in a story names a company."""
        self._by_symbol = {company.symbol: company for company in companies}
        self._groups = {name: tuple(symbols) for name, symbols in (groups or {}).items()}
        self._by_exposure: dict[str, list[tuple[float, str]]] = {}
        for company in self._by_symbol.values():
            for exposure, strength in company.exposures.items():
                self._by_exposure.setdefault(exposure, []).append((strength, company.symbol))
        for members in self._by_exposure.values():
            members.sort(key=lambda member: (-member[0], member[1]))

    def get(self, symbol: str) -> Company | None:
        """The company listed as ``symbol``; ``None`` where it is not described."""
        return self._by_symbol.get(symbol)

    def company_of(self, symbol: str) -> str:
        """The symbol of the company's main listing, the same for all its listings."""
        company = self.get(symbol)
        return (company.same_as if company else "") or symbol

    def name_of(self, symbol: str) -> str:
        """The company's name; the symbol where it has none."""
        company = self.get(symbol)
        return (company.name if company else "") or symbol

    def label_of(self, symbol: str) -> str:
        """A symbol in a list: where it is a number or of an exchange abroad, as ``SU.PA``, the company's name, unless
        that is the symbol of another listing: ``ASML.AS`` beside ``ASML``."""
        label = list_label(self.name_of(symbol), symbol)
        return symbol if label != symbol and label in self._by_symbol else label

    def stock_of(self, symbol: str) -> str:
        """``Nvidia (NVDA)``; the symbol alone where it has no name."""
        return stock_words(self.name_of(symbol), symbol)

    @property
    def indices(self) -> tuple[Company, ...]:
        """The funds that messages give as the market, in file order."""
        return tuple(company for company in self._by_symbol.values() if company.tracks)

    def exposures_of(self, symbol: str) -> Mapping[str, float]:
        """The company's exposures; none where it is not described."""
        company = self.get(symbol)
        return company.exposures if company else {}

    def lines_of(self, symbol: str) -> tuple[str, ...]:
        """The lines of business a company has a considerable share in, the main one first."""
        shares = self.exposures_of(symbol)
        return tuple(sorted((e for e in shares if shares[e] >= GROUP_STRENGTH), key=lambda e: (-shares[e], e)))

    def shared_line(self, symbols: Collection[str]) -> str:
        """The line of business that all of ``symbols`` have a considerable share in, the one they depend on most;
        empty where there is none."""
        shared = frozenset.intersection(*(frozenset(self.lines_of(s)) for s in symbols)) if symbols else frozenset()
        return max(shared, key=lambda e: (sum(self.exposures_of(s)[e] for s in symbols), e), default="")

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._by_symbol

    def __iter__(self) -> Iterator[Company]:
        return iter(self._by_symbol.values())

    def __len__(self) -> int:
        return len(self._by_symbol)

    def exposed_to(self, exposure: str, at_least: float = 0.0) -> tuple[str, ...]:
        """Symbols exposed to ``exposure`` with at least that strength, strongest first, then by symbol."""
        return tuple(symbol for strength, symbol in self._by_exposure.get(exposure, ()) if strength >= at_least)

    @property
    def exposures(self) -> tuple[str, ...]:
        """Every exposure that some company has, in order of first use."""
        return tuple(self._by_exposure)

    @property
    def group_names(self) -> tuple[str, ...]:
        """Names that ``group`` accepts: the file's groups, then the exposures."""
        return tuple(dict.fromkeys((*self._groups, *self._by_exposure)))

    def group(self, name: str) -> tuple[str, ...] | None:
        """Symbols of a group, or of an exposure's group; ``None`` where there is no such group."""
        if name in self._groups:
            return self._groups[name]
        return self.exposed_to(name, GROUP_STRENGTH) if name in self._by_exposure else None

    def with_companies(self, more: Iterable[Company]) -> Companies:
        """A copy with ``more`` added; symbols that are described already stay as they are."""
        return Companies(
            [*self, *(company for company in more if company.symbol not in self)], self._groups, self.tickers
        )
