"""What people define in ``rules/topics/``: words, labs, models, topics with their signals, exposures, effects.

Signals and effects ask for features: a word list's name, ``lab``, ``model`` (any family), ``version`` (a model with its
version), ``company``, ``new-name`` and ``speaker`` (how a title begins), what a lab or family adds by ``also``, an
exposure's name (for its words), and ``source:`` before any of these where it is in the source or the link's host
instead of the text. ``docs/topics.md`` describes every key.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.core.news.lexicon import Name
from bot.core.news.voices.speakers import Speech
from bot.core.text.titles import Titles

NEW_NAME = "new-name"
"""The feature of a title that begins with a name that nobody knows, and a colon: ``StarCoder: a code model``."""
SPEAKER = "speaker"
"""The feature of a Chinese title that begins with a person's name and a colon."""
BUILT_IN = ("lab", "model", "version", "company", NEW_NAME, SPEAKER)
"""Features that need no word list."""
COMPARED_BEFORE = "compared-before"
"""The word list for words before a model that is only a comparison: ``rival to …``."""
COMPARED_AFTER = "compared-after"
"""The word list for words after such a model: ``… rival``."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A maker of models."""

    name: str
    names: tuple[Name, ...]
    domains: tuple[str, ...] = ()
    """Hosts it publishes on; a story from there is the lab's own."""
    company: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """A line of models, or a product built on them."""

    name: str
    lab: str = ""
    names: tuple[Name, ...] = ()
    versions: tuple[Name, ...] = ()
    broad: bool = False
    """Always in the news, so its bare name does not put two stories into one cluster."""
    also: tuple[str, ...] = ()
    company: str = ""
    """Of a product whose maker is no lab."""

    def called(self, model: str) -> str:
        """What people call a model of this family, given its canonical name: ``o-series O3`` is OpenAI o3, and
        ``Mistral models Small 3`` is Mistral Small 3."""
        version = model.removeprefix(self.name).strip()
        if not version or not self.lab or not self.name.endswith(("-series", " models")):
            return model
        return f"{self.lab} {version.lower() if self.name.endswith('-series') else version}"


@dataclass(frozen=True, slots=True)
class Signal:
    """A named reason for or against a topic.

    ``all``: groups of features, of each of which the story must have one. ``none``: features it must not have.
    """

    name: str
    weight: float
    all: tuple[tuple[str, ...], ...]
    none: tuple[str, ...] = ()
    elsewhere: float = 0.5
    """Share of the weight that counts where it holds for title, summary and source together, but not for the title."""
    near: bool = False
    """Whether the words of ``all`` must stand near each other in the title: a maker that releases, not a maker named in
    a headline in which somebody releases something."""
    veto: bool = False
    """Whether a story for which this holds cannot follow up its cluster's topic."""


class Role(enum.StrEnum):
    """What the stories on a topic do in explaining a fall."""

    TRIGGER = "trigger"
    """AI news that can cause a fall: it explains the fall of companies exposed to it."""
    TIE = "tie"
    """Stories that say AI moved prices, and so tie a fall to AI."""
    RIVAL = "rival"
    """An explanation other than AI, for the companies that a story on it names."""
    NONE = "none"
    """It explains no fall; rules can only ask for its stories."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject of stories."""

    name: str
    title: str
    about: tuple[str, ...]
    """Without one of these features a story scores 0."""
    signals: tuple[Signal, ...]
    follow_up: float = 0.0
    named: bool = False
    """Whether a story counts only if it names a company: results of unknown companies concern no symbol."""
    role: Role = Role.RIVAL
    own: bool = False
    """A rival that concerns one company only, such as its results: its fall says nothing about others. Not a rating,
    which is often itself a reaction to the shock."""
    calendar: bool = False
    weight: float = 1.0
    ai: bool = False
    headline: str = ""
    """The cause in a headline, with its preposition: ``after AI-model news``. If empty, ``most likely`` and the
    title."""

    @property
    def as_cause(self) -> str:
        """The topic as a cause: ``AI-model news``."""
        return self.headline.partition(" ")[2] or self.title


@dataclass(frozen=True, slots=True)
class Exposure:
    """A line of business that AI news can move."""

    name: str
    title: str
    words: tuple[Name, ...] = ()
    companies: str = ""
    """Those in it, in the plural: ``freight brokers``. If empty, ``stocks in`` and the title."""

    @property
    def as_companies(self) -> str:
        """Those in it, as headlines count them."""
        return self.companies or f"stocks in {self.title}"


@dataclass(frozen=True, slots=True)
class Effect:
    """A statement in a story that reaches exposures it does not name."""

    name: str
    all: tuple[tuple[str, ...], ...]
    reach: Mapping[str, float]
    none: tuple[str, ...] = ()
    elsewhere: float = 0.5


@dataclass(frozen=True, slots=True)
class Detail:
    """What a story may say of the news itself: its licence, its price. Recognised sentence by sentence."""

    name: str
    title: str
    all: tuple[tuple[str, ...], ...]
    none: tuple[str, ...] = ()
    ahead: bool = False
    """Whether it tells of what the maker does next, rather than of what is new now."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of news: cheaper models, a tool that does the work. Why it hits a line of business, and whom it helps."""

    name: str
    title: str
    effects: tuple[str, ...] = ()
    """A story for which one of these effects holds is news of this kind."""
    signals: tuple[tuple[tuple[tuple[str, ...], ...], tuple[str, ...]], ...] = ()
    """So is one for which one of these holds: ``all`` and ``none``, as in effects."""
    fears: Mapping[str, str] = field(default_factory=dict)
    """By exposure: what investors fear, in a clause."""
    helps: Mapping[str, str] = field(default_factory=dict)
    """By exposure: what it may gain, in a clause."""


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
    LEADS = "leads"
    """A move follows that what stands before shares: ``leads chip stocks lower``."""
    DOWNS = "downs"
    """Tells of a fall only where something sends or leads there: ``drags chip stocks down``."""
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
    WORKS = "works"
    """Work that people did so far, which tells of AI where nothing names it: ``a tool that drafts contracts``."""
    FAILS = "fails"
    """What a model does that goes wrong in public, by which its own maker falls: ``a wrong answer``."""
    LAUNCHES = "launches"
    TOOLS = "tools"
    """What makes AI an agent by itself: ``a new AI tool``, ``legal plugin``."""
    PRODUCTS = "products"
    """What a lab makes, and others too: ``app``, ``platform``."""
    CHEAPER = "cheaper"
    """AI that needs less of what suppliers sell: ``fewer chips``, ``at a fraction of the cost``."""
    NEWCOMERS = "newcomers"
    """Whose AI is a surprise to those who sell to the makers known so far: ``a Chinese AI model``."""
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
    """By exposure: more ways to name those exposed to it, for reading clauses only."""
    suppliers: frozenset[str] = frozenset()
    """Exposures that sell to makers of AI: a bare ``AI worries`` is about what these sell, not about a rival."""
    spending: str = ""
    """The topic of falls over spending on AI or the demand for it; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of the evidence on a fall adds to the log-odds that AI is its cause."""

    base: float = -3.4
    company: float = 7.0
    """A tie of the company itself."""
    line: float = 6.2
    """A tie of its line of business, once prices confirm it in full."""
    market: float = 5.6
    """A tie of the whole market, likewise."""
    unconfirmed: float = 0.3
    """Share of a tie by line or market that counts while no price confirms it."""
    trigger: float = 2.0
    """A release that affects its line of business."""
    talk: float = 0.8
    """Stories on AI and its market that give no cause."""
    together: float = 2.0
    """Its group falls with it, times tie or trigger."""
    publishers: float = 0.35
    """For each doubling of the publishers that give the cause."""
    rival: float = -5.6
    market_wide: float = -1.4
    """The whole market falls."""
    second_reader: float = 0.8
    """What a second reader's answers add at most, or take away: too little to make or break a claim by itself."""
    softened: float = 0.7
    """Share of a rival that is taken off where the company is tied and its whole group falls with it: its own results
    do not make others fall."""
    plain: float = 0.6
    """The same where the company is tied as plainly as can be: a company that says a model takes its customers mostly
    says so with its results."""
    one_publisher: float = 0.85
    """Highest confidence in a tie of a single publisher."""
    two_publishers: float = 0.92


@dataclass(frozen=True, slots=True)
class Topics:
    """Everything in ``rules/topics/`` as one vocabulary."""

    topics: tuple[Topic, ...] = ()
    words: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)
    labs: tuple[Lab, ...] = ()
    families: tuple[Family, ...] = ()
    never_learned: frozenset[str] = frozenset()
    """Words that are no models, whatever a news source lists; without regard to case."""
    organisations: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Where labs publish: by lab, the names of their organisations at each place."""
    exposures: tuple[Exposure, ...] = ()
    effects: tuple[Effect, ...] = ()
    kinds: tuple[Kind, ...] = ()
    """Kinds of news, in file order."""
    details: tuple[Detail, ...] = ()
    """What is quoted from stories about the news itself, in the order in which it is told."""
    phrases: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)
    """Word lists for kinds and details alone. Scores do not know them, nor do they decide what a title is about."""
    telling: frozenset[str] = frozenset()
    """Word lists whose words distinguish happenings, as words in no list and those of exposures always do."""
    speech: Speech = field(default_factory=Speech)
    """Words for finding the speakers of quotations."""
    clauses: ClauseVocabulary = field(default_factory=ClauseVocabulary)
    weights: Weights = Weights()
    """Words for reading headlines clause by clause."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", MappingProxyType(dict(self.words)))
        object.__setattr__(self, "phrases", MappingProxyType(dict(self.phrases)))
        object.__setattr__(self, "organisations", MappingProxyType(dict(self.organisations)))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the topics, in file order."""
        return tuple(topic.name for topic in self.topics)

    def topic(self, name: str) -> Topic | None:
        """The topic called ``name``."""
        return next((t for t in self.topics if t.name == name), None)

    def as_cause(self, name: str) -> str:
        """A topic as a cause, in words; ``news`` for no topic."""
        topic = self.topic(name)
        return topic.as_cause if topic else name or "news"

    def with_role(self, *roles: Role) -> tuple[str, ...]:
        """Names of the topics that have one of these roles, in file order."""
        return tuple(topic.name for topic in self.topics if topic.role in roles)

    @property
    def triggers(self) -> tuple[str, ...]:
        """Names of the topics that count as AI-model news, in file order."""
        return self.with_role(Role.TRIGGER)

    @property
    def causes(self) -> frozenset[str]:
        """Names of the topics that can explain a fall."""
        return frozenset(self.with_role(Role.TRIGGER, Role.TIE, Role.RIVAL))

    @property
    def ai_causes(self) -> frozenset[str]:
        """Names of the triggers and ties, which count as one cause, AI: falls that they explain in one session are one
        incident, and a change from one of them to another is no correction."""
        return frozenset(self.with_role(Role.TRIGGER, Role.TIE))

    @property
    def ai_topics(self) -> frozenset[str]:
        """Names of the topics that concern AI, whether causes or not."""
        return self.ai_causes | {topic.name for topic in self.topics if topic.ai}

    @property
    def exposure_names(self) -> tuple[str, ...]:
        """Names of the exposures, in file order."""
        return tuple(exposure.name for exposure in self.exposures)

    def exposure(self, name: str) -> Exposure | None:
        """The exposure called ``name``."""
        return next((e for e in self.exposures if e.name == name), None)

    def labs_at(self, place: str) -> Mapping[str, str]:
        """The labs that publish at a place, by the names of their organisations there."""
        return {name: lab for lab, places in self.organisations.items() for name in places.get(place, ())}

    @property
    def titles(self) -> Titles:
        """The titles of topics and exposures."""
        return Titles({t.name: t.title for t in self.topics}, {e.name: e.title for e in self.exposures})

    def features(self) -> frozenset[str]:
        """Every feature that signals and effects may ask for."""
        names: set[str] = {*BUILT_IN, *self.words, *self.exposure_names}
        for lab in self.labs:
            names.update(lab.also)
        for family in self.families:
            names.update(family.also)
        return frozenset(names | {f"source:{name}" for name in names})


def grouped(groups: Iterable[str | Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """``[model, [release, update]]`` as groups: each item is one feature, or several of which one is enough."""
    return tuple((g,) if isinstance(g, str) else tuple(g) for g in groups)
