"""Everything stored about one incident, for recording it as an episode: read-only, one symbol after the other.

Functions take a connection from ``history.open_history``, whose errors the caller translates.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from bot.adapters.store.codec import clean, moment_text
from bot.adapters.store.engine import Connection
from bot.adapters.store.rows import ALERT, BAR, INCIDENT, LEARNED_NAME, QUOTE, SECOND_READING, SPLIT, STORY
from bot.core.model import Alert, DailyBar, Incident, LearnedName, Quote, Split, StoredStory


def incident(conn: Connection, incident_id: str) -> Incident | None:
    """The incident of that id, or the one it was merged into. ``None`` where there is none."""
    for _ in range(10):
        found = next(iter(INCIDENT.find(conn, "WHERE id = ?", (clean(incident_id),))), None)
        if found is None or not found.merged_into:
            return found
        incident_id = found.merged_into
    return found


def newest_incidents(conn: Connection, count: int) -> list[str]:
    """Ids of the latest incidents to begin, newest first."""
    rows = conn.execute("SELECT id FROM incidents ORDER BY started_at DESC, rowid DESC LIMIT ?", (count,))
    return [str(row[0]) for row in rows]


def alerts(conn: Connection, incident_id: str) -> list[Alert]:
    """The alerts of an incident, in the order they fired."""
    return ALERT.find(conn, "WHERE incident_id = ? ORDER BY fired_at, rowid", (clean(incident_id),))


def changed_at(conn: Connection, alert_id: str) -> list[datetime]:
    """When an alert fired, and each time its severity rose."""
    rows = conn.execute(
        "SELECT at FROM alert_changes WHERE alert_id = ? AND kind <> 'resolved' ORDER BY at", (alert_id,)
    )
    return [datetime.fromisoformat(row[0]) for row in rows]


def last_seen_at(conn: Connection) -> datetime | None:
    """When the newest price was seen."""
    row = conn.execute("SELECT max(seen_at) FROM quotes").fetchone()
    return datetime.fromisoformat(row[0]) if row and row[0] else None


def first_priced_at(conn: Connection, symbol: str, since: datetime) -> datetime | None:
    """When the first price of a symbol from ``since`` on was traded."""
    row = conn.execute(
        "SELECT min(at) FROM quotes WHERE symbol = ? AND at >= ?", (symbol, moment_text(since))
    ).fetchone()
    return datetime.fromisoformat(row[0]) if row and row[0] else None


def priced_symbols(conn: Connection) -> list[str]:
    """Every symbol that ever had a price, in order. Walks the index, so the number of prices does not matter."""
    found: list[str] = []
    row = conn.execute("SELECT min(symbol) FROM quotes").fetchone()
    while row and row[0] is not None:
        found.append(str(row[0]))
        row = conn.execute("SELECT min(symbol) FROM quotes WHERE symbol > ?", (row[0],)).fetchone()
    return found


def count_quotes(conn: Connection, symbol: str, since: datetime, until: datetime) -> int:
    """How many prices of a symbol were traded from ``since`` to ``until``."""
    row = conn.execute(
        "SELECT count(*) FROM quotes WHERE symbol = ? AND at >= ? AND at <= ?",
        (symbol, moment_text(since), moment_text(until)),
    ).fetchone()
    return int(row[0])


def quotes(conn: Connection, symbol: str, since: datetime, until: datetime) -> list[Quote]:
    """Prices of a symbol that were traded from ``since`` to ``until``, in the order they were seen."""
    return QUOTE.find(
        conn, f"WHERE {_OF_SYMBOL} ORDER BY seen_at, arrival", (symbol, moment_text(since), moment_text(until))
    )


def thinned_quotes(
    conn: Connection,
    symbol: str,
    since: datetime,
    until: datetime,
    stretches: Iterable[tuple[datetime, datetime]],
    *,
    minutely: bool,
) -> list[Quote]:
    """As ``quotes``, but trades outside ``stretches`` only once a minute, or every ten minutes."""
    bounds = (symbol, moment_text(since), moment_text(until))
    # the first fifteen characters of a time are its ten minutes, sixteen its minute
    thin = (
        f"{_QUOTES} AND (kind <> 'trade' OR arrival IN (SELECT min(arrival) FROM quotes"
        f" WHERE {_OF_SYMBOL} AND kind = 'trade' GROUP BY substr(at, 1, {15 + minutely})))"
    )
    found = {row[0]: row for row in conn.execute(thin, bounds)}
    for begin, end in stretches:
        within = (symbol, moment_text(max(begin, since)), moment_text(min(end, until)))
        found.update((row[0], row) for row in conn.execute(_QUOTES, within))
    kept = sorted(
        ((QUOTE.value(row, 1), arrival) for arrival, row in found.items()), key=lambda q: (q[0].seen_at, q[1])
    )
    return [quote for quote, _ in kept]


_OF_SYMBOL = "symbol = ?1 AND at >= ?2 AND at <= ?3"
_QUOTES = f"SELECT arrival, {', '.join(QUOTE.columns)} FROM quotes WHERE {_OF_SYMBOL}"


def bars(conn: Connection, symbol: str, first: date, last: date) -> list[DailyBar]:
    """Daily bars of a symbol by session, each in its latest version."""
    versions = BAR.find(
        conn,
        "WHERE symbol = ? AND session >= ? AND session <= ? ORDER BY session, seen_at, arrival",
        (symbol, first.isoformat(), last.isoformat()),
    )
    return list({bar.session: bar for bar in versions}.values())


def splits(conn: Connection, symbol: str) -> Sequence[Split]:
    """Every split of a symbol, by session."""
    return SPLIT.find(conn, "WHERE symbol = ? ORDER BY session, arrival", (symbol,))


def learned_names(conn: Connection) -> Sequence[LearnedName]:
    """Every name of models that was learned, oldest first."""
    return LEARNED_NAME.find(conn, "ORDER BY seen_at, arrival")


def stories(conn: Connection, since: datetime, until: datetime, alert_ids: Sequence[str]) -> Iterator[StoredStory]:
    """Stories seen from ``since`` to ``until``, and those these alerts point to, however old; as they were seen."""
    rows = conn.execute(
        f"SELECT {', '.join('s.' + column for column in STORY.columns)},"
        f" {', '.join('r.' + column for column in SECOND_READING.columns)}, s.id IN pointed OR s.mentions <> '[]'"
        " OR EXISTS (SELECT 1 FROM story_scores c WHERE c.story_id = s.id AND c.score > 0)"
        " FROM stories s LEFT JOIN second_readings r ON r.story_id = s.id"
        " WHERE s.id IN pointed OR (s.seen_at >= ?2 AND s.seen_at <= ?3) ORDER BY s.seen_at, s.arrival".replace(
            "pointed", "(SELECT story_id FROM alert_stories WHERE alert_id IN (SELECT value FROM json_each(?1)))"
        ),
        (json.dumps([clean(each) for each in alert_ids]), moment_text(since), moment_text(until)),
    )
    for row in rows:
        second = len(STORY.columns)
        answer = SECOND_READING.value(row, second) if row[second] is not None else None
        yield StoredStory(STORY.value(row), bool(row[-1]), answer)
