"""Loads rule files: text to document, document to specs, specs to rules.

A file with mistakes is salvaged part by part: mistakes in its shape are reported, and the rest is still checked in
meaning. Otherwise one misspelt key would hide every other mistake until it is corrected.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from bot.config.rules.compiling import Compiler
from bot.config.rules.specs import MALFORMED, ConditionItem, ReadFile, ReadRule, RulesFile, RuleSpec
from bot.config.rules.surroundings import RuleNames
from bot.config.shipped import Beneath
from bot.config.yaml.document import Document, DocumentPath, collector_paused, load_document, problem
from bot.config.yaml.reading import yaml_files
from bot.config.yaml.validation import Mistake, narrowed, validate
from bot.core.errors import ConfigError, Problem
from bot.core.rules.rule import Rule, RuleSet

SLIP = 0.85
"""Similarity from which a name counts as a misspelling of another."""
ROUNDS = 12
"""Each round removes mistakes one level further out; nobody nests rules deeper than this."""
HOLDERS = frozenset({"all", "any", "none", "steps", "symbols", "topic", "about"})
"""Lists in which ``MALFORMED`` may replace an item."""
NEEDED: Mapping[str, Any] = {"name": "nameless", "symbols": ["all"], "when": MALFORMED}
"""Placeholders for the parts every rule needs."""

HINTS: Mapping[str, str] = {
    "hold": "'hold' belongs to the rule, beside when; move it there",
    "for": "write how long conditions must hold as hold: 10m, beside when",
    "symbol": "write the list of symbols as symbols: [NVDA, group:memory]",
    "sources_count": 'count distinct sources with sources: ">= 2"',
    "not": "write what must not hold in a list under none:",
    "and": "write the conditions in a list under all:",
    "or": "write the conditions in a list under any:",
    "if": "write the conditions under when:",
    "when[]": "a list needs to say how its conditions are joined; write all: above it, or any:",
}
"""Keys people try in the wrong place, and what to write; ``KEY[]`` where they write a list."""

_ITEM: TypeAdapter[Any] = TypeAdapter(cast(Any, ConditionItem))  # mypy does not take an annotated union for a type
_RULE: TypeAdapter[Any] = TypeAdapter(RuleSpec)


def rule_files(path: Path) -> list[Path]:
    """The rule files directly in a folder, ``companies.yaml`` aside, or the one file."""
    if path.is_file():
        return [path]
    return [p for p in yaml_files(path) if p.name != "companies.yaml"]


def load_rules(
    paths: Sequence[Path],
    around: RuleNames,
    beneath: Beneath | None = None,
    *,
    texts: Mapping[Path, str] | None = None,
) -> RuleSet:
    """All rules in these files, laid over the shipped ones ``beneath``; those among ``texts`` read as given there,
    whatever is on the disk. Raises ConfigError with every mistake in any of them."""
    with collector_paused():
        return _loaded(paths, around, beneath, texts or {})


def layered(paths: Sequence[Path], beneath: Beneath | None) -> list[tuple[Path, bool]]:
    """These files, and the shipped ones ``beneath``: each with whether it ships, in order of name."""
    if beneath is None:
        return [(path, False) for path in paths]
    both = [*((path, True) for path in rule_files(beneath.folder)), *((path, False) for path in paths)]
    return sorted(both, key=lambda each: (each[0].name, not each[1]))


def _loaded(paths: Sequence[Path], around: RuleNames, beneath: Beneath | None, texts: Mapping[Path, str]) -> RuleSet:
    problems: list[Problem] = []
    found: list[Rule] = []
    seen: dict[str, tuple[Document, int]] = {}
    quieting: list[tuple[Document, ReadRule]] = []
    read: list[tuple[Document, ReadFile, bool]] = []
    for path, ships in layered(paths, beneath):
        try:
            document = load_document(path, texts.get(path))
            read.append((document, read_file(document), ships))
        except ConfigError as error:
            problems += error.problems
    own = {rule.spec.name for _, file, ships in read if not ships for rule in file.rules}
    for document, file, ships in read:
        compiler = Compiler(document, around, file.conditions)
        for rule in file.rules:
            if ships and rule.spec.name in own:
                continue
            compiler.problems += _named_twice(document, rule, seen)
            quieting.append((document, rule))
            if (compiled := compiler.rule(rule)) is not None:
                switched = beneath.switches.get(compiled.name) if ships and beneath else None
                found.append(compiled if switched is None else replace(compiled, enabled=switched))
        for name in file.conditions:
            compiler.definition(name, ("conditions", name))
        problems += [*file.problems, *compiler.problems]
    problems += _misspelt(quieting, seen)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return RuleSet(found)


def _named_twice(document: Document, rule: ReadRule, seen: dict[str, tuple[Document, int]]) -> Iterator[Problem]:
    """A problem at the rule's name if another rule has it."""
    name = rule.spec.name
    if document.data["rules"][rule.index].get("name") != name:  # a placeholder
        return
    first = seen.setdefault(name, (document, rule.index))
    if first != (document, rule.index):
        where = f"{first[0].file}:{first[0].position(('rules', first[1], 'name'))[0]}"
        message = f"a rule named '{name}' is already at {where}; rename one"
        yield problem(document, ("rules", rule.index, "name"), message)


def _misspelt(rules: Sequence[tuple[Document, ReadRule]], known: Collection[str]) -> Iterator[Problem]:
    """Names under ``quiets`` that look like misspelt rules. Unknown ones may be rules that are not loaded now."""
    for document, rule in rules:
        for i, name in enumerate(rule.spec.quiets):
            meant = get_close_matches(name, known, 1, cutoff=SLIP)
            if name not in known and meant:
                message = f"no rule is named '{name}'; did you mean '{meant[0]}'?"
                yield problem(document, ("rules", rule.index, "quiets", i), message)


def shape_problems(paths: Sequence[Path]) -> list[Problem]:
    """Mistakes in the shape of these files: all that can be checked while names cannot be looked up."""
    problems: list[Problem] = []
    for path in paths:
        try:
            problems += read_file(load_document(path)).problems
        except ConfigError as error:
            problems += error.problems
    return problems


# ---------------------------------------------------------------------------------------- document to what it says


def read_file(document: Document) -> ReadFile:
    """Everything in ``document`` that can be read. Raises ConfigError if it is not a rule file at all."""
    try:
        file = validate(document, RulesFile, hints=HINTS)
    except ConfigError as error:
        data = document.data
        if not isinstance(data, dict) or not isinstance(data.get("rules"), list):
            raise
        parts = [(index, *salvaged(_RULE, written)) for index, written in enumerate(data["rules"])]
        rules = tuple(ReadRule(index, spec, whole) for index, spec, whole in parts if spec is not None)
        named = data.get("conditions")
        conditions = named.items() if isinstance(named, dict) else ()
        return ReadFile(rules, {str(name): salvaged(_ITEM, item)[0] for name, item in conditions}, error.problems)
    return ReadFile(tuple(ReadRule(i, r, whole=True) for i, r in enumerate(file.rules)), file.conditions, ())


def salvaged(kind: TypeAdapter[Any], written: Any) -> tuple[Any, bool]:
    """``written`` as a ``kind`` with everything malformed taken out, or ``None`` if nothing is left; and whether it was
    well-formed."""
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
    """Plain data in place of a document, without positions."""

    def __init__(self, data: Any) -> None:
        self.file = ""
        self.data = data


def _take_out(data: dict[str, Any], path: DocumentPath) -> None:
    """Remove the value at ``path``, or the nearest part around it that a rule can do without."""
    for depth in range(len(path), 0, -1):
        parent, step = _at(data, path[: depth - 1]), path[depth - 1]
        if depth == 1 and step in NEEDED:
            data[str(step)] = copy.deepcopy(NEEDED[str(step)])
            return
        if isinstance(parent, list) and isinstance(step, int) and path[depth - 2] in HOLDERS and step < len(parent):
            parent[step] = MALFORMED
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
