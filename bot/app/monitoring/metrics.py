"""Metrics of the running bot for Prometheus, collected when scraped.

Every metric is listed in docs/operations.md; a test compares that page, the dashboard and this module.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot import __version__
from bot.app.monitoring.counters import Measures
from bot.app.monitoring.health import HealthMonitor
from bot.app.run.live import LiveBot
from bot.app.run.news.on_demand import OnDemandCounts
from bot.app.run.prices.streaming import StreamCounts
from bot.core.errors import StoreError
from bot.core.model import DeliveryOutcome, Trouble
from bot.core.ports import Clock
from bot.delivery.sender import Sender

"""As in pyproject.toml, which may be missing from a copy of the program; a test compares the two."""


class Gauges(Collector):
    """Collects the metrics of one running bot."""

    def __init__(
        self,
        bot: LiveBot,
        sender: Sender,
        measures: Measures,
        vitals: HealthMonitor,
        clock: Clock,
        started_at: datetime,
    ) -> None:
        self._bot = bot
        self._sender = sender
        self._measures = measures
        self._vitals = vitals
        self._clock = clock
        self._started_at = started_at

    def registry(self) -> CollectorRegistry:
        """A registry with these metrics, the histograms and those of the process."""
        registry = self._measures.registry
        registry.register(self)
        ProcessCollector(registry=registry)
        return registry

    def collect(self) -> Iterator[Metric]:
        """All metrics as of now."""
        now = self._clock.now()
        yield from self._build(now)
        yield from self._sources(now)
        yield from self._decisions()
        yield from self._delivery()
        yield from self._history()

    def _build(self, now: datetime) -> Iterator[Metric]:
        labels = {
            "version": __version__,
            "python": platform.python_version(),
            "database_version": self._bot.upkeep.version,
        }
        build = GaugeMetricFamily("aftershock_build_info", "Version that is running; always 1.", labels=list(labels))
        yield _filled(build, [(list(labels.values()), 1)])
        up = (now - self._started_at).total_seconds()
        yield GaugeMetricFamily("aftershock_uptime_seconds", "Time since the bot started.", up)
        well = self._vitals.judge(now).well
        yield GaugeMetricFamily("aftershock_healthy", "1 if /healthz answers 200.", int(well))

    def _sources(self, now: datetime) -> Iterator[Metric]:
        about = "Time since each source was last polled, whatever the result."
        asked = GaugeMetricFamily("aftershock_poll_age_seconds", about, labels=["source"])
        yield _filled(asked, _ages(self._measures.polled_at, now))
        about = "Time since the last successful poll of each source."
        answered = GaugeMetricFamily("aftershock_answer_age_seconds", about, labels=["source"])
        yield _filled(answered, _ages(self._answered(), now))
        about = "Polls by source and trouble."
        polls = CounterMetricFamily("aftershock_polls_total", about, labels=["source", "trouble"])
        yield _filled(polls, sorted(self._measures.polls.items()))
        failures = Counter[str]()
        for (source, trouble), times in self._measures.polls.items():
            failures[source] += times if trouble != Trouble.NONE else 0
        about = "Failed polls by source."
        failed = CounterMetricFamily("aftershock_poll_failures_total", about, labels=["source"])
        yield _filled(failed, (([source], n) for source, n in sorted(failures.items())))
        failing = Counter(trouble.value for _, _, trouble, _ in self._bot.engine.view().failing)
        about = "Sources and symbols in trouble now, by trouble."
        in_trouble = GaugeMetricFamily("aftershock_sources_in_trouble", about, labels=["trouble"])
        yield _filled(in_trouble, (([t.value], failing[t]) for t in Trouble if t is not Trouble.NONE))
        seen = self._bot.counters
        yield CounterMetricFamily("aftershock_stories_total", "Stories seen.", seen.stories)
        yield CounterMetricFamily("aftershock_quotes_total", "Prices seen.", seen.quotes)
        about = "Symbols in the latest prices."
        yield GaugeMetricFamily("aftershock_symbols_priced", about, seen.symbols)
        watched = len(self._bot.project.settings.symbols)
        yield GaugeMetricFamily("aftershock_symbols_watched", "Symbols that prices are polled for.", watched)
        yield from self._on_demand()
        yield from self._stream()

    def _on_demand(self) -> Iterator[Metric]:
        asking = self._bot.on_demand
        counts = asking.counts if asking is not None else OnDemandCounts()
        about = "Requests for headlines about what moves."
        yield CounterMetricFamily("aftershock_on_demand_requests_total", about, counts.requests)
        about = "New stories that such requests brought."
        yield CounterMetricFamily("aftershock_on_demand_stories_total", about, counts.stories)
        about = "Companies and lines of business that headlines are asked about."
        moving = asking.plan.moving if asking is not None else 0
        yield GaugeMetricFamily("aftershock_on_demand_moving", about, moving)

    def _stream(self) -> Iterator[Metric]:
        stream = self._bot.stream
        counts = stream.counts if stream is not None else StreamCounts()
        connected = stream is not None and stream.opened_at is not None
        yield GaugeMetricFamily("aftershock_stream_connected", "1 if the price stream is connected.", int(connected))
        about = "Connections of the price stream."
        yield CounterMetricFamily("aftershock_stream_connections_total", about, counts.connections)
        yield CounterMetricFamily("aftershock_stream_trades_total", "Trades on the price stream.", counts.trades)
        about = "Prices seen on the price stream first, and evaluated."
        yield CounterMetricFamily("aftershock_stream_quotes_total", about, counts.quotes)
        about = "Messages on the price stream that could not be used."
        yield CounterMetricFamily("aftershock_stream_unusable_total", about, counts.odd.total())

    def _answered(self) -> dict[str, datetime]:
        """When each source last answered; stored for feeds, so it survives a restart."""
        known = {name: state.last_ok_at for name, state in self._bot.states.items() if state.last_ok_at is not None}
        return known | self._measures.answered_at

    def _decisions(self) -> Iterator[Metric]:
        labels, about = ["rule", "severity"], "Alerts fired, by rule and severity."
        alerts = CounterMetricFamily("aftershock_alerts_total", about, labels=labels)
        yield _filled(alerts, sorted(self._measures.alerts.items()))
        about = "Alerts escalated, by rule and new severity."
        escalations = CounterMetricFamily("aftershock_alert_escalations_total", about, labels=labels)
        yield _filled(escalations, sorted(self._measures.escalations.items()))
        opened = len(self._bot.engine.view().open_incidents)
        yield GaugeMetricFamily("aftershock_incidents_open", "Open incidents.", opened)
        about = "Longest block of the event loop in the last minute."
        yield GaugeMetricFamily("aftershock_loop_lag_seconds", about, self._vitals.longest_lag)

    def _delivery(self) -> Iterator[Metric]:
        try:
            states = self._bot.outbox.outbox_counts()
        except StoreError:
            states = {}  # missing then; that the database cannot be read shows in the metrics below
        about = "Notifications in the outbox, by state; unknown ones may have arrived."
        outbox = GaugeMetricFamily("aftershock_outbox", about, labels=["state"])
        yield _filled(outbox, (([state], n) for state, n in states.items()))
        tally, about = self._sender.tally, "Delivery attempts by outcome."
        deliveries = CounterMetricFamily("aftershock_deliveries_total", about, labels=["outcome"])
        yield _filled(deliveries, (([o], tally[o]) for o in DeliveryOutcome))
        in_flight = self._sender.in_flight
        yield GaugeMetricFamily("aftershock_deliveries_in_flight", "Messages being sent now.", in_flight)

    def _history(self) -> Iterator[Metric]:
        about = "Cycles waiting for the database."
        yield GaugeMetricFamily("aftershock_uncommitted_cycles", about, self._bot.cycle.uncommitted)
        about = "Delivery attempts whose outcome is waiting for the database."
        yield GaugeMetricFamily("aftershock_unsettled_deliveries", about, self._sender.unsettled)
        about = "Transactions that the database refused."
        yield CounterMetricFamily("aftershock_refused_commits_total", about, self._measures.refused_commits)
        about = "Size of the history's files."
        yield GaugeMetricFamily("aftershock_database_bytes", about, self._bot.upkeep.size())


def _filled(family: GaugeMetricFamily | CounterMetricFamily, values: Iterable[tuple[Sequence[str], float]]) -> Metric:
    """The family with a number for each combination of labels."""
    for labels, value in values:
        family.add_metric(labels, value)
    return family


def _ages(moments: Mapping[str, datetime], now: datetime) -> Iterator[tuple[list[str], float]]:
    return (([source], max(0.0, (now - at).total_seconds())) for source, at in sorted(moments.items()))
