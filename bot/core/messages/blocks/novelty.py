"""What is new: what set the fall off, from whom, since when; its licence, cost and price as stories put them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from bot.core.model import Block, BlockKind, Line, Link, Story, Strong
from bot.core.news.kinds import Said
from bot.core.news.passages import is_foreign
from bot.core.news.reader import StoryReader
from bot.core.news.vocabulary import Detail, Topics
from bot.core.text.scripts import language_note
from bot.core.text.wording import quotation, shortened, verbatim, when

MOST = 4
LONGEST_SOURCE = 60


def novelty(
    said: Sequence[tuple[Story, Said]],
    reader: StoryReader,
    told: Collection[str] = (),
    known_since: datetime | None = None,
) -> list[Block]:
    """The block; empty where no story is about a model or lab and tells a detail of it. ``said``: as
    ``happening.read`` returns it, of the same ``reader``; ``told``: sentences that the message gives already;
    ``known_since``: when the first story of the news was seen, which may no longer be among them."""
    lines = [
        *_what(said, reader, known_since),
        *quoted(said, [d for d in reader.topics.details if not d.ahead], told=told),
    ]
    return [Block("what is new", BlockKind.FACTS, 55, "What is new", tuple(lines))] if lines else []


def news_since(said: Sequence[tuple[Story, Said]], known_at: datetime | None, topics: Topics) -> list[Block]:
    """The same for readers who were told of the news at ``known_at``: details that no story had told by then."""
    told = {quote.detail for story, one in said for quote in one.details if known_at and story.seen_at <= known_at}
    since = [(story, one) for story, one in said if known_at is None or story.seen_at > known_at]
    lines = quoted(since, [d for d in topics.details if not d.ahead and d.name not in told])
    return [Block("what is new", BlockKind.FACTS, 55, "What is new", tuple(lines))] if lines else []


def quoted(
    said: Sequence[tuple[Story, Said]], details: Sequence[Detail], most: int = MOST, told: Collection[str] = ()
) -> list[Line]:
    """A line for each of ``details`` that a story on a lab or model tells: one sentence of it, marked, with its source.
    Readable ones first, then those that tell most, then the earliest; a sentence that tells several stands once, one
    of ``told`` not at all."""
    lines: list[Line] = []
    shown = set(told)
    said = [(story, one) for story, one in said if one.about]
    told = Counter(quote.words for _, one in said for quote in one.details)
    for detail in details:
        found = [(story, quote.words) for story, one in said for quote in one.details if quote.detail == detail.name]
        if not found or len(lines) == most:
            continue
        story, words = min(found, key=lambda each: (is_foreign(each[1]), -told[each[1]], each[0].seen_at))
        if words not in shown:
            shown.add(words)
            told_as = f"{quotation(words)}{language_note(words)} ("
            lines.append((Strong(f"{verbatim(detail.title)}: "), told_as, *_source(story), ")."))
    return lines


def _what(said: Sequence[tuple[Story, Said]], reader: StoryReader, known_since: datetime | None) -> list[Line]:
    """The model that most stories are about, its maker, and when it was first seen."""
    models = Counter(
        first.removeprefix("model:") for _, one in said for first in one.about[:1] if first.startswith("model:")
    )
    if not models:
        return []
    model = max(models, key=lambda name: (models[name], name))
    story = next(story for story, one in said if one.about[:1] == (f"model:{model}",))
    family = reader.family(model)
    called = family.called(model) if family else model
    by = f", by {verbatim(family.lab)}" if family and family.lab and called == model else ""
    if known_since is not None and story.seen_at > known_since:
        return [(Strong(verbatim(called)), f"{by}.")]
    return [(Strong(verbatim(called)), f"{by}; first seen ", when(story.seen_at), " (", *_source(story), ").")]


def _source(story: Story) -> tuple[str | Link, ...]:
    name = shortened(story.origin, LONGEST_SOURCE)
    return (Link(name, story.link),) if story.link else (verbatim(name),)
