"""Poll a feed: fetch, parse, find what is new, and decide when to poll again.

A poll turns a feed's state into a new one; the reader keeps none. The caller commits stories and state together, or
neither: then the next poll from the old state finds the same stories under the same ids.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.adapters.feeds import budget, identity, pace
from bot.adapters.feeds.dates import plausible_dates
from bot.adapters.feeds.fetch import Fetched, FetchError, FetchLimits, fetch
from bot.adapters.feeds.flood import evidence_only
from bot.adapters.feeds.parsed import ParsedEntry, ParsedFeed
from bot.adapters.feeds.parser import Parser
from bot.adapters.feeds.session import FeedSession
from bot.core.errors import SourceError
from bot.core.model import FeedState, SourceReport, Story, Trouble
from bot.core.model.feeds import FeedKind, FeedSpec
from bot.core.secret import MARK
from bot.core.text.links import domain, keys_in

KnownKeys = Callable[[Collection[str]], Mapping[str, str]]
"""Of these keys those ever seen, with their story ids."""


@dataclass(frozen=True, slots=True)
class FeedPoll:
    """The result of a poll. ``state`` is to be committed together with ``stories``."""

    stories: tuple[Story, ...]
    """New stories and rewritten titles, oldest first: in reverse of the feed's order."""
    state: FeedState
    report: SourceReport


class FeedReader:
    """Polls feeds over one HTTP session. Polls of different feeds may overlap.

    ``jitter`` returns numbers from 0 to 1. ``close`` ends the child processes that parse.
    """

    def __init__(
        self,
        session: FeedSession,
        known_keys: KnownKeys,
        *,
        jitter: Callable[[], float] = random.random,
        limits: FetchLimits | None = None,
        max_stories: int = 500,
        parser: Parser | None = None,
    ) -> None:
        self._session = session
        self._known_keys = known_keys
        self._jitter = jitter
        self._limits = limits or FetchLimits()
        self._max_stories = max_stories
        self._parser = parser or Parser()

    async def close(self) -> None:
        """End the child processes. The session is the caller's."""
        await self._parser.close()

    async def poll(
        self, feed: FeedSpec, state: FeedState, now: datetime, ask: Callable[[], Awaitable[Fetched]] | None = None
    ) -> FeedPoll:
        """Poll ``feed`` at ``now``. Failures are reported; only what ``known_keys`` raises (StoreError) is raised.

        After a change of address the feed starts afresh: its first poll only seeds. The request is conditional, but for
        one an hour: servers are wrong about what has changed. ``ask`` brings the document from elsewhere than its
        address; it raises FetchError.
        """
        address = stored_address(feed.url)
        if state.url not in (address, feed.url):  # earlier versions stored addresses with their keys
            state = FeedState(name=feed.name, url=address, interval=state.interval)
        state = replace(state, name=feed.name, url=address, interval=pace.clamp(state.interval, feed))
        whole = pace.whole_is_due(state, now)
        etag, modified = (None, None) if whole else (state.etag, state.last_modified)
        try:
            fetched = await (ask() if ask is not None else self._fetch(feed, now, etag, modified))
        except FetchError as error:
            if error.status == 429:  # perhaps because it was fetched whole: not again
                state = replace(state, whole_at=now)
            return self._failed(feed, state, now, error, error.status)
        if fetched.body is None:
            return self._unchanged(feed, state, now, fetched)
        body_hash = hashlib.sha256(fetched.body).hexdigest()
        if body_hash == state.body_hash:
            kept = replace(state, etag=fetched.etag, last_modified=fetched.last_modified, whole_at=now)
            return self._unchanged(feed, kept, now, fetched)
        try:
            parsed = await self._parser.parse(fetched.body, fetched.content_type, fetched.url, feed=feed.name)
        except SourceError as error:
            return self._failed(feed, state, now, error, fetched.status)
        if not parsed.entries:
            return self._empty(feed, state, now, fetched, parsed)
        return self._read(feed, state, now, fetched, parsed, body_hash)

    async def _fetch(self, feed: FeedSpec, now: datetime, etag: str | None, modified: str | None) -> Fetched:
        """Raises FetchError."""
        return await fetch(
            self._session,
            feed.url,
            now,
            etag=etag,
            last_modified=modified,
            limits=self._limits,
            local=feed.local,
        )

    # ------------------------------------------------------------------------------------------------------- outcomes

    def _failed(
        self, feed: FeedSpec, state: FeedState, now: datetime, error: SourceError, status: int | None
    ) -> FeedPoll:
        failures = state.failures + 1
        wait = pace.after_failure(
            failures, feed, self._jitter(), retry_after=error.retry_after, gone=status in (410, 451)
        )
        state = replace(state, failures=failures, last_error=str(error), next_poll_at=now + wait)
        report = SourceReport(feed.name, now, Trouble.FAILED, detail=str(error), status=status)
        return FeedPoll((), state, report)

    def _unchanged(self, feed: FeedSpec, state: FeedState, now: datetime, fetched: Fetched) -> FeedPoll:
        state = self._succeeded(feed, state, now, changed=False)
        note = fetched.moved_note
        return FeedPoll(
            (), state, SourceReport(feed.name, now, detail=note, items=state.last_items, status=fetched.status)
        )

    def _empty(self, feed: FeedSpec, state: FeedState, now: datetime, fetched: Fetched, parsed: ParsedFeed) -> FeedPoll:
        """Validators, hash and count stay those of the last full body: if that comes back, nothing has changed."""
        had = f"it had {state.last_items} at its last full poll" if state.last_items else "it has had none so far"
        detail = _join(
            f"the feed is valid but has no entries ({had}); if this persists, check the address",
            *parsed.problems,
            fetched.moved_note,
        )
        wait = pace.spread(state.interval, self._jitter())
        state = replace(state, failures=0, last_error=detail, last_ok_at=now, next_poll_at=now + wait)
        return FeedPoll((), state, SourceReport(feed.name, now, Trouble.EMPTY, detail=detail, status=fetched.status))

    def _read(
        self,
        feed: FeedSpec,
        state: FeedState,
        now: datetime,
        fetched: Fetched,
        parsed: ParsedFeed,
        body_hash: str,
    ) -> FeedPoll:
        stories = self._new_stories(feed, state, parsed, fetched.url, now)
        # the first poll only finds what is there already
        allowed = budget.left(state, feed, now) if state.seeded else self._max_stories
        most = min(allowed, self._max_stories)
        left = len(stories) - most
        notes = list(parsed.problems)
        if state.seeded and not feed.evidence_only and (evidence := sum(story.seeded for story in stories)):
            why = "too many at once, or titles it has used before"
            notes.append(f"{evidence} of {len(stories)} new entries are taken as evidence only: {why}")
        over_budget = left > 0 and allowed < self._max_stories
        if over_budget:
            notes.append(
                f"{left} new entries left unread: it may bring {feed.stories_per_day} a day; if so many are genuine, "
                "raise its stories_per_day, else remove the feed"
            )
        elif left > 0:
            notes.append(f"{left} entries over the limit of {self._max_stories} per poll; they come with the next")
        stories = stories[:most]
        lies = self._validators_lie(state, fetched) if stories else state.validators_lie
        if lies and not state.validators_lie:
            notes.append("its ETag or Last-Modified stays the same when it changes; it is fetched whole at every poll")
        whole = left <= 0 and not parsed.cut_off
        # A truncated first poll does not seed, or the rest would look new. A feed that is always truncated would then
        # never seed, so the second poll does.
        seeded = state.seeded or whole or (left <= 0 and state.last_ok_at is not None)
        if state.seeded:
            state = budget.spent(state, feed, now, len(stories))
        state = self._succeeded(feed, state, now, changed=bool(stories))
        state = replace(
            state,
            # an incomplete feed is fetched again
            etag=fetched.etag if whole else None,
            last_modified=fetched.last_modified if whole else None,
            body_hash=body_hash if whole else None,
            validators_lie=lies,
            whole_at=now,
            flooding=left > 0 and all(story.seeded for story in stories),
            seeded=seeded,
            last_items=len(parsed.entries),
            next_poll_at=now + feed.min_interval if left > 0 and not over_budget else state.next_poll_at,
        )
        detail, items = _join(*notes, fetched.moved_note), len(parsed.entries)
        report = SourceReport(
            feed.name,
            now,
            Trouble.REFUSED if over_budget else Trouble.NONE,
            detail=detail,
            items=items,
            fresh=len(stories),
            status=fetched.status,
        )
        return FeedPoll(tuple(reversed(stories)), state, report)

    @staticmethod
    def _validators_lie(state: FeedState, fetched: Fetched) -> bool:
        """Whether a body with new stories has the validator of the body before, under which it would not be sent.

        An ETag takes precedence over the date (RFC 9110, 13.2.2).
        """
        if state.etag is not None and fetched.etag is not None:
            return state.etag == fetched.etag
        return state.last_modified is not None and state.last_modified == fetched.last_modified

    def _succeeded(self, feed: FeedSpec, state: FeedState, now: datetime, *, changed: bool) -> FeedState:
        interval = pace.after_success(state.interval, feed, changed=changed)
        return replace(
            state,
            failures=0,
            last_error="",
            last_ok_at=now,
            last_change_at=now if changed else state.last_change_at,
            interval=interval,
            next_poll_at=now + pace.spread(interval, self._jitter()),
        )

    # --------------------------------------------------------------------------------------------------- what is new

    def _new_stories(
        self, feed: FeedSpec, state: FeedState, parsed: ParsedFeed, url: str, now: datetime
    ) -> list[Story]:
        """The entries never seen before and those with a rewritten title, in the feed's order."""
        dates = plausible_dates([e.published_at for e in parsed.entries], parsed.built_at, now)
        entries = [identity.Entry(e.guid, e.link, e.title, at) for e, at in zip(parsed.entries, dates, strict=True)]
        marks = identity.mark(feed.name, entries, homes=(parsed.link, feed.url, url))
        known = dict(self._known_keys(identity.first_keys(marks)))
        if further := identity.rewrite_keys(marks, known):
            known |= self._known_keys(further)
        verdicts = zip(parsed.entries, dates, identity.judge(marks, known), strict=True)
        new = [found for found in verdicts if found[2].novelty is not identity.Novelty.REPEAT]
        flood = evidence_only([at for _, at, _ in new], state.whole_at)
        return [
            Story(
                id=verdict.story,
                source=feed.name,
                title=entry.title,
                seen_at=now,
                published_at=published_at,
                summary=entry.summary,
                link=entry.link,
                publisher=_publisher(feed, parsed, entry),
                seeded=feed.evidence_only or not state.seeded or state.flooding or flooded or verdict.familiar,
                revises=verdict.revises,
                keys=verdict.keys,
            )
            for (entry, published_at, verdict), flooded in zip(new, flood, strict=True)
        ]


def _publisher(feed: FeedSpec, parsed: ParsedFeed, entry: ParsedEntry) -> str:
    """The publisher: of an aggregator's entry the site it links to, or the one it names if its links lead to itself."""
    if feed.kind is FeedKind.AGGREGATOR:
        linked = domain(entry.link)
        return entry.origin if entry.origin and linked in ("", domain(parsed.link), domain(feed.url)) else linked
    return feed.title or parsed.title


def _join(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def stored_address(url: str) -> str:
    """A feed's address as the history keeps it: without the key that may stand in it, yet another for another key."""
    keys = keys_in(url)
    if not keys:
        return url
    shown = url
    for key in keys:
        shown = shown.replace(key, MARK)
    return f"{shown}#{hashlib.sha256(url.encode('utf-8', 'replace')).hexdigest()[:12]}"
