"""Stories as read and clustered by the news index."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from bot.core.model.observations import Story
from bot.core.model.vocabulary import Reach


class Field(enum.StrEnum):
    """Part of a story."""

    TITLE = "title"
    SUMMARY = "summary"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Mention:
    """A company, lab or model named in a story, with where."""

    kind: str
    """``company``, ``lab`` or ``model``."""
    name: str
    """Canonical name: the company's symbol, the lab's or the model's name."""
    text: str
    """The words that matched, as written."""
    where: Field
    start: int


class SubjectKind(enum.StrEnum):
    """What kind of thing moves."""

    COMPANY = "company"
    LINE = "line"
    """All companies exposed to a line of business."""
    INDEX = "index"
    """A whole market."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Subject:
    """What moves."""

    kind: SubjectKind
    name: str = ""
    """A company's symbol, a line's exposure; empty for the others."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """A story tells of a fall and gives its cause."""

    subject: Subject
    topic: str
    """The topic that the cause belongs to; for AI, the tie."""
    strength: float
    """How plainly, 0 to 1."""
    because: str
    """The words of the cause, as written."""
    agents: tuple[str, ...] = ()
    """Models and labs among the cause: ``model:GPT 5``, ``lab:Anthropic``."""
    size: float | None = None
    """How far it fell, in per cent, where the story says."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """What the stories of a cluster give as the cause of a symbol's fall."""

    subject: SubjectKind
    """Whether they say so of the company, of its line of business or of the whole market."""
    strength: float
    """How plainly, and how strongly it concerns the company, 0 to 1."""
    agents: tuple[str, ...]
    best: Story
    """The one that says so most plainly; the first of equals."""
    stories: tuple[Story, ...]
    """Those that say so, by ``seen_at``."""
    sources: tuple[str, ...]
    """Distinct origins among them, in order of appearance."""
    size: float | None = None
    """The largest fall that they tell of, in per cent."""
    concerned: tuple[tuple[str, float], ...] = ()
    """Of a market: the lines of business that the stories concern, each with how strongly."""


@dataclass(frozen=True, slots=True)
class ScoreReason:
    """One named term of a topic score or of a confidence."""

    name: str
    weight: float
    text: str
    """The words of the story behind it."""


@dataclass(frozen=True, slots=True)
class TopicScore:
    """How much a story is about a topic, 0 to 1: the clipped sum of its reasons."""

    topic: str
    score: float
    reasons: tuple[ScoreReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in a story, and the cluster it joined."""

    story: Story
    topics: tuple[TopicScore, ...]
    mentions: tuple[Mention, ...]
    exposures: tuple[tuple[str, float], ...]
    """Exposures its words match, each with a strength from 0 to 1, strongest first."""
    cluster: str
    """The id of the cluster's first story; empty where it joined none."""
    novelty: float
    """1 for the first story of a cluster, falling with each repeat."""
    attributions: tuple[Attribution, ...] = ()

    def score(self, topic: str) -> float:
        """Score for ``topic``; 0 where it has none."""
        return next((t.score for t in self.topics if t.topic == topic), 0.0)


@dataclass(frozen=True, slots=True)
class ClusterMatch:
    """A cluster that reaches a symbol on a topic, as known at some moment."""

    cluster: str
    topic: str
    reach: Reach
    score: float
    """The best topic score among its counted stories."""
    strength: float
    """How strongly it reaches the symbol, 0 to 1; 1 for a direct mention in a title."""
    exposures: tuple[str, ...]
    """The exposures by which it reaches the symbol, strongest first; empty for a direct reach."""
    first: Story
    best: Story
    """The story with the highest score: the one to show."""
    stories: tuple[Story, ...]
    """The counted stories, by ``seen_at``."""
    sources: tuple[str, ...]
    """Distinct origins among them, in order of appearance."""
    reasons: tuple[ScoreReason, ...] = ()
    """The terms of the best story's score."""
    seeded: bool = False
    """Every counted story was seeded."""
    release: str = ""
    """The cluster of the release that its stories name as the cause, where that is another; ``first`` is then of it."""
    attributed: Attributed | None = None
    """How its stories give one of the topics asked for as the cause of the symbol's fall; ``None`` where none does."""
