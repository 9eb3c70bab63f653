"""Checking a YAML document against a pydantic model, in words a person can act on.

One ``Problem`` per mistake, at the line and column where it stands: the value that is wrong, the key that is unknown,
the mapping from which a key is missing. Messages read ``what is wrong; what to write instead``.
"""

from __future__ import annotations

import re
import types
import typing
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from rapidfuzz import fuzz, process

from bot.config.document import Document, DocumentPath, path_text
from bot.config.excerpt import described, redacted, shown
from bot.core.errors import ConfigError, Problem

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
        found = [_Mistake(document, model, e) for e in error.errors(include_url=False)]
        mistakes = [m for m in found if not m.follows]
        # "from None": pydantic's error names every key as written, and a person may have put a secret there.
        raise ConfigError(_problems(document, _narrowed(mistakes))) from None


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` most likely means, or ``None`` where none is near."""
    found = process.extractOne(word.lower(), list(known), scorer=fuzz.ratio, processor=str.lower, score_cutoff=60)
    return found[0] if found else None


def one_of(word: str, known: Sequence[str], what: str = "value") -> str:
    """``unknown WHAT 'word'; did you mean 'x'?``, or the list of what is known where nothing is near."""
    if near := nearest(word, known):
        return f"unknown {what} '{shown(word)}'; did you mean '{near}'?"
    return f"unknown {what} '{shown(word)}'; write {_listing(known)}"


class _Mistake:
    """One pydantic error, related to the document."""

    def __init__(self, document: Document, model: type[BaseModel], error: Any) -> None:
        self.type: str = error["type"]
        self.location: tuple[str | int, ...] = error["loc"]
        self.input: Any = error.get("input")
        self.context: Mapping[str, Any] = error.get("ctx") or {}
        self.text: str = error["msg"]
        self.model = model
        self.path, self.branches = _document_path(document.data, self.location, self.type == "missing")
        """``branches``: for each member of a union taken on the way, the path where, and its name."""

    @property
    def follows(self) -> bool:
        """Only follows from others: pydantic counts none of a list's wrong items, and then finds the list short."""
        least = self.context.get("min_length", 0)
        return self.type == "too_short" and isinstance(self.input, list) and len(self.input) >= least


def _document_path(
    data: Any, location: tuple[str | int, ...], missing: bool
) -> tuple[DocumentPath, list[tuple[DocumentPath, str]]]:
    """Pydantic's location less the names of union members, which are not in the document."""
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


def _narrowed(mistakes: list[_Mistake], depth: int = 0) -> list[_Mistake]:
    """Where a union failed, keep only the member that the person most likely meant.

    A member of the wrong type altogether gives way to one whose inside is wrong; then the fewest mistakes win.
    """
    unions: dict[DocumentPath, dict[str, list[_Mistake]]] = defaultdict(lambda: defaultdict(list))
    kept: list[_Mistake] = []
    for mistake in mistakes:
        if len(mistake.branches) > depth:
            where, name = mistake.branches[depth]
            unions[where][name].append(mistake)
        else:
            kept.append(mistake)
    for where, members in unions.items():
        narrowed = [_narrowed(member, depth + 1) for member in members.values()]
        narrowed.sort(key=_count)
        inside = next(
            (member for member in narrowed if not all(m.path == where and _expected(m) for m in member)), None
        )
        kept += inside if inside is not None else [mistake for member in narrowed for mistake in member]
    return kept


def _count(mistakes: list[_Mistake]) -> int:
    return len(mistakes)


def _problems(document: Document, mistakes: list[_Mistake]) -> list[Problem]:
    wrong_type: dict[DocumentPath, list[_Mistake]] = defaultdict(list)
    problems: list[Problem] = []
    for mistake in mistakes:
        if _expected(mistake):
            wrong_type[mistake.path].append(mistake)
        else:
            problems.append(_problem(document, mistake))
    for path, group in wrong_type.items():
        wanted = list(dict.fromkeys(_expected(m) for m in group))
        message = f"expected {' or '.join(wanted)}, found {described(group[0].input)}{_advice(group)}"
        problems.append(_at(document, document.position(path), path, message))
    return list(dict.fromkeys(problems))


def _problem(document: Document, mistake: _Mistake) -> Problem:
    path = mistake.path
    if mistake.type == "missing":
        # The mapping that lacks the key has the position; the path names it, for the key itself is nowhere.
        inside = path[:-1]
        if isinstance(path[-1], int):
            return _at(document, document.position(inside), inside, f"value {path[-1] + 1} is missing; add it")
        return _at(document, document.position(inside), inside, f"'{path[-1]}' is missing; add '{path[-1]}: …'")
    if mistake.type == "extra_forbidden":
        known = _known_keys(mistake.model, mistake.location[:-1])
        message = one_of(str(path[-1]), known, "key") if known else f"unknown key '{shown(str(path[-1]))}'; remove it"
        return _at(document, document.key_position(path), path, message)
    on_key = mistake.location[-1:] == ("[key]",)
    position = document.key_position(path) if on_key else document.position(path)
    return _at(document, position, path, _message(mistake))


def _at(document: Document, position: tuple[int, int], path: DocumentPath, message: str) -> Problem:
    return Problem(document.file, *position, path_text(path), redacted(message))


# ------------------------------------------------------------------------------------------------------------- wording

_LISTED = re.compile(r"'([^']*)'|([^\s,']+)")

_EXPECTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "a mapping",
    "mapping": "a mapping",
    "model": "a mapping",
    "model_attributes": "a mapping",
    "dataclass": "a mapping",
    "date": "a date like 2025-01-27",
    "date_from_datetime": "a date like 2025-01-27",
    "datetime": "a time like 2025-01-27T14:30:00Z",
    "datetime_from_date": "a time like 2025-01-27T14:30:00Z",
    "time": "a time of day like 09:30",
    "none_required": "nothing",
}


def _expected(mistake: _Mistake) -> str:
    """What type was wanted there, where the mistake is one of type; empty otherwise."""
    kind = mistake.type
    if kind == "none_required":
        return _EXPECTED[kind]
    for ending in ("_type", "_parsing", "_from_float", "_unpickle", "_inexact"):
        if kind.endswith(ending):
            return _EXPECTED.get(kind.removesuffix(ending), "")
    return ""


def _advice(group: list[_Mistake]) -> str:
    value = group[0].input
    wanted = {_expected(m) for m in group}
    if value is None:
        return "; write a value, or remove the key"
    if "text" in wanted and isinstance(value, bool | int | float):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return f'; put it in quotes: "{text}"'
    if "a list" in wanted and not isinstance(value, dict | list):
        return f"; write [{shown(str(value))}]"
    if "a list" in wanted and isinstance(value, dict):
        return "; begin each item with '-'"
    if "a mapping" in wanted and isinstance(value, list):
        return "; write keys instead of items with '-'"
    if "a mapping" in wanted:
        return "; write 'key: value' lines under it"
    if isinstance(value, str) and wanted & {"a whole number", "a number"}:
        return "; write a number, without unit or quotes"
    return f"; write {' or '.join(sorted(wanted))}"


def _message(mistake: _Mistake) -> str:
    context, value = mistake.context, described(mistake.input)
    if mistake.input is None:
        return "nothing is written here; write a value, or remove the key"
    match mistake.type:
        case "value_error" | "assertion_error":
            return str(context.get("error", mistake.text))
        case "literal_error" | "enum":
            known = _split_listing(str(context.get("expected", "")))
            return (
                one_of(mistake.input, known)
                if isinstance(mistake.input, str)
                else (f"expected {_listing(known)}, found {value}; write one")
            )
        case "greater_than":
            return f"{value} is too small; write more than {_bare(context['gt'])}"
        case "greater_than_equal":
            return f"{value} is too small; write at least {_bare(context['ge'])}"
        case "less_than":
            return f"{value} is too large; write less than {_bare(context['lt'])}"
        case "less_than_equal":
            return f"{value} is too large; write at most {_bare(context['le'])}"
        case "finite_number":
            return f"{value} is not a finite number; write one"
        case "string_too_short" | "too_short":
            least = context.get("min_length")
            if not mistake.input:
                return "nothing is written here; write something, or remove the key"
            return f"{value} is too short; write at least {least}"
        case "string_too_long" | "too_long":
            return f"{value} is too long; write at most {context.get('max_length')}"
        case "string_pattern_mismatch":
            return f"{value} does not fit; it must match {context.get('pattern')}"
        case "union_tag_not_found":
            return f"this does not say what it is; add {context.get('discriminator')}"
        case "union_tag_invalid":
            known = _split_listing(str(context.get("expected_tags", "")))
            return one_of(str(context.get("tag", "")), known)
    text = mistake.text[:1].lower() + mistake.text[1:]
    return f"{value}: {text}; correct it"


def _bare(limit: Any) -> str:
    return f"{limit:g}" if isinstance(limit, float) else str(limit)


def _split_listing(expected: str) -> list[str]:
    """Pydantic writes ``'a', 'b' or 'c'``, and numbers without quotes."""
    return [quoted or bare for quoted, bare in _LISTED.findall(expected) if bare != "or"]


def _listing(words: Sequence[str]) -> str:
    """``a``, ``a or b``, ``one of a, b, c``."""
    if len(words) < 3:
        return " or ".join(words)
    return "one of " + ", ".join(words[:12]) + (", …" if len(words) > 12 else "")


# ------------------------------------------------------------------------------------------------ known keys


def _known_keys(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand at ``location``, by walking the model's annotations along it."""
    models = {model}
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
