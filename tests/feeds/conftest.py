"""What the feed tests share: the site, a session, a seen-set in memory, a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.feeds.fetch import FetchLimits
from bot.adapters.feeds.parser import Parser
from bot.adapters.feeds.reader import FeedPoll, FeedReader
from bot.adapters.feeds.session import FeedSession
from bot.core.model import FeedState
from bot.core.model.feeds import FeedSpec
from tests.servers.feed_server import FeedServer

SAMPLES = Path(__file__).parent / "samples"
NOW = datetime(2025, 1, 27, 12, 0, tzinfo=UTC)


@dataclass
class SeenSet:
    """``Store.known_keys`` in memory: the first story to have a key keeps it."""

    keys: dict[str, str] = field(default_factory=dict)

    def known(self, keys: Collection[str]) -> Mapping[str, str]:
        return {key: self.keys[key] for key in keys if key in self.keys}

    def commit(self, poll: FeedPoll) -> None:
        for story in poll.stories:
            for key in story.keys:
                self.keys.setdefault(key, story.id)


@dataclass
class Watch:
    """One feed over several polls, each committed unless told otherwise."""

    reader: FeedReader
    seen: SeenSet
    feed: FeedSpec
    state: FeedState
    now: datetime = NOW

    async def poll(self, *, commit: bool = True, after: timedelta = timedelta(minutes=5)) -> FeedPoll:
        self.now += after
        poll = await self.reader.poll(self.feed, self.state, self.now)
        if commit:
            self.seen.commit(poll)
            self.state = poll.state
        return poll


def sample(name: str) -> bytes:
    """A sample feed of ours."""
    return (SAMPLES / name).read_bytes()


def rss(*items: str, title: str = "Example Wire", link: str = "https://news.example/", head: str = "") -> str:
    """A small RSS feed around ``items``."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{title}</title>'
        f"<link>{link}</link>{head}{''.join(items)}</channel></rss>"
    )


def item(title: str = "", *, guid: str = "", link: str = "", date: str = "", summary: str = "") -> str:
    """One RSS item; empty parts are left out."""
    parts = {"title": title, "guid": guid, "link": link, "pubDate": date, "description": summary}
    return "<item>" + "".join(f"<{tag}>{value}</{tag}>" for tag, value in parts.items() if value) + "</item>"


@pytest.fixture
async def site() -> AsyncIterator[FeedServer]:
    async with FeedServer() as server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[FeedSession]:
    async with FeedSession() as opened:
        yield opened


LIMITS = FetchLimits(body=2_000_000)
"""The usual time-outs: a test that wants an answer gets it on a busy machine, too."""
HASTY = replace(LIMITS, connect=timedelta(seconds=1), read=timedelta(seconds=0.5), total=timedelta(seconds=1))
"""For servers that never answer."""


@pytest.fixture
async def parser() -> AsyncIterator[Parser]:
    made = Parser()
    yield made
    await made.close()


@pytest.fixture
def seen() -> SeenSet:
    return SeenSet()


@pytest.fixture
def reader(session: FeedSession, seen: SeenSet, parser: Parser) -> FeedReader:
    return FeedReader(session, seen.known, jitter=lambda: 0.5, limits=LIMITS, parser=parser)


def watch(reader: FeedReader, seen: SeenSet, url: str, **spec: object) -> Watch:
    """Begin to watch the feed at ``url``."""
    feed = FeedSpec("example", url, **spec)  # type: ignore[arg-type]
    return Watch(reader, seen, feed, FeedState("example", url))
