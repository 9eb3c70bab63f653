"""``rules/topics/*.yaml``: what counts as AI-model news and other topics, and what it reaches. YAML to core values.

Every file may hold every section; together they are one vocabulary, so a signal in one file may use words of another.
Word lists of the same name in several files are joined; anything else may be defined only once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator
from pydantic import Field as Setting

from bot.config.names import Text, Written, list_references, names_of, patterns
from bot.config.validation import nearest
from bot.config.yaml_file import Document, DocumentPath, StrictModel, load_document, problem, validate
from bot.core.errors import ConfigError, Problem
from bot.core.news.lexicon import Name
from bot.core.news.vocabulary import (
    BUILT_IN,
    ClauseVocabulary,
    ClauseWords,
    Effect,
    Exposure,
    Family,
    Lab,
    Part,
    Role,
    Signal,
    Topic,
    Topics,
    grouped,
)

Weight = Annotated[float, Setting(ge=-1, le=1)]
Share = Annotated[float, Setting(ge=0, le=1)]
Strength = Annotated[float, Setting(gt=0, le=1)]
Group = Text | Annotated[tuple[Text, ...], Setting(min_length=1)]
Groups = Annotated[tuple[Group, ...], Setting(min_length=1)]
PREPOSITIONS = ("after", "amid", "on", "over")


def _headline(text: str) -> str:
    first, _, rest = text.partition(" ")
    if first not in PREPOSITIONS or not rest.strip():
        raise ValueError(f"'{text}' does not begin with after, amid, on or over; write it as after AI-model news")
    return text


Headline = Annotated[str, AfterValidator(_headline)]


class SignalEntry(StrictModel):
    """A named reason to think that a story is about the topic, or not."""

    name: Text
    """The reason in words, as ``news explain`` prints it."""
    weight: Weight
    """Added to the score; negative speaks against."""
    all: Groups
    """Features the story must have; of a list within the list, one suffices."""
    none: tuple[Text, ...] = ()
    """Features it must not have."""
    elsewhere: Share | None = None
    """What part of the weight counts where the title alone does not have it, but title, summary and source together do.
    0.5 by default; 0 for weights against."""
    veto: bool = False
    """Where this holds, the story does not follow up its cluster's topic."""


class TopicEntry(StrictModel):
    """What a story can be about."""

    title: Text
    """For people."""
    about: Annotated[tuple[Text, ...], Setting(min_length=1)]
    """A story without any of these features scores 0."""
    follow_up: Share = 0.0
    """Added where a story names the model of a cluster already about this topic."""
    named: bool = False
    """A story counts only where it names a company, as for earnings; otherwise it is neither kept together with others
    nor found by rules."""
    role: Role = Role.RIVAL
    """Its part where a fall is to be explained. `trigger`: news on AI that may set a fall off. `tie`: stories which say
    that AI moves prices. `rival`: another explanation, which competes with AI. `none`: it explains no fall."""
    own: bool = False
    """Of a rival: one company's own matter, as its results are. Such a fall says nothing of others."""
    calendar: bool = False
    """Of a rival: the dates of the earnings calendar count for it, beside its stories. One topic at most."""
    weight: Annotated[float, Setting(gt=0, le=1)] = 1.0
    """What part of its evidence counts where a fall is to be explained."""
    ai: bool = False
    """It concerns AI, as triggers and ties always do: past episodes on it are akin to theirs."""
    in_headlines: Headline | None = None
    """The cause as a headline tells it. Without it, `most likely` and the title."""
    signals: Annotated[tuple[SignalEntry, ...], Setting(min_length=1)]
    """Their sum, clipped to 0 to 1, is the score."""


class LabEntry(StrictModel):
    """Someone who makes models."""

    names: Annotated[tuple[Written, ...], Setting(min_length=1)]
    """What it is called in stories."""
    domains: tuple[Text, ...] = ()
    """Hosts it publishes on."""
    company: Text | None = None
    """Symbol of the listed company it belongs to."""
    also: tuple[Text, ...] = ()
    """Features that its name brings along."""


class FamilyEntry(StrictModel):
    """A line of models, or a product built on them."""

    lab: Text | None = None
    """Who makes it, as named under labs."""
    names: tuple[Written, ...] = ()
    """Its bare names."""
    versions: tuple[Written, ...] = ()
    """Patterns with ``{n}``, ``{letter}`` or ``{word}``, which match versions yet to come: ``GPT-{n}``."""
    broad: bool = False
    """Always in the news: its bare name does not tie stories to one happening."""
    also: tuple[Text, ...] = ()
    """Features that its name brings along."""


class ExposureEntry(StrictModel):
    """What a company lives from that AI can hit."""

    title: Text
    """For people."""
    words: tuple[Written, ...] = ()
    """Words of a scored story that meet it."""


class EffectEntry(StrictModel):
    """What a story says that reaches exposures it does not name."""

    name: Text
    """What such a story says, in words."""
    all: Groups
    """Features the story must have; of a list within the list, one suffices."""
    none: tuple[Text, ...] = ()
    """Features it must not have."""
    elsewhere: Share = 0.5
    """What part counts where the title alone does not say it, but title, summary and source together do."""
    reach: Annotated[dict[Text, Strength], Setting(min_length=1)]
    """Exposures, each with the strength with which such a story reaches it."""


class ClausesEntry(StrictModel):
    """How headlines tell who moves, which way, and because of what."""

    words: dict[Part, tuple[Written, ...]] = Setting(default_factory=dict)
    """Words by the part they play. ``@list`` among them stands for all words of a word list."""
    causes: dict[Text, tuple[Written, ...]] = Setting(default_factory=dict)
    """Words of causes other than AI and results, by name: a topic's name where there is one. ``@list`` as above."""
    lines: dict[Text, tuple[Written, ...]] = Setting(default_factory=dict)
    """By exposure: more ways to name those who live from it, which count for clauses only."""
    suppliers: tuple[Text, ...] = ()
    """Exposures that sell to makers of AI: a bare ``AI worries`` is about what these sell, not about a rival."""


class TopicsFile(StrictModel):
    """One file under ``rules/topics/``. Every section may be left out."""

    words: dict[Text, tuple[Written, ...]] = Setting(default_factory=dict)
    """Word lists by name; each name is a feature that signals and effects may ask for."""
    labs: dict[Text, LabEntry] = Setting(default_factory=dict)
    """Those who make models, by name."""
    models: dict[Text, FamilyEntry] = Setting(default_factory=dict)
    """Lines of models, by name."""
    topics: dict[Text, TopicEntry] = Setting(default_factory=dict)
    """What stories can be about; rules ask for a topic by this name."""
    exposures: dict[Text, ExposureEntry] = Setting(default_factory=dict)
    """What companies live from; companies.yaml says who lives from what."""
    effects: tuple[EffectEntry, ...] = ()
    """What stories reach that they do not name."""
    telling: tuple[Text, ...] = ()
    """Word lists whose words tell one happening from another of the same kind."""
    clauses: ClausesEntry = ClausesEntry()
    """How headlines tell who moves, which way, and because of what."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    document: Document
    file: TopicsFile


def load_topics(directory: Path) -> Topics:
    """All ``*.yaml`` of ``directory`` as one vocabulary. Raises ConfigError with every mistake of every file."""
    paths = sorted(directory.glob("*.yaml")) if directory.is_dir() else []
    if not paths:
        raise ConfigError([Problem(str(directory), 0, 0, "", "no topic files here; put *.yaml files into it")])
    loaded: list[_Loaded] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            document = load_document(path)
            loaded.append(_Loaded(document, validate(document, TopicsFile)))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    topics = _joined([each.file for each in loaded])
    problems = [*_twice(loaded), *_roles(loaded), *(p for each in loaded for p in _unknown(each, topics))]
    if problems:
        raise ConfigError(problems)
    return topics


def _joined(files: Sequence[TopicsFile]) -> Topics:
    words: dict[str, list[Written]] = {}
    for file in files:
        for name, entries in file.words.items():
            words.setdefault(name, []).extend(entries)

    def names(entries: Iterable[Written]) -> tuple[Name, ...]:
        return tuple(_spread(name, words) for name in names_of(entries))

    return Topics(
        topics=tuple(_topic(name, entry) for file in files for name, entry in file.topics.items()),
        words={name: names(entries) for name, entries in words.items()},
        labs=tuple(
            Lab(name, names(e.names), tuple(d.lower() for d in e.domains), e.company or "", tuple(e.also))
            for file in files
            for name, e in file.labs.items()
        ),
        families=tuple(
            Family(name, e.lab or "", names(e.names), names(e.versions), e.broad, tuple(e.also))
            for file in files
            for name, e in file.models.items()
        ),
        exposures=tuple(
            Exposure(name, e.title, names(e.words)) for file in files for name, e in file.exposures.items()
        ),
        effects=tuple(
            Effect(e.name, grouped(e.all), e.reach, tuple(e.none), e.elsewhere) for file in files for e in file.effects
        ),
        telling=frozenset(name for file in files for name in file.telling),
        clauses=_clauses([file.clauses for file in files], names),
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
        return ClauseWords(names(w for w in written if not _is_list(w)), tuple(_lists(written)))

    return ClauseVocabulary(
        words={part: clause_words(written) for part, written in words.items()},
        causes={cause: clause_words(written) for cause, written in causes.items()},
        lines={exposure: names(written) for exposure, written in lines.items()},
        suppliers=frozenset(name for entry in entries for name in entry.suppliers),
    )


def _is_list(written: Written) -> bool:
    return isinstance(written, str) and written.startswith("@")


def _lists(entries: Iterable[Written]) -> Iterator[str]:
    """The word lists named among ``entries``."""
    return (entry[1:] for entry in entries if isinstance(entry, str) and entry.startswith("@"))


def _spread(name: Name, words: Mapping[str, Sequence[Written]]) -> Name:
    """``@list`` among the words beside a name replaced by the words of the list."""

    def spread(beside: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            text for word in beside for text in (_texts(words.get(word[1:], ())) if word.startswith("@") else (word,))
        )

    if not name.followed_by and not name.preceded_by:
        return name
    return replace(name, followed_by=spread(name.followed_by), preceded_by=spread(name.preceded_by))


def _texts(entries: Iterable[Written]) -> tuple[str, ...]:
    return tuple(name.text for name in names_of(entries))


def _topic(name: str, entry: TopicEntry) -> Topic:
    signals = tuple(
        Signal(
            name=s.name,
            weight=s.weight,
            all=grouped(s.all),
            none=tuple(s.none),
            elsewhere=s.elsewhere if s.elsewhere is not None else (0.5 if s.weight > 0 else 0.0),
            veto=s.veto,
        )
        for s in entry.signals
    )
    return Topic(
        name=name,
        title=entry.title,
        about=tuple(entry.about),
        signals=signals,
        follow_up=entry.follow_up,
        named=entry.named,
        role=entry.role,
        own=entry.own,
        calendar=entry.calendar,
        weight=entry.weight,
        ai=entry.ai,
        headline=entry.in_headlines or "",
    )


def _twice(loaded: Iterable[_Loaded]) -> Iterator[Problem]:
    """What two files both define, words apart."""
    first: dict[tuple[str, str], str] = {}
    for each in loaded:
        sections: dict[str, Mapping[str, object]] = {
            "labs": each.file.labs,
            "models": each.file.models,
            "topics": each.file.topics,
            "exposures": each.file.exposures,
        }
        for section, entries in sections.items():
            for name in entries:
                if (where := first.setdefault((section, name), each.document.file)) != each.document.file:
                    yield problem(
                        each.document, (section, name), f"{where} defines this too; keep one of them", key=True
                    )


def _roles(loaded: Iterable[_Loaded]) -> Iterator[Problem]:
    """What is said of a topic that its role does not allow, and a second topic for the calendar."""
    counted = ""
    for each in loaded:
        for name, topic in each.file.topics.items():
            path: DocumentPath = ("topics", name)
            rival = topic.role is Role.RIVAL
            for key, said in (("own", topic.own), ("calendar", topic.calendar)):
                if said and not rival:
                    yield problem(
                        each.document, (*path, key), f"only a rival can be; write role: rival, or remove {key}"
                    )
            if topic.role is Role.NONE and "weight" in topic.model_fields_set:
                message = "what explains no fall is not weighed; write role: rival, or remove weight"
                yield problem(each.document, (*path, "weight"), message)
            if topic.calendar and counted:
                yield problem(each.document, (*path, "calendar"), f"it counts for '{counted}' already; keep one")
            counted = counted or (name if topic.calendar and rival else "")


def _unknown(each: _Loaded, topics: Topics) -> Iterator[Problem]:
    """Names in one file that no file defines."""
    document, file = each.document, each.file
    features = topics.features()
    lists = {*topics.words, *features}
    for name, entries in file.words.items():
        if name in BUILT_IN or name in topics.exposure_names or name.startswith("source:"):
            yield problem(document, ("words", name), "this name has a meaning of its own; choose another", key=True)
        yield from list_references(document, ("words", name), entries, lists, topics.words)
    for name, lab in file.labs.items():
        yield from list_references(document, ("labs", name, "names"), lab.names, lists, topics.words)
    for name, family in file.models.items():
        path: DocumentPath = ("models", name)
        if not family.names and not family.versions:
            yield problem(document, path, "neither names nor versions; without them nothing can match")
        if family.lab is not None and family.lab not in {lab.name for lab in topics.labs}:
            yield problem(document, (*path, "lab"), f"there is no lab '{family.lab}'; define it under labs")
        yield from list_references(document, (*path, "names"), family.names, lists, topics.words)
        yield from list_references(document, (*path, "versions"), family.versions, lists, topics.words)
        yield from patterns(document, (*path, "versions"), family.versions)
    for name, exposure in file.exposures.items():
        yield from list_references(document, ("exposures", name, "words"), exposure.words, lists, topics.words)
    for name, topic in file.topics.items():
        yield from _features(document, ("topics", name, "about"), topic.about, features)
        for number, signal in enumerate(topic.signals):
            at: DocumentPath = ("topics", name, "signals", number)
            yield from _features(document, (*at, "all"), signal.all, features)
            yield from _features(document, (*at, "none"), signal.none, features)
    yield from _features(document, ("telling",), file.telling, frozenset(topics.words))
    yield from _unknown_in_clauses(document, file.clauses, topics, lists)
    for number, effect in enumerate(file.effects):
        yield from _features(document, ("effects", number, "all"), effect.all, features)
        yield from _features(document, ("effects", number, "none"), effect.none, features)
        yield from _exposures(document, ("effects", number, "reach"), effect.reach, topics)


def _unknown_in_clauses(
    document: Document, clauses: ClausesEntry, topics: Topics, lists: Collection[str]
) -> Iterator[Problem]:
    """Word lists and exposures that no file defines, and conditions that a clause cannot ask about."""
    sections: tuple[tuple[str, Mapping[str, Sequence[Written]]], ...] = (
        ("words", {part.value: written for part, written in clauses.words.items()}),
        ("causes", clauses.causes),
    )
    for section, entries in sections:
        for name, written in entries.items():
            path: DocumentPath = ("clauses", section, name)
            for number, word in enumerate(written):
                if isinstance(word, str) and word.startswith("@") and word[1:] not in lists:
                    message = f"there is no word list '{word[1:]}'; define it under words, or drop the @"
                    yield problem(document, (*path, number), message)
            yield from _conditions(document, path, written, topics)
    for exposure, written in clauses.lines.items():
        yield from _conditions(document, ("clauses", "lines", exposure), written, topics)
    yield from _exposures(document, ("clauses", "lines"), clauses.lines, topics)
    for number, exposure in enumerate(clauses.suppliers):
        yield from _exposures(document, ("clauses", "suppliers"), (exposure,), topics, number)


def _conditions(
    document: Document, path: DocumentPath, written: Sequence[Written], topics: Topics
) -> Iterator[Problem]:
    """Clauses are read by themselves: a list may stand beside a word, but cannot be asked for in the whole story."""
    yield from list_references(document, path, written, topics.words, topics.words)
    for number, entry in enumerate(written):
        if isinstance(entry, str):
            continue
        for key, conditions in (("needs", entry.needs), ("unless", entry.unless)):
            for place, condition in enumerate(conditions):
                if condition.startswith("@"):
                    message = f"a word of a clause cannot ask for a list; write the words of '{condition[1:]}'"
                    yield problem(document, (*path, number, key, place), message)


def _exposures(
    document: Document, path: DocumentPath, names: Iterable[str], topics: Topics, number: int | None = None
) -> Iterator[Problem]:
    """A problem for each exposure that nobody defines: keys of a mapping, or the item ``number`` of a list."""
    for name in names:
        if name not in topics.exposure_names:
            hint = nearest(name, topics.exposure_names)
            advice = f"did you mean '{hint}'?" if hint else "define it under exposures"
            where = (*path, name) if number is None else (*path, number)
            yield problem(document, where, f"there is no exposure '{name}'; {advice}", key=number is None)


def _features(
    document: Document, path: DocumentPath, groups: Sequence[str | Sequence[str]], known: frozenset[str]
) -> Iterator[Problem]:
    for number, group in enumerate(groups):
        items = [((*path, number), group)] if isinstance(group, str) else [
            ((*path, number, place), name) for place, name in enumerate(group)
        ]  # fmt: skip
        for where, name in items:
            if name not in known:
                hint = nearest(str(name), known)
                advice = f"did you mean '{hint}'?" if hint else "define it under words"
                yield problem(document, where, f"there is nothing called '{name}'; {advice}")
