"""The news room: stories in, readings and matches out. The only entrance to ``news`` for the engine.

State changes only in ``add``, ``add_company`` and ``forget``. Stories come in order of ``seen_at``; how they are
batched makes no difference.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.model import ClusterMatch, Field, Mention, Reach, Reading, ScoreReason, Story, TopicScore
from bot.core.news.clusters import Cluster, Clusters
from bot.core.news.companies import Companies, Company
from bot.core.news.lexicon import Features, Lexicon, Name, settle
from bot.core.news.matching import ClusterView, Entry, counts_at, match_cluster, view_of
from bot.core.news.mentions import mentions_of
from bot.core.news.reader import SUMMARY_READ, TITLE_READ, Content, reader_of
from bot.core.news.text import Folded
from bot.core.news.topics import clipped
from bot.core.news.vocabulary import Topics

PROVEN = 0.5
"""A cluster is about a topic once a story of it scores this by itself."""
_REMEMBERED = 4096
"""Cached answers; cleared when full, and whenever the room changes."""


class NewsIndex:
    """Reads stories, joins them into clusters, and says which clusters reach a symbol.

    ``window`` is how far back any rule looks; stories older than that before the newest may be forgotten. It should be
    at least eight days: clusters do not join over longer gaps than that, nor than ``window``.
    """

    def __init__(self, topics: Topics, companies: Companies, *, window: timedelta) -> None:
        self.topics = topics
        self._companies = companies
        self._window = window
        self._reader = reader_of(topics, companies)
        makers = frozenset(f"company:{lab.company}" for lab in topics.labs if lab.company)
        self._clusters = Clusters(window, makers)
        self._entries: dict[str, Entry] = {}
        self._members: dict[str, list[Entry]] = {}
        self._clusters_naming: dict[str, dict[str, None]] = {}
        self._clusters_meeting: dict[str, dict[str, None]] = {}
        self._reached: dict[str, set[str]] = {}
        self._latest: datetime | None = None
        self._views: dict[tuple[object, ...], ClusterView | None] = {}
        self._answers: dict[tuple[object, ...], tuple[ClusterMatch, ...]] = {}

    @property
    def companies(self) -> Companies:
        """All companies known now, those added at run time included."""
        return self._companies

    # ---------------------------------------------------------------------------------------------------------- in

    def add(self, story: Story) -> Reading | None:
        """Read a story and remember it; ``None``, and no change, where a story of that id is already here."""
        if story.id in self._entries:
            return None
        content = self._reader.read(story)
        reading = Reading(story, content.scores, content.mentions, content.exposures, cluster="", novelty=1.0)
        entry = Entry(reading, _direct(content.mentions))
        self._entries[story.id] = entry
        self._latest = story.seen_at if self._latest is None else max(self._latest, story.seen_at)
        if content.scored:
            self._place(entry, content)
            self._changed()
        return entry.reading

    def _place(self, entry: Entry, content: Content) -> None:
        """Put a scored story into its cluster."""
        cluster, repeats = self._clusters.join(content)
        entry.reading = replace(
            entry.reading,
            topics=self._followed(content, cluster),
            exposures=content.exposures,
            cluster=cluster.id,
            novelty=round(1 / (1 + repeats), 4),
        )
        _insert(self._members.setdefault(cluster.id, []), entry)
        self._index(cluster.id, entry)

    def _followed(self, content: Content, cluster: Cluster) -> tuple[TopicScore, ...]:
        """The story's scores, raised where it follows up what its cluster is about; and what it proves is noted."""
        now = content.story.seen_at
        own = {score.topic: score for score in content.scores}
        result = []
        named = not cluster.anchors.isdisjoint(content.anchors) or not cluster.models.isdisjoint(content.anchors)
        for topic in self.topics.topics:
            score = own.get(topic.name)
            proven = cluster.proven.get(topic.name)
            if score is None:
                continue
            if (
                topic.follow_up
                and proven is not None
                and now - proven <= self._clusters.quiet
                and named
                and score.score < PROVEN
                and topic.name not in content.vetoed
                and any(anchor.startswith(("model:", "family:")) for anchor in content.anchors)
            ):
                score = self._reader.scorers[topic.name].followed(score, cluster.first.title)
                result.append(score)
                if score.score >= PROVEN:  # a saga goes on as long as it is followed
                    cluster.proven[topic.name] = now
                continue
            result.append(score)
            if score.score >= PROVEN:
                cluster.proven[topic.name] = now
        return tuple(result)

    def add_company(
        self,
        symbol: str,
        name: str = "",
        *,
        aliases: Iterable[Name] = (),
        exchange: str = "",
        exposures: Mapping[str, float] | None = None,
    ) -> None:
        """Describe a symbol that ``companies.yaml`` does not know. Stories already here are looked through for it.

        A symbol already described stays as it is.
        """
        if symbol in self._companies:
            return
        company = Company(symbol, name, tuple(aliases), exchange, exposures or {})
        self._companies = self._companies.with_company(company)
        self._reader = reader_of(self.topics, self._companies)
        features = Features()
        lexicon = Lexicon(features)
        lexicon.add("company", symbol, company.names, features.bit("company"))
        for exposure in company.exposures:
            for cid in self._clusters_meeting.get(exposure, {}):
                self._reached[cid].add(symbol)
        for entry in self._entries.values():
            story = entry.reading.story
            parts = [
                lexicon.scan(Folded(story.title[:TITLE_READ]), Field.TITLE),
                lexicon.scan(Folded(story.summary[:SUMMARY_READ]), Field.SUMMARY),
            ]
            kept, _ = settle(parts)
            found = mentions_of([hit for part in kept for hit in part], ())
            if found:
                self._name(entry, symbol, found)
                if not entry.reading.cluster and (content := self._reader.read(story)).scored:
                    self._place(entry, content)  # on a topic that asks for a named company
        self._changed()

    def _name(self, entry: Entry, symbol: str, found: tuple[Mention, ...]) -> None:
        reading = entry.reading
        mentions = tuple(dict.fromkeys((*reading.mentions, *found)))
        entry.reading = replace(reading, mentions=mentions)
        entry.direct[symbol] = max(entry.direct.get(symbol, 0.0), _direct(found)[symbol])
        if reading.cluster:
            self._clusters_naming.setdefault(symbol, {})[reading.cluster] = None
            self._reached.setdefault(reading.cluster, set()).add(symbol)

    def forget(self, before: datetime) -> None:
        """Drop stories seen before ``before``, but nothing within ``window`` of the newest.

        A cluster's first story is kept, as a value, as long as any story of the cluster is.
        """
        if self._latest is None:
            return
        before = min(before, self._latest - self._window)
        old = [entry for entry in self._entries.values() if entry.seen_at < before]
        if not old:
            return
        for entry in old:
            del self._entries[entry.reading.story.id]
        remaining = ((cid, [e for e in entries if e.seen_at >= before]) for cid, entries in self._members.items())
        self._members = {cid: entries for cid, entries in remaining if entries}
        self._clusters.forget(before)
        self._clusters_naming, self._clusters_meeting, self._reached = {}, {}, {}
        for cid, entries in self._members.items():
            for entry in entries:
                self._index(cid, entry)
        self._changed()

    def _index(self, cid: str, entry: Entry) -> None:
        for symbol in entry.direct:
            self._clusters_naming.setdefault(symbol, {})[cid] = None
        for exposure, _ in entry.reading.exposures:
            self._clusters_meeting.setdefault(exposure, {})[cid] = None
        reached = self._reached.setdefault(cid, set())
        reached.update(entry.direct)
        for exposure, _ in entry.reading.exposures:
            reached.update(self._companies.exposed_to(exposure))

    def _changed(self) -> None:
        self._views.clear()
        self._answers.clear()

    # --------------------------------------------------------------------------------------------------------- out

    def __len__(self) -> int:
        return len(self._entries)

    def stories(self) -> tuple[Story, ...]:
        """Every story here, in the order they were added."""
        return tuple(entry.reading.story for entry in self._entries.values())

    def emptied(self, topics: Topics, companies: Companies) -> NewsIndex:
        """A room of the same window without stories, that reads with other topics and companies."""
        return NewsIndex(topics, companies, window=self._window)

    def reading(self, story_id: str) -> Reading | None:
        """How a story was understood; ``None`` for one never added or forgotten."""
        entry = self._entries.get(story_id)
        return entry.reading if entry else None

    def why(self, story_id: str) -> tuple[tuple[str, ScoreReason], ...]:
        """Exposures a story meets, each with what in it says so, strongest first; empty for an unknown one."""
        entry = self._entries.get(story_id)
        return self._reader.why(entry.reading.story) if entry else ()

    def stories_of(self, clusters: Iterable[str]) -> tuple[Story, ...]:
        """The remembered stories of these clusters, in the order they were seen."""
        found = {e.reading.story.id: e.reading.story for c in clusters for e in self._members.get(c, ())}
        return tuple(sorted(found.values(), key=lambda story: (story.seen_at, story.id)))

    def stories_about(self, clusters: Collection[str]) -> tuple[Story, ...]:
        """The stories of these clusters, and those since their first that name the same labs or models: what people say
        of a happening stands in stories of its own. In the order they were seen."""
        told = self.stories_of(clusters)
        if not told:
            return ()
        named = [_makers(self._entries[s.id].reading) for s in told if s.id in self._entries]
        common = {name for names in named for name in names if 3 * sum(name in n for n in named) >= len(named)}
        found = {story.id: story for story in told}
        for entry in self._entries.values():
            story = entry.reading.story
            if story.seen_at >= told[0].seen_at and common & _makers(entry.reading):
                found[story.id] = story
        return tuple(sorted(found.values(), key=lambda story: (story.seen_at, story.id)))

    def reached(self, cluster: str) -> Set[str]:
        """Every symbol that some story of the cluster names, or whose company lives from what one meets, however
        little: whoever else is asked about it, ``matches`` does not find it for them. Empty for an unknown one."""
        return self._reached.get(cluster, frozenset())

    def matches(
        self,
        symbol: str,
        topics: Collection[str],
        *,
        reaches: Collection[Reach] = (Reach.DIRECT, Reach.EXPOSURE),
        min_score: float = 0.5,
        since: datetime,
        until: datetime,
    ) -> list[ClusterMatch]:
        """Clusters that reach ``symbol`` on one of ``topics``, best first.

        A story counts where ``since < seen_at <= until``, its publication (where known and plausible) is not before
        ``since``, and it scores ``min_score`` on one of the topics (all topics where none is given). Reach may come
        from any scored story of the cluster within that time: what a happening means for whom is told bit by bit.
        ``Reach.NONE`` among ``reaches`` lets clusters in that touch the symbol in no way. Raises nothing.
        """
        wanted = tuple(sorted(set(topics))) or tuple(sorted(self.topics.names))
        allowed = frozenset(reaches)
        open_end = self._latest is None or until >= self._latest
        end = None if open_end else until
        key = (symbol, wanted, allowed, min_score, since, end)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._match(symbol, wanted, allowed, min_score, since, end)
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            self._answers[key] = answer
        return list(answer)

    def first_seen(
        self, topics: Collection[str], *, min_score: float = 0.5, since: datetime, until: datetime
    ) -> list[ClusterMatch]:
        """Clusters on one of ``topics`` whose first story was seen then, whomever they reach, in that order.

        As in ``matches``, a story counts where ``since < seen_at <= until`` and it scores ``min_score``.
        """
        nobody = ""
        found = self.matches(nobody, topics, reaches=(Reach.NONE,), min_score=min_score, since=since, until=until)
        found = [m for m in found if since < m.first.seen_at <= until]
        return sorted(found, key=lambda m: (m.first.seen_at, m.cluster))

    def _match(
        self,
        symbol: str,
        topics: tuple[str, ...],
        reaches: frozenset[Reach],
        min_score: float,
        since: datetime,
        until: datetime | None,
    ) -> tuple[ClusterMatch, ...]:
        company = self._companies.get(symbol)
        exposures = company.exposures if company else {}
        ids: dict[str, None] = {}
        if Reach.NONE in reaches:
            ids.update(dict.fromkeys(self._members))
        else:
            if Reach.DIRECT in reaches:
                ids.update(self._clusters_naming.get(symbol, {}))
            if Reach.EXPOSURE in reaches:
                for exposure in exposures:
                    ids.update(self._clusters_meeting.get(exposure, {}))
        found = []
        for cid in ids:
            view = self._view(cid, topics, min_score, since, until)
            if view is not None and (match := match_cluster(view, symbol, exposures, reaches)) is not None:
                found.append(match)
        found.sort(
            key=lambda m: (
                _RANK[m.reach],
                -m.score,
                -len(m.sources),
                -m.strength,
                m.first.seen_at,
                m.cluster,
            )
        )
        return tuple(found)

    def _view(
        self, cid: str, topics: tuple[str, ...], min_score: float, since: datetime, until: datetime | None
    ) -> ClusterView | None:
        key = (cid, topics, min_score, since, until)
        if key not in self._views:
            if len(self._views) >= _REMEMBERED:
                self._views.clear()
            first = self._clusters.all[cid].first
            entries = _between(self._members[cid], since, until)
            relevant = [entry for entry in entries if counts_at(entry.reading.story, since)]
            self._views[key] = view_of(cid, first, relevant, topics, min_score)
        return self._views[key]


_RANK = {Reach.DIRECT: 0, Reach.EXPOSURE: 1, Reach.NONE: 2}


def _direct(mentions: Iterable[Mention]) -> dict[str, float]:
    """How strongly a story names each company."""
    found: dict[str, float] = {}
    for mention in mentions:
        if mention.kind != "company" or mention.where is Field.SOURCE:
            continue
        strength = 1.0 if mention.where is Field.TITLE else 0.6
        found[mention.name] = clipped(max(found.get(mention.name, 0.0), strength))
    return found


def _insert(entries: list[Entry], entry: Entry) -> None:
    """Keep ``seen_at`` order; nearly always an append."""
    if not entries or entries[-1].seen_at <= entry.seen_at:
        entries.append(entry)
    else:
        entries.insert(bisect_right(entries, entry.seen_at, key=_seen), entry)


def _seen(entry: Entry) -> datetime:
    return entry.seen_at


def _between(entries: list[Entry], since: datetime, until: datetime | None) -> list[Entry]:
    start = bisect_right(entries, since, key=_seen)
    stop = len(entries) if until is None else bisect_right(entries, until, key=_seen)
    return entries[start:stop]


def _makers(reading: Reading) -> frozenset[str]:
    """The labs and models a story names."""
    return frozenset(m.name for m in reading.mentions if m.kind in ("lab", "model"))
