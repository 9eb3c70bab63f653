"""Deleting old quotes, source reports and stories that are not evidence of an alert.

Alerts and their evidence are kept for ever: the quotes of the symbol around each alert, as far as ``thinning`` leaves
them, and the stories it points to. So are the keys of all stories ever seen, or an old entry that comes back would be
news again. Deletes run in small transactions, so that the running bot never waits long.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from os import PathLike

from bot.adapters.store.codec import moment_text
from bot.adapters.store.engine import Connection, transaction
from bot.adapters.store.lock import locked_writer
from bot.adapters.store.thinning import thin, thinnable
from bot.core.errors import StoreError
from bot.core.server_address import ServerAddress

CHUNK = 2_000
"""Rows checked in one transaction."""

# a story is kept when an alert points to it or its cluster is an alert's cause, and while its incident is open
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
FINAL_AFTER = timedelta(days=8)
"""An alert's evidence no longer changes then: it resolves with its session, and its cause may be corrected until the
close of the next one."""
_WHOLE = {"source_reports": "seen_at", "refused_quotes": "last_seen_at"}

EVERY_QUOTE = "every quote"
"""How long all quotes are kept before they are thinned."""
KINDS = (EVERY_QUOTE, "quotes", "stories", *_WHOLE)
"""What can be pruned."""


def prune(conn: Connection, now: datetime, keep: Mapping[str, timedelta]) -> Iterator[dict[str, int]]:
    """Delete rows older than ``keep`` says for each of ``KINDS``; kinds not named are kept.

    Yields after each short transaction the number of rows deleted so far, by kind: the caller may let others run in
    between, and may stop. Raises StoreError for an unknown kind.
    """
    unknown = sorted(set(keep) - set(KINDS))
    if unknown:
        raise StoreError(f"cannot be pruned: {', '.join(unknown)}; only {', '.join(KINDS)} can")
    gone = dict.fromkeys(keep, 0)
    for kind, keep_for in keep.items():
        before = moment_text(now - keep_for)
        if kind == EVERY_QUOTE:
            steps = thin(conn, now - keep_for, now)
        elif kind == "quotes":
            steps = _quotes(conn, before, moment_text(now - FINAL_AFTER))
        else:
            steps = _stories(conn, before) if kind == "stories" else _sweep(conn, kind, before)
        for deleted in steps:
            gone[kind] += deleted
            yield dict(gone)


def prune_history(
    path: str | PathLike[str] | ServerAddress, now: datetime, keep: Mapping[str, timedelta]
) -> Mapping[str, int]:
    """``prune`` a history that no bot is running on; returns the rows deleted, by kind. Raises StoreInUseError."""
    deleted: Mapping[str, int] = dict.fromkeys(keep, 0)
    with locked_writer(path) as conn:
        for so_far in prune(conn, now, keep):
            deleted = so_far
    return deleted


def prunable(conn: Connection, now: datetime, keep: Mapping[str, timedelta]) -> dict[str, int]:
    """How many rows ``prune`` would delete of each kind. Changes nothing."""
    found = {}
    for kind, keep_for in keep.items():
        before = moment_text(now - keep_for)
        if kind == EVERY_QUOTE:
            found[kind] = thinnable(conn, now - keep_for)
        elif kind == "quotes":
            evidence = _Evidence(conn, moment_text(now - FINAL_AFTER))
            rows = conn.execute("SELECT symbol, at FROM quotes WHERE seen_at < ?", (before,))
            found[kind] = sum(not evidence.holds(symbol, at) for symbol, at in rows)
        else:
            time = "seen_at" if kind == "stories" else _WHOLE[kind]
            unless = f" AND NOT EXISTS ({_PROTECTED_STORY})" if kind == "stories" else ""
            sql = f"SELECT count(*) FROM {kind} WHERE {time} < ?{unless}"
            found[kind] = int(conn.execute(sql, (before,)).fetchone()[0])
    return found


class _Evidence:
    """The times of each symbol that are evidence of alerts.

    Read once for each symbol: comparing every quote with all alerts of its symbol would take days where there are many
    of both. What may still change is read again with ``refresh``.
    """

    def __init__(self, conn: Connection, final_before: str) -> None:
        """Alerts that fired before ``final_before`` and no longer fire do not change."""
        self._conn = conn
        self._final_before = final_before
        self._spans: dict[str, tuple[list[str], list[str]]] = {}
        self._later: dict[str, list[tuple[str, str]]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read alerts that have fired or changed meanwhile."""
        self._later = {}
        for symbol, begin, end in self._conn.execute(_LATER_EVIDENCE, (self._final_before,)):
            self._later.setdefault(symbol, []).append((begin, end))

    def read(self, symbol: str) -> int:
        """Read the evidence of alerts of ``symbol``; returns how many alerts were read."""
        if symbol in self._spans:
            return 0
        spans = self._conn.execute(_EVIDENCE, (symbol,)).fetchall()
        self._spans[symbol] = _joined(spans)
        return len(spans)

    def holds(self, symbol: str, at: str) -> bool:
        """Whether a quote of ``symbol`` at that time is evidence of an alert."""
        self.read(symbol)
        begins, ends = self._spans[symbol]
        i = bisect_right(begins, at)
        if i and at <= ends[i - 1]:
            return True
        return any(begin <= at <= end for begin, end in self._later.get(symbol, ()))


def _joined(spans: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Spans in order of their beginning, merged where they overlap: beginnings and ends."""
    begins: list[str] = []
    ends: list[str] = []
    for begin, end in spans:
        if ends and begin <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            begins.append(begin)
            ends.append(end)
    return begins, ends


def _quotes(conn: Connection, before: str, final_before: str) -> Iterator[int]:
    """Go through the quotes by time, stepping over evidence."""
    evidence = _Evidence(conn, final_before)
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


def _stories(conn: Connection, before: str) -> Iterator[int]:
    """Go through the stories by time, stepping over protected ones."""
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


def _sweep(conn: Connection, table: str, before: str) -> Iterator[int]:
    # few rows, limited by their keys: one transaction will do
    with transaction(conn):
        deleted = conn.execute(f"DELETE FROM {table} WHERE {_WHOLE[table]} < ?", (before,)).rowcount
    yield deleted
