"""JSON Schemas for editors (completion, hover text, underlined mistakes), generated from the models of the files.

Names that refer to other files (a topic, a group) are offered, not enforced, so that an editor never underlines what
the program accepts; ``rules check`` has the last word.
"""

from __future__ import annotations

import enum
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue

from bot.config.episodes.entries import EpisodeFile
from bot.config.news.companies import CompaniesFile
from bot.config.news.topics import TopicsFile
from bot.config.rule_tests.entries import RuleTestsFile
from bot.config.rules.dump import plain
from bot.config.rules.specs import RulesFile
from bot.config.settings.model import Settings
from bot.config.yaml.document import load_document
from bot.core.model import Severity
from bot.core.rules.comparison import Comparison

DRAFT = "http://json-schema.org/draft-07/schema#"
SCHEMAS: Mapping[str, tuple[type[BaseModel], str]] = {
    "rules.json": (RulesFile, "Aftershock rules"),
    "rule-tests.json": (RuleTestsFile, "Aftershock rule tests"),
    "topics.json": (TopicsFile, "Aftershock topics"),
    "companies.json": (CompaniesFile, "Aftershock companies"),
    "episode.json": (EpisodeFile, "An Aftershock episode"),
    "config.json": (Settings, "Aftershock configuration"),
}
"""By file name: the model and a title."""

MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})$"
COMPARISON = {
    "pattern": r"^\s*([<>]=?|≤|≥|between\s)\s*[-+−]?[0-9].*$",
    "patternErrorMessage": 'A comparison begins with <, <=, >, >= or between, as "< -10%".',
}
SHAPES: Mapping[str, Mapping[str, Any]] = {
    "RuleSpec.severity": {
        "anyOf": [
            {"enum": [severity.word for severity in Severity]},
            {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": False,
                "properties": {
                    severity.word: {
                        "type": "string",
                        "description": "When this severity applies: always, or from a change on.",
                        "examples": ["always", "change < -15%"],
                    }
                    for severity in Severity
                },
            },
        ]
    },
}
"""Schemas that do not follow from the type."""

REFERENCES: Mapping[str, str] = {
    "RuleSpec.symbols": "selectors",
    "BreadthSpec.symbols": "selectors",
    "NewsSpec.topic": "topics",
    "CauseSpec.topic": "topics",
    "AbnormalSpec.benchmark": "benchmarks",
    "MarketSpec.benchmark": "benchmarks",
    "TriggerEntry.topic": "topics",
    "TriggerEntry.exposures": "exposures",
    "FallEntry.exposure": "exposures",
}
"""Keys whose values are names defined elsewhere, and which names editors offer."""


@cache
def examples() -> Mapping[str, Any]:
    """Examples by model and key, like ``RuleSpec.name``."""
    models = load_document(Path(__file__).with_name("examples.yaml")).data
    return {f"{model}.{key}": example for model, keys in models.items() for key, example in keys.items()}


@dataclass(frozen=True, slots=True)
class Offered:
    """Names of this configuration that editors offer, each sorted."""

    topics: tuple[str, ...] = ()
    exposures: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()

    def of(self, kind: str) -> list[str]:
        """The names of one kind of reference, as in ``REFERENCES``."""
        if kind == "selectors":
            groups = dict.fromkeys(("watchlist", "benchmarks", *self.groups))
            return ["all", *(f"group:{name}" for name in groups), *(f"exposure:{name}" for name in self.exposures)]
        return list(getattr(self, kind))


def schema_text(file: str, offered: Offered) -> str:
    """The schema called ``file`` as written to ``rules/schema/``."""
    return json.dumps(schema_of(file, offered), indent=1, ensure_ascii=False) + "\n"


def schema_of(file: str, offered: Offered) -> dict[str, Any]:
    """The schema called ``file``. Raises KeyError if there is none."""
    model, title = SCHEMAS[file]
    generated = model.model_json_schema(by_alias=True, schema_generator=_Generator, mode="validation")
    models = {m.__name__: m for m in models_of(model)}
    for name, definition in [(model.__name__, generated), *generated.get("$defs", {}).items()]:
        if name in models:
            _finish(models[name], definition)
    kinds = {REFERENCES[k] for m in models.values() for key in keys_of(m) if (k := f"{m.__name__}.{key}") in REFERENCES}
    for kind in sorted(kinds):
        generated["$defs"][kind] = {"anyOf": [{"enum": offered.of(kind)}, {"type": "string"}]}
    tidy = _tidied(generated)
    head = {"$schema": DRAFT, "title": title, "description": _first(model.__doc__)}
    return {**head, **{k: v for k, v in tidy.items() if k not in head}}


# -------------------------------------------------------------------------------------------------------------- models


def models_of(root: type[BaseModel]) -> list[type[BaseModel]]:
    """``root`` and every model its fields lead to, each once, breadth first."""
    models = [root]
    for model in models:  # grows meanwhile
        for info in model.model_fields.values():
            models += [m for m in dict.fromkeys(_models_in(info.annotation)) if m not in models]
    return models


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if typing.get_origin(annotation) is None:
        return [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []
    return [model for part in typing.get_args(annotation) for model in _models_in(part)]


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """A model's fields by the key written in the file."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def example_of(model: type[BaseModel], key: str) -> Any:
    """An example value for ``key`` of ``model``. Raises KeyError if none is given and none follows from the type."""
    written = examples().get(f"{model.__name__}.{key}")
    return written if written is not None else _example(keys_of(model)[key].annotation, f"{model.__name__}.{key}")


def _example(annotation: Any, field: str) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return next(iter(annotation)).value
    if annotation is bool:
        return True
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return parts[0]
    if origin is typing.Annotated:
        return _example(parts[0], field)
    if origin in (typing.Union, types.UnionType):
        return _example(next(p for p in parts if p is not type(None)), field)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return whole_example(annotation)
    if origin is tuple:
        return [_example(parts[0], field)]
    raise KeyError(f"no example for {field}; add one to bot/config/examples.yaml")


def whole_example(model: type[BaseModel]) -> dict[str, Any]:
    """A mapping with the required keys of ``model``, or its first key if it has none."""
    keys = keys_of(model)
    needed = [key for key, info in keys.items() if info.is_required()]
    return {key: example_of(model, key) for key in needed or list(keys)[:1]}


# -------------------------------------------------------------------------------------------------------------- schema


class _Generator(GenerateJsonSchema):
    """Pydantic's schemas without null, and with a single word allowed for a list."""

    def generate(self, schema: Any, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        self.ignored_warning_kinds = {"non-serializable-default", "skipped-choice"}
        return super().generate(schema, mode)

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        """Drops null: nobody writes it."""
        return self.generate_inner(schema["schema"])

    def function_before_schema(self, schema: Any) -> JsonSchemaValue:
        made = super().function_before_schema(schema)
        name = getattr(schema["function"]["function"], "__name__", "")
        if name.lstrip("_") == "listed" and made.get("type") == "array":
            return {"anyOf": [made["items"], made]}
        return made

    def encode_default(self, dft: Any) -> Any:
        return _written(dft)


def _written(value: Any) -> Any:
    """A default as written in YAML; ``None`` for defaults that need no mention."""
    return None if isinstance(value, BaseModel) or value in (None, "", (), {}) else plain(value)


def _finish(model: type[BaseModel], definition: dict[str, Any]) -> None:
    """Add examples, names to offer and the pattern of comparisons."""
    for key, part in definition.get("properties", {}).items():
        where = f"{model.__name__}.{key}"
        if where in SHAPES:
            for word in ("type", "anyOf"):
                part.pop(word, None)
            part.update(SHAPES[where])
        if "anyOf" in part:
            part.pop("minLength", None)  # belongs to the list, not the choice
        if where in REFERENCES:
            _offer(part, f"#/$defs/{REFERENCES[where]}")
        if _contains(keys_of(model)[key].annotation, Comparison):
            part.update(COMPARISON)
        _show(part, example_of(model, key))


def _contains(annotation: Any, kind: type) -> bool:
    return annotation is kind or any(_contains(part, kind) for part in typing.get_args(annotation))


def _offer(part: dict[str, Any], reference: str) -> None:
    """Offer the names at ``reference`` wherever text is allowed, without rejecting others."""
    for inner in part.get("anyOf", []):
        _offer(inner, reference)
    if part.get("type") == "array":
        _offer(part["items"], reference)
    elif part.get("type") == "string":
        del part["type"]
        part.pop("pattern", None)
        part["$ref"] = reference


def _show(part: dict[str, Any], example: Any) -> None:
    """Add the example: a scalar as ``examples``, which editors offer; anything else to the description."""
    part.pop("examples", None)
    if not isinstance(example, dict | list):
        part["examples"] = [example]
        return
    text: str = yaml.safe_dump(example, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    part["description"] = f"{_plain(part.get('description', ''))} Example: {text.strip()}"


def _tidied(value: Any, *, keys: bool = False) -> Any:
    """Without generated titles and empty defaults; with ``keys``, the mapping's keys are names in the file."""
    if isinstance(value, list):
        return [_tidied(part) for part in value]
    if not isinstance(value, dict):
        return value
    tidy = {}
    for key, part in value.items():
        if not keys and (key == "title" or (key == "default" and part is None)):
            continue
        if not keys and (key, part) == ("format", "date-time"):
            tidy["pattern"] = MOMENT  # seconds may be left out
        elif not keys and key == "description":
            tidy[key] = _plain(part)
        elif not keys and key in ("examples", "default", "enum", "const", "required"):
            tidy[key] = part
        else:
            tidy[key] = _tidied(part, keys=key in ("properties", "$defs"))
    return tidy


def _plain(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


def _first(text: str | None) -> str:
    return _plain((text or "").split("\n\n")[0])
