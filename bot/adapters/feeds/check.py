"""Check one feed for a person who wants to add it, or wonders why it brings nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.adapters.feeds.dates import plausible_dates
from bot.adapters.feeds.fetch import Fetched, FetchError, FetchLimits, fetch
from bot.adapters.feeds.parsed import ParsedFeed
from bot.adapters.feeds.parser import Parser
from bot.adapters.feeds.session import FeedSession
from bot.core.errors import Obstacle, SourceError

QUIET_FOR = timedelta(days=60)
"""A feed whose newest entry is older than this may be abandoned."""


@dataclass(frozen=True, slots=True)
class FeedCheck:
    """The result of checking one feed. Counts are of entries."""

    url: str
    ok: bool
    status: int | None = None
    content_type: str = ""
    kind: str = ""
    """``RSS 2.0``, ``Atom 1.0``, …; empty if it is not a feed."""
    title: str = ""
    size: int = 0
    """Bytes, decompressed."""
    entries: int = 0
    with_guid: int = 0
    with_link: int = 0
    with_date: int = 0
    """Entries with a plausible date."""
    newest_at: datetime | None = None
    newest: str = ""
    """Title of the newest entry by date, or of the first if none is dated."""
    conditional: bool = False
    """The server sends an ETag or Last-Modified, so polling an unchanged feed costs nothing."""
    problems: tuple[str, ...] = ()
    """Each with what to do."""
    obstacle: Obstacle | None = None
    """Why there was no answer at all."""

    def lines(self) -> list[str]:
        """The result for people, one fact per line."""
        lines = [self.url, f"  status       {self.status or 'no answer'}"]
        if self.kind:
            lines += [
                f"  type         {self.kind}, {self.content_type or 'no content type'}, {self.size / 1000:.0f} kB",
                f"  title        {self.title or '(none)'}",
                f"  entries      {self.entries} ({self.with_date} dated, {self.with_guid} with guid, "
                f"{self.with_link} with link)",
                f"  newest       {f'{self.newest_at:%Y-%m-%d %H:%M} UTC: ' if self.newest_at else ''}{self.newest}",
                f"  conditional  {'yes' if self.conditional else 'no: every poll fetches the whole feed'}",
            ]
        lines += [f"  problem      {problem}" for problem in self.problems]
        return [*lines, f"  {'works' if self.ok else 'does not work'}"]


async def check_feed(
    session: FeedSession,
    url: str,
    now: datetime,
    *,
    local: bool = False,
    limits: FetchLimits | None = None,
    parser: Parser | None = None,
) -> FeedCheck:
    """Fetch and describe the feed at ``url``. Never raises for a bad feed."""
    own = parser or Parser()
    try:
        fetched = await fetch(session, url, now, limits=limits, local=local)
        parsed = await own.parse(fetched.body or b"", fetched.content_type, fetched.url)
    except FetchError as error:
        return FeedCheck(url, ok=False, status=error.status, problems=(str(error),), obstacle=error.obstacle)
    except SourceError as error:
        problems = [str(error), fetched.moved_note]
        return replace(_response(url, fetched), problems=tuple(filter(None, problems)))
    finally:
        if parser is None:
            await own.close()
    return _described(_response(url, fetched), fetched, parsed, now)


def _response(url: str, fetched: Fetched) -> FeedCheck:
    size = len(fetched.body or b"")
    return FeedCheck(url, ok=False, status=fetched.status, content_type=fetched.content_type, size=size)


def _described(check: FeedCheck, fetched: Fetched, parsed: ParsedFeed, now: datetime) -> FeedCheck:
    dates = plausible_dates([e.published_at for e in parsed.entries], parsed.built_at, now)
    dated = [(at, i) for i, at in enumerate(dates) if at is not None]
    newest_at, newest = max(dated, key=lambda d: (d[0], -d[1])) if dated else (None, 0)
    problems = [fetched.moved_note, *parsed.problems, *_doubts(parsed, newest_at, now)]
    return replace(
        check,
        ok=bool(parsed.entries),
        kind=parsed.kind,
        title=parsed.title,
        entries=len(parsed.entries),
        with_guid=sum(bool(e.guid) for e in parsed.entries),
        with_link=sum(bool(e.link) for e in parsed.entries),
        with_date=len(dated),
        newest_at=newest_at,
        newest=parsed.entries[newest].title if parsed.entries else "",
        conditional=bool(fetched.etag or fetched.last_modified),
        problems=tuple(filter(None, problems)),
    )


def _doubts(parsed: ParsedFeed, newest_at: datetime | None, now: datetime) -> Iterator[str]:
    """What is wrong with a feed that can be read."""
    guids = Counter(e.guid for e in parsed.entries if e.guid)
    if not parsed.entries:
        yield "the feed is valid but has no entries"
        return
    if newest_at is None:
        yield "no entry has a plausible date: stories are dated by when they are first seen"
    if any(n > 1 for n in guids.values()):
        yield "several entries share a guid: entries are identified by link and title"
    if not guids:
        yield "no guids: entries are identified by link and title"
    if newest_at is not None and now - newest_at > QUIET_FOR:
        yield f"nothing new for {(now - newest_at).days} days: the feed may be abandoned"
