"""Which source told first, how often, and how late the others were: from one's own history."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from bot.app.stores import Place, open_history
from bot.config.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Rank:
    """What one source was worth. A happening is one that an alert points to as its cause."""

    source: str
    stories: int
    """All that it brought."""
    told: int
    """Happenings it told of."""
    first: int
    """Of these, the ones it told of before every other source, or at the same moment as the first."""
    alone: int
    """Of these, the ones nobody else told of."""
    late: timedelta | None
    """By how much it was later than the first, in the median of those that it was not the first to tell."""
    configured: bool
    """Whether it is asked now."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """All sources, the best first."""

    happenings: int
    ranks: tuple[Rank, ...]


def rank_feeds(database: Place, settings: Settings, since: datetime) -> Ranking:
    """The sources of the history's stories since then, and those that are configured. Raises StoreError."""
    with open_history(database) as history:
        return ranked(history.told_by_source(since), history.stories_by_source(since), asked(settings))


def asked(settings: Settings) -> Collection[str]:
    """The names of everything that is asked for stories."""
    feeds = {spec.name for spec in settings.feed_specs} | {spec.name for spec in settings.on_demand_specs}
    return feeds | {source.type for source in settings.news_sources if source.enabled}


def ranked(
    told: Iterable[tuple[str, str, datetime]], stories: Mapping[str, int], configured: Collection[str]
) -> Ranking:
    """``told``: happening, source, and when it told of it first. ``stories``: how many each source brought."""
    times: dict[str, dict[str, datetime]] = {}
    for happening, source, at in told:
        times.setdefault(happening, {})[source] = at
    ranks = []
    for source in {*stories, *configured, *(name for each in times.values() for name in each)}:
        mine = [(each[source] - min(each.values()), len(each)) for each in times.values() if source in each]
        behind = [delay.total_seconds() for delay, _ in mine if delay]
        rank = Rank(
            source,
            stories.get(source, 0),
            told=len(mine),
            first=len(mine) - len(behind),
            alone=sum(sources == 1 for _, sources in mine),
            late=timedelta(seconds=median(behind)) if behind else None,
            configured=source in configured,
        )
        ranks.append(rank)
    ranks.sort(key=lambda r: (-r.first, -r.told, r.late or timedelta(), -r.stories, r.source))
    return Ranking(len(times), tuple(ranks))


def rank_objects(ranking: Ranking) -> Iterator[dict[str, Any]]:
    """One JSON object for each source."""
    for rank in ranking.ranks:
        yield {
            "type": "source rank",
            "source": rank.source,
            "configured": rank.configured,
            "stories": rank.stories,
            "happenings": ranking.happenings,
            "told": rank.told,
            "first": rank.first,
            "alone": rank.alone,
            "median_late_seconds": round(rank.late.total_seconds()) if rank.late is not None else None,
        }
