"""Telegram's HTML, read as strictly as the Bot API reads it.

Written from the Bot API's documentation (https://core.telegram.org/bots/api#html-style) and from how its server
answers mistakes. It knows nothing of the renderer it is used to check.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
    "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote", "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}  # fmt: skip
_ENTITY = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_ATTRIBUTE = re.compile(r"""\s*([^\s=>/"']*)(?:\s*=\s*("[^"]*"|'[^']*'|[A-Za-z0-9.-]+))?""")


class MarkupError(ValueError):
    """The Bot API would answer 400 with this text after ``can't parse entities:``."""


@dataclass(frozen=True)
class Entity:
    """A formatted piece of the shown text; offset and length in UTF-16 code units."""

    type: str
    offset: int
    length: int
    url: str = ""
    unix_time: int = 0
    date_time_format: str = ""


def utf16(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse(markup: str) -> tuple[str, list[Entity]]:
    """The text shown and its entities. Raises MarkupError where Telegram would refuse the message."""
    try:
        markup.encode()
    except UnicodeEncodeError as exc:
        raise MarkupError("strings must be encoded in UTF-8") from exc
    shown: list[str] = []
    units = 0
    stack: list[tuple[str, str, int, dict[str, str], int]] = []
    entities: list[tuple[int, Entity]] = []
    opened = 0
    i = 0
    while i < len(markup):
        char = markup[i]
        if char == "&" and (match := _ENTITY.match(markup, i)):
            decoded = _decode(match)
            shown.append(decoded)
            units += utf16(decoded)
            i = match.end()
        elif char != "<":
            shown.append(char)
            units += utf16(char)
            i += 1
        elif markup.startswith("</", i):
            at = len(markup[:i].encode())
            if not stack:
                raise MarkupError(f"Unexpected end tag at byte offset {at}")
            end = markup.find(">", i)
            if end < 0:
                raise MarkupError(f"Unclosed end tag at byte offset {at}")
            name = markup[i + 2 : end].strip().lower()
            tag, kind, start, attributes, order = stack.pop()
            if name and name != tag:
                raise MarkupError(f'Unmatched end tag at byte offset {at}, expected "</{tag}>", found "</{name}>"')
            if units > start and (found := _entity(Entity(kind, start, units - start), attributes)):
                entities.append((order, found))
            i = end + 1
        else:
            tag, attributes, i = _start_tag(markup, i)
            opened += 1
            kind = _TAGS[tag]
            if tag == "blockquote" and "expandable" in attributes:
                kind = "expandable_blockquote"
            stack.append((tag, kind, units, attributes, opened))
    if stack:
        raise MarkupError(f'Can\'t find end tag corresponding to start tag "{stack[-1][0]}"')
    ordered = [entity for _, entity in sorted(entities, key=lambda e: (e[1].offset, -e[1].length, e[0]))]
    _check_nesting(ordered)
    return "".join(shown), ordered


def _entity(found: Entity, attributes: dict[str, str]) -> Entity | None:
    """The entity with what its attributes say; a link to nowhere and a time that is none are no entities."""
    if found.type == "text_link":
        return replace(found, url=url) if (url := attributes.get("href", "")) else None
    if found.type == "date_time":
        form = _time_format(attributes.get("format", ""))
        return replace(found, unix_time=unix, date_time_format=form) if (unix := _unix(attributes)) else None
    return found


def _unix(attributes: dict[str, str]) -> int:
    """Seconds since 1970 in 32 bits, as far as they can be read; otherwise no time at all."""
    digits = re.match(r"\d+", attributes.get("unix", ""))
    return int(digits[0]) if digits and int(digits[0]) < 2**31 else 0


def _time_format(text: str) -> str:
    """``r``, or which parts of a date and a time are shown (https://core.telegram.org/bots/api#date-time-entity-formatting)."""
    if not re.fullmatch(r"r|w?[dD]?[tT]?", text):
        raise MarkupError("Invalid date format used")
    return text


def _decode(match: re.Match[str]) -> str:
    if match[3]:
        return _NAMED[match[3]]
    code = int(match[1], 16) if match[1] else int(match[2])
    if code == 0 or code > 0x10FFFF:
        return match[0]
    if 0xD800 <= code < 0xE000:
        raise MarkupError("Text contains invalid Unicode characters after decoding HTML entities")
    return chr(code)


def _start_tag(markup: str, begin: int) -> tuple[str, dict[str, str], int]:
    at = len(markup[:begin].encode())
    match = re.compile(r"[^\s>]*").match(markup, begin + 1)
    assert match is not None
    tag, i = match[0].lower(), match.end()
    if i >= len(markup):
        raise MarkupError(f"Unclosed start tag at byte offset {at}")
    if tag not in _TAGS:
        raise MarkupError(f'Unsupported start tag "{tag}" at byte offset {at}')
    attributes: dict[str, str] = {}
    while True:
        while i < len(markup) and markup[i].isspace():
            i += 1
        if i >= len(markup):
            raise MarkupError(f'Unclosed start tag "{tag}" at byte offset {at}')
        if markup[i] == ">":
            break
        found = _ATTRIBUTE.match(markup, i)
        if found is None or not found[1] or found.end() == i:
            raise MarkupError(f'Empty attribute name in the tag "{tag}" at byte offset {at}')
        value = found[2] or ""
        if value[:1] in "\"'":
            value = value[1:-1]
        attributes[found[1].lower()] = _ENTITY.sub(_decode, value)
        i = found.end()
        if i < len(markup) and not markup[i].isspace() and markup[i] != ">":
            raise MarkupError(f"Unexpected end of name token at byte offset {len(markup[:i].encode())}")
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise MarkupError(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
    return tag, attributes, i + 1


def _check_nesting(entities: list[Entity]) -> None:
    """What Telegram would silently drop or split is a mistake here: the renderer must not rely on it."""
    for i, outer in enumerate(entities):
        for inner in entities[i + 1 :]:
            if inner.offset >= outer.offset + outer.length:
                continue
            if outer.type in ("pre", "code"):
                raise MarkupError(f"{inner.type} inside {outer.type}")
            if "date_time" in (outer.type, inner.type) and "blockquote" not in outer.type:
                raise MarkupError(f"{inner.type} inside {outer.type}, which is removed around a time")
            if "blockquote" in outer.type and "blockquote" in inner.type:
                raise MarkupError("a block quotation inside another")
            if outer.type == inner.type:
                raise MarkupError(f"{inner.type} inside itself")
