"""Forgetting what nobody will ask for: old quotes, polls and stories that no alert rests on.

Alerts and their evidence stay for ever: the quotes of the symbol around each alert, the stories it points to. The
seen-set stays for ever too, or an old entry that floods back would be news again. Deletes in small transactions, so
that the running bot never waits long.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from bot.adapters.store.codec import moment_text
from bot.adapters.store.connection import transaction
from bot.core.errors import StoreError

CHUNK = 2_000
"""Rows looked at in one transaction."""

_PROTECTED_QUOTE = (
    "SELECT 1 FROM alerts a WHERE a.symbol = quotes.symbol AND quotes.at BETWEEN a.evidence_from AND a.evidence_until"
)
# a story stays when an alert points to it, when it began the cluster of one that does, and while its incident is open
_PROTECTED_STORY = (
    "SELECT 1 FROM alert_stories e WHERE e.story_id = stories.id"
    " UNION ALL SELECT 1 FROM alerts a WHERE a.cause_cluster = stories.cluster"
    " UNION ALL SELECT 1 FROM incidents i, json_each(i.clusters) c WHERE i.state = 'open' AND c.value = stories.cluster"
)
_ROWS = {
    # name in ``keep``: the table's number, its time, and what protects a row
    "quotes": ("quotes", "arrival", "seen_at", _PROTECTED_QUOTE),
    "stories": ("stories", "arrival", "seen_at", _PROTECTED_STORY),
}
_WHOLE = {"source_reports": "seen_at", "refused_quotes": "last_seen_at"}

KINDS = (*_ROWS, *_WHOLE)
"""What can be pruned."""


def prune(conn: sqlite3.Connection, now: datetime, keep: Mapping[str, timedelta]) -> Iterator[dict[str, int]]:
    """Delete rows older than ``keep`` says for each of ``KINDS``; kinds not named are kept.

    Yields after each short transaction how many rows have gone so far, by kind: the caller may let others run in
    between, and may stop. StoreError for a kind nobody knows.
    """
    unknown = sorted(set(keep) - set(KINDS))
    if unknown:
        raise StoreError(f"cannot be pruned: {', '.join(unknown)}; only {', '.join(KINDS)}")
    gone = dict.fromkeys(keep, 0)
    for kind, keep_for in keep.items():
        before = moment_text(now - keep_for)
        for deleted in _walk(conn, kind, before) if kind in _ROWS else _sweep(conn, kind, before):
            gone[kind] += deleted
            yield dict(gone)


def _walk(conn: sqlite3.Connection, kind: str, before: str) -> Iterator[int]:
    """Go through the table by time; what is protected is stepped over and not looked at again in this call."""
    table, number, time, protected = _ROWS[kind]
    at, last = "", 0
    while True:
        with transaction(conn):
            rows = conn.execute(
                f"SELECT {time}, {number} FROM {table} WHERE ({time}, {number}) > (?, ?) AND {time} < ?"
                f" ORDER BY {time}, {number} LIMIT {CHUNK}",
                (at, last, before),
            ).fetchall()
            if not rows:
                return
            deleted = conn.execute(
                f"DELETE FROM {table} WHERE ({time}, {number}) > (?, ?) AND ({time}, {number}) <= (?, ?)"
                f" AND NOT EXISTS ({protected})",
                (at, last, *rows[-1]),
            ).rowcount
            at, last = rows[-1]
        yield deleted


def _sweep(conn: sqlite3.Connection, table: str, before: str) -> Iterator[int]:
    # bounded by their own keys, so small enough for one transaction
    with transaction(conn):
        deleted = conn.execute(f"DELETE FROM {table} WHERE {_WHOLE[table]} < ?", (before,)).rowcount
    yield deleted
