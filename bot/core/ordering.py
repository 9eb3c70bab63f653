"""The order of observations and changes of one moment: it depends on nothing but themselves."""

from __future__ import annotations

from collections.abc import Set
from itertools import zip_longest
from operator import attrgetter

import numpy as np

from bot.core.model import (
    AlertChange,
    BarColumn,
    DailyBar,
    EarningsDate,
    LearnedName,
    Observation,
    Quote,
    QuoteColumn,
    SecondReading,
    SourceReport,
    Split,
    Story,
)

SOURCED = Story | SourceReport | QuoteColumn | BarColumn
"""What has a source rather than a symbol."""


def waves(quotes: list[Quote]) -> list[list[Quote]]:
    """Quotes in waves of at most one per symbol, each symbol's in order of event time."""
    cut: list[list[Quote]] = []
    position: dict[str, int] = {}
    for quote in _in_order(quotes):
        number = position.get(quote.symbol, 0)
        position[quote.symbol] = number + 1
        if number == len(cut):
            cut.append([])
        cut[number].append(quote)
    return cut


def in_waves(quotes: list[Quote], columns: list[QuoteColumn]) -> list[tuple[list[Quote], QuoteColumn | None]]:
    """``waves`` of quotes with a column each, as far as there are. Where a symbol's quotes do not come in the same
    columns as those of the others, the columns are taken apart."""
    ordered = sorted(columns, key=lambda column: column.kind.rank)
    if not _alike(ordered, {quote.symbol for quote in quotes}):
        quotes, ordered = [*quotes, *(quote for column in ordered for quote in column.quotes())], []
    return [(wave or [], column) for wave, column in zip_longest(waves(quotes), ordered)]


def _alike(columns: list[QuoteColumn], apart: Set[str]) -> bool:
    """Whether columns are of one moment and the same symbols, none of which is among those ``apart``."""
    if not columns:
        return True
    first = columns[0]
    given = ~np.isnan(first.prices)
    return all(
        column.places is first.places and column.at == first.at and bool((np.isnan(column.prices) != given).all())
        for column in columns[1:]
    ) and not any(given[place] for symbol in apart if (place := first.places.get(symbol)) is not None)


def _in_order(quotes: list[Quote]) -> list[Quote]:
    """By event time, kind and symbol; several sorts, as each is stable and quicker than one by all three."""
    ordered = sorted(quotes, key=attrgetter("symbol"))
    if len({quote.kind for quote in ordered}) > 1:
        ordered.sort(key=lambda quote: quote.kind.rank)
    ordered.sort(key=attrgetter("at"))
    return ordered


def canonical(observation: Observation) -> tuple[int, str, str]:
    """A sort key for observations of equal ``seen_at``, whoever delivered first: splits, bars and
    names before stories."""
    match observation:
        case BarColumn(session=day):
            return (1, "", day.isoformat())
        case Split(symbol=symbol, session=session):
            return (0, symbol, session.isoformat())
        case DailyBar(symbol=symbol, session=day) | EarningsDate(symbol=symbol, date=day):
            return (1, symbol, day.isoformat())
        case LearnedName(word=word):
            return (1, word, "")
        case Story(source=source, id=id):
            return (2, source, id)
        case SecondReading(story=story):
            return (3, story, "")
        case _:
            return (4, name_of(observation), "")


def name_of(observation: Observation) -> str:
    """The source of a story, a report or columns, the story of a second reading, a learned word, the symbol of
    everything else."""
    if isinstance(observation, LearnedName):
        return observation.word
    if isinstance(observation, SecondReading):
        return observation.story
    return observation.source if isinstance(observation, SOURCED) else observation.symbol


def worst_first(changes: list[AlertChange]) -> list[AlertChange]:
    """Changes of one moment, most severe and largest first: the first of a new incident leads it."""
    return sorted(changes, key=lambda c: (-c.alert.severity, -abs(c.alert.change or 0.0), c.alert.symbol, c.alert.rule))
