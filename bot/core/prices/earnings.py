"""When companies report their results: dates from a calendar, each with the time at which it was known.

A fall on the day of a company's own results, or after results that came when trading was over, most likely tells of
them. Calendars are estimates until a company confirms its date; a date moved replaces the one it was moved from.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from bot.core.model import EarningsDate, ReportTime
from bot.core.prices.sessions import Session
from bot.core.text.wording import short_day

ONE_REPORT = timedelta(days=40)
"""Dates of a company closer than this are one report that was moved: results come by the quarter or half-year."""
DUE, DUE_ABOUT = 0.75, 0.5
"""How likely results that fall into a session explain a large fall in it, where their time of day is known and where
only their date is: a judgement, not an estimate. The first outweighs a story that only ties the line of work to AI; one
that ties the company itself still outweighs both."""
_WORDS = {
    ReportTime.BEFORE: "before the open",
    ReportTime.DURING: "while trading went on",
    ReportTime.AFTER: "after the close",
}


KNOWN_BEFORE = timedelta(days=14)
"""How long before its date a report is taken to have been announced, where a recording does not say."""
_READ = {
    **{when.value: when for when in ReportTime},
    "": ReportTime.UNKNOWN,
    "bmo": ReportTime.BEFORE,
    "amc": ReportTime.AFTER,
}


def report_time(text: str) -> ReportTime:
    """``before``, ``during``, ``after`` or nothing; ``bmo`` and ``amc`` too. Raises ValueError saying what."""
    found = _READ.get(text.strip().lower())
    if found is None:
        raise ValueError(f"'{text.strip()[:20]}' is no time of day; write before, during, after, or nothing")
    return found


def read_report(text: str) -> tuple[date, ReportTime]:
    """``2025-01-29 after``: the day, and when on it. Raises ValueError saying what to write."""
    day, _, when = text.strip().partition(" ")
    try:
        found = date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"'{text.strip()[:30]}' is no date; write 2025-01-29, or 2025-01-29 after") from None
    return found, report_time(when)


class EarningsCalendar:
    """The dates known now, by symbol."""

    def __init__(self) -> None:
        self._dates: dict[str, list[EarningsDate]] = {}

    def __iter__(self) -> Iterator[EarningsDate]:
        for symbol in sorted(self._dates):
            yield from self._dates[symbol]

    def of(self, symbol: str) -> tuple[EarningsDate, ...]:
        """The dates of ``symbol``, oldest first."""
        return tuple(self._dates.get(symbol, ()))

    def knows(self, told: EarningsDate) -> bool:
        """Whether ``told`` says nothing new."""
        return any((k.date, k.when) == (told.date, told.when) for k in self._dates.get(told.symbol, ()))

    def apply(self, told: EarningsDate) -> None:
        """Take a date. It replaces the same date's earlier entry, and a nearby date still to come when it was told."""
        kept = [
            k
            for k in self._dates.get(told.symbol, ())
            if k.date != told.date and (k.date < told.seen_at.date() or abs(k.date - told.date) >= ONE_REPORT)
        ]
        self._dates[told.symbol] = sorted([*kept, told], key=lambda k: k.date)

    def concerning(self, symbol: str, session: Session, before: Session | None, at: datetime) -> EarningsDate | None:
        """The report that the prices of ``session`` tell of as they stand at ``at``; ``before`` is the session before.

        Results before the open, or at an unknown time, concern their day's session; those after the close its post
        phase and the session after. Results on a day without trading concern the next session.
        """
        for told in reversed(self._dates.get(symbol, ())):
            if _concerns(told, session, before, at):
                return told
        return None

    def forget(self, before: date) -> None:
        """Drop dates before ``before``."""
        kept = {s: [k for k in dates if k.date >= before] for s, dates in self._dates.items()}
        self._dates = {s: dates for s, dates in kept.items() if dates}


def _concerns(told: EarningsDate, session: Session, before: Session | None, at: datetime) -> bool:
    if told.date == session.date:
        return told.when is not ReportTime.AFTER or at >= session.close_at
    if before is None or told.date >= session.date:
        return False
    overnight = told.date == before.date and told.when in (ReportTime.AFTER, ReportTime.UNKNOWN)
    return overnight or told.date > before.date


def strength(told: EarningsDate) -> float:
    """How likely results due then explain a fall, 0 to 1."""
    return DUE_ABOUT if told.when is ReportTime.UNKNOWN else DUE


def due_words(told: EarningsDate) -> str:
    """``results due Wed 29 Jan, after the close``."""
    when = _WORDS.get(told.when, "")
    return f"results due {short_day(told.date)}{', ' + when if when else ''}"
