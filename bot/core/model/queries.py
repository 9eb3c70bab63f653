"""Queries on the history, and values that only its readers need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.model.observations import SecondReading, Story
from bot.core.model.vocabulary import Severity

VERDICTS = ("right", "not ai", "not news", "disputed", "none")
"""Readers' verdicts on an alert to filter by; ``disputed`` is any that says no, ``none`` that nobody answered."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What alerts to select; a field left out matches any."""

    symbol: str | None = None
    exposure: str | None = None
    exposed: tuple[str, ...] = ()
    """Symbols with the exposure: their alerts match even where the cause does not name it."""
    rule: str | None = None
    severity: Severity | None = None
    """The lowest."""
    incident: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Bounds of ``fired_at``; ``until`` is exclusive."""
    verdict: str | None = None
    """One of ``VERDICTS``."""
    label: tuple[str, str] | None = None
    """Name and value of a label; any value where it is empty."""

    @property
    def narrow(self) -> bool:
        """Whether anything but severity and time is given."""
        return any((self.symbol, self.exposure, self.rule, self.incident, self.verdict, self.label))

    @property
    def of_alerts(self) -> bool:
        """Whether an incident matches only by one of its alerts."""
        return any((self.symbol, self.exposure, self.rule, self.label))

    @property
    def severities(self) -> tuple[str, ...]:
        """The words of the severities selected."""
        return tuple(s.word for s in Severity if self.severity is None or s >= self.severity)

    def untimed(self) -> Filters:
        """Everything but the time bounds."""
        return replace(self, since=None, until=None)

    def timed_only(self) -> Filters:
        """Only the time bounds."""
        return Filters(since=self.since, until=self.until)


@dataclass(frozen=True, slots=True)
class KnownRule:
    """What the configuration says of a rule that the history may know, too."""

    place: str
    """Where it stands: ``rules/mine.yaml:3``."""
    origin: str
    """Own or shipped, or one in place of the other, in words; empty where own rules do not lie over shipped ones."""
    enabled: bool
    description: str = ""
    tests: tuple[tuple[str, str], ...] = ()
    """Its tests: where each stands, and what it says."""


@dataclass(frozen=True, slots=True)
class StoredStory:
    """A story from the history, whether it mattered, and what a second reader answered about it."""

    story: Story
    matters: bool
    """It has a topic or a mention, or is the cause of an alert."""
    second_reading: SecondReading | None = None
