"""Read a list of feeds from an OPML file, as feed readers export it, and write one.

The file is untrusted: entities are refused, its size is limited, nothing is fetched.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from bot.adapters.feeds import document
from bot.adapters.feeds.text import plain_text
from bot.core.errors import ConfigError, Problem
from bot.core.model.feeds import FeedSpec
from bot.core.text.links import absolute_link, domain

SIZE_LIMIT = 5_000_000
"""Bytes."""
FEEDS_LIMIT = 5_000
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
ATTRIBUTES_LIMIT = 1_000
"""Of one element, and signs of equality in it; the time that expat takes grows faster than their number."""


@dataclass(frozen=True, slots=True)
class OpmlFile:
    """The feeds of an OPML file in order, each address once; and the outlines skipped, with the reason."""

    feeds: tuple[FeedSpec, ...]
    skipped: tuple[Problem, ...]


def read_opml(path: Path, taken: Collection[str] = ()) -> OpmlFile:
    """The feeds in the file at ``path``; ``taken`` are names already in use.

    Raises ConfigError if the file cannot be read or is not OPML.
    """
    try:
        with path.open("rb") as file:
            body = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ConfigError([Problem(str(path), 0, 0, "", f"cannot be read: {error.strerror}")]) from error
    return parse_opml(body, str(path), taken)


def parse_opml(body: bytes, file: str, taken: Collection[str] = ()) -> OpmlFile:
    """The feeds in ``body``; ``file`` is its name in error texts. Raises ConfigError if it is not OPML."""
    if len(body) > SIZE_LIMIT:
        raise ConfigError([Problem(file, 0, 0, "", f"larger than {SIZE_LIMIT // 1_000_000} MB; split it")])
    if any(element.count(b"=") > ATTRIBUTES_LIMIT for element in body.split(b"<")):  # a "<" stands in no attribute
        raise ConfigError([Problem(file, 0, 0, "", f"an element with over {ATTRIBUTES_LIMIT:,} attributes; remove it")])
    try:
        reading = _read(body, file, taken)
    except expat.ExpatError as error:
        try:
            reading = _read(_mended(body), file, taken)
        except expat.ExpatError:
            raise _malformed(file, error) from error
    if not reading.is_opml:
        raise ConfigError([Problem(file, 1, 1, "", "not an OPML file: the root element must be <opml>")])
    return OpmlFile(tuple(reading.feeds), tuple(reading.skipped))


def _read(body: bytes, file: str, taken: Collection[str]) -> _Reading:
    """Raises ExpatError where it is not well-formed, ConfigError for what is not read at all."""
    reading = _Reading(file, taken)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reading.start
    parser.StartDoctypeDeclHandler = reading.doctype
    parser.EntityDeclHandler = reading.refuse_entity
    reading.parser = parser
    try:
        parser.Parse(body, True)
    except (LookupError, ValueError) as error:  # an unknown encoding
        raise ConfigError([Problem(file, 1, 1, "", f"unreadable encoding: {error}; save it as UTF-8")]) from error
    return reading


def _mended(body: bytes) -> bytes:
    """``body`` without what feed readers write most often that is not XML: a bare ``&`` in an address, entities of
    HTML, and a blank line before the declaration. Lines keep their numbers."""
    text = document.repair(document.decode(body, "")[0])
    return _DECLARATION.sub(lambda found: "\n" * found[0].count("\n"), text, count=1).encode("utf-8", "replace")


def _malformed(file: str, error: expat.ExpatError) -> ConfigError:
    message = f"not well-formed XML: {expat.ErrorString(error.code)}; export the file again, or fix this line"
    return ConfigError([Problem(file, error.lineno, error.offset + 1, "", message)])


class _Reading:
    """Collects outlines while expat runs over the file."""

    def __init__(self, file: str, taken: Collection[str]) -> None:
        self.feeds: list[FeedSpec] = []
        self.skipped: list[Problem] = []
        self.is_opml = False
        self.parser: expat.XMLParserType
        self._file = file
        self._names = set(taken)
        self._counts: dict[str, int] = {}
        """The last number given to each name: counting from 1 for each feed would take the square of their number."""
        self._urls: set[str] = set()
        self._first = True

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """expat read a start tag."""
        if self._first:
            self._first, self.is_opml = False, tag.lower() == "opml"
        outline = {name.lower(): value for name, value in attributes.items()}
        if not self.is_opml or tag.lower() != "outline" or "xmlurl" not in outline:
            return  # folders have no address
        address = re.sub(r"^feed:(?://)?(?=https?:)", "", outline["xmlurl"].strip(), flags=re.IGNORECASE)
        url = absolute_link(re.sub(r"^feed://", "https://", address, flags=re.IGNORECASE))
        title = plain_text(outline.get("title") or outline.get("text") or "", 100)
        if not url:
            self._skip(f"{outline['xmlurl'][:80]!r} is not an http or https address")
        elif url in self._urls:
            self._skip(f"{url} is listed twice")
        elif len(self.feeds) >= FEEDS_LIMIT:
            self._skip(f"{url}: more than {FEEDS_LIMIT} feeds in one file")
        else:
            self._urls.add(url)
            self.feeds.append(FeedSpec(name=self._name(title, url), url=url, title=title))

    def doctype(self, name: str, system: str | None, public: str | None, subset: int) -> None:
        """A DOCTYPE that only names one is passed over: nothing is fetched. With a subset it could define entities that
        grow without limit, and a path would mean a file of this machine."""
        if subset or (system and not re.match(r"https?:|[\w.-]+$", system, re.IGNORECASE)):
            self.refuse_entity()

    def refuse_entity(self, *_: object) -> None:
        """Entities could grow without limit or read other files; OPML needs none."""
        raise ConfigError([self._problem("a DOCTYPE that defines or reads something is not allowed; remove it")])

    def _skip(self, why: str) -> None:
        self.skipped.append(self._problem(why))

    def _problem(self, message: str) -> Problem:
        return Problem(self._file, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1, "", message)

    def _name(self, title: str, url: str) -> str:
        """A short, unused name: from the title, or else from the address."""
        plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
        slug = _slug(plain)[:40].strip("-") or _slug(domain(url)) or "feed"
        name, n = slug, self._counts.get(slug, 1)
        while name in self._names:
            n += 1
            name = f"{slug}-{n}"
        self._names.add(name)
        self._counts[slug] = n
        return name


def write_opml(feeds: Iterable[FeedSpec], title: str) -> str:
    """The feeds as an OPML 2.0 file, for a feed reader or another machine."""
    outlines = [
        f'  <outline type="rss" text={quoteattr(feed.title or feed.name)} title={quoteattr(feed.name)} '
        f"xmlUrl={quoteattr(feed.url)}/>"
        for feed in feeds
    ]
    top = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">']
    head = f"<head><title>{escape(title)}</title></head>"
    return "\n".join([*top, head, "<body>", *outlines, "</body>", "</opml>"])


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")
