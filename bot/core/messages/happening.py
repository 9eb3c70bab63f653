"""What the stories of a happening say of the news itself, taken together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bot.core.model import CauseRef, Story
from bot.core.news.kinds import Said
from bot.core.news.reader import StoryReader
from bot.core.news.vocabulary import Kind

EARLIEST, LATEST = 60, 140
"""How many of a happening's stories are read, from each end: the first say what is new, the last what it is taken
for."""
LEAST, LEAST_SHARE = 1.0, 0.05
"""A kind that weighs less, one title's worth or this share of all stories, is a side issue of few."""
MOST_KINDS = 3


def read(stories: Sequence[Story], cause: CauseRef | None, reader: StoryReader) -> list[tuple[Story, Said]]:
    """The stories of the happening that ``cause`` is part of, by ``seen_at``, each with what it says of the news. Those
    on another lab or model, which only compare theirs with it, are left out. None where the cause does not concern
    AI."""
    if cause is None or cause.topic not in reader.topics.ai_topics:
        return []
    ordered = sorted({story.id: story for story in stories}.values(), key=lambda story: (story.seen_at, story.id))
    if len(ordered) > EARLIEST + LATEST:
        ordered = [*ordered[:EARLIEST], *ordered[-LATEST:]]
    said = [(story, reader.said(story)) for story in ordered]
    kin = [reader.with_kin(one.about[:1]) for _, one in said]
    agents = reader.with_kin(cause.agents)
    families = _families(agents)
    if cause.release:  # a product of the lab that has a name of its own
        families |= {
            name
            for (story, _), of in zip(said, kin, strict=True)
            if story.title == cause.first_title
            for name in _families(of)
        }
    if not families:  # a lab alone is known, or nobody: the model that most stories are about
        counted = Counter(name for names in kin if not agents or agents & names for name in _families(names))
        families = {max(counted, key=lambda name: (counted[name], name))} if counted else set()
    return [
        one
        for one, names in zip(said, kin, strict=True)
        if not names or ((not agents or agents & names) and (not _families(names) or families & _families(names)))
    ]


def _families(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.startswith("family:")}


def kinds_of(said: Sequence[tuple[Story, Said]], reader: StoryReader) -> tuple[Kind, ...]:
    """The kinds of news that the stories are, in file order, without those of a few stories only."""
    weights: dict[str, float] = {}
    for _, one in said:
        for name, weight in one.kinds:
            weights[name] = weights.get(name, 0.0) + weight
    least = max(LEAST, LEAST_SHARE * len(said))
    return tuple(kind for kind in reader.topics.kinds if weights.get(kind.name, 0.0) >= least)[:MOST_KINDS]
