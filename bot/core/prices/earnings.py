"""Earnings dates from a calendar, each with the time at which it was known.

A fall on the day of a company's own results, or after results out of hours, is most likely due to them. Dates are
estimates until the company confirms them; a moved date replaces the old one.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bot.core.model import EarningsDate, ReportTime
from bot.core.prices.sessions import Session
from bot.core.text.wording import short_day

ONE_REPORT = timedelta(days=40)
"""Dates of a company closer than this are one report that was moved: results are quarterly or half-yearly."""
DUE, DUE_ABOUT = 0.75, 0.5
"""How likely results in a session explain a large fall in it, with known time of day and with the date alone: a
judgement, not an estimate. The first outweighs a story that ties only the line of business to AI; one that ties the
company itself outweighs both."""
_WORDS = {
    ReportTime.BEFORE: "before the open",
    ReportTime.DURING: "during trading",
    ReportTime.AFTER: "after the close",
}
KNOWN_BEFORE = timedelta(days=14)
"""How long before its date a report counts as announced where a recording does not say."""
_READ = {
    **{when.value: when for when in ReportTime},
    "": ReportTime.UNKNOWN,
    "bmo": ReportTime.BEFORE,
    "amc": ReportTime.AFTER,
}


def parse_report_time(text: str) -> ReportTime:
    """``before``, ``during``, ``after`` or nothing; ``bmo`` and ``amc`` too. Raises ValueError saying what to write."""
    when = _READ.get(text.strip().lower())
    if when is None:
        raise ValueError(f"'{text.strip()[:20]}' is not a time of day; write before, during, after, or nothing")
    return when


def parse_report(text: str) -> tuple[date, ReportTime]:
    """``2025-01-29 after``: date and time of day. Raises ValueError saying what to write."""
    day, _, when = text.strip().partition(" ")
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"'{text.strip()[:30]}' is not a date; write 2025-01-29, or 2025-01-29 after") from None
    return on, parse_report_time(when)


class EarningsCalendar:
    """The earnings dates known now, by symbol."""

    def __init__(self) -> None:
        self._dates: dict[str, list[EarningsDate]] = {}

    def of(self, symbol: str) -> tuple[EarningsDate, ...]:
        """The dates of ``symbol``, oldest first."""
        return tuple(self._dates.get(symbol, ()))

    def knows(self, report: EarningsDate) -> bool:
        """Whether this date is known already."""
        return any((k.date, k.when) == (report.date, report.when) for k in self._dates.get(report.symbol, ()))

    def apply(self, report: EarningsDate) -> None:
        """Add a date. It replaces the entry for the same date, and a nearby one not past when the new one was known."""
        kept = [
            k
            for k in self._dates.get(report.symbol, ())
            if k.date != report.date and (k.date < report.seen_at.date() or abs(k.date - report.date) >= ONE_REPORT)
        ]
        self._dates[report.symbol] = sorted([*kept, report], key=lambda k: k.date)

    def concerning(self, symbol: str, session: Session, before: Session | None, at: datetime) -> EarningsDate | None:
        """The report that prices of ``session`` at ``at`` reflect; ``before`` is the session before.

        Results before the open, or at an unknown time, move that day's session; those after the close its post phase
        and the next session. Results on a day without trading move the next session.
        """
        dates = reversed(self._dates.get(symbol, ()))
        return next((report for report in dates if _concerns(report, session, before, at)), None)

    def forget(self, before: date) -> None:
        """Drop dates before ``before``."""
        kept = {s: [k for k in dates if k.date >= before] for s, dates in self._dates.items()}
        self._dates = {s: dates for s, dates in kept.items() if dates}


def _concerns(report: EarningsDate, session: Session, before: Session | None, at: datetime) -> bool:
    if report.date == session.date:
        return report.when is not ReportTime.AFTER or at >= session.close_at
    if before is None or report.date >= session.date:
        return False
    overnight = report.date == before.date and report.when in (ReportTime.AFTER, ReportTime.UNKNOWN)
    return overnight or report.date > before.date


def strength(report: EarningsDate) -> float:
    """How likely results due then explain a fall, 0 to 1."""
    return DUE_ABOUT if report.when is ReportTime.UNKNOWN else DUE


def due_words(report: EarningsDate) -> str:
    """``results due Wed 29 Jan, after the close``."""
    when = _WORDS.get(report.when, "")
    return f"results due {short_day(report.date)}{', ' + when if when else ''}"
