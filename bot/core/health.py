"""Silence made visible: which sources are in trouble, and when the operator hears of it.

A source is reported once when it has been in trouble several polls in a row (a stale price or a suddenly empty feed at
once), and once when it recovers. When most feeds fail together, that is one report, and one when they are back.
Reports are observations like any other, so a replay of them says the same.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.model import Announcement, Block, BlockKind, Reason, Severity, SourceReport, Strong, Summary, Trouble
from bot.core.text.wording import age

IN_A_ROW = 3
"""Failed polls in a row before the operator is told; a single time-out is everyday."""
AT_ONCE = frozenset({"store", "rules"})
"""Sources whose first failure already matters."""
WIDE_FROM = 5
"""So many feeds failing, and at least half of all, are one outage."""
NAMED = {
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


@dataclass(slots=True)
class _Condition:
    trouble: Trouble = Trouble.NONE
    since: datetime | None = None
    count: int = 0
    reported: bool = False
    with_others: bool = False
    """Reported as part of a wide outage, not by itself."""
    detail: str = ""


@dataclass(slots=True)
class Health:
    """What is known of every source's well-being."""

    in_a_row: int = IN_A_ROW
    channels: Collection[str] = ()
    """Names of notifiers beyond our own: no feeds either."""
    _conditions: dict[tuple[str, str], _Condition] = field(default_factory=dict)
    _wide_since: datetime | None = None

    def observe(self, report: SourceReport) -> Announcement | None:
        """Take a report; the operator's notice where one is due now."""
        key = (report.source, report.subject)
        known = self._conditions.setdefault(key, _Condition())
        if report.trouble is Trouble.NONE:
            self._conditions[key] = _Condition()
            if known.with_others:
                return self._back(report)
            if known.reported and known.since is not None:
                again = RULES_GOOD if report.source == "rules" else f"{self._who(report)} works again"
                return _notice(report, again, f"after {age(report.seen_at - known.since)}")
            return None
        if known.trouble is Trouble.NONE:
            known.since = report.seen_at
        known.trouble, known.detail = report.trouble, report.detail
        known.count += 1
        patient = report.trouble in (Trouble.FAILED, Trouble.REFUSED) and report.source not in AT_ONCE
        enough = self.in_a_row if patient else 1
        if known.reported or known.count < enough:
            return None
        known.reported = True
        if report.trouble is Trouble.FAILED and self._is_feed(key) and self._is_wide():
            known.with_others = True
            return self._outage(report, report.seen_at if known.since is None else known.since)
        words = {
            Trouble.FAILED: "has failed",
            Trouble.EMPTY: "is suddenly empty",
            Trouble.STALE: "has gone stale",
            Trouble.REFUSED: "sends values that are not believed",
        }
        if report.source == "rules" and report.trouble is Trouble.FAILED:
            return _notice(report, RULES_BAD, report.detail)
        times = f" {known.count} times in a row" if known.count > 1 else ""
        return _notice(report, f"{self._who(report)} {words[report.trouble]}{times}", report.detail)

    # --------------------------------------------------------------------------------------- many feeds at once

    def _feeds(self) -> tuple[list[_Condition], int]:
        """The feeds that fail now, and how many are known."""
        feeds = [c for k, c in self._conditions.items() if self._is_feed(k)]
        return [c for c in feeds if c.trouble is Trouble.FAILED], len(feeds)

    def _is_wide(self) -> bool:
        failing, known = self._feeds()
        return len(failing) >= WIDE_FROM and len(failing) * 2 >= known

    def _outage(self, report: SourceReport, since: datetime) -> Announcement | None:
        """The outage's one notice; nothing where it was given."""
        if self._wide_since is not None:
            return None
        self._wide_since = since
        failing, count = self._feeds()
        return _notice(report, f"{len(failing)} of {count} feeds fail: is the network down?", report.detail)

    def _back(self, report: SourceReport) -> Announcement | None:
        """The notice of the outage's end, where ``report`` is what ends it.

        Feeds that stay behind are counted anew: those that go on failing are reported one by one.
        """
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
        known = self._conditions.get((source, subject))
        return known.trouble if known else Trouble.NONE

    @property
    def feeds_fine(self) -> int:
        """How many feeds are in no trouble."""
        failing, known = self._feeds()
        return known - len(failing)

    def failing(self) -> list[tuple[str, str, Trouble, str]]:
        """Sources in trouble now: source, subject, what, detail."""
        return [(s, x, c.trouble, c.detail) for (s, x), c in self._conditions.items() if c.trouble is not Trouble.NONE]

    def _is_feed(self, key: tuple[str, str]) -> bool:
        return not key[1] and key[0] not in NAMED and key[0] not in self.channels

    def _who(self, report: SourceReport) -> str:
        named = NAMED.get(report.source, report.source)
        if report.subject:
            return f"{named}: {report.subject}"
        return f"Feed {named}" if self._is_feed((report.source, "")) else named


@dataclass(slots=True)
class Freshness:
    """Notices prices that stopped moving while their exchange is open: a halt, a delay, or a dead source."""

    after: timedelta = timedelta(minutes=30)
    _stale: set[str] = field(default_factory=set)

    def check(self, ages: dict[str, timedelta | None], at: datetime) -> list[SourceReport]:
        """Reports for what became stale or fresh again. ``ages`` holds, per symbol in its regular phase, how old its
        newest quote is (``None``: no quote in this session). Many at once become one report on the source."""
        stale = {s for s, old in ages.items() if old is None or old > self.after}
        if len(stale) >= max(3, len(ages) // 2):
            whole = {"*"}
        else:
            whole = set()
        now_stale = whole or stale
        reports = [
            SourceReport("prices", at, Trouble.STALE, self._detail(s, ages, len(stale)), subject="" if s == "*" else s)
            for s in sorted(now_stale - self._stale)
        ]
        reports += [
            SourceReport("prices", at, subject="" if s == "*" else s)
            for s in sorted(self._stale - now_stale)
            if s == "*" or s in ages
        ]
        self._stale = now_stale | {s for s in self._stale if s != "*" and s not in ages}
        return reports

    def _detail(self, symbol: str, ages: dict[str, timedelta | None], count: int) -> str:
        if symbol == "*":
            return f"{count} of {len(ages)} symbols have no new price for {age(self.after)} in an open session"
        old = ages[symbol]
        how_long = f"for {age(old)}" if old is not None else "in this session yet"
        return f"no new price {how_long}; a halt, or the vendor does not serve it"


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
