"""``rules/topics/*.yaml``: topics, the words they are recognised by, and the exposures they reach.

All files together are one vocabulary: a signal in one can use words of another. Word lists with the same name are
joined; anything else may be defined only once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import chain
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator
from pydantic import Field as Setting

from bot.config.news.names import Text, Written, list_references, names_of, patterns, unknown
from bot.config.shipped import Beneath
from bot.config.yaml.document import Document, DocumentPath, load_document, problem
from bot.config.yaml.reading import yaml_files
from bot.config.yaml.validation import StrictModel, validate
from bot.config.yaml.wording import one_of
from bot.core.errors import ConfigError, Problem
from bot.core.news.lexicon import Name
from bot.core.news.vocabulary import (
    BUILT_IN,
    ClauseVocabulary,
    ClauseWords,
    Detail,
    Effect,
    Exposure,
    Family,
    Kind,
    Lab,
    Part,
    Role,
    Signal,
    Topic,
    Topics,
    Weights,
    grouped,
)
from bot.core.news.voices.speakers import Speech

Weight = Annotated[float, Setting(ge=-1, le=1)]
Share = Annotated[float, Setting(ge=0, le=1)]
Positive = Annotated[float, Setting(ge=0)]
Strength = Annotated[float, Setting(gt=0, le=1)]
Group = Text | Annotated[tuple[Text, ...], Setting(min_length=1)]
Groups = Annotated[tuple[Group, ...], Setting(min_length=1)]
SPEECH_LISTS = tuple(field.name for field in fields(Speech))
PREPOSITIONS = ("after", "amid", "on", "over")


def _headline(text: str) -> str:
    first, _, rest = text.partition(" ")
    if first not in PREPOSITIONS or not rest.strip():
        raise ValueError(f"'{text}' does not begin with after, amid, on or over; write it like: after AI-model news")
    return text


Headline = Annotated[str, AfterValidator(_headline)]


class SignalEntry(StrictModel):
    """A named reason for or against the topic."""

    name: Text
    """The reason in words, as ``news explain`` prints it."""
    weight: Weight
    """Added to the score; negative if it is a reason against."""
    all: Groups
    """Features the story must have; of a list within the list, one is enough."""
    none: tuple[Text, ...] = ()
    """Features it must not have."""
    elsewhere: Share | None = None
    """Share of the weight that counts where it holds for title, summary and source together, but not for the title. 0.5
    by default; 0 for negative weights and where ``near`` is true."""
    near: bool = False
    """Whether the words must stand near each other in the title: some 25 letters or 8 Chinese characters apart."""
    veto: bool = False
    """Whether a story for which this holds cannot follow up its cluster's topic."""


class TopicEntry(StrictModel):
    """A subject of stories."""

    title: Text
    """The topic's name in messages."""
    about: Annotated[tuple[Text, ...], Setting(min_length=1)]
    """Without one of these features a story scores 0."""
    follow_up: Share = 0.0
    """Added where a story names the model of a cluster that is about this topic."""
    named: bool = False
    """Whether a story counts only if it names a company, as for earnings. Others are not clustered, and rules do not
    find them."""
    role: Role = Role.RIVAL
    """What its stories do in explaining a fall. `trigger`: AI news that can cause a fall. `tie`: stories that say AI
    moved prices. `rival`: another explanation, which competes with AI. `none`: it explains no fall."""
    own: bool = False
    """Of a rival: it concerns one company only, such as its results. Its fall says nothing about others."""
    calendar: bool = False
    """Of a rival: dates of the earnings calendar count beside its stories. One topic at most."""
    weight: Annotated[float, Setting(gt=0, le=1)] = 1.0
    """Share of its evidence that counts in explaining a fall."""
    ai: bool = False
    """Whether it concerns AI, as triggers and ties always do. Past episodes on it are then similar to theirs."""
    in_headlines: Headline | None = None
    """The cause in a headline. Without it, `most likely` and the title."""
    signals: Annotated[tuple[SignalEntry, ...], Setting(min_length=1)]
    """Their sum, clipped to 0 to 1, is the score."""


class LabEntry(StrictModel):
    """A maker of models."""

    names: Annotated[tuple[Written, ...], Setting(min_length=1)]
    """Its names in stories."""
    domains: tuple[Text, ...] = ()
    """Hosts it publishes on."""
    company: Text | None = None
    """Symbol of the listed company that owns it."""
    also: tuple[Text, ...] = ()
    """Other features of a story that names it."""


class FamilyEntry(StrictModel):
    """A line of models, or a product built on them."""

    lab: Text | None = None
    """Its maker, as named under labs."""
    company: Text | None = None
    """Symbol of the listed company that makes it, where that is no lab."""
    names: tuple[Written, ...] = ()
    """Its bare names."""
    versions: tuple[Written, ...] = ()
    """Patterns with ``{n}``, ``{letter}`` or ``{word}``, which also match future versions: ``GPT-{n}``."""
    broad: bool = False
    """Whether it is always in the news, so that its bare name does not put two stories into one cluster."""
    also: tuple[Text, ...] = ()
    """Other features of a story that names it."""


class ExposureEntry(StrictModel):
    """A line of business that AI news can move."""

    title: Text
    """Its name in messages."""
    companies: Text | None = None
    """Those in it, in the plural, as headlines count them: `freight brokers`. Without it, `stocks in` and the title."""
    words: tuple[Written, ...] = ()
    """Words by which a scored story reaches it."""


class EffectEntry(StrictModel):
    """A statement in a story that reaches exposures it does not name."""

    name: Text
    """The statement in words, as ``news explain`` prints it."""
    all: Groups
    """Features the story must have; of a list within the list, one is enough."""
    none: tuple[Text, ...] = ()
    """Features it must not have."""
    elsewhere: Share = 0.5
    """Share that counts where it holds for title, summary and source together, but not for the title."""
    reach: Annotated[dict[Text, Strength], Setting(min_length=1)]
    """Exposures, each with how strongly such a story reaches it."""


LONGEST_REASON = 90
_HEDGES = ("may", "might", "could")


def _reason(text: str) -> str:
    """A clause that a message can put after the name of a line of business."""
    if len(text) > LONGEST_REASON:
        raise ValueError(f"this clause has {len(text)} characters; write at most {LONGEST_REASON}")
    first = text.split()[0] if text.split() else ""
    if not first or (first[0].isupper() and first not in ("AI", "AI-written")) or text[-1] in ".!?;:,":
        raise ValueError(f"'{text}' is no clause; begin it with a small letter and end it without a full stop")
    if not set(_HEDGES).intersection(text.split()):
        raise ValueError(f"'{text}' states a fact; say what may happen, with may, might or could")
    return text


Reason = Annotated[Text, AfterValidator(_reason)]


class KindSignalEntry(StrictModel):
    """What a story must say to be of a kind."""

    all: Groups
    """Features the story must have; of a list within the list, one is enough."""
    none: tuple[Text, ...] = ()
    """Features it must not have."""


class KindEntry(StrictModel):
    """A kind of news, why it hits lines of business, and whom it helps."""

    title: Text
    """Its name in words."""
    effects: tuple[Text, ...] = ()
    """Names of effects: a story for which one holds is of this kind."""
    signals: tuple[KindSignalEntry, ...] = ()
    """More ways to recognise it."""
    fears: Annotated[dict[Text, Reason], Setting(min_length=1)]
    """By exposure: why such news hits it, as a clause with may, might or could. Each exposure that the kind's effects
    reach, or its signals ask for, needs one."""
    helps: dict[Text, Reason] = Setting(default_factory=dict)
    """By exposure: what it may gain by such news."""


class DetailEntry(StrictModel):
    """What stories may say of the news itself, such as its licence. A sentence that does is quoted."""

    title: Text
    """What stands before the quotation."""
    all: Groups
    """Features the sentence must have; of a list within the list, one is enough."""
    none: tuple[Text, ...] = ()
    """Features it must not have."""
    ahead: bool = False
    """Whether it tells of what the maker does next: it then stands where the message says how it goes on."""


class ClausesEntry(StrictModel):
    """How headlines say who moves, which way, and because of what."""

    words: dict[Part, tuple[Written, ...]] = Setting(default_factory=dict)
    """Words by the part they play. ``@list`` among them stands for all words of a word list."""
    causes: dict[Text, tuple[Written, ...]] = Setting(default_factory=dict)
    """Words of causes other than AI and results, by name: a topic's name where there is one. ``@list`` as above."""
    lines: dict[Text, tuple[Written, ...]] = Setting(default_factory=dict)
    """By exposure: more ways to name those exposed to it, which count for clauses only."""
    suppliers: tuple[Text, ...] = ()
    """Exposures that sell to makers of AI: a bare ``AI worries`` is about what these sell, not about a rival."""
    spending: Text | None = None
    """The topic of falls over spending on AI or the demand for it."""


_DEFAULTS = Weights()


class WeightsEntry(StrictModel):
    """How much each part of the evidence on a fall adds to the log-odds that AI is its cause."""

    base: float = _DEFAULTS.base
    """Without any evidence."""
    company: Positive = _DEFAULTS.company
    """A story says that the company fell because of AI."""
    line: Positive = _DEFAULTS.line
    """It says so of its line of business, and prices confirm it in full."""
    market: Positive = _DEFAULTS.market
    """It says so of the whole market, and prices confirm it in full."""
    unconfirmed: Share = _DEFAULTS.unconfirmed
    """Share of these two that counts while no price confirms them."""
    trigger: Positive = _DEFAULTS.trigger
    """A release affects its line of business."""
    talk: Positive = _DEFAULTS.talk
    """Stories on AI and its market give no cause."""
    together: Positive = _DEFAULTS.together
    """Its group falls with it."""
    publishers: Positive = _DEFAULTS.publishers
    """For each doubling of the publishers that give the cause."""
    rival: Annotated[float, Setting(le=0)] = _DEFAULTS.rival
    """Something else explains the fall, such as its own results."""
    market_wide: Annotated[float, Setting(le=0)] = _DEFAULTS.market_wide
    """The whole market falls."""
    second_reader: Share = _DEFAULTS.second_reader
    """The most that a second reader's answers add, or take away; docs/language-model.md."""
    softened: Share = _DEFAULTS.softened
    """Share of a rival taken off where the company is named and its whole group falls with it."""
    plain: Share = _DEFAULTS.plain
    """Share of a rival taken off where the title names the company, and the model with what it does."""
    one_publisher: Share = _DEFAULTS.one_publisher
    """Highest confidence where a single publisher gives the cause."""
    two_publishers: Share = _DEFAULTS.two_publishers
    """Highest confidence where two publishers do."""


class TopicsFile(StrictModel):
    """One file in ``rules/topics/``. Every section is optional."""

    words: dict[Text, tuple[Written, ...]] = Setting(default_factory=dict)
    """Word lists by name; each name is a feature for signals and effects."""
    labs: dict[Text, LabEntry] = Setting(default_factory=dict)
    """Makers of models, by name."""
    models: dict[Text, FamilyEntry] = Setting(default_factory=dict)
    """Lines of models, by name."""
    never_learned: tuple[Text, ...] = ()
    """Words that do not become names of models, though a lab publishes one of that name (docs/sources.md)."""
    organisations: dict[Text, dict[Text, tuple[Text, ...]]] = Setting(default_factory=dict)
    """Where labs publish: by lab, the names of their organisations at each place (`huggingface`, `openrouter`,
    `github`, `models-dev`, `models-dev-lab`)."""
    topics: dict[Text, TopicEntry] = Setting(default_factory=dict)
    """Topics, by the name that rules use."""
    exposures: dict[Text, ExposureEntry] = Setting(default_factory=dict)
    """Lines of business, by name; companies.yaml says which companies depend on them."""
    effects: tuple[EffectEntry, ...] = ()
    """How stories reach exposures they do not name."""
    kinds: dict[Text, KindEntry] = Setting(default_factory=dict)
    """Kinds of news, by name, and why each hits a line of business."""
    details: dict[Text, DetailEntry] = Setting(default_factory=dict)
    """What is quoted from stories about the news itself, in the order in which it is told."""
    phrases: dict[Text, tuple[Written, ...]] = Setting(default_factory=dict)
    """Word lists by name, as under words, for kinds and details alone: they change no score and no cluster."""
    telling: tuple[Text, ...] = ()
    """Word lists whose words distinguish happenings of the same kind."""
    speech: dict[Text, tuple[Text, ...]] = Setting(
        default_factory=dict, json_schema_extra={"propertyNames": {"enum": list(SPEECH_LISTS)}}
    )
    """Word lists for finding the speaker of a quotation; ``voices.yaml`` says what each is for."""
    clauses: ClausesEntry = ClausesEntry()
    """How headlines say who moves, which way, and because of what."""
    weights: WeightsEntry | None = None
    """How much each part of the evidence weighs in the confidence that AI is the cause; in one file only."""


_Loaded = tuple[Document, TopicsFile]
NAMED = ("labs", "models", "organisations", "topics", "exposures", "kinds", "details")
"""Sections of which one file may define each name."""


def load_topics(directory: Path, beneath: Beneath | None = None) -> Topics:
    """All ``*.yaml`` in ``directory`` as one vocabulary, laid over the shipped one ``beneath``. Raises ConfigError with
    every mistake in every file."""
    paths = yaml_files(directory)
    if not paths and beneath is None:
        raise ConfigError([Problem(str(directory), 0, 0, "", "no topic files here; add some, as *.yaml")])
    loaded: list[_Loaded] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            document = load_document(path)
            loaded.append((document, validate(document, TopicsFile)))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    if beneath is not None:
        loaded = [*_beneath(beneath, [file for _, file in loaded]), *loaded]
    topics = _joined([file for _, file in loaded])
    problems = [*_duplicates(loaded), *_roles(loaded), *(p for each in loaded for p in _undefined(*each, topics))]
    if problems:
        raise ConfigError(problems)
    return topics


def _beneath(beneath: Beneath, own: Sequence[TopicsFile]) -> list[_Loaded]:
    """The shipped files without what is switched off, and what one's own files have under the same name: these stand in
    its place."""
    files = [load_document(path) for path in yaml_files(beneath.folder / "topics")]
    taken = {section: {name for file in own for name in getattr(file, section)} for section in NAMED}
    taken["topics"] |= {name for name in beneath.switches if beneath.leaves_out(name)}
    effects = {effect.name for file in own for effect in file.effects}
    for document in files:
        data = dict(document.data)
        for section in NAMED:
            if section in data:
                data[section] = {name: entry for name, entry in data[section].items() if name not in taken[section]}
        data["effects"] = [effect for effect in data.get("effects", ()) if effect["name"] not in effects]
        if any(file.weights for file in own):
            data.pop("weights", None)
        if any(file.clauses.spending for file in own):
            data["clauses"] = {key: value for key, value in data.get("clauses", {}).items() if key != "spending"}
        document.data = data
    return [(document, validate(document, TopicsFile)) for document in files]


def _joined(files: Sequence[TopicsFile]) -> Topics:
    words: dict[str, list[Written]] = {}
    for file in files:
        for name, entries in file.words.items():
            words.setdefault(name, []).extend(entries)

    phrases: dict[str, list[Written]] = {}
    for file in files:
        for name, entries in file.phrases.items():
            phrases.setdefault(name, []).extend(entries)

    def names(entries: Iterable[Written]) -> tuple[Name, ...]:
        return tuple(_with_lists(name, words) for name in names_of(entries))

    return Topics(
        topics=tuple(_topic(name, entry) for file in files for name, entry in file.topics.items()),
        words={name: names(entries) for name, entries in words.items()},
        labs=tuple(
            Lab(name, names(e.names), tuple(d.lower() for d in e.domains), e.company or "", e.also)
            for file in files
            for name, e in file.labs.items()
        ),
        never_learned=frozenset(word.casefold() for file in files for word in file.never_learned),
        organisations={
            lab: {place: tuple(names) for place, names in places.items()}
            for file in files
            for lab, places in file.organisations.items()
        },
        families=tuple(
            Family(name, e.lab or "", names(e.names), names(e.versions), e.broad, e.also, e.company or "")
            for file in files
            for name, e in file.models.items()
        ),
        exposures=tuple(
            Exposure(name, e.title, names(e.words), e.companies or "")
            for file in files
            for name, e in file.exposures.items()
        ),
        effects=tuple(
            Effect(e.name, grouped(e.all), e.reach, e.none, e.elsewhere) for file in files for e in file.effects
        ),
        kinds=tuple(_kind(name, entry) for file in files for name, entry in file.kinds.items()),
        details=tuple(
            Detail(name, e.title, grouped(e.all), e.none, e.ahead) for file in files for name, e in file.details.items()
        ),
        phrases={name: names(entries) for name, entries in phrases.items()},
        telling=frozenset(name for file in files for name in file.telling),
        speech=_speech(files),
        clauses=_clauses([file.clauses for file in files], names),
        weights=next((Weights(**dict(file.weights)) for file in files if file.weights), Weights()),
    )


def _clauses(
    entries: Sequence[ClausesEntry], names: Callable[[Iterable[Written]], tuple[Name, ...]]
) -> ClauseVocabulary:
    words: dict[Part, list[Written]] = {}
    causes: dict[str, list[Written]] = {}
    lines: dict[str, list[Written]] = {}
    for entry in entries:
        for part, written in entry.words.items():
            words.setdefault(part, []).extend(written)
        for cause, written in entry.causes.items():
            causes.setdefault(cause, []).extend(written)
        for exposure, written in entry.lines.items():
            lines.setdefault(exposure, []).extend(written)

    def clause_words(written: Sequence[Written]) -> ClauseWords:
        own = names(word for word in written if not _list_name(word))
        return ClauseWords(own, tuple(filter(None, map(_list_name, written))))

    return ClauseVocabulary(
        words={part: clause_words(written) for part, written in words.items()},
        causes={cause: clause_words(written) for cause, written in causes.items()},
        lines={exposure: names(written) for exposure, written in lines.items()},
        suppliers=frozenset(name for entry in entries for name in entry.suppliers),
        spending=next((entry.spending for entry in entries if entry.spending), ""),
    )


def _list_name(written: Written) -> str:
    """The word list that ``@list`` stands for; empty for a word."""
    return written[1:] if isinstance(written, str) and written.startswith("@") else ""


def _speech(files: Sequence[TopicsFile]) -> Speech:
    lists: dict[str, set[str]] = {}
    for name, words in (each for file in files for each in file.speech.items() if each[0] in SPEECH_LISTS):
        lists.setdefault(name, set()).update(word if name.startswith("chinese_") else word.lower() for word in words)
    return Speech(**{name: frozenset(words) for name, words in lists.items()})


def _with_lists(name: Name, words: Mapping[str, Sequence[Written]]) -> Name:
    """``name`` with the words of each ``@list`` in ``followed_by`` and ``preceded_by``."""

    def expanded(written: tuple[str, ...]) -> tuple[str, ...]:
        lists = ([n.text for n in names_of(words.get(w[1:], ()))] if w.startswith("@") else [w] for w in written)
        return tuple(chain.from_iterable(lists))

    return replace(name, followed_by=expanded(name.followed_by), preceded_by=expanded(name.preceded_by))


def _signal(entry: SignalEntry) -> Signal:
    elsewhere = entry.elsewhere
    if elsewhere is None:
        elsewhere = 0.5 if entry.weight > 0 and not entry.near else 0.0
    return Signal(entry.name, entry.weight, grouped(entry.all), entry.none, elsewhere, entry.near, entry.veto)


def _topic(name: str, entry: TopicEntry) -> Topic:
    values = dict(entry)
    headline, signals = values.pop("in_headlines"), values.pop("signals")
    return Topic(name, headline=headline or "", signals=tuple(map(_signal, signals)), **values)


def _kind(name: str, entry: KindEntry) -> Kind:
    signals = tuple((grouped(each.all), each.none) for each in entry.signals)
    return Kind(name, entry.title, entry.effects, signals, entry.fears, entry.helps)


def _duplicates(loaded: Iterable[_Loaded]) -> Iterator[Problem]:
    """What two files both define, word lists excepted."""
    first: dict[tuple[str, str], str] = {}
    for document, file in loaded:
        sections: dict[str, Mapping[str, object]] = {section: getattr(file, section) for section in NAMED}
        if file.weights and (where := first.setdefault(("weights", ""), document.file)) != document.file:
            yield problem(document, ("weights",), f"{where} has weights too; keep one of them", key=True)
        for section, entries in sections.items():
            for name in entries:
                if (where := first.setdefault((section, name), document.file)) != document.file:
                    yield problem(document, (section, name), f"{where} defines this too; keep one of them", key=True)


def _roles(loaded: Iterable[_Loaded]) -> Iterator[Problem]:
    """Settings that a topic's role does not allow, and a second topic for the calendar."""
    counted = ""
    for document, file in loaded:
        for name, topic in file.topics.items():
            path: DocumentPath = ("topics", name)
            rival = topic.role is Role.RIVAL
            for key, value in (("own", topic.own), ("calendar", topic.calendar)):
                if value and not rival:
                    message = f"only rivals can have {key}; write role: rival, or remove {key}"
                    yield problem(document, (*path, key), message)
            if topic.role is Role.NONE and "weight" in topic.model_fields_set:
                message = "a topic that explains no fall has no weight; write role: rival, or remove weight"
                yield problem(document, (*path, "weight"), message)
            if topic.calendar and counted:
                yield problem(document, (*path, "calendar"), f"the calendar counts for '{counted}' already; keep one")
            counted = counted or (name if topic.calendar and rival else "")


def _undefined(document: Document, file: TopicsFile, topics: Topics) -> Iterator[Problem]:
    """Names in one file that no file defines."""
    features = topics.features()
    yield from _word_lists(document, file, topics)
    yield from _models(document, file, {lab.name for lab in topics.labs})
    yield from _organisations(document, file, {lab.name for lab in topics.labs})
    for name, topic in file.topics.items():
        yield from _names(document, ("topics", name, "about"), topic.about, features)
        for number, signal in enumerate(topic.signals):
            at: DocumentPath = ("topics", name, "signals", number)
            yield from _names(document, (*at, "all"), signal.all, features)
            yield from _names(document, (*at, "none"), signal.none, features)
    yield from _names(document, ("telling",), file.telling, topics.words, "word list")
    for number, effect in enumerate(file.effects):
        yield from _names(document, ("effects", number, "all"), effect.all, features)
        yield from _names(document, ("effects", number, "none"), effect.none, features)
        yield from _exposures(document, ("effects", number, "reach"), effect.reach, topics)
    yield from _undefined_in_kinds(document, file, topics)
    yield from _undefined_in_clauses(document, file.clauses, topics)
    for name, words in file.speech.items():
        if name not in SPEECH_LISTS:
            message = unknown("speech list", name, SPEECH_LISTS, f"write one of {', '.join(SPEECH_LISTS)}")
            yield problem(document, ("speech", name), message, key=True)
        for number, word in enumerate(words):
            if len(word.split()) != 1:
                yield problem(document, ("speech", name, number), f"'{word}' is not one word; list single words")


def _undefined_in_kinds(document: Document, file: TopicsFile, topics: Topics) -> Iterator[Problem]:
    """Names that no file defines, and lines of business that a kind hits without a reason."""
    features = {*topics.features(), *topics.phrases}
    effects = {effect.name: effect for effect in topics.effects}
    for name, detail in file.details.items():
        yield from _names(document, ("details", name, "all"), detail.all, features)
        yield from _names(document, ("details", name, "none"), detail.none, features)
    for name, kind in file.kinds.items():
        path: DocumentPath = ("kinds", name)
        if not kind.effects and not kind.signals:
            yield problem(document, path, "no effects and no signals, so no story is of this kind; add one", key=True)
        yield from _names(document, (*path, "effects"), kind.effects, effects, "effect")
        hit = {e for each in kind.effects if each in effects for e in effects[each].reach}
        for number, signal in enumerate(kind.signals):
            yield from _names(document, (*path, "signals", number, "all"), signal.all, features)
            yield from _names(document, (*path, "signals", number, "none"), signal.none, features)
            hit.update(f for group in grouped(signal.all) for f in group if f in topics.exposure_names)
        yield from _exposures(document, (*path, "fears"), kind.fears, topics)
        yield from _exposures(document, (*path, "helps"), kind.helps, topics)
        for exposure in sorted(hit - set(kind.fears)):
            message = f"it reaches '{exposure}' and does not say why; add {exposure}: and a clause"
            yield problem(document, (*path, "fears"), message, key=True)
        for field in ("fears", "helps"):
            first: dict[str, str] = {}
            for exposure, clause in getattr(kind, field).items():
                if (other := first.setdefault(clause, exposure)) != exposure:
                    message = f"'{other}' has the same clause; say what is different"
                    yield problem(document, (*path, field, exposure), message)


def _undefined_in_clauses(document: Document, clauses: ClausesEntry, topics: Topics) -> Iterator[Problem]:
    """Word lists and exposures that no file defines, and conditions that a clause cannot have."""
    listed: list[tuple[DocumentPath, Sequence[Written]]] = [
        *((("clauses", "words", part.value), written) for part, written in clauses.words.items()),
        *((("clauses", "causes", cause), written) for cause, written in clauses.causes.items()),
    ]
    lists = {*topics.words, *topics.features()}
    for path, written in listed:
        for number, word in enumerate(written):
            if (name := _list_name(word)) and name not in lists:
                message = f"there is no word list '{name}'; define it under words, or drop the @"
                yield problem(document, (*path, number), message)
        yield from _clause_conditions(document, path, written, topics)
    for exposure, written in clauses.lines.items():
        yield from _clause_conditions(document, ("clauses", "lines", exposure), written, topics)
    yield from _exposures(document, ("clauses", "lines"), clauses.lines, topics)
    yield from _exposures(document, ("clauses", "suppliers"), clauses.suppliers, topics)
    if clauses.spending and clauses.spending not in topics.names:
        yield problem(document, ("clauses", "spending"), one_of(clauses.spending, sorted(topics.names), "topic"))


def _clause_conditions(
    document: Document, path: DocumentPath, written: Sequence[Written], topics: Topics
) -> Iterator[Problem]:
    """A clause is read without the rest of the story, so its words can have lists next to them but not require one."""
    yield from list_references(document, path, written, topics.words, topics.words)
    for number, entry in enumerate(written):
        if isinstance(entry, str):
            continue
        for key, conditions in (("needs", entry.needs), ("unless", entry.unless)):
            for place, condition in enumerate(conditions):
                if (name := _list_name(condition)) in topics.words:
                    message = f"a word of a clause cannot require a list; write the words of '{name}'"
                    yield problem(document, (*path, number, key, place), message)


def _exposures(
    document: Document, path: DocumentPath, names: Mapping[str, object] | Sequence[str], topics: Topics
) -> Iterator[Problem]:
    """The exposures among ``names``, a mapping's keys or a list's items, that no file defines."""
    keys = isinstance(names, Mapping)
    for number, name in enumerate(names):
        if name not in topics.exposure_names:
            message = unknown("exposure", name, topics.exposure_names, "define it under exposures")
            yield problem(document, (*path, name if keys else number), message, key=keys)


def _names(
    document: Document,
    path: DocumentPath,
    groups: Sequence[str | Sequence[str]],
    known: Collection[str],
    what: str = "feature",
) -> Iterator[Problem]:
    """The names in ``groups`` that are not ``known``."""
    for number, group in enumerate(groups):
        for place, name in enumerate([group] if isinstance(group, str) else group):
            if name not in known:
                at = (*path, number) if isinstance(group, str) else (*path, number, place)
                yield problem(document, at, unknown(what, name, known, "define it under words"))


def _word_lists(document: Document, file: TopicsFile, topics: Topics) -> Iterator[Problem]:
    """Word lists with a reserved name, and each undefined ``@list``."""
    for name in file.words:
        if name in BUILT_IN or name in topics.exposure_names or name.startswith("source:"):
            yield problem(document, ("words", name), "this name is reserved; choose another", key=True)
    for name in file.phrases:
        if name in topics.features() or name.startswith("source:"):
            yield problem(document, ("phrases", name), "there is a feature of this name; choose another", key=True)
    written: list[tuple[DocumentPath, Sequence[Written]]] = [
        *((("words", name), entries) for name, entries in file.words.items()),
        *((("phrases", name), entries) for name, entries in file.phrases.items()),
        *((("labs", name, "names"), lab.names) for name, lab in file.labs.items()),
        *((("models", name, "names"), family.names) for name, family in file.models.items()),
        *((("models", name, "versions"), family.versions) for name, family in file.models.items()),
        *((("exposures", name, "words"), exposure.words) for name, exposure in file.exposures.items()),
    ]
    lists = {*topics.words, *topics.features()}
    for path, entries in written:
        yield from list_references(document, path, entries, lists, topics.words)


def _organisations(document: Document, file: TopicsFile, labs: Collection[str]) -> Iterator[Problem]:
    for lab in file.organisations:
        if lab not in labs:
            message = unknown("lab", lab, labs, "define it under labs")
            yield problem(document, ("organisations", lab), message, key=True)


def _models(document: Document, file: TopicsFile, labs: Collection[str]) -> Iterator[Problem]:
    """Families that nothing can match, whose lab is not defined, or with an invalid pattern."""
    for name, family in file.models.items():
        path: DocumentPath = ("models", name)
        if not family.names and not family.versions:
            yield problem(document, path, "no names and no versions, so nothing can match; add one")
        if family.lab is not None and family.lab not in labs:
            yield problem(document, (*path, "lab"), f"there is no lab '{family.lab}'; define it under labs")
        yield from patterns(document, (*path, "versions"), family.versions)
