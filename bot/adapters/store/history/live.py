"""How the bot stands at this moment: its run, open incidents, what waits to be sent, and each source's last poll."""

from __future__ import annotations

from typing import Any

from bot.adapters.store.engine import Connection
from bot.adapters.store.history.opening import objects

OPEN = 30
"""Open incidents at most, newest first."""
RUN = "SELECT mode, started_at, ended_at, version FROM runs ORDER BY id DESC LIMIT 1"
INCIDENTS = "SELECT id FROM incidents INDEXED BY incidents_open WHERE state = 'open' ORDER BY started_at DESC LIMIT ?"
MOST = 1000
"""Messages that are counted, of each state."""
WAITING = " UNION ALL ".join(
    f"SELECT channel, '{state}' AS state, edit, count(*) AS number, min(created_at) AS since_at FROM"
    f" (SELECT channel, edits IS NOT NULL AS edit, created_at FROM notifications INDEXED BY notifications_{state}"
    f" WHERE state = '{state}' LIMIT {MOST}) AS counted GROUP BY channel, edit"
    for state in ("queued", "leased", "unknown")
)
SOURCES = (
    "SELECT source, subject, trouble, detail, last_report_at, last_good_at, last_story_at, failures, next_poll_at"
    " FROM source_health ORDER BY trouble IN ('none', 'unknown'), last_good_at DESC NULLS LAST, source, subject"
)


def live(conn: Connection) -> dict[str, Any]:
    """``run`` (none where there was none), ids of ``open`` incidents, ``waiting`` messages by channel and state, and
    ``sources``, those in trouble first."""
    return {
        "run": next(iter(objects(conn, RUN)), None),
        "open": [str(found) for (found,) in conn.execute(INCIDENTS, (OPEN,))],
        "waiting": objects(conn, WAITING),
        "sources": objects(conn, SOURCES),
    }
