"""Rule files: YAML that people edit, into rules the engine evaluates.

Every mistake in every file is reported at once. What is written stays close to what is meant: the models here are the
reference for editors (JSON Schema) and for ``rules show``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from bot.config.document import Document, DocumentPath, load_document, problem
from bot.config.scalars import Name, Symbol
from bot.config.validation import StrictModel, one_of, validate
from bot.core import conditions as core
from bot.core.cause.condition import Cause
from bot.core.comparison import Comparison, parse_comparison
from bot.core.errors import ConfigError, Problem
from bot.core.followups import parse_follow_up
from bot.core.model import Reach, Severity, stable_id
from bot.core.news import Companies, Topics
from bot.core.rules import Rule, RuleSet, SeverityStep, asks_for_cause, has_price, topics_of
from bot.core.windows import Since, Span, parse_since, parse_span

SEVERITY_WORDS = tuple(s.word for s in Severity)


def _comparison(percent: bool, example: str) -> Any:
    def parse(value: object) -> Comparison:
        if isinstance(value, Comparison):
            return value
        if not isinstance(value, str):
            raise ValueError(f'{value!r} is not a comparison; write it in quotes with an operator, as "{example}"')
        return parse_comparison(value, percent=percent)

    schema = WithJsonSchema({"type": "string", "description": f'A comparison, as "{example}".', "examples": [example]})
    return BeforeValidator(parse), schema


def _text(parser: Any, description: str, example: str) -> Any:
    def parse(value: object) -> Any:
        if isinstance(value, Since | Span):  # a default
            return value
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not understood; write text, as '{example}'")
        return parser(value)

    return BeforeValidator(parse), WithJsonSchema({"type": "string", "description": description, "examples": [example]})


ChangeComparison = Annotated[Comparison, *_comparison(True, "< -10%")]
NumberComparison = Annotated[Comparison, *_comparison(False, ">= 0.5")]
SinceField = Annotated[Since, *_text(parse_since, "What the price is measured against.", "previous close")]
SpanField = Annotated[Span, *_text(parse_span, "Sessions or a duration.", "5 sessions")]
FollowUpField = Annotated[str, *_text(parse_follow_up, "A later message.", "session close")]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class PriceSpec(StrictModel):
    """The symbol's price has moved."""

    change: ChangeComparison
    """How far, as a percentage: a fall is negative."""
    since: SinceField = Since("previous close")
    """Against what: previous close, open, 30m, 3 sessions, high of 20 sessions, story."""


class MarketSpec(StrictModel):
    """A benchmark has moved; mostly used as a guard under ``none``."""

    benchmark: Symbol
    """The benchmark's symbol, one of ``benchmarks`` in config.yaml."""
    change: ChangeComparison
    """How far, as a percentage."""
    since: SinceField = Since("previous close")
    """Against what."""


class NewsSpec(StrictModel):
    """Stories about one happening reach the symbol. Everything asked holds for one cluster together."""

    topic: Annotated[tuple[str, ...], BeforeValidator(_listed)]
    """Topic or topics, as in rules/topics/."""
    reach: Annotated[tuple[Reach, ...], BeforeValidator(_listed)] = (Reach.DIRECT, Reach.EXPOSURE)
    """How the stories may reach the symbol: direct (named), exposure (what it lives from is met)."""
    within: SpanField = Span(sessions=5)
    """How far back."""
    score: NumberComparison = Comparison(">=", 0.5)
    """Topic score, 0 to 1."""
    sources: NumberComparison | None = None
    """Number of distinct sources."""
    stories: NumberComparison | None = None
    """Number of stories."""
    strength: NumberComparison = Comparison(">=", 0.5)
    """How strongly the stories reach the symbol by exposure: what they say times what the company lives from."""


class CauseSpec(StrictModel):
    """The best explanation found for the move, ranked against competing ones."""

    topic: Annotated[tuple[str, ...], BeforeValidator(_listed)]
    """Topic or topics the explanation may be about."""
    within: SpanField = Span(sessions=5)
    """How long before the session a cause may come from."""
    confidence: NumberComparison = Comparison(">=", 0.6)
    """How sure the ranking must be, 0 to 1."""


class ConditionSpec(StrictModel):
    """One or more conditions; several keys in one mapping must all hold."""

    price: PriceSpec | None = None
    """The symbol's price has moved."""
    news: NewsSpec | None = None
    """Stories reach the symbol."""
    market: MarketSpec | None = None
    """A benchmark has moved."""
    cause: CauseSpec | None = None
    """The best explanation found for the move."""
    all: Annotated[tuple[ConditionSpec, ...], Field(min_length=1)] | None = None
    """Every one of these holds."""
    any: Annotated[tuple[ConditionSpec, ...], Field(min_length=1)] | None = None
    """At least one of these holds."""
    none: Annotated[tuple[ConditionSpec, ...], Field(min_length=1)] | None = None
    """None of these holds; one without data does not block."""

    @model_validator(mode="after")
    def _says_something(self) -> ConditionSpec:
        if not any(getattr(self, key) is not None for key in type(self).model_fields):
            raise ValueError("an empty condition; write price, news, market, all, any or none")
        return self


class RuleSpec(StrictModel):
    """One rule: when it fires, for which symbols, how severe it is."""

    name: Name
    """Unique among all rules; appears in alerts and in the history."""
    description: str = ""
    """What it is for, in a sentence."""
    enabled: bool = True
    """Set to false to keep a rule without using it."""
    symbols: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
    """Symbols, group:NAME, exposure:NAME, or all."""
    when: ConditionSpec
    """The conditions."""
    severity: str | dict[str, str] = "warning"
    """One severity, or steps: each severity with the change from which it applies."""
    cooldown: SpanField = Span(sessions=1)
    """How long the same rule stays quiet for the same symbol after it was told, unless severity rises."""
    hold: Annotated[int, Field(ge=1, le=20)] = 2
    """How many quotes in a row must meet the price condition; official closes and lows of bars need only one."""
    follow_up: Annotated[tuple[FollowUpField, ...], BeforeValidator(_listed)] = ()
    """Later messages: session close, next session close, rebound 5%, recovered."""


class RulesFile(StrictModel):
    """A file of rules."""

    rules: Annotated[tuple[RuleSpec, ...], Field(min_length=1)]
    """The rules, in the order they are evaluated."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the names in rules refer to."""

    watchlist: Collection[str]
    benchmarks: Collection[str]
    companies: Companies
    topics: Topics
    groups: Mapping[str, Collection[str]]
    """Groups of ``config.yaml``, beside those of ``companies.yaml``."""


def rule_files(path: Path) -> list[Path]:
    """The rule files in a folder (YAML directly in it that has ``rules:``, not companies or tests), or the one file."""
    if path.is_file():
        return [path]
    return sorted(p for p in path.glob("*.yaml") if p.name != "companies.yaml")


def load_rules(paths: Sequence[Path], around: Surroundings) -> RuleSet:
    """Every rule in these files. Raises ConfigError with every mistake in all of them."""
    problems: list[Problem] = []
    found: list[Rule] = []
    seen: dict[str, str] = {}
    for path in paths:
        try:
            document = load_document(path)
            spec = validate(document, RulesFile)
        except ConfigError as error:
            problems += error.problems
            continue
        reader = _Reader(document, around)
        for i, rule in enumerate(spec.rules):
            if rule.name in seen:
                reader.fail(
                    ("rules", i, "name"), f"a rule named '{rule.name}' is already at {seen[rule.name]}; rename one"
                )
            else:
                seen[rule.name] = f"{document.file}:{document.position(('rules', i, 'name'))[0]}"
            compiled = reader.rule(rule, ("rules", i))
            if compiled is not None:
                found.append(compiled)
        problems += reader.problems
    if problems:
        raise ConfigError(problems)
    return RuleSet(found)


class _Reader:
    """Turns specs of one document into rules, collecting what does not make sense."""

    def __init__(self, document: Document, around: Surroundings) -> None:
        self.document = document
        self.around = around
        self.problems: list[Problem] = []

    def fail(self, path: DocumentPath, message: str) -> None:
        self.problems.append(problem(self.document, path, message))

    def rule(self, spec: RuleSpec, path: DocumentPath) -> Rule | None:
        before = len(self.problems)
        symbols = frozenset(
            s for i, x in enumerate(spec.symbols) for s in self._symbols(x, self._at(path, "symbols", i))
        )
        when = self._condition(spec.when, (*path, "when"))
        severity = self._severity(spec.severity, (*path, "severity"))
        if len(self.problems) > before or when is None:
            return None
        if not has_price(when) and any(step.change for step in severity):
            self.fail(
                (*path, "severity"), "severity asks for a change but the rule has no price condition; write one word"
            )
            return None
        written = self.document.data["rules"][path[1]]
        text = yaml.safe_dump([written], sort_keys=False, allow_unicode=True, width=110)
        return Rule(
            name=spec.name,
            description=spec.description,
            symbols=symbols,
            when=when,
            severity=severity,
            cooldown=spec.cooldown,
            hold=spec.hold,
            follow_up=spec.follow_up,
            version=stable_id(json.dumps(written, sort_keys=True, ensure_ascii=False), length=12),
            text=text,
            enabled=spec.enabled,
            topics=topics_of(when),
            has_price=has_price(when),
            has_cause=asks_for_cause(when),
        )

    def _at(self, path: DocumentPath, key: str, index: int) -> DocumentPath:
        """Path of a list item; of the value itself where one word was written for a list."""
        value: Any = self.document.data
        for step in (*path, key):
            value = value[step]
        return (*path, key, index) if isinstance(value, list) else (*path, key)

    def _symbols(self, selector: str, path: DocumentPath) -> Collection[str]:
        around = self.around
        if selector == "all":
            return around.watchlist
        if selector.startswith("group:"):
            return self._group(selector.removeprefix("group:").strip(), path)
        if selector.startswith("exposure:"):
            name = selector.removeprefix("exposure:").strip()
            if name in around.topics.exposure_names or name in around.companies.exposures:
                return [s for s in around.companies.exposed_to(name) if s in around.watchlist]
            self.fail(path, one_of(name, sorted(around.topics.exposure_names), "exposure"))
            return ()
        if selector in around.watchlist or selector in around.benchmarks:
            return (selector,)
        if selector in around.companies:
            self.fail(path, f"'{selector}' is not watched; add it to the watchlist in config.yaml")
        else:
            self.fail(path, f"{one_of(selector, sorted(around.watchlist), 'symbol')[:300]}")
        return ()

    def _group(self, name: str, path: DocumentPath) -> Collection[str]:
        around = self.around
        if name == "watchlist":
            return around.watchlist
        if name == "benchmarks":
            return around.benchmarks
        members = around.groups.get(name) or around.companies.group(name)
        if members is None:
            known = ["watchlist", "benchmarks", *around.groups, *around.companies.group_names]
            self.fail(path, one_of(name, sorted(set(known)), "group"))
            return ()
        return [s for s in members if s in around.watchlist]

    def _severity(self, written: str | dict[str, str], path: DocumentPath) -> tuple[SeverityStep, ...]:
        if isinstance(written, str):
            if written not in SEVERITY_WORDS:
                self.fail(path, one_of(written, SEVERITY_WORDS, "severity"))
                return ()
            return (SeverityStep(Severity.parse(written)),)
        steps = []
        for word, when in written.items():
            if word not in SEVERITY_WORDS:
                self.problems.append(
                    problem(self.document, (*path, word), one_of(word, SEVERITY_WORDS, "severity"), key=True)
                )
            elif when == "always":
                steps.append(SeverityStep(Severity.parse(word)))
            elif when.startswith("change "):
                try:
                    change = parse_comparison(when.removeprefix("change "), percent=True)
                except ValueError as error:
                    self.fail((*path, word), str(error))
                else:
                    steps.append(SeverityStep(Severity.parse(word), change))
            else:
                self.fail((*path, word), f"'{when}' is not when a severity applies; write always, or \"change < -15%\"")
        if steps and all(s.change is not None for s in steps):
            self.fail(path, "no severity applies always; give one of them the value always")
        return tuple(sorted(steps, key=lambda s: s.severity))

    def _condition(self, spec: ConditionSpec, path: DocumentPath) -> core.Condition | None:
        parts = list(self._parts(spec, path))
        if any(p is None for p in parts):
            return None
        whole = [p for p in parts if p is not None]
        return whole[0] if len(whole) == 1 else core.All(tuple(whole))

    def _parts(self, spec: ConditionSpec, path: DocumentPath) -> Iterator[core.Condition | None]:
        if spec.price:
            yield core.Price(spec.price.change, spec.price.since)
        if spec.market:
            yield self._market(spec.market, (*path, "market"))
        if spec.cause:
            yield self._cause(spec.cause, (*path, "cause"))
        if spec.news:
            yield self._news(spec.news, (*path, "news"))
        for key, kind in (("all", core.All), ("any", core.Any), ("none", core.NoneOf)):
            children = getattr(spec, key)
            if children:
                inner = [self._condition(c, (*path, key, i)) for i, c in enumerate(children)]
                known = [c for c in inner if c is not None]
                yield kind(tuple(known)) if len(known) == len(inner) else None

    def _market(self, spec: MarketSpec, path: DocumentPath) -> core.Condition | None:
        if spec.benchmark not in self.around.benchmarks and spec.benchmark not in self.around.watchlist:
            self.fail((*path, "benchmark"), one_of(spec.benchmark, sorted(self.around.benchmarks), "benchmark"))
            return None
        return core.MarketMove(spec.benchmark, spec.change, spec.since)

    def _cause(self, spec: CauseSpec, path: DocumentPath) -> core.Condition | None:
        if not self._topics(spec.topic, path):
            return None
        return Cause(spec.topic, spec.within, spec.confidence)

    def _topics(self, topics: Sequence[str], path: DocumentPath) -> bool:
        """Whether all of these exist; reports those that do not."""
        good = True
        for i, topic in enumerate(topics):
            if topic not in self.around.topics.names:
                self.fail(self._at(path, "topic", i), one_of(topic, sorted(self.around.topics.names), "topic"))
                good = False
        return good

    def _news(self, spec: NewsSpec, path: DocumentPath) -> core.Condition | None:
        good = self._topics(spec.topic, path)
        if Reach.NONE in spec.reach:
            self.fail(
                (*path, "reach"), "a story that does not reach the symbol explains nothing; write direct or exposure"
            )
            good = False
        if not good:
            return None
        return core.News(spec.topic, spec.reach, spec.within, spec.score, spec.sources, spec.stories, spec.strength)
