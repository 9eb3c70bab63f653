"""Which sources are in trouble, and when the operator is notified.

A source is reported once when it has failed several polls in a row (a stale price or a suddenly empty feed at once),
and once when it recovers. When most feeds fail together, that is one report, and one when they are back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.model import Announcement, Block, BlockKind, Reason, Severity, SourceReport, Strong, Summary, Trouble
from bot.core.text.wording import age

IN_A_ROW = 3
"""Failed polls in a row before the operator is notified; a single time-out is normal."""
AT_ONCE = frozenset({"store", "rules"})
"""Sources whose first failure matters already."""
WIDE_FROM = 5
"""This many feeds failing, and at least half of all, are one outage."""
SOURCE_NAMES = {
    "prices": "Price source",
    "history": "Price history",
    "earnings": "Earnings calendar",
    "telegram": "Telegram",
    "console": "Console",
    "webhook": "Webhook",
    "apprise": "Apprise",
    "rules": "Rules",
    "store": "History database",
}
"""Sources that are no feeds."""
RULES_BAD = "An edit of the rules has a mistake; the last good rules stay in force"
RULES_GOOD = "The rules are good again, and in force"


_WORDS = {
    Trouble.FAILED: ("has failed", " {} times in a row"),
    Trouble.EMPTY: ("is suddenly empty", ""),
    Trouble.STALE: ("has gone stale", ""),
    Trouble.REFUSED: ("sends implausible prices", ", {} in a row"),
}


@dataclass(slots=True)
class _Status:
    trouble: Trouble = Trouble.NONE
    since: datetime | None = None
    count: int = 0
    reported: bool = False
    with_others: bool = False
    """Reported as part of a wide outage, not by itself."""
    detail: str = ""


@dataclass(slots=True)
class Health:
    """The status of every source."""

    in_a_row: int = IN_A_ROW
    channels: Collection[str] = ()
    """Names of notifiers of other packages, which are no feeds either."""
    _statuses: dict[tuple[str, str], _Status] = field(default_factory=dict)
    _wide_since: datetime | None = None

    def observe(self, report: SourceReport) -> Announcement | None:
        """Take a report; returns the operator's notice where one is due now."""
        key = (report.source, report.subject)
        status = self._statuses.setdefault(key, _Status())
        if report.trouble is Trouble.NONE:
            self._statuses[key] = _Status()
            return self._recovery(report, status)
        if status.trouble is Trouble.NONE:
            status.since = report.seen_at
        status.trouble, status.detail = report.trouble, report.detail
        status.count += 1
        patient = report.trouble in (Trouble.FAILED, Trouble.REFUSED) and report.source not in AT_ONCE
        if status.reported or status.count < (self.in_a_row if patient else 1):
            return None
        status.reported = True
        if report.trouble is Trouble.FAILED and self._is_feed(key) and self._is_wide():
            status.with_others = True
            return self._outage(report, status.since or report.seen_at)
        if report.source == "rules" and report.trouble is Trouble.FAILED:
            return _notice(report, RULES_BAD, report.detail)
        words, times = _WORDS[report.trouble]
        again = times.format(status.count) if status.count > 1 else ""
        return _notice(report, f"{self._name(report)} {words}{again}", report.detail)

    def _recovery(self, report: SourceReport, before: _Status) -> Announcement | None:
        if before.with_others:
            return self._outage_over(report)
        if not before.reported or before.since is None:
            return None
        headline = RULES_GOOD if report.source == "rules" else f"{self._name(report)} works again"
        return _notice(report, headline, f"after {age(report.seen_at - before.since)}")

    # --------------------------------------------------------------------------------------- many feeds at once

    def _feeds(self) -> tuple[list[_Status], int]:
        """The feeds that fail now, and how many feeds are known."""
        feeds = [s for key, s in self._statuses.items() if self._is_feed(key)]
        return [s for s in feeds if s.trouble is Trouble.FAILED], len(feeds)

    def _is_wide(self) -> bool:
        failing, count = self._feeds()
        return len(failing) >= WIDE_FROM and len(failing) * 2 >= count

    def _outage(self, report: SourceReport, since: datetime) -> Announcement | None:
        """The outage's one notice; ``None`` once it was given."""
        if self._wide_since is not None:
            return None
        self._wide_since = since
        failing, count = self._feeds()
        return _notice(report, f"{len(failing)} of {count} feeds fail: is the network down?", report.detail)

    def _outage_over(self, report: SourceReport) -> Announcement | None:
        """The notice of the outage's end, where ``report`` ends it. Feeds that still fail are counted from zero and
        reported one by one."""
        failing, count = self._feeds()
        if self._wide_since is None or self._is_wide():
            return None
        since, self._wide_since = self._wide_since, None
        for left in failing:
            if left.with_others:
                left.with_others = left.reported = False
                left.count = 0
        detail = f"after {age(report.seen_at - since)}; {count - len(failing)} of {count} so far"
        return _notice(report, "Feeds work again", detail)

    def troubled(self, source: str, subject: str = "") -> Trouble:
        """The trouble a source is in now."""
        status = self._statuses.get((source, subject))
        return status.trouble if status else Trouble.NONE

    @property
    def feeds_ok(self) -> int:
        """How many feeds do not fail."""
        failing, count = self._feeds()
        return count - len(failing)

    def failing(self) -> list[tuple[str, str, Trouble, str]]:
        """Sources in trouble now: source, subject, trouble, detail."""
        return [(*key, s.trouble, s.detail) for key, s in self._statuses.items() if s.trouble is not Trouble.NONE]

    def _is_feed(self, key: tuple[str, str]) -> bool:
        return not key[1] and key[0] not in SOURCE_NAMES and key[0] not in self.channels

    def _name(self, report: SourceReport) -> str:
        name = SOURCE_NAMES.get(report.source, report.source)
        if report.subject:
            return f"{name}: {report.subject}"
        return f"Feed {name}" if self._is_feed((report.source, "")) else name


@dataclass(slots=True)
class Freshness:
    """Notices prices that stopped moving while their exchange is open: a halt, a delay, or a dead source."""

    after: timedelta = timedelta(minutes=30)
    _stale: set[str] = field(default_factory=set)
    """Symbols, or ``""`` alone for the source as a whole."""

    def check(self, ages: dict[str, timedelta | None], at: datetime) -> list[SourceReport]:
        """Reports on what became stale or fresh again. ``ages`` has, per symbol in its regular phase, the age of its
        newest quote (``None``: no quote in this session). Many at once become one report on the source."""
        stale = {symbol for symbol, old in ages.items() if old is None or old > self.after}
        count = len(stale)
        if count >= max(3, len(ages) // 2):
            stale = {""}
        reports = [
            SourceReport("prices", at, Trouble.STALE, self._detail(s, ages, count), subject=s)
            for s in sorted(stale - self._stale)
        ]
        fresh = {s for s in self._stale - stale if not s or s in ages}
        reports += [SourceReport("prices", at, subject=s) for s in sorted(fresh)]
        self._stale = stale | {s for s in self._stale if s and s not in ages}
        return reports

    def _detail(self, symbol: str, ages: dict[str, timedelta | None], count: int) -> str:
        if not symbol:
            return f"{count} of {len(ages)} symbols have no new price for {age(self.after)} in an open session"
        old = ages[symbol]
        how_long = f"for {age(old)}" if old is not None else "in this session yet"
        return f"no new price {how_long}; halted, or not served by the price source"


def _notice(report: SourceReport, headline: str, detail: str) -> Announcement:
    blocks = [Block("headline", BlockKind.HEADLINE, 100, lines=((Strong(headline),),))]
    if detail:
        blocks.append(Block("detail", BlockKind.FACTS, 50, lines=((detail,),)))
    return Announcement(
        key=f"operator:{report.source}:{report.subject}:{report.trouble}:{report.seen_at:%Y%m%dT%H%M%S.%f}",
        at=report.seen_at,
        reason=Reason.OPERATOR,
        severity=Severity.WARNING,
        summary=Summary(tuple(blocks), headline),
        for_operator=True,
    )
