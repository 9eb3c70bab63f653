"""Reading one story: what it says by itself, before it is compared with any other."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self
from weakref import WeakKeyDictionary

from bot.core.model import Attribution, Field, LearnedName, Mention, ScoreReason, Story, SubjectKind, TopicScore
from bot.core.news.clauses import Attributions, ClauseReader, Frame
from bot.core.news.companies import Companies
from bot.core.news.exposures import NAMED_IN_TITLE, ExposureReader
from bot.core.news.kinds import KindReader, Said
from bot.core.news.learned import compiled_names
from bot.core.news.lexicon import Features, Hit, Lexicon, settle
from bot.core.news.mentions import mentions_of
from bot.core.news.text import Folded, title_key, words
from bot.core.news.tickers import TickerReader
from bot.core.news.topics import FoundFeatures, TopicScorer
from bot.core.news.vocabulary import COMPARED_AFTER, COMPARED_BEFORE, NEW_NAME, SPEAKER, Family, Topics
from bot.core.text.links import domain

SUMMARY_READ = 700
"""Characters of a summary that are read: what a story is about comes first."""
TITLE_READ = 400
"""Characters of a title that are read; longer ones are whole articles in the wrong field."""
LONGEST_HOST = 253
"""Characters of the longest name of a host (RFC 1035)."""
SCORED = 0.3
"""A story that scores this on no topic is not clustered and reaches no symbol."""
_SOURCES = 2048
"""How many sources' names are cached."""
_SAID = 1024
"""For how many stories it is cached what they say of the news."""
_HEAD = 40
"""Characters in which a name and a colon stand."""
_FIRST_HAN = "\u3400"
_HEADED = re.compile(r"((?:[A-Za-z0-9.+-]{2,24}(?: [A-Za-z0-9.+-]{1,12})?)|[^:：,，。、 ]{2,14}[\u3400-\u9fff])[:：] ?")
"""A title that begins with a word or two, or a Chinese name, and a colon."""
_GIVEN = "says that it is why something fell"
_NEAR = 14
"""Characters between a name and a word of comparison that concerns it."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a story says by itself."""

    story: Story
    scores: tuple[TopicScore, ...]
    vetoed: frozenset[str]
    """Topics that this story cannot follow up."""
    mentions: tuple[Mention, ...]
    exposures: tuple[tuple[str, float], ...]
    anchors: tuple[str, ...]
    """What it is about, most specific first: ``model:GPT 5``, ``family:GPT``, ``lab:OpenAI``. What it only compares
    with comes last."""
    entities: frozenset[str]
    """Everything named in the title, to distinguish happenings."""
    key: str
    """The title, for finding near-duplicates."""
    words: frozenset[str]
    """Distinctive words of the title: those in no word list, mainly."""
    bare: bool
    """Whether the first anchor is a family's bare name, which may mean the family's latest model."""
    scored: bool
    """Whether it scored enough on a topic to be clustered and to reach symbols."""
    attributions: tuple[Attribution, ...] = ()
    """The falls it gives a cause for."""

    def score(self, topic: str) -> float:
        """Its own score for ``topic``."""
        return next((s.score for s in self.scores if s.topic == topic), 0.0)


class StoryReader:
    """The whole vocabulary, compiled."""

    def __init__(self, topics: Topics, companies: Companies) -> None:
        self.topics = topics
        features = self._features = Features()
        self._lexicon = Lexicon(features)
        self._names: tuple[LearnedName, ...] = ()
        self._learned: Lexicon | None = None
        """The lexicon of ``_names``; ``None`` until it is compiled."""
        for name, names in topics.words.items():
            self._lexicon.add("words", name, names, features.bit(name))
        for name, names in topics.phrases.items():
            self._lexicon.add("context", name, names, features.bit(name))
        for lab in topics.labs:
            mask = features.mask(("lab", *lab.also))
            self._lexicon.add("lab", lab.name, lab.names, mask)
        for family in topics.families:
            mask = features.mask(("model", *family.also))
            self._lexicon.add("model", family.name, family.names, mask)
            for pattern in family.versions:
                self._lexicon.add_pattern("model", family.name, pattern, mask | features.bit("version"))
        for exposure in topics.exposures:
            self._lexicon.add("exposure", exposure.name, exposure.words, features.bit(exposure.name))
        for company in companies:
            self._lexicon.add("company", company.symbol, company.names, features.bit("company"))
        self._tickers = TickerReader(companies, features.bit("company"))
        mains: dict[str, str] = {}
        self._main = {c.symbol: mains.setdefault(c.name, c.symbol) for c in companies}
        """Each symbol's first listing: two listings of a company are one entity."""
        self._families = {family.name: family for family in topics.families}
        self._family_words = max((family.name.count(" ") + 1 for family in topics.families), default=0)
        self._lab_company = {lab.name: lab.company for lab in topics.labs}
        self._domains = {host: lab.name for lab in topics.labs for host in lab.domains}
        self._lab_masks = {lab.name: features.mask(("lab", *lab.also)) for lab in topics.labs}
        self._source_bits = [
            (features.bit(name.removeprefix("source:")), features.bit(name))
            for name in sorted(topics.features())
            if name.startswith("source:")
        ]
        self._scorers = [TopicScorer(topic, features) for topic in topics.topics]
        self.scorers = {scorer.topic.name: scorer for scorer in self._scorers}
        self._exposures = ExposureReader(topics, features)
        self._kinds = KindReader(topics, features)
        self.said = lru_cache(_SAID)(self._read_said)
        """What a story says of the news itself; messages are built again and again from the same stories."""
        self._source_hits = lru_cache(_SOURCES)(self._scan_source)
        self._known_families = self._families
        self._source_marks = lru_cache(_SOURCES)(self._mark_source)
        self._telling = features.mask(sorted(topics.telling))
        self._clauses = ClauseReader(topics, companies, features)
        self._attributions = Attributions(topics)
        self._speaker, self._new_name = features.bit(SPEAKER), features.bit(NEW_NAME)
        self._surnames = topics.speech.chinese_surnames
        self._compared = (features.bit(COMPARED_BEFORE), features.bit(COMPARED_AFTER))

    def own(self, names: Sequence[LearnedName]) -> Self:
        """The same vocabulary with names that were learned. Later ``learn`` changes nobody else's."""
        other = copy.copy(self)
        other.learn(names)
        return other

    def learn(self, names: Sequence[LearnedName]) -> None:
        """Know these names, and none learned before, beside the vocabulary. Compiled with the next story."""
        self._names, self._learned = tuple(names), None
        self.said = lru_cache(_SAID)(self._read_said)

    def known(self, text: str) -> list[Hit]:
        """The terms of the vocabulary in ``text``, whatever they need around them; learned names are none."""
        return self._lexicon.scan(Folded(text), Field.TITLE)

    def _compile(self) -> Lexicon:
        """What was learned, with the features of the vocabulary and some of its own."""
        features = self._features.copy()
        families = compiled_names(self._names, self.topics, self.known)
        self._families = {**{family.name: family for family in families}, **self._known_families}
        self._family_words = max((name.count(" ") + 1 for name in self._families), default=0)
        self._learned = Lexicon(features)
        for family in families:
            mask = features.mask(("model", *self._families[family.name].also))
            self._learned.add("model", family.name, family.names, mask)
            for pattern in family.versions:
                self._learned.add_pattern("model", family.name, pattern, mask | features.bit("version"))
        return self._learned

    def read(self, story: Story, *, whole: bool = False) -> Content:
        """Scores, mentions, exposures and anchors of ``story``. Accepts any text. ``whole``: also of a story on no
        topic all that clustering needs."""
        title, summary, parts, found = self._look(story)
        mentions = mentions_of(found.hits)
        scores, vetoed, scored, named = [], [], False, None
        anywhere = found.anywhere
        for scorer in self._scorers:
            if scorer.about & anywhere and (result := scorer.score(found)) is not None:
                score, veto = result
                scores.append(score)
                if veto:
                    vetoed.append(scorer.topic.name)
                if not scored and score.score >= SCORED:
                    if scorer.topic.named and named is None:
                        named = any(m.kind == "company" and m.where is not Field.SOURCE for m in mentions)
                    scored = not scorer.topic.named or bool(named)
        attributions = self._attributions.of(self._clauses.frames(title, summary, parts))
        scores = _raised(scores, attributions)
        scored = scored or any(a.strength >= SCORED for a in attributions)
        whole = whole or scored
        anchors, bare = self._anchors(parts[0] or [*parts[0], *parts[1]], mentions) if whole else ((), False)
        return Content(
            story=story,
            scores=tuple(scores),
            vetoed=frozenset(vetoed),
            mentions=mentions,
            exposures=_concerned(self._exposures.read(found), attributions) if whole else (),
            anchors=anchors,
            entities=self._entities(mentions) if whole else frozenset(),
            key=title_key(story.title[:TITLE_READ]) if whole else "",
            words=self._words(title.lowered, parts[0]) if whole else frozenset(),
            bare=bare,
            scored=scored,
            attributions=attributions,
        )

    def why(self, story: Story) -> tuple[tuple[str, ScoreReason], ...]:
        """The exposures ``story`` meets, each with the reason; empty for a story on no topic."""
        return self._exposures.why(self._look(story)[3]) if self.read(story).scored else ()

    def _read_said(self, story: Story) -> Said:
        content = self.read(story)
        if not content.scored:  # a song on the radio is no news of music made by models
            return Said()
        title, summary, _, found = self._look(story)
        about = content.anchors
        kin = self.with_kin(about[:1])
        details = self._kinds.details(
            found,
            ((Field.TITLE, title.text), (Field.SUMMARY, summary.text)),
            lambda named: not kin.isdisjoint(self.with_kin(named)),
        )
        return Said(about, tuple(self._kinds.kinds(found)), tuple(details))

    def with_kin(self, makers: Collection[str]) -> frozenset[str]:
        """Labs and models (``model:GPT 5``) with the models' families (``family:GPT``) and labs. A model that the
        vocabulary does not know, since its file was edited, has none."""
        found = set(makers)
        for name in makers:
            kind, _, model = name.partition(":")
            family = self.family(model) if kind in ("model", "family") else None
            if family is not None:
                found |= {f"family:{family.name}", f"lab:{family.lab}"} if family.lab else {f"family:{family.name}"}
        return frozenset(found)

    def frames(self, story: Story) -> tuple[Frame, ...]:
        """Who moves in ``story``, which way, and because of what; for any story, scored or not."""
        title, summary, parts, _ = self._look(story)
        return self._clauses.frames(title, summary, parts)

    def _look(self, story: Story) -> tuple[Folded, Folded, list[list[Hit]], FoundFeatures]:
        """Title and summary as read, and what was found in them and in the source."""
        title = Folded(story.title[:TITLE_READ])
        summary = Folded(story.summary[:SUMMARY_READ])
        host = domain(story.link)
        parts = [
            self._scan(title, Field.TITLE),
            self._scan(summary, Field.SUMMARY) if story.summary else [],
            self._source_hits(story.source[:TITLE_READ], story.publisher[:TITLE_READ], host[:TITLE_READ]),
        ]
        parts, masks = settle(parts)
        masks[0] |= self._before_colon(title, parts[0])
        source = masks[2] | self._from_host(host)
        marked = self._source_marks(source) if source else 0
        hits = parts[0] + parts[1] + parts[2]
        return (
            title,
            summary,
            parts,
            FoundFeatures(masks[0] | marked, masks[0] | masks[1] | source | marked, hits, title.text),
        )

    def _before_colon(self, title: Folded, hits: list[Hit]) -> int:
        """The features of a title that begins with a name and a colon: ``new-name`` for one that we do not know,
        ``speaker`` for a person's, which Chinese titles put before what the person says."""
        head = title.text[:_HEAD]
        if ":" not in head and "：" not in head:
            return 0
        match = _HEADED.match(head)
        if match is None:
            return 0
        name, stop = match[1], match.end(1)
        if name[-1] >= _FIRST_HAN:
            family, given = name[-3:], name[-2:]
            return self._speaker if not self._surnames.isdisjoint((family[0], given[0], family[:2])) else 0
        known = any(h.start < stop and h.term.kind in ("company", "lab", "model") for h in hits)
        return 0 if known or not any(c.isupper() or c.isdigit() for c in name) else self._new_name

    def _scan(self, text: Folded, where: Field) -> list[Hit]:
        """The terms and tickers in ``text``. A ticker is no other word: ``(NYSE: AI)`` does not speak of AI."""
        hits = self._lexicon.scan(text, where)
        if self._names and where is not Field.SOURCE:
            hits += (self._learned or self._compile()).scan(text, where)
        tickers = self._tickers.hits(text, where)
        if not tickers:
            return hits
        spans = [(ticker.start, ticker.stop) for ticker in tickers]
        return [h for h in hits if not _within(h.start, h.stop, spans) or h.term.kind == "company"] + tickers

    def tickers(self, text: Folded, where: Field) -> list[Hit]:
        """The tickers in ``text``."""
        return self._tickers.hits(text, where)

    def _words(self, lowered: str, hits: list[Hit]) -> frozenset[str]:
        """The distinctive words of the title: those the vocabulary does not know, and those of exposures and of lists
        marked as telling."""
        known: list[tuple[int, int]] = []
        telling: list[tuple[int, int]] = []
        for hit in hits:
            if hit.term.kind == "exposure" or hit.term.features & self._telling:
                telling.append((hit.start, hit.stop))
            elif hit.term.kind != "context":
                known.append((hit.start, hit.stop))
        return frozenset(
            word
            for word, start, stop in words(lowered)
            if _within(start, stop, telling) or not _within(start, stop, known)
        )

    def _scan_source(self, source: str, publisher: str, host: str) -> list[Hit]:
        """The terms in a source's name and host; cached, for they are the same in thousands of stories."""
        return self._lexicon.scan(Folded(f"{source} | {publisher} | {host}"[:TITLE_READ]), Field.SOURCE)

    def _mark_source(self, plain: int) -> int:
        """The ``source:`` features of a source with the features ``plain``."""
        marked = 0
        for bit, mark in self._source_bits:
            if plain & bit:
                marked |= mark
        return marked

    def _from_host(self, host: str) -> int:
        """The features of the lab that owns this site: ``openai.com``, ``blog.openai.com``."""
        host = host[-LONGEST_HOST:]
        while host:
            if lab := self._domains.get(host):
                return self._lab_masks[lab]
            host = host.partition(".")[2]
        return 0

    def _entities(self, mentions: tuple[Mention, ...]) -> frozenset[str]:
        """What the title names; where that is no company ("Homework helper's shares halve"), the summary's too."""
        title = [m for m in mentions if m.where is Field.TITLE]
        if not any(m.kind == "company" for m in title):
            title += [m for m in mentions if m.where is Field.SUMMARY and m.kind == "company"]
        return frozenset(self._entity(m) for m in title)

    def _entity(self, mention: Mention) -> str:
        """A name for what is mentioned; a lab and the company that owns it share one."""
        if mention.kind == "lab" and (company := self._lab_company.get(mention.name)):
            return f"company:{company}"
        if mention.kind == "company":
            return f"company:{self._main.get(mention.name, mention.name)}"
        if mention.kind == "model" and (family := self.family(mention.name)) is not None:
            return f"family:{family.name}"
        return f"{mention.kind}:{mention.name}"

    def family(self, model: str) -> Family | None:
        """The family of a model's canonical name; ``None`` for one that the vocabulary does not know."""
        words = model.split(" ", self._family_words)
        for end in range(min(len(words), self._family_words), 0, -1):
            if (family := self._families.get(" ".join(words[:end]))) is not None:
                return family
        return None

    def _anchors(self, hits: list[Hit], mentions: tuple[Mention, ...]) -> tuple[tuple[str, ...], bool]:
        """What the story is about, most specific first, and whether the first is a bare name.

        A model in the title comes before one in the summary, a version before a bare name, a model before a lab, and
        ``Janus`` before ``DeepSeek``, which may only be named as its maker.
        """
        where = next((m.where for m in mentions if m.kind in ("model", "lab")), None)
        ranked: list[tuple[int, int, str, bool]] = []
        subject: Family | None = None
        for mention in mentions:
            if mention.where is not where or mention.kind not in ("model", "lab"):
                continue
            compared = self._only_compared(mention, hits)
            if mention.kind == "lab":
                ranked.append((4 + compared, mention.start, f"lab:{mention.name}", False))
                continue
            if (family := self.family(mention.name)) is None:
                continue
            bare = not family.broad and not compared
            if subject is None and bare:
                subject = family
            if mention.name != family.name:
                # a model of another lab, named before, is the subject: "DeepSeek … level with OpenAI's o1"
                other = subject is not None and subject.lab != family.lab
                ranked.append((5 if compared else 3 * other, mention.start, f"model:{mention.name}", False))
            rank = 5 if compared else 1 + family.broad + (family.name in self._lab_company)
            ranked.append((rank, mention.start, f"family:{family.name}", bare))
        ranked.sort()
        anchors = tuple(dict.fromkeys(name for _, _, name, _ in ranked))
        bare = bool(ranked) and ranked[0][3]
        if bare and where is not Field.TITLE:  # a summary that lists several is about none of them
            bare = sum(anchor.startswith("family:") for anchor in anchors) == 1
        return anchors, bare

    def _only_compared(self, mention: Mention, hits: list[Hit]) -> bool:
        """Whether the words around a name compare something else with it: ``a rival to GPT-5``."""
        before, after = self._compared
        end = mention.start + len(mention.text)
        return any(
            hit.where is mention.where
            and (
                (hit.term.features & before and 0 <= mention.start - hit.stop <= _NEAR)
                or (hit.term.features & after and 0 <= hit.start - end <= 2)
            )
            for hit in hits
        )


def _raised(scores: list[TopicScore], attributions: Sequence[Attribution]) -> list[TopicScore]:
    """``scores`` with those of the causes given: a story that says why something fell is about that cause."""
    plainest: dict[str, Attribution] = {}
    for each in attributions:
        if each.topic not in plainest or plainest[each.topic].strength < each.strength:
            plainest[each.topic] = each
    raised = []
    for score in scores:
        given = plainest.pop(score.topic, None)
        if given is not None and given.strength > score.score:
            total = sum(reason.weight for reason in score.reasons)
            reasons = (*score.reasons, ScoreReason(_GIVEN, round(given.strength - total, 4), _because(given)))
            score = TopicScore(score.topic, given.strength, reasons)
        raised.append(score)
    return raised + [
        TopicScore(topic, given.strength, (ScoreReason(_GIVEN, given.strength, _because(given)),))
        for topic, given in plainest.items()
    ]


def _because(given: Attribution) -> str:
    """The words of the cause, for a reason; where cause and move only stand side by side there may be none."""
    return given.because or given.subject.name or given.subject.kind


def _concerned(
    exposures: tuple[tuple[str, float], ...], attributions: Sequence[Attribution]
) -> tuple[tuple[str, float], ...]:
    """``exposures`` with the lines of business that the story says fall."""
    strengths = dict(exposures)
    for each in attributions:
        if each.subject.kind is SubjectKind.LINE:
            strengths[each.subject.name] = max(strengths.get(each.subject.name, 0.0), NAMED_IN_TITLE)
    return tuple(sorted(strengths.items(), key=lambda item: (-item[1], item[0])))


def _within(start: int, stop: int, spans: list[tuple[int, int]]) -> bool:
    """Whether one of ``spans`` overlaps."""
    return any(begin < stop and start < end for begin, end in spans)


_COMPILED: WeakKeyDictionary[Companies, StoryReader] = WeakKeyDictionary()


def reader_of(topics: Topics, companies: Companies) -> StoryReader:
    """The reader for this vocabulary, compiled once and shared: trying rules one after another would otherwise compile
    the same thousands of names each time."""
    known = _COMPILED.get(companies)
    if known is None or known.topics is not topics:
        known = _COMPILED[companies] = StoryReader(topics, companies)
    return known
