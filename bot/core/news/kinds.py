"""What stories say of the news itself: its kind, its licence, its price, in their own sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.core.model import Field
from bot.core.news.lexicon import Features, Hit
from bot.core.news.passages import passages
from bot.core.news.topics import FeatureTest, FoundFeatures, compile_test
from bot.core.news.vocabulary import Topics

ELSEWHERE = 0.5
"""Weight of a kind that holds for title, summary and source together, but not for the title."""

_MAKERS = ("lab", "model")


@dataclass(frozen=True, slots=True)
class Quoted:
    """A sentence of a story that tells a detail."""

    detail: str
    words: str
    """Exactly as in the story."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one story says of the news itself."""

    about: tuple[str, ...] = ()
    """The labs and models it is about, most specific first: ``model:GPT 5``, ``family:GPT``, ``lab:OpenAI``."""
    kinds: tuple[tuple[str, float], ...] = ()
    """The kinds of news it is, in file order, each with its weight."""
    details: tuple[Quoted, ...] = ()


class KindReader:
    """All kinds and details, compiled."""

    def __init__(self, topics: Topics, features: Features) -> None:
        effects = {e.name: compile_test(features, e.all, e.none) for e in topics.effects}
        self._kinds = [
            (
                kind.name,
                [effects[name] for name in kind.effects if name in effects]
                + [compile_test(features, all_, none) for all_, none in kind.signals],
            )
            for kind in topics.kinds
        ]
        self._details = [(d.name, compile_test(features, d.all, d.none)) for d in topics.details]

    def kinds(self, found: FoundFeatures) -> Iterator[tuple[str, float]]:
        """The kinds of news that a story is, each with its weight."""
        for name, tests in self._kinds:
            if any(test.holds(found.title) for test in tests):
                yield name, 1.0
            elif any(test.holds(found.anywhere) for test in tests):
                yield name, ELSEWHERE

    def details(
        self, found: FoundFeatures, parts: Sequence[tuple[Field, str]], is_about: Callable[[frozenset[str]], bool]
    ) -> Iterator[Quoted]:
        """The sentences of ``parts`` that tell details of what the story is about. ``is_about``: whether one of these
        labs and models is that. A sentence that names only others is about them, unless it first tells the detail and
        then compares: "it costs $2 per million tokens, where o1 costs $60"."""
        for where, text in parts:
            for passage in passages(text, where):
                hits = [h for h in found.hits if h.where is where and passage.start <= h.start < h.stop <= passage.stop]
                mask = 0
                for hit in hits:
                    mask |= hit.term.features
                for name, test in self._details:
                    if test.holds(mask) and _concerns(hits, test, is_about):
                        yield Quoted(name, passage.words)


def _concerns(hits: Sequence[Hit], test: FeatureTest, is_about: Callable[[frozenset[str]], bool]) -> bool:
    makers = [hit for hit in hits if hit.term.kind in _MAKERS]
    if not makers or is_about(frozenset(f"{hit.term.kind}:{hit.name}" for hit in makers)):
        return True
    wanted = 0
    for group in test.groups:
        wanted |= group
    told = min((h.start for h in hits if h.term.kind not in _MAKERS and h.term.features & wanted), default=None)
    return told is not None and all(hit.start > told for hit in makers)
