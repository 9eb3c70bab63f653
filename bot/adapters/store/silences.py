"""Silences as people set them. Functions that write expect to be inside a transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.adapters.store.codec import clean, moment, moment_text
from bot.adapters.store.engine import Connection
from bot.adapters.store.rows import overwrite
from bot.core.model import Silence

_MATCHERS = ("symbols", "rules", "incident", "recipient")


def save(conn: Connection, run_id: int, silence: Silence, now: datetime, made_by: str, comment: str) -> None:
    """Store a silence; one of the same id is replaced."""
    matcher = {name: getattr(silence, name) for name in _MATCHERS}
    conn.execute(
        "INSERT INTO silences (id, run_id, created_at, until, matcher, made_by, comment) VALUES (?, ?, ?, ?, ?, ?, ?)"
        f" ON CONFLICT (id) DO UPDATE SET {overwrite('until', 'matcher', 'made_by', 'comment')}",
        (
            *(clean(silence.id), run_id, moment_text(now), moment_text(silence.until), json.dumps(matcher)),
            *(clean(made_by), clean(comment)),
        ),
    )


def running(conn: Connection, now: datetime) -> Sequence[Silence]:
    """Silences not over at ``now``, in the order they were made."""
    rows = conn.execute(
        "SELECT id, until, matcher FROM silences WHERE until > ? ORDER BY created_at, id", (moment_text(now),)
    )
    return [Silence(key, moment(until), **_matcher(json.loads(text))) for key, until, text in rows]


def _matcher(stored: dict[str, Any]) -> dict[str, Any]:
    found = {name: stored[name] for name in _MATCHERS if name in stored}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def end(conn: Connection, silence_id: str, now: datetime) -> bool:
    """End a silence now; False where there is none of that id."""
    done = conn.execute(
        "UPDATE silences SET until = ?1 WHERE id = ?2 AND until > ?1", (moment_text(now), clean(silence_id))
    )
    return done.rowcount > 0
