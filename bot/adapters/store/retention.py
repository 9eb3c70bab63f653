"""Forgetting what nobody will ask for: old quotes, polls and stories that no alert rests on.

Alerts and their evidence stay for ever: the quotes of the symbol around each alert, the stories it points to. The
seen-set stays for ever too, or an old entry that floods back would be news again. Deletes in small transactions, so
that the running bot never waits long.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from bot.adapters.store.codec import moment_text
from bot.adapters.store.connection import transaction
from bot.core.errors import StoreError

CHUNK = 2_000
"""Rows looked at in one transaction."""

# a story stays when an alert points to it, when it began the cluster of one that does, and while its incident is open
_PROTECTED_STORY = (
    "SELECT 1 FROM alert_stories e WHERE e.story_id = stories.id"
    " UNION ALL SELECT 1 FROM alerts a WHERE a.cause_cluster = stories.cluster"
    " UNION ALL SELECT 1 FROM incidents i, json_each(i.clusters) c WHERE i.state = 'open' AND c.value = stories.cluster"
)
_EVIDENCE = "SELECT evidence_from, evidence_until FROM alerts WHERE symbol = ? ORDER BY evidence_from"
_LATER_EVIDENCE = (
    "SELECT symbol, evidence_from, evidence_until FROM alerts WHERE state = 'firing'"
    " UNION ALL SELECT symbol, evidence_from, evidence_until FROM alerts WHERE fired_at >= ?"
)
STANDS_AFTER = timedelta(days=8)
"""What an alert rests on no longer changes then: it has resolved with its session, and may be given another cause until
the close of the next one."""
_WHOLE = {"source_reports": "seen_at", "refused_quotes": "last_seen_at"}

KINDS = ("quotes", "stories", *_WHOLE)
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
        if kind == "quotes":
            steps = _quotes(conn, before, moment_text(now - STANDS_AFTER))
        else:
            steps = _stories(conn, before) if kind == "stories" else _sweep(conn, kind, before)
        for deleted in steps:
            gone[kind] += deleted
            yield dict(gone)


def prunable(conn: sqlite3.Connection, now: datetime, keep: Mapping[str, timedelta]) -> dict[str, int]:
    """How many rows ``prune`` would delete of each kind. Changes nothing."""
    found = {}
    for kind, keep_for in keep.items():
        before = moment_text(now - keep_for)
        if kind == "quotes":
            evidence = _Evidence(conn, moment_text(now - STANDS_AFTER))
            rows = conn.execute("SELECT symbol, at FROM quotes WHERE seen_at < ?", (before,))
            found[kind] = sum(not evidence.holds(symbol, at) for symbol, at in rows)
        else:
            time = "seen_at" if kind == "stories" else _WHOLE[kind]
            unless = f" AND NOT EXISTS ({_PROTECTED_STORY})" if kind == "stories" else ""
            sql = f"SELECT count(*) FROM {kind} WHERE {time} < ?{unless}"
            found[kind] = int(conn.execute(sql, (before,)).fetchone()[0])
    return found


class _Evidence:
    """Which times of which symbol alerts rest on.

    Read once for each symbol: a look for every quote through all alerts of its symbol would take days where there are
    many of both. What may still change is read anew with ``refresh``.
    """

    def __init__(self, conn: sqlite3.Connection, standing: str) -> None:
        """Alerts fired before ``standing`` and no longer firing are taken to stay as they are."""
        self._conn = conn
        self._standing = standing
        self._spans: dict[str, tuple[list[str], list[str]]] = {}
        self._later: dict[str, list[tuple[str, str]]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Alerts that have fired or grown meanwhile."""
        self._later = {}
        for symbol, begin, end in self._conn.execute(_LATER_EVIDENCE, (self._standing,)):
            self._later.setdefault(symbol, []).append((begin, end))

    def read(self, symbol: str) -> int:
        """What alerts of ``symbol`` rest on; returns how many alerts had to be read for it."""
        if symbol in self._spans:
            return 0
        spans = self._conn.execute(_EVIDENCE, (symbol,)).fetchall()
        self._spans[symbol] = _joined(spans)
        return len(spans)

    def holds(self, symbol: str, at: str) -> bool:
        """Whether an alert of ``symbol`` rests on its quotes of that time."""
        self.read(symbol)
        begins, ends = self._spans[symbol]
        place = bisect_right(begins, at)
        if place and at <= ends[place - 1]:
            return True
        return any(begin <= at <= end for begin, end in self._later.get(symbol, ()))


def _joined(spans: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Spans, given by when they begin, as such that do not meet."""
    begins: list[str] = []
    ends: list[str] = []
    for begin, end in spans:
        if ends and begin <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            begins.append(begin)
            ends.append(end)
    return begins, ends


def _quotes(conn: sqlite3.Connection, before: str, standing: str) -> Iterator[int]:
    """Go through the quotes by time; what is protected is stepped over and not looked at again in this call."""
    evidence = _Evidence(conn, standing)
    at, last = "", 0
    while True:
        rows = conn.execute(
            "SELECT seen_at, arrival, symbol, at FROM quotes WHERE (seen_at, arrival) > (?, ?) AND seen_at < ?"
            " ORDER BY seen_at, arrival LIMIT ?",
            (at, last, before, CHUNK),
        ).fetchall()
        if not rows:
            return
        for symbol in sorted({row[2] for row in rows}):
            if evidence.read(symbol) > CHUNK:
                yield 0
        with transaction(conn):
            evidence.refresh()
            old = [(arrival,) for _, arrival, symbol, moment in rows if not evidence.holds(symbol, moment)]
            conn.executemany("DELETE FROM quotes WHERE arrival = ?", old)
        at, last = rows[-1][:2]
        yield len(old)


def _stories(conn: sqlite3.Connection, before: str) -> Iterator[int]:
    """Go through the stories in the same way."""
    at, last = "", 0
    while True:
        with transaction(conn):
            rows = conn.execute(
                "SELECT seen_at, arrival FROM stories WHERE (seen_at, arrival) > (?, ?) AND seen_at < ?"
                " ORDER BY seen_at, arrival LIMIT ?",
                (at, last, before, CHUNK),
            ).fetchall()
            if not rows:
                return
            deleted = conn.execute(
                "DELETE FROM stories WHERE (seen_at, arrival) > (?, ?) AND (seen_at, arrival) <= (?, ?)"
                f" AND NOT EXISTS ({_PROTECTED_STORY})",
                (at, last, *rows[-1]),
            ).rowcount
            at, last = rows[-1]
        yield deleted


def _sweep(conn: sqlite3.Connection, table: str, before: str) -> Iterator[int]:
    # bounded by their own keys, so small enough for one transaction
    with transaction(conn):
        deleted = conn.execute(f"DELETE FROM {table} WHERE {_WHOLE[table]} < ?", (before,)).rowcount
    yield deleted
