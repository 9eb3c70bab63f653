"""Precedents: the past episodes most like an incident, and what followed them.

Likeness weighs the trigger, the kind of news, the exposures of the stocks that fell, how far they fell and how many,
and how long ago it was. AI shocks come before look-alikes. It offers a comparison, not a forecast. Only what was known
by the incident's session is used: earlier episodes, and outcomes that were known by then.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter
from statistics import median

from bot.core.model.episodes import Episode, EpisodeKind, Fall
from bot.core.news.vocabulary import Topics

TRIGGER, KIND, EXPOSURE, SIZE, RECENCY = 0.2, 0.2, 0.3, 0.15, 0.15
"""Weights of likeness: the trigger, the kind of news, the exposures, how far and how many stocks fell, how long ago: of
two that are as like, people remember the later."""
RELATED = 0.4
"""Likeness of two topics that both concern AI but are different kinds of news."""
LIKE_ENOUGH = 0.35
"""Least likeness shown: a far-fetched comparison is worse than none."""
SAME_LINE = 0.3
"""Least overlap of exposures at which two falls hit the same line of business."""
REMEMBERED = timedelta(days=2 * 365)
OVER = timedelta(days=7)
"""An episode is a precedent once it is so many days old, five sessions, when the last message about an incident goes
out: before that it is not over, and may be the same one."""
MOST = 2
_DAYS = 7 / 5
_HOLIDAYS = 5
"""Days without trading that even a short period may have, as at New Year; one more per five sessions."""
_HORIZONS = {1: attrgetter("next_session"), 5: attrgetter("five_sessions"), 20: attrgetter("twenty_sessions")}


@dataclass(frozen=True, slots=True)
class IncidentProfile:
    """The features of an incident that are compared."""

    session: date
    topic: str
    exposures: Mapping[str, float]
    """The exposures of the stocks that fell, each with its share of them, 0 to 1."""
    change: float
    """The lead's move; below 0 for a fall."""
    breadth: int
    """Number of symbols."""
    kinds: tuple[str, ...] = ()
    """The kinds of news that the stories are."""
    news_since: date | None = None
    """When the first story of the cause was there: an episode since then is of the same news, and no precedent."""


@dataclass(frozen=True, slots=True)
class EpisodeOutcome:
    """The median return some sessions after an episode, from the close of the fall."""

    sessions: int
    change: float
    symbols: int
    """Number of symbols in the median."""


@dataclass(frozen=True, slots=True)
class Precedent:
    """An episode like an incident."""

    episode: Episode
    likeness: float
    """0 to 1."""
    outcomes: tuple[EpisodeOutcome, ...]


def nearest(
    incident: IncidentProfile, episodes: Iterable[Episode], topics: Topics, most: int = MOST
) -> tuple[Precedent, ...]:
    """The earlier episodes most like ``incident``, AI shocks first; of equals, the newer.

    The first is the closest AI shock. Those beside it share the line of business with the incident or, where none
    does, the kind of news. In an AI shock there is a first one even if it shares neither.
    """
    if incident.change >= 0 or not incident.topic:  # next to a fall without a cause they would suggest one
        return ()
    precedents = [
        Precedent(episode, likeness(incident, episode, topics), outcomes(episode, incident.session))
        for episode in episodes
        if episode.session + OVER <= incident.session and episode.falls
        if incident.news_since is None or episode.session < incident.news_since
    ]
    precedents = [p for p in precedents if p.likeness >= LIKE_ENOUGH]
    precedents.sort(key=lambda p: (-round(p.likeness, 6), -p.episode.session.toordinal(), p.episode.name))
    shocks = [p for p in precedents if p.episode.shock]
    first = [p for p in shocks if _shares(incident, p.episode)][:1]
    if not first and incident.topic in topics.ai_causes:
        first = shocks[:1]
    others = [p for p in precedents if p not in first and _shares(incident, p.episode)]
    others.sort(key=lambda p: (not _same_line(incident, p.episode), not p.episode.shock))  # stable: the closest first
    chosen = [*first, *others][:most]
    return tuple(sorted(chosen, key=lambda p: not p.episode.shock))


def likeness(incident: IncidentProfile, episode: Episode, topics: Topics) -> float:
    """How alike they are, 0 to 1."""
    falls = hit(episode)
    depth = _near(abs(incident.change), abs(falls[0].change))
    breadth = _near(float(incident.breadth), float(len(falls)))
    ago = (incident.session - episode.session) / REMEMBERED
    return (
        TRIGGER * _same_trigger(incident.topic, episode.trigger.topic, topics)
        + KIND * _same_kind(incident, episode)
        + EXPOSURE * _overlap(incident.exposures, _exposures_of(episode))
        + SIZE * (depth + breadth) / 2
        + RECENCY * min(1.0, max(0.0, 1 - ago))
    )


def _shares(incident: IncidentProfile, episode: Episode) -> bool:
    return _same_line(incident, episode) or _same_kind(incident, episode)


def _same_line(incident: IncidentProfile, episode: Episode) -> bool:
    return _overlap(incident.exposures, _exposures_of(episode)) >= SAME_LINE


def _same_kind(incident: IncidentProfile, episode: Episode) -> bool:
    return not set(episode.trigger.kinds).isdisjoint(incident.kinds)


def hit(episode: Episode) -> list[Fall]:
    """The symbols that fell, worst first; all where none did. Leaves out what a recorded episode has prices of for
    comparison only: a fund, a company without an exposure to the trigger."""
    fell = [f for f in episode.falls if f.change < 0]
    if episode.kind is EpisodeKind.RECORDED:
        fell = [f for f in fell if f.exposure] or fell
    return fell or list(episode.falls)


def outcomes(episode: Episode, known_at: date) -> tuple[EpisodeOutcome, ...]:
    """What followed after one, five and twenty sessions, as far as it was certainly known at ``known_at``."""
    known = []
    for sessions, of in _HORIZONS.items():
        over = episode.session + timedelta(days=math.ceil(sessions * _DAYS) + _HOLIDAYS + sessions // 5)
        changes = [change for fall in hit(episode) if fall.change < 0 and (change := of(fall)) is not None]
        if changes and over < known_at:
            known.append(EpisodeOutcome(sessions, median(changes), len(changes)))
    return tuple(known)


def exposures_of(lead: Mapping[str, float], others: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The exposures of several companies as shares, largest first.

    The lead counts as much as all others together: the story is about it, and a wide incident would otherwise be too
    mixed to resemble any episode.
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
    return RELATED if {topic, other} <= topics.ai_topics else 0.0


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
