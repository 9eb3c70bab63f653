"""How far a history reaches: asked before a question about a moment is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

from bot.adapters.store.connection import translated
from bot.adapters.store.history import open_history

_EXTENT = (
    "SELECT min(first), max(last) FROM ("
    "SELECT min(seen_at) AS first, max(seen_at) AS last FROM stories"
    " UNION ALL SELECT min(seen_at), max(seen_at) FROM quotes)"
)


def extent(path: str | PathLike[str]) -> tuple[datetime, datetime] | None:
    """When the first and the last story or quote was seen; ``None`` where there is none yet.

    Raises StoreError, or StoreVersionError where the file is not a history of this program's version.
    """
    with translated(Path(path)), open_history(path) as conn:
        first, last = conn.execute(_EXTENT).fetchone()
    return (_moment(first), _moment(last)) if first is not None else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
