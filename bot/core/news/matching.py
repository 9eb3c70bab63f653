"""Whether the stories of a cluster within a window reach a symbol, and how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.model import (
    Attributed,
    Attribution,
    ClusterMatch,
    Field,
    Mention,
    Reach,
    Reading,
    Story,
    Subject,
    SubjectKind,
)
from bot.core.news.topics import clipped

TOUCHES = 0.2
"""The least product of a story's strength and a company's exposure at which the story reaches the company."""
CONCERNED = 0.5
"""From this product the stories concern a company in full: what they tell of a fall of the market holds for it."""
ATTRIBUTED = 0.5
"""A story that says so at least this part as plainly as the plainest one agrees with it."""
_OLDEST = datetime(1995, 1, 1, tzinfo=UTC)
"""Before the first news feeds: earlier dates are publishers' mistakes (epoch seconds, an empty field)."""


@dataclass(slots=True)
class Entry:
    """A story in the index."""

    reading: Reading
    direct: dict[str, float]
    """The companies it names: symbol to strength."""
    weighed: bool = False
    """It takes part in matching: its source has not said as much often enough."""

    @property
    def seen_at(self) -> datetime:
        """When the story was first seen."""
        return self.reading.story.seen_at


@dataclass(frozen=True, slots=True)
class ClusterView:
    """What a cluster says on some topics within a window: the same for every symbol."""

    cluster: str
    topic: str
    first: Story
    counted: tuple[Story, ...]
    sources: tuple[str, ...]
    best: Reading
    score: float
    direct: Mapping[str, float]
    exposures: Mapping[str, float]
    attributed: Mapping[Subject, tuple[tuple[Story, Attribution], ...]]
    """What the counted stories say fell because of one of the topics, in order of ``seen_at``."""


def counts_at(story: Story, since: datetime) -> bool:
    """Whether the story is not older than the window, by its publication date.

    Midnight is taken as a date without a time, and means the whole day. Implausibly old dates are ignored.
    """
    published = story.published_at
    if published is None or published < _OLDEST:
        return True
    if published.hour == published.minute == published.second == 0:
        published += timedelta(days=1)
    return published >= since


def view_of(
    cluster: str, first: Story, entries: list[Entry], topics: tuple[str, ...], min_score: float
) -> ClusterView | None:
    """The view of a cluster with these stories; ``None`` where none scores ``min_score`` on a topic. Without ``topics``
    each of them counts."""
    counted: list[tuple[Reading, str, float]] = []
    direct: dict[str, float] = {}
    exposures: dict[str, float] = {}
    attributed: dict[Subject, tuple[tuple[Story, Attribution], ...]] = {}
    for entry in entries:
        reading = entry.reading
        for given in reading.attributions:
            if given.topic in topics:
                attributed[given.subject] = (*attributed.get(given.subject, ()), (reading.story, given))
        score, topic = max(((reading.score(t), t) for t in topics), key=lambda item: item[0], default=(0.0, ""))
        if not topics or (topic and score >= min_score and score > 0):
            counted.append((reading, topic, score))
        for symbol, strength in entry.direct.items():
            direct[symbol] = max(direct.get(symbol, 0.0), strength)
        for exposure, strength in reading.exposures:
            exposures[exposure] = max(exposures.get(exposure, 0.0), strength)
    if not counted:
        return None
    # of equals max returns the first, which is the earliest: entries are in order of ``seen_at``
    best, topic, score = max(counted, key=lambda item: item[2])
    return ClusterView(
        cluster=cluster,
        topic=topic,
        first=first,
        counted=tuple(reading.story for reading, _, _ in counted),
        sources=_sources([reading.story for reading, _, _ in counted]),
        best=best,
        score=score,
        direct=direct,
        exposures=exposures,
        attributed=attributed,
    )


def _sources(stories: list[Story]) -> tuple[str, ...]:
    """Distinct origins. A revision is not another source."""
    ids = {story.id for story in stories}
    return tuple(dict.fromkeys(story.origin for story in stories if story.revises not in ids))


def match_cluster(
    view: ClusterView, symbol: str, company: Mapping[str, float], reaches: frozenset[Reach]
) -> ClusterMatch | None:
    """The match for ``symbol`` with exposures ``company``; ``None`` where the cluster does not reach it."""
    exposures: tuple[str, ...] = ()
    if Reach.DIRECT in reaches and symbol in view.direct:
        reach, strength = Reach.DIRECT, view.direct[symbol]
    else:
        touched = sorted(
            (
                (round(view.exposures[name] * share, 4), name)
                for name, share in company.items()
                if name in view.exposures
            ),
            key=lambda item: (-item[0], item[1]),
        )
        touched = [item for item in touched if item[0] >= TOUCHES]
        if touched and Reach.EXPOSURE in reaches:
            reach, strength = Reach.EXPOSURE, touched[0][0]
            exposures = tuple(name for _, name in touched)
        elif Reach.NONE in reaches and not touched and symbol not in view.direct:
            reach, strength = Reach.NONE, 0.0
        else:
            return None
    return ClusterMatch(
        cluster=view.cluster,
        topic=view.topic,
        reach=reach,
        score=view.score,
        strength=strength,
        exposures=exposures,
        first=view.first,
        best=view.best.story,
        stories=view.counted,
        sources=view.sources,
        reasons=next((t.reasons for t in view.best.topics if t.topic == view.topic), ()),
        seeded=all(story.seeded for story in view.counted),
        attributed=_attributed(view, symbol, company),
    )


def _attributed(view: ClusterView, symbol: str, company: Mapping[str, float]) -> Attributed | None:
    """What the cluster says of the fall of ``symbol``: of the company itself, of a line of its business or of the whole
    market, whichever is said most plainly; of equals the narrower."""
    if not view.attributed:
        return None
    reached = {Subject(SubjectKind.COMPANY, symbol): 1.0}
    reached |= {Subject(SubjectKind.LINE, name): share for name, share in company.items()}
    touched = max(
        (view.exposures[name] * share for name, share in company.items() if name in view.exposures), default=0.0
    )
    reached[Subject(SubjectKind.INDEX)] = min(1.0, max(touched / CONCERNED, view.direct.get(symbol, 0.0)))
    saying = [
        (share * given.strength, subject, story, given)
        for subject, share in reached.items()
        if share >= TOUCHES
        for story, given in view.attributed.get(subject, ())
    ]
    if not saying:
        return None
    strength, subject, plainest, _ = max(
        saying, key=lambda s: s[0]
    )  # of equals the first: the narrowest, then earliest
    saying = sorted((s for s in saying if s[0] >= ATTRIBUTED * strength), key=lambda s: s[2].seen_at)
    stories = tuple(dict.fromkeys(story for _, _, story, _ in saying))
    own = Subject(SubjectKind.COMPANY, symbol)
    return Attributed(
        subject=subject.kind,
        strength=round(strength, 4),
        agents=tuple(dict.fromkeys(agent for *_, given in saying for agent in given.agents)),
        best=plainest,
        stories=stories,
        sources=_sources(list(stories)),
        size=max((g.size for _, of, _, g in saying if of == own and g.size is not None), default=None),
        concerned=tuple(sorted(view.exposures.items())) if subject.kind is SubjectKind.INDEX else (),
    )


def direct_of(mentions: Iterable[Mention]) -> dict[str, float]:
    """How strongly a story names each company."""
    found: dict[str, float] = {}
    for mention in mentions:
        if mention.kind != "company" or mention.where is Field.SOURCE:
            continue
        strength = 1.0 if mention.where is Field.TITLE else 0.6
        found[mention.name] = clipped(max(found.get(mention.name, 0.0), strength))
    return found
