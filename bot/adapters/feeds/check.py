"""Look one feed over for a person who thinks of adding it, or wonders why it brings nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp

from bot.adapters.feeds.dates import believe
from bot.adapters.feeds.fetch import Fetched, FetchError, FetchLimits, fetch
from bot.adapters.feeds.parsed import ParsedFeed
from bot.adapters.feeds.parser import Parser
from bot.core.errors import SourceError

QUIET_FOR = timedelta(days=60)
"""A feed whose newest entry is older than this is remarked on."""


@dataclass(frozen=True, slots=True)
class FeedCheck:
    """What one look at a feed showed. Counts are of entries."""

    url: str
    ok: bool
    status: int | None = None
    content_type: str = ""
    kind: str = ""
    """``RSS 2.0``, ``Atom 1.0``, …; empty where it is no feed."""
    title: str = ""
    size: int = 0
    """Bytes, decompressed."""
    entries: int = 0
    with_guid: int = 0
    with_link: int = 0
    with_date: int = 0
    """Entries whose date can be believed."""
    newest_at: datetime | None = None
    newest: str = ""
    """Title of the newest entry by date, else of the first."""
    conditional: bool = False
    """The server names an ETag or Last-Modified, so that unchanged feeds cost nothing."""
    problems: tuple[str, ...] = ()
    """Each with what to do."""

    def lines(self) -> list[str]:
        """The result for people, one fact a line."""
        told = [f"{self.url}", f"  status       {self.status or 'no answer'}"]
        if self.kind:
            told += [
                f"  type         {self.kind}, {self.content_type or 'no content type'}, {self.size / 1000:.0f} kB",
                f"  title        {self.title or '(none)'}",
                f"  entries      {self.entries} ({self.with_date} dated, {self.with_guid} with guid, "
                f"{self.with_link} with link)",
                f"  newest       {f'{self.newest_at:%Y-%m-%d %H:%M} UTC: ' if self.newest_at else ''}{self.newest}",
                f"  conditional  {'yes' if self.conditional else 'no: every poll costs the whole feed'}",
            ]
        told += [f"  problem      {problem}" for problem in self.problems]
        told.append(f"  {'works' if self.ok else 'does not work'}")
        return told


async def check_feed(
    session: aiohttp.ClientSession,
    url: str,
    now: datetime,
    *,
    limits: FetchLimits | None = None,
    parser: Parser | None = None,
) -> FeedCheck:
    """Fetch ``url`` once and say what it is. Never raises for a bad feed."""
    own = parser or Parser()
    try:
        fetched = await fetch(session, url, now, limits=limits)
        parsed = await own.parse(fetched.body or b"", fetched.content_type, fetched.url)
    except FetchError as error:
        return FeedCheck(url, ok=False, status=error.status, problems=(str(error),))
    except SourceError as error:
        return FeedCheck(
            url,
            ok=False,
            status=fetched.status,
            content_type=fetched.content_type,
            size=len(fetched.body or b""),
            problems=(str(error), *_moved(fetched)),
        )
    finally:
        if parser is None:
            await own.close()
    return _judged(url, fetched, parsed, now)


def _judged(url: str, fetched: Fetched, parsed: ParsedFeed, now: datetime) -> FeedCheck:
    dates = believe([e.published_at for e in parsed.entries], parsed.built_at, now)
    dated = [(at, i) for i, at in enumerate(dates) if at is not None]
    newest_at, place = max(dated, key=lambda d: (d[0], -d[1])) if dated else (None, 0)
    entries = len(parsed.entries)
    problems = [*_moved(fetched), *parsed.problems, *_doubts(parsed, newest_at, now)]
    return FeedCheck(
        url=url,
        ok=bool(entries),
        status=fetched.status,
        content_type=fetched.content_type,
        kind=parsed.kind,
        title=parsed.title,
        size=len(fetched.body or b""),
        entries=entries,
        with_guid=sum(bool(e.guid) for e in parsed.entries),
        with_link=sum(bool(e.link) for e in parsed.entries),
        with_date=len(dated),
        newest_at=newest_at,
        newest=parsed.entries[place].title if entries else "",
        conditional=bool(fetched.etag or fetched.last_modified),
        problems=tuple(problems),
    )


def _doubts(parsed: ParsedFeed, newest_at: datetime | None, now: datetime) -> Iterator[str]:
    """What is wrong with a feed that can be read."""
    guids = Counter(e.guid for e in parsed.entries if e.guid)
    if not parsed.entries:
        yield "the feed is valid but has no entries: nothing will come from it until it has"
        return
    if newest_at is None:
        yield "no entry has a date that can be believed: stories count from when they are seen"
    if any(n > 1 for n in guids.values()):
        yield "several entries share one guid: they are told apart by link and title"
    if not guids:
        yield "no guids: entries are known by link and title"
    if newest_at is not None and now - newest_at > QUIET_FOR:
        yield f"nothing new for {(now - newest_at).days} days: the feed may have been given up"


def _moved(fetched: Fetched) -> list[str]:
    return [f"the feed has moved for good to {fetched.moved_to}; use that address"] if fetched.moved_to else []
