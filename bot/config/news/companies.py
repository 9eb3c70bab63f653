"""``rules/companies.yaml``: symbols, names, exchanges, exposures."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field as Setting

from bot.config.news.companies_document import companies_document
from bot.config.news.names import Text, Written, list_references, name_of, unknown
from bot.config.shipped import Beneath
from bot.config.yaml.document import Document, problem
from bot.config.yaml.validation import StrictModel, validate
from bot.core.errors import ConfigError, Problem
from bot.core.news.companies import Companies, Company, TickerWords
from bot.core.news.lexicon import Name

Symbol = Annotated[str, Setting(pattern=r"^\^?[A-Z0-9][A-Z0-9.=-]{0,19}$")]
Exchange = Annotated[str, Setting(pattern=r"^[A-Z0-9]{4}$")]
Strength = Annotated[float, Setting(gt=0, le=1)]


class CompanyEntry(StrictModel):
    """One listed company."""

    name: str = ""
    """The usual name. Also looked for in stories, unless an alias with the same text has conditions."""
    same_as: Symbol | None = None
    """The symbol of this company's main listing, whose name, aliases and exposures it shares."""
    exchange: Exchange
    """ISO 10383 code of its main listing: XNAS, XNYS, XLON, XPAR, XTKS, XHKG."""
    aliases: tuple[Written, ...] = ()
    """Other names, products, subsidiaries; an alias with the same text as the name can give the name conditions."""
    exposures: dict[Text, Strength] = Setting(default_factory=dict)
    """Lines of business that AI news can move, each with how much the company depends on it, 0 to 1."""
    tracks: str = ""
    """Of a fund: what it follows, as messages name it when they give the market: S&P 500."""


class TickersEntry(StrictModel):
    """When a ticker in bare capitals names its company, whether described here or only watched."""

    words: tuple[Text, ...] = ()
    """Tickers that are words or abbreviations first (NOW, AI): bare they count only in a list of other tickers."""
    followed_by: tuple[Text, ...] = ()
    """A ticker counts right before one of these words: CHGG sinks."""
    preceded_by: tuple[Text, ...] = ()
    """The same right after one of these words: shares of CHGG."""


class CompaniesFile(StrictModel):
    """``rules/companies.yaml``."""

    companies: dict[Symbol, CompanyEntry]
    """By symbol, as Yahoo Finance writes it."""
    groups: dict[Text, tuple[Symbol, ...]] = Setting(default_factory=dict)
    """Lists of symbols for rules, as ``group:NAME``. Every exposure is a group already."""
    contexts: dict[Text, tuple[Text, ...]] = Setting(default_factory=dict)
    """Lists of words for ``needs``, ``unless``, ``followed_by`` and ``preceded_by``, as ``@NAME``."""
    tickers: TickersEntry = TickersEntry()
    """When a ticker in bare capitals names its company."""


def load_companies(
    path: Path, *, exposures: Collection[str], lists: Collection[str] = (), beneath: Beneath | None = None
) -> Companies:
    """The companies of ``path``, laid over the shipped ones ``beneath``; without these the file must exist.

    ``exposures``: those the topic files define. ``lists``: their word lists, which ``@NAME`` can also mean. Raises
    ConfigError with every mistake.
    """
    document = companies_document(path, beneath)
    file = validate(document, CompaniesFile)
    problems = list(_problems(document, file, exposures, {*lists, *file.contexts}))
    if problems:
        raise ConfigError(problems)
    companies = [
        Company(
            symbol=symbol,
            name=entry.name or main.name,
            aliases=tuple(_with_contexts(name_of(alias), file.contexts) for alias in (*main.aliases, *entry.aliases)),
            exchange=entry.exchange,
            exposures=entry.exposures or main.exposures,
            tracks=entry.tracks,
            same_as=entry.same_as or "",
        )
        for symbol, entry in file.companies.items()
        for main in (file.companies[entry.same_as] if entry.same_as else CompanyEntry(exchange=entry.exchange),)
    ]
    tickers = TickerWords(
        words=file.tickers.words,
        followed_by=_spread(file.tickers.followed_by, file.contexts),
        preceded_by=_spread(file.tickers.preceded_by, file.contexts),
    )
    return Companies(companies, {name: tuple(symbols) for name, symbols in file.groups.items()}, tickers)


def _spread(conditions: tuple[str, ...], contexts: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """``conditions`` with the words of this file's ``@NAME``; lists of the topic files stay."""
    return tuple(word for c in conditions for word in (contexts.get(c[1:], (c,)) if c.startswith("@") else (c,)))


def _with_contexts(name: Name, contexts: dict[str, tuple[str, ...]]) -> Name:
    return replace(
        name,
        needs=_spread(name.needs, contexts),
        unless=_spread(name.unless, contexts),
        followed_by=_spread(name.followed_by, contexts),
        preceded_by=_spread(name.preceded_by, contexts),
    )


def _problems(
    document: Document, file: CompaniesFile, exposures: Collection[str], lists: Collection[str]
) -> Iterator[Problem]:
    yield from _ticker_words(document, file)
    for symbol, entry in file.companies.items():
        yield from _listing(document, file, symbol, entry)
        for exposure in entry.exposures:
            if exposure not in exposures:
                path = ("companies", symbol, "exposures", exposure)
                message = unknown("exposure", exposure, exposures, "define it in a topic file")
                yield problem(document, path, message, key=True)
        yield from list_references(document, ("companies", symbol, "aliases"), entry.aliases, lists, file.contexts)
        for number, alias in enumerate(entry.aliases):
            if "{" in name_of(alias).text:
                at = ("companies", symbol, "aliases", number)
                yield problem(document, at, "companies have no versions; write the name without {}")
    for name, symbols in file.groups.items():
        if name in exposures:
            message = "an exposure has this name, and is a group already; rename it"
            yield problem(document, ("groups", name), message, key=True)
        for number, symbol in enumerate(symbols):
            if symbol not in file.companies:
                yield problem(document, ("groups", name, number), _no_company(symbol, file))


def _ticker_words(document: Document, file: CompaniesFile) -> Iterator[Problem]:
    """Contexts that ``tickers`` asks for and that are not defined."""
    for key, words in (("followed_by", file.tickers.followed_by), ("preceded_by", file.tickers.preceded_by)):
        for number, word in enumerate(words):
            if word.startswith("@") and word[1:] not in file.contexts:
                message = unknown("context", word[1:], file.contexts, "define it under contexts, or drop the @")
                yield problem(document, ("tickers", key, number), message)


def _listing(document: Document, file: CompaniesFile, symbol: str, entry: CompanyEntry) -> Iterator[Problem]:
    """What is wrong with a company's name or with ``same_as``."""
    if entry.same_as is None:
        if not entry.name:
            yield problem(document, ("companies", symbol), "'name' is missing; add 'name: …', or same_as", key=True)
        return
    main = file.companies.get(entry.same_as)
    path = ("companies", symbol, "same_as")
    if main is None:
        yield problem(document, path, _no_company(entry.same_as, file))
    elif main.same_as is not None:
        yield problem(document, path, f"'{entry.same_as}' is a second listing itself; write '{main.same_as}'")


def _no_company(symbol: str, file: CompaniesFile) -> str:
    return unknown("company", symbol, file.companies, "describe it under companies")
