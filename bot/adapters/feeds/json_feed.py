"""JSON Feed, versions 1 and 1.1 (https://www.jsonfeed.org/version/1.1/), which feedparser does not read.

Pure; runs in the child process. Everything in the document may be of another type than it should be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.adapters.feeds.date_text import read_date
from bot.adapters.feeds.document import NotAFeedError
from bot.adapters.feeds.parsed import ParsedEntry, ParsedFeed
from bot.adapters.feeds.text import GUID_LIMIT, SUMMARY_LIMIT, TITLE_FROM_SUMMARY, TITLE_LIMIT, plain_text
from bot.core.text.characters import SURROGATE
from bot.core.text.links import absolute_link

_VERSION = "jsonfeed.org/version/"


def looks_like_json(text: str) -> bool:
    """Whether it is a JSON object rather than XML."""
    return text.lstrip()[:1] == "{"


def read_json_feed(text: str, url: str) -> ParsedFeed:
    """The JSON Feed in ``text``, fetched from ``url``, with all its entries. Raises NotAFeedError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise NotAFeedError("the response is JSON that is cut off or wrong; it is tried again later") from None
    version = _string(data, "version") if isinstance(data, dict) else ""
    if _VERSION not in version:
        raise NotAFeedError("the response is JSON, but no JSON Feed; use the address of the site's feed")
    items = data.get("items")
    raw = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    home = absolute_link(_string(data, "home_page_url"), url)
    entries = [entry for item in raw if (entry := _entry(item, home or url)) is not None]
    skipped = len(raw) - len(entries)
    return ParsedFeed(
        title=plain_text(_string(data, "title"), 200),
        link=home,
        kind=f"JSON Feed {version.rpartition('/')[2][:10]}",
        entries=tuple(entries),
        problems=(f"{skipped} entries without title and text were skipped",) if skipped else (),
    )


def _entry(item: Mapping[str, Any], base: str) -> ParsedEntry | None:
    texts = (_string(item, name) for name in ("summary", "content_text", "content_html"))
    summary = next((plain for text in texts if (plain := plain_text(text, SUMMARY_LIMIT))), "")
    title = plain_text(_string(item, "title"), TITLE_LIMIT) or plain_text(summary, TITLE_FROM_SUMMARY)
    if not title:
        return None
    number = item.get("id")  # which some write instead of a string
    guid = str(number) if isinstance(number, int) else _string(item, "id")
    links = (absolute_link(_string(item, name), base) for name in ("url", "external_url"))
    dates = (read_date(_string(item, name)) for name in ("date_published", "date_modified"))
    return ParsedEntry(
        guid=" ".join(guid.split())[:GUID_LIMIT],
        link=next(filter(None, links), ""),
        title=title,
        summary="" if summary == title else summary,
        published_at=next(filter(None, dates), None),
    )


def _string(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return SURROGATE.sub("", value) if isinstance(value, str) else ""
