"""What is counted and timed while the bot runs: heard at the cycle and at the sender, changing nothing there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics

from bot.clock import stopwatch
from bot.core.model import Announcement, ChangeKind, FeedState, Notification, Observation, SourceReport, Trouble
from bot.cycle import Cycle, CycleResult

CYCLE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
DELIVERY_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)

# else each histogram has a second family, which says only when it began (the library's function lacks types)
disable_created_metrics()  # type: ignore[no-untyped-call]


@dataclass(slots=True)
class Measures:
    """Everything counted since the start."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    """Where the histograms are; one bot's own, not the library's one for the whole process."""
    cycle_seconds: Histogram = field(init=False)
    delivery_seconds: Histogram = field(init=False)
    alerts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Fired, by rule and severity."""
    escalations: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Risen in severity, by rule and the new severity."""
    polls: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By source, and how they went (``none`` is well)."""
    polled_at: dict[str, datetime] = field(default_factory=dict)
    """When each source was last asked, whatever it answered."""
    answered_at: dict[str, datetime] = field(default_factory=dict)
    """When each source last answered well."""
    refused_commits: int = 0
    """Cycles whose transaction the database refused."""
    unwritten_since: datetime | None = None
    """Since when nothing can be written; ``None`` while it can."""

    def __post_init__(self) -> None:
        self.cycle_seconds = Histogram(
            "aftershock_cycle_duration_seconds",
            "How long one turn of the cycle takes, its transaction included.",
            buckets=CYCLE_SECONDS,
            registry=self.registry,
        )
        self.delivery_seconds = Histogram(
            "aftershock_delivery_latency_seconds",
            "From the transaction that holds a message to its acknowledgement by the channel; edits apart.",
            ["channel"],
            buckets=DELIVERY_SECONDS,
            registry=self.registry,
        )

    def heard(self, observations: Iterable[Observation]) -> None:
        """Take what a cycle is given."""
        for observation in observations:
            if isinstance(observation, SourceReport) and not observation.subject:
                self._poll(observation)

    def _poll(self, report: SourceReport) -> None:
        self.polls[report.source, report.trouble.value] += 1
        self.polled_at[report.source] = report.seen_at
        if report.trouble is Trouble.NONE:
            self.answered_at[report.source] = report.seen_at

    def decided(self, result: CycleResult, waiting: int, now: datetime) -> None:
        """Take what a cycle did; ``waiting`` is how many wait for the database after it."""
        for change in result.decisions.changes:
            if change.kind is ChangeKind.FIRED:
                self.alerts[change.alert.rule, change.alert.severity.word] += 1
            elif change.kind is ChangeKind.ESCALATED:
                self.escalations[change.alert.rule, change.alert.severity.word] += 1
        if result.error is not None:
            self.refused_commits += 1
            self.unwritten_since = self.unwritten_since or now
        elif not waiting:
            self.unwritten_since = None

    def delivered(self, notification: Notification, now: datetime) -> None:
        """A message was acknowledged; edits are not timed, for they wait on purpose."""
        if not notification.edits:
            waited = (now - notification.created_at).total_seconds()
            self.delivery_seconds.labels(notification.channel).observe(max(0.0, waited))


@dataclass(slots=True)
class MeasuredCycle(Cycle):
    """The cycle, timed and listened to."""

    measures: Measures = field(default_factory=Measures)

    def run(
        self,
        observations: Iterable[Observation],
        now: datetime,
        *,
        feeds: Sequence[FeedState] = (),
        extras: dict[str, str] | None = None,
        announcements: Sequence[Announcement] = (),
    ) -> CycleResult:
        """As the cycle's own."""
        seen = tuple(observations)
        self.measures.heard(seen)
        elapsed = stopwatch()
        # by name: a dataclass with slots is another class than the one super() would look for
        result = Cycle.run(self, seen, now, feeds=feeds, extras=extras, announcements=announcements)
        self.measures.cycle_seconds.observe(elapsed())
        self.measures.decided(result, self.uncommitted, now)
        return result
