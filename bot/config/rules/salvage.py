"""Reading a rule part by part: what is wrong with its shape is reported, and what is left can still be checked.

Without this a misspelt key would hide every mistake in meaning beside it until the key is corrected.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from bot.config.document import Document, DocumentPath
from bot.config.mistakes import Mistake, narrowed
from bot.config.rules.compiling import LEFT_OUT
from bot.config.rules.specs import ConditionItem, ConditionSpec, RulesFile, RuleSpec
from bot.config.validation import validate
from bot.core.errors import ConfigError, Problem

ROUNDS = 12
"""Each round removes what is wrong one level further out; no rule is nested deeper than this by people."""
HOLDERS = frozenset({"all", "any", "none", "steps", "symbols", "topic", "about"})
"""Lists in which ``LEFT_OUT`` may stand for an item."""
NEEDED: Mapping[str, Any] = {"name": "nameless", "symbols": ["all"], "when": LEFT_OUT}
"""What stands in for a part that no rule can be without."""

HINTS: Mapping[str, str] = {
    "hold": "'hold' belongs to the rule, beside when; move it there",
    "for": "how long conditions must hold is written hold: 10m, beside when",
    "symbol": "the list of symbols is written symbols: [NVDA, group:memory]",
    "sources_count": 'distinct sources are counted by sources: ">= 2"',
}
"""Keys people try that mean something elsewhere, and what to write."""


@dataclass(frozen=True, slots=True)
class ReadRule:
    """A rule as far as it can be read."""

    index: int
    spec: RuleSpec
    whole: bool
    """Nothing was wrong with its shape."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file of rules as far as it can be read, and what is wrong with its shape."""

    rules: tuple[ReadRule, ...]
    conditions: Mapping[str, ConditionSpec | str | None]
    problems: tuple[Problem, ...]


_ITEM: TypeAdapter[Any] = TypeAdapter(cast(Any, ConditionItem))  # an annotated union is a type to pydantic alone
_RULE: TypeAdapter[Any] = TypeAdapter(RuleSpec)


def read_file(document: Document) -> ReadFile:
    """Everything in ``document`` that can be read. Raises ConfigError where it is no file of rules at all."""
    try:
        file = validate(document, RulesFile)
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
        return ReadFile(tuple(rules), definitions, tuple(map(hinted, error.problems)))
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


def hinted(problem: Problem) -> Problem:
    """The problem in better words, where an unknown key is one that people try."""
    key = problem.path.rpartition(".")[2]
    if key in HINTS and problem.message.startswith(f"unknown key '{key}'"):
        return replace(problem, message=HINTS[key])
    return problem
