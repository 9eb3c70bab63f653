"""Topic scores: the clipped sum of named reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.model import ScoreReason, TopicScore
from bot.core.news.lexicon import Features, Hit
from bot.core.news.vocabulary import Signal, Topic

_SHOWN = 3
"""So many of the words behind a reason are shown."""


@dataclass(frozen=True, slots=True)
class FoundFeatures:
    """What was found in a story, as features, and the hits behind them."""

    title: int
    """Features of the title, and ``source:`` features."""
    anywhere: int
    """Features of title, summary and source together, and ``source:`` features."""
    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class Test:
    """``all`` and ``none`` compiled to bits."""

    groups: tuple[int, ...]
    none: int

    def holds(self, mask: int) -> bool:
        """True where one feature of every group is in ``mask`` and none of the excluded."""
        if self.none & mask:
            return False
        for group in self.groups:  # noqa: SIM110  # this runs hundreds of times for every story; all() takes twice as long
            if not group & mask:
                return False
        return True

    def words(self, sight: FoundFeatures) -> str:
        """The words of the story it rests on, one of each group."""
        texts: dict[str, None] = {}
        for group in self.groups[:_SHOWN]:  # one word for each thing that must be there
            for hit in sight.hits:
                if hit.term.features & group:
                    texts[hit.text] = None
                    break
        return ", ".join(texts)


def compile_test(features: Features, all_: tuple[tuple[str, ...], ...], none: tuple[str, ...]) -> Test:
    """The bits of what must and what must not be there."""
    return Test(tuple(features.mask(group) for group in all_), features.mask(none))


class TopicScorer:
    """One topic, compiled."""

    def __init__(self, topic: Topic, features: Features) -> None:
        self.topic = topic
        self.about = features.mask(topic.about)
        """The story has one of these features, or ``score`` has nothing to say."""
        self._signals: list[tuple[Signal, Test]] = [
            (signal, compile_test(features, signal.all, signal.none)) for signal in topic.signals
        ]

    def score(self, sight: FoundFeatures) -> tuple[TopicScore, bool] | None:
        """The score, and whether something vetoes a follow-up; ``None`` where nothing speaks for the topic."""
        if not self.about & sight.anywhere:
            return None
        reasons: list[ScoreReason] = []
        veto, total, positive = False, 0.0, False
        for signal, test in self._signals:
            if test.holds(sight.title):
                weight = signal.weight
            elif signal.elsewhere and test.holds(sight.anywhere):
                weight = signal.weight * signal.elsewhere
            else:
                continue
            veto = veto or signal.veto
            positive = positive or weight > 0
            total += weight
            reasons.append(ScoreReason(signal.name, round(weight, 4), test.words(sight)))
        if not positive:
            return None
        return TopicScore(self.topic.name, clipped(total), tuple(reasons)), veto

    def followed(self, own: TopicScore, first_title: str) -> TopicScore:
        """``own`` with the follow-up reason added."""
        reason = ScoreReason("follows a story on the same model", self.topic.follow_up, first_title)
        total = sum(r.weight for r in own.reasons) + self.topic.follow_up
        return TopicScore(own.topic, clipped(total), (*own.reasons, reason))


def clipped(total: float) -> float:
    """A score: 0 to 1, rounded so that sums of tenths compare as people expect."""
    return round(min(1.0, max(0.0, total)), 4)
