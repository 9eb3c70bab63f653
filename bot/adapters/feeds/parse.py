"""A feed body to plain values, with feedparser. Pure; runs in the child process.

feedparser gets a ``BytesIO`` of UTF-8 and never a string: it would open the file or address of that name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import feedparser
import feedparser.api

from bot.adapters.feeds import document
from bot.adapters.feeds.date_text import read_date
from bot.adapters.feeds.json_feed import looks_like_json, read_json_feed
from bot.adapters.feeds.known_entries import KnownEntries, Pieces
from bot.adapters.feeds.parsed import ParsedEntry, ParsedFeed
from bot.adapters.feeds.text import GUID_LIMIT, SUMMARY_LIMIT, TITLE_FROM_SUMMARY, TITLE_LIMIT, plain_text
from bot.core.text.links import absolute_link, domain

MOST_ENTRIES = 3_000
"""Entries read of a feed: what comes after feedparser runs in the bot itself, and takes time for each."""


def parse(body: bytes, content_type: str, url: str, known: KnownEntries | None = None) -> ParsedFeed:
    """The feed in ``body``, fetched from ``url``; with ``known``, entries parsed before are taken from there. Raises
    NotAFeedError if it is not one."""
    text, _ = document.decode(body, content_type)
    if looks_like_json(text):
        return _bounded(read_json_feed(text, url))
    doc = document.read(body, content_type, url)
    pieces = known.cut(doc.text, url) if known is not None and not document.cut_off(doc.text) else None
    if known is not None and pieces is not None and len(pieces.hashes) <= MOST_ENTRIES:
        found = _parse_in_pieces(doc, pieces, url, known)
        if found is not None:
            return found
    return _parse_xml(doc, url)


def _bounded(feed: ParsedFeed) -> ParsedFeed:
    """The first and last entries of a feed that has very many: the newest may be last."""
    many = len(feed.entries)
    if many <= MOST_ENTRIES:
        return feed
    words = f"of its {many} entries only the first and last {MOST_ENTRIES // 2} are read"
    half = MOST_ENTRIES // 2
    return replace(feed, entries=feed.entries[:half] + feed.entries[-half:], problems=(*feed.problems, words))


def _parse_in_pieces(doc: document.FeedDocument, pieces: Pieces, url: str, known: KnownEntries) -> ParsedFeed | None:
    """As ``_parse_xml`` of a document without a mistake, of which only new entries are parsed; ``None`` where it has
    one, or what is known was known under another address."""
    result = _feedparser(pieces.text, url)
    before = pieces.known.entries if pieces.known is not None else {}
    new = sum(each not in before for each in pieces.hashes)
    if result.get("bozo") or len(result["entries"]) != new or not result.get("version"):
        return None
    base = _link(result, url) or url
    if pieces.known is not None and pieces.known.base != base:
        return None
    parsed = iter([_entry(raw, base) for raw in result["entries"]])
    entries = [before[each] if each in before else next(parsed) for each in pieces.hashes]
    known.remember(pieces, base, entries)
    return _feed(result, url, entries, [], doc, cut_off=False)


def _parse_xml(doc: document.FeedDocument, url: str) -> ParsedFeed:
    problems = []
    result = _feedparser(doc.text, url)
    if result.get("bozo"):
        repaired = document.repair(doc.text)
        if repaired != doc.text:
            again = _feedparser(repaired, url)
            if not again.get("bozo") or len(again["entries"]) >= len(result["entries"]):
                result = again
                problems.append("bare & or undefined entities, repaired")
    if result.get("bozo"):
        problems.append(f"not well-formed XML ({_reason(result.get('bozo_exception'))})")
    cut_off = document.cut_off(doc.text)
    raw_entries = list(result["entries"])
    if not result.get("version") and not raw_entries:
        raise document.NotAFeedError("the response is XML or text, but not an RSS or Atom feed; check the address")
    if cut_off:
        problems.append("the document is truncated")
        if raw_entries and document.ends_in_entry(doc.text):
            raw_entries.pop()  # its title may be truncated
    many = len(raw_entries)
    if many > MOST_ENTRIES:
        raw_entries = raw_entries[: MOST_ENTRIES // 2] + raw_entries[-(MOST_ENTRIES // 2) :]  # the newest may be last
    entries = [_entry(raw, _link(result, url) or url) for raw in raw_entries]
    return _feed(result, url, entries, problems, doc, cut_off=cut_off, many=many)


def _feed(
    result: Mapping[str, Any],
    url: str,
    entries: Sequence[ParsedEntry | None],
    problems: list[str],
    doc: document.FeedDocument,
    *,
    cut_off: bool,
    many: int = 0,
) -> ParsedFeed:
    """The feed with these entries, ``None`` for those without title and text; ``many`` are in the document."""
    about: Mapping[str, Any] = result["feed"]
    if doc.encoding != "utf-8":
        problems.append(f"encoded as {doc.encoding}")
    if many > MOST_ENTRIES:
        problems.append(f"of its {many} entries only the first and last {MOST_ENTRIES // 2} are read")
    told = tuple(entry for entry in entries if entry is not None)
    if len(told) < len(entries):
        problems.append(f"{len(entries) - len(told)} entries without title and text were skipped")
    return ParsedFeed(
        title=plain_text(_string(about, "title"), 200),
        link=_link(result, url),
        kind=str(feedparser.api.SUPPORTED_VERSIONS.get(str(result.get("version") or ""), "")) or "unknown",
        entries=told,
        built_at=_date(about, "updated", "published"),
        cut_off=cut_off,
        problems=tuple(problems),
    )


def _link(result: Mapping[str, Any], url: str) -> str:
    return absolute_link(_string(result["feed"], "link"), url)


def _feedparser(text: str, url: str) -> Mapping[str, Any]:
    result: Mapping[str, Any] = feedparser.parse(
        io.BytesIO(document.well_formed(text)),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    return result


def _entry(raw: Mapping[str, Any], base: str) -> ParsedEntry | None:
    summary = plain_text(_string(raw, "summary"), SUMMARY_LIMIT) or plain_text(_content(raw), SUMMARY_LIMIT)
    title = plain_text(_string(raw, "title"), TITLE_LIMIT)
    source = _get(raw, "source")
    source = source if isinstance(source, dict) else {}
    publisher = plain_text(_string(source, "title"), 100)
    if publisher:
        title = title.removesuffix(f" - {publisher}")  # as Google News writes it
    title = title or plain_text(summary, TITLE_FROM_SUMMARY)
    if not title:
        return None
    guid = " ".join(_string(raw, "id").split())[:GUID_LIMIT]
    # a guid that says it is none is an address of the publisher's own system
    of_guid = guid if "://" in guid and _get(raw, "guidislink") is not False else ""
    links = (_string(raw, "feedburner_origlink"), _string(raw, "link"), of_guid)
    link = next((link for candidate in links if (link := absolute_link(candidate, base))), "")
    return ParsedEntry(
        guid=guid,
        link=link,
        title=title,
        summary="" if summary in (title, "Comments") else summary,
        published_at=_date(raw, "published", "created", "updated"),
        origin=domain(absolute_link(_string(source, "href") or _string(source, "link"))),
    )


def _get(values: Mapping[str, Any], key: str) -> Any:
    """A value without feedparser's aliases: for ``updated`` it may return ``published``, with a warning."""
    return dict.get(values, key) if isinstance(values, dict) else None


def _string(values: Mapping[str, Any], key: str) -> str:
    """A text value, or an empty string."""
    value = _get(values, key)
    return value if isinstance(value, str) else ""


def _content(raw: Mapping[str, Any]) -> str:
    contents = _get(raw, "content")
    for content in contents if isinstance(contents, list) else ():
        if isinstance(content, dict) and (value := _string(content, "value")):
            return value
    return ""


def _date(values: Mapping[str, Any], *keys: str) -> datetime | None:
    """The first that can be read; from its text, because feedparser fills half a date up from the machine's clock."""
    return next((at for key in keys if (at := read_date(_string(values, key)))), None)


def _reason(error: object) -> str:
    """The XML parser's message, without its file name."""
    text = re.sub(r"^<unknown>:(\d+):(\d+): ", r"line \1: ", " ".join(str(error).split()))
    return text[:120] or type(error).__name__
