"""Yahoo's articles about a company as headlines. Pure; any field may be missing or malformed.

yfinance's ``get_news`` (1.7) posts to ``/xhr/ncp`` and hands on ``data.tickerStream.stream`` without advertisements.
Each article has ``id`` and ``content`` with ``title``, ``summary``, ``pubDate`` (ISO 8601 in UTC), ``provider`` with
``displayName`` and ``url``, and ``canonicalUrl`` and ``clickThroughUrl`` with ``url``; so read by several public
programs in 2025 and 2026. Before, all of it stood in the article itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.model import Headline
from bot.core.news.source_answers import iso_moment


def headline(article: Any) -> Headline | None:
    """An article; ``None`` for what has no title."""
    content = article.get("content") if isinstance(article, Mapping) else None
    if not isinstance(content, Mapping) or not (title := _text(content, "title")):
        return None
    provider = content.get("provider")
    link = _address(content, "canonicalUrl") or _address(content, "clickThroughUrl")
    return Headline(
        id=_text(article, "id") or _text(content, "id") or link or title,
        title=title,
        link=link,
        summary=_text(content, "summary"),
        published_at=iso_moment(content.get("pubDate")),
        publisher=_text(provider, "displayName"),
        publisher_link=_text(provider, "url"),
    )


def _text(values: Any, key: str) -> str:
    value = values.get(key) if isinstance(values, Mapping) else None
    return value.strip() if isinstance(value, str) else ""


def _address(values: Mapping[str, Any], key: str) -> str:
    return _text(values.get(key), "url")
