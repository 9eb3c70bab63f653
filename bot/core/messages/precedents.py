"""Precedents: past episodes that are most like an incident, and what followed them.

Likeness weighs what set them off, what those who fell live from, how far they fell and how many. It says nothing of
what will happen; it says what to compare with. Only the past counts: an episode of a later session is none, nor is an
outcome that was not out yet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from bot.core.model.episodes import Episode, EpisodeKind, Fall
from bot.core.news.vocabulary import Topics

TRIGGER, EXPOSURE, SIZE = 0.4, 0.4, 0.2
"""Shares of likeness: what set it off, what those who fell live from, how far they fell and how many."""
RELATED = 0.4
"""Two topics that both concern AI, but are not the same kind of news."""
LIKE_ENOUGH = 0.45
"""Below this nothing is shown: a far-fetched comparison is worse than none."""
_DAYS = 7 / 5
_HOLIDAYS = 5
"""Days without trading that even a short stretch may have, as at New Year; one more in five sessions."""


@dataclass(frozen=True, slots=True)
class IncidentProfile:
    """What an incident is compared by."""

    session: date
    topic: str
    exposures: Mapping[str, float]
    """What those who fell live from, each with its share of them, 0 to 1."""
    change: float
    """The lead's move; below 0 for a fall."""
    breadth: int
    """How many symbols it has."""


@dataclass(frozen=True, slots=True)
class EpisodeOutcome:
    """What followed an episode within so many sessions: the median return against the close of the fall."""

    sessions: int
    change: float
    symbols: int
    """Over how many symbols."""


@dataclass(frozen=True, slots=True)
class Precedent:
    """An episode that is like an incident."""

    episode: Episode
    likeness: float
    """0 to 1."""
    outcomes: tuple[EpisodeOutcome, ...]


def nearest(
    happening: IncidentProfile, episodes: Iterable[Episode], topics: Topics, most: int = 3
) -> tuple[Precedent, ...]:
    """The episodes from before that are most like ``happening``, the likest first; of equals, the newer."""
    if happening.change >= 0 or not happening.topic:  # beside a fall without a cause they would hint at one
        return ()
    found = [
        Precedent(episode, likeness(happening, episode, topics), outcomes(episode, happening.session))
        for episode in episodes
        if episode.session < happening.session and episode.falls
    ]
    found = [p for p in found if p.likeness >= LIKE_ENOUGH]
    found.sort(key=lambda p: (-round(p.likeness, 6), -p.episode.session.toordinal(), p.episode.name))
    return tuple(found[:most])


def likeness(happening: IncidentProfile, episode: Episode, topics: Topics) -> float:
    """How like they are, 0 to 1."""
    trigger = _same_trigger(happening.topic, episode.trigger.topic, topics)
    exposure = _overlap(happening.exposures, _exposures_of(episode))
    falls = hit(episode)
    depth = _near(abs(happening.change), abs(falls[0].change))
    breadth = _near(float(happening.breadth), float(len(falls)))
    return TRIGGER * trigger + EXPOSURE * exposure + SIZE * (depth + breadth) / 2


def hit(episode: Episode) -> list[Fall]:
    """Those that fell, worst first; where none did, all. What a recorded episode has prices of for comparison alone (a
    fund, a company with no line of work the trigger could hit) is none of them."""
    fell = [f for f in episode.falls if f.change < 0]
    if episode.kind is EpisodeKind.RECORDED:
        fell = [f for f in fell if f.exposure] or fell
    return fell or list(episode.falls)


def outcomes(episode: Episode, known_at: date) -> tuple[EpisodeOutcome, ...]:
    """What followed in one, five and twenty sessions, as far as it was over by ``known_at``."""
    found = []
    for sessions, of in ((1, _next_session), (5, _five_sessions), (20, _twenty_sessions)):
        out = episode.session + timedelta(days=math.ceil(sessions * _DAYS) + _HOLIDAYS + sessions // 5)
        known = [change for fall in hit(episode) if fall.change < 0 and (change := of(fall)) is not None]
        if known and out < known_at:
            found.append(EpisodeOutcome(sessions, median(known), len(known)))
    return tuple(found)


def exposures_of(lead: Mapping[str, float], others: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The exposures of several companies as shares: what the most of them live from most comes first.

    The lead counts as much as all others together: it is whom the story is about. A wide incident is otherwise so
    mixed that it is like no episode.
    """
    symbols = [*([lead] * max(len(others), 1) if lead else []), *others]
    shares: dict[str, float] = {}
    for exposures in symbols:
        for name, strength in exposures.items():
            shares[name] = shares.get(name, 0.0) + strength / len(symbols)
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def _same_trigger(topic: str, other: str, topics: Topics) -> float:
    if topic == other or {topic, other} <= topics.ai_causes:
        return 1.0 if topic else 0.0
    return RELATED if {topic, other} <= topics.concerning_ai else 0.0


def _exposures_of(episode: Episode) -> dict[str, float]:
    named = [f.exposure for f in episode.falls if f.exposure and f.change < 0]
    shares = {name: named.count(name) / len(named) for name in named}
    for name in episode.trigger.exposures:
        shares[name] = max(shares.get(name, 0.0), 1 / len(episode.trigger.exposures))
    return shares


def _overlap(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The cosine of two sets of shares, 0 to 1."""
    product = sum(share * other.get(name, 0.0) for name, share in one.items())
    lengths = math.sqrt(sum(s * s for s in one.values()) * sum(s * s for s in other.values()))
    return product / lengths if lengths else 0.0


def _near(one: float, other: float) -> float:
    """1 for equal sizes, falling to 0 where one is eight times the other."""
    if one <= 0 or other <= 0:
        return 0.0
    return max(0.0, 1 - abs(math.log2(one / other)) / 3)


def _next_session(fall: Fall) -> float | None:
    return fall.next_session


def _five_sessions(fall: Fall) -> float | None:
    return fall.five_sessions


def _twenty_sessions(fall: Fall) -> float | None:
    return fall.twenty_sessions
