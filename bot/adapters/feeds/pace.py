"""When to poll a feed next, and when to fetch all of it. Pure.

``jitter`` is a random number from 0 to 1 that spreads the polls of many feeds; 0.5 changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core.model import FeedState
from bot.core.model.feeds import FeedSpec
from bot.core.waiting import back_off

ERROR_CAP = timedelta(hours=1)
"""Longest wait after errors, unless ``max_interval`` is longer."""
GONE_FOR = timedelta(hours=12)
"""Wait after the server said that the feed is permanently gone."""
RETRY_AFTER_CAP = timedelta(days=1)
"""The longest ``Retry-After`` respected."""
WHOLE_EVERY = timedelta(hours=1)
"""How long a server's word is taken that a feed has not changed."""


def clamp(interval: timedelta, spec: FeedSpec) -> timedelta:
    """``interval`` within the feed's bounds."""
    return min(max(interval, spec.min_interval), spec.max_interval)


def after_success(interval: timedelta, spec: FeedSpec, *, changed: bool) -> timedelta:
    """The next interval: halved if the feed had something new, half as long again if not."""
    return clamp(interval / 2 if changed else interval * 1.5, spec)


def spread(interval: timedelta, jitter: float) -> timedelta:
    """The wait before the next poll: the interval ± 10 %."""
    return interval * (0.9 + 0.2 * jitter)


def after_failure(
    failures: int, spec: FeedSpec, jitter: float, *, retry_after: timedelta | None = None, gone: bool = False
) -> timedelta:
    """The wait after the ``failures``-th error in a row.

    Doubles from twice ``min_interval`` up to an hour (or ``max_interval``), ± 50 %. The server's ``retry_after`` takes
    precedence, but is at least ``min_interval``.
    """
    if retry_after is not None:
        return min(max(retry_after, spec.min_interval), RETRY_AFTER_CAP)
    cap = max(spec.max_interval, ERROR_CAP)
    wait = max(GONE_FOR, cap) if gone else back_off(failures + 1, spec.min_interval, cap)
    return wait * (0.5 + jitter)


def whole_is_due(state: FeedState, now: datetime) -> bool:
    """Whether to fetch the feed whatever its server would say about changes."""
    return state.validators_lie or state.whole_at is None or not timedelta(0) <= now - state.whole_at < WHOLE_EVERY
