"""Model values as text, JSON and rows, and back, without loss.

How a value looks in the database is decided here and nowhere else:

- moments are ISO 8601 UTC text of fixed width, ``2025-01-27T14:30:00.000000Z``: the order of the text is the order of
  time, and microseconds survive; dates are ``2025-01-27``; durations are seconds;
- enums are their words (a severity is ``critical``, never 4);
- nested values are JSON objects with every field of the dataclass by name; numbers JSON cannot say (NaN, infinities)
  are the strings ``"nan"``, ``"inf"``, ``"-inf"``;
- text that is not valid Unicode (lone surrogates from broken feeds) keeps its bytes visibly as ``\\ud83d``.

Encoders and decoders are compiled once per type from the dataclass's own annotations, so that a field added to the
model is stored without a word here.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import types
import typing
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, TypeVar, cast

from bot.core.errors import StoreError
from bot.core.model import FollowUpKind, Severity

T = TypeVar("T")
Encoder = Callable[[Any], Any]
Decoder = Callable[[Any], Any]

# ------------------------------------------------------------------------------------------------------------- scalars


def moment_text(at: datetime) -> str:
    """``at`` as UTC text of fixed width; StoreError for a naive datetime."""
    if at.tzinfo is not UTC:
        if at.utcoffset() is None:
            raise StoreError(f"a datetime without a time zone cannot be stored: {at.isoformat()}")
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:26] + "Z"


def moment(text: str) -> datetime:
    """The aware UTC datetime that ``moment_text`` wrote."""
    return datetime.fromisoformat(text[:26]).replace(tzinfo=UTC)


def clean(text: str) -> str:
    """``text`` as SQLite can hold it: lone surrogates become visible escapes, distinct ones stay distinct."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


# ------------------------------------------------------------------------------------------------------------ by type

_AS_TEXT: dict[Any, tuple[Encoder, Decoder]] = {
    Severity: (lambda value: Severity(value).word, Severity.parse),
    FollowUpKind: (str, FollowUpKind.parse),
}
"""What is stored as a word of its own, with how it is written and read."""


def _optional(kind: Any) -> tuple[Any, bool]:
    """The type without ``None``, and whether ``None`` was allowed."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        members = [m for m in typing.get_args(kind) if m is not type(None)]
        allows_none = len(members) < len(typing.get_args(kind))
        return (members[0] if len(members) == 1 else tuple(members)), allows_none
    return kind, False


def _float_json(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(float(value))


@cache
def encoder(kind: Any) -> Encoder:
    """What turns a value of ``kind`` into something ``json.dumps`` takes."""
    kind, allows_none = _optional(kind)
    inner = _plain_encoder(kind)
    if not allows_none:
        return inner
    return lambda value: None if value is None else inner(value)


def _plain_encoder(kind: Any) -> Encoder:
    if isinstance(kind, tuple):  # a union of several: told apart by the value itself
        encoders = {member: encoder(member) for member in kind}
        return lambda value: encoders[type(value)](value)
    if kind in _AS_TEXT:
        return _AS_TEXT[kind][0]
    if dataclasses.is_dataclass(kind):
        hints = _hints(cast(type, kind))
        # fields are compiled at first use, because a Check holds Checks
        return lambda value: {name: encoder(hint)(getattr(value, name)) for name, hint in hints.items()}
    if typing.get_origin(kind) is tuple:
        arguments = typing.get_args(kind)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            each = encoder(arguments[0])
            return lambda value: [each(item) for item in value]
        parts = [encoder(argument) for argument in arguments]
        return lambda value: [part(item) for part, item in zip(parts, value, strict=True)]
    simple: dict[Any, Encoder] = {
        str: lambda value: str(value),
        bool: bool,
        int: int,
        float: _float_json,
        datetime: moment_text,
        date: date.isoformat,
        timedelta: timedelta.total_seconds,
    }
    if kind in simple:
        return simple[kind]
    if isinstance(kind, type) and issubclass(kind, enum.StrEnum):
        return lambda value: str(value)
    raise TypeError(f"no way to store {kind!r}")


@cache
def decoder(kind: Any) -> Decoder:
    """What turns the JSON of a value of ``kind`` back into the value."""
    kind, allows_none = _optional(kind)
    inner = _plain_decoder(kind)
    if not allows_none:
        return inner
    return lambda data: None if data is None else inner(data)


def _plain_decoder(kind: Any) -> Decoder:
    if isinstance(kind, tuple):
        return _union_decoder(kind)
    if kind in _AS_TEXT:
        return _AS_TEXT[kind][1]
    if dataclasses.is_dataclass(kind):
        made = cast(Callable[..., Any], kind)
        hints = _hints(cast(type, kind))
        return lambda data: made(**{n: decoder(hints[n])(v) for n, v in data.items() if n in hints})
    if typing.get_origin(kind) is tuple:
        arguments = typing.get_args(kind)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            each = decoder(arguments[0])
            return lambda data: tuple(each(item) for item in data)
        parts = [decoder(argument) for argument in arguments]
        return lambda data: tuple(part(item) for part, item in zip(parts, data, strict=True))
    simple: dict[Any, Decoder] = {
        str: str,
        bool: bool,
        int: int,
        float: float,
        datetime: moment,
        date: date.fromisoformat,
        timedelta: lambda data: timedelta(seconds=data),
    }
    if kind in simple:
        return simple[kind]
    if isinstance(kind, type) and issubclass(kind, enum.StrEnum):
        return kind
    raise TypeError(f"no way to read {kind!r}")


def _union_decoder(members: tuple[Any, ...]) -> Decoder:
    """Text is text; an object is the member whose fields are exactly its keys."""
    by_fields: dict[frozenset[str], Decoder] = {frozenset(_hints(m)): decoder(m) for m in members if m is not str}

    def decode(data: Any) -> Any:
        return by_fields[frozenset(data)](data) if isinstance(data, dict) else data

    return decode


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Field name to resolved annotation, in field order."""
    hints = typing.get_type_hints(kind)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind)}


# --------------------------------------------------------------------------------------------------------------- JSON


def to_json(value: object, kind: Any | None = None) -> str:
    """``value`` as compact JSON text; ``kind`` is needed where the value's own class does not say it (tuples)."""
    said: Any = type(value) if kind is None else kind
    data = encoder(said)(value)
    return clean(json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def from_json(kind: Any, text: str) -> Any:
    """The value of ``kind`` that ``to_json`` wrote. Keys the class does not know are ignored."""
    return decoder(kind)(json.loads(text))


# --------------------------------------------------------------------------------------------------------------- rows


class RowCodec:
    """Values of one dataclass as rows of one table.

    ``columns`` names the fields that have a column, in column order; a field given as ``field:column`` is renamed.
    Fields in ``nullable`` are stored as NULL where they are the empty string (foreign keys, mostly). With ``rest``,
    every other field goes into that one JSON column: a field added to the model is kept even before it has a column.
    The fields of ``part``, a field that is a dataclass itself, are stored as if they were the value's own.
    """

    def __init__(self, kind: type, columns: str, *, nullable: str = "", rest: str = "", part: str = "") -> None:
        self.kind = kind
        self._part = part
        hints = dict(_hints(kind))
        self._part_kind = hints.pop(part) if part else None
        self._of_part = frozenset(_hints(self._part_kind)) if self._part_kind else frozenset()
        if self._part_kind:
            hints |= _hints(self._part_kind)
        pairs = [(name, column or name) for name, _, column in (c.partition(":") for c in columns.split())]
        optional = set(nullable.split())
        self._fields = tuple(name for name, _ in pairs)
        self._to = [_column_encoder(hints[name], name in optional) for name in self._fields]
        self._from = [_column_decoder(hints[name], name in optional) for name in self._fields]
        self._rest = {name: hints[name] for name in hints if name not in set(self._fields)} if rest else {}
        self.columns = (*(column for _, column in pairs), *((rest,) if rest else ()))
        self._has_rest = bool(rest)

    def row(self, value: object) -> tuple[Any, ...]:
        """The values for ``columns``."""
        row = [encode(self._field(value, name)) for name, encode in zip(self._fields, self._to, strict=True)]
        if self._has_rest:
            data = {name: encoder(hint)(self._field(value, name)) for name, hint in self._rest.items()}
            row.append(clean(json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)))
        return tuple(row)

    def value(self, row: typing.Sequence[Any], at: int = 0) -> Any:
        """The value whose columns begin at position ``at`` of ``row``."""
        fields = {
            name: decode(row[at + i]) for i, (name, decode) in enumerate(zip(self._fields, self._from, strict=True))
        }
        if self._has_rest:
            data = json.loads(row[at + len(self._fields)])
            fields.update((name, decoder(self._rest[name])(v)) for name, v in data.items() if name in self._rest)
        if self._part_kind:
            own = {name: fields.pop(name) for name in self._of_part.intersection(fields)}
            fields[self._part] = self._part_kind(**own)
        return self.kind(**fields)

    def _field(self, value: object, name: str) -> Any:
        return getattr(getattr(value, self._part) if name in self._of_part else value, name)


_NATIVE: dict[Any, Encoder] = {
    str: clean,
    int: int,
    float: float,
    bool: int,
    datetime: moment_text,
    date: date.isoformat,
    timedelta: timedelta.total_seconds,
}


def _column_encoder(hint: Any, empty_is_null: bool) -> Encoder:
    kind, allows_none = _optional(hint)
    if kind in _NATIVE:
        inner = _NATIVE[kind]
    elif kind in _AS_TEXT or (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        inner = encoder(kind)
    else:
        inner = lambda value: to_json(value, kind)  # noqa: E731 - one of three alternatives
    if allows_none and kind is float:
        # SQLite has no NaN and would store NULL anyway: say so here, so that rows compare as they were stored
        return lambda value: None if value is None or math.isnan(value) else float(value)
    if allows_none:
        return lambda value: None if value is None else inner(value)
    if empty_is_null:
        return lambda value: inner(value) if value else None
    return inner


def _column_decoder(hint: Any, empty_is_null: bool) -> Decoder:
    kind, allows_none = _optional(hint)
    if kind in _NATIVE or kind in _AS_TEXT or (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        inner = decoder(kind)
    else:
        inner = lambda data: from_json(kind, data)  # noqa: E731 - one of two alternatives
    if allows_none:
        return lambda data: None if data is None else inner(data)
    if empty_is_null:
        return lambda data: "" if data is None else inner(data)
    return inner
