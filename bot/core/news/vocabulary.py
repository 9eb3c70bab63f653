"""What people define in ``rules/topics/``: words, labs, models, topics with their signals, exposures, effects.

Frozen values. Names used in signals and effects are features: a word list's name, ``lab``, ``model`` (any family),
``version`` (a model with its version), whatever a lab or family adds by ``also``, an exposure's name (its words were
met), and ``source:NAME`` for a feature found in the source or the link's host instead of the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.core.news.lexicon import Name
from bot.core.news.speakers import Speech

BUILT_IN = ("lab", "model", "version", "company")
"""Features that need no word list."""
COMPARED_BEFORE = "compared-before"
"""The word list after which a model is only compared with: ``rival to …``."""
COMPARED_AFTER = "compared-after"
"""The word list before which a model is only compared with: ``… rival``."""


@dataclass(frozen=True, slots=True)
class Lab:
    """Someone who makes models."""

    name: str
    names: tuple[Name, ...]
    domains: tuple[str, ...] = ()
    """Hosts it publishes on; a story from there counts as the lab's own."""
    company: str = ""
    """The listed company it belongs to."""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """A line of models or a product built on them."""

    name: str
    lab: str = ""
    names: tuple[Name, ...] = ()
    versions: tuple[Name, ...] = ()
    """Patterns that match versions yet to come."""
    broad: bool = False
    """Always in the news under its bare name, so the name alone does not tie two stories to one happening."""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """A named reason to think that a story is about a topic, or not.

    ``all``: groups of features; one of each group must be there. ``none``: features that must not be.
    """

    name: str
    weight: float
    all: tuple[tuple[str, ...], ...]
    none: tuple[str, ...] = ()
    elsewhere: float = 0.5
    """What part of the weight counts where only title, summary and source together have it."""
    veto: bool = False
    """Where this holds, the story does not follow up its cluster's topic."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a story can be about."""

    name: str
    title: str
    about: tuple[str, ...]
    """A story without any of these features scores 0."""
    signals: tuple[Signal, ...]
    follow_up: float = 0.0
    """Added where the story names the model of a cluster already about this topic, and nothing vetoes it."""
    named: bool = False
    """A story counts only where it names a company: results of nobody we know concern nobody."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a company lives from that AI can hit."""

    name: str
    title: str
    words: tuple[Name, ...] = ()
    """Words of a scored story that meet it."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a story says that reaches exposures which it does not name."""

    name: str
    all: tuple[tuple[str, ...], ...]
    reach: Mapping[str, float]
    none: tuple[str, ...] = ()
    elsewhere: float = 0.5
    """What part of the strength counts where only title, summary and source together say it."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Everything in ``rules/topics/``, as one."""

    topics: tuple[Topic, ...] = ()
    words: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)
    labs: tuple[Lab, ...] = ()
    families: tuple[Family, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    effects: tuple[Effect, ...] = ()
    telling: frozenset[str] = frozenset()
    """Word lists whose words tell one happening from another, as words that no list knows do; those of exposures
    always do."""
    speech: Speech = field(default_factory=Speech)
    """Words by which a quotation is given to its speaker."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", MappingProxyType(dict(self.words)))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the topics, in file order: what a rule's ``topic`` may say."""
        return tuple(topic.name for topic in self.topics)

    @property
    def exposure_names(self) -> tuple[str, ...]:
        """Names of the exposures, in file order."""
        return tuple(exposure.name for exposure in self.exposures)

    def exposure(self, name: str) -> Exposure | None:
        """The exposure called ``name``."""
        return next((e for e in self.exposures if e.name == name), None)

    def features(self) -> frozenset[str]:
        """Every feature a signal, an effect or a condition may name, ``source:`` ones included."""
        names: set[str] = {*BUILT_IN, *self.words, *self.exposure_names}
        for lab in self.labs:
            names.update(lab.also)
        for family in self.families:
            names.update(family.also)
        return frozenset(names | {f"source:{name}" for name in names})


def grouped(groups: Iterable[str | Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """``[model, [release, update]]`` as groups: each item one feature or several of which one suffices."""
    return tuple((g,) if isinstance(g, str) else tuple(g) for g in groups)
