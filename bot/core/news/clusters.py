"""Clusters: stories about one happening.

A story joins a cluster when it is nearly the same text, when it names the same model, or when it names the same others
and shares the words that tell happenings apart. Decisions look only at members seen within ``Clusters.span`` before the
story, so neither batching nor forgetting older stories changes them.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rapidfuzz import fuzz, process

from bot.core.model import Story
from bot.core.news.reader import Content

SAME_TEXT = 75.0
"""rapidfuzz ``ratio`` from which two titles are one text: measured without a false join on 2,000 headlines."""
SAME_SHORT_TEXT = 88.0
"""The same for titles of less than ``_SHORT`` characters, where one word makes another story."""
QUIET = timedelta(days=8)
"""A happening nobody wrote about for so long is over; the next story begins a new one."""
WHOLE = timedelta(days=21)
"""No cluster spans more: what comes later under the same name is another happening."""
LOOSE = timedelta(days=3)
"""Stories tied by a lab or words alone must be this near."""
_CANDIDATES = 40
"""So many of the newest clusters that share something are compared."""
_SHORT = 40
_COMPARED = 12
"""So many of a cluster's newest titles are compared."""


@dataclass(slots=True)
class Member:
    """One story of a cluster, as far as joining needs it."""

    id: str
    seen_at: datetime
    key: str
    words: frozenset[str]
    entities: frozenset[str]


@dataclass(slots=True)
class Cluster:
    """A happening. ``first`` outlives every other member."""

    first: Story
    last_at: datetime
    anchors: set[str] = field(default_factory=set)
    """Leading anchors of its members."""
    models: set[str] = field(default_factory=set)
    """``model:`` anchors it is about."""
    members: list[Member] = field(default_factory=list)
    total: int = 0
    """Members ever, forgotten ones included."""
    proven: dict[str, datetime] = field(default_factory=dict)
    """Topics some member scores by itself, and when one last did."""
    version: int = 0

    @property
    def id(self) -> str:
        """The id of its first story."""
        return self.first.id


class Clusters:
    """All clusters still remembered, found by what their members share."""

    def __init__(self, window: timedelta, makers: frozenset[str] = frozenset()) -> None:
        self._makers = makers
        """Companies that make models themselves, as entities: those are named beside models every day."""
        self.quiet = min(QUIET, window)
        self.all: dict[str, Cluster] = {}
        self._by_token: dict[str, dict[str, None]] = {}

    def join(self, content: Content) -> tuple[Cluster, int]:
        """Put a scored story into its cluster, a new one if need be; also how many members came before it."""
        story = content.story
        cluster = self._revised(content) or self._find(content)
        if cluster is None:
            cluster = Cluster(first=story, last_at=story.seen_at)
            self.all[story.id] = cluster
        repeats = cluster.total
        member = Member(story.id, story.seen_at, content.key, content.words, content.entities)
        if cluster.members and cluster.members[-1].seen_at > story.seen_at:  # understood only later
            insort(cluster.members, member, key=lambda m: m.seen_at)
        else:
            cluster.members.append(member)
        cluster.total += 1
        cluster.version += 1
        cluster.last_at = max(cluster.last_at, story.seen_at)
        if content.anchors:
            cluster.anchors.add(content.anchors[0])
            if content.anchors[0].startswith("model:"):
                cluster.models.add(content.anchors[0])
        for token in _tokens(content):
            known = self._by_token.setdefault(token, {})
            known.pop(cluster.id, None)
            known[cluster.id] = None  # newest last
        return cluster, repeats

    def forget(self, before: datetime) -> list[Cluster]:
        """Drop members seen before ``before``, and return the clusters that have none left, which are gone."""
        gone = []
        for cluster in list(self.all.values()):
            cluster.members = [m for m in cluster.members if m.seen_at >= before]
            if not cluster.members:
                gone.append(self.all.pop(cluster.id))
        if gone:
            ids = {cluster.id for cluster in gone}
            for token in list(self._by_token):
                left = {cid: None for cid in self._by_token[token] if cid not in ids}
                if left:
                    self._by_token[token] = left
                else:
                    del self._by_token[token]
        return gone

    def _revised(self, content: Content) -> Cluster | None:
        """The cluster of the story that this one is a rewrite of."""
        revised = content.story.revises
        if revised is None:
            return None
        now = content.story.seen_at
        for clusters in (self._candidates(content), self.all.values()):
            for cluster in clusters:
                if self._is_open(cluster, content) and any(m.id == revised for m in self._recent(cluster, now)):
                    return cluster
        return None

    def _candidates(self, content: Content) -> list[Cluster]:
        """Clusters that share an anchor, a name or a telling word, newest first."""
        ids: dict[str, None] = {}
        for token in _tokens(content):
            taken = 0
            for cid in reversed(self._by_token.get(token, {})):
                if taken >= _CANDIDATES:
                    break
                if self._is_open(self.all[cid], content):  # closed ones take no room: they may be forgotten or not
                    ids[cid] = None
                    taken += 1
        found = [self.all[cid] for cid in ids]
        found.sort(key=lambda c: (c.last_at, c.id), reverse=True)
        return found

    def _is_open(self, cluster: Cluster, content: Content) -> bool:
        """True for a cluster that a story of this moment may still join."""
        now = content.story.seen_at
        return now - cluster.last_at <= self.quiet and now - cluster.first.seen_at <= WHOLE

    def _find(self, content: Content) -> Cluster | None:
        candidates = self._candidates(content)
        if not candidates:
            return None
        now = content.story.seen_at
        recent = {c.id: self._recent(c, now) for c in candidates}
        return (
            self._same_text(content, candidates, recent)
            or self._same_model(content, candidates, recent)
            or self._same_names(content, candidates, recent)
        )

    def _recent(self, cluster: Cluster, now: datetime) -> list[Member]:
        members = cluster.members
        if not members or now - members[0].seen_at <= self.quiet:  # they come in order, so all of them are
            return members
        return [m for m in members if now - m.seen_at <= self.quiet]

    def _same_text(
        self, content: Content, candidates: list[Cluster], recent: dict[str, list[Member]]
    ) -> Cluster | None:
        if len(content.key) < 12:  # too short to be the same by chance of letters
            return None
        cutoff = SAME_TEXT if len(content.key) >= _SHORT else SAME_SHORT_TEXT
        keys: list[str] = []
        owners: list[Cluster] = []
        companies = _companies(content.entities)
        for cluster in candidates[:_CANDIDATES]:
            if self._another_model(content, cluster):
                continue
            for member in recent[cluster.id][-_COMPARED:]:
                # "AMD reports results below estimates" is not "Intel reports results below estimates"
                if companies and (others := _companies(member.entities)) and companies.isdisjoint(others):
                    continue
                keys.append(member.key)
                owners.append(cluster)
        found = process.extractOne(content.key, keys, scorer=fuzz.ratio, score_cutoff=cutoff)
        return owners[found[2]] if found is not None else None

    @staticmethod
    def _another_model(content: Content, cluster: Cluster) -> bool:
        """Both are about models with versions, and not the same: ``… releases GPT-5``, ``… releases GPT-6``."""
        first = content.anchors[0] if content.anchors else ""
        return first.startswith("model:") and bool(cluster.models) and first not in cluster.models

    def _same_model(
        self, content: Content, candidates: list[Cluster], recent: dict[str, list[Member]]
    ) -> Cluster | None:
        if not content.anchors:
            return None
        first = content.anchors[0]
        if first.startswith("model:"):
            same = [c for c in candidates if first in c.models]
            if same:
                return _fullest(same, recent)
            # a name first without its version, then with it, is one happening
            family = next((a for a in content.anchors if a.startswith("family:")), "")
            return _fullest(
                [c for c in candidates if not c.models and family in c.anchors and self._near(content, recent[c.id])],
                recent,
            )
        if content.bare:
            family = first.removeprefix("family:")
            same = [c for c in candidates if first in c.anchors or any(_of_family(model, family) for model in c.models)]
            return _fullest(same, recent)
        return None

    def _same_names(
        self, content: Content, candidates: list[Cluster], recent: dict[str, list[Member]]
    ) -> Cluster | None:
        """A company and a model; two names and a telling word; one and two; or three words, with some near member."""
        now = content.story.seen_at
        companies = _companies(content.entities)
        best: tuple[int, int] | None = None
        for number, cluster in enumerate(candidates[:_CANDIDATES]):
            if self._another_model(content, cluster):
                continue
            for member in recent[cluster.id][-_COMPARED:]:
                if now - member.seen_at > LOOSE:
                    continue
                both = member.entities & content.entities
                names = len(both)
                telling = len(member.words & content.words)
                fewest = min(len(member.words), len(content.words)) or 1
                # a company and a model in one title: what the one did to the other
                pair = names >= 2 and any(name.startswith("company:") and name not in self._makers for name in both)
                least = 3
                if not both and companies and (others := _companies(member.entities)) and companies.isdisjoint(others):
                    least = 4  # two companies are told of in the same words every quarter
                if not pair and (telling / fewest < 0.4 or names + telling < least or telling < 1):
                    continue
                if best is None or names + telling > best[0]:
                    best = (names + telling, number)
        return candidates[best[1]] if best else None

    @staticmethod
    def _near(content: Content, members: list[Member]) -> bool:
        return any(content.story.seen_at - member.seen_at <= LOOSE for member in members)


def _companies(entities: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in entities if name.startswith("company:"))


def _of_family(model: str, family: str) -> bool:
    return model.removeprefix("model:").startswith(f"{family} ")


def _fullest(clusters: list[Cluster], recent: dict[str, list[Member]]) -> Cluster | None:
    """The one with most recent members: a bare name means the happening everybody writes about."""
    if not clusters:
        return None
    return max(clusters, key=lambda c: (len(recent[c.id]), c.last_at, c.id))


def _tokens(content: Content) -> list[str]:
    """What a cluster is found by."""
    anchors = {*content.anchors, *content.entities}
    anchors.update(f"word:{word}" for word in content.words)
    return sorted(anchors)
