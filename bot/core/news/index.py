"""The news index: stories in, readings and matches out. The engine uses ``news`` through nothing else.

State changes only in ``add``, ``add_companies_in_steps`` and ``forget``. Stories come in order of ``seen_at``; how
they are batched makes no difference.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter

from bot.core.model import ClusterMatch, Field, Mention, Reach, Reading, ScoreReason, Story, TopicScore
from bot.core.news.clusters import Cluster, Clusters
from bot.core.news.companies import Companies
from bot.core.news.lexicon import Features, Lexicon
from bot.core.news.matching import ClusterView, Entry, counts_at, match_cluster, view_of
from bot.core.news.reader import SUMMARY_READ, TITLE_READ, Content, StoryReader, reader_of
from bot.core.news.repetition import Said, said_by
from bot.core.news.text import Folded
from bot.core.news.topics import clipped
from bot.core.news.vocabulary import Topics

PROVEN = 0.5
"""A cluster is about a topic once one of its stories scores this by itself."""
MOST = 50_000
"""Stories remembered; of more, the oldest tenth is forgotten, whatever the window. A busy week is a third of this."""
_CACHED = 4096
"""Answers cached; cleared when full, and whenever the index changes."""
_RANK = {Reach.DIRECT: 0, Reach.EXPOSURE: 1, Reach.NONE: 2}
_SEEN = attrgetter("seen_at")


class NewsIndex:
    """Reads stories, groups them into clusters, and says which clusters reach a symbol.

    ``window`` is how far back any rule looks; ``forget`` may drop what is older, counted from the newest story. It
    should be at least eight days: no cluster continues after a longer gap, nor after one longer than ``window``.
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
        """The stories of each cluster that take part in matching."""
        self._said: dict[tuple[str, str], Said] = {}
        """By cluster and source."""
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
        """Read a story and keep it. ``None``, and no change, where a story with its id is already here."""
        if story.id in self._entries:
            return None
        content = self._reader.read(story)
        reading = Reading(story, content.scores, content.mentions, content.exposures, "", 1.0, content.attributions)
        entry = Entry(reading, _direct(content.mentions))
        self._entries[story.id] = entry
        self._latest = story.seen_at if self._latest is None else max(self._latest, story.seen_at)
        if content.scored:
            self._place(entry, content)
            self._changed()
        if len(self._entries) > MOST:
            self._keep_from(next(islice(self._entries.values(), MOST // 10, None)).seen_at)
        return entry.reading

    def _place(self, entry: Entry, content: Content) -> None:
        """Add a scored story to its cluster."""
        cluster, repeats = self._clusters.join(content)
        entry.reading = replace(
            entry.reading,
            topics=self._followed(content, cluster),
            exposures=content.exposures,
            cluster=cluster.id,
            novelty=round(1 / (1 + repeats), 4),
        )
        self._weigh(entry)

    def _weigh(self, entry: Entry) -> None:
        """Let the story take part in matching, unless its source has said as much often enough."""
        cid, source = entry.reading.cluster, entry.reading.story.source
        if self._said.setdefault((cid, source), Said()).adds(entry.seen_at, said_by(entry)):
            entry.weighed = True
            insort(self._members.setdefault(cid, []), entry, key=_SEEN)
            self._index(cid, entry)

    def _followed(self, content: Content, cluster: Cluster) -> tuple[TopicScore, ...]:
        """The story's scores, raised where it follows up what its cluster is about; notes the topics it proves."""
        now = content.story.seen_at
        names_same = not cluster.anchors.isdisjoint(content.anchors) or not cluster.models.isdisjoint(content.anchors)
        scores = []
        for score in content.scores:
            scorer = self._reader.scorers[score.topic]
            proven = cluster.proven.get(score.topic)
            if (
                scorer.topic.follow_up
                and proven is not None
                and now - proven <= self._clusters.quiet
                and names_same
                and score.score < PROVEN
                and score.topic not in content.vetoed
                and any(anchor.startswith(("model:", "family:")) for anchor in content.anchors)
            ):
                score = scorer.followed(score, cluster.first.title)
            scores.append(score)
            if score.score >= PROVEN:  # follow-ups included: a saga goes on as long as it is followed
                cluster.proven[score.topic] = now
        return tuple(scores)

    def add_companies_in_steps(self, companies: Companies) -> Iterator[int]:
        """Know ``companies``, those known now and others, and search the stories already here for the others.

        They are known at the first step. Yields how many stories were searched, after each, so that an event loop need
        not be blocked; stories may come in and be forgotten meanwhile. All at once, because each change of the
        vocabulary compiles the whole of it: call ``reader_of`` before, in a thread, where that would take too long.
        """
        features = Features()
        lexicon = Lexicon(features)
        added = {company.symbol for company in companies} - {company.symbol for company in self._companies}
        for company in companies:
            if company.symbol in added:
                lexicon.add("company", company.symbol, company.names, features.bit("company"))
                for exposure in company.exposures:
                    for cid in self._clusters_meeting.get(exposure, {}):
                        self._reached[cid].add(company.symbol)
        self._companies = companies
        self._reader = reader_of(self.topics, companies)
        self._changed()
        yield 0
        for number, entry in enumerate(list(self._entries.values()), 1):
            if self._entries.get(entry.reading.story.id) is entry:
                self._search(entry, lexicon, added)
            yield number

    def _search(self, entry: Entry, lexicon: Lexicon, added: Set[str]) -> None:
        """Add what a story says about companies that were unknown when it was read."""
        story = entry.reading.story
        title, summary = Folded(story.title[:TITLE_READ]), Folded(story.summary[:SUMMARY_READ])
        for text, where in ((title, Field.TITLE), (summary, Field.SUMMARY)):
            if lexicon.scan(text, where) or any(t.name in added for t in self._reader.tickers(text, where)):
                break
        else:
            return
        content = self._reader.read(story)
        if mentions := tuple(m for m in content.mentions if m.kind == "company" and m.name in added):
            entry.reading = replace(entry.reading, attributions=content.attributions)
            self._add_mentions(entry, mentions)
            if not entry.reading.cluster and content.scored:
                self._place(entry, content)  # on a topic that requires a company
            elif entry.reading.cluster and not entry.weighed:
                self._weigh(entry)
            self._changed()

    def _add_mentions(self, entry: Entry, mentions: tuple[Mention, ...]) -> None:
        reading = entry.reading
        entry.reading = replace(reading, mentions=tuple(dict.fromkeys((*reading.mentions, *mentions))))
        for symbol, strength in _direct(mentions).items():
            entry.direct[symbol] = max(entry.direct.get(symbol, 0.0), strength)
            if reading.cluster:
                self._clusters_naming.setdefault(symbol, {})[reading.cluster] = None
                self._reached.setdefault(reading.cluster, set()).add(symbol)

    def forget(self, before: datetime) -> None:
        """Drop stories seen before ``before``, but none within ``window`` of the newest.

        ``Cluster.first`` is kept as long as the cluster has any story.
        """
        if self._latest is None:
            return
        self._keep_from(min(before, self._latest - self._window))

    def _keep_from(self, before: datetime) -> None:
        kept = {sid: entry for sid, entry in self._entries.items() if entry.seen_at >= before}
        if len(kept) == len(self._entries):
            return
        self._entries = kept
        remaining = ((cid, [e for e in entries if e.seen_at >= before]) for cid, entries in self._members.items())
        self._members = {cid: entries for cid, entries in remaining if entries}
        self._said = {key: said for key, said in self._said.items() if key[0] in self._members}
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
        """Every story, in the order they were added."""
        return tuple(entry.reading.story for entry in self._entries.values())

    def empty_copy(self, topics: Topics, companies: Companies) -> NewsIndex:
        """A new index without stories, with the same window and these topics and companies."""
        return NewsIndex(topics, companies, window=self._window)

    @property
    def reader(self) -> StoryReader:
        """How stories are read."""
        return self._reader

    def named_in(self, stories: Iterable[Story], symbol: str) -> float:
        """How strongly these stories name a company, 0 to 1; 0 where none that is still known does."""
        entries = (self._entries.get(story.id) for story in stories)
        return max((entry.direct.get(symbol, 0.0) for entry in entries if entry is not None), default=0.0)

    def reading(self, story_id: str) -> Reading | None:
        """How a story was read; ``None`` where it was never added, or is forgotten."""
        entry = self._entries.get(story_id)
        return entry.reading if entry else None

    def naming(self, story_ids: Iterable[str], symbol: str) -> Story | None:
        """The first of these stories that names the company listed as ``symbol``."""
        for reading in filter(None, map(self.reading, story_ids)):
            if any(m.kind == "company" and m.name == symbol for m in reading.mentions):
                return reading.story
        return None

    def why(self, story_id: str) -> tuple[tuple[str, ScoreReason], ...]:
        """The exposures a story meets, each with the evidence, strongest first; empty for an unknown story."""
        entry = self._entries.get(story_id)
        return self._reader.why(entry.reading.story) if entry else ()

    def stories_about(self, clusters: Collection[str]) -> tuple[Story, ...]:
        """The stories of these clusters, and those seen since their first that name the same labs or models, because
        comment on a happening comes in stories of its own. By ``seen_at``."""
        members = {e.reading.story.id: e for cid in clusters for e in self._members.get(cid, ())}
        if not members:
            return ()
        start = min(entry.seen_at for entry in members.values())
        named = Counter(name for entry in members.values() for name in _makers(entry.reading))
        common = {name for name, times in named.items() if 3 * times >= len(members)}
        stories = [entry.reading.story for entry in members.values()]
        stories += [
            entry.reading.story
            for sid, entry in self._entries.items()
            if sid not in members and entry.seen_at >= start and common & _makers(entry.reading)
        ]
        return tuple(sorted(stories, key=lambda story: (story.seen_at, story.id)))

    def reached(self, cluster: str) -> Set[str]:
        """The symbols ``matches`` can return this cluster for: those its stories name, and those with an exposure they
        meet, however weakly. Empty for an unknown cluster."""
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

        A story counts where ``since < seen_at <= until``, it was not published before ``since`` (if its date is known
        and plausible), and it scores ``min_score`` on one of the topics (of all topics, if ``topics`` is empty). Any
        scored story of the cluster in that time can provide the reach: whom it concerns becomes known bit by bit.
        With ``Reach.NONE`` among ``reaches``, clusters that do not touch the symbol match too. Raises nothing.
        """
        wanted = tuple(sorted(set(topics))) or tuple(sorted(self.topics.names))
        allowed = frozenset(reaches)
        open_end = self._latest is None or until >= self._latest
        end = None if open_end else until
        key = (symbol, wanted, allowed, min_score, since, end)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._match(symbol, wanted, allowed, min_score, since, end)
            if len(self._answers) >= _CACHED:
                self._answers.clear()
            self._answers[key] = answer
        return list(answer)

    def makers_named(self, match: ClusterMatch) -> frozenset[str]:
        """The labs and models that the titles of its counted stories name, with their families and labs:
        ``model:GPT 5``, ``family:GPT``, ``lab:OpenAI``."""
        readings = (self._entries[story.id].reading for story in match.stories if story.id in self._entries)
        return self.with_kin(
            {
                f"{m.kind}:{m.name}"
                for r in readings
                for m in r.mentions
                if m.kind in ("lab", "model") and m.where is Field.TITLE
            }
        )

    def with_kin(self, makers: Collection[str]) -> frozenset[str]:
        """Labs and models (``model:GPT 5``) with the models' families (``family:GPT``) and labs."""
        return self._reader.with_kin(makers)

    def first_seen(
        self, topics: Collection[str], *, min_score: float = 0.5, since: datetime, until: datetime
    ) -> list[ClusterMatch]:
        """Clusters on one of ``topics`` whose first story was seen in that time, whomever they reach, oldest first.

        Stories count as in ``matches``.
        """
        no_symbol = ""
        found = self.matches(no_symbol, topics, reaches=(Reach.NONE,), min_score=min_score, since=since, until=until)
        return sorted(
            (m for m in found if since < m.first.seen_at <= until), key=lambda m: (m.first.seen_at, m.cluster)
        )

    def _match(
        self,
        symbol: str,
        topics: tuple[str, ...],
        reaches: frozenset[Reach],
        min_score: float,
        since: datetime,
        until: datetime | None,
    ) -> tuple[ClusterMatch, ...]:
        exposures = self._companies.exposures_of(symbol)
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
        found.sort(key=lambda m: (_RANK[m.reach], -m.score, -len(m.sources), -m.strength, m.first.seen_at, m.cluster))
        return tuple(found)

    def _view(
        self, cid: str, topics: tuple[str, ...], min_score: float, since: datetime, until: datetime | None
    ) -> ClusterView | None:
        key = (cid, topics, min_score, since, until)
        if key not in self._views:
            if len(self._views) >= _CACHED:
                self._views.clear()
            first = self._clusters.all[cid].first
            entries = self._members[cid]
            start = bisect_right(entries, since, key=_SEEN)
            stop = len(entries) if until is None else bisect_right(entries, until, key=_SEEN)
            relevant = [entry for entry in entries[start:stop] if counts_at(entry.reading.story, since)]
            self._views[key] = view_of(cid, first, relevant, topics, min_score)
        return self._views[key]


def _direct(mentions: Iterable[Mention]) -> dict[str, float]:
    """How strongly a story names each company."""
    found: dict[str, float] = {}
    for mention in mentions:
        if mention.kind != "company" or mention.where is Field.SOURCE:
            continue
        strength = 1.0 if mention.where is Field.TITLE else 0.6
        found[mention.name] = clipped(max(found.get(mention.name, 0.0), strength))
    return found


def _makers(reading: Reading) -> frozenset[str]:
    """The labs and models a story names."""
    return frozenset(m.name for m in reading.mentions if m.kind in ("lab", "model"))
