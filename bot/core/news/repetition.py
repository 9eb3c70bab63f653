"""Which of a source's stories on one happening are weighed: a feed that repeats itself must not slow matching down.

Matching looks at every weighed story of a cluster, at the moment in which prices move. A source is heard in full up to
``PLENTY`` stories a day on a happening; of what it adds then only what it has not said before: another company, another
line of business, another cause, a plainer story. So whom the stories reach, and why, stays complete.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.news.matching import Entry

PLENTY = 60
LATELY = timedelta(days=1)


@dataclass(slots=True)
class Said:
    """What a source has said of a happening lately."""

    _stories: deque[tuple[datetime, frozenset[str]]] = field(default_factory=deque)

    def adds(self, at: datetime, says: frozenset[str]) -> bool:
        """Whether a story seen ``at`` that says this is weighed; it is noted if so."""
        while self._stories and at - self._stories[0][0] > LATELY:
            self._stories.popleft()
        if len(self._stories) >= PLENTY and says.issubset(frozenset().union(*(told for _, told in self._stories))):
            return False
        self._stories.append((at, says))
        return True


def said_by(entry: Entry) -> frozenset[str]:
    """What matching takes from a story: whom it names, what it concerns, whose fall it explains, and how plainly it is
    on a topic, in tenths."""
    reading = entry.reading
    return frozenset(
        (
            *(f"names {symbol}" for symbol in entry.direct),
            *(f"concerns {exposure}" for exposure, _ in reading.exposures),
            *(f"explains {given.subject} by {given.topic}" for given in reading.attributions),
            *(f"{score.topic} {int(score.score * 10)}" for score in reading.topics),
        )
    )
