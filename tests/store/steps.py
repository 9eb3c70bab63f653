"""What a store does in steps, done at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.core.ports import Upkeep
from bot.core.prices.sessions import Timetable


def prune(store: Upkeep, now: datetime, keep: Mapping[str, timedelta]) -> Mapping[str, int]:
    """How many rows went, by kind."""
    return [dict.fromkeys(keep, 0), *store.prune_in_steps(now, keep)][-1]


def update_outcomes(store: Upkeep, timetable_of: Callable[[str], Timetable], now: datetime) -> int:
    """How many outcomes are new."""
    return [0, *store.update_outcomes_in_steps(timetable_of, now)][-1]
