"""Topic scores: the sum of named reasons, clipped to 0 to 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from bot.core.model import Field, ScoreReason, TopicScore
from bot.core.news.lexicon import Features, Hit
from bot.core.news.vocabulary import Topic

_SHOWN = 3
"""How many of the words behind a reason are shown."""
_NEAR = 25
"""Letters that words near each other have between them at most; a Chinese character says as much as three."""
_WIDE = "\u2e80"
"""The first of the characters that do."""
_TRIED = 5
"""How many words for one group are tried."""


@dataclass(frozen=True, slots=True)
class FoundFeatures:
    """The features of a story, as bit masks, and the hits behind them."""

    title: int
    """Those of the title, and ``source:`` features."""
    anywhere: int
    """Those of title, summary and source together, and ``source:`` features."""
    hits: Sequence[Hit]
    text: str = ""
    """The title."""


@dataclass(frozen=True, slots=True)
class FeatureTest:
    """``all`` and ``none`` of a signal or effect, compiled to bit masks."""

    groups: tuple[int, ...]
    none: int

    def holds(self, mask: int) -> bool:
        """Whether ``mask`` has a feature of every group and no excluded one."""
        if self.none & mask:
            return False
        for group in self.groups:  # noqa: SIM110  # this runs hundreds of times for every story; all() takes twice as long
            if not group & mask:
                return False
        return True

    def near(self, found: FoundFeatures) -> bool:
        """Whether words of the title that meet the groups stand near each other. A group that no word of the title
        meets is met by the source, which is near everything."""
        hits = [h for h in found.hits if h.where is Field.TITLE]
        spans = [sorted({(h.start, h.stop) for h in hits if h.term.features & group})[:_TRIED] for group in self.groups]
        return any(_between(found.text, set(chosen)) <= _NEAR for chosen in product(*filter(None, spans)))

    def words(self, found: FoundFeatures) -> str:
        """The words of the story that meet it, one for each group."""
        texts: dict[str, None] = {}
        for group in self.groups[:_SHOWN]:
            for hit in found.hits:
                if hit.term.features & group:
                    texts[hit.text] = None
                    break
        return ", ".join(texts)


def compile_test(features: Features, all_: tuple[tuple[str, ...], ...], none: tuple[str, ...]) -> FeatureTest:
    """The test for ``all`` and ``none`` as written."""
    return FeatureTest(tuple(features.mask(group) for group in all_), features.mask(none))


class TopicScorer:
    """One topic, compiled."""

    def __init__(self, topic: Topic, features: Features) -> None:
        self.topic = topic
        self.about = features.mask(topic.about)
        """Without one of these features a story has no score."""
        self._signals = [(signal, compile_test(features, signal.all, signal.none)) for signal in topic.signals]

    def score(self, found: FoundFeatures) -> tuple[TopicScore, bool] | None:
        """The score, and whether a signal vetoes a follow-up; ``None`` where no signal of positive weight holds."""
        if not self.about & found.anywhere:
            return None
        reasons: list[ScoreReason] = []
        veto, total, positive = False, 0.0, False
        for signal, test in self._signals:
            if test.holds(found.title) and (not signal.near or test.near(found)):
                weight = signal.weight
            elif signal.elsewhere and test.holds(found.anywhere):
                weight = signal.weight * signal.elsewhere
            else:
                continue
            veto = veto or signal.veto
            positive = positive or weight > 0
            total += weight
            reasons.append(ScoreReason(signal.name, round(weight, 4), test.words(found)))
        if not positive:
            return None
        return TopicScore(self.topic.name, clipped(total), tuple(reasons)), veto

    def followed(self, own: TopicScore, first_title: str) -> TopicScore:
        """``own`` raised because the story follows up the one with ``first_title``."""
        reason = ScoreReason("follows a story on the same model", self.topic.follow_up, first_title)
        total = sum(r.weight for r in own.reasons) + self.topic.follow_up
        return TopicScore(own.topic, clipped(total), (*own.reasons, reason))


def _between(text: str, spans: Iterable[tuple[int, int]]) -> int:
    """The letters from the first to the last of ``spans`` that are in none of them."""
    spans = sorted(spans)
    if not spans:
        return 0
    letters, reached = 0, spans[0][1]
    for start, stop in spans[1:]:
        letters += sum(3 if c >= _WIDE else 1 for c in text[reached:start])
        reached = max(reached, stop)
    return letters


def clipped(total: float) -> float:
    """``total`` as a score, 0 to 1, rounded so that sums of tenths compare as people expect."""
    return round(min(1.0, max(0.0, total)), 4)
