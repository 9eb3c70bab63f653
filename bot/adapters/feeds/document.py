"""The body of a response before it is parsed: its encoding, and whether it is a feed at all.

The encoding is decided here and not by feedparser, which trusts the HTTP header over the bytes. Valid UTF-8 is UTF-8,
whatever header and declaration say; only otherwise do they count.
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
_STATEFUL = ("iso-2022", "iso2022", "hz")  # pure ASCII bytes, so they look like UTF-8
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252"}
_NOT_TEXT = ("idna", "punycode", "escape", "undefined", "mbcs", "oem", "utf-7", "utf_7")
_SPACE = re.compile(r"\s*")
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_NOT_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 65534, 65535], " ") | dict.fromkeys(
    range(0xD800, 0xE000), "�"
)
_BARE = re.compile(r"&(?!(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)")
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_TAG = re.compile(r"""<[A-Za-z_:](?:[^<>"']++|"[^<"]*+"|'[^<']*+')*+""")
MOST_ATTRIBUTES = 256
"""Of one element; the time feedparser takes grows with their square."""
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A decoded body that may be a feed."""

    text: str
    encoding: str


class NotAFeedError(Exception):
    """The body is not a feed; the message says what it is and what to do."""


def read(body: bytes, content_type: str, url: str) -> FeedDocument:
    """Decode ``body``. Raises NotAFeedError if it cannot be a feed."""
    text, encoding = decode(body, content_type)
    text = text.lstrip("\ufeff").translate(_NOT_XML)
    head = text.lstrip()[:2000]
    if not head:
        raise NotAFeedError("the response is empty; if this persists, check the address")
    if head[0] in "{[":
        raise NotAFeedError("the response is JSON, not RSS or Atom; use the address of the site's XML feed")
    if re.match(r"<!doctype\s+html|<html[\s>]", _first_element(text), re.IGNORECASE):
        if (inner := _atom_within(text)) is not None:
            return FeedDocument(inner, encoding)
        raise NotAFeedError(f"the response is an HTML page, not a feed; {_better_address(text, url)}")
    if "<" not in head:
        raise NotAFeedError("the response is plain text, not RSS or Atom; check the address")
    if any(tag[0].count('"') + tag[0].count("'") > 2 * MOST_ATTRIBUTES for tag in _TAG.finditer(text)):
        raise NotAFeedError(f"an element has more than {MOST_ATTRIBUTES} attributes; if this persists, remove the feed")
    return FeedDocument(text, encoding)


_ATOM = re.compile(r"""<((?:[A-Za-z]\w{0,20}:)?feed)\s[^<>]{0,2000}http://www\.w3\.org/2005/Atom["'][^<>]{0,2000}>""")
_WITHIN = 200_000
"""Characters of a page in which a feed may begin."""


def _atom_within(page: str) -> str | None:
    """The Atom feed that an XHTML page carries in its body, if there is one."""
    found = _ATOM.search(page, 0, _WITHIN)
    end = page.rfind(f"</{found[1]}>") if found else -1
    return page[found.start() : end] + f"</{found[1]}>" if found and end > found.end() else None


def _first_element(text: str) -> str:
    """The start of the first element, after declaration, instructions and comments."""
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
    """``body`` as text, and its encoding. Never fails: at worst some characters are replaced."""
    for bom, name in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(name, "replace"), name
    for first, name in _FIRST_BYTES:
        if body.startswith(first):
            return body.decode(name, "replace"), name
    declared = [m[1].decode("ascii").lower() for m in [_DECLARED.match(body[:400])] if m]
    declared += [m[1].lower() for m in [_CHARSET.search(content_type)] if m]
    stateful = [name for name in declared if name.startswith(_STATEFUL)]
    for name in [*stateful, "utf-8", *declared]:
        codec = _WIDER.get(name.replace("_", "-"), name)
        if any(word in codec for word in _NOT_TEXT):
            continue
        try:
            return body.decode(codec), codec
        except (UnicodeError, LookupError, ValueError):
            continue
    text = body.decode("utf-8", "replace")
    if len(re.findall(r"[^\x00-\x7f�]", text)) > text.count("�"):  # UTF-8 with a few broken characters
        return text, "utf-8"
    return body.decode("cp1252", "replace"), "cp1252"


def well_formed(text: str) -> bytes:
    """``text`` as UTF-8, declared as such."""
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + _XML_DECLARATION.sub("", text, count=1).encode(
        "utf-8", "replace"
    )


def repair(text: str) -> str:
    """``text`` with bare ampersands escaped and HTML entities replaced, outside CDATA: the two most common mistakes,
    over which a lenient parser drops words."""
    own_entities = "<!ENTITY" in text[:20_000]
    pieces, position = [], 0
    while True:
        start = text.find("<![CDATA[", position)
        end = text.find("]]>", start) if start >= 0 else -1
        outside = _BARE.sub("&amp;", text[position : start if end >= 0 else len(text)])
        pieces.append(outside if own_entities else _NAMED.sub(_character, outside))
        if end < 0:
            return "".join(pieces)
        pieces.append(text[start : end + 3])
        position = end + 3


def cut_off(text: str) -> bool:
    """Whether the document ends before its root element is closed."""
    tail = text[-2_000:].rstrip().lower()
    return not re.search(r"</\s*(?:[a-z0-9]+:)?(?:rss|feed|rdf|channel)\s*>", tail)


def ends_in_entry(text: str) -> bool:
    """Whether a truncated document ends within an entry."""
    opened = max(text.rfind("<item"), text.rfind("<entry"), text.rfind(":item "), text.rfind(":entry "))
    closed = max(text.rfind("</item"), text.rfind("</entry"), text.rfind(":item>"), text.rfind(":entry>"))
    return opened > closed


def _character(entity: re.Match[str]) -> str:
    name = entity[1]
    if name in _XML_NAMES:
        return entity[0]
    character = html.entities.html5.get(f"{name};")
    return character if character and character not in "<>&" else f"&amp;{name};"


_ALTERNATE = re.compile(r"<link\b[^<>]{0,1000}>", re.IGNORECASE)


def _better_address(page: str, url: str) -> str:
    """Advice for an HTML ``page``: the feed it links to, if any."""
    for tag in _ALTERNATE.findall(page[:200_000])[:200]:
        if re.search(r"application/(?:rss\+xml|atom\+xml|rdf\+xml|feed\+json)", tag, re.IGNORECASE):
            href = re.search(r"""href\s*=\s*["']?([^"'\s>]{1,500})""", tag, re.IGNORECASE)
            if href:
                try:
                    return f"the page links to its feed: {urljoin(url, html.unescape(href[1]))}"
                except ValueError:
                    break
    return "the site may block feed readers, or this is a page's address: look for its feed"
