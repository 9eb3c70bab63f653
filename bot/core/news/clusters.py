"""Clusters: stories about one happening.

A story joins a cluster when its text is nearly the same, when it names the same model, or when it names the same
companies or labs and shares distinctive words. Only members seen within ``Clusters.quiet`` before the story are
compared, so neither batching nor forgetting older stories changes the result.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter

from rapidfuzz import fuzz, process

from bot.core.model import Story
from bot.core.news.reader import Content

SAME_TEXT = 75.0
"""rapidfuzz ``ratio`` from which two titles are the same text: no false join in 2,000 headlines."""
SAME_SHORT_TEXT = 88.0
"""The same for titles of less than ``_SHORT`` characters, where one word makes another story."""
QUIET = timedelta(days=8)
"""A cluster without a new story for longer is closed; the next story starts a new one."""
WHOLE = timedelta(days=21)
"""The longest a cluster can span: what comes later under the same name is another happening."""
LOOSE = timedelta(days=3)
"""Stories that share only a lab or words must be at most this far apart."""
_CANDIDATES = 40
"""How many clusters are compared, newest first."""
_SHORT = 40
_COMPARED = 12
"""How many titles of each cluster are compared, newest first."""
_SEEN = attrgetter("seen_at")


@dataclass(slots=True)
class Member:
    """What joining needs to know of a story in a cluster."""

    id: str
    seen_at: datetime
    key: str
    words: frozenset[str]
    entities: frozenset[str]
    companies: frozenset[str]


@dataclass(slots=True)
class Cluster:
    """Stories about one happening. ``first`` is kept even when it is no longer a member."""

    first: Story
    last_at: datetime
    anchors: set[str] = field(default_factory=set)
    """The first anchor of each member."""
    models: set[str] = field(default_factory=set)
    """Those of them that are models."""
    members: list[Member] = field(default_factory=list)
    total: int = 0
    """Members so far, forgotten ones included."""
    proven: dict[str, datetime] = field(default_factory=dict)
    """Topics that a member scored high enough on, and when one last did."""

    @property
    def id(self) -> str:
        """The id of its first story."""
        return self.first.id


_Candidates = list[tuple[Cluster, list[Member]]]
"""Clusters a story may join, each with its recent members."""


class Clusters:
    """All clusters still remembered, indexed by what their members share."""

    def __init__(self, window: timedelta, makers: frozenset[str] = frozenset()) -> None:
        self._makers = makers
        """Listed companies that own a lab, as entities: stories name them beside models every day."""
        self.quiet = min(QUIET, window)
        self.all: dict[str, Cluster] = {}
        self._by_token: dict[str, dict[str, None]] = {}

    def join(self, content: Content) -> tuple[Cluster, int]:
        """Add a scored story to its cluster, or start a new one; also how many members came before it."""
        story = content.story
        cluster = self._revised(content) or self._find(content)
        if cluster is None:
            cluster = self.all[story.id] = Cluster(first=story, last_at=story.seen_at)
        repeats = cluster.total
        names, words = content.entities, content.words
        member = Member(story.id, story.seen_at, content.key, words, names, _companies(names))
        insort(cluster.members, member, key=_SEEN)
        cluster.total += 1
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

    def forget(self, before: datetime) -> None:
        """Drop members seen before ``before``, and the clusters that have none left."""
        gone = set()
        for cluster in list(self.all.values()):
            cluster.members = [m for m in cluster.members if m.seen_at >= before]
            if not cluster.members:
                del self.all[cluster.id]
                gone.add(cluster.id)
        if gone:
            remaining = ((token, [c for c in ids if c not in gone]) for token, ids in self._by_token.items())
            self._by_token = {token: dict.fromkeys(ids) for token, ids in remaining if ids}

    def _revised(self, content: Content) -> Cluster | None:
        """The cluster of the story that this one revises."""
        revised = content.story.revises
        if revised is None:
            return None
        now = content.story.seen_at
        for clusters in (self._candidates(content), self.all.values()):
            for cluster in clusters:
                if self._is_open(cluster, now) and any(m.id == revised for m in self._recent(cluster, now)):
                    return cluster
        return None

    def _candidates(self, content: Content) -> list[Cluster]:
        """Clusters that share an anchor, a name or a distinctive word, newest first."""
        ids: dict[str, None] = {}
        for token in _tokens(content):
            taken = 0
            for cid in reversed(self._by_token.get(token, {})):
                if taken >= _CANDIDATES:
                    break
                if self._is_open(self.all[cid], content.story.seen_at):  # closed ones may be forgotten already
                    ids[cid] = None
                    taken += 1
        return sorted((self.all[cid] for cid in ids), key=lambda c: (c.last_at, c.id), reverse=True)

    def _is_open(self, cluster: Cluster, now: datetime) -> bool:
        """Whether a story seen ``now`` may still join."""
        return now - cluster.last_at <= self.quiet and now - cluster.first.seen_at <= WHOLE

    def _find(self, content: Content) -> Cluster | None:
        candidates = [(c, self._recent(c, content.story.seen_at)) for c in self._candidates(content)]
        if not candidates:
            return None
        return (
            _same_text(content, candidates) or _same_model(content, candidates) or self._same_names(content, candidates)
        )

    def _recent(self, cluster: Cluster, now: datetime) -> list[Member]:
        members = cluster.members
        if not members or now - members[0].seen_at <= self.quiet:  # in order of time, so all of them are recent
            return members
        return members[bisect_left(members, now - self.quiet, key=_SEEN) :]

    def _same_names(self, content: Content, candidates: _Candidates) -> Cluster | None:
        """By names and distinctive words shared with a near member: a company and a model; two names and a word; one
        name and two words; or three words."""
        companies = _companies(content.entities)
        best: tuple[int, Cluster] | None = None
        for cluster, member in _compared(content, candidates):
            if not _near(content, member):
                continue
            both = member.entities & content.entities
            names = len(both)
            shared = len(member.words & content.words)
            fewest = min(len(member.words), len(content.words)) or 1
            # a company and a model in one title: what the one did to the other
            pair = names >= 2 and any(name.startswith("company:") and name not in self._makers for name in both)
            # different companies are described in the same words every quarter
            least = 4 if not both and _differ(companies, member.companies) else 3
            if not pair and (shared / fewest < 0.4 or names + shared < least or shared < 1):
                continue
            if best is None or names + shared > best[0]:
                best = (names + shared, cluster)
        return best[1] if best else None


def _same_text(content: Content, candidates: _Candidates) -> Cluster | None:
    if len(content.key) < 12:  # so short that two may be alike by chance
        return None
    companies = _companies(content.entities)
    # "AMD reports results below estimates" is not "Intel reports results below estimates"
    compared = [
        (cluster, member.key)
        for cluster, member in _compared(content, candidates)
        if not _differ(companies, member.companies)
    ]
    cutoff = SAME_TEXT if len(content.key) >= _SHORT else SAME_SHORT_TEXT
    best = process.extractOne(content.key, [key for _, key in compared], scorer=fuzz.ratio, score_cutoff=cutoff)
    return compared[best[2]][0] if best is not None else None


def _same_model(content: Content, candidates: _Candidates) -> Cluster | None:
    if not content.anchors:
        return None
    first = content.anchors[0]
    if first.startswith("model:"):
        if same := [(c, members) for c, members in candidates if first in c.models]:
            return _largest(same)
        # a name first without its version, then with it, is one happening
        family = next((a for a in content.anchors if a.startswith("family:")), "")
        return _largest(
            [
                (c, members)
                for c, members in candidates
                if not c.models and family in c.anchors and members and _near(content, members[-1])
            ]
        )
    if content.bare:
        version = f"model:{first.removeprefix('family:')} "
        return _largest(
            [(c, ms) for c, ms in candidates if first in c.anchors or any(m.startswith(version) for m in c.models)]
        )
    return None


def _compared(content: Content, candidates: _Candidates) -> Iterator[tuple[Cluster, Member]]:
    """The newest members of each candidate, but not of one about another model: ``… releases GPT-5``, ``… GPT-6``."""
    first = content.anchors[0] if content.anchors else ""
    has_model = first.startswith("model:")
    for cluster, members in candidates[:_CANDIDATES]:
        if not (has_model and cluster.models and first not in cluster.models):
            for member in members[-_COMPARED:]:
                yield cluster, member


def _near(content: Content, member: Member) -> bool:
    return content.story.seen_at - member.seen_at <= LOOSE


def _companies(entities: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in entities if name.startswith("company:"))


def _differ(companies: frozenset[str], others: frozenset[str]) -> bool:
    """Whether both name companies, and none in common."""
    return bool(companies and others) and companies.isdisjoint(others)


def _largest(candidates: _Candidates) -> Cluster | None:
    """The one with most recent members: a bare name means the happening everybody writes about."""
    return max(candidates, key=lambda c: (len(c[1]), c[0].last_at, c[0].id), default=(None, None))[0]


def _tokens(content: Content) -> list[str]:
    """What a cluster is indexed by."""
    return sorted({*content.anchors, *content.entities, *(f"word:{word}" for word in content.words)})
