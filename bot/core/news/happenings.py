"""Clusters of stories, indexed by whom they reach: what a question about a symbol is answered from."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from datetime import datetime
from operator import attrgetter

from bot.core.model import ClusterMatch, Mention, Reach, Story
from bot.core.news.clusters import Clusters
from bot.core.news.companies import Companies
from bot.core.news.matching import ClusterView, Entry, counts_at, direct_of, match_cluster, view_of

_CACHED = 4096
"""Answers cached; cleared when full, and whenever a story comes or goes."""
_RANK = {Reach.DIRECT: 0, Reach.EXPOSURE: 1, Reach.NONE: 2}
_SEEN = attrgetter("seen_at")


class Happenings:
    """Clusters with those of their stories that take part in matching."""

    def __init__(self, clusters: Clusters) -> None:
        self.clusters = clusters
        self._members: dict[str, list[Entry]] = {}
        self._naming: dict[str, dict[str, None]] = {}
        self._meeting: dict[str, dict[str, None]] = {}
        self._reached: dict[str, set[str]] = {}
        self._views: dict[tuple[object, ...], ClusterView | None] = {}
        self._answers: dict[tuple[object, ...], tuple[ClusterMatch, ...]] = {}

    def __contains__(self, cluster: str) -> bool:
        return cluster in self._members

    # ---------------------------------------------------------------------------------------------------------- in

    def place(self, entry: Entry, companies: Companies) -> None:
        """Let a story that has joined a cluster take part in matching."""
        cid = entry.reading.cluster
        insort(self._members.setdefault(cid, []), entry, key=_SEEN)
        self._index(cid, entry, companies)
        self.changed()

    def name(self, entry: Entry, mentions: Iterable[Mention]) -> None:
        """Take note that a story which is here names further companies."""
        cid = entry.reading.cluster
        for symbol, strength in direct_of(mentions).items():
            entry.direct[symbol] = max(entry.direct.get(symbol, 0.0), strength)
            if cid:
                self._naming.setdefault(symbol, {})[cid] = None
                self._reached.setdefault(cid, set()).add(symbol)

    def meet(self, exposures: Iterable[str], symbol: str) -> None:
        """Take note of a company, and of the exposures by which clusters reach it."""
        for exposure in exposures:
            for cid in self._meeting.get(exposure, {}):
                self._reached[cid].add(symbol)

    def forget(self, before: datetime, companies: Companies) -> None:
        """Drop the stories seen before ``before``."""
        remaining = ((cid, [e for e in entries if e.seen_at >= before]) for cid, entries in self._members.items())
        self._members = {cid: entries for cid, entries in remaining if entries}
        self.clusters.forget(before)
        self._naming, self._meeting, self._reached = {}, {}, {}
        for cid, entries in self._members.items():
            for entry in entries:
                self._index(cid, entry, companies)
        self.changed()

    def changed(self) -> None:
        """Give no answer again that was given before now."""
        self._views.clear()
        self._answers.clear()

    def _index(self, cid: str, entry: Entry, companies: Companies) -> None:
        for symbol in entry.direct:
            self._naming.setdefault(symbol, {})[cid] = None
        for exposure, _ in entry.reading.exposures:
            self._meeting.setdefault(exposure, {})[cid] = None
        reached = self._reached.setdefault(cid, set())
        reached.update(entry.direct)
        for exposure, _ in entry.reading.exposures:
            reached.update(companies.exposed_to(exposure))

    # --------------------------------------------------------------------------------------------------------- out

    def entries(self, clusters: Collection[str]) -> Iterator[Entry]:
        """The stories of these clusters, as far as they are here."""
        return (entry for cid in clusters for entry in self._members.get(cid, ()))

    def reached(self, cluster: str) -> Set[str]:
        """The symbols that ``match`` can return this cluster for; empty for an unknown one."""
        return self._reached.get(cluster, frozenset())

    def reach(self, symbol: str, exposures: Iterable[str], reaches: Collection[Reach], since: datetime) -> bool:
        """Whether any cluster with a story seen after ``since`` may be one that ``match`` returns."""
        ids: list[Iterable[str]] = [self._naming.get(symbol, {})] if Reach.DIRECT in reaches else []
        ids += [self._meeting.get(exposure, {}) for exposure in exposures] if Reach.EXPOSURE in reaches else []
        ids = [self._members] if Reach.NONE in reaches else ids
        return any(self._members[cid][-1].seen_at > since for some in ids for cid in some)

    def match(
        self,
        symbol: str,
        exposures: Mapping[str, float],
        topics: tuple[str, ...],
        reaches: Collection[Reach],
        min_score: float,
        since: datetime,
        until: datetime | None,
        only: str = "",
    ) -> list[ClusterMatch]:
        """The clusters that reach ``symbol``, a company with these ``exposures``, best first; with ``only`` none but
        that. Where there are no ``topics``, every story counts, whatever it is about."""
        allowed = frozenset(reaches)
        key = (symbol, topics, allowed, min_score, since, until, only)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._match(symbol, exposures, topics, allowed, min_score, since, until, only)
            if len(self._answers) >= _CACHED:
                self._answers.clear()
            self._answers[key] = answer
        return list(answer)

    def _match(
        self,
        symbol: str,
        exposures: Mapping[str, float],
        topics: tuple[str, ...],
        reaches: frozenset[Reach],
        min_score: float,
        since: datetime,
        until: datetime | None,
        only: str,
    ) -> tuple[ClusterMatch, ...]:
        ids: dict[str, None] = {}
        if only:
            ids.update({only: None} if only in self._members else {})
        elif Reach.NONE in reaches:
            ids.update(dict.fromkeys(self._members))
        else:
            if Reach.DIRECT in reaches:
                ids.update(self._naming.get(symbol, {}))
            if Reach.EXPOSURE in reaches:
                for exposure in exposures:
                    ids.update(self._meeting.get(exposure, {}))
        found = []
        for cid in ids:
            view = self._view(cid, topics, min_score, since, until)
            if view is not None and (match := match_cluster(view, symbol, exposures, reaches)) is not None:
                found.append(match)
        found.sort(key=lambda m: (_RANK[m.reach], -m.score, -len(m.sources), -m.strength, m.first.seen_at, m.cluster))
        return tuple(found)

    def _view(
        self, cid: str, topics: tuple[str, ...], min_score: float, since: datetime, until: datetime | None
    ) -> ClusterView | None:
        key = (cid, topics, min_score, since, until)
        if key not in self._views:
            if len(self._views) >= _CACHED:
                self._views.clear()
            first: Story = self.clusters.all[cid].first
            entries = self._members[cid]
            start = bisect_right(entries, since, key=_SEEN)
            stop = len(entries) if until is None else bisect_right(entries, until, key=_SEEN)
            relevant = [entry for entry in entries[start:stop] if counts_at(entry.reading.story, since)]
            self._views[key] = view_of(cid, first, relevant, topics, min_score)
        return self._views[key]
