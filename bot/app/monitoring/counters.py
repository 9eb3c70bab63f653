"""Counts and timings of the running bot, taken at the cycle and the sender without changing what they do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
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
    """Holds the histograms; not the library's default registry, which is shared by the whole process."""
    cycle_seconds: Histogram = field(init=False)
    delivery_seconds: Histogram = field(init=False)
    alerts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Fired, by rule and severity."""
    escalations: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Escalated, by rule and new severity."""
    polls: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By source and trouble (``none`` is success)."""
    polled_at: dict[str, datetime] = field(default_factory=dict)
    """When each source was last polled, whatever the result."""
    answered_at: dict[str, datetime] = field(default_factory=dict)
    """When each source was last polled successfully."""
    refused_commits: int = 0
    """Cycles whose transaction the database refused."""
    unwritten_since: datetime | None = None
    """Since when nothing could be written; ``None`` if it can."""

    def __post_init__(self) -> None:
        self.cycle_seconds = Histogram(
            "aftershock_cycle_duration_seconds",
            "Duration of one cycle, its transaction included.",
            buckets=CYCLE_SECONDS,
            registry=self.registry,
        )
        self.delivery_seconds = Histogram(
            "aftershock_delivery_latency_seconds",
            "Time from a message's transaction to the channel's acknowledgement, without edits.",
            ["channel"],
            buckets=DELIVERY_SECONDS,
            registry=self.registry,
        )

    def take(self, observations: Iterable[Observation]) -> None:
        """Count the input of a cycle."""
        for report in observations:
            if isinstance(report, SourceReport) and not report.subject:
                self.polls[report.source, report.trouble.value] += 1
                self.polled_at[report.source] = report.seen_at
                if report.trouble is Trouble.NONE:
                    self.answered_at[report.source] = report.seen_at

    def decided(self, result: CycleResult, waiting: int, now: datetime) -> None:
        """Count the results of a cycle; ``waiting`` is how many cycles are uncommitted after it."""
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
        """Time an acknowledged message; not edits, which are delayed on purpose."""
        if not notification.edits:
            waited = (now - notification.created_at).total_seconds()
            self.delivery_seconds.labels(notification.channel).observe(max(0.0, waited))


@dataclass(slots=True)
class MeasuredCycle(Cycle):
    """The cycle, measured."""

    measures: Measures = field(default_factory=Measures)

    def run(
        self,
        observations: Iterable[Observation],
        now: datetime,
        *,
        feeds: Sequence[FeedState] = (),
        extras: Callable[[], Mapping[str, str]] = dict,
        announcements: Sequence[Announcement] = (),
    ) -> CycleResult:
        """As ``Cycle.run``."""
        seen = tuple(observations)
        self.measures.take(seen)
        elapsed = stopwatch()
        # not super(): a dataclass with slots is a different class from the one super() refers to
        result = Cycle.run(self, seen, now, feeds=feeds, extras=extras, announcements=announcements)
        self.measures.cycle_seconds.observe(elapsed())
        self.measures.decided(result, self.uncommitted, now)
        return result
