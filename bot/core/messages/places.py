"""Where stocks trade, in words: the city of an exchange, and where a line of business has still to open."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.core.messages.snapshot import Snapshot
from bot.core.model import Line
from bot.core.news.companies import GROUP_STRENGTH, Companies
from bot.core.prices.sessions import Timetable
from bot.core.text.wording import age, count, listing, verbatim, when

HOME = "New York"
CITIES = {
    **dict.fromkeys(("XNYS", "XNAS", "XASE", "ARCX", "BATS", "IEXG", "OOTC"), HOME),
    **{"XTKS": "Tokyo", "XKRX": "Seoul", "XKOS": "Seoul", "XTAI": "Taipei", "ROCO": "Taipei", "XHKG": "Hong Kong"},
    **{"XSHG": "Shanghai", "XSHE": "Shenzhen", "XNSE": "Mumbai", "XBOM": "Mumbai", "XASX": "Sydney"},
    **{"XLON": "London", "XAMS": "Amsterdam", "XPAR": "Paris", "XETR": "Frankfurt", "XFRA": "Frankfurt"},
    **{"XSWX": "Zurich", "XMIL": "Milan", "XMAD": "Madrid", "XSTO": "Stockholm", "XHEL": "Helsinki"},
    **{"XCSE": "Copenhagen", "XTSE": "Toronto", "XWAR": "Warsaw", "XSES": "Singapore"},
}
"""The city by which people know an exchange."""
MOST_CITIES = 2
"""More are no place where something happens."""


def in_cities(exchanges: Iterable[str]) -> str:
    """`` in Tokyo``, `` in Tokyo and Seoul``: where stocks of these exchanges fall; empty where one is New York's, as
    that goes without saying, where one has no known city, and where there are too many."""
    cities = sorted({CITIES.get(exchange, "") for exchange in exchanges})
    if not cities or HOME in cities or "" in cities or len(cities) > MOST_CITIES:
        return ""
    return f" in {listing(cities)}"


@dataclass(frozen=True, slots=True)
class Opening:
    """Stocks of one city that begin to trade together."""

    city: str
    pre_at: datetime
    """When its pre-market begins; when it opens where it has none."""
    open_at: datetime
    companies: tuple[str, ...]
    """Their names, those most exposed first."""


def still_to_open(
    seen: Snapshot, line: str, watched: Collection[str], companies: Companies, timetable_of: Callable[[str], Timetable]
) -> list[Opening]:
    """Where companies of a line of business that falls have their session of the same date still before them, the
    soonest first. A company that has fallen elsewhere already is not waited for; one that is listed twice is named
    where it trades first."""
    fallen = {companies.company_of(m.symbol) for m in seen.moves}
    first: dict[str, tuple[datetime, datetime, str]] = {}
    for symbol in (s for s in companies.exposed_to(line, GROUP_STRENGTH) if s in watched):
        timetable = timetable_of(symbol)
        session, city = timetable.on(seen.session), CITIES.get(timetable.exchange, "")
        company = companies.company_of(symbol)
        if session is not None and session.pre_at > seen.at and city and company not in fallen:
            where = (session.pre_at, session.open_at, city)
            first[company] = min(first.get(company, where), where)
    waiting: dict[tuple[datetime, datetime, str], list[str]] = {}
    for company, where in first.items():
        waiting.setdefault(where, []).append(verbatim(companies.name_of(company)))
    return [Opening(city, pre_at, open_at, tuple(names)) for (pre_at, open_at, city), names in sorted(waiting.items())]


def opening_lines(openings: Iterable[Opening], line: str, at: datetime) -> list[Line]:
    """How soon each city opens for a line of business (its title), and who trades there."""
    lines: list[Line] = []
    for opening in openings:
        others = len(opening.companies) - 1
        who = f"{opening.companies[0]} and {count(others, 'other')}" if others else opening.companies[0]
        pre: Line = ("; pre-market from ", when(opening.pre_at)) if opening.pre_at < opening.open_at else ()
        told = f"{line[:1].upper()}{line[1:]} in {opening.city} ({who}): opens in {age(opening.open_at - at)}, "
        lines.append((told, when(opening.open_at), *pre, "."))
    return lines
