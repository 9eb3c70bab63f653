"""Outages of feeds and of the history: each change is reported once.

Feeds that fail and recover go to the log, many at once in one line. Feeds that could not be reached at all are
remembered, so that they are polled as soon as anything answers again instead of after their back-off.
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
"""Up to this many changes between two reports get a line each."""
OFFLINE_FROM = 3
"""This many unreachable feeds (or all, where there are fewer), and at least half of all, mean that the network is
down."""


@dataclass(slots=True)
class FeedOutages:
    """Takes the report of each poll; ``tell`` logs what changed since its last call."""

    feeds: int = 0
    """How many there are."""
    _failing: dict[str, str] = field(default_factory=dict)
    _out_of_reach: set[str] = field(default_factory=set)
    _silent: bool = False
    """Since something became unreachable nothing has answered."""
    _news: dict[str, str] = field(default_factory=dict)
    """Changes to log since the last call: each feed's trouble, empty if it works again."""

    @property
    def _offline_from(self) -> float:
        return max(min(OFFLINE_FROM, self.feeds), self.feeds / 2)

    def take(self, report: SourceReport) -> Sequence[str]:
        """Take the report of one poll. Returns the feeds to poll again now, if it shows that the network is back."""
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
            # one that stays out of reach while others answer keeps to its back-off
            self._silent = self._silent or name not in self._out_of_reach
            self._out_of_reach.add(name)
            return ()
        self._out_of_reach.discard(name)
        return self.reached()

    def unanswered(self) -> None:
        """Prices could not be had either."""
        self._silent = True

    def reached(self) -> Sequence[str]:
        """Something answered: the network works. Returns the feeds to poll again now, if it was down before."""
        silent, self._silent = self._silent, False
        return sorted(self._out_of_reach) if silent and len(self._out_of_reach) >= self._offline_from else ()

    def tell(self) -> None:
        """Log what changed."""
        failed = {name: words for name, words in self._news.items() if words}
        works = [name for name, words in self._news.items() if not words]
        self._news.clear()
        if len(failed) > ONE_BY_ONE:
            example = next(iter(failed.values()))
            log.warning("%d feeds failing: %s; the first: %s", len(failed), listing(list(failed), 5), example)
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
            del self._news[name]  # failed and recovered between two reports
        else:
            self._news[name] = words


PATIENCE = timedelta(seconds=10)
"""How long the history may be locked before the operator is told; a full disk is reported immediately."""
SAME_TROUBLE = timedelta(minutes=10)
"""An outage that returns sooner may be disk space that comes and goes: it is reported again only after ``PATIENCE``."""


@dataclass(slots=True)
class HistoryOutage:
    """Outages of the history: every change is logged, and the operator told of lasting ones."""

    _since: datetime | None = None
    _alarmed: bool = False
    _alarm_ended_at: datetime | None = None

    def failed(self, reason: str, now: datetime, *, at_once: bool = False) -> bool:
        """It could not be written, with the ``reason`` and what to do. Returns whether to tell the operator now.

        ``at_once``: it will not pass by itself, so there is nothing to wait for.
        """
        if self._since is None:
            self._since = now
            log.error("the history cannot be written: %s; alerts are kept and sent later", reason)
        again = self._alarm_ended_at is not None and now - self._alarm_ended_at < SAME_TROUBLE
        if self._alarmed or not (now - self._since >= PATIENCE or (at_once and not again)):
            return False
        self._alarmed = True
        return True

    def resume(self, since: datetime) -> None:
        """Go on after a restart: the operator was told, and that it lasts since then."""
        self._since, self._alarmed = since, True

    def written(self, now: datetime) -> str:
        """It was written. Returns how long the outage lasted, if the operator was told of it; else nothing."""
        if self._since is None:
            return ""
        lasted = age(now - self._since)
        log.warning("the history is written again, after %s", lasted)
        self._since, alarmed, self._alarmed = None, self._alarmed, False
        if alarmed:
            self._alarm_ended_at = now
        return lasted if alarmed else ""
