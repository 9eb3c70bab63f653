"""What a story reaches: exposures that its words meet, and effects that reach exposures it does not name."""

from __future__ import annotations

from bot.core.model import ScoreReason
from bot.core.news.companies import Companies
from bot.core.news.lexicon import Features
from bot.core.news.topics import FoundFeatures, Test, compile_test
from bot.core.news.vocabulary import Effect, Topics

NAMED_IN_TITLE = 0.8
"""Strength with which a word of an exposure in the title meets it: industry words name a line, not each company."""
NAMED_ELSEWHERE = 0.4
"""The same in the summary."""


class ExposureReader:
    """All exposures and effects, compiled."""

    def __init__(self, topics: Topics, features: Features) -> None:
        self._named = [(e.name, features.bit(e.name)) for e in topics.exposures if e.words]
        self._any = features.mask(name for name, _ in self._named)
        self._effects: list[tuple[Effect, Test]] = [
            (effect, compile_test(features, effect.all, effect.none)) for effect in topics.effects
        ]

    def read(self, sight: FoundFeatures) -> tuple[tuple[str, float], ...]:
        """Exposures the story meets, each with its strength, strongest first, then by name."""
        found: dict[str, float] = {}
        if self._any & sight.anywhere:
            for name, bit in self._named:
                if bit & sight.title:
                    found[name] = NAMED_IN_TITLE
                elif bit & sight.anywhere:
                    found[name] = NAMED_ELSEWHERE
        for effect, test in self._effects:
            if test.holds(sight.title):
                factor = 1.0
            elif effect.elsewhere and test.holds(sight.anywhere):
                factor = effect.elsewhere
            else:
                continue
            for name, strength in effect.reach.items():
                found[name] = max(found.get(name, 0.0), round(strength * factor, 4))
        return tuple(sorted(((n, s) for n, s in found.items() if s > 0), key=lambda item: (-item[1], item[0])))

    def why(self, sight: FoundFeatures) -> tuple[tuple[str, ScoreReason], ...]:
        """Exposure and reason for everything that ``read`` adds up, strongest first, for explaining."""
        found: list[tuple[str, ScoreReason]] = []
        for name, bit in self._named:
            if bit & sight.anywhere:
                where, strength = ("title", NAMED_IN_TITLE) if bit & sight.title else ("summary", NAMED_ELSEWHERE)
                words = Test((bit,), 0).words(sight)
                found.append((name, ScoreReason(f"its words, in the {where}", strength, words)))
        for effect, test in self._effects:
            factor = 1.0 if test.holds(sight.title) else effect.elsewhere if test.holds(sight.anywhere) else 0.0
            for name, strength in effect.reach.items() if factor else ():
                reason = ScoreReason(effect.name, round(strength * factor, 4), test.words(sight))
                found.append((name, reason))
        return tuple(sorted(found, key=lambda item: (-item[1].weight, item[0], item[1].name)))


def line_of_work(companies: Companies, topics: Topics, symbol: str) -> str:
    """What a company lives from most, in words; empty where nothing is known of it."""
    company = companies.get(symbol)
    return exposure_title(topics, company.main_exposure) if company else ""


def exposure_title(topics: Topics, name: str) -> str:
    """An exposure in words; its name where it has none."""
    exposure = topics.exposure(name)
    return exposure.title if exposure else name
