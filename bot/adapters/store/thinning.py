"""Thinning old quotes: of a poll every few seconds, what charts, outcomes and replays of alerts need is kept.

Of trades older than asked for, these stay:

- the first of every ten minutes, and of every minute among the evidence of an alert of the symbol. A restart reads no
  more either;
- the lowest, the highest and the last of every hour, so that a session keeps its range and its end, and the first that
  states a previous close, by which outcomes notice a split;
- the last of each symbol that was known when an alert fired or rose and when a message was written: what it rests on;
- all from half an hour before an alert of the symbol fired or rose until a quarter after;
- those at the very time that an alert, one of its changes, its reference or an outcome names;
- all evidence of an alert as long as what followed within the hour is not worked out.

Quotes that are no trades (opens, lows, highs and closes of bars) all stay.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from bot.adapters.store.codec import moment, moment_text
from bot.adapters.store.engine import Connection, transaction
from bot.adapters.store.recorded import priced_symbols

SLICE = timedelta(hours=6)
"""Of one symbol, this much is gone through in one transaction: 1,440 quotes where it is polled every 15 seconds."""
GONE_THROUGH_UNTIL = "quotes_thinned_until"
"""The key in ``extras`` of the time from which on quotes have not been gone through."""
EVERY_QUOTE_SINCE = "every_quote_since"
"""The key in ``extras`` of the time before which quotes may have been thinned."""
BEFORE_CHANGE, AFTER_CHANGE = timedelta(minutes=35), timedelta(minutes=15)
"""Around a change of an alert all trades of its symbol stay; a quote may be seen twenty minutes late."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATE = timedelta(hours=1)
"""A moment this long after a slice may still rest on a quote of it."""
LASTS = timedelta(days=8)
"""No alert changes this long after it fired."""


class Trade(NamedTuple):
    """A stored quote, as far as thinning asks. Times are as stored."""

    arrival: int
    at: str
    seen_at: str
    price: float
    kind: str
    states_close: bool
    """Whether it has a previous close."""


@dataclass(slots=True)
class Rests:
    """What rests on the quotes of one symbol: times and spans of times, as stored, both ends inclusive."""

    whole: list[tuple[str, str]] = field(default_factory=list)
    """Spans in which every trade stays."""
    evidence: list[tuple[str, str]] = field(default_factory=list)
    """Spans in which one a minute stays."""
    named: set[str] = field(default_factory=set)
    """Times of trades that stay."""
    moments: Sequence[str] = ()
    """Times at which the newest known quote of every symbol counted."""


def superfluous(quotes: Sequence[Trade], rests: Rests) -> list[int]:
    """The arrivals of those quotes that need not stay. ``quotes`` are of one symbol, in order of ``at`` and arrival,
    and of whole hours.

    The result does not depend on whether some of it has been deleted before.
    """
    kept: set[int] = set(_newest_known(quotes, rests.moments))
    for _, of_hour in groupby(quotes, key=lambda q: q.at[:13]):
        hour = list(of_hour)
        trades = [q for q in hour if q.kind == "trade"]
        if trades:
            extremes = (min(trades, key=_price), max(trades, key=_price), trades[-1])
            kept.update(q.arrival for q in extremes)
        kept.update(sorted(q.arrival for q in hour if q.states_close)[:1])
        # the first fifteen characters of a time are its ten minutes, sixteen its minute
        firsts: dict[str, int] = {}
        for quote in trades:
            for bucket in (quote.at[:15], *([quote.at[:16]] if _within(quote.at, rests.evidence) else [])):
                firsts[bucket] = min(firsts.get(bucket, quote.arrival), quote.arrival)
        kept.update(firsts.values())
    return [
        q.arrival
        for q in quotes
        if q.kind == "trade" and q.arrival not in kept and q.at not in rests.named and not _within(q.at, rests.whole)
    ]


def _price(quote: Trade) -> float:
    return quote.price


def _within(at: str, spans: Iterable[tuple[str, str]]) -> bool:
    return any(begin <= at <= end for begin, end in spans)


def _newest_known(quotes: Sequence[Trade], moments: Iterable[str]) -> Iterator[int]:
    """Of each moment: the arrival of the newest quote by event time that had been seen by then."""
    as_seen = sorted(quotes, key=lambda q: (q.seen_at, q.arrival))
    newest: list[Trade] = []
    for quote in as_seen:
        newest.append(max(quote, newest[-1], key=_event) if newest else quote)
    for at in moments:
        seen = bisect_right(as_seen, at, key=lambda q: q.seen_at)
        if seen:
            yield newest[seen - 1].arrival


def _event(quote: Trade) -> tuple[str, int]:
    return quote.at, quote.arrival


# ------------------------------------------------------------------------------------------------------------ the store


def thin(conn: Connection, before: datetime, now: datetime) -> Iterator[int]:
    """Thin the quotes traded before ``before``, from where the last time ended.

    Yields after each short transaction how many quotes it deleted. It may be stopped between them, and goes on from the
    slice it was in.
    """
    symbols = priced_symbols(conn)
    for begin, end in _slices(conn, symbols, before):
        for symbol in symbols:
            gone = _superfluous_in(conn, symbol, begin, end)
            if gone:
                with transaction(conn):
                    conn.executemany("DELETE FROM quotes WHERE arrival = ?", [(arrival,) for arrival in gone])
            yield len(gone)
        with transaction(conn):
            _remember(conn, GONE_THROUGH_UNTIL, end, now)
            _remember(conn, EVERY_QUOTE_SINCE, max(end, every_quote_since(conn) or end), now)


def thinnable(conn: Connection, before: datetime) -> int:
    """How many quotes ``thin`` would delete. Changes nothing."""
    symbols = priced_symbols(conn)
    return sum(
        len(_superfluous_in(conn, symbol, begin, end))
        for begin, end in _slices(conn, symbols, before)
        for symbol in symbols
    )


def every_quote_since(conn: Connection) -> datetime | None:
    """Quotes traded before that have been thinned; ``None`` where none have."""
    return _remembered(conn, EVERY_QUOTE_SINCE)


def imported(ours: Connection, theirs: Connection, now: datetime) -> None:
    """Quotes of another history have come into ours, which may be old, and may have been thinned; expects to be inside
    a transaction."""
    ours.execute("DELETE FROM extras WHERE name = ?", (GONE_THROUGH_UNTIL,))
    if (there := every_quote_since(theirs)) is not None:
        _remember(ours, EVERY_QUOTE_SINCE, max(there, every_quote_since(ours) or there), now)


def _remembered(conn: Connection, name: str) -> datetime | None:
    row = conn.execute("SELECT value FROM extras WHERE name = ?", (name,)).fetchone()
    return moment(row[0]) if row is not None else None


def _remember(conn: Connection, name: str, value: datetime, now: datetime) -> None:
    conn.execute(
        "INSERT INTO extras (name, value, updated_at) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        (name, moment_text(value), moment_text(now)),
    )


def _slices(conn: Connection, symbols: Iterable[str], before: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Begin and end of each slice to go through, up to the last whole one."""
    begin = _remembered(conn, GONE_THROUGH_UNTIL) or _oldest(conn, symbols)
    if begin is None:
        return
    begin -= (begin - EPOCH) % SLICE
    while begin + SLICE <= before:
        yield begin, begin + SLICE
        begin += SLICE


def _oldest(conn: Connection, symbols: Iterable[str]) -> datetime | None:
    oldest = (conn.execute("SELECT min(at) FROM quotes WHERE symbol = ?", (s,)).fetchone()[0] for s in symbols)
    return moment(min(at)) if (at := [text for text in oldest if text is not None]) else None


def _superfluous_in(conn: Connection, symbol: str, begin: datetime, end: datetime) -> list[int]:
    rows = conn.execute(
        "SELECT arrival, at, seen_at, price, kind, coalesce(previous_close, 0) > 0 FROM quotes"
        " WHERE symbol = ? AND at >= ? AND at < ? ORDER BY at, arrival",
        (symbol, moment_text(begin), moment_text(end)),
    )
    quotes = [Trade._make(row) for row in rows]
    return superfluous(quotes, _rests(conn, symbol, begin, end)) if quotes else []


_OVERLAPPING = (
    "SELECT a.id, a.evidence_from, a.evidence_until, a.price_at, a.last_price_at, a.reference_at,"
    " (SELECT count(*) FROM outcomes o WHERE o.alert_id = a.id AND o.horizon IN ('15 min', '1 hour')) = 2"
    " FROM alerts a WHERE a.symbol = ? AND a.evidence_from < ? AND a.evidence_until >= ?"
)
_MOMENTS = (
    "SELECT created_at FROM notifications WHERE created_at >= ?1 AND created_at < ?2 AND reason <> 'operator'"
    " UNION SELECT c.at FROM alerts a CROSS JOIN alert_changes c ON c.alert_id = a.id"
    " WHERE a.fired_at >= ?3 AND a.fired_at < ?2 AND c.kind <> 'resolved' AND c.at >= ?1 AND c.at < ?2"
)


def _rests(conn: Connection, symbol: str, begin: datetime, end: datetime) -> Rests:
    """What rests on the quotes of ``symbol`` from ``begin`` to before ``end``."""
    since, until = moment_text(begin), moment_text(end + LATE)
    rests = Rests(
        moments=[at for (at,) in conn.execute(_MOMENTS, (since, until, moment_text(begin - LASTS)))],
    )
    for alert, *span, price_at, last_price_at, reference_at, settled in conn.execute(
        _OVERLAPPING, (symbol, moment_text(end), since)
    ).fetchall():
        (rests.evidence if settled else rests.whole).append((span[0], span[1]))
        rests.named |= {price_at, last_price_at, reference_at}
        for at, priced_at, kind in conn.execute(
            "SELECT at, price_at, kind FROM alert_changes WHERE alert_id = ?", (alert,)
        ):
            rests.named.add(priced_at)
            if kind != "resolved":
                changed = moment(at)
                rests.whole.append((moment_text(changed - BEFORE_CHANGE), moment_text(changed + AFTER_CHANGE)))
        rests.named |= {at for (at,) in conn.execute("SELECT price_at FROM outcomes WHERE alert_id = ?", (alert,))}
    return rests
