"""More at once than can be new: a site relaunched, an archive put into the feed, a generator gone wrong. Pure.

What comes with such a flood is kept as evidence for moves and cannot fire a rule by itself, like the entries of a
feed's first poll. Nothing is dropped, since something new may be among it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

MOST = 100
"""New entries of one poll, whatever their dates; the busiest wires bring some dozens."""
MOST_OLD = 10
"""Of these without a date, or published before the poll before."""
LAG = timedelta(hours=1)
"""How much later than its date an entry may come and still count as published since the last poll."""


def evidence_only(new: Sequence[datetime | None], since: datetime | None) -> list[bool]:
    """For each new entry of a poll whether it is evidence only.

    ``new`` are their dates, as far as plausible; ``since`` is when the feed was last read.
    """
    if len(new) > MOST:
        return [True] * len(new)
    old = [at is None or (since is not None and _latest(at) < since - LAG) for at in new]
    return old if sum(old) > MOST_OLD else [False] * len(new)


def _latest(at: datetime) -> datetime:
    """Midnight is a date without a time, and means the whole day."""
    return at + timedelta(days=1) if at.hour == at.minute == at.second == 0 else at
