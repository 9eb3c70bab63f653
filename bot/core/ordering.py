"""The order in which things of one moment are taken: it depends on nothing but themselves."""

from __future__ import annotations

from bot.core.model import AlertChange, DailyBar, EarningsDate, Observation, Quote, SourceReport, Split, Story


def waves(quotes: list[Quote]) -> list[list[Quote]]:
    """Quotes cut so that each wave has at most one per symbol, each symbol's in the order of event time."""
    found: list[list[Quote]] = []
    position: dict[str, int] = {}
    for quote in sorted(quotes, key=lambda q: (q.at, q.kind.rank, q.symbol)):
        number = position.get(quote.symbol, 0)
        position[quote.symbol] = number + 1
        if number == len(found):
            found.append([])
        found[number].append(quote)
    return found


def canonical(observation: Observation) -> tuple[int, str, str]:
    """An order of equal ``seen_at`` that does not depend on who asked first: splits and bars before stories."""
    if isinstance(observation, Story):
        return (2, observation.source, observation.id)
    if isinstance(observation, DailyBar):
        return (1, observation.symbol, observation.session.isoformat())
    if isinstance(observation, Split):
        return (0, observation.symbol, observation.session.isoformat())
    if isinstance(observation, EarningsDate):
        return (1, observation.symbol, observation.date.isoformat())
    return (3, name_of(observation), "")


def name_of(observation: Observation) -> str:
    if isinstance(observation, Story | SourceReport):
        return observation.source
    return observation.symbol


def most_telling(changes: list[AlertChange]) -> list[AlertChange]:
    """Changes of one moment with the most severe and furthest first: the first of a new incident leads it."""
    return sorted(changes, key=lambda c: (-c.alert.severity, -abs(c.alert.change or 0.0), c.alert.symbol, c.alert.rule))
