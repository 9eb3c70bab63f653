"""Validates a YAML document against a pydantic model.

One ``Problem`` per mistake, at its line and column: the wrong value, the unknown key, the mapping that lacks a key.
Messages read ``what is wrong; what to write instead``.
"""

from __future__ import annotations

import types
import typing
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.config.yaml.document import Document, DocumentPath, path_text
from bot.config.yaml.excerpt import shown
from bot.config.yaml.wording import expected_type, message, nearest, one_of, wrong_type
from bot.core.errors import ConfigError, Problem
from bot.core.secret import redacted

__all__ = ["StrictModel", "nearest", "one_of", "validate"]

ModelT = TypeVar("ModelT", bound=BaseModel)
NO_HINTS: Mapping[str, str] = {}


class StrictModel(BaseModel):
    """Base of all models read from YAML: unknown keys are errors, values are frozen, docstrings reach editors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        validate_default=True,
        hide_input_in_errors=True,  # the input may be a misplaced secret
        use_attribute_docstrings=True,
        validate_by_name=True,
        validate_by_alias=True,
        ser_json_inf_nan="strings",
    )


def validate(document: Document, model: type[ModelT], *, hints: Mapping[str, str] = NO_HINTS) -> ModelT:
    """The document as an instance of ``model``. Raises ConfigError with one Problem per mistake.

    ``hints`` say what to write in place of unknown keys that people commonly try.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        found = [Mistake(document, model, e) for e in error.errors(include_url=False)]
        mistakes = [m for m in found if not m.follows] or found
        # "from None": pydantic's error names every key as written, and one may be a misplaced secret.
        raise ConfigError(_problems(document, narrowed(mistakes), hints)) from None


def _problems(document: Document, mistakes: list[Mistake], hints: Mapping[str, str]) -> list[Problem]:
    by_path: dict[DocumentPath, list[Mistake]] = defaultdict(list)
    problems: list[Problem] = []
    for mistake in mistakes:
        if mistake.wanted:
            by_path[mistake.path].append(mistake)
        else:
            problems.append(_problem(document, mistake, hints))
    for path, group in by_path.items():
        wanted = list(dict.fromkeys(m.wanted for m in group))
        hint = hints.get(f"{path[-1]}[]") if path and isinstance(group[0].input, list) else None
        problems.append(_at(document, document.position(path), path, hint or wrong_type(group[0].input, wanted)))
    return list(dict.fromkeys(problems))


def _problem(document: Document, mistake: Mistake, hints: Mapping[str, str]) -> Problem:
    path = mistake.path
    if mistake.type == "missing":
        # The missing key has no position: point at the mapping that lacks it.
        inside = path[:-1]
        if isinstance(path[-1], int):
            return _at(document, document.position(inside), inside, f"value {path[-1] + 1} is missing; add it")
        return _at(document, document.position(inside), inside, f"'{path[-1]}' is missing; add '{path[-1]}: …'")
    if mistake.type == "extra_forbidden":
        return _at(document, document.key_position(path), path, _unknown(mistake, str(path[-1]), hints))
    on_key = mistake.location[-1:] == ("[key]",)
    position = document.key_position(path) if on_key else document.position(path)
    return _at(document, position, path, message(mistake.type, mistake.input, mistake.context, mistake.text))


def _unknown(mistake: Mistake, key: str, hints: Mapping[str, str]) -> str:
    """The message for an unknown key."""
    if key in hints:
        return hints[key]
    known = _known_keys(mistake.model, mistake.location[:-1])
    return one_of(key, known, "key") if known else f"unknown key '{shown(key)}'; remove it"


def _at(document: Document, position: tuple[int, int], path: DocumentPath, words: str) -> Problem:
    return Problem(document.file, *position, path_text(path), redacted(words))


# ------------------------------------------------------------------------------------------------ known keys


def _known_keys(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """The keys allowed at ``location``, found by walking the model's annotations along it."""
    candidates: list[Any] = [model]
    for step in location:
        below: list[Any] = []
        for candidate in candidates:
            below += _below(candidate, step)
        if below:
            candidates = [part for annotation in below for part in _parts(annotation)]
        else:  # the name of a union's member: keep that member
            candidates = [c for c in candidates if getattr(c, "__name__", None) == step] or candidates
    models = {c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)}
    return sorted({field.alias or name for m in models for name, field in m.model_fields.items()})


def _below(annotation: Any, step: str | int) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [f.annotation for n, f in annotation.model_fields.items() if step in (n, f.alias)]
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return [args[1]] if len(args) == 2 else []
    if isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset) and isinstance(step, int):
        if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):
            return [args[step]] if step < len(args) else []
        return [args[0]] if args else []
    return []


def _parts(annotation: Any) -> list[Any]:
    """The annotation without ``Annotated``, or its members if it is a union."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _parts(typing.get_args(annotation)[0])
    if origin is typing.Union or origin is types.UnionType:
        return [part for member in typing.get_args(annotation) for part in _parts(member)]
    return [annotation]


# ------------------------------------------------------------------------------------------- errors and the document


class Mistake:
    """One pydantic error and the document path it belongs to."""

    def __init__(self, document: Document, model: type[BaseModel], error: Any) -> None:
        self.type: str = error["type"]
        self.location: tuple[str | int, ...] = error["loc"]
        self.input: Any = error.get("input")
        self.context: Mapping[str, Any] = error.get("ctx") or {}
        self.text: str = error["msg"]
        self.model = model
        self.path, self.branches = _document_path(document.data, self.location, self.type == "missing")
        """``branches``: for each union member taken on the way, its path and name."""

    @property
    def wanted(self) -> str:
        """The type expected, if the mistake is about the type; else empty."""
        return expected_type(self.type)

    @property
    def follows(self) -> bool:
        """A consequence of others: pydantic does not count a list's wrong items, and then finds the list too short."""
        least = self.context.get("min_length", 0)
        counted = self.type == "too_short" and self.context.get("field_type") in ("List", "Tuple")
        return counted and isinstance(self.input, list) and len(self.input) >= least


def _document_path(
    data: Any, location: tuple[str | int, ...], missing: bool
) -> tuple[DocumentPath, list[tuple[DocumentPath, str]]]:
    """Pydantic's location without the names of union members, which are not in the document."""
    path: list[str | int] = []
    branches: list[tuple[DocumentPath, str]] = []
    node = data
    for number, step in enumerate(location):
        last = number == len(location) - 1
        in_list = isinstance(node, list) and isinstance(step, int) and 0 <= step < len(node)
        if in_list or (isinstance(node, dict) and step in node):
            path.append(step)
            node = node[step]
        elif last and missing:
            path.append(step)
        elif step != "[key]":
            branches.append((tuple(path), str(step)))
    return tuple(path), branches


def narrowed(mistakes: list[Mistake], depth: int = 0) -> list[Mistake]:
    """For each failed union, keep only the mistakes of the member most likely meant.

    A member with mistakes inside it is preferred to one of the wrong type; then the one with the fewest mistakes.
    """
    unions: dict[DocumentPath, dict[str, list[Mistake]]] = defaultdict(lambda: defaultdict(list))
    kept: list[Mistake] = []
    for mistake in mistakes:
        if len(mistake.branches) > depth:
            where, name = mistake.branches[depth]
            unions[where][name].append(mistake)
        else:
            kept.append(mistake)
    for where, members in unions.items():
        choices = [narrowed(member, depth + 1) for member in members.values()]
        choices.sort(key=len)
        inside = next((member for member in choices if not all(m.path == where and m.wanted for m in member)), None)
        kept += inside if inside is not None else [mistake for member in choices for mistake in member]
    return kept
