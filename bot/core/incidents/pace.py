"""How close together the messages about one incident may come: what happens at once is told once."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core.model import Thread

MESSAGES_APART = timedelta(seconds=5)
"""Least time between two new messages."""
WIDENED_AT_MOST_EVERY = timedelta(hours=1)
EDIT_AT_MOST_EVERY = timedelta(minutes=1)


def may_message(thread: Thread, at: datetime) -> bool:
    """Whether another new message may come at ``at``."""
    return thread.messaged_at is None or at >= thread.messaged_at + MESSAGES_APART


def may_message_from(thread: Thread) -> datetime | None:
    """From when another new message may come; ``None`` before the first."""
    return thread.messaged_at + MESSAGES_APART if thread.messaged_at is not None else None
