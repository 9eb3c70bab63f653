"""The wording of mistakes: ``what is wrong; what to write instead``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rapidfuzz import fuzz, process

from bot.config.yaml.excerpt import described, shown


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most similar to ``word``, or ``None`` if none is close."""
    found = process.extractOne(word.lower(), list(known), scorer=fuzz.ratio, processor=str.lower, score_cutoff=60)
    return found[0] if found else None


def one_of(word: str, known: Sequence[str], what: str = "value") -> str:
    """``unknown WHAT 'word'; did you mean 'x'?``, or the list of what is known if nothing is close."""
    if near := nearest(word, known):
        return f"unknown {what} '{shown(word)}'; did you mean '{near}'?"
    return f"unknown {what} '{shown(word)}'; write {_listing(known)}"


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


def expected_type(kind: str) -> str:
    """The type expected, if pydantic's error ``kind`` is about the type; else empty."""
    if kind == "none_required":
        return _EXPECTED[kind]
    for ending in ("_type", "_parsing", "_from_float", "_unpickle", "_inexact"):
        if kind.endswith(ending):
            return _EXPECTED.get(kind.removesuffix(ending), "")
    return ""


def wrong_type(value: object, wanted: Sequence[str]) -> str:
    """``value`` has none of the wanted types: what was expected, and what to write."""
    return f"expected {' or '.join(wanted)}, found {described(value)}{_advice(value, set(wanted))}"


def _advice(value: object, wanted: set[str]) -> str:
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


_LIMITS = {
    "greater_than": ("gt", "small", "more than"),
    "greater_than_equal": ("ge", "small", "at least"),
    "less_than": ("lt", "large", "less than"),
    "less_than_equal": ("le", "large", "at most"),
    "too_short": ("min_length", "short", "at least"),
    "string_too_short": ("min_length", "short", "at least"),
    "too_long": ("max_length", "long", "at most"),
    "string_too_long": ("max_length", "long", "at most"),
}


def message(kind: str, found: object, context: Mapping[str, Any], text: str) -> str:
    """Any other pydantic error, by its ``kind``; ``text`` is pydantic's own wording, the last resort."""
    value = described(found)
    if found is None:
        return "nothing is written here; write a value, or remove the key"
    if kind.endswith("too_short") and not found:
        return "nothing is written here; write something, or remove the key"
    if kind in _LIMITS:
        limit, size, advice = _LIMITS[kind]
        return f"{value} is too {size}; write {advice} {_bare(context[limit])}"
    match kind:
        case "value_error" | "assertion_error":
            return str(context.get("error", text))
        case "literal_error" | "enum":
            known = _split_listing(str(context.get("expected", "")))
            if isinstance(found, str):
                return one_of(found, known)
            return f"expected {_listing(known)}, found {value}; write one"
        case "finite_number":
            return f"{value} is not a finite number; write one"
        case "string_pattern_mismatch":
            return f"{value} does not fit; it must match {context.get('pattern')}"
        case "union_tag_not_found":
            return f"the kind is missing; add {context.get('discriminator')}"
        case "union_tag_invalid":
            known = _split_listing(str(context.get("expected_tags", "")))
            return one_of(str(context.get("tag", "")), known)
    return f"{value}: {text[:1].lower()}{text[1:]}; correct it"


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
