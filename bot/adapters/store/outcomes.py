"""What followed the alerts: worked out from stored quotes and bars, stored once, read by rule.

The running bot stores outcomes as they fall due. A history that no bot uses is brought up to date by whoever reads it;
beside a running bot a reader works out what is missing for itself and stores nothing. Both find the same.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from os import PathLike
from pathlib import Path
from typing import Any

from bot.adapters.store.codec import clean, moment, moment_text
from bot.adapters.store.connection import connect_writer, transaction, translated
from bot.adapters.store.lock import WriterLock
from bot.adapters.store.rows import ALERT, BAR, QUOTE, SPLIT, insert
from bot.adapters.store.schema import require_current
from bot.core.incidents.outcomes import Horizon, NoOutcome, Outcome, due_at, outcomes_of, without_outcome
from bot.core.model import Alert
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Timetable

TimetableOf = Callable[[str], Timetable]
Settled = Outcome | NoOutcome
"""What is stored of a horizon."""

BUSY_FOR = timedelta(seconds=2)

_INSERT = (
    insert("outcomes", "alert_id", "horizon", "due_at", "price_at", "price", "change", "change_from_reference")
    + " ON CONFLICT DO NOTHING"
)

# an alert moves on when its severity rises; returns are measured from what it fired on, which its first change has
_AS_FIRED = {"price": "f.price", "price_at": "f.price_at", "phase": "f.phase", "change": "f.change"}
_LEFT_OUT = {"cause": "NULL", "checks": "'[]'", "rest": "json_object('corrected_at', a.rest ->> '$.corrected_at')"}
"""Long, and nothing here depends on them."""
_COLUMNS = ", ".join(
    f"coalesce({_AS_FIRED[name]}, a.{name})" if name in _AS_FIRED else _LEFT_OUT.get(name, f"a.{name}")
    for name in ALERT.columns
)
_FROM = (
    "FROM alerts a LEFT JOIN alert_changes f ON f.alert_id = a.id AND f.kind = 'fired' AND f.at ="
    " (SELECT min(at) FROM alert_changes WHERE alert_id = a.id AND kind = 'fired')"
)
_UNSETTLED = (
    f"SELECT {_COLUMNS} {_FROM}"
    f" WHERE (SELECT count(*) FROM outcomes o WHERE o.alert_id = a.id) < {len(Horizon)}"
    " ORDER BY a.symbol, a.fired_at, a.rowid"
)
# closes and each hour's first word on the previous close, for all the time; other prices only where they are asked for
_QUOTES = (
    f"SELECT {', '.join(QUOTE.columns)} FROM quotes WHERE symbol = ?1 AND at >= ?2 AND at <= ?3 AND seen_at <= ?3"
    " AND (kind = 'close' OR arrival IN (SELECT min(arrival) FROM quotes WHERE symbol = ?1 AND at >= ?2 AND at <= ?3"
    " AND seen_at <= ?3 AND previous_close > 0 GROUP BY substr(at, 1, 13))"
    " OR arrival IN (SELECT p.arrival FROM json_each(?4) w JOIN quotes p ON p.symbol = ?1"
    " AND p.at BETWEEN json_extract(w.value, '$[0]') AND json_extract(w.value, '$[1]')"
    " WHERE p.kind IN ('trade', 'open'))) ORDER BY at, arrival"
)


def present(conn: sqlite3.Connection, now: datetime) -> datetime:
    """The moment up to which the history can know anything: ``now``, or in a simulation how far that has come."""
    begun = conn.execute("SELECT mode FROM runs ORDER BY id LIMIT 1").fetchone()
    if begun is None or begun[0] == "live":
        return now
    newest = conn.execute(
        "SELECT max(seen) FROM (SELECT max(seen_at) AS seen FROM quotes UNION ALL SELECT max(seen_at) FROM daily_bars"
        " UNION ALL SELECT max(seen_at) FROM stories)"
    ).fetchone()[0]
    return min(now, moment(newest)) if newest is not None else now


def missing(conn: sqlite3.Connection, timetable_of: TimetableOf, now: datetime) -> Iterator[list[Settled]]:
    """What is not stored yet of the alerts' outcomes and can be told at ``now``, a list for each symbol looked at.

    Prices are read only for symbols with a horizon that is due; between two lists the connection is free for others.
    """
    at = present(conn, now)
    unsettled = [ALERT.value(row) for row in conn.execute(_UNSETTLED)]
    stored = _stored(conn, unsettled)
    waiting = [alert for alert in unsettled if _may_be_due(alert, stored, at)]
    for symbol, alerts in groupby(waiting, key=lambda alert: alert.symbol):
        timetable = timetable_of(symbol)
        due = [(alert, horizons) for alert in alerts if (horizons := _due(alert, timetable, stored, at))]
        if due:
            prices = _prices(conn, symbol, timetable, due, at)
            yield [settled for alert, horizons in due for settled in _settled(alert, horizons, prices, at)]


def write(conn: sqlite3.Connection, rows: Iterable[Settled]) -> None:
    """Insert what is not there; expects to be inside a transaction."""
    conn.executemany(_INSERT, [_row(settled) for settled in rows])


def save(path: str | PathLike[str], rows: Sequence[Settled]) -> None:
    """Store ``rows`` in a history that nobody else writes to, in one transaction.

    StoreInUseError where a bot runs on it; StoreFullError where it cannot be written.
    """
    file = Path(path).expanduser().resolve()
    lock = WriterLock(file)
    try:
        with translated(file), contextlib.closing(connect_writer(file, durable=True, busy_for=BUSY_FOR)) as conn:
            require_current(conn, file)
            with transaction(conn):
                write(conn, rows)
    finally:
        lock.release()


def priced(rows: Iterable[Settled]) -> int:
    """How many of them have a price."""
    return sum(isinstance(settled, Outcome) for settled in rows)


def fired_alerts(conn: sqlite3.Connection, *, rule: str | None = None, since: datetime | None = None) -> list[Alert]:
    """Alerts as they were when they fired, oldest first, without cause and checks; severity is the highest they had."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE (?1 IS NULL OR a.rule = ?1) AND (?2 IS NULL OR a.fired_at >= ?2)"
        " ORDER BY a.fired_at, a.rowid",
        (clean(rule) if rule is not None else None, moment_text(since) if since is not None else None),
    )
    return [ALERT.value(row) for row in rows]


def stored_outcomes(conn: sqlite3.Connection) -> Iterator[Outcome]:
    """Every stored outcome that has a price."""
    rows = conn.execute(
        "SELECT alert_id, horizon, due_at, price_at, price, change, change_from_reference FROM outcomes"
        " WHERE price IS NOT NULL"
    )
    for alert, horizon, due, price_at, *figures in rows:
        yield Outcome(alert, Horizon(horizon), moment(due), moment(price_at), *figures)


def first_session(conn: sqlite3.Connection) -> date | None:
    """The earliest session an alert is about."""
    first = conn.execute("SELECT min(session) FROM alerts").fetchone()[0]
    return date.fromisoformat(first) if first is not None else None


def verdicts(conn: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """By incident, how many readers said what of it."""
    found: dict[str, dict[str, int]] = {}
    for incident, verdict, people in conn.execute(
        "SELECT incident_id, verdict, count(*) FROM verdicts GROUP BY incident_id, verdict"
    ):
        found.setdefault(incident, {})[verdict] = people
    return found


def known_rules(conn: sqlite3.Connection) -> list[str]:
    """The rules that were ever in force, or fired, by name."""
    return [name for (name,) in conn.execute("SELECT DISTINCT rule FROM rule_versions ORDER BY rule")]


# ------------------------------------------------------------------------------------------------------------- inside


def _stored(conn: sqlite3.Connection, alerts: Sequence[Alert]) -> set[tuple[str, str]]:
    wanted = json.dumps([clean(alert.id) for alert in alerts])
    return set(
        conn.execute(
            "SELECT alert_id, horizon FROM outcomes WHERE alert_id IN (SELECT value FROM json_each(?))", [wanted]
        )
    )


def _may_be_due(alert: Alert, stored: set[tuple[str, str]], at: datetime) -> bool:
    """Whether a horizon may be due, as far as the days tell: sessions have a day each. Spares asking a calendar."""
    return any(
        (alert.id, horizon.value) not in stored and alert.session + timedelta(days=horizon.sessions) <= at.date()
        for horizon in Horizon
    )


def _due(alert: Alert, timetable: Timetable, stored: set[tuple[str, str]], at: datetime) -> set[Horizon]:
    """The horizons to settle now: due, and not stored."""
    return {
        horizon
        for horizon in Horizon
        if (alert.id, horizon.value) not in stored
        and (due := due_at(alert, horizon, timetable)) is not None
        and due <= at
    }


def _settled(alert: Alert, horizons: set[Horizon], prices: SymbolPrices, at: datetime) -> Iterator[Settled]:
    found: dict[Horizon, Settled] = {o.horizon: o for o in outcomes_of(alert, prices, at)}
    for none in without_outcome(alert, prices.timetable, at):
        found.setdefault(none.horizon, none)
    yield from (found[horizon] for horizon in Horizon if horizon in horizons and horizon in found)


def _prices(
    conn: sqlite3.Connection,
    symbol: str,
    timetable: Timetable,
    due: Sequence[tuple[Alert, set[Horizon]]],
    at: datetime,
) -> SymbolPrices:
    """What these alerts' outcomes rest on, as far as it was seen by ``at``."""
    windows: dict[str, str] = {}
    for alert, horizons in due:
        session = timetable.current(alert.fired_at)
        if session is not None and any(horizon.wait for horizon in horizons):
            # several alerts of a session need one window, from the first that fired
            windows.setdefault(moment_text(session.ends_at), moment_text(alert.fired_at))
    first = min(alert.price_at for alert, _ in due)
    opening = min((s.starts_at for a, _ in due if (s := timetable.on(a.session))), default=first)
    bars_from = min((a.reference.session if a.reference else a.session for a, _ in due))
    name, until = clean(symbol), moment_text(at)
    asked = [(start, end) for end, start in windows.items()]
    prices = SymbolPrices(symbol, timetable)
    for row in conn.execute(_QUOTES, (name, moment_text(min(first, opening)), until, json.dumps(asked))).fetchall():
        prices.quotes.append(QUOTE.value(row))
    days: tuple[Any, ...] = (name, bars_from.isoformat(), until)
    for row in conn.execute(
        f"SELECT {', '.join(BAR.columns)} FROM daily_bars WHERE symbol = ? AND session >= ? AND seen_at <= ?"
        " ORDER BY seen_at, arrival",
        days,
    ).fetchall():
        prices.add_bar(BAR.value(row))
    for row in conn.execute(
        f"SELECT {', '.join(SPLIT.columns)} FROM splits WHERE symbol = ? AND seen_at <= ? ORDER BY seen_at, arrival",
        (name, until),
    ).fetchall():
        prices.add_split(SPLIT.value(row))
    return prices


def _row(settled: Settled) -> tuple[Any, ...]:
    figures: tuple[Any, ...] = (None,) * 4
    if isinstance(settled, Outcome):
        figures = (moment_text(settled.at), settled.price, settled.change, settled.change_from_reference)
    return (clean(settled.alert), settled.horizon.value, moment_text(settled.due_at), *figures)
