"""Resolves the names in rules: symbols, groups, exposures, benchmarks, topics, labs, models and companies."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from bot.config.yaml.excerpt import shown
from bot.config.yaml.validation import nearest, one_of
from bot.core.model import Story
from bot.core.news import Companies, Topics
from bot.core.news.companies import GROUP_STRENGTH
from bot.core.news.reader import StoryReader
from bot.core.prices.benchmarks import ALONE, Benchmarks
from bot.core.rules.conditions import About

PEERS = "peers"
"""Selects, for each symbol, the companies with the same main exposure."""


class NotWatchedError(ValueError):
    """A selector names a company that exists and is not watched."""


_SHARE_CLASS = re.compile(r"[A-Z]{1,5}\.[A-Z]")
"""A class of shares as most write it: ``BRK.B``."""


@dataclass(frozen=True)
class RuleNames:
    """Everything the names in rules may refer to."""

    watchlist: Collection[str]
    benchmarks: Sequence[str]
    """The first is the default."""
    companies: Companies
    topics: Topics
    groups: Mapping[str, Collection[str]]
    """Groups of ``config.yaml``, in addition to those of ``companies.yaml``."""
    also_known: Collection[str] = ()
    """Symbols that rules may name although they are not watched: a replay watches only those of its episode."""
    news_memory: timedelta = timedelta(days=14)
    """How long stories are kept."""
    markets: Benchmarks = ALONE
    """The indices and futures that stand for markets beside the benchmarks."""
    _selected: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False)

    @cached_property
    def watched(self) -> frozenset[str]:
        """The watchlist as a set."""
        return frozenset(self.watchlist)

    @cached_property
    def nameable(self) -> frozenset[str]:
        """Every symbol a rule may name."""
        return frozenset((*self.watchlist, *self.benchmarks, *self._markets, *self.also_known))

    @cached_property
    def present(self) -> frozenset[str]:
        """Every symbol that has prices here."""
        return frozenset((*self.watchlist, *self.benchmarks, *self._markets))

    @property
    def _markets(self) -> tuple[str, ...]:
        return (*self.markets.indices.values(), *self.markets.futures.values())

    def select(self, selector: str) -> tuple[str, ...]:
        """The symbols that ``selector`` (a symbol, ``all``, ``group:NAME``, ``exposure:NAME``) names.

        They include those only ``also_known``. Raises ValueError saying what is wrong and what to write,
        NotWatchedError where only the watchlist is.
        """
        known = self._selected.get(selector)
        if known is None:
            known = self._selected[selector] = tuple(self._select(selector))
        return known

    def _select(self, selector: str) -> Collection[str]:
        kind, colon, name = selector.partition(":")
        name = name.strip()
        if selector == "all":
            return self.watchlist
        if colon and kind == "group":
            return self._group(name)
        if colon and kind == "exposure":
            if name not in self.topics.exposure_names and name not in self.companies.exposures:
                raise ValueError(one_of(name, sorted(self.topics.exposure_names), "exposure"))
            return [s for s in self.companies.exposed_to(name) if s in self.nameable]
        if selector in self.nameable:
            return (selector,)
        if selector in self.companies:
            raise NotWatchedError(f"'{selector}' is not watched; add it to the watchlist in config.yaml")
        if selector in self.groups or selector in self.companies.group_names or selector == "watchlist":
            raise ValueError(f"'{selector}' is a group; write group:{selector}")
        if colon and kind not in ("group", "exposure", "not"):
            raise ValueError(one_of(kind, ("group", "exposure", "not"), "kind of selection"))
        raise ValueError(self._unknown_symbol(selector))

    def _unknown_symbol(self, written: str) -> str:
        dashed = written.upper().replace(".", "-")
        if dashed in self.nameable:
            return f"unknown symbol '{shown(written)}'; did you mean '{dashed}'?"
        if written.startswith("^"):
            return (
                f"'{shown(written)}' is an index and not watched; add it to benchmarks: in config.yaml, "
                f"and ask for it with market: {{benchmark: {shown(written)}, …}}"
            )
        if nearest(written, self.watchlist):
            return one_of(written, sorted(self.watchlist), "symbol")
        way = f", as Yahoo writes it: {dashed}" if _SHARE_CLASS.fullmatch(written) else ""
        return f"'{shown(written)}' is not watched; add it to the watchlist in config.yaml{way}"

    def _group(self, name: str) -> Collection[str]:
        if name == "watchlist":
            return self.watchlist
        if name == "benchmarks":
            return self.benchmarks
        members = self.groups[name] if name in self.groups else self.companies.group(name)
        if members is None:
            known = {"watchlist", "benchmarks", *self.groups, *self.companies.group_names}
            raise ValueError(one_of(name, sorted(known), "group"))
        return [s for s in members if s in self.nameable]

    def peers(self, symbol: str) -> tuple[str, ...]:
        """The watched symbols with the main exposure of ``symbol``, itself included; none if it has no exposure."""
        company = self.companies.get(symbol)
        main = company.main_exposure if company else ""
        return tuple(s for s in self.companies.exposed_to(main, GROUP_STRENGTH) if s in self.watched)

    def about(self, word: str) -> About:
        """The lab, model or company that ``word`` names, in any letter case. Raises ValueError if there is none."""
        found = self._names.get(word.strip().lower()) or self._as_read(word)
        if found is None:
            near = nearest(word, {a.shown for a in self._names.values()})
            advice = f"did you mean '{near}'?" if near else "write one, like DeepSeek or NVDA"
            raise ValueError(f"no lab, model or company is called '{shown(word)}'; {advice}")
        return found

    @cached_property
    def _names(self) -> dict[str, About]:
        """By lower-case name: labs before models before companies, canonical names before aliases."""
        return {word.lower(): about for word, about in reversed(list(self._named())) if word}

    def _named(self) -> Iterator[tuple[str, About]]:
        labs = [(lab, About("lab", lab.name, lab.name)) for lab in self.topics.labs]
        models = [(f, About("model", f.name, f.name)) for f in self.topics.families]
        companies = [(c, About("company", c.symbol, c.symbol)) for c in self.companies]
        yield from ((lab.name, about) for lab, about in labs)
        yield from ((family.name, about) for family, about in models)
        yield from ((company.symbol, about) for company, about in companies)
        yield from ((company.name, About("company", company.symbol, company.name)) for company, _ in companies)
        yield from ((name.text.rstrip("*"), about) for lab, about in labs for name in lab.names)
        yield from ((name.text.rstrip("*"), about) for family, about in models for name in family.names)

    def _as_read(self, word: str) -> About | None:
        """What the story reader finds in a title that reads ``word``: ``GPT-5``, ``Claude Opus 4.5``."""
        found = self._reader.read(Story("", "", word, datetime.min.replace(tzinfo=UTC))).mentions
        whole = [m for m in found if m.text.strip().lower() == word.strip().lower()]
        best = min(whole, key=lambda m: ("model", "lab", "company").index(m.kind), default=None)
        return About(best.kind, best.name, word) if best else None

    @cached_property
    def _reader(self) -> StoryReader:
        return StoryReader(self.topics, self.companies)
