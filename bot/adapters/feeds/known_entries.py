"""Entries parsed before, so that of a feed only what is new has to be parsed.

feedparser takes nearly all of its time for entries, and of most documents all but one or two were in the document
before, byte for byte. These are cut out before it sees the rest. An entry counts as known only under the same address
and the same opening tags around it, which its meaning depends on (namespaces, language, base address); what is not
plainly cut into entries is parsed whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bot.adapters.feeds.parsed import ParsedEntry

MOST_TEXT = 16_000_000
"""Characters of text in remembered entries, of all feeds together; those of the feed parsed longest ago go first."""
EACH = 300
"""What an entry takes beside its text."""

_ROOT = re.compile(r"<(?:rss|feed|rdf:RDF)\b[^<>]*>\s*(?:<channel\b[^<>]*>)?")
_FIRST = re.compile(r"<[A-Za-z_]")
_MARK = re.compile(r"<(?:!\[CDATA\[|!--|\?|/?(?P<name>item|entry)(?=[\s/>]))")
_ENDS = {"<![CDATA[": "]]>", "<!--": "-->", "<?": "?>"}
"""What holds no elements, and how it ends."""


@dataclass(frozen=True, slots=True)
class Known:
    """The entries of one document, by their text's hash; ``None`` for one without title and text."""

    base: str
    """The address that their links were relative to."""
    entries: Mapping[bytes, ParsedEntry | None]

    @property
    def size(self) -> int:
        """How much it is to remember."""
        return sum(EACH + (len(e.title) + len(e.summary) + len(e.link) if e else 0) for e in self.entries.values())


@dataclass(frozen=True, slots=True)
class Pieces:
    """A document cut into entries."""

    context: str
    """The address, and the opening tags around every entry."""
    text: str
    """The document without the entries that are known."""
    hashes: Sequence[bytes]
    """Of every entry, in order."""
    known: Known | None


class KnownEntries:
    """What is remembered of feeds; belongs to one parsing process."""

    def __init__(self, most_text: int = MOST_TEXT) -> None:
        self._most = most_text
        self._feeds: dict[str, Known] = {}

    def cut(self, text: str, url: str) -> Pieces | None:
        """``text`` without the entries that are known; ``None`` where it is not plainly cut into entries."""
        places = _entries(text) if "<!DOCTYPE" not in text and "<!ENTITY" not in text else ()
        first = _FIRST.search(text) if places else None
        root = _ROOT.match(text, first.start()) if first is not None else None
        if root is None:
            return None
        context = f"{url}\n{root[0]}"
        known = self._feeds.get(context)
        hashes = [blake2b(text[start:end].encode("utf-8", "replace"), digest_size=16).digest() for start, end in places]
        rest, position = [], 0
        for (start, end), each in zip(places, hashes, strict=True):
            if known is not None and each in known.entries:
                rest.append(text[position:start])
                position = end
        return Pieces(context, "".join([*rest, text[position:]]), hashes, known)

    def remember(self, pieces: Pieces, base: str, entries: Sequence[ParsedEntry | None]) -> None:
        """The entries of a document, in order, in place of those of the one before it."""
        self._feeds.pop(pieces.context, None)
        self._feeds[pieces.context] = Known(base, dict(zip(pieces.hashes, entries, strict=True)))
        taken = sum(known.size for known in self._feeds.values())
        while taken > self._most:
            taken -= self._feeds.pop(next(iter(self._feeds))).size


def _entries(text: str) -> Sequence[tuple[int, int]]:
    """Where the entries begin and end; nothing where one is within another, or is not closed."""
    found: list[tuple[int, int]] = []
    opened: tuple[str, int] | None = None
    mark = _MARK.search(text)
    while mark is not None:
        closing = _ENDS.get(mark[0], ">")
        end = text.find(closing, mark.end())
        if end < 0:
            return ()
        end += len(closing)
        if (name := mark["name"]) is None:
            pass
        elif opened is None and not mark[0].startswith("</") and not text.endswith("/>", 0, end):
            opened = name, mark.start()
        elif opened is not None and opened[0] == name and mark[0].startswith("</"):
            found.append((opened[1], end))
            opened = None
        else:
            return ()
        mark = _MARK.search(text, end)
    return () if opened is not None else found
