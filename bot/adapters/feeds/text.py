"""Titles and summaries of feeds as plain text.

Every step is linear in its input, which is untrusted. Nothing here makes text safe in markup: the renderer escapes.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

from bot.core.text.characters import CONTROL, HIDING, SURROGATE

TITLE_LIMIT = 500
SUMMARY_LIMIT = 4_000
TITLE_FROM_SUMMARY = 140
"""Characters of a summary that serve as a title where there is none."""
GUID_LIMIT = 1_000
_RAW_LIMIT = 100_000
"""Characters of markup read: enough for any summary."""

_INLINE = frozenset(
    [
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i"),
        *("ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt"),
        *("u", "var", "wbr"),
    ]
)
_HIDDEN = frozenset({"script", "style", "noscript", "template", "svg", "iframe"})
_MARKUP = _INLINE | frozenset(
    [
        *("address", "article", "aside", "audio", "blockquote", "body", "br", "button", "caption", "center", "col"),
        *("colgroup", "dd", "dir", "div", "dl", "dt", "embed", "figcaption", "figure", "footer", "form", "frame", "h1"),
        *(
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "head",
            "header",
            "hr",
            "html",
            "iframe",
            "img",
            "input",
            "label",
            "li",
            "link",
        ),
        *("link", "math", "meta", "nav", "nobr", "noscript", "object", "ol", "option", "p", "picture", "pre"),
        *("script", "section", "select", "source", "span", "style", "svg", "table", "tbody", "td", "template", "tfoot"),
        *("th", "thead", "title", "tr", "ul", "video"),
    ]
)
"""Names that stand for markup also where nothing closes them."""
_WORD = re.compile(r"[A-Za-z][\w^=]*(?:\.[\w^=-]+|-[\w^=-]*\.[\w^=-]+)*")
"""What people put between angle brackets: a word, or a symbol with its exchange (``BRK-B.N``)."""
_LONGEST_WORD = 40
_CLOSED = re.compile(r"</([A-Za-z][^\s<>/]{0,40})")
_TAG_NAME = re.compile(r"/?([A-Za-z][A-Za-z0-9:_-]{0,40})")
_CUT_TAG = re.compile(r"[!?]|/?[A-Za-z][A-Za-z0-9:_-]{0,40}(?:\s+[A-Za-z:_-]{1,40}\s*=|/?\s*$)")
_TAG_PART = re.compile("[<>\"']")

_HIGH: dict[str, int] = {chr(byte): byte for byte in range(0x80, 0x100)}
for _byte in range(0x80, 0xA0):
    try:
        _HIGH[bytes([_byte]).decode("cp1252")] = _byte
    except UnicodeDecodeError:
        continue  # five bytes are undefined in cp1252; they arrive as the control characters already listed
_HIGH_RUN = re.compile("[" + "".join(re.escape(c) for c in _HIGH) + "]+")


def plain_text(markup: str, limit: int) -> str:
    """``markup`` as one line of plain text of at most ``limit`` characters, ending in an ellipsis if it was cut.

    Tags and entities go (up to three layers of escaping), as do control, bidirectional and invisible characters;
    wrongly decoded UTF-8 is repaired. No ``<`` that could begin a tag is left.
    """
    text = markup[:_RAW_LIMIT]
    for _ in range(3):
        before = text
        text = _unescape(strip_tags(text))
        if text == before or ("<" not in text and "&" not in text):
            break
    text = strip_tags(fix_mojibake(text))
    text = unicodedata.normalize("NFC", CONTROL.sub(" ", HIDING.sub("", SURROGATE.sub("", text))))
    text = strip_tags(" ".join(text.split()))  # again: the removed characters may have split a tag
    return cut(" ".join(text.split()), limit)


def cut(text: str, limit: int) -> str:
    """``text`` shortened to at most ``limit`` characters, at the end of a word if one is near."""
    if len(text) <= limit:
        return text
    text = text[: limit - 1]
    head, space, _ = text.rpartition(" ")
    return (head if space and len(head) > limit * 0.8 else text).rstrip() + "…"


def strip_tags(text: str) -> str:
    """``text`` without tags, comments, scripts and styles.

    As in HTML, a ``<`` not followed by a letter, ``/``, ``!`` or ``?`` is text (``p < 0.05``). Block tags separate
    words. What is no name of HTML's, has no attributes and is nowhere closed is a word in angle brackets: it stays, in
    brackets that cannot be taken for a tag (``Nvidia ‹NVDA.O›``).
    """
    if "<" not in text:
        return text
    pieces: list[str] = []
    missing: set[str] = set()

    def find(part: str, start: int) -> int:
        """The next position of ``part``; searched in vain only once each, which keeps this linear."""
        if part in missing:
            return -1
        position = lowered.find(part, start)
        if position < 0:
            missing.add(part)
        return position

    lowered = text.lower() if len(text.lower()) == len(text) else text
    closed = frozenset(_CLOSED.findall(lowered))
    position = 0
    while (start := text.find("<", position)) >= 0:
        pieces.append(text[position:start])
        following = text[start + 1 : start + 2]
        if text.startswith("<!--", start):
            end = find("-->", start + 4)
            position = end + 3 if end >= 0 else start + 4
        elif text.startswith("<![CDATA[", start):
            position = start + 9
        elif following and ((following.isascii() and following.isalpha()) or following in "/!?"):
            position = _tag_end(text, start + 1, find)
            if position < 0:
                pieces.append("< ")
                position = start + 1
                continue
            name = _TAG_NAME.match(text, start + 1)
            word = name[1].lower() if name else ""
            inside = text[start + 1 : position - 1]
            if word not in _MARKUP and inside.lower() not in closed and _is_word(inside):
                pieces.append(f"‹{inside}›")
                continue
            if word in _HIDDEN and following != "/" and text[position - 2 : position] != "/>":
                end = find(f"</{word}", position)
                position = end if end >= 0 else position
            pieces.append("" if word in _INLINE else " ")
        else:
            pieces.append("<")
            position = start + 1
    pieces.append(text[position:])
    # removing a tag may have joined a "<" and a letter: "<<b>b>"
    return re.sub(r"<(?=[A-Za-z/!?])", "< ", "".join(pieces))


def _is_word(inside: str) -> bool:
    return len(inside) <= _LONGEST_WORD and _WORD.fullmatch(inside) is not None


def _tag_end(text: str, position: int, find: Callable[[str, int], int]) -> int:
    """The end of the tag open at ``position``; quoted attributes may contain ``>``, a ``<`` begins another tag.

    -1 if nothing closes it and it does not look like a truncated tag: then it is text (``a <b of c``).
    """
    start = position
    while part := _TAG_PART.search(text, position):
        at = part.start()
        if part[0] == ">":
            return at + 1
        if part[0] == "<":
            return at
        closing = find(part[0], at + 1) if text[at - 1 : at] == "=" else -1
        position = closing + 1 if closing >= 0 else at + 1
    return len(text) if _CUT_TAG.match(text, start) else -1


def _unescape(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # a character reference of thousands of digits
        return html.unescape(re.sub(r"&#[xX]?[0-9a-fA-F]{10,};?", "", text))


def fix_mojibake(text: str) -> str:
    """UTF-8 that was decoded as cp1252 or Latin-1, repaired where that is certain: ``donâ€™t`` becomes ``don’t``.

    It is certain if every run of such characters is valid UTF-8: a single genuine ``é`` leaves all unchanged.
    """
    runs = _HIGH_RUN.findall(text)
    if not runs or "«" in text:
        return text
    fixed = {}
    for run in dict.fromkeys(runs):
        try:
            fixed[run] = bytes(_HIGH[c] for c in run).decode("utf-8")
        except UnicodeDecodeError:
            return text
    return _HIGH_RUN.sub(lambda run: fixed[run[0]], text)
