"""Rule files into rules, with every mistake in all of them at once."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from bot.config.document import Document, DocumentPath, collector_paused, load_document, problem
from bot.config.rules.checks import LONGEST_SESSION, conjuncts, contradictions, unreachable
from bot.config.rules.compiling import Compiler
from bot.config.rules.salvage import ReadRule, read_file
from bot.config.rules.specs import RuleSpec
from bot.config.rules.surroundings import Surroundings
from bot.config.validation import one_of
from bot.core.comparison import parse_comparison
from bot.core.conditions import Condition, Drawdown, MarketMove, News, Price, required, walk
from bot.core.errors import ConfigError, Problem
from bot.core.model import Reach, Severity, stable_id
from bot.core.rules import Rule, RuleSet, SeverityStep, asks_for_cause, first_price, has_price, topics_of

SEVERITY_WORDS = tuple(s.word for s in Severity)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LEANS = re.compile(r"(?:^|[\s\[{,])[&*]\w")
"""An anchor or an alias: the lines alone would not say the same."""
SLIP = 0.85
"""How alike a name is to another that it is taken for a slip of the pen."""


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
        reader = _Reader(document, around, Compiler(document, around, file.conditions))
        for rule in file.rules:
            reader.unique(rule, seen)
            quieting.append((document, rule))
            compiled = reader.rule(rule)
            if compiled is not None:
                found.append(compiled)
        for name in file.conditions:
            reader.compiler.definition(name, ("conditions", name))
        problems += [*file.problems, *reader.compiler.problems]
    problems += _misspelt(quieting, seen)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return RuleSet(found)


def _misspelt(rules: Sequence[tuple[Document, ReadRule]], known: Collection[str]) -> Iterator[Problem]:
    """Names under ``quiets`` that are nearly those of rules. One like no other may be a rule that is not loaded now."""
    for document, rule in rules:
        for i, name in enumerate(rule.spec.quiets):
            meant = get_close_matches(name, known, 1, cutoff=SLIP)
            if name not in known and meant:
                said = f"no rule {name!r}; did you mean {meant[0]}?"
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


class _Reader:
    """Turns what one document says into rules, collecting what does not make sense."""

    def __init__(self, document: Document, around: Surroundings, compiler: Compiler) -> None:
        self.document = document
        self.around = around
        self.compiler = compiler
        self.fail = compiler.fail
        self._text = document.text.split("\n")

    def unique(self, rule: ReadRule, seen: dict[str, tuple[Document, int]]) -> None:
        """Report a name that another rule has."""
        name = rule.spec.name
        written = self.document.data["rules"][rule.index]
        if written.get("name") != name:  # it stands in for one that is wrong
            return
        first = seen.setdefault(name, (self.document, rule.index))
        if first != (self.document, rule.index):
            where = f"{first[0].file}:{first[0].position(('rules', first[1], 'name'))[0]}"
            self.fail(("rules", rule.index, "name"), f"a rule named '{name}' is already at {where}; rename one")

    def rule(self, read: ReadRule) -> Rule | None:
        """The rule, or ``None`` where anything is wrong with it."""
        spec, path = read.spec, ("rules", read.index)
        before = len(self.compiler.problems)
        self.compiler.used.clear()
        selected = self.compiler.symbols(spec.symbols, path) if self._has(path, "symbols") else ()
        when = self.compiler.item(spec.when, (*path, "when"))
        steps = self._severity(spec.severity, (*path, "severity"))
        if spec.hold_for is not None and spec.hold_for > LONGEST_SESSION:
            self.fail((*path, "hold"), "no session lasts so long; write less, as 10m")
        if when is None or not read.whole:
            return None
        self._as_a_whole(spec, when, steps, path)
        if len(self.compiler.problems) > before:
            return None
        version, text = self._written(path)
        return Rule(
            name=spec.name,
            description=spec.description,
            symbols=frozenset(s for s in selected if s in self.around.present),
            when=when,
            severity=steps,
            cooldown=spec.cooldown,
            hold=spec.hold if isinstance(spec.hold, int) else 2,
            follow_up=spec.follow_up,
            quiets=frozenset(spec.quiets),
            version=version,
            text=text,
            enabled=spec.enabled,
            topics=topics_of(when),
            has_price=has_price(when),
            has_cause=asks_for_cause(when),
            hold_for=spec.hold_for,
        )

    def _has(self, path: DocumentPath, key: str) -> bool:
        written: Any = self.document.data
        for step in path:
            written = written[step]
        return isinstance(written, dict) and written.get(key) is not None

    def _written(self, path: DocumentPath) -> tuple[str, str]:
        """Version and text of a rule as written, with the named conditions it uses."""
        written = self.document.data["rules"][path[1]]
        used = {name: self.document.data["conditions"][name] for name in sorted(self.compiler.used)}
        whole: Any = {"conditions": used, "rules": [written]} if used else written
        text = self._lines(path) or dumped([written])
        if used:
            text = f"{dumped({'conditions': used})}rules:\n{text}"
        return stable_id(json.dumps(whole, sort_keys=True, ensure_ascii=False), length=12), text

    def _lines(self, path: DocumentPath) -> str:
        """The lines a rule is written in, comments included; empty where it shares them or leans on others (``*``)."""
        rules = self.document.data["rules"]
        index = int(path[1])
        first = self.document.position(path)[0] - 1
        end = len(self._text)
        if index + 1 < len(rules):
            end = self.document.position(("rules", index + 1))[0] - 1
        else:
            after = (self.document.key_position((key,))[0] - 1 for key in self.document.data)
            end = min((line for line in after if line > first), default=end)
        lines = self._text[first:end]
        while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
            lines.pop()
        if not lines or not lines[0].lstrip().startswith("-") or any(_LEANS.search(line) for line in lines):
            return ""
        return textwrap.dedent("\n".join(lines)) + "\n"

    # ------------------------------------------------------------------------------------------------------- severity

    def _severity(self, written: str | dict[str, str], path: DocumentPath) -> tuple[SeverityStep, ...]:
        if isinstance(written, str):
            if written not in SEVERITY_WORDS:
                self.fail(path, one_of(written, SEVERITY_WORDS, "severity"))
                return ()
            return (SeverityStep(Severity.parse(written)),)
        steps = []
        for word, when in written.items():
            if word not in SEVERITY_WORDS:
                self.compiler.problems.append(
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
        if not written:
            self.fail(path, "no severity is named; write one, as warning")
        elif len(steps) == len(written) and all(s.change is not None for s in steps):
            self.fail(path, "no severity applies always; give one of them the value always")
        return tuple(sorted(steps, key=lambda s: s.severity))

    # -------------------------------------------------------------------------------------------------------- a whole

    def _as_a_whole(self, spec: RuleSpec, when: Condition, steps: tuple[SeverityStep, ...], path: DocumentPath) -> None:
        """What only shows once the parts of a rule are seen together."""
        price = first_price(when)
        if price is None and any(step.change for step in steps):
            self.fail(
                (*path, "severity"), "severity asks for a change but the rule has no price condition; write one word"
            )
        elif isinstance(spec.severity, dict) and len(steps) == len(spec.severity):
            asked = price.drawdown if isinstance(price, Drawdown) else price.change if price else None
            certain = asked if _always_asked(when, price) else None
            for step, why in unreachable(steps, certain):
                self.fail((*path, "severity", step.severity.word), why)
        news = [c for c in required(when) if isinstance(c, News)]
        for condition in walk(when):
            place = self.compiler.places.get(id(condition), (*path, "when"))
            if isinstance(condition, Price | MarketMove) and condition.since.kind == "story" and not news:
                self.fail((*place, "since"), "which story is not said; add news: {topic: …} to the rule")
            if isinstance(condition, News) and Reach.NONE in condition.reaches and not has_price(when):
                self.fail(
                    (*place, "reach"),
                    "without a condition on prices this fires for every symbol; write direct or exposure",
                )
        for condition, why in contradictions(when):
            self.fail(self.compiler.places.get(id(condition), (*path, "when")), why)


def dumped(data: Any) -> str:
    """``data`` as YAML in plain style."""
    return str(yaml.dump(data, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=110))


def _always_asked(when: Condition, price: Price | Drawdown | None) -> bool:
    """Whether the rule cannot fire without ``price``, which does not stand under ``any`` or in a sequence."""
    return any(part is price for part in conjuncts(when))
