"""What is asked of the history, and values that only its readers need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.model.observations import Story
from bot.core.model.vocabulary import Severity

VERDICTS = ("right", "not ai", "not news", "disputed", "none")
"""What can be asked of readers' answers: one of them, any that says no, or that nobody answered."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What alerts must be; everything left out is any."""

    symbol: str | None = None
    exposure: str | None = None
    exposed: tuple[str, ...] = ()
    """Symbols that live from the exposure, which need not be named by the alert's cause for it."""
    rule: str | None = None
    severity: Severity | None = None
    """The least."""
    incident: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Bounds of when they fired, the latter exclusive."""
    verdict: str | None = None
    """One of ``VERDICTS``."""

    @property
    def narrow(self) -> bool:
        """Whether something apart from severity and time is asked."""
        return any((self.symbol, self.exposure, self.rule, self.incident, self.verdict))

    @property
    def severities(self) -> tuple[str, ...]:
        """The severities asked for, by their words."""
        return tuple(s.word for s in Severity if self.severity is None or s >= self.severity)

    def untimed(self) -> Filters:
        """The same at any time."""
        return replace(self, since=None, until=None)

    def timed_only(self) -> Filters:
        """Nothing of it but the time."""
        return Filters(since=self.since, until=self.until)


@dataclass(frozen=True, slots=True)
class StoredStory:
    """A story, and whether the news room made anything of it."""

    story: Story
    matters: bool
    """It has a topic, names somebody, or an alert points to it."""
