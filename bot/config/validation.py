"""Checking a YAML document against a pydantic model, in words a person can act on.

One ``Problem`` per mistake, at the line and column where it stands: the value that is wrong, the key that is unknown,
the mapping from which a key is missing. Messages read ``what is wrong; what to write instead``.
"""

from __future__ import annotations

import types
import typing
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.config.document import Document, DocumentPath, path_text
from bot.config.excerpt import redacted, shown
from bot.config.mistakes import Mistake, narrowed
from bot.config.wording import message, nearest, one_of, wrong_type
from bot.core.errors import ConfigError, Problem

__all__ = ["StrictModel", "nearest", "one_of", "validate"]

ModelT = TypeVar("ModelT", bound=BaseModel)


class StrictModel(BaseModel):
    """Base of everything read from YAML: unknown keys are errors, values cannot change, docstrings reach editors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        validate_default=True,
        hide_input_in_errors=True,  # an input may be a secret in the wrong place
        use_attribute_docstrings=True,
        validate_by_name=True,
        validate_by_alias=True,
        ser_json_inf_nan="strings",
    )


def validate(document: Document, model: type[ModelT]) -> ModelT:
    """The document as an instance of ``model``. Raises ConfigError with one Problem per mistake."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        found = [Mistake(document, model, e) for e in error.errors(include_url=False)]
        mistakes = [m for m in found if not m.follows] or found
        # "from None": pydantic's error names every key as written, and a person may have put a secret there.
        raise ConfigError(_problems(document, narrowed(mistakes))) from None


def _problems(document: Document, mistakes: list[Mistake]) -> list[Problem]:
    by_path: dict[DocumentPath, list[Mistake]] = defaultdict(list)
    problems: list[Problem] = []
    for mistake in mistakes:
        if mistake.wanted:
            by_path[mistake.path].append(mistake)
        else:
            problems.append(_problem(document, mistake))
    for path, group in by_path.items():
        wanted = list(dict.fromkeys(m.wanted for m in group))
        problems.append(_at(document, document.position(path), path, wrong_type(group[0].input, wanted)))
    return list(dict.fromkeys(problems))


def _problem(document: Document, mistake: Mistake) -> Problem:
    path = mistake.path
    if mistake.type == "missing":
        # The mapping that lacks the key has the position; the path names it, for the key itself is nowhere.
        inside = path[:-1]
        if isinstance(path[-1], int):
            return _at(document, document.position(inside), inside, f"value {path[-1] + 1} is missing; add it")
        return _at(document, document.position(inside), inside, f"'{path[-1]}' is missing; add '{path[-1]}: …'")
    if mistake.type == "extra_forbidden":
        known = _known_keys(mistake.model, mistake.location[:-1])
        unknown = one_of(str(path[-1]), known, "key") if known else f"unknown key '{shown(str(path[-1]))}'; remove it"
        return _at(document, document.key_position(path), path, unknown)
    on_key = mistake.location[-1:] == ("[key]",)
    position = document.key_position(path) if on_key else document.position(path)
    return _at(document, position, path, message(mistake.type, mistake.input, mistake.context, mistake.text))


def _at(document: Document, position: tuple[int, int], path: DocumentPath, words: str) -> Problem:
    return Problem(document.file, *position, path_text(path), redacted(words))


# ------------------------------------------------------------------------------------------------ known keys


def _known_keys(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand at ``location``, by walking the model's annotations along it."""
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
    """The annotation without ``Annotated``, and its members where it is a union."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _parts(typing.get_args(annotation)[0])
    if origin is typing.Union or origin is types.UnionType:
        return [part for member in typing.get_args(annotation) for part in _parts(member)]
    return [annotation]
