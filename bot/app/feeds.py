"""Feeds seen from outside a running bot: what the history knows of each, and one fetch of a URL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from bot.adapters.feeds.check import FeedCheck, check_feed
from bot.adapters.feeds.fetch import FetchLimits
from bot.adapters.feeds.session import FeedSession
from bot.app.stores import Place, exists, read_store
from bot.clock import SystemClock
from bot.config.settings.model import NewsSettings, load_settings
from bot.config.yaml.wording import nearest
from bot.core.errors import UsageError
from bot.core.model import FeedState
from bot.render.outside import command

_ADDRESS = re.compile(r"[/:.]")
"""What the name of a feed has not, and every address has."""


def feed_states(database: Place) -> Mapping[str, FeedState]:
    """The stored state of each feed; empty where there is no history yet. Raises StoreError."""
    if not exists(database):
        return {}
    with read_store(database) as store:
        return store.feed_states()


def fetch_limits(news: NewsSettings) -> FetchLimits:
    """The configured limits of one fetch."""
    return FetchLimits(total=news.timeout, body=news.max_megabytes * 1_000_000)


async def fetch_feed(config: Path, feed: str) -> FeedCheck:
    """Fetch and check a feed once, as the bot would. ``feed`` is an address, or a name in config.yaml. Raises
    UsageError for the name of a source that is no feed."""
    settings = load_settings(config)
    if feed in {source.type for source in settings.news_sources}:
        raise UsageError(f"{feed} is a news source and no feed; {command('check')} asks it")
    if feed in {source.name for source in settings.on_demand.sources}:
        raise UsageError(f"{feed} is asked on demand about something; {command('check')} asks it about a few companies")
    known = next((each for each in settings.feeds if feed in (each.name, each.url)), None)
    if known is None and not _ADDRESS.search(feed):
        near = nearest(feed, [each.name for each in settings.feeds])
        meant = f"did you mean '{near}'? Or" if near else f"{command('feeds', 'list')} lists them; or"
        raise UsageError(f"no feed is called '{feed}'; {meant} give an address, as https://…")
    url, local = (known.url, known.local) if known else (feed, False)
    limits = fetch_limits(settings.news)
    async with FeedSession() as session:
        return await check_feed(session, url, SystemClock().now(), local=local, limits=limits)
