"""Filters as SQL that finds the newest matching alerts through an index, whatever the filters.

SQLite walks one index for each SELECT. Where several index ranges hold the answer (an exposure is recorded with the
cause, or one of many symbols is exposed; "high at least" is two severities), each gets a SELECT of its own, cut at the
limit, and their union is cut again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.adapters.store.codec import clean, moment_text
from bot.core.model import Filters, Severity

Test = tuple[str, tuple[Any, ...]]
"""A condition on an alert ``a``, and its parameters."""

Query = tuple[str, tuple[Any, ...]]
"""SQL and its parameters."""


@dataclass(frozen=True, slots=True)
class Range:
    """Alerts ``a`` that one index finds, newest first."""

    tables: str
    values: tuple[Any, ...]
    """Parameters of ``tables``."""
    tests: Sequence[Test]
    time: str = "a.fired_at"
    """The column by which the index orders them."""
    ordered: bool = True
    """Whether the index does order them."""

    def select(self, columns: str) -> Query:
        """The query for ``columns`` of the whole range."""
        conditions, values = where(self.tests)
        order = f"ORDER BY {self.time} DESC, a.rowid DESC"
        return f"SELECT {columns} FROM {self.tables}{conditions} {order}", (*self.values, *values)


def tests_of(filters: Filters) -> list[Test]:
    """All filters as conditions on an alert ``a``, for queries that find alerts in their own way."""
    tests = _simple(filters)
    if filters.severity is not None and filters.severity > Severity.INFO:
        tests.append(_severity(filters))
    if filters.exposure is not None:
        tests.append(_exposure(filters))
    if filters.verdict is not None:
        tests.append(verdict_test(filters.verdict))
    return tests


def ranges_of(filters: Filters) -> list[Range]:
    """The index ranges that together hold the answer."""
    tests = _simple(filters)
    more_severe = filters.severity is not None and filters.severity > Severity.INFO
    if more_severe and filters.narrow:
        tests.append(_severity(filters))
    if filters.verdict is not None and filters.verdict != "none":
        if filters.exposure is not None:
            tests.append(_exposure(filters))
        which, values = _verdict_is(filters.verdict)
        # verdicts are few: begin with them
        rated = f"(SELECT DISTINCT incident_id FROM verdicts WHERE {which}) j"
        return [Range(f"{rated} CROSS JOIN alerts a ON a.incident_id = j.incident_id", values, tests, ordered=False)]
    if filters.verdict is not None:
        tests.append(verdict_test(filters.verdict))
    if filters.exposure is not None:
        recorded = "alert_exposures x CROSS JOIN alerts a ON a.id = x.alert_id"
        matching = [("x.exposure = ?", (clean(filters.exposure),)), *time_tests(filters, "x.fired_at"), *tests]
        by_symbol = (Range("alerts a", (), [("a.symbol = ?", (clean(s),)), *tests]) for s in filters.exposed)
        return [Range(recorded, (), matching, "x.fired_at"), *by_symbol]
    if more_severe and not filters.narrow:
        by_severity = ([("a.severity = ?", (word,)), *tests] for word in filters.severities)
        return [Range("alerts a", (), each) for each in by_severity]
    # an incident has few alerts: sorting them beats searching all alerts in order of time
    of_incident = filters.incident is not None and filters.symbol is None and filters.rule is None
    return [Range("alerts a", (), tests, "a.fired_at || ''" if of_incident else "a.fired_at")]


def _simple(filters: Filters) -> list[Test]:
    tests: list[Test] = []
    for column, value in (("symbol", filters.symbol), ("rule", filters.rule), ("incident_id", filters.incident)):
        if value is not None:
            tests.append((f"a.{column} = ?", (clean(value),)))
    if filters.label is not None:
        name, value = filters.label
        there = "json_extract(a.labels, ?)"
        tests.append(
            (f"{there} = ?", (f"$.{name}", clean(value))) if value else (f"{there} IS NOT NULL", (f"$.{name}",))
        )
    return [*tests, *time_tests(filters, "a.fired_at")]


def time_tests(filters: Filters, column: str) -> list[Test]:
    """The bounds of time as conditions on ``column``."""
    tests: list[Test] = []
    if filters.since is not None:
        tests.append((f"{column} >= ?", (moment_text(filters.since),)))
    if filters.until is not None:
        tests.append((f"{column} < ?", (moment_text(filters.until),)))
    return tests


def _severity(filters: Filters) -> Test:
    # by name, as in the indexes
    return f"a.severity IN ({', '.join('?' * len(filters.severities))})", filters.severities


def _exposure(filters: Filters) -> Test:
    assert filters.exposure is not None
    marks = ", ".join("?" * len(filters.exposed))
    return (
        "(EXISTS (SELECT 1 FROM alert_exposures x WHERE x.alert_id = a.id AND x.exposure = ?)"
        f" OR a.symbol IN ({marks}))",
        (clean(filters.exposure), *filters.exposed),
    )


EVERYTHING = Filters()
EVERY = (1 << 63) - 1
"""As a limit: none."""


def verdict_test(verdict: str, incident: str = "a.incident_id") -> Test:
    """A condition: an incident has such a verdict, or none at all."""
    if verdict == "none":
        return f"NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.incident_id = {incident})", ()
    which, values = _verdict_is(verdict)
    return f"{incident} IN (SELECT incident_id FROM verdicts WHERE {which})", values


def _verdict_is(verdict: str) -> Test:
    if verdict == "disputed":
        return "verdict IN (?, ?)", ("not ai", "not news")
    return "verdict = ?", (verdict,)


def where(tests: Sequence[Test]) -> tuple[str, tuple[Any, ...]]:
    """`` WHERE …`` with its parameters; empty without a test."""
    conditions = " AND ".join(test for test, _ in tests)
    return (f" WHERE {conditions}" if conditions else ""), tuple(value for _, values in tests for value in values)


def newest(filters: Filters, columns: str, limit: int | None) -> Query:
    """A query for ``columns`` of the newest matching alerts ``a``, newest first; without ``limit`` all of them."""
    most = EVERY if limit is None else limit
    ranges = ranges_of(filters)
    if len(ranges) == 1 and ranges[0].ordered:
        sql, parameters = ranges[0].select(columns)
        return f"{sql} LIMIT ?", (*parameters, most)
    parts: list[str] = []
    parameters = ()
    for each in ranges:
        sql, values = each.select("a.rowid AS place, a.fired_at AS at")
        parts.append(f"SELECT * FROM ({sql} LIMIT ?) AS of_range")
        parameters += (*values, most)
    chosen = f"SELECT place, at FROM ({' UNION '.join(parts)}) AS of_all ORDER BY at DESC, place DESC LIMIT ?"
    return (
        f"SELECT {columns} FROM ({chosen}) c CROSS JOIN alerts a ON a.rowid = c.place ORDER BY c.at DESC, c.place DESC",
        (*parameters, most),
    )
