"""Small values that appear in rules: comparisons, windows, holds. Each with a parser and a schema for editors."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from bot.core.comparison import Comparison, parse_comparison
from bot.core.conditions import TextPattern
from bot.core.model import FollowUpKind
from bot.core.windows import Since, Span, parse_duration, parse_since, parse_span

MOST_QUOTES = 20
"""``hold`` counts no further; a longer wait is written as a duration."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _comparison(percent: bool, example: str) -> Any:
    def parse(value: object) -> Comparison:
        if isinstance(value, Comparison):
            return value
        if not isinstance(value, str):
            shown = str(value).lower() if isinstance(value, bool) else value
            raise ValueError(f'{shown} is not a comparison; write it in quotes with an operator, as "{example}"')
        return parse_comparison(value, percent=percent)

    schema = WithJsonSchema({"type": "string", "description": f'A comparison, as "{example}".', "examples": [example]})
    return BeforeValidator(parse), schema


def _text(parser: Any, description: str, *examples: str) -> Any:
    def parse(value: object) -> Any:
        if isinstance(value, Since | Span):  # a default
            return value
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not understood; write text, as '{examples[0]}'")
        return parser(value)

    schema = {"type": "string", "description": description, "examples": list(examples)}
    return BeforeValidator(parse), WithJsonSchema(schema)


def _hold(value: object) -> int | timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{value!r} is not how long a condition must hold; write a number of quotes, or 10m")
    if isinstance(value, str):
        return parse_duration(value)
    if not 1 <= value <= MOST_QUOTES:
        raise ValueError(f"{value} quotes are too {'few' if value < 1 else 'many'}; write 1 to {MOST_QUOTES}, or 10m")
    return value


_HOURS = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])\s*(?:-|–|to)\s*([01]?[0-9]|2[0-3]):([0-5][0-9])\Z")


def parse_hours(text: str) -> tuple[time, time]:
    """``09:30-16:00``; they may run over midnight. Raises ValueError saying what to write."""
    found = _HOURS.match(text.strip())
    if found is None:
        raise ValueError(f"'{text}' are no hours; write as 09:30-16:00")
    start, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if start == end:
        raise ValueError(f"'{text}' is no time at all; write two different times, as 09:30-16:00")
    return start, end


def _hours(value: object) -> object:
    return value if isinstance(value, tuple) else parse_hours(value) if isinstance(value, str) else _no_hours(value)


def _no_hours(value: object) -> object:
    raise ValueError(f"{value!r} are no hours; write as 09:30-16:00")


def parse_weekdays(value: object) -> object:
    """``mon``, ``Friday``, ``mon-fri`` or a list of them, as numbers from 0. Raises ValueError for other words."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return value
    days: list[int] = []
    for word in value:
        if isinstance(word, int) and not isinstance(word, bool):
            days.append(word)  # a default, or read before
            continue
        ends = [_weekday(part) for part in str(word).split("-")]
        if len(ends) > 2 or None in ends:
            raise ValueError(f"'{word}' is no weekday; write mon, tue, wed, thu, fri, sat or sun, or mon-fri")
        first, last = ends[0], ends[-1]
        assert first is not None
        assert last is not None
        days += [d % 7 for d in range(first, (last if last >= first else last + 7) + 1)]
    return tuple(dict.fromkeys(days))


def _weekday(word: str) -> int | None:
    folded = word.strip().lower()
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return next((i for i, name in enumerate(full) if len(folded) >= 3 and name.startswith(folded)), None)


def listed(value: object) -> object:
    """One word where a list may stand."""
    return [value] if isinstance(value, str) else value


ChangeComparison = Annotated[Comparison, *_comparison(True, "< -10%")]
ShareComparison = Annotated[Comparison, *_comparison(True, ">= 50%")]
NumberComparison = Annotated[Comparison, *_comparison(False, ">= 0.5")]
CountComparison = Annotated[Comparison, *_comparison(False, ">= 3")]
SinceField = Annotated[
    Since,
    *_text(
        parse_since,
        "What the price is measured against.",
        "previous close",
        "open",
        "30m",
        "3 sessions",
        "high of 20 sessions",
        "low of 20 sessions",
        "story",
    ),
]
SpanField = Annotated[Span, *_text(parse_span, "Sessions or a duration.", "5 sessions", "2h")]
FollowUpField = Annotated[
    FollowUpKind,
    *_text(FollowUpKind.parse, "A later message.", "session close", "rebound 5%", "next session close", "recovered"),
]
PatternField = Annotated[str, *_text(lambda text: TextPattern(text).text, "A regular expression.", "open.?weights")]
HoldField = Annotated[
    int | timedelta,
    BeforeValidator(_hold),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer", "minimum": 1, "maximum": MOST_QUOTES}, {"type": "string"}],
            "description": "Quotes in a row, or a duration.",
            "examples": [2, "10m"],
        }
    ),
]
HoursField = Annotated[
    tuple[time, time],
    BeforeValidator(_hours),
    WithJsonSchema({"type": "string", "description": "From and to.", "examples": ["09:30-16:00"]}),
]
WeekdaysField = Annotated[
    tuple[int, ...],
    BeforeValidator(parse_weekdays),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            "description": "Weekdays, or a range of them.",
            "examples": ["mon-fri", ["sat", "sun"]],
        }
    ),
]
