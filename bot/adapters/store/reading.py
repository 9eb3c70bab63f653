"""What a run reads back at its start: the observations and decisions that its state is rebuilt from."""

from __future__ import annotations

import heapq
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from bot.adapters.store.codec import RowCodec, clean, moment, moment_text
from bot.adapters.store.engine import Connection, read_back, stream
from bot.adapters.store.rows import (
    ALERT,
    BAR,
    EARNINGS,
    FEED,
    INCIDENT,
    LEARNED_NAME,
    QUOTE,
    SECOND_READING,
    SPLIT,
    STORY,
)
from bot.core.model import Alert, FeedState, Incident, Observation

RULES_IN_FORCE = "rules_in_force"
"""The key in ``extras`` of the rules that were last in force, each with its version."""
_CHUNK = 500
THIN_AFTER = timedelta(hours=3)
"""With ``quotes_since``, trades seen longer ago than this are thinned to one in ten minutes, as in the market."""


def observations(
    conn: Connection, since: datetime, until: datetime, quotes_since: datetime | None = None
) -> Iterator[Observation]:
    """Stories, second readings and quotes with ``since < seen_at <= until``; bars, splits and
    earnings dates from two years earlier on; every name learned up to ``until``.

    ``quotes_since`` limits the quotes to those seen since then, with the older trades among them thinned out.

    Ordered by ``seen_at``, then as stored, so that a replay decides the same. Splits reach back as far as the bars,
    whose basis they explain. Rows are streamed; expects to be inside ``one_state``.
    """
    window = (moment_text(since), moment_text(until))
    history = (_two_years_before(since).isoformat(), moment_text(until))
    parts = (
        _read(conn, STORY, "seen_at > ? AND seen_at <= ?", window),
        _read(conn, SECOND_READING, "seen_at > ? AND seen_at <= ?", window),
        *_quotes(conn, window, quotes_since, until),
        _read(conn, BAR, "session >= ? AND seen_at <= ?", history),
        _read(conn, SPLIT, "session >= ? AND seen_at <= ?", history),
        _read(conn, LEARNED_NAME, "seen_at >= ? AND seen_at <= ?", ("", moment_text(until))),
        _read(conn, EARNINGS, "day >= ? AND seen_at <= ?", history),
    )
    # arrival numbers are unique over all these tables, so the values themselves are never compared
    for _, _, observation in heapq.merge(*parts):
        yield observation


def _quotes(
    conn: Connection, window: tuple[str, str], quotes_since: datetime | None, until: datetime
) -> Iterator[Iterator[tuple[str, int, Any]]]:
    if quotes_since is None:
        yield _read(conn, QUOTE, "seen_at > ? AND seen_at <= ?", window)
        return
    begin, recent = moment_text(quotes_since), moment_text(max(quotes_since, until - THIN_AFTER))
    # the first fifteen characters of a time are its ten minutes
    thin = (
        "seen_at > ?1 AND seen_at <= ?2 AND (kind <> 'trade' OR arrival IN (SELECT min(arrival) FROM quotes"
        " WHERE seen_at > ?1 AND seen_at <= ?2 AND kind = 'trade' GROUP BY symbol, substr(at, 1, 15)))"
    )
    yield _read(conn, QUOTE, thin, (begin, recent))
    yield _read(conn, QUOTE, "seen_at > ? AND seen_at <= ?", (recent, window[1]))


def _read(
    conn: Connection, codec: RowCodec[Any], where: str, parameters: tuple[str, str]
) -> Iterator[tuple[str, int, Any]]:
    columns = ", ".join(codec.columns)
    sql = f"SELECT seen_at, arrival, {columns} FROM {codec.table} WHERE {where} ORDER BY seen_at, arrival"
    for row in stream(conn, sql, parameters):
        yield row[0], row[1], codec.value(row, 2)


def _two_years_before(since: datetime) -> date:
    day = since.date()
    if day.year <= 2:
        return date.min
    return day.replace(year=day.year - 2, day=min(day.day, 28))


def known_keys(conn: Connection, keys: Collection[str]) -> Mapping[str, str]:
    """Which of ``keys`` were ever seen, with the id of the story that had each first."""
    as_stored = {read_back(conn, clean(key)): key for key in keys}
    asked = list(as_stored)
    found: dict[str, str] = {}
    for start in range(0, len(asked), _CHUNK):
        chunk = asked[start : start + _CHUNK]
        marks = ", ".join("?" * len(chunk))
        for key, story_id in conn.execute(f"SELECT key, story_id FROM story_keys WHERE key IN ({marks})", chunk):
            found[as_stored[key]] = story_id
    return found


def feed_states(conn: Connection) -> Mapping[str, FeedState]:
    """Every feed that was ever polled, by name."""
    return {state.name: state for state in FEED.find(conn, "ORDER BY name")}


def latest_at(conn: Connection) -> datetime | None:
    """When the newest story or quote was seen, if any was."""
    (latest,) = conn.execute(
        "SELECT max(at) FROM (SELECT max(seen_at) AS at FROM stories UNION ALL SELECT max(seen_at) FROM quotes) AS new"
    ).fetchone()
    return None if latest is None else moment(latest)


def alerts_since(conn: Connection, session: date) -> Sequence[Alert]:
    """Alerts of ``session`` and later, and any older one that fires or whose incident is open, by ``fired_at``."""
    return ALERT.find(
        conn,
        "WHERE session >= ? OR state = 'firing' OR incident_id IN (SELECT id FROM incidents WHERE state = 'open')"
        " ORDER BY fired_at, rowid",
        (session.isoformat(),),
    )


def incidents_since(conn: Connection, session: date) -> Sequence[Incident]:
    """Incidents that reach into ``session`` or later, and any still open, by ``started_at``."""
    return INCIDENT.find(
        conn, "WHERE last_session >= ? OR state = 'open' ORDER BY started_at, rowid", (session.isoformat(),)
    )


def extra(conn: Connection, name: str) -> str | None:
    """The value last committed under ``name``."""
    row = conn.execute("SELECT value FROM extras WHERE name = ?", (clean(name),)).fetchone()
    return None if row is None else str(row[0])


def rules_in_force(conn: Connection) -> list[tuple[str, str, str]]:
    """The rules last recorded together, as name, version and text, by name. A history that never noted which those were
    has the newest version of each rule."""
    noted = extra(conn, RULES_IN_FORCE)
    if noted is None:
        rows = conn.execute(
            "SELECT rule, version, text FROM rule_versions v WHERE text IS NOT NULL AND first_used_at ="
            " (SELECT max(first_used_at) FROM rule_versions o WHERE o.rule = v.rule) ORDER BY rule"
        )
        return list({rule: (rule, version, text) for rule, version, text in rows}.values())
    versions: dict[str, str] = json.loads(noted)
    texts = {
        (rule, version): text for rule, version, text in conn.execute("SELECT rule, version, text FROM rule_versions")
    }
    return [(rule, version, texts.get((rule, version)) or "") for rule, version in sorted(versions.items())]
