"""Rules with every default filled in, as YAML that loads to the same rules. What was written stays as written."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from bot.config.rules import RulesFile, layered
from bot.config.rules.specs import HoldByPhase
from bot.config.shipped import Beneath
from bot.config.yaml.document import load_document, scalar_kind
from bot.config.yaml.validation import validate
from bot.core.prices.windows import format_duration


@dataclass(frozen=True, slots=True)
class FullRule:
    """One rule with its defaults."""

    name: str
    file: str
    line: int
    data: dict[str, Any]
    """The rule's mapping with every key that has a value."""
    beside: dict[str, Any]
    """The other top-level keys of its file, which it may refer to, as written."""
    origin: Origin | None = None
    """Where it comes from, if own rules are laid over shipped ones."""


class Origin(enum.StrEnum):
    """Where a rule comes from that lies beside shipped ones."""

    SHIPPED = "shipped"
    SWITCHED_ON = "shipped, switched on"
    SWITCHED_OFF = "shipped, switched off"
    OWN = "own"
    REPLACING = "own, in place of the shipped one"


def full_rules(paths: Sequence[Path], benchmark: str, beneath: Beneath | None = None) -> Iterator[FullRule]:
    """Every rule in these files and of the shipped ones ``beneath`` that none stands in place of, in order. Raises
    ConfigError for a file with mistakes.

    ``benchmark`` is the default benchmark.
    """
    read = [(load_document(path), ships) for path, ships in layered(paths, beneath)]
    specs = [validate(document, RulesFile) for document, _ in read]
    names: dict[bool, set[str]] = {False: set(), True: set()}
    for (_, ships), spec in zip(read, specs, strict=True):
        names[ships].update(rule.name for rule in spec.rules)
    for (document, ships), spec in zip(read, specs, strict=True):
        written = document.data["rules"]
        beside = {key: value for key, value in document.data.items() if key != "rules"}
        for i, rule in enumerate(spec.rules):
            if ships and rule.name in names[False]:
                continue
            data, origin = filled(written[i], rule, benchmark), None
            if beneath is not None:
                origin = _origin(rule.name, ships, names[True], beneath.switches)
                if origin in (Origin.SWITCHED_ON, Origin.SWITCHED_OFF):
                    data["enabled"] = origin is Origin.SWITCHED_ON
            yield FullRule(rule.name, document.file, document.position(("rules", i))[0], data, beside, origin)


def _origin(name: str, ships: bool, shipped: Collection[str], switches: Mapping[str, bool]) -> Origin:
    if not ships:
        return Origin.REPLACING if name in shipped else Origin.OWN
    if name not in switches:
        return Origin.SHIPPED
    return Origin.SWITCHED_ON if switches[name] else Origin.SWITCHED_OFF


def filled(written: Any, meant: Any, benchmark: str) -> Any:
    """``written`` with the missing values taken from ``meant``, the model read from it."""
    if isinstance(meant, BaseModel):
        given = written if isinstance(written, dict) else {}
        whole: dict[str, Any] = {}
        for name, field in type(meant).model_fields.items():
            value = getattr(meant, name)
            if value is None and name == "benchmark":
                value = benchmark or None
            key = field.alias or name
            if key in given or name in given:
                whole[key] = filled(given.get(key, given.get(name)), value, benchmark)
            elif value is not None:
                whole[key] = plain(value, benchmark)
        return whole if isinstance(written, dict) else written
    if isinstance(meant, HoldByPhase):
        return meant.written()
    if isinstance(written, list) and isinstance(meant, tuple | list) and len(written) == len(meant):
        return [filled(w, m, benchmark) for w, m in zip(written, meant, strict=True)]
    if isinstance(written, dict) and isinstance(meant, dict):
        return {k: filled(value, meant[k], benchmark) if k in meant else value for k, value in written.items()}
    return written


def plain(value: Any, benchmark: str = "") -> Any:
    """A default as YAML data."""
    if isinstance(value, BaseModel | HoldByPhase):
        return filled({}, value, benchmark)
    if isinstance(value, tuple | list | frozenset | set):
        return [plain(item, benchmark) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item, benchmark) for key, item in value.items()}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, bool | int | float | str):
        return value
    return str(value)


def rules_yaml(rules: Sequence[FullRule]) -> str:
    """The text of a rule file with these rules."""
    document: dict[str, Any] = {}
    for rule in rules:
        for key, value in rule.beside.items():
            known = document.get(key)
            document[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    document["rules"] = [rule.data for rule in rules]
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)


class _Dumper(yaml.SafeDumper):
    """Quotes text that our YAML would read as something else; writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    reads_back = scalar_kind(text) == "str" and text == text.strip() and text[:1] not in "<>="
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if reads_back else '"')


_Dumper.add_representer(str, _text)
