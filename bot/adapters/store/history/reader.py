"""The port ``History``: a reading connection, with each query as a method."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any

from bot.adapters.store import outcomes, recorded, retention, thinning
from bot.adapters.store.connection import connect_reader, translated
from bot.adapters.store.engine import Connection, is_server, one_state
from bot.adapters.store.history import alerts, exporting, incidents, live, rules, searching, sources, stats, verifying
from bot.adapters.store.history.opening import open_as
from bot.adapters.store.history.selecting import BoundedCursor, guard_reader, select
from bot.adapters.store.schema import require_current
from bot.core.model import Filters

_EXTENT = (
    "SELECT min(first), max(last) FROM ("
    "SELECT min(seen_at) AS first, max(seen_at) AS last FROM stories"
    " UNION ALL SELECT min(seen_at), max(seen_at) FROM quotes) AS bounds"
)
_STATE = (
    "SELECT (SELECT count(*) FROM incidents WHERE state = 'open'),"
    " (SELECT max(seen_at) FROM stories), (SELECT seen_at FROM quotes ORDER BY arrival DESC LIMIT 1)"
)
_SOURCES = "SELECT count(*), count(*) FILTER (WHERE trouble NOT IN ('none', 'unknown')) FROM source_health"


class Questions:
    """The port ``History``, which documents each method, for a connection to derive from."""

    list_alerts = alerts.list_alerts
    find_alerts = alerts.find_alerts
    show_alert = alerts.show_alert
    quotes_around = alerts.quotes_around
    list_incidents = incidents.list_incidents
    show_incident = incidents.show_incident
    last_message = incidents.last_message
    read_summary = incidents.read_summary
    search = searching.search
    live = live.live
    list_rules = rules.list_rules
    show_rule = rules.show_rule
    statistics = stats.statistics
    export = exporting.export
    prunable = retention.prunable
    every_quote_since = thinning.every_quote_since

    known_rules = outcomes.known_rules
    fired_alerts = outcomes.fired_alerts
    all_verdicts = outcomes.verdicts
    stored_outcomes = outcomes.stored_outcomes
    first_session = outcomes.first_session
    missing_outcomes = outcomes.missing

    incident = recorded.incident
    newest_incidents = recorded.newest_incidents
    alerts_of = recorded.alerts
    changed_at = recorded.changed_at
    last_seen_at = recorded.last_seen_at
    first_priced_at = recorded.first_priced_at
    priced_symbols = recorded.priced_symbols
    count_quotes = recorded.count_quotes
    quotes = recorded.quotes
    thinned_quotes = recorded.thinned_quotes
    bars = recorded.bars
    splits = recorded.splits
    stories = recorded.stories
    learned_names = recorded.learned_names
    told_by_source = sources.told_by_source
    stories_by_source = sources.stories_by_source

    def extent(self) -> tuple[datetime, datetime] | None:
        """When the first and the last story or quote was seen."""
        first, last = _conn(self).execute(_EXTENT).fetchone()
        if first is None:
            return None
        return datetime.fromisoformat(first).astimezone(UTC), datetime.fromisoformat(last).astimezone(UTC)

    def is_of_backtest(self) -> bool:
        """Whether a backtest wrote it: then it has prices only of what alerts needed."""
        first = _conn(self).execute("SELECT mode FROM runs ORDER BY id LIMIT 1").fetchone()
        return first is not None and first[0] == "backtest"

    def count_alerts(self) -> int:
        """How many alerts there are."""
        return int(_conn(self).execute("SELECT count(*) FROM alerts").fetchone()[0])

    def standing(self) -> dict[str, Any]:
        """Open incidents, newest story and quote, and the number of sources and those in trouble."""
        names = ("open", "story_at", "quote_at", "sources", "trouble")
        return dict(
            zip(
                names, (*_conn(self).execute(_STATE).fetchone(), *_conn(self).execute(_SOURCES).fetchone()), strict=True
            )
        )

    def export_to(self, file: str, what: str, filters: Filters, form: str) -> int:
        """As ``export``, into a file that appears when it is complete."""
        return exporting.export_to(Path(file), _conn(self), what, filters, form)

    def findings(self) -> list[str]:
        """Damage in one state of the history, whatever a bot writes meanwhile."""
        with one_state(_conn(self)):
            return [*verifying.verify(_conn(self)), *verifying.evidence(_conn(self))]


def _conn(questions: Questions) -> Connection:
    assert isinstance(questions, sqlite3.Connection) or is_server(questions)
    return questions


class SqliteHistory(Questions, sqlite3.Connection):
    """The history in one SQLite file. Made by ``read_history``, or ``connect_guarded`` in each thread."""

    select = select


@contextlib.contextmanager
def read_history(path: str | PathLike[str]) -> Iterator[SqliteHistory]:
    """The history in a file, read-only. Raises StoreError, StoreVersionError where it is not this version's."""
    with open_as(SqliteHistory, path) as history:
        yield history


class _Answered(BoundedCursor):
    answer = 16 << 20


class GuardedHistory(SqliteHistory):
    """A history of which each answer is bounded, and that does not tell where it lies."""

    file: Path | None = None

    def cursor(self, factory: Any = _Answered) -> Any:
        """As sqlite3's; ``execute`` comes by here."""
        return super().cursor(factory)


def connect_guarded(path: Path) -> GuardedHistory:
    """The same for a caller that closes it and runs SQL of its own: only reading gets through, up to 16 MB at once."""
    with translated(path):
        history = connect_reader(path, kind=GuardedHistory)
        history.file = path
        try:
            require_current(history, path)
            guard_reader(history)
        except BaseException:
            history.close()
            raise
        return history
