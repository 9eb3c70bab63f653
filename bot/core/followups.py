"""Follow-ups: what an incident still owes its readers, and when each falls due.

``session close`` and ``next session close`` are due at a time; ``rebound X%`` and ``recovered`` when the lead
symbol's price says so, and lapse at the close of the fifth session after the incident's first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.market import SymbolPrices
from bot.core.model import Alert, FollowUp, Incident, Quote, QuoteKind
from bot.core.sessions import Session, Timetable

LAPSES_AFTER_SESSIONS = 5
CLOSE_GRACE = timedelta(minutes=10)
"""How long after the regular close a follow-up waits for the official close before it uses the last price."""
STALE_AFTER = timedelta(hours=20)
"""A timed follow-up that could not be sent for so long (the bot was down) is dropped: the next one says more."""
LATE_AFTER = timedelta(minutes=30)

_REBOUND = re.compile(r"^rebound (\d+(?:\.\d+)?)%$")
TIMED = {"session close": 0, "next session close": 1}


def parse_follow_up(text: str) -> str:
    """``text`` in its normal form. Raises ValueError listing what can be written."""
    folded = " ".join(text.split())
    if folded in TIMED or folded == "recovered" or _REBOUND.match(folded):
        return folded
    raise ValueError(
        f"{text!r} is not a follow-up; write 'session close', 'next session close', 'rebound 5%' or 'recovered'"
    )


def plan(kinds: Iterable[str], incident: Incident, timetable: Timetable, at: datetime) -> tuple[FollowUp, ...]:
    """The incident's follow-ups with those that its newest alert's rule asks for and it does not have yet."""
    have = {f.kind for f in incident.follow_ups}
    session = timetable.on(incident.session)
    planned = list(incident.follow_ups)
    for kind in kinds:
        if kind in have or session is None:
            continue
        due = None
        if kind in TIMED:
            target = timetable.before(session, -TIMED[kind])
            if target is None or target.close_at <= at:
                continue
            due = target.close_at
        planned.append(FollowUp(kind, due))
    return tuple(planned)


def lapses_at(incident: Incident, timetable: Timetable) -> datetime | None:
    """When price-decided follow-ups lapse: the close of the fifth session after the incident's first."""
    session = timetable.on(incident.session)
    last = timetable.before(session, -LAPSES_AFTER_SESSIONS) if session else None
    return last.close_at if last else None


def due_by_time(incident: Incident, prices: SymbolPrices, at: datetime) -> list[FollowUp]:
    """The timed follow-ups whose moment has come and whose closing price is known (or no longer waited for)."""
    found = []
    for follow_up in incident.follow_ups:
        if follow_up.done_at is not None or follow_up.due_at is None or follow_up.due_at > at:
            continue
        session = prices.timetable.at(follow_up.due_at)
        known = session is not None and prices.close_of(session) is not None
        if known or at >= follow_up.due_at + CLOSE_GRACE:
            found.append(follow_up)
    return found


def due_by_price(incident: Incident, prices: SymbolPrices, lead: Alert | None, at: datetime) -> list[FollowUp]:
    """The follow-ups that the lead symbol's price brings about now, in two agreeing quotes or a confirmed one."""
    opened = [f for f in incident.follow_ups if f.done_at is None and f.due_at is None]
    session = prices.timetable.on(incident.session)
    standing = prices.standing(at)
    if not opened or session is None or standing is None or lead is None:
        return []
    return [f for f in opened if _reached(f, prices, session, standing, lead)]


def _reached(
    follow_up: FollowUp, prices: SymbolPrices, first: Session, standing: tuple[Quote, Session], lead: Alert
) -> bool:
    quote, now_in = standing
    if now_in.date <= first.date:
        return False
    if rebound := _REBOUND.match(follow_up.kind):
        close = prices.close_of(first)
        target = close * (1 + float(rebound[1]) / 100) if close else None
    else:
        target = lead.reference.price if lead.reference else None
    if target is None or (lead.change or 0.0) >= 0:
        return False
    quotes = [quote] if quote.kind.confirmed and quote.kind is not QuoteKind.LOW else prices.distinct(2)
    return (len(quotes) == 2 or quote.kind.confirmed) and all(
        q.price >= target and prices.session_of(q) == now_in for q in quotes
    )


def done(incident: Incident, kinds: Sequence[str], at: datetime, outcome: str) -> Incident:
    """``incident`` with the follow-ups of these kinds done."""
    changed = tuple(
        replace(f, done_at=at, outcome=outcome) if f.kind in kinds and f.done_at is None else f
        for f in incident.follow_ups
    )
    return replace(incident, follow_ups=changed, updated_at=at)


def next_due(incident: Incident, prices: SymbolPrices, after: datetime) -> datetime | None:
    """The next moment at which time alone can make something of this incident due."""
    times: list[datetime] = []
    for follow_up in incident.follow_ups:
        if follow_up.done_at is None and follow_up.due_at is not None:
            times.append(follow_up.due_at if follow_up.due_at > after else follow_up.due_at + CLOSE_GRACE)
    if any(f.done_at is None and f.due_at is None for f in incident.follow_ups):
        lapse = lapses_at(incident, prices.timetable)
        if lapse is not None:
            times.append(lapse if lapse > after else lapse + CLOSE_GRACE)
    if incident.edit_due_at is not None:
        times.append(incident.edit_due_at)
    return min(times, default=None)
