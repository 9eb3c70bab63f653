"""Which of the dates that entries state are plausible.

Feed dates inform; they never order anything. What is kept:

- before 1995: ``None``;
- up to ten minutes ahead (a fast clock) as the time of the poll; further ahead: ``None``;
- equal to the time of the fetch, or to the feed's build time unless that is the newest entry's own date: ``None``,
  because the generator had no date and wrote the current time.

A date that is hours off (a wrong zone) cannot be recognised, and is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
FAST_CLOCK = timedelta(minutes=10)
SAME_MOMENT = timedelta(seconds=2)


def plausible_dates(
    dates: Sequence[datetime | None], built_at: datetime | None, now: datetime
) -> list[datetime | None]:
    """The plausible ones among the dates of all entries of a feed, in its order; the others are ``None``.

    ``built_at`` is the build date the feed states, ``now`` when it was fetched.
    """
    at_build = set()
    if built_at is not None:
        at_build = {i for i, at in enumerate(dates) if at is not None and abs(at - built_at) <= SAME_MOMENT}
        if at_build == {0} and dates[0] == max(at for at in dates if at is not None):
            at_build = set()  # the newest entry, published when the feed was built
    # most entries within one second that is not a midnight: the generator's clock, whatever the feed states
    same_second = Counter(at for at in dates if at is not None and (at.hour, at.minute, at.second) != (0, 0, 0))

    def plausible(i: int, at: datetime | None) -> datetime | None:
        if at is None or i in at_build or (same_second[at] >= 3 and same_second[at] * 2 > len(dates)):
            return None
        if at < EARLIEST or at > now + FAST_CLOCK or abs(at - now) <= SAME_MOMENT:
            return None
        return min(at, now)

    return [plausible(i, at) for i, at in enumerate(dates)]
