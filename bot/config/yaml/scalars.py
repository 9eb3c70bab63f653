"""Values that appear in every file: durations, percentages, symbols, time zones, web addresses, names.

Each is an ``Annotated`` type for models, with a parser whose ValueError says what is wrong and what to write instead,
and a JSON Schema for editors.
"""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, WithJsonSchema

from bot.config.yaml.excerpt import described, shown
from bot.core.model import NumberForm
from bot.core.prices.windows import parse_duration_or_zero
from bot.core.text.links import LinkFault, link_fault

_DURATION_PATTERN = r"^[0-9]+(\.[0-9]+)?\s*[smhdw]$"
_HOW_LONG = "write a number and s, m, h, d or w, as in 90s, 30m, 2h, 5d"


def parse_duration(value: object) -> timedelta:
    """``90s``, ``30m``, ``2h``, ``5d``, ``1w`` as a timedelta, zero included."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"number {value} has no unit; {_HOW_LONG}")
    if not isinstance(value, str):
        raise ValueError(f"{described(value)} is not a duration; {_HOW_LONG}")
    try:
        return parse_duration_or_zero(value)
    except ValueError as error:
        raise ValueError(shown(str(error), 200)) from None


def parse_positive_duration(value: object) -> timedelta:
    """Like ``parse_duration``, but not zero."""
    duration = parse_duration(value)
    if duration <= timedelta(0):
        raise ValueError(f"{described(value)} is not longer than zero; {_HOW_LONG}")
    return duration


_PERCENT = re.compile(r"(?P<number>[-+−]?[0-9]+(?:\.[0-9]+)?|[-+−]?\.[0-9]+)\s*%\Z")


def parse_percent(value: object) -> float:
    """``10%`` as the fraction 0.10. A float up to 1 is taken as a fraction; other bare numbers are refused."""
    if isinstance(value, float) and abs(value) <= 1:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"number {value} has no %; write {value}%")
    found = _PERCENT.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{described(value)} is not a percentage; write it like 10%")
    fraction = float(found["number"].replace("−", "-")) / 100
    if not math.isfinite(fraction) or abs(fraction) > 1000:
        raise ValueError("the percentage is out of range; write one like 10%")
    return fraction


_SYMBOL_PATTERN = r"^\^?[A-Z0-9][A-Z0-9.=-]{0,19}$"
_SYMBOL = re.compile(_SYMBOL_PATTERN.replace("$", r"\Z"))


def parse_symbol(value: object) -> str:
    """A symbol as on Yahoo Finance: ``NVDA``, ``BRK-B``, ``0700.HK``, ``^GSPC``. Capitals only."""
    if isinstance(value, bool | int | float):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        raise ValueError(f'{described(value)} is not a symbol; put it in quotes: "{text.upper()}"')
    if isinstance(value, str):
        if _SYMBOL.match(value):
            return value
        upper = value.strip().lstrip("$").upper()
        if _SYMBOL.match(upper):
            raise ValueError(f"'{shown(value)}' is not how Yahoo Finance writes a symbol; write {upper}")
    raise ValueError(f"{described(value)} is not a symbol; write it as on Yahoo Finance, like NVDA or 0700.HK")


def parse_time_zone(value: object) -> str:
    """The name of a time zone in the tz database, like ``America/New_York``."""
    if not isinstance(value, str):
        raise ValueError(f"{described(value)} is not a time zone; write a name like America/New_York or UTC")
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone '{shown(value)}'; write a name like America/New_York or UTC") from error
    if meant := _NO_SUMMER.get(value):
        raise ValueError(f"{value} has no summer time; write {meant}")
    return value


_NO_SUMMER = {"EST": "America/New_York", "MST": "America/Denver"}
"""Names of zones that mean the winter's offset all the year."""


def parse_http_url(value: object) -> str:
    """An absolute http or https address with a host and without credentials."""
    if not isinstance(value, str):
        raise ValueError(f"{described(value)} is not a web address; write one that begins with https://")
    match link_fault(value):
        case None:
            return value
        case LinkFault.UNREADABLE:
            advice = "check it"
        case LinkFault.SCHEME:
            advice = "write one that begins with https://"
        case LinkFault.USER:
            raise ValueError("the address contains a user name or password before '@'; remove it")
        case LinkFault.HOST | LinkFault.CHARACTERS:
            advice = "write it without spaces, like https://host/path"
    raise ValueError(f"{described(value)} is not a web address; {advice}")


def parse_numbers(value: object) -> NumberForm:
    """How numbers are written, by example: ``1.234,5``."""
    if isinstance(value, NumberForm):
        return value
    try:
        return NumberForm.parse(str(value))
    except KeyError:
        examples = ", ".join(form.value for form in NumberForm)
        raise ValueError(f"{described(value)} is not a way to write numbers; write one of {examples}") from None


_NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"
_NAME = re.compile(_NAME_PATTERN.replace("$", r"\Z"))


def parse_name(value: object) -> str:
    """An identifier that other files refer to: lower-case letters, digits, ``-``, ``_`` and ``.``, at most 64."""
    if isinstance(value, str):
        if _NAME.match(value):
            return value
        near = re.sub(r"[^a-z0-9._-]+", "-", value.strip().lower()).strip("-._")[:64]
        if near:
            raise ValueError(f"'{shown(value)}' is not a name; write lower-case letters, digits and '-', like {near}")
    raise ValueError(f"{described(value)} is not a name; write lower-case letters, digits and '-'")


def _schema(pattern: str | None, description: str, **more: Any) -> WithJsonSchema:
    schema: dict[str, Any] = {"type": "string", "description": description, **more}
    if pattern:
        schema["pattern"] = pattern
    return WithJsonSchema(schema)


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_positive_duration),
    _schema(_DURATION_PATTERN, "A duration: a number and s, m, h, d or w, like 30m."),
]
"""A duration longer than zero: ``30m``."""

Percent = Annotated[
    float,
    BeforeValidator(parse_percent),
    _schema(r"^[-+−]?[0-9]*(\.[0-9]+)?\s*%$", "A percentage, like 10%."),
]
"""A fraction, written as a percentage: ``10%`` is 0.10."""

Symbol = Annotated[str, BeforeValidator(parse_symbol), _schema(_SYMBOL_PATTERN, "A symbol as on Yahoo Finance.")]
TimeZoneName = Annotated[str, BeforeValidator(parse_time_zone), _schema(None, "A time zone, like America/New_York.")]
Numbers = Annotated[
    NumberForm,
    BeforeValidator(parse_numbers),
    _schema(None, "How numbers are written, by example.", enum=[form.value for form in NumberForm]),
]
HttpUrl = Annotated[str, BeforeValidator(parse_http_url), _schema("^https?://", "A web address.", format="uri")]
Name = Annotated[str, BeforeValidator(parse_name), _schema(_NAME_PATTERN, "A name: lower-case letters, digits, '-'.")]
