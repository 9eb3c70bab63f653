"""Which source told first of what alerts were about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.adapters.store.codec import moment, moment_text
from bot.adapters.store.engine import Connection
from bot.adapters.store.history.filters import Query


def told_by_source_query(since: datetime) -> Query:
    """For each happening that an alert since then points to as its cause: when each source told of it first."""
    return (
        "SELECT s.cluster, s.source, min(s.seen_at) FROM"
        " (SELECT DISTINCT cause_cluster FROM alerts INDEXED BY alerts_fired_at WHERE fired_at >= ?) c"
        " CROSS JOIN stories s INDEXED BY stories_cluster ON s.cluster = c.cause_cluster"
        " GROUP BY s.cluster, s.source",
        (moment_text(since),),
    )


def stories_by_source_query(since: datetime) -> Query:
    """How many stories each source brought."""
    return (
        "SELECT source, count(*) FROM stories INDEXED BY stories_source WHERE seen_at >= ? GROUP BY source",
        (moment_text(since),),
    )


def told_by_source(conn: Connection, since: datetime) -> Iterator[tuple[str, str, datetime]]:
    """Happening, source, and when it told of it first."""
    for cluster, source, seen_at in conn.execute(*told_by_source_query(since)):
        yield str(cluster), str(source), moment(seen_at)


def stories_by_source(conn: Connection, since: datetime) -> Mapping[str, int]:
    """How many stories each source brought."""
    return {str(source): int(count) for source, count in conn.execute(*stories_by_source_query(since))}
