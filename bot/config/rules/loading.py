"""Rule files into rules: the text into a document, the document into what it says, that into rules.

A file with mistakes is read part by part, as far as it goes: what is wrong with its shape is reported, and what is left
can still be checked in meaning. Without this a misspelt key would hide every mistake beside it until it is corrected.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from bot.config.rules.compiling import Compiler
from bot.config.rules.specs import LEFT_OUT, ConditionItem, ReadFile, ReadRule, RulesFile, RuleSpec
from bot.config.rules.surroundings import Surroundings
from bot.config.yaml.document import Document, DocumentPath, collector_paused, load_document, problem
from bot.config.yaml.validation import Mistake, narrowed, validate
from bot.core.errors import ConfigError, Problem
from bot.core.rules.rule import Rule, RuleSet

SLIP = 0.85
"""How alike a name is to another that it is taken for a slip of the pen."""
ROUNDS = 12
"""Each round removes what is wrong one level further out; no rule is nested deeper than this by people."""
HOLDERS = frozenset({"all", "any", "none", "steps", "symbols", "topic", "about"})
"""Lists in which ``LEFT_OUT`` may stand for an item."""
NEEDED: Mapping[str, Any] = {"name": "nameless", "symbols": ["all"], "when": LEFT_OUT}
"""What stands in for a part that no rule can be without."""

HINTS: Mapping[str, str] = {
    "hold": "'hold' belongs to the rule, beside when; move it there",
    "for": "write how long conditions must hold as hold: 10m, beside when",
    "symbol": "write the list of symbols as symbols: [NVDA, group:memory]",
    "sources_count": 'count distinct sources with sources: ">= 2"',
}
"""Keys people try that mean something elsewhere, and what to write."""

_ITEM: TypeAdapter[Any] = TypeAdapter(cast(Any, ConditionItem))  # an annotated union is a type to pydantic alone
_RULE: TypeAdapter[Any] = TypeAdapter(RuleSpec)


def rule_files(path: Path) -> list[Path]:
    """The rule files in a folder (YAML directly in it that has ``rules:``, not companies or tests), or the one file."""
    if path.is_file():
        return [path]
    return sorted(p for p in path.glob("*.yaml") if p.name != "companies.yaml")


def load_rules(paths: Sequence[Path], around: Surroundings) -> RuleSet:
    """Every rule in these files. Raises ConfigError with every mistake in all of them."""
    with collector_paused():
        return _loaded(paths, around)


def _loaded(paths: Sequence[Path], around: Surroundings) -> RuleSet:
    problems: list[Problem] = []
    found: list[Rule] = []
    seen: dict[str, tuple[Document, int]] = {}
    quieting: list[tuple[Document, ReadRule]] = []
    for path in paths:
        try:
            document = load_document(path)
            file = read_file(document)
        except ConfigError as error:
            problems += error.problems
            continue
        compiler = Compiler(document, around, file.conditions)
        for rule in file.rules:
            compiler.problems += _named_twice(document, rule, seen)
            quieting.append((document, rule))
            if (compiled := compiler.rule(rule)) is not None:
                found.append(compiled)
        for name in file.conditions:
            compiler.definition(name, ("conditions", name))
        problems += [*file.problems, *compiler.problems]
    problems += _misspelt(quieting, seen)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return RuleSet(found)


def _named_twice(document: Document, rule: ReadRule, seen: dict[str, tuple[Document, int]]) -> Iterator[Problem]:
    """The rule's name, where another rule has it."""
    name = rule.spec.name
    if document.data["rules"][rule.index].get("name") != name:  # it stands in for one that is wrong
        return
    first = seen.setdefault(name, (document, rule.index))
    if first != (document, rule.index):
        where = f"{first[0].file}:{first[0].position(('rules', first[1], 'name'))[0]}"
        said = f"a rule named '{name}' is already at {where}; rename one"
        yield problem(document, ("rules", rule.index, "name"), said)


def _misspelt(rules: Sequence[tuple[Document, ReadRule]], known: Collection[str]) -> Iterator[Problem]:
    """Names under ``quiets`` that are nearly those of rules. One like no other may be a rule that is not loaded now."""
    for document, rule in rules:
        for i, name in enumerate(rule.spec.quiets):
            meant = get_close_matches(name, known, 1, cutoff=SLIP)
            if name not in known and meant:
                said = f"no rule is named '{name}'; did you mean '{meant[0]}'?"
                yield problem(document, ("rules", rule.index, "quiets", i), said)


def misshapen(paths: Sequence[Path]) -> list[Problem]:
    """What is wrong with the shape of these files: all that can be told while the names in them cannot be looked up."""
    problems: list[Problem] = []
    for path in paths:
        try:
            problems += read_file(load_document(path)).problems
        except ConfigError as error:
            problems += error.problems
    return problems


# ---------------------------------------------------------------------------------------- document to what it says


def read_file(document: Document) -> ReadFile:
    """Everything in ``document`` that can be read. Raises ConfigError where it is no file of rules at all."""
    try:
        file = validate(document, RulesFile, hints=HINTS)
    except ConfigError as error:
        data = document.data
        if not isinstance(data, dict) or not isinstance(data.get("rules"), list):
            raise
        rules = []
        for index, written in enumerate(data["rules"]):
            spec, whole = salvaged(_RULE, written)
            if spec is not None:
                rules.append(ReadRule(index, spec, whole))
        named = data.get("conditions")
        definitions = (
            {str(name): salvaged(_ITEM, written)[0] for name, written in named.items()}
            if isinstance(named, dict)
            else {}
        )
        return ReadFile(tuple(rules), definitions, tuple(error.problems))
    return ReadFile(tuple(ReadRule(i, r, whole=True) for i, r in enumerate(file.rules)), file.conditions, ())


def salvaged(kind: TypeAdapter[Any], written: Any) -> tuple[Any, bool]:
    """What ``written`` says once everything of a wrong shape is taken out, ``None`` where nothing is left; and whether
    nothing had to be."""
    data = copy.deepcopy(written)
    for number in range(ROUNDS):
        try:
            return kind.validate_python(data), number == 0
        except ValidationError as error:
            part = _Part(data)
            found = [Mistake(part, RuleSpec, e) for e in error.errors(include_url=False)]
            paths = {m.path for m in narrowed([m for m in found if not m.follows] or found)}
            if () in paths or not isinstance(data, dict):
                return None, False
            for path in sorted(paths, key=len, reverse=True):
                _take_out(data, path)
    return None, False


class _Part(Document):
    """Plain data in a document's place, for relating mistakes to it; it has no positions."""

    def __init__(self, data: Any) -> None:
        self.file = ""
        self.data = data


def _take_out(data: dict[str, Any], path: DocumentPath) -> None:
    """Remove what stands at ``path``, or the nearest thing around it that a rule can be without."""
    for depth in range(len(path), 0, -1):
        parent, step = _at(data, path[: depth - 1]), path[depth - 1]
        if depth == 1 and step in NEEDED:
            data[str(step)] = copy.deepcopy(NEEDED[str(step)])
            return
        if isinstance(parent, list) and isinstance(step, int) and path[depth - 2] in HOLDERS and step < len(parent):
            parent[step] = LEFT_OUT
            return
        if isinstance(parent, dict) and step in parent:
            del parent[step]
            return


def _at(data: Any, path: DocumentPath) -> Any:
    for step in path:
        if isinstance(data, list):
            known = isinstance(step, int) and step < len(data)
        else:
            known = isinstance(data, dict) and step in data
        if not known:
            return None
        data = data[step]
    return data
