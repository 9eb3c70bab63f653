"""Which stories a second reader is asked about: the few that could explain a fall whose cause is in doubt."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.cause.causes import Causes
from bot.core.model import Story
from bot.core.prices.market import Market
from bot.core.prices.sessions import Session

FALL = -0.05
"""A smaller fall is not asked about."""
DOUBTFUL = (0.2, 0.95)
"""Outside this confidence in AI an answer would change nothing."""
MOST_FALLS = 40
"""In a rout hundreds fall over the same few stories, and explaining each of them takes a millisecond or two."""
MOST = 3
"""Stories about one fall."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A fall in the current session or the one before."""

    symbol: str
    session: Session
    change: float


def falls(symbols: Collection[str], causes: Causes, market: Market, at: datetime) -> list[Fall]:
    """The falls of these symbols that are large enough, the worst first."""
    found = []
    for symbol in symbols:
        timetable = market.of(symbol).timetable
        session = timetable.current(at)
        for each in (session, timetable.before(session)) if session is not None else ():
            change = causes.moves.change_in(symbol, each, at) if each is not None else None
            if each is not None and change is not None and change <= FALL:
                found.append(Fall(symbol, each, change))
    return sorted(found, key=lambda f: (f.change, f.symbol, f.session.date))[:MOST_FALLS]


def stories_in_doubt(causes: Causes, fall: Fall, at: datetime) -> Sequence[Story]:
    """The stories that could give AI as the cause of this fall and were not answered about, the plainest first."""
    ranking = causes.explain(fall.symbol, at, session=fall.session)
    if ranking is None:
        return ()
    doubtful = (e for e in ranking.explanations if e.stories and DOUBTFUL[0] <= e.confidence <= DOUBTFUL[1])
    return [
        story
        for explanation in doubtful
        for story in explanation.stories[:MOST]
        if not causes.second_readings.knows(story.id)
    ]
