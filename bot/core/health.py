"""Which sources are in trouble, and when the operator is notified.

A source is reported once when it has failed several polls in a row (a stale price or a suddenly empty feed at once),
and once when it recovers. When most feeds fail together, or sources of several kinds at once because of what lies
between them and this machine (no names, no route, a proxy, a log-in page), that is one report, and one when they are
back. Symbols in the same trouble are one report too, and one when nearly all are out of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.model import (
    Absence,
    Announcement,
    Block,
    BlockKind,
    Line,
    Moment,
    Reason,
    Severity,
    SourceReport,
    Strong,
    Summary,
    Trouble,
)
from bot.core.text.wording import age, clock, listing, verbatim, words_of

IN_A_ROW = 3
"""Failed polls in a row before the operator is notified; a single time-out is normal."""
AT_ONCE = frozenset({"store", "rules", "configuration"})
"""Sources whose first failure matters already."""
WIDE_FROM = 5
"""This many feeds failing, and at least half of those asked meanwhile, are one outage."""
ALL_FROM = 4
"""So are this many, where none of those asked meanwhile has answered."""
AT_ONCE_WITHIN = timedelta(minutes=2)
"""Sources of several kinds that get out of reach within this time have one fault in common. A request may take more
than a minute to fail."""
PARTIES = 3
"""So many that share nothing but the way to them (each feed, a vendor with all its services, a channel), of two kinds
at least, and fail at once with what a proxy or a portal answers, have a fault in common. A vendor and a channel may
well have a bad gateway each."""
BETWEEN = frozenset({407, 502, 503, 504, 511})
"""Statuses of proxies, gateways and portals: they say nothing about the source behind. So does a page with any status
below 400 where data was asked for."""
ONE_BY_ONE = 3
"""Up to this many symbols that come into the same trouble at once are reported one by one."""
NAMED = 6
"""Symbols named in a report on many."""
LONG_WAIT = timedelta(minutes=5)
"""A source that asks for a wait as long as this is reported at once, with the time."""
SOURCE_NAMES = {
    "prices": "Price source",
    "history": "Price history",
    "earnings": "Earnings calendar",
    "price stream": "Price stream",
    "second reader": "Second reader",
    "telegram": "Telegram",
    "console": "Console",
    "webhook": "Webhook",
    "apprise": "Apprise",
    "rules": "Rules",
    "configuration": "Configuration",
    "store": "History database",
}
"""Sources that are no feeds."""
CHANNELS = frozenset({"telegram", "webhook", "apprise"})
HERE = frozenset({"console", "rules", "configuration", "store"})
"""Sources that are on this machine."""
SAME_VENDOR = frozenset({"prices", "history", "earnings", "price stream"})
FEEDS = "feeds"
MISTAKES = {
    "rules": (
        "An edit of the rules has a mistake; the last good rules stay in force",
        "The rules are good again, and in force",
    ),
    "configuration": (
        "config.yaml has a mistake; Aftershock runs on, but would not start with it",
        "config.yaml is good again; restart Aftershock to apply what changed",
    ),
}
"""What is told of a mistake in files that people edit, and of its end."""


_WORDS = {
    Trouble.FAILED: ("has failed", " {} times in a row"),
    Trouble.EMPTY: ("is suddenly empty", ""),
    Trouble.STALE: ("has gone stale", ""),
    Trouble.REFUSED: ("sends implausible prices", ", {} in a row"),
}


_SYMBOL_WORDS: dict[Absence | Trouble, str] = {
    Absence.NOT_ASKED: "{source} was not asked for {symbols}",
    Absence.NOT_ANSWERED: "{source} gives no price for {symbols}",
    Absence.HELD_BACK: "{source}: {symbols} held back",
    Absence.UNKNOWN: "{source} does not know {symbols}",
    Trouble.FAILED: "{source} fails for {symbols}",
    Trouble.EMPTY: "{source} is suddenly empty for {symbols}",
    Trouble.STALE: "{source} has gone stale for {symbols}",
    Trouble.REFUSED: "{source} sends implausible prices for {symbols}",
}
"""By what is wrong with many symbols at once or, where there is no price, with one."""

OUTAGE = ""
"""As a source: a wide outage itself."""
_SOUND, _SILENT, _BETWEEN = "", "no answer", "not from the source"
"""How a source behind the network looks; otherwise, the status that it answers with."""
_Group = tuple[str, Absence | Trouble]
"""A source, and what is wrong with symbols of it."""


@dataclass(slots=True)
class _Status:
    trouble: Trouble = Trouble.NONE
    since: datetime | None = None
    count: int = 0
    reported: bool = False
    with_others: bool = False
    """Reported as part of a wide outage, not by itself."""
    looks: str = _SOUND
    """What comes back from it."""
    heard_at: datetime | None = None
    """When it was last asked."""
    detail: str = ""
    told_as: Absence | Trouble | None = None
    """Of a symbol: the group it was reported in."""


@dataclass(frozen=True, slots=True)
class ToldTrouble:
    """A trouble that the operator was told of, and not of its end."""

    source: str
    subject: str
    trouble: Trouble
    since: datetime
    absence: Absence | None = None
    with_others: bool = False
    """It was told as part of something wider; of an outage itself: it is one of the network."""


@dataclass(slots=True)
class Health:
    """The status of every source."""

    in_a_row: int = IN_A_ROW
    channels: Collection[str] = ()
    """Names of notifiers of other packages, which are no feeds either."""
    _statuses: dict[tuple[str, str], _Status] = field(default_factory=dict)
    _wide_since: datetime | None = None
    _network_down: bool = False
    """The outage since then was told as one of the network."""
    _looked: dict[str, dict[str, datetime]] = field(default_factory=dict)
    """When a source of each kind beyond this machine last looked so."""
    _fallen: dict[_Group, list[SourceReport]] = field(default_factory=dict)
    _recovered: dict[_Group, list[tuple[SourceReport, datetime]]] = field(default_factory=dict)
    """Symbols to report with the next ``gathered``; recovered ones with the start of their trouble."""
    _many: dict[_Group, datetime] = field(default_factory=dict)
    """Since when so many symbols are in the same trouble that they are reported together."""

    def observe(self, report: SourceReport, *, of_age: bool = False) -> Announcement | None:
        """Take a report; returns the operator's notice where one is due now. Notices about symbols (or single services
        of a channel) are due with ``gathered``, after all reports of the moment.

        ``of_age``: it is about the age of prices. A source that answers, with old prices, stays stale.
        """
        key = (report.source, report.subject)
        status = self._statuses.setdefault(key, _Status())
        if report.trouble is Trouble.NONE and status.trouble is Trouble.STALE and not of_age:
            return None
        looks = _looks(report)
        if self._is_remote(key) and not of_age:
            self._looked.setdefault(self._kind(key), {})[looks] = report.seen_at
        if report.trouble is Trouble.NONE:
            self._statuses[key] = _Status(heard_at=report.seen_at)
            return self._recovery(report, status)
        status.looks, status.heard_at = looks, report.seen_at
        if self._network_is_back():
            return self._outage_over(report)
        if status.trouble is Trouble.NONE:
            status.since = report.seen_at
        elif report.absence in (Absence.UNKNOWN, Absence.HELD_BACK) and status.told_as is not report.absence:
            status.reported = False  # another trouble than a request that failed, with other words
        status.trouble, status.detail = report.trouble, report.detail
        status.count += 1
        if status.reported or status.count < self._patience(report):
            return None
        status.reported = True
        return self._fall(report, status)

    def told(self) -> Sequence[ToldTrouble]:
        """The troubles that the operator was told of, and not of their end."""
        told = [
            ToldTrouble(
                *key,
                status.trouble,
                status.since,
                status.told_as if isinstance(status.told_as, Absence) else None,
                status.with_others,
            )
            for key, status in self._statuses.items()
            if status.reported and status.since is not None
        ]
        if self._wide_since is not None:
            told.append(ToldTrouble(OUTAGE, "", Trouble.FAILED, self._wide_since, with_others=self._network_down))
        return told

    def resume(self, told: Iterable[ToldTrouble]) -> None:
        """Go on after a restart: these are not told again, but their end is."""
        groups: dict[_Group, list[datetime]] = {}
        for each in told:
            if each.source == OUTAGE:
                self._wide_since, self._network_down = each.since, each.with_others
                continue
            told_as = (each.absence or each.trouble) if each.subject and not each.with_others else None
            self._statuses[each.source, each.subject] = _Status(
                each.trouble,
                each.since,
                self.in_a_row,
                reported=True,
                with_others=each.with_others,
                looks=_SILENT if each.with_others else _SOUND,
                told_as=told_as,
            )
            if told_as is not None:
                groups.setdefault((each.source, told_as), []).append(each.since)
        self._many = {group: min(since) for group, since in groups.items() if len(since) > ONE_BY_ONE}

    def _fall(self, report: SourceReport, status: _Status) -> Announcement | None:
        """The notice of a source that has come into trouble."""
        key = (report.source, report.subject)
        if report.trouble is Trouble.FAILED and self._is_remote(key) and (with_it := self._wide(key)):
            return self._outage(report, with_it)
        if report.subject and self.troubled(report.source) is Trouble.FAILED and self._is_remote(key):
            status.with_others = True  # a channel that fails as a whole has been told
            return None
        if report.subject:
            status.told_as = report.absence or report.trouble
            self._fallen.setdefault((report.source, status.told_as), []).append(report)
            return None
        if report.until is not None and report.until - report.seen_at >= LONG_WAIT:
            return _notice(report, f"{self._name(report)} is not asked until ", report.detail, clock(report.until))
        if report.source in MISTAKES and report.trouble is Trouble.FAILED:
            return _notice(report, MISTAKES[report.source][0], report.detail)
        return _notice(report, self._in_trouble(report), report.detail)

    def _patience(self, report: SourceReport) -> int:
        """How many reports in a row there must be before the operator is notified."""
        if report.until is not None and report.until - report.seen_at >= LONG_WAIT:
            return 1
        patient = report.trouble in (Trouble.FAILED, Trouble.REFUSED) and report.source not in AT_ONCE
        return self.in_a_row if patient and report.absence in (None, Absence.NOT_ANSWERED, Absence.NOT_ASKED) else 1

    def _recovery(self, report: SourceReport, before: _Status) -> Announcement | None:
        if before.with_others or self._network_is_back():
            return self._outage_over(report)
        if before.since is None:
            return None
        if self._wide_since is None:
            _count_anew(s for (source, _), s in self._remote_failing().items() if source == report.source)
        if report.subject:
            if before.told_as is not None:
                self._recovered.setdefault((report.source, before.told_as), []).append((report, before.since))
            return None
        if not before.reported:
            return None
        works = f"{self._name(report)} works again"
        headline = MISTAKES[report.source][1] if report.source in MISTAKES else works
        return _notice(report, headline, f"after {age(report.seen_at - before.since)}")

    # ------------------------------------------------------------------------------------------- many sources at once

    def _feeds(self) -> tuple[list[_Status], int]:
        """The feeds that fail now, and how many feeds are known."""
        feeds = [s for key, s in self._statuses.items() if self._is_feed(key)]
        return [s for s in feeds if s.trouble is Trouble.FAILED], len(feeds)

    def _most_feeds_fail(self) -> bool:
        """Of all feeds or, where some are asked seldom, of those asked since most of the failing ones fail."""
        failing, count = self._feeds()
        if len(failing) >= WIDE_FROM and len(failing) * 2 >= count:
            return True
        if len(failing) < ALL_FROM:
            return False
        since = sorted(s.since for s in failing if s.since is not None)[len(failing) // 2]
        feeds = [s for key, s in self._statuses.items() if self._is_feed(key)]
        asked = [s for s in feeds if s.heard_at is not None and s.heard_at >= since]
        fail = sum(s.trouble is Trouble.FAILED for s in asked)
        return fail >= ALL_FROM and (fail == len(asked) or (fail >= WIDE_FROM and fail * 2 >= len(asked)))

    def _wide(self, key: tuple[str, str]) -> Collection[tuple[str, str]]:
        """The sources that have the fault of this one in common, itself included; none where it is its own."""
        if together := self._network_fault(key):
            return together
        return [key] if self._is_feed(key) and self._most_feeds_fail() else []

    def _remote_failing(self) -> dict[tuple[str, str], _Status]:
        return {key: s for key, s in self._statuses.items() if s.trouble is Trouble.FAILED and self._is_remote(key)}

    def _is_silent(self, kind: str, since: datetime, but_for: Collection[str] = (_SILENT,)) -> bool:
        """Whether nothing of this kind has looked otherwise since then."""
        return all(at < since for looks, at in self._looked.get(kind, {}).items() if looks not in but_for)

    def _network_fault(self, key: tuple[str, str]) -> Collection[tuple[str, str]]:
        """The sources that fail together with this one because of what lies between: all without an answer, be it
        sources of several kinds, or of one kind while no other answers either; or many with the same wrong one."""
        looks = self._statuses[key].looks
        alike = (_SILENT, _BETWEEN) if looks in (_SILENT, _BETWEEN) else (looks,)
        together = self._failing_with(key, alike)
        kinds = {self._kind(other) for other in together}
        parties = {other if self._is_feed(other) else (self._kind(other), "") for other in together}
        if len(kinds) > 1 and len(parties) >= PARTIES:
            return together
        together = self._failing_with(key, (_SILENT,)) if looks == _SILENT else {}
        kinds = {self._kind(other) for other in together}
        known = {self._kind(other) for other in self._statuses if self._is_remote(other)}
        nothing = all(self._is_silent(kind, min(together.values())) for kind in known) if together else False
        several = len(kinds) > 1 or (len(together) > 1 and nothing and len(known) > 1)
        return together if several else ()

    def _failing_with(self, key: tuple[str, str], looks: Collection[str]) -> dict[tuple[str, str], datetime]:
        """What began to fail about when this one did and looks like one of these, itself included, with the beginning;
        nothing of a kind that has looked otherwise meanwhile. Empty where this one is not among them."""
        began = self._statuses[key].since
        together = {
            other: status.since
            for other, status in self._remote_failing().items()
            if status.looks in looks
            and status.since is not None
            and began is not None
            and (abs(status.since - began) <= AT_ONCE_WITHIN or (status.with_others and self._network_down))
            and self._is_silent(self._kind(other), status.since, looks)
        }
        return together if key in together else {}

    def _network_is_back(self) -> bool:
        """Whether the network was told to be down, and is not any more."""
        if self._wide_since is None or not self._network_down:
            return False
        members = [key for key, status in self._statuses.items() if status.with_others]
        return not any(self._network_fault(key) for key in members)

    def _outage(self, report: SourceReport, together: Collection[tuple[str, str]]) -> Announcement | None:
        """The outage's one notice; ``None`` once it was given."""
        statuses = [self._statuses[key] for key in together]
        for status in statuses:
            status.with_others = status.reported = True
        if self._wide_since is not None:
            return None
        self._wide_since = min(status.since or report.seen_at for status in statuses)
        kinds = sorted({self._kind(key) for key in together})
        self._network_down = len(together) > 1
        if not self._network_down:
            failing, count = self._feeds()
            return _notice(report, f"{len(failing)} of {count} feeds fail: is the network down?", report.detail)
        detail = f"{self._name(report)}: {report.detail}"
        looks = {status.looks for status in statuses}
        suspect = "is the network down?" if looks == {_SILENT} else "is a proxy or the network at fault?"
        if all(self._is_silent(kind, self._wide_since, looks) for kind in self._looked):
            nothing = "Nothing answers" if looks == {_SILENT} else "Nothing gets through"
            return _notice(report, f"{nothing}: {suspect}", detail)
        names = listing([SOURCE_NAMES.get(kind, kind) for kind in kinds], NAMED)
        return _notice(report, f"Out of reach at once: {names}; {suspect}", detail)

    def _outage_over(self, report: SourceReport) -> Announcement | None:
        """The notice of the outage's end, where ``report`` ends it. What still fails is counted from zero and reported
        by itself."""
        if self._wide_since is None or (not self._network_down and self._most_feeds_fail()):
            return None
        since, self._wide_since = self._wide_since, None
        _count_anew(self._remote_failing().values())
        if self._network_down:
            self._network_down = False
            return _notice(report, "The network works again", f"after {age(report.seen_at - since)}")
        failing, count = self._feeds()
        detail = f"after {age(report.seen_at - since)}; {count - len(failing)} of {count} so far"
        return _notice(report, "Feeds work again", detail)

    # ----------------------------------------------------------------------------------------- many symbols at once

    def gathered(self) -> list[Announcement]:
        """The notices about symbols, due now that all reports of a moment are in: one for many in the same trouble."""
        notices: list[Announcement] = []
        fallen, self._fallen = self._fallen, {}
        recovered, self._recovered = self._recovered, {}
        for group, reports in fallen.items():
            if group in self._many:
                continue
            if len(reports) > ONE_BY_ONE:
                self._many[group] = reports[0].seen_at
                notices.append(self._about_symbols(group, reports))
            elif isinstance(group[1], Absence):
                notices += [self._about_symbols(group, [report]) for report in reports]
            else:
                notices += [_notice(r, self._in_trouble(r), r.detail) for r in reports]
        for group, ended in recovered.items():
            notices += self._over(group, ended)
        return notices

    def _about_symbols(self, group: _Group, reports: Sequence[SourceReport]) -> Announcement:
        names = [report.subject for report in reports]
        symbols = names[0] if len(names) == 1 else f"{len(names)} symbols"
        words = _SYMBOL_WORDS[group[1]].format(source=SOURCE_NAMES.get(group[0], group[0]), symbols=symbols)
        named = f"{listing(names, NAMED)}: " if len(names) > 1 else ""
        return _notice(reports[0], words, f"{named}{reports[0].detail}")

    def _in_trouble(self, report: SourceReport) -> str:
        status = self._statuses[report.source, report.subject]
        words, times = _WORDS[report.trouble]
        if report.trouble is Trouble.REFUSED and self._is_feed((report.source, report.subject)):
            words, times = "brings more stories than are read", ""
        if report.trouble is Trouble.EMPTY and report.on_demand:
            words = "finds nothing"
        return f"{self._name(report)} {words}{times.format(status.count) if status.count > 1 else ''}"

    def _over(self, group: _Group, ended: Sequence[tuple[SourceReport, datetime]]) -> list[Announcement]:
        """The notices of symbols that are out of a trouble; of one that many were in, once few are left."""
        since = self._many.get(group)
        if since is None and len(ended) <= ONE_BY_ONE:
            return [_notice(r, f"{self._name(r)} works again", f"after {age(r.seen_at - at)}") for r, at in ended]
        left = [
            subject
            for (source, subject), status in self._statuses.items()
            if subject and source == group[0] and status.told_as is group[1]
        ]
        if since is not None and len(left) > ONE_BY_ONE:
            return []
        self._many.pop(group, None)
        report, began = ended[0]
        name = SOURCE_NAMES.get(group[0], group[0])
        but = f"; not yet: {listing(left, NAMED)}" if left else ""
        headline = f"{name}: the symbols work again" if since else f"{name}: {len(ended)} symbols work again"
        return [_notice(report, headline, f"after {age(report.seen_at - (since or began))}{but}")]

    def troubled(self, source: str, subject: str = "") -> Trouble:
        """The trouble a source is in now."""
        status = self._statuses.get((source, subject))
        return status.trouble if status else Trouble.NONE

    def subjects_in(self, source: str, trouble: Trouble) -> list[str]:
        """The subjects of a source that are in this trouble now."""
        return [subject for (name, subject), s in self._statuses.items() if name == source and s.trouble is trouble]

    @property
    def feeds_ok(self) -> int:
        """How many feeds do not fail."""
        failing, count = self._feeds()
        return count - len(failing)

    def failing(self) -> list[tuple[str, str, Trouble, str]]:
        """Sources in trouble now: source, subject, trouble, detail."""
        return [(*key, s.trouble, s.detail) for key, s in self._statuses.items() if s.trouble is not Trouble.NONE]

    def _is_remote(self, key: tuple[str, str]) -> bool:
        """Whether it is reached over the network, as a whole: a single symbol is not."""
        return key[0] not in HERE and (not key[1] or key[0] in CHANNELS or key[0] in self.channels)

    def _is_feed(self, key: tuple[str, str]) -> bool:
        return not key[1] and key[0] not in SOURCE_NAMES and key[0] not in self.channels

    def _kind(self, key: tuple[str, str]) -> str:
        """What fails together for reasons of its own: all feeds, one vendor's services, one channel."""
        if self._is_feed(key):
            return FEEDS
        return "prices" if key[0] in SAME_VENDOR else key[0]

    def _name(self, report: SourceReport) -> str:
        name = SOURCE_NAMES.get(report.source, verbatim(report.source))
        if report.subject:
            return f"{name}: {verbatim(report.subject)}"
        if report.on_demand:
            return f"Search {name}"
        return f"Feed {name}" if self._is_feed((report.source, "")) else name


@dataclass(slots=True)
class Freshness:
    """Notices prices that stopped moving while their exchange is open: a halt, a delay, or a dead source."""

    after: timedelta = timedelta(minutes=30)
    _stale: set[str] = field(default_factory=set)
    """Symbols, or ``""`` alone for the source as a whole."""

    def resume(self, told: Iterable[ToldTrouble]) -> None:
        """Go on after a restart with these that were told."""
        self._stale = {t.subject for t in told if t.source == "prices" and t.trouble is Trouble.STALE}

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


def _looks(report: SourceReport) -> str:
    """What a report says of the way to its source."""
    if report.trouble is not Trouble.FAILED:
        return _SOUND
    if report.status is None:
        return _SILENT
    return _BETWEEN if report.status < 400 or report.status in BETWEEN else f"{report.status}"


def _count_anew(left: Iterable[_Status]) -> None:
    """What failed with others that work again, and fails still, is reported by itself."""
    for status in left:
        if status.with_others:
            status.with_others = status.reported = False
            status.count = 0


def _notice(report: SourceReport, headline: str, detail: str, *until: Moment) -> Announcement:
    """``until``: a time that ends the headline."""
    line: Line = (Strong(headline), *until)
    blocks = [Block("headline", BlockKind.HEADLINE, 100, lines=(line,))]
    if detail:
        blocks.append(Block("detail", BlockKind.FACTS, 50, lines=((verbatim(detail),),)))
    return Announcement(
        key=f"operator:{report.source}:{report.subject}:{report.trouble}:{report.seen_at:%Y%m%dT%H%M%S.%f}",
        at=report.seen_at,
        reason=Reason.OPERATOR,
        severity=Severity.WARNING,
        summary=Summary(tuple(blocks), words_of(line)),
        for_operator=True,
    )
