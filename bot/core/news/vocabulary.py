"""What people define in ``rules/topics/``: words, labs, models, topics with their signals, exposures, effects.

Frozen values. Names used in signals and effects are features: a word list's name, ``lab``, ``model`` (any family),
``version`` (a model with its version), whatever a lab or family adds by ``also``, an exposure's name (its words were
met), and ``source:NAME`` for a feature found in the source or the link's host instead of the text.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.core.news.lexicon import Name

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


class Role(enum.StrEnum):
    """How the stories on a topic take part where a fall is to be explained."""

    TRIGGER = "trigger"
    """News on AI that may set a fall off: it explains the fall of those whose business it meets."""
    TIE = "tie"
    """Stories which say that AI moves prices: they tie a fall to it."""
    RIVAL = "rival"
    """Another explanation than AI, for a company that a story on it names."""
    NONE = "none"
    """It explains no fall: rules ask for its stories, and that is all."""


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
    role: Role = Role.RIVAL
    """Its part in explaining a fall."""
    own: bool = False
    """A rival that is one company's own matter, as its results are: such a fall says nothing of others. A rating does,
    for it is often itself a reaction to the shock."""
    calendar: bool = False
    """A rival for which the dates of the earnings calendar count beside its stories."""
    weight: float = 1.0
    """What part of its evidence counts, above 0 up to 1."""
    ai: bool = False
    """It concerns AI although it is neither trigger nor tie."""
    headline: str = ""
    """The cause as a headline tells it, with its preposition: ``after AI-model news``. Empty: ``most likely`` and the
    title."""

    @property
    def in_words(self) -> str:
        """The topic as a cause, for people: ``AI-model news``."""
        return self.headline.partition(" ")[2] or self.title


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


class Part(enum.StrEnum):
    """What a word does in a clause that tells of a move."""

    FALLS = "falls"
    """What falls stands before it: ``Nvidia tumbles``; or after it: ``rout in chip stocks``."""
    RISES = "rises"
    FELLS = "fells"
    """What falls stands after it: ``fears batter chip stocks``; before it with ``by``: ``chip stocks hit by fears``."""
    LIFTS = "lifts"
    SENDS = "sends"
    """A move follows, with what moves in between: ``sends chip stocks tumbling``."""
    SPARKS = "sparks"
    """A move follows, and after it what moves: ``sparks a sell-off in chip stocks``."""
    BECAUSE = "because"
    """The cause follows: ``on``, ``after``, ``as``, ``amid``."""
    BY = "by"
    DESPITE = "despite"
    """What follows is no cause."""
    BREAKS = "breaks"
    """Another matter follows: ``while``, ``but``."""
    JOINS = "joins"
    PERHAPS = "perhaps"
    """The move right after it has not happened: ``could``, ``will``, ``not``."""
    SHARES = "shares"
    """Shares of what is named beside it, or else of whom the text spoke last."""
    INDEXES = "indexes"
    """A whole market."""
    INVESTORS = "investors"
    HALVES = "halves"
    """A fall by half without a number."""
    MONEY = "money"
    """Sums in which a fall is told: ``billion``."""
    BESIDE = "beside"
    """The company right before it does not move itself: ``Nvidia supplier``, ``Google-backed``."""
    LABELS = "labels"
    """AI as the kind of share: ``AI stocks``."""
    SOLD = "sold"
    """AI, or what it runs on, as goods: ``AI chips``, ``AI adoption``."""
    SPENDING = "spending"
    """Spending, demand and what people hope to earn with it."""
    FINANCE = "finance"
    """What a lab does as a business: funding, a listing, pay, a lawsuit."""
    FEARS = "fears"
    THREATS = "threats"
    """What AI does to a business: replaces, undercuts, competes."""
    HURTS = "hurts"
    """The same as done already, which outweighs results: ``hurting growth``, ``blames``."""
    LAUNCHES = "launches"
    TOOLS = "tools"
    """What makes AI an agent by itself: ``a new AI tool``, ``legal plugin``."""
    PRODUCTS = "products"
    """What a lab makes, and others too: ``app``, ``platform``."""
    CHEAPER = "cheaper"
    """AI that needs less of what suppliers sell: ``fewer chips``, ``at a fraction of the cost``."""
    EASES = "eases"
    """Fears that end."""
    ITS = "its"
    """What follows belongs to whoever moves."""
    OLD = "old"
    """The move is not of today."""
    ADVICE = "advice"
    """Of a title: advice on shares, whose summary retells what moved them before."""
    ROUNDUPS = "roundups"
    """A title of several matters."""
    AI = "ai"
    RESULTS = "results"
    """Results and forecasts, which are a company's own and another's contagion."""


@dataclass(frozen=True, slots=True)
class ClauseWords:
    """The words of one part: names of its own, and word lists whose words are of this part too."""

    names: tuple[Name, ...] = ()
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClauseVocabulary:
    """How headlines tell who moves, which way, and because of what."""

    words: Mapping[Part, ClauseWords] = field(default_factory=dict)
    causes: Mapping[str, ClauseWords] = field(default_factory=dict)
    """Words of other causes by name: a topic's where there is one."""
    lines: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)
    """By exposure: more ways to name those who live from it, for reading clauses only."""
    suppliers: frozenset[str] = frozenset()
    """Exposures that sell to makers of AI: a bare ``AI worries`` is about what these sell, not about a rival."""


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
    clauses: ClauseVocabulary = ClauseVocabulary()

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", MappingProxyType(dict(self.words)))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the topics, in file order: what a rule's ``topic`` may say."""
        return tuple(topic.name for topic in self.topics)

    def topic(self, name: str) -> Topic | None:
        """The topic called ``name``."""
        return next((t for t in self.topics if t.name == name), None)

    def in_role(self, *roles: Role) -> tuple[str, ...]:
        """Names of the topics that have one of these roles, in file order."""
        return tuple(topic.name for topic in self.topics if topic.role in roles)

    @property
    def triggers(self) -> tuple[str, ...]:
        """Names of the topics that may set a fall off, in file order: what counts as AI-model news."""
        return self.in_role(Role.TRIGGER)

    @property
    def causes(self) -> frozenset[str]:
        """Names of the topics that may explain a fall."""
        return frozenset(self.in_role(Role.TRIGGER, Role.TIE, Role.RIVAL))

    @property
    def ai_causes(self) -> frozenset[str]:
        """Names of the triggers and ties. Together they tell of AI as the cause: falls of one session that these
        explain are one happening, and from one of them to another is no correction."""
        return frozenset(self.in_role(Role.TRIGGER, Role.TIE))

    @property
    def concerning_ai(self) -> frozenset[str]:
        """Names of the topics that concern AI, causes or not."""
        return self.ai_causes | {topic.name for topic in self.topics if topic.ai}

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
