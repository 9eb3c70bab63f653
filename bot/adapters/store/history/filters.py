"""Which alerts are asked for, as SQL that finds the newest of them through an index whatever is asked.

SQLite walks one index for each SELECT. A question that several index ranges answer (an exposure is recorded with the
cause, or is what one of many symbols lives from; "high at least" is two severities) therefore becomes one SELECT for
each, each cut at the limit, and their union cut again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.adapters.store.codec import clean, moment_text
from bot.core.model import Severity

Test = tuple[str, tuple[Any, ...]]
"""A condition on an alert ``a``, and its parameters."""

VERDICTS = ("right", "not ai", "not news", "disputed", "none")
"""What can be asked of readers' answers: one of them, any that says no, or that nobody answered."""

Query = tuple[str, tuple[Any, ...]]
"""SQL and its parameters."""


@dataclass(frozen=True, slots=True)
class Range:
    """Alerts ``a`` that one index finds, the newest first."""

    tables: str
    values: tuple[Any, ...]
    """Parameters of ``tables``."""
    tests: Sequence[Test]
    time: str = "a.fired_at"
    """The column by which the index has them in order."""
    ordered: bool = True
    """Whether it has."""

    def select(self, columns: str) -> Query:
        """``columns`` of all of them."""
        said, values = where(self.tests)
        order = f"ORDER BY {self.time} DESC, a.rowid DESC"
        return f"SELECT {columns} FROM {self.tables}{said} {order}", (*self.values, *values)


@dataclass(frozen=True, slots=True)
class Filters:
    """What alerts must be; everything left out is any."""

    symbol: str | None = None
    exposure: str | None = None
    exposed: tuple[str, ...] = ()
    """Symbols that live from the exposure, which need not be named by the alert's cause for it."""
    rule: str | None = None
    severity: Severity | None = None
    """The least."""
    incident: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Bounds of when they fired, the latter exclusive."""
    verdict: str | None = None
    """One of ``VERDICTS``."""

    @property
    def narrow(self) -> bool:
        """Whether something apart from severity and time is asked."""
        return any((self.symbol, self.exposure, self.rule, self.incident, self.verdict))

    @property
    def severities(self) -> tuple[str, ...]:
        """The severities asked for, by their words."""
        return tuple(s.word for s in Severity if self.severity is None or s >= self.severity)

    def untimed(self) -> Filters:
        """The same at any time."""
        return replace(self, since=None, until=None)

    def timed_only(self) -> Filters:
        """Nothing of it but the time."""
        return Filters(since=self.since, until=self.until)

    def tests(self) -> list[Test]:
        """All of it as conditions on an alert ``a``, for use beside whatever finds the alerts."""
        tests = self._simple()
        if self.severity is not None and self.severity > Severity.INFO:
            tests.append(self._severity())
        if self.exposure is not None:
            tests.append(self._exposure())
        if self.verdict is not None:
            tests.append(verdict_test(self.verdict))
        return tests

    def ranges(self) -> list[Range]:
        """The index ranges that together hold the answer."""
        tests = self._simple()
        more_severe = self.severity is not None and self.severity > Severity.INFO
        if more_severe and self.narrow:
            tests.append(self._severity())
        if self.verdict is not None and self.verdict != "none":
            if self.exposure is not None:
                tests.append(self._exposure())
            which, values = _answered(self.verdict)
            # few people answer: begin with them
            judged = f"(SELECT DISTINCT incident_id FROM verdicts WHERE {which}) j"
            return [
                Range(f"{judged} CROSS JOIN alerts a ON a.incident_id = j.incident_id", values, tests, ordered=False)
            ]
        if self.verdict is not None:
            tests.append(verdict_test(self.verdict))
        if self.exposure is not None:
            recorded = "alert_exposures x CROSS JOIN alerts a ON a.id = x.alert_id"
            named = [("x.exposure = ?", (clean(self.exposure),)), *self._when("x.fired_at"), *tests]
            by_symbol = (Range("alerts a", (), [("a.symbol = ?", (clean(s),)), *tests]) for s in self.exposed)
            return [Range(recorded, (), named, "x.fired_at"), *by_symbol]
        if more_severe and not self.narrow:
            by_severity = ([("a.severity = ?", (word,)), *tests] for word in self.severities)
            return [Range("alerts a", (), each) for each in by_severity]
        # an incident has few alerts: they are sorted, rather than looked for among all in the order of time
        of_incident = self.incident is not None and self.symbol is None and self.rule is None
        return [Range("alerts a", (), tests, "+a.fired_at" if of_incident else "a.fired_at")]

    def _simple(self) -> list[Test]:
        tests: list[Test] = []
        for column, value in (("symbol", self.symbol), ("rule", self.rule), ("incident_id", self.incident)):
            if value is not None:
                tests.append((f"a.{column} = ?", (clean(value),)))
        return [*tests, *self._when("a.fired_at")]

    def _when(self, column: str) -> list[Test]:
        tests: list[Test] = []
        if self.since is not None:
            tests.append((f"{column} >= ?", (moment_text(self.since),)))
        if self.until is not None:
            tests.append((f"{column} < ?", (moment_text(self.until),)))
        return tests

    def _severity(self) -> Test:
        # by their words, which the indexes have
        return f"a.severity IN ({', '.join('?' * len(self.severities))})", self.severities

    def _exposure(self) -> Test:
        assert self.exposure is not None
        marks = ", ".join("?" * len(self.exposed))
        return (
            "(EXISTS (SELECT 1 FROM alert_exposures x WHERE x.alert_id = a.id AND x.exposure = ?)"
            f" OR a.symbol IN ({marks}))",
            (clean(self.exposure), *self.exposed),
        )


EVERYTHING = Filters()


def verdict_test(verdict: str, incident: str = "a.incident_id") -> Test:
    """Whether an incident has such an answer, or none at all."""
    if verdict == "none":
        return f"NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.incident_id = {incident})", ()
    which, values = _answered(verdict)
    return f"{incident} IN (SELECT incident_id FROM verdicts WHERE {which})", values


def _answered(verdict: str) -> Test:
    if verdict == "disputed":
        return "verdict IN (?, ?)", ("not ai", "not news")
    return "verdict = ?", (verdict,)


def where(tests: Sequence[Test]) -> tuple[str, tuple[Any, ...]]:
    """`` WHERE …`` with its parameters; empty without a test."""
    said = " AND ".join(test for test, _ in tests)
    return (f" WHERE {said}" if said else ""), tuple(value for _, values in tests for value in values)


def newest(filters: Filters, columns: str, limit: int | None) -> Query:
    """A query for the newest alerts that pass: ``columns`` of ``a``, the newest first; no ``limit`` is all of them."""
    most = -1 if limit is None else limit
    ranges = filters.ranges()
    if len(ranges) == 1 and ranges[0].ordered:
        sql, parameters = ranges[0].select(columns)
        return f"{sql} LIMIT ?", (*parameters, most)
    parts: list[str] = []
    parameters = ()
    for each in ranges:
        sql, values = each.select("a.rowid AS place, a.fired_at AS at")
        parts.append(f"SELECT * FROM ({sql} LIMIT ?)")
        parameters += (*values, most)
    chosen = f"SELECT place, at FROM ({' UNION '.join(parts)}) ORDER BY at DESC, place DESC LIMIT ?"
    return (
        f"SELECT {columns} FROM ({chosen}) c CROSS JOIN alerts a ON a.rowid = c.place ORDER BY c.at DESC, c.place DESC",
        (*parameters, most),
    )
