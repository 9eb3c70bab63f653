"""What several sources do alike with what they were answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.core.model import NewsItem


def evidence_in_a_flood(items: Sequence[NewsItem], most: int) -> Sequence[NewsItem]:
    """``items``; where they are more than ``most``, as evidence only: of a flood nothing fires a rule."""
    return items if len(items) <= most else [replace(item, evidence_only=True) for item in items]


def iso_moment(text: Any) -> datetime | None:
    """A moment in ISO 8601 with its offset, in UTC; ``None`` for anything else."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
