"""Full-text search over stories and alerts."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from bot.adapters.store.codec import clean
from bot.adapters.store.engine import is_server
from bot.adapters.store.history.filters import Query, Test, tests_of, time_tests, where
from bot.adapters.store.history.opening import Source, objects, opened
from bot.core.errors import UsageError
from bot.core.model import Filters

_WORD = re.compile(r'"([^"]*)"|(\S+)')


class Term(NamedTuple):
    """One of the words that are searched for."""

    text: str
    """A word, or several that follow each other."""
    is_prefix: bool


def alternatives(words: str) -> list[list[Term]]:
    """What people type: all words must occur; ``"a phrase"``, ``OR`` and ``deep*`` work. Lists of terms, all of one of
    which must occur.

    Everything else is plain text, so that nothing typed is a syntax error. Raises UsageError where there is no word.
    """
    found: list[list[Term]] = [[]]
    for phrase, word in _WORD.findall(words):
        if word == "OR":
            if found[-1]:
                found.append([])
            continue
        text = clean((phrase or word.rstrip("*")).replace('"', " ").replace("\0", " ")).strip()
        if any(c.isalnum() for c in text):
            found[-1].append(Term(text, word.endswith("*")))
    if not found[-1]:
        found.pop()
    if not found:
        raise UsageError(f"'{words}' has no word to search for")
    return found


def matching(words: str) -> str:
    """``alternatives`` as an FTS5 query."""
    terms = (
        " ".join(f'"{text}"{"*" if is_prefix else ""}' for text, is_prefix in all_of) for all_of in alternatives(words)
    )
    return " OR ".join(terms)


def search(source: Source, words: str, filters: Filters | None = None, limit: int = 20) -> list[dict[str, Any]]:
    """Alerts and stories with these words, at most ``limit`` of each, newest first.

    Alerts are searched by symbol, rule, incident, exposures and their cause; stories by title and summary. Filters
    concern alerts; with any but time, stories are only those a matching alert points to.
    """
    filters = filters or Filters()
    with opened(source) as conn:
        if is_server(conn):
            from bot.adapters.store.server.searching import search as search_on_server

            return search_on_server(conn, alternatives(words), filters, limit)
        match = matching(words)
        alerts = objects(conn, *alerts_query(match, filters, limit), rounding=("fired_change",))
        stories = objects(conn, *stories_query(match, filters, limit), rounding=("score",))
    for each in alerts:
        exposures = each.pop("exposures")
        if exposures and each["excerpt"] == exposures:  # the column holds JSON
            each["excerpt"] = re.sub(r'["\[\]]', "", exposures).replace(",", ", ")
    found = [{"type": "alert", **each} for each in alerts] + [{"type": "story", **each} for each in stories]
    return sorted(found, key=lambda each: str(each["at"]), reverse=True)


def alerts_query(match: str, filters: Filters, limit: int) -> Query:
    """Alerts that ``match``, from the newest entry of the search index back."""
    tests: list[Test] = [("alerts_fts MATCH ?", (_narrowed(match, filters),)), *tests_of(filters)]
    conditions, values = where([*tests, *_numbered("alerts_fts.rowid", "number", "alert_numbers", "fired_at", filters)])
    return (
        "SELECT a.fired_at AS at, a.id, a.symbol, a.rule, a.severity, a.incident_id AS incident,"
        " (SELECT c.change FROM alert_changes c WHERE c.alert_id = a.id AND c.kind = 'fired' ORDER BY c.at LIMIT 1)"
        " AS fired_change, a.cause_title AS title, a.cause_source AS source,"
        " snippet(alerts_fts, -1, '«', '»', '…', 16) AS excerpt,"
        " snippet(alerts_fts, 7, '«', '»', '…', 16) AS exposures"
        " FROM alerts_fts JOIN alert_numbers n ON n.number = alerts_fts.rowid JOIN alerts a ON a.id = n.alert_id"
        f"{conditions} ORDER BY alerts_fts.rowid DESC LIMIT ?",
        (*values, limit),
    )


def _narrowed(match: str, filters: Filters) -> str:
    """The filters that the search index can apply itself, without reading the alerts."""

    def phrase(text: str) -> str:
        return '"' + clean(text).replace('"', '""').replace("\0", " ") + '"'

    terms = [
        f"{column} : {phrase(value)}"
        for column, value in (("symbol", filters.symbol), ("rule", filters.rule), ("incident", filters.incident))
        if value is not None
    ]
    if filters.exposure is not None:
        exposed = [f"symbol : {phrase(symbol)}" for symbol in filters.exposed]
        terms.append(f"({' OR '.join([f'exposures : {phrase(filters.exposure)}', *exposed])})")
    return " AND ".join([f"({match})", *terms])


def _numbered(row: str, number: str, table: str, time: str, filters: Filters) -> list[Test]:
    """The bounds of time as bounds of row numbers, by which the search index is ordered."""
    conditions, values = where(time_tests(filters, time))
    if not conditions:
        return []
    return [
        (f"{row} >= (SELECT min({number}) FROM {table}{conditions})", values),
        (f"{row} <= (SELECT max({number}) FROM {table}{conditions})", values),
    ]


def stories_query(match: str, filters: Filters, limit: int) -> Query:
    """Stories that ``match``, from the last that arrived back."""
    tests: list[Test] = [("stories_fts MATCH ?", (match,)), *time_tests(filters, "s.seen_at")]
    tests += _numbered("stories_fts.rowid", "arrival", "stories", "seen_at", filters)
    if filters.symbol is not None or filters.incident is not None:
        # few alerts: begin with the stories they point to
        conditions, values = where(tests_of(filters.untimed()))
        cited = (
            "SELECT p.arrival FROM alerts a CROSS JOIN alert_stories e ON e.alert_id = a.id"
            f" CROSS JOIN stories p ON p.id = e.story_id{conditions}"
        )
        tests.append((f"stories_fts.rowid IN ({cited})", values))
    elif filters.narrow or filters.severity is not None:
        conditions, values = where([("e.story_id = s.id", ()), *tests_of(filters.untimed())])
        tests.append((f"EXISTS (SELECT 1 FROM alert_stories e JOIN alerts a ON a.id = e.alert_id{conditions})", values))
    conditions, values = where(tests)
    return (
        "SELECT s.seen_at AS at, s.id, s.title, s.source, s.publisher, s.link, s.published_at,"
        " (SELECT max(score) FROM story_scores c WHERE c.story_id = s.id) AS score,"
        " (SELECT count(*) FROM alert_stories e WHERE e.story_id = s.id) AS alerts,"
        " snippet(stories_fts, -1, '«', '»', '…', 16) AS excerpt"
        f" FROM stories_fts JOIN stories s ON s.arrival = stories_fts.rowid{conditions}"
        " ORDER BY stories_fts.rowid DESC LIMIT ?",
        (*values, limit),
    )
