"""Full-text search on a server: the same words and filters as in SQLite's, by PostgreSQL's own index.

Words are stemmed by another program than SQLite's, so that a search may find a little more or less.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.adapters.store.engine import Connection
from bot.adapters.store.history.filters import Query, Test, tests_of, time_tests, where
from bot.adapters.store.history.opening import objects
from bot.core.model import Filters

if TYPE_CHECKING:
    from bot.adapters.store.history.searching import Term

_BEGINNING = "to_tsquery('searched', '''' || apart(?) || ''':*')"
"""Words of which the last is the beginning of one; no quotation mark is left in them."""
_SHOWN = "'StartSel=«, StopSel=», MaxWords=16, MinWords=8, MaxFragments=1, FragmentDelimiter=…'"


def search(
    conn: Connection, alternatives: Sequence[Sequence[Term]], filters: Filters, limit: int
) -> list[dict[str, Any]]:
    """See ``history.searching.search``."""
    query, words = _query(alternatives)
    alerts = objects(conn, *_alerts(query, words, filters, limit), rounding=("fired_change",))
    stories = objects(conn, *_stories(query, words, filters, limit), rounding=("score",))
    found = [{"type": "alert", **each} for each in alerts] + [{"type": "story", **each} for each in stories]
    return sorted(found, key=lambda each: str(each["at"]), reverse=True)


def _query(alternatives: Sequence[Sequence[Term]]) -> tuple[str, tuple[str, ...]]:
    """An expression for a ``tsquery``, and its parameters."""
    words: list[str] = []
    any_of = []
    for all_of in alternatives:
        parts = []
        for text, is_prefix in all_of:
            words.append(text)
            parts.append(_BEGINNING if is_prefix else "phraseto_tsquery('searched', apart(?))")
        any_of.append(f"({' && '.join(parts)})")
    return f"({' || '.join(any_of)})", tuple(words)


def _alerts(query: str, words: tuple[str, ...], filters: Filters, limit: int) -> Query:
    tests: list[Test] = [("a.search @@ q.query", ()), *tests_of(filters)]
    conditions, values = where(tests)
    return (
        "SELECT a.fired_at AS at, a.id, a.symbol, a.rule, a.severity, a.incident_id AS incident,"
        " (SELECT c.change FROM alert_changes c WHERE c.alert_id = a.id AND c.kind = 'fired' ORDER BY c.at LIMIT 1)"
        " AS fired_change, a.cause_title AS title, a.cause_source AS source,"
        " ts_headline('searched', alert_words(a.symbol, a.rule, a.incident_id, a.cause), q.query,"
        f" {_SHOWN}) AS excerpt FROM alerts a, (SELECT {query} AS query) q{conditions}"
        " ORDER BY a.fired_at DESC, a.rowid DESC LIMIT ?",
        (*words, *values, limit),
    )


def _stories(query: str, words: tuple[str, ...], filters: Filters, limit: int) -> Query:
    tests: list[Test] = [("s.search @@ q.query", ()), *time_tests(filters, "s.seen_at")]
    if filters.narrow or filters.severity is not None:
        conditions, values = where([("e.story_id = s.id", ()), *tests_of(filters.untimed())])
        tests.append((f"EXISTS (SELECT 1 FROM alert_stories e JOIN alerts a ON a.id = e.alert_id{conditions})", values))
    conditions, values = where(tests)
    return (
        "SELECT s.seen_at AS at, s.id, s.title, s.source, s.publisher, s.link, s.published_at,"
        " (SELECT max(score) FROM story_scores c WHERE c.story_id = s.id) AS score,"
        " (SELECT count(*) FROM alert_stories e WHERE e.story_id = s.id) AS alerts,"
        f" ts_headline('searched', s.title || ' ' || s.summary, q.query, {_SHOWN}) AS excerpt"
        f" FROM stories s, (SELECT {query} AS query) q{conditions} ORDER BY s.arrival DESC LIMIT ?",
        (*words, *values, limit),
    )
