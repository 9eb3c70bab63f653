"""How close together the messages about one incident may come: what happens at once is told once."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core.model import Incident

MESSAGES_APART = timedelta(seconds=5)
"""Least time between two new messages."""
WIDENED_AT_MOST_EVERY = timedelta(hours=1)
EDIT_AT_MOST_EVERY = timedelta(minutes=1)


def may_message(incident: Incident, at: datetime) -> bool:
    """Whether another new message may come at ``at``."""
    may = may_message_from(incident)
    return may is None or at >= may


def may_message_from(incident: Incident) -> datetime | None:
    """From when another new message may come; ``None`` before the first."""
    last = incident.thread.messaged_at
    return last + MESSAGES_APART if last is not None else None
