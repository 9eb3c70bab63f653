"""Model values as text, JSON and rows, and back, without loss.

The form of values in the database is decided here only:

- times are ISO 8601 UTC text of fixed width, ``2025-01-27T14:30:00.000000Z``: the order of the text is the order of
  time, and microseconds survive; dates are ``2025-01-27``; durations are seconds;
- enums are their words (a severity is ``critical``, never 4);
- nested values are JSON objects with every field of the dataclass by name; numbers JSON cannot say (NaN, infinities)
  are the strings ``"nan"``, ``"inf"``, ``"-inf"``;
- text that is not valid Unicode (lone surrogates from broken feeds) keeps its bytes visibly as ``\\ud83d``.

cattrs compiles encoders and decoders once per type from the dataclass's annotations, so that a field added to the model
is stored without a change here.
"""

from __future__ import annotations

import enum
import json
import math
import sys
import typing
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Generic, TypeVar

import cattrs

from bot.adapters.store.engine import Connection
from bot.core.errors import StoreError
from bot.core.model import FollowUpKind, Inline, Link, Moment, Severity, Strong, Suppression

T = TypeVar("T")
Encoder = Callable[[Any], Any]
Decoder = Callable[[Any], Any]

SHORT = 16
"""Characters of a text that is likely to stand in many rows: a symbol, a currency, a source, a kind."""

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
    """``text`` as every engine can hold it: lone surrogates become visible escapes, each its own."""
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
    Suppression: (lambda value: clean(str(value)), Suppression.parse),
}
"""Types with a text form of their own: how each is written and read."""


def _converter() -> cattrs.Converter:
    made = cattrs.Converter(detailed_validation=False)
    for kind, encode in _ENCODERS.items():
        made.register_unstructure_hook(kind, encode)
    made.register_structure_hook(datetime, lambda data, _: moment(data))
    made.register_structure_hook(date, lambda data, _: date.fromisoformat(data))
    made.register_structure_hook(timedelta, lambda data, _: timedelta(seconds=data))
    for kind, (encode, decode) in _AS_TEXT.items():
        made.register_unstructure_hook(kind, encode)
        made.register_structure_hook(kind, _ignoring_type(decode))
    # an inline is text or one of the marked kinds, which cattrs distinguishes by their fields
    marked: Any = Strong | Link | Moment
    of_marked = made.get_structure_hook(marked)
    made.register_structure_hook(Inline, lambda data, _: data if isinstance(data, str) else of_marked(data, marked))
    return made


def _ignoring_type(decode: Decoder) -> Callable[[Any, Any], Any]:
    return lambda data, _: decode(data)


_ENCODERS: dict[Any, Encoder] = {
    bool: bool,
    int: int,
    float: lambda value: float(value) if math.isfinite(value) else str(float(value)),
    datetime: lru_cache(maxsize=64)(moment_text),  # what is seen together has one moment
    date: date.isoformat,
    timedelta: timedelta.total_seconds,
    enum.StrEnum: str,
}
_CONVERTER = _converter()


UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What comes of reading what no version of this program has written."""
DAMAGED = "a stored value cannot be read; another program has written it, or the file is damaged: restore a backup"


@cache
def encoder(kind: Any) -> Encoder:
    """The function from a value of ``kind`` to what ``json.dumps`` takes."""
    return _CONVERTER.get_unstructure_hook(kind)


@cache
def decoder(kind: Any) -> Decoder:
    """The function from parsed JSON to a value of ``kind``. Keys the class does not know are ignored."""
    structure = _CONVERTER.get_structure_hook(kind)
    return lambda data: structure(data, kind)


# --------------------------------------------------------------------------------------------------------------- JSON


def to_json(value: object, kind: Any | None = None) -> str:
    """``value`` as compact JSON text; ``kind`` is needed where the value's own class does not say it (tuples)."""
    stored_as: Any = type(value) if kind is None else kind
    return _dumped(encoder(stored_as)(value))


def _dumped(data: Any) -> str:
    return clean(json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def from_json(kind: Any, text: str) -> Any:
    """The value of ``kind`` that ``to_json`` wrote. Keys the class does not know are ignored. Raises StoreError."""
    try:
        return decoder(kind)(json.loads(text))
    except UNREADABLE as error:
        raise StoreError(DAMAGED) from error


# --------------------------------------------------------------------------------------------------------------- rows


class RowCodec(Generic[T]):
    """Values of one dataclass as rows of one table.

    ``columns`` names the fields that have a column, in column order; a field given as ``field:column`` is renamed.
    Fields in ``nullable`` are stored as NULL where they are the empty string (foreign keys, mostly). With ``rest``,
    every other field goes into that one JSON column: a field added to the model is kept even before it has a column.
    The fields of ``part``, a field that is a dataclass itself, are stored as if they were the value's own.
    """

    def __init__(
        self, kind: type[T], table: str, columns: str, *, nullable: str = "", rest: str = "", part: str = ""
    ) -> None:
        self.kind = kind
        self.table = table
        self._part = part
        hints = typing.get_type_hints(kind)
        self._part_kind = hints.pop(part) if part else None
        self._of_part = frozenset(typing.get_type_hints(self._part_kind)) if self._part_kind else frozenset()
        if self._part_kind:
            hints |= typing.get_type_hints(self._part_kind)
        pairs = [(name, column or name) for name, _, column in (c.partition(":") for c in columns.split())]
        optional = set(nullable.split())
        self._fields = tuple(name for name, _ in pairs)
        paths = (f"{part}.{name}" if name in self._of_part else name for name in self._fields)
        self._values = attrgetter(*paths)
        self._to = [_column_encoder(hints[name], name in optional) for name in self._fields]
        self._from = [_column_decoder(hints[name], name in optional) for name in self._fields]
        self._rest = {name: hint for name, hint in hints.items() if name not in self._fields} if rest else {}
        self.columns = (*(column for _, column in pairs), *((rest,) if rest else ()))
        self._has_rest = bool(rest)

    def find(self, conn: Connection, conditions: str, parameters: typing.Sequence[Any] = ()) -> list[T]:
        """Values of rows of the table; ``conditions`` is the rest of the query: ``WHERE … ORDER BY …``."""
        query = f"SELECT {', '.join(self.columns)} FROM {self.table} {conditions}"
        return [self.value(row) for row in conn.execute(query, parameters)]

    def row(self, value: T) -> tuple[Any, ...]:
        """The values for ``columns``."""
        row = [encode(each) for encode, each in zip(self._to, self._values(value), strict=True)]
        if self._has_rest:
            data = {name: encoder(hint)(self._field(value, name)) for name, hint in self._rest.items()}
            row.append(_dumped(data))
        return tuple(row)

    def value(self, row: typing.Sequence[Any], at: int = 0) -> T:
        """The value whose columns begin at position ``at`` of ``row``. Raises StoreError where it is not one."""
        try:
            return self._value(row, at)
        except UNREADABLE as error:
            raise StoreError(f"the table {self.table}: {DAMAGED}") from error

    def _value(self, row: typing.Sequence[Any], at: int) -> T:
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
    datetime: lru_cache(maxsize=64)(moment_text),  # what is seen together has one moment
    date: date.isoformat,
    timedelta: timedelta.total_seconds,
    Suppression: lambda value: clean(str(value)),
}


def _optional(kind: Any) -> tuple[Any, bool]:
    """The type without ``None``, and whether ``None`` was allowed."""
    members = typing.get_args(kind)
    if type(None) not in members:
        return kind, False
    return next(member for member in members if member is not type(None)), True


def _is_text(kind: Any) -> bool:
    return kind in _AS_TEXT or (isinstance(kind, type) and issubclass(kind, enum.Enum))


def _column_encoder(hint: Any, empty_is_null: bool) -> Encoder:
    kind, allows_none = _optional(hint)
    if kind in _NATIVE:
        inner = _NATIVE[kind]
    elif _is_text(kind):
        inner = encoder(kind)
    else:
        inner = lambda value: to_json(value, kind)  # noqa: E731 - one of three alternatives
    if allows_none and kind is float:
        # SQLite has no NaN and stores NULL: done here, so that rows compare as they were stored
        return lambda value: None if value is None or math.isnan(value) else float(value)
    if allows_none:
        return lambda value: None if value is None else inner(value)
    if empty_is_null:
        return lambda value: inner(value) if value else None
    return inner


def _short(text: str) -> str:
    """``text``; a symbol, a currency or a source is one object however many prices name it."""
    return sys.intern(text) if len(text) <= SHORT else text


_SHARED: dict[Any, Decoder] = {str: _short, datetime: lru_cache(maxsize=64)(moment)}
"""What stands in many rows is one value: a remembered price of the history takes half as much memory."""


def _column_decoder(hint: Any, empty_is_null: bool) -> Decoder:
    kind, allows_none = _optional(hint)
    if kind in _SHARED:
        inner = _SHARED[kind]
    elif kind in _NATIVE or _is_text(kind):
        inner = decoder(kind)
    else:
        inner = lambda data: from_json(kind, data)  # noqa: E731 - one of two alternatives
    if allows_none:
        return lambda data: None if data is None else inner(data)
    if empty_is_null:
        return lambda data: "" if data is None else inner(data)
    return inner
