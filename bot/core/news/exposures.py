"""Which exposures a story reaches: those whose words it uses, and by effects those that it does not name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.core.model import ScoreReason
from bot.core.news.companies import Companies
from bot.core.news.lexicon import Features
from bot.core.news.topics import FeatureTest, FoundFeatures, compile_test
from bot.core.news.vocabulary import Topics

NAMED_IN_TITLE = 0.8
"""Strength of an exposure whose word is in the title: such words name an industry, not each company in it."""
NAMED_ELSEWHERE = 0.4
"""The same in the summary."""


class ExposureReader:
    """All exposures and effects, compiled."""

    def __init__(self, topics: Topics, features: Features) -> None:
        self._named = [(e.name, features.bit(e.name)) for e in topics.exposures if e.words]
        self._any = features.mask(name for name, _ in self._named)
        self._effects = [(effect, compile_test(features, effect.all, effect.none)) for effect in topics.effects]

    def read(self, found: FoundFeatures) -> tuple[tuple[str, float], ...]:
        """The exposures a story reaches, each with its strength, strongest first, then by name."""
        strengths: dict[str, float] = {}
        for _, reach, _ in self._evidence(found):
            for name, strength in reach.items():
                strengths[name] = max(strengths.get(name, 0.0), strength)
        return tuple(sorted(((n, s) for n, s in strengths.items() if s > 0), key=lambda item: (-item[1], item[0])))

    def why(self, found: FoundFeatures) -> tuple[tuple[str, ScoreReason], ...]:
        """Each exposure with each reason for it, strongest first."""
        reasons = [
            (name, ScoreReason(reason, strength, test.words(found)))
            for reason, reach, test in self._evidence(found)
            for name, strength in reach.items()
        ]
        return tuple(sorted(reasons, key=lambda item: (-item[1].weight, item[0], item[1].name)))

    def _evidence(self, found: FoundFeatures) -> Iterator[tuple[str, Mapping[str, float], FeatureTest]]:
        """What reaches exposures: the reason in words, the exposures with their strength, and the test that holds."""
        if self._any & found.anywhere:
            for name, bit in self._named:
                if bit & found.title:
                    yield "its words, in the title", {name: NAMED_IN_TITLE}, FeatureTest((bit,), 0)
                elif bit & found.anywhere:
                    yield "its words, in the summary", {name: NAMED_ELSEWHERE}, FeatureTest((bit,), 0)
        for effect, test in self._effects:
            if test.holds(found.title):
                factor = 1.0
            elif effect.elsewhere and test.holds(found.anywhere):
                factor = effect.elsewhere
            else:
                continue
            yield effect.name, {name: round(strength * factor, 4) for name, strength in effect.reach.items()}, test


def main_exposure_title(companies: Companies, topics: Topics, symbol: str) -> str:
    """The title of a company's main exposure; empty where none is known."""
    company = companies.get(symbol)
    return topics.titles.exposure(company.main_exposure) if company else ""
