"""When an entry says it was published, and how far that is believed.

Dates of feeds inform, they never order. What is kept:

- a date alone is kept as its midnight, UTC; a date without a zone is taken as UTC;
- seconds or milliseconds since 1970 are understood;
- before 1995, unreadable or missing: ``None``;
- up to ten minutes in the future is a clock that is fast: kept as the time of the poll; further: ``None``;
- equal to the time of the fetch, or to the time the feed was built where that is not the newest entry's own:
  the generator had no date and wrote its clock's: ``None``.

Off by hours (a wrong zone) cannot be told from right, and is kept.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
FAST_CLOCK = timedelta(minutes=10)
SAME_MOMENT = timedelta(seconds=2)


def understand(raw: object, parsed: object) -> datetime | None:
    """The moment a date element names, from its text and from what feedparser made of it; aware UTC."""
    text = raw.strip() if isinstance(raw, str) else ""
    if text.isascii() and text.isdigit() and len(text) in (9, 10, 13):
        seconds = int(text) / (1000 if len(text) == 13 else 1)
        return datetime.fromtimestamp(seconds, UTC)
    if not isinstance(parsed, (time.struct_time, tuple)) or len(parsed) < 6:
        return None
    year, month, day, hour, minute, second = parsed[:6]
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError, TypeError):
        return None


def believe(dates: Sequence[datetime | None], built_at: datetime | None, now: datetime) -> list[datetime | None]:
    """What is kept of the dates of all entries of a feed, in the feed's order, fetched at ``now``.

    ``built_at`` is when the feed says it was made.
    """
    stamped = set()
    if built_at is not None:
        near = [i for i, at in enumerate(dates) if at is not None and abs(at - built_at) <= SAME_MOMENT]
        newest = max((at for at in dates if at is not None), default=None)
        own = [i for i in near if i == 0 and dates[i] == newest] if len(near) == 1 else []
        stamped = {i for i in near if i not in own}
    # A crowd on one second that is not a midnight is a generator's clock, whatever the feed says of itself.
    crowd = Counter(at for at in dates if at is not None and (at.hour, at.minute, at.second) != (0, 0, 0))
    return [
        None if i in stamped or _clocked(at, crowd, len(dates)) else _plausible(at, now) for i, at in enumerate(dates)
    ]


def _clocked(at: datetime | None, crowd: Counter[datetime], entries: int) -> bool:
    return at is not None and crowd[at] >= 3 and crowd[at] * 2 > entries


def _plausible(at: datetime | None, now: datetime) -> datetime | None:
    if at is None or at < EARLIEST or at > now + FAST_CLOCK or abs(at - now) <= SAME_MOMENT:
        return None
    return min(at, now)
