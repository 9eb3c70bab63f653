"""What is told of sources and of the history while they fail: each change once.

Feeds that fail and recover go to the log, many at once in one line.

It also knows which feeds could not be reached at all, so that they are asked again soon when the network is back,
instead of waiting out the pauses they have run up.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.model import SourceReport, Trouble
from bot.core.text.wording import age, listing

log = logging.getLogger(__name__)

ONE_BY_ONE = 3
"""Up to so many changes between two looks get a line each."""
OFFLINE_FROM = 3
"""So many feeds out of reach, and at least half of all, mean that the network is down."""


@dataclass(slots=True)
class FeedOutages:
    """Hears how each poll went; ``tell`` writes what changed since it was last called."""

    feeds: int = 0
    """How many there are."""
    _failing: dict[str, str] = field(default_factory=dict)
    _out_of_reach: set[str] = field(default_factory=set)
    _offline: bool = False
    _news: dict[str, str] = field(default_factory=dict)
    """What to tell of each feed since the last time: its trouble, empty where it works again."""

    def heard(self, report: SourceReport) -> Sequence[str]:
        """Take the report of one poll. Returns the feeds to ask again now, where it shows that the network is back."""
        name, before = report.source, self._failing.get(report.source)
        if report.trouble is Trouble.NONE:
            if self._failing.pop(name, None) is not None:
                self._changed(name, "")
        else:
            self._failing[name] = report.detail
            if before is None:
                self._changed(name, f"{report.trouble.value}: {report.detail}")
            else:
                log.debug("feed %s: %s %s", name, report.trouble, report.detail)
        if report.trouble is Trouble.FAILED and report.status is None:
            self._out_of_reach.add(name)
            self._offline = self._offline or len(self._out_of_reach) >= max(OFFLINE_FROM, self.feeds / 2)
            return ()
        self._out_of_reach.discard(name)
        return self.reached()

    def reached(self) -> Sequence[str]:
        """Something outside answered. The feeds to ask again now, where nearly none could be reached before."""
        if not self._offline:
            return ()
        self._offline = False
        return sorted(self._out_of_reach)

    def tell(self) -> None:
        """Write what changed."""
        failed = {name: words for name, words in self._news.items() if words}
        works = [name for name, words in self._news.items() if not words]
        self._news.clear()
        if len(failed) > ONE_BY_ONE:
            example = next(iter(failed.values()))
            log.warning("%d feeds fail: %s; the first: %s", len(failed), listing(list(failed), 5), example)
        else:
            for name, words in failed.items():
                log.info("feed %s %s", name, words)
        if len(works) > ONE_BY_ONE:
            log.info("%d feeds work again: %s", len(works), listing(works, 5))
        else:
            for name in works:
                log.info("feed %s works again", name)

    def _changed(self, name: str, words: str) -> None:
        if name in self._news and bool(self._news[name]) != bool(words):
            del self._news[name]  # there and back between two looks: nothing to tell
        else:
            self._news[name] = words


PATIENCE = timedelta(seconds=10)
"""How long the history may be locked before the operator is told; a full disk is told of at once."""
SAME_TROUBLE = timedelta(minutes=10)
"""Trouble that comes back sooner may be a little room that comes and goes: it has to last to be told again."""


@dataclass(slots=True)
class HistoryOutage:
    """Hears whether the history could be written; the log has every change, the operator only what matters."""

    _since: datetime | None = None
    _alarmed: bool = False
    _told_end_at: datetime | None = None

    def failed(self, said: str, now: datetime, *, at_once: bool = False) -> bool:
        """It could not be written, ``said`` being why and what to do. Whether the operator is to be told, now.

        ``at_once``: it will not pass by itself, so there is nothing to wait for.
        """
        if self._since is None:
            self._since = now
            log.error("the history cannot be written: %s; alerts are kept, and sent when it can", said)
        again = self._told_end_at is not None and now - self._told_end_at < SAME_TROUBLE
        if self._alarmed or not (now - self._since >= PATIENCE or (at_once and not again)):
            return False
        self._alarmed = True
        return True

    def written(self, now: datetime) -> str:
        """It was written. How long it could not be, where the operator heard of that trouble; else nothing."""
        if self._since is None:
            return ""
        lasted = age(now - self._since)
        log.warning("the history is written again, after %s", lasted)
        self._since, heard, self._alarmed = None, self._alarmed, False
        if heard:
            self._told_end_at = now
        return lasted if heard else ""
