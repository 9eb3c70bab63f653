"""The stored form of every kind of value, kept as files: databases made by earlier versions hold exactly this.

``python -m tests.store.stored`` writes the files anew; read the difference before it is kept.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.adapters.store import rows
from bot.adapters.store.codec import RowCodec, to_json
from bot.core.model import FollowUpKind, Line, Link, Mention, Moment, ScoreReason, Strong

FOLDER = Path(__file__).parent / "stored"
ROWS: dict[str, RowCodec] = {
    codec.kind.__name__: codec
    for codec in (
        *(
            rows.STORY,
            rows.QUOTE,
            rows.BAR,
            rows.SPLIT,
            rows.EARNINGS,
            rows.SECOND_READING,
            rows.LEARNED_NAME,
            rows.FEED,
        ),
        *(rows.ALERT, rows.INCIDENT, rows.RECIPIENT, rows.NOTIFICATION),
    )
}
CELLS: dict[str, Any] = {
    "score_reasons": tuple[ScoreReason, ...],
    "mentions": tuple[Mention, ...],
    "exposures": tuple[tuple[str, float], ...],
}
"""What is stored as the JSON of one cell outside these rows."""


def example(kind: Any, *, full: bool, name: str = "x", depth: int = 2) -> Any:
    """A value of ``kind``, always the same one: with everything a field can hold, or with as little as it can hold."""
    if kind == Line:
        then = Moment(datetime(2025, 1, 27, 14, 30, tzinfo=UTC), "then")
        marked = (Strong("strong"), Link("link", "https://news.example/a?b=c"), then)
        return (f"{name} — €\u2028", *marked) if full else ()
    if kind is FollowUpKind:
        return FollowUpKind.parse("rebound 7.5%" if full else "session close")
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if type(None) in arguments:
        inner = next(argument for argument in arguments if argument is not type(None))
        return example(inner, full=full, name=name, depth=depth) if full else None
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            many = 2 if full and depth else 0
            return tuple(example(arguments[0], full=full, name=f"{name}{n}", depth=depth - 1) for n in range(many))
        return tuple(example(a, full=full, name=f"{name}{n}", depth=depth) for n, a in enumerate(arguments))
    if origin is Mapping:
        whole = example(arguments[1], full=full, name=name, depth=depth - 1)
        return {f"{name}_1": whole, "b": whole} if full else {}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        fields = dataclasses.fields(kind)
        return typing.cast(Any, kind)(
            **{f.name: example(hints[f.name], full=full, name=f.name, depth=depth) for f in fields}
        )
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return list(kind)[-1 if full else 0]
    scalars: dict[Any, tuple[Any, Any]] = {
        str: ("", f'{name} "é" 😀 \\'),
        bool: (False, True),
        int: (0, 2**53),
        float: (-math.inf, 0.1 + len(name)),
        datetime: (datetime(2025, 1, 27, tzinfo=UTC), datetime(2025, 1, 27, 14, 30, 0, len(name), UTC)),
        date: (date(1, 1, 2), date(2025, 1, 27)),
        timedelta: (timedelta(), timedelta(days=1, microseconds=len(name))),
    }
    return scalars[kind][full]


def stored(what: str, *, full: bool) -> dict[str, Any]:
    """What is kept of an example: as it is stored, and what it says."""
    if what in CELLS:
        value = example(CELLS[what], full=full)
        return {"cell": to_json(value, CELLS[what]), "value": repr(value)}
    codec = ROWS[what]
    value = example(codec.kind, full=full)
    return {"row": dict(zip(codec.columns, codec.row(value), strict=True)), "value": repr(value)}


def text(what: str) -> str:
    """The file of one kind."""
    examples = {"full": stored(what, full=True), "least": stored(what, full=False)}
    return json.dumps(examples, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for kind_name in (*ROWS, *CELLS):
        (FOLDER / f"{kind_name}.json").write_text(text(kind_name), encoding="utf-8")
