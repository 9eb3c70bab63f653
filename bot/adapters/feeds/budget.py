"""How many new stories a feed may bring: a day's worth at once, which then comes back evenly over a day. Pure.

Without it a feed that invents entries could fill the disk and the memory, however few it may bring per poll. What is
over the budget is not read; a feed that keeps its entries gets them read later.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.model import FeedState
from bot.core.model.feeds import FeedSpec

DAY = timedelta(days=1)


def left(state: FeedState, spec: FeedSpec, now: datetime) -> int:
    """How many stories the feed may bring now."""
    return int(_left(state, spec, now))


def spent(state: FeedState, spec: FeedSpec, now: datetime, count: int) -> FeedState:
    """The state after ``count`` more stories."""
    return replace(state, stories_left=max(_left(state, spec, now) - count, 0.0), stories_left_at=now)


def _left(state: FeedState, spec: FeedSpec, now: datetime) -> float:
    whole = float(spec.stories_per_day)
    if state.stories_left is None or state.stories_left_at is None:
        return whole
    since = max(now - state.stories_left_at, timedelta(0))  # the clock may have been set back
    return min(state.stories_left + whole * (since / DAY), whole)
