"""What a response's body is before anyone parses it: its encoding, and whether it is a feed at all.

Encodings are settled here and not by feedparser, which believes an HTTP header over the bytes: UTF-8 is recognised by
being valid, whatever the header and the declaration say, and only then are they asked.
"""

from __future__ import annotations

import codecs
import html
import html.entities
import re
from dataclasses import dataclass
from urllib.parse import urljoin

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_BYTES = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
    (b"Lo\xa7\x94", "cp037"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_STATEFUL = ("iso-2022", "iso2022", "hz")  # their bytes are all ASCII, so they pass for UTF-8
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252"}
_NOT_TEXT = ("idna", "punycode", "escape", "undefined", "mbcs", "oem", "utf-7", "utf_7")
_SPACE = re.compile(r"\s*")
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_NOT_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 65534, 65535], " ") | dict.fromkeys(
    range(0xD800, 0xE000), "�"
)
_BARE = re.compile(r"&(?!(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)")
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A body as text that may be a feed."""

    text: str
    encoding: str


class NotAFeedError(Exception):
    """The body is something else; the message says what, and what to do."""


def read(body: bytes, content_type: str, url: str) -> FeedDocument:
    """Decode ``body`` and make sure that it may be a feed; raises NotAFeedError for what cannot be one."""
    if not body.strip():
        raise NotAFeedError("the answer is empty; if it stays so, check the address")
    text, encoding = decode(body, content_type)
    text = text.lstrip("\ufeff").translate(_NOT_XML)
    head = text.lstrip()[:2000]
    if not head:
        raise NotAFeedError("the answer is empty; if it stays so, check the address")
    if head[0] in "{[":
        raise NotAFeedError("the answer is JSON, not RSS or Atom; give the address of the site's XML feed")
    if re.match(r"<!doctype\s+html|<html[\s>]", _first_element(text), re.IGNORECASE):
        raise NotAFeedError(f"the answer is an HTML page, not a feed; {_better_address(text, url)}")
    if "<" not in head:
        raise NotAFeedError("the answer is plain text, not RSS or Atom; check the address")
    return FeedDocument(text, encoding)


def _first_element(text: str) -> str:
    """What follows the declaration, instructions and comments at the start; a piece of it is enough."""
    at = 0
    for _ in range(100):
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        for opening, closing in (("<!--", "-->"), ("<?", "?>")):
            if text.startswith(opening, at):
                end = text.find(closing, at + len(opening))
                if end < 0:
                    return ""
                at = end + len(closing)
                break
        else:
            break
    return text[at : at + 200]


def decode(body: bytes, content_type: str) -> tuple[str, str]:
    """``body`` as text, and the encoding that gave it. Never fails: at worst some characters are replaced."""
    for bom, name in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(name, "replace"), name
    for first, name in _FIRST_BYTES:
        if body.startswith(first):
            return body.decode(name, "replace"), name
    declared = [m[1].decode("ascii").lower() for m in [_DECLARED.match(body[:400])] if m]
    stated = [m[1].lower() for m in [_CHARSET.search(content_type)] if m]
    stateful = [name for name in declared + stated if name.startswith(_STATEFUL)]
    for name in [*stateful, "utf-8", *declared, *stated]:
        codec = _WIDER.get(name.replace("_", "-"), name)
        if any(word in codec for word in _NOT_TEXT):
            continue
        try:
            return body.decode(codec), codec
        except (UnicodeError, LookupError, ValueError):
            continue
    text = body.decode("utf-8", "replace")
    damaged = text.count("�")
    whole = len(re.findall(r"[^\x00-\x7f�]", text))
    if whole > damaged:  # UTF-8 with a few broken characters
        return text, "utf-8"
    return body.decode("cp1252", "replace"), "cp1252"


def well_formed(text: str) -> bytes:
    """``text`` as UTF-8 with a declaration that says so."""
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + _XML_DECLARATION.sub("", text, count=1).encode(
        "utf-8", "replace"
    )


def repair(text: str) -> str:
    """``text`` with bare ampersands escaped and HTML's entities as characters, outside CDATA: the two most common
    mistakes, for which a lenient parser would drop words."""
    own_entities = "<!ENTITY" in text[:20_000]
    pieces, position = [], 0
    while True:
        start = text.find("<![CDATA[", position)
        end = text.find("]]>", start) if start >= 0 else -1
        outside = text[position : start if end >= 0 else len(text)]
        outside = _BARE.sub("&amp;", outside)
        pieces.append(outside if own_entities else _NAMED.sub(_character, outside))
        if end < 0:
            return "".join(pieces)
        pieces.append(text[start : end + 3])
        position = end + 3


def cut_off(text: str) -> bool:
    """Whether the document ends before its root element does."""
    tail = text[-2_000:].rstrip().lower()
    return not re.search(r"</\s*(?:[a-z0-9]+:)?(?:rss|feed|rdf|channel)\s*>", tail)


def ends_in_entry(text: str) -> bool:
    """Whether the last entry of a document that was cut off is itself cut."""
    opened = max(text.rfind("<item"), text.rfind("<entry"), text.rfind(":item "), text.rfind(":entry "))
    closed = max(text.rfind("</item"), text.rfind("</entry"), text.rfind(":item>"), text.rfind(":entry>"))
    return opened > closed


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if name in _XML_NAMES:
        return found[0]
    character = html.entities.html5.get(f"{name};")
    return character if character and character not in "<>&" else f"&amp;{name};"


_ALTERNATE = re.compile(r"<link\b[^<>]{0,1000}>", re.IGNORECASE)


def _better_address(page: str, url: str) -> str:
    """What to do instead of reading ``page``: the feed it names, where it names one."""
    for tag in _ALTERNATE.findall(page[:200_000])[:200]:
        if re.search(r"application/(?:rss|atom|rdf)\+xml", tag, re.IGNORECASE):
            href = re.search(r"""href\s*=\s*["']?([^"'\s>]{1,500})""", tag, re.IGNORECASE)
            if href:
                try:
                    return f"the page names its feed: {urljoin(url, html.unescape(href[1]))}"
                except ValueError:
                    break
    return "the site may block automatic readers, or the address is that of a page: look for its feed"
