"""The news index: stories in, readings and matches out. The engine uses ``news`` through nothing else.

State changes only in ``add``, ``learn``, ``add_companies_in_steps`` and ``forget``. Stories come in order of
``seen_at``; how they are batched makes no difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from bot.core.model import ClusterMatch, Field, LearnedName, Reach, Reading, ScoreReason, Story, TopicScore
from bot.core.news.asked import Asked, Question
from bot.core.news.clusters import Cluster, Clusters
from bot.core.news.companies import Companies
from bot.core.news.happenings import Happenings
from bot.core.news.lexicon import Features, Lexicon
from bot.core.news.matching import Entry, direct_of
from bot.core.news.reader import SUMMARY_READ, TITLE_READ, Content, StoryReader, reader_of
from bot.core.news.repetition import Said, said_by
from bot.core.news.text import Folded
from bot.core.news.vocabulary import Topics

PROVEN = 0.5
"""A cluster is about a topic once one of its stories scores this by itself."""
MOST = 50_000
"""Stories remembered; of more, the oldest tenth is forgotten, whatever the window. A busy week is a third of this."""


class NewsIndex:
    """Reads stories, groups them into clusters, and says which clusters reach a symbol.

    ``window`` is how far back any rule looks; ``forget`` may drop what is older, counted from the newest story. It
    should be at least eight days: no cluster continues after a longer gap, nor after one longer than ``window``.
    """

    def __init__(
        self, topics: Topics, companies: Companies, *, window: timedelta, learned: Iterable[LearnedName] = ()
    ) -> None:
        self.topics = topics
        self._companies = companies
        self._window = window
        self._learned = {name.word.casefold(): name for name in learned}
        self._reader = reader_of(topics, companies).own(self.learned)
        self._makers = frozenset(f"company:{lab.company}" for lab in topics.labs if lab.company)
        self._clusters = Clusters(window, self._makers)
        self._happenings = Happenings(self._clusters)
        """The stories on a topic."""
        self._asked: dict[Question, Asked] = {}
        """The stories on no topic that rules ask for."""
        self._entries: dict[str, Entry] = {}
        self._oldest: datetime | None = None
        """No entry was seen before."""
        self._said: dict[tuple[str, str], Said] = {}
        """By cluster and source."""
        self._latest: datetime | None = None

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
        entry = Entry(reading, direct_of(content.mentions))
        self._entries[story.id] = entry
        self._oldest = min(self._oldest or story.seen_at, story.seen_at)
        self._latest = story.seen_at if self._latest is None else max(self._latest, story.seen_at)
        if content.scored:
            self._place(entry, content)
        for asked in self._asked.values() if not content.scored else ():
            self._offer(asked, entry)
        if len(self._entries) > MOST:
            self._keep_from(next(islice(self._entries.values(), MOST // 10, None)).seen_at)
        return entry.reading

    def learn(self, names: Iterable[LearnedName]) -> None:
        """Read stories that come from now on with these names, too. A word that was learned stays as it was."""
        before = len(self._learned)
        for name in names:
            self._learned.setdefault(name.word.casefold(), name)
        if len(self._learned) > before:
            self._reader.learn(self.learned)

    @property
    def learned(self) -> tuple[LearnedName, ...]:
        """Every name that was learned, oldest first."""
        return tuple(self._learned.values())

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
            self._happenings.place(entry, self._companies)

    def _offer(self, asked: Asked, entry: Entry) -> None:
        """Offer a story on no topic to a question."""
        story, mentions = entry.reading.story, entry.reading.mentions
        asked.offer(story, mentions, lambda: self._reader.read(story, whole=True), self._companies)

    def ask(self, questions: Collection[Question]) -> None:
        """From now on match stories on no topic to these questions, those already here included, and to no others."""
        self._asked = {q: self._asked.get(q) or self._answered(q) for q in questions}

    def _answered(self, question: Question) -> Asked:
        asked = Asked(question, self._window, self._makers)
        for entry in self._entries.values():
            if not entry.reading.cluster:
                self._offer(asked, entry)
        return asked

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
                self._happenings.meet(company.exposures, company.symbol)
        self._companies = companies
        self._reader = reader_of(self.topics, companies).own(self.learned)
        self._happenings.changed()
        yield 0
        for number, entry in enumerate(list(self._entries.values()), 1):
            if self._entries.get(entry.reading.story.id) is entry:
                self._search(entry, lexicon, added)
            yield number
        for question in list(self._asked):
            self._asked[question] = self._answered(question)
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
            entry.reading = replace(entry.reading, mentions=tuple(dict.fromkeys((*entry.reading.mentions, *mentions))))
            self._happenings.name(entry, mentions)
            if not entry.reading.cluster and content.scored:
                self._place(entry, content)  # on a topic that requires a company
            elif entry.reading.cluster and not entry.weighed:
                self._weigh(entry)
            self._happenings.changed()

    def forget(self, before: datetime) -> None:
        """Drop stories seen before ``before``, but none within ``window`` of the newest.

        ``Cluster.first`` is kept as long as the cluster has any story.
        """
        if self._latest is None:
            return
        self._keep_from(min(before, self._latest - self._window))

    def _keep_from(self, before: datetime) -> None:
        if self._oldest is None or self._oldest >= before:
            return
        kept = {sid: entry for sid, entry in self._entries.items() if entry.seen_at >= before}
        self._entries, self._oldest = kept, min((entry.seen_at for entry in kept.values()), default=None)
        self._happenings.forget(before, self._companies)
        for asked in self._asked.values():
            asked.forget(before, self._companies)
        self._said = {key: said for key, said in self._said.items() if key[0] in self._happenings}

    # --------------------------------------------------------------------------------------------------------- out

    def __len__(self) -> int:
        return len(self._entries)

    def stories(self) -> tuple[Story, ...]:
        """Every story, in the order they were added."""
        return tuple(entry.reading.story for entry in self._entries.values())

    def empty_copy(self, topics: Topics, companies: Companies) -> NewsIndex:
        """A new index without stories, with the same window and learned names, and these topics and companies."""
        return NewsIndex(topics, companies, window=self._window, learned=self.learned)

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
        found = (self._happenings, *(asked.happenings for asked in self._asked.values()))
        members = {e.reading.story.id: e for happenings in found for e in happenings.entries(clusters)}
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
        return self._happenings.reached(cluster)

    def concerned(self, reading: Reading) -> frozenset[str]:
        """The symbols that a new story may concern: those its cluster reaches and, of a story on no topic, those that
        the questions it answers are about."""
        found = set(self._happenings.reached(reading.cluster))
        for asked in self._asked.values():
            if (answer := asked.reading(reading.story.id)) is not None:
                found |= asked.happenings.reached(answer.cluster)
        return frozenset(found)

    def happenings_of(self, reading: Reading) -> tuple[str, ...]:
        """The clusters that a story has joined: its own and, of a story on no topic, those among the answers to
        questions."""
        answers = (asked.reading(reading.story.id) for asked in self._asked.values())
        found = [reading.cluster, *(answer.cluster for answer in answers if answer is not None)]
        return tuple(dict.fromkeys(filter(None, found)))

    def is_asked_for(self, reading: Reading) -> bool:
        """Whether a rule asks for this story, which is on no topic."""
        return any(asked.reading(reading.story.id) for asked in self._asked.values())

    def matches(
        self,
        symbol: str,
        topics: Collection[str],
        *,
        reaches: Collection[Reach] = (Reach.DIRECT, Reach.EXPOSURE),
        min_score: float = 0.5,
        since: datetime,
        until: datetime,
        only: str = "",
    ) -> list[ClusterMatch]:
        """Clusters that reach ``symbol`` on one of ``topics``, best first.

        A story counts where ``since < seen_at <= until``, it was not published before ``since`` (if its date is known
        and plausible), and it scores ``min_score`` on one of the topics (of all topics, if ``topics`` is empty). Any
        scored story of the cluster in that time can provide the reach: whom it concerns becomes known bit by bit.
        With ``Reach.NONE`` among ``reaches``, clusters that do not touch the symbol match too; with ``only`` no other
        cluster does. Raises nothing.
        """
        wanted = tuple(sorted(set(topics))) or tuple(sorted(self.topics.names))
        exposures = self._companies.exposures_of(symbol)
        return self._happenings.match(symbol, exposures, wanted, reaches, min_score, since, self._end(until), only)

    def reaches(self, symbol: str, by: Collection[Reach], since: datetime) -> bool:
        """False where ``matches`` finds nothing for ``symbol``, whatever the topic, in any time from ``since`` on."""
        return self._happenings.reach(symbol, self._companies.exposures_of(symbol), by, since)

    def answers(
        self,
        question: Question,
        symbol: str,
        *,
        reaches: Collection[Reach],
        since: datetime,
        until: datetime,
        only: str = "",
    ) -> list[ClusterMatch]:
        """The happenings on no topic that answer ``question`` and reach ``symbol``, best first; none where it was not
        asked. Stories count as in ``matches``."""
        asked = self._asked.get(question)
        if asked is None:
            return []
        exposures = self._companies.exposures_of(symbol)
        return asked.happenings.match(symbol, exposures, (), reaches, 0.0, since, self._end(until), only)

    def answer(self, question: Question, story_id: str) -> Reading | None:
        """How a story on no topic that answers ``question`` was read; ``None`` for any other."""
        asked = self._asked.get(question)
        return asked.reading(story_id) if asked is not None else None

    def _end(self, until: datetime) -> datetime | None:
        """``None`` where nothing came after ``until``: then the answer stays the same until something does."""
        return None if self._latest is None or until >= self._latest else until

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


def _makers(reading: Reading) -> frozenset[str]:
    """The labs and models a story names."""
    return frozenset(m.name for m in reading.mentions if m.kind in ("lab", "model"))
