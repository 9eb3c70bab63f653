"""Model values made by Hypothesis, from the dataclasses' own annotations."""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from bot.core.model import FollowUpKind, Line, Link, Moment, Strong, Suppression

moments = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 - Hypothesis wants naive bounds
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)
texts = st.text(max_size=30)
_SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    bool: st.booleans(),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False),
    datetime: moments,
    date: st.dates(),
    timedelta: st.timedeltas(timedelta(days=-36500), timedelta(days=36500)),
    type(None): st.none(),
    FollowUpKind: st.one_of(
        st.sampled_from(["session close", "next session close", "recovered"]),
        st.decimals("0.01", 1000, places=2).map(lambda percent: f"rebound {percent}%"),
    ).map(FollowUpKind.parse),
    Suppression: texts.map(Suppression.parse),
}


def values(kind: Any, depth: int = 3) -> st.SearchStrategy[Any]:
    """Any value of ``kind``, nested at most ``depth`` deep where a type holds itself."""
    if kind in _SCALARS:
        return _SCALARS[kind]
    if kind == Line:
        return st.lists(st.one_of(texts, values(Strong), values(Link), values(Moment)), max_size=3).map(tuple)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return st.sampled_from(list(kind))
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return st.builds(kind, **{f.name: values(hints[f.name], depth) for f in dataclasses.fields(kind)})
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            if depth == 0:
                return st.just(())
            return st.lists(values(arguments[0], depth - 1), max_size=3).map(tuple)
        return st.tuples(*(values(argument, depth) for argument in arguments))
    if typing.get_origin(kind) is Mapping:
        return st.dictionaries(values(arguments[0]), values(arguments[1], depth - 1), max_size=3)
    return st.one_of([values(argument, depth) for argument in arguments])
