"""Outcomes of alerts: computed from stored quotes and bars, stored once, read by rule.

The running bot stores outcomes as they fall due. A command that reads the history brings it up to date where no bot is
running; beside a bot it computes what is missing for itself and stores nothing. Both find the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from os import PathLike
from typing import Any

from bot.adapters.store.codec import clean, moment, moment_text
from bot.adapters.store.engine import Connection, transaction
from bot.adapters.store.lock import locked_writer
from bot.adapters.store.rows import ALERT, BAR, QUOTE, SPLIT, insert
from bot.core.incidents.outcomes import Horizon, NoOutcome, Outcome, due_at, outcomes_of, session_then, without_outcome
from bot.core.model import Alert
from bot.core.prices.market import SymbolPrices
from bot.core.prices.sessions import Timetable
from bot.core.server_address import ServerAddress

TimetableOf = Callable[[str], Timetable]
Settled = Outcome | NoOutcome
"""What is stored for a horizon: its outcome, or that there is none."""

_INSERT = (
    insert("outcomes", "alert_id", "horizon", "due_at", "price_at", "price", "change", "change_from_reference")
    + " ON CONFLICT DO NOTHING"
)

# an alert's price changes when its severity rises; outcomes are measured from the price it fired on: its first change
_AS_FIRED = {"price": "f.price", "price_at": "f.price_at", "phase": "f.phase", "change": "f.change"}
_LEFT_OUT = {
    "cause": "NULL",
    "checks": "'[]'",
    "rest": """'{"corrected_at":' || coalesce('"' || json_extract(a.rest, '$.corrected_at') || '"', 'null') || '}'""",
}
"""Long, and not needed here."""
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
# closes and each hour's first quote with a previous close over the whole time; other prices only in given windows
_QUOTES = (
    "WHERE symbol = ?1 AND at >= ?2 AND at <= ?3 AND seen_at <= ?3"
    " AND (kind = 'close' OR arrival IN (SELECT min(arrival) FROM quotes WHERE symbol = ?1 AND at >= ?2 AND at <= ?3"
    " AND seen_at <= ?3 AND previous_close > 0 GROUP BY substr(at, 1, 13))"
    " OR arrival IN (SELECT p.arrival FROM json_each(?4) w JOIN quotes p ON p.symbol = ?1"
    " AND p.at BETWEEN json_extract(w.value, '$[0]') AND json_extract(w.value, '$[1]')"
    " WHERE p.kind IN ('trade', 'open'))) ORDER BY at, arrival"
)


def present(conn: Connection, now: datetime) -> datetime:
    """The time up to which the history knows anything: ``now``, or in a simulation how far it has come."""
    begun = conn.execute("SELECT mode FROM runs ORDER BY id LIMIT 1").fetchone()
    if begun is None or begun[0] == "live":
        return now
    newest = conn.execute(
        "SELECT max(seen) FROM (SELECT max(seen_at) AS seen FROM quotes UNION ALL SELECT max(seen_at) FROM daily_bars"
        " UNION ALL SELECT max(seen_at) FROM stories) AS newest"
    ).fetchone()[0]
    return min(now, moment(newest)) if newest is not None else now


def missing(conn: Connection, timetable_of: TimetableOf, now: datetime) -> Iterator[list[Settled]]:
    """Outcomes of alerts that are due at ``now`` and not stored yet: a list for each symbol that has any.

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


def write(conn: Connection, rows: Iterable[Settled]) -> None:
    """Insert rows that are not there yet; expects to be inside a transaction."""
    conn.executemany(_INSERT, [_row(settled) for settled in rows])


def save(path: str | PathLike[str] | ServerAddress, rows: Sequence[Settled]) -> None:
    """Store ``rows`` in a history that no bot is running on, in one transaction.

    Raises StoreInUseError where one is; StoreFullError where it cannot be written.
    """
    with locked_writer(path) as conn, transaction(conn):
        write(conn, rows)


def priced(rows: Iterable[Settled]) -> int:
    """How many have a price."""
    return sum(isinstance(settled, Outcome) for settled in rows)


def fired_alerts(conn: Connection, *, rule: str | None = None, since: datetime | None = None) -> list[Alert]:
    """Alerts as they fired, oldest first, without cause and checks; severity is the highest they had."""
    tests = [
        *([("a.rule = ?", clean(rule))] if rule is not None else []),
        *([("a.fired_at >= ?", moment_text(since))] if since is not None else []),
    ]
    conditions = f" WHERE {' AND '.join(test for test, _ in tests)}" if tests else ""
    rows = conn.execute(
        f"SELECT {_COLUMNS} {_FROM}{conditions} ORDER BY a.fired_at, a.rowid", tuple(value for _, value in tests)
    )
    return [ALERT.value(row) for row in rows]


def stored_outcomes(conn: Connection) -> Iterator[Outcome]:
    """Every stored outcome that has a price."""
    rows = conn.execute(
        "SELECT alert_id, horizon, due_at, price_at, price, change, change_from_reference FROM outcomes"
        " WHERE price IS NOT NULL"
    )
    for alert, horizon, due, price_at, *figures in rows:
        yield Outcome(alert, Horizon(horizon), moment(due), moment(price_at), *figures)


def first_session(conn: Connection) -> date | None:
    """The earliest session an alert is about."""
    first = conn.execute("SELECT min(session) FROM alerts").fetchone()[0]
    return date.fromisoformat(first) if first is not None else None


def verdicts(conn: Connection) -> dict[str, dict[str, int]]:
    """By incident: how many readers gave each verdict."""
    found: dict[str, dict[str, int]] = {}
    for incident, verdict, people in conn.execute(
        "SELECT incident_id, verdict, count(*) FROM verdicts GROUP BY incident_id, verdict"
    ):
        found.setdefault(incident, {})[verdict] = people
    return found


def known_rules(conn: Connection) -> list[str]:
    """Names of the rules that were ever in force, or fired, in order."""
    return [name for (name,) in conn.execute("SELECT DISTINCT rule FROM rule_versions ORDER BY rule")]


def _stored(conn: Connection, alerts: Sequence[Alert]) -> set[tuple[str, str]]:
    wanted = json.dumps([clean(alert.id) for alert in alerts])
    return set(
        conn.execute(
            "SELECT alert_id, horizon FROM outcomes WHERE alert_id IN (SELECT value FROM json_each(?))", [wanted]
        )
    )


def _may_be_due(alert: Alert, stored: set[tuple[str, str]], at: datetime) -> bool:
    """Whether a horizon may be due, at one day for each session; saves asking the calendar."""
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
    conn: Connection,
    symbol: str,
    timetable: Timetable,
    due: Sequence[tuple[Alert, set[Horizon]]],
    at: datetime,
) -> SymbolPrices:
    """The prices that these alerts' outcomes rest on, as far as they were seen by ``at``."""
    windows: dict[str, str] = {}
    for alert, horizons in due:
        session = session_then(alert, timetable)
        if session is not None and any(horizon.wait for horizon in horizons):
            # one window serves all alerts of a session, from the first that fired
            windows.setdefault(moment_text(session.ends_at), moment_text(alert.fired_at))
    first = min(alert.price_at for alert, _ in due)
    opening = min((s.starts_at for a, _ in due if (s := timetable.on(a.session))), default=first)
    bars_from = min((a.reference.session if a.reference else a.session for a, _ in due))
    name, until = clean(symbol), moment_text(at)
    spans = json.dumps([(start, end) for end, start in windows.items()])
    prices = SymbolPrices(symbol, timetable)
    prices.quotes.extend(QUOTE.find(conn, _QUOTES, (name, moment_text(min(first, opening)), until, spans)))
    bars = "WHERE symbol = ? AND session >= ? AND seen_at <= ? ORDER BY seen_at, arrival"
    for bar in BAR.find(conn, bars, (name, bars_from.isoformat(), until)):
        prices.add_bar(bar)
    for split in SPLIT.find(conn, "WHERE symbol = ? AND seen_at <= ? ORDER BY seen_at, arrival", (name, until)):
        prices.add_split(split)
    return prices


def _row(settled: Settled) -> tuple[Any, ...]:
    figures: tuple[Any, ...] = (None,) * 4
    if isinstance(settled, Outcome):
        figures = (moment_text(settled.at), settled.price, settled.change, settled.change_from_reference)
    return (clean(settled.alert), settled.horizon.value, moment_text(settled.due_at), *figures)
