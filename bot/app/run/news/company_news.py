"""Headlines about a company that the price source has, read as if they came from a feed: known ones are left out, dates
judged and texts cleaned alike."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from bot.adapters.feeds.fetch import Fetched, FetchError
from bot.core.errors import SourceError
from bot.core.model import Headline
from bot.core.ports import CompanyNews
from bot.core.text.characters import CONTROL
from bot.core.text.links import host_of


async def asked_about(symbol: str, news: CompanyNews | None, url: str) -> Fetched:
    """What ``news`` has about a company, as a feed's document. Raises FetchError."""
    if news is None:
        raise FetchError("the price source has no headlines; write enabled: false beside it under on_demand:")
    try:
        headlines = await news.headlines(symbol)
    except SourceError as error:
        raise FetchError(str(error), status=error.status, retry_after=error.retry_after) from error
    return Fetched(200, url, as_feed(headlines, url).encode("utf-8", "replace"), "application/rss+xml; charset=utf-8")


def as_feed(headlines: Sequence[Headline], url: str) -> str:
    """An RSS document of these, as an aggregator writes it."""
    site = f"https://{host_of(url)}/"
    items = "".join(
        f"<item><title>{_text(each.title)}</title><link>{_text(each.link)}</link>"
        f"<guid isPermaLink='false'>{_text(each.id)}</guid><description>{_text(each.summary)}</description>"
        + (f"<pubDate>{each.published_at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>" if each.published_at else "")
        + f"<source url={quoteattr(CONTROL.sub('', each.publisher_link))}>{_text(each.publisher)}</source></item>"
        for each in headlines
    )
    return f"<rss version='2.0'><channel><title>Headlines</title><link>{_text(site)}</link>{items}</channel></rss>"


def _text(text: str) -> str:
    return escape(CONTROL.sub(" ", text))
