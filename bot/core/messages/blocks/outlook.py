"""How it goes on: the next open, results that are due, and what the maker is said to do next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo

from bot.core.messages.blocks.novelty import quoted
from bot.core.model import Block, BlockKind, EarningsDate, Line, Story
from bot.core.news.kinds import Said
from bot.core.news.vocabulary import Topics
from bot.core.prices.earnings import EarningsCalendar, due_words
from bot.core.text.wording import listing, there, when

WITHIN = timedelta(days=21)
MOST_REPORTS = 4
"""How many companies' results are named."""
NAMED = 3
"""How many of them in a line."""


def outlook(
    opens_at: datetime | None,
    zone: tzinfo,
    reports: Sequence[EarningsDate],
    said: Sequence[tuple[Story, Said]],
    topics: Topics,
    company: Callable[[str], str],
) -> list[Block]:
    """The block; empty where nothing is known to come. ``opens_at``: the next session's open, at an exchange in
    ``zone``; ``reports``: as ``reports_ahead`` returns them; ``said``: as ``happening.read`` returns it."""
    lines: list[Line] = []
    if opens_at is not None:
        lines.append(("The next session opens ", when(opens_at), f"{there(opens_at, zone)}."))
    due: dict[str, list[str]] = {}
    for report in reports:
        due.setdefault(due_words(report), []).append(company(report.symbol))
    for words, names in due.items():
        lines.append((f"{words[0].upper()}{words[1:]}: {listing(list(dict.fromkeys(names)), NAMED)}.",))
    lines += quoted(said, [detail for detail in topics.details if detail.ahead], 1)
    return [Block("outlook", BlockKind.FACTS, 22, "What to watch", tuple(lines))] if lines else []


def reports_ahead(calendar: EarningsCalendar, symbols: Sequence[str], at: datetime) -> tuple[EarningsDate, ...]:
    """The next results of ``symbols``, those that matter most first, that are due within three weeks of ``at``; the
    soonest first."""
    found: list[EarningsDate] = []
    for symbol in dict.fromkeys(symbols):
        report = next((each for each in calendar.of(symbol) if _ahead(each, at)), None)
        if report is not None and len(found) < MOST_REPORTS:
            found.append(report)
    return tuple(sorted(found, key=lambda report: report.date))


def _ahead(report: EarningsDate, at: datetime) -> bool:
    """Whether the results are certainly still to come; those of today may be out."""
    return report.seen_at <= at and at.date() < report.date <= at.date() + WITHIN
