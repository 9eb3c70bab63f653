"""Export for other programs: rows of the flat views as CSV, JSON, JSON lines or Parquet."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.adapters.store.connection import make_private
from bot.adapters.store.engine import Rows, one_state
from bot.adapters.store.history.filters import Query, Test, newest, tests_of, time_tests, where
from bot.adapters.store.history.incidents import incident_tests
from bot.adapters.store.history.opening import Source, opened
from bot.core.errors import StoreError, UsageError
from bot.core.model import Filters
from bot.core.ports import Sink
from bot.core.text.formulas import harmless
from bot.render.outside import adding, cell, json_text

EXPORTED = ("alerts", "incidents", "stories")
_BATCH = 10_000


def export_query(what: str, filters: Filters) -> Query:
    """All of ``what`` that match, newest first."""
    if what == "incidents":
        conditions, values = where([*incident_tests(filters, "incident_summary"), *_of_alerts(filters)])
        return f"SELECT * FROM incident_summary{conditions} ORDER BY started_at DESC, id DESC", values
    if what == "stories":
        conditions, values = where(time_tests(filters, "s.seen_at"))
        tables, order = "stories s", "s.seen_at"
        if filters.narrow or filters.severity is not None:
            of_alerts, alert_values = where(tests_of(filters.untimed()))
            cited = (
                f"SELECT DISTINCT e.story_id FROM alerts a CROSS JOIN alert_stories e ON e.alert_id = a.id{of_alerts}"
            )
            tables, order = f"({cited}) c CROSS JOIN stories s ON s.id = c.story_id", "s.seen_at || ''"
            values = (*alert_values, *values)
        return (
            "SELECT s.id, s.seen_at, s.published_at, s.source, s.publisher, s.title, s.summary, s.link, s.cluster,"
            " s.novelty, s.exposures,"
            " (SELECT max(score) FROM story_scores c WHERE c.story_id = s.id) AS score,"
            " (SELECT count(*) FROM alert_stories e WHERE e.story_id = s.id) AS alerts"
            f" FROM {tables}{conditions} ORDER BY {order} DESC, s.arrival DESC",
            values,
        )
    if filters == filters.timed_only():
        conditions, values = where(tests_of(filters))
        return f"SELECT a.* FROM alert_history a{conditions} ORDER BY a.fired_at DESC", values
    ids, values = newest(filters, "a.id, a.fired_at AS at, a.rowid AS place", None)
    found = f"SELECT h.* FROM ({ids}) c CROSS JOIN alert_history h ON h.id = c.id"
    return f"{found} ORDER BY c.at DESC, c.place DESC", values


def _of_alerts(filters: Filters) -> list[Test]:
    """The filters that concern alerts: one of the incident's must match."""
    if not filters.of_alerts:
        return []
    of_alert = replace(filters, severity=None, incident=None, since=None, until=None, verdict=None)
    conditions, values = where([("a.incident_id = incident_summary.id", ()), *tests_of(of_alert)])
    return [(f"EXISTS (SELECT 1 FROM alerts a INDEXED BY alerts_incident{conditions})", values)]


def export(source: Source, what: str, filters: Filters, form: str, out: Sink) -> int:
    """Write all of ``what`` that match to ``out``; returns the number of rows.

    Raises UsageError where the format needs a package that is not installed.
    """
    writer = {"csv": _csv, "json": _json, "jsonl": _jsonl, "parquet": _parquet}[form]
    if form == "parquet":
        require_parquet()
    with opened(source) as conn, one_state(conn):
        cursor = conn.execute(*export_query(what, filters))
        assert cursor.description is not None
        names = [column[0] for column in cursor.description]
        return writer(names, _batches(cursor), out)


def export_to(file: Path, source: Source, what: str, filters: Filters, form: str) -> int:
    """As ``export``, into a file that appears when it is complete. Raises StoreError where that fails."""
    unfinished = file.with_name(file.name + ".unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        make_private(unfinished)
        with unfinished.open("wb") as out:
            rows = export(source, what, filters, form, out)
        os.replace(unfinished, file)
    except OSError as error:
        raise StoreError(f"{file}: cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return rows


def require_parquet() -> None:
    """Raises UsageError with what to do where pyarrow is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise UsageError(f"Parquet needs pyarrow, which is not installed; to add it: {adding('parquet')}") from error


def _batches(cursor: Rows) -> Iterator[list[tuple[Any, ...]]]:
    while rows := cursor.fetchmany(_BATCH):
        yield rows


def _text(out: Sink) -> Callable[[str], object]:
    return lambda text: out.write(text.encode("utf-8", "replace"))


def _csv(names: Sequence[str], batches: Iterator[list[tuple[Any, ...]]], out: Sink) -> int:
    class Encoded:
        write = staticmethod(_text(out))

    writer = csv.writer(Encoded(), lineterminator="\n")
    writer.writerow(names)
    written = 0
    for rows in batches:
        writer.writerows([_shown(value) for value in row] for row in rows)
        written += len(rows)
    return written


def _shown(value: Any) -> Any:
    """Text without what hides or controls, and without formulas."""
    return harmless(cell(value)) if isinstance(value, str) else value


def _json(names: Sequence[str], batches: Iterator[list[tuple[Any, ...]]], out: Sink) -> int:
    write, written = _text(out), 0
    write("[")
    for rows in batches:
        for row in rows:
            write(",\n" if written else "\n")
            write(json_text(dict(zip(names, row, strict=True))))
            written += 1
    write("\n]\n" if written else "]\n")
    return written


def _jsonl(names: Sequence[str], batches: Iterator[list[tuple[Any, ...]]], out: Sink) -> int:
    write, written = _text(out), 0
    for rows in batches:
        for row in rows:
            write(json_text(dict(zip(names, row, strict=True))) + "\n")
        written += len(rows)
    return written


def _parquet(names: Sequence[str], batches: Iterator[list[tuple[Any, ...]]], out: Sink) -> int:
    """Each column has one type throughout, by the values SQLite has in it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    every = [list(rows) for rows in batches]
    kinds = [_kind([row[i] for rows in every for row in rows]) for i in range(len(names))]
    types = {int: pa.int64(), float: pa.float64(), str: pa.string(), bytes: pa.binary()}
    schema = pa.schema([(name, types[kind]) for name, kind in zip(names, kinds, strict=True)])
    with pq.ParquetWriter(out, schema) as writer:
        for rows in every:
            columns = zip(*rows, strict=True)
            arrays = [pa.array(column, type=types[kind]) for column, kind in zip(columns, kinds, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    return sum(len(rows) for rows in every)


def _kind(values: list[Any]) -> type:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return float
    return kinds.pop() if len(kinds) == 1 else str
